"""AWS IAM Identity Center: how a person signs in on a device (SSO-OIDC), and what the portal then gives out.

Facts: the "IAM Identity Center OIDC API reference" and the "IAM Identity Center portal API reference". Stricter than
AWS in one point: a field that the references do not name is refused, and lists come one entry a page.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from secrets import choice, token_hex, token_urlsafe
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from awssim.sigv4 import Received
from awssim.world import Key, Role, RoleSession, Trust, World, new_secret, new_token, temporary_key_id

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
REFRESH_GRANT = "refresh_token"
CLIENT_LIFE, CODE_LIFE, TOKEN_LIFE, ROLE_LIFE = 90 * 86400, 600, 28800, 3600  # seconds
INTERVAL = 1  # seconds between two questions for the token; AWS says 5
SCOPES = frozenset({"sso:account:access"})
BEARER = "x-amz-sso_bearer_token"
Entry = TypeVar("Entry")
_NO_LETTERS_THAT_LOOK_ALIKE = "BCDFGHJKLMNPQRSTVWXZ"


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the organisation, and what each permission set that alice has there is called."""

    id: str
    name: str
    email: str
    permission_sets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """One request: the operation, and `OK` or AWS's name of the error."""

    operation: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """An answer: status, the name of the error (if it is one), and JSON."""

    status: int
    document: Mapping[str, Any]
    error: str = ""


class NoError(Exception):
    """AWS says no: status, the error's name, OAuth's word for it (SSO-OIDC only) and a message."""

    def __init__(self, status: int, name: str, word: str, message: str) -> None:
        """Keep the four."""
        super().__init__(name)
        self.status, self.name, self.word, self.message = status, name, word, message


@dataclass(slots=True)
class _Client:
    secret: str
    until: float
    scopes: tuple[str, ...]


@dataclass(slots=True)
class _Device:
    client: str
    user_code: str
    until: float
    allowed: bool = False
    spent: bool = False


@dataclass(slots=True)
class _Books:
    clients: dict[str, _Client] = field(default_factory=dict)
    devices: dict[str, _Device] = field(default_factory=dict)
    tokens: dict[str, float] = field(default_factory=dict)
    refresh: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)


class IdentityCenter:
    """The service of one organisation in one region. Whoever calls `answer` or `allow` holds a lock around it."""

    def __init__(
        self,
        world: World,
        clock: Callable[[], float],
        *,
        region: str = "eu-west-1",
        accounts: tuple[Account, ...] = (
            Account("444444444444", "Development", "dev@example.com", ("Developer",)),
            Account("555555555555", "Production", "prod@example.com", ("Auditor", "Developer")),
        ),
    ) -> None:
        """Begin with nobody signed in. The roles of the permission sets are made in `world`."""
        self.region = region
        self.start_url = "https://corp.awsapps.com/start"
        self.said: list[Said] = []
        self._world = world
        self._clock = clock
        self._accounts = {account.id: account for account in accounts}
        self._books = _Books()
        for account in accounts:
            for name in account.permission_sets:
                path = f"aws-reserved/sso.amazonaws.com/{region}/AWSReservedSSO_{name}_{token_hex(8)}"
                world.add_role(account.id, path, Trust(()))

    # What a test may ask and do

    @property
    def hosts(self) -> tuple[str, str]:
        """The names under which AWS has it."""
        return f"oidc.{self.region}.amazonaws.com", f"portal.sso.{self.region}.amazonaws.com"

    @property
    def secrets(self) -> frozenset[str]:
        """Every client secret, device code, access token and refresh token that was ever given out."""
        return frozenset(self._books.secrets)

    def role(self, account: str, permission_set: str) -> Role:
        """The role behind a permission set. Raises LookupError."""
        mark = f"/AWSReservedSSO_{permission_set}_"
        return next(role for role in self._world.roles.values() if role.account == account and mark in role.name)

    def allow(self, user_code: str) -> None:
        """The person, in the browser, presses "Allow access". Raises LookupError for a code that is on no screen."""
        device = next(one for one in self._books.devices.values() if one.user_code == user_code)
        device.allowed = True

    def forget_tokens(self) -> None:
        """An administrator ends every session: tokens that were given out are refused from now on."""
        self._books.tokens.clear()
        self._books.refresh.clear()

    # One request

    def answer(self, host: str, request: Received) -> Spoken:
        """Do what is asked of this host, or refuse it in AWS's words."""
        operation = self._operation(host, request)
        try:
            document = operation(request)
        except NoError as error:
            self.said.append(Said(operation.__name__, error.name))
            oauth = {"error": error.word, "error_description": error.message}
            return Spoken(error.status, oauth if error.word else {"message": error.message}, error.name)
        self.said.append(Said(operation.__name__, "OK"))
        return Spoken(200, document)

    def _operation(self, host: str, request: Received) -> Callable[[Received], dict[str, Any]]:
        oidc, portal = self.hosts
        if request.headers.get("host") != host or "authorization" in request.headers:
            return self.nothing  # none of them is signed
        return {
            (oidc, "POST", "/client/register"): self.register_client,
            (oidc, "POST", "/device_authorization"): self.start_device_authorization,
            (oidc, "POST", "/token"): self.create_token,
            (portal, "GET", "/assignment/accounts"): self.list_accounts,
            (portal, "GET", "/assignment/roles"): self.list_account_roles,
            (portal, "GET", "/federation/credentials"): self.get_role_credentials,
            (portal, "POST", "/logout"): self.logout,
        }.get((host, request.method, request.path), self.nothing)

    def nothing(self, request: Received) -> dict[str, Any]:
        """What is not an operation."""
        raise NoError(404, "UnknownOperationException", "", f"There is no {request.method} {request.path}.")

    # SSO-OIDC

    def register_client(self, request: Received) -> dict[str, Any]:
        """A public client, for 90 days."""
        asked = _fields(request, needs={"clientName", "clientType"}, may={"scopes"})
        if asked["clientType"] != "public" or not re.fullmatch(r"[\w+=,.@ -]{1,100}", str(asked["clientName"])):
            raise NoError(400, "InvalidClientMetadataException", "invalid_client_metadata", "Not a public client.")
        scopes = asked.get("scopes", [])
        if not isinstance(scopes, list) or not SCOPES.issuperset(scopes):
            raise NoError(400, "InvalidScopeException", "invalid_scope", "Unknown scope.")
        name, until = token_urlsafe(22), self._clock() + CLIENT_LIFE
        self._books.clients[name] = _Client(self._secret(), until, tuple(scopes))
        return {
            "clientId": name,
            "clientSecret": self._books.clients[name].secret,
            "clientIdIssuedAt": int(self._clock()),
            "clientSecretExpiresAt": int(until),
        }

    def start_device_authorization(self, request: Received) -> dict[str, Any]:
        """A code for the person to compare, and one for the program to wait with."""
        asked = _fields(request, needs={"clientId", "clientSecret", "startUrl"})
        self._client(asked)
        if asked["startUrl"] != self.start_url:
            raise NoError(400, "InvalidRequestException", "invalid_request", "Invalid startUrl provided")
        letters = "".join(choice(_NO_LETTERS_THAT_LOOK_ALIKE) for _ in range(8))
        user_code = f"{letters[:4]}-{letters[4:]}"
        device = self._secret()
        self._books.devices[device] = _Device(str(asked["clientId"]), user_code, self._clock() + CODE_LIFE)
        page = f"https://device.sso.{self.region}.amazonaws.com/"
        return {
            "deviceCode": device,
            "userCode": user_code,
            "verificationUri": page,
            "verificationUriComplete": f"{page}?user_code={user_code}",
            "expiresIn": CODE_LIFE,
            "interval": INTERVAL,
        }

    def create_token(self, request: Received) -> dict[str, Any]:
        """The token, once the person has said yes; or the next one for a refresh token."""
        asked = _fields(request, needs={"clientId", "clientSecret", "grantType"}, may={"deviceCode", "refreshToken"})
        client = self._client(asked)
        match asked["grantType"], asked.get("deviceCode"), asked.get("refreshToken"):
            case (granted, str(code), None) if granted == DEVICE_GRANT:
                self._spend(code, str(asked["clientId"]))
            case (granted, None, str(refresh)) if granted == REFRESH_GRANT:
                if self._books.refresh.pop(refresh, None) != asked["clientId"]:
                    raise NoError(400, "InvalidGrantException", "invalid_grant", "Invalid refresh token provided")
            case _:
                raise NoError(400, "UnsupportedGrantTypeException", "unsupported_grant_type", "No such grant.")
        token = self._secret()
        self._books.tokens[token] = self._clock() + TOKEN_LIFE
        answer = {"accessToken": token, "tokenType": "Bearer", "expiresIn": TOKEN_LIFE}
        if client.scopes:  # only a client that registered with scopes gets one
            refresh = self._secret()
            self._books.refresh[refresh] = str(asked["clientId"])
            answer["refreshToken"] = refresh
        return answer

    def _client(self, asked: Mapping[str, Any]) -> _Client:
        client = self._books.clients.get(str(asked["clientId"]))
        if client is None or client.secret != asked["clientSecret"] or self._clock() >= client.until:
            raise NoError(401, "InvalidClientException", "invalid_client", "Invalid client or client secret.")
        return client

    def _spend(self, code: str, client: str) -> None:
        device = self._books.devices.get(code)
        if device is None or device.spent or device.client != client:
            raise NoError(400, "InvalidGrantException", "invalid_grant", "Invalid device code provided")
        if self._clock() >= device.until:
            raise NoError(400, "ExpiredTokenException", "expired_token", "Device code expired")
        if not device.allowed:
            raise NoError(400, "AuthorizationPendingException", "authorization_pending", "Not yet.")
        device.spent = True

    # The portal

    def list_accounts(self, request: Received) -> dict[str, Any]:
        """The accounts, one a page."""
        query = self._asked(request, may={"next_token", "max_result"})
        page, more = _page(tuple(self._accounts.values()), query)
        listed = [{"accountId": one.id, "accountName": one.name, "emailAddress": one.email} for one in page]
        return {"accountList": listed, **more}

    def list_account_roles(self, request: Received) -> dict[str, Any]:
        """The permission sets in one account, one a page."""
        query = self._asked(request, needs={"account_id"}, may={"next_token", "max_result"})
        account = self._account(query)
        page, more = _page(account.permission_sets, query)
        return {"roleList": [{"roleName": one, "accountId": account.id} for one in page], **more}

    def get_role_credentials(self, request: Received) -> dict[str, Any]:
        """Credentials of the role behind a permission set, for an hour."""
        query = self._asked(request, needs={"account_id", "role_name"})
        account = self._account(query)
        if query["role_name"] not in account.permission_sets:
            raise NoError(403, "ForbiddenException", "", "No access")
        holder = RoleSession(self.role(account.id, query["role_name"]), "alice")
        until = self._clock() + ROLE_LIFE
        key = self._world.keep(Key(temporary_key_id(), new_secret(), holder, new_token(), until))
        return {
            "roleCredentials": {
                "accessKeyId": key.id,
                "secretAccessKey": key.secret,
                "sessionToken": key.token,
                "expiration": int(until * 1000),  # milliseconds
            }
        }

    def logout(self, request: Received) -> dict[str, Any]:
        """The token is worth nothing any more."""
        self._asked(request)
        del self._books.tokens[request.headers[BEARER]]
        return {}

    def _asked(
        self, request: Received, *, needs: frozenset[str] | set[str] = frozenset(), may: set[str] | None = None
    ) -> dict[str, str]:
        """The query of somebody who is signed in."""
        if self._books.tokens.get(request.headers.get(BEARER, ""), 0.0) <= self._clock():
            raise NoError(401, "UnauthorizedException", "", "Session token not found or invalid")
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        if not needs <= set(query) <= needs | (may or set()) or request.body:
            raise NoError(400, "InvalidRequestException", "", "Missing or unknown parameter")
        return query

    def _account(self, query: Mapping[str, str]) -> Account:
        account = self._accounts.get(query["account_id"])
        if account is None:
            raise NoError(403, "ForbiddenException", "", "No access")
        return account

    def _secret(self) -> str:
        made = token_urlsafe(60)
        self._books.secrets.add(made)
        return made


def _fields(request: Received, *, needs: set[str], may: set[str] | None = None) -> dict[str, Any]:
    """The body, which is JSON with these fields and no others."""
    try:
        asked = json.loads(request.body)
    except ValueError:
        asked = None
    kind = request.headers.get("content-type", "")
    if not isinstance(asked, dict) or kind != "application/json" or request.query:
        raise NoError(400, "InvalidRequestException", "invalid_request", "The body is not JSON.")
    if not needs <= set(asked) <= needs | (may or set()):
        raise NoError(400, "InvalidRequestException", "invalid_request", "Missing or unknown field.")
    return asked


def _page(entries: Sequence[Entry], query: Mapping[str, str]) -> tuple[Sequence[Entry], dict[str, str]]:
    """One entry, and the token for the next."""
    place = query.get("next_token", "0")
    if not place.isdecimal() or int(place) >= len(entries):
        raise NoError(400, "InvalidRequestException", "", "Invalid next token")
    at = int(place)
    return entries[at : at + 1], ({"nextToken": str(at + 1)} if at + 1 < len(entries) else {})
