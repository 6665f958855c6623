"""AWS IAM Identity Center: how a person signs in (SSO-OIDC), and what the portal then gives out.

Facts: the "IAM Identity Center OIDC API reference" and the "IAM Identity Center portal API reference"; RFC 8628 for
the device code, RFC 7636 for the code with PKCE. Stricter than AWS in one point: a field that the references do not
name is refused, and lists come one entry a page.
"""

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import choice, token_hex, token_urlsafe
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from awssim.sigv4 import Received
from awssim.world import Key, Role, RoleSession, Trust, World, new_secret, new_token, temporary_key_id

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
CODE_GRANT = "authorization_code"
REFRESH_GRANT = "refresh_token"
CLIENT_LIFE, CODE_LIFE, SESSION_LIFE, ROLE_LIFE = 90 * 86400, 600, 28800, 3600  # seconds
TOKEN_LIFE = 3600  # seconds, of a token that can be refreshed; another lives as long as the person's session
INTERVAL = 1  # seconds between two questions for the token; AWS says 5
SLOWER = 5  # seconds more between them, each time that a client was too fast (RFC 8628, 3.5)
SCOPES = frozenset({"sso:account:access"})
OPERATIONS = {
    ("POST", "/client/register"): "RegisterClient",
    ("POST", "/device_authorization"): "StartDeviceAuthorization",
    ("POST", "/token"): "CreateToken",
    ("GET", "/assignment/accounts"): "ListAccounts",
    ("GET", "/assignment/roles"): "ListAccountRoles",
    ("GET", "/federation/credentials"): "GetRoleCredentials",
    ("POST", "/logout"): "Logout",
}
BEARER = "x-amz-sso_bearer_token"
Entry = TypeVar("Entry")
_NO_LETTERS_THAT_LOOK_ALIKE = "BCDFGHJKLMNPQRSTVWXZ"
_GRANTS = frozenset({DEVICE_GRANT, CODE_GRANT, REFRESH_GRANT})


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
class Lives:
    """How many seconds what is given out from now on lives: a token that can be refreshed, a session, a role's keys."""

    token: float = TOKEN_LIFE
    session: float = SESSION_LIFE
    role: float = ROLE_LIFE


@dataclass(frozen=True, slots=True)
class _Client:
    secret: str
    until: float
    scopes: tuple[str, ...]
    grants: frozenset[str]
    redirects: tuple[str, ...]


@dataclass(slots=True)
class _Device:
    """What is on a screen. `answer` is the person's; the last two questions were `asked` then."""

    client: str
    user_code: str
    until: float
    answer: bool | None = None
    spent: bool = False
    interval: float = INTERVAL
    asked: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class _Code:
    """A code that the browser brought back: whose, for which challenge, to which address."""

    client: str
    challenge: str
    redirect: str
    until: float


@dataclass(frozen=True, slots=True)
class _Grant:
    """What a refresh token is good for: by whom, and until the person's session ends."""

    client: str
    until: float


@dataclass(slots=True)
class _Books:
    clients: dict[str, _Client] = field(default_factory=dict)
    devices: dict[str, _Device] = field(default_factory=dict)
    codes: dict[str, _Code] = field(default_factory=dict)
    tokens: dict[str, float] = field(default_factory=dict)
    refresh: dict[str, _Grant] = field(default_factory=dict)
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
        self.lives = Lives()
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
        """Every client secret, code, access token and refresh token that was ever given out."""
        return frozenset(self._books.secrets)

    def role(self, account: str, permission_set: str) -> Role:
        """The role behind a permission set. Raises LookupError."""
        mark = f"/AWSReservedSSO_{permission_set}_"
        return next(role for role in self._world.roles.values() if role.account == account and mark in role.name)

    def allow(self, user_code: str) -> None:
        """The person, in the browser, presses "Allow access". Raises LookupError for a code that is on no screen."""
        self._device(user_code).answer = True

    def deny(self, user_code: str) -> None:
        """The person presses "Deny access"."""
        self._device(user_code).answer = False

    def authorize(self, query: str) -> str:
        """The page of the code with PKCE, where the person presses "Allow access": where the browser is sent then.

        Raises:
            NoError: the page says that something is wrong with the address; the browser is sent nowhere.
        """
        return self._page_of(query, {"code": self._secret()})

    def refuse(self, query: str) -> str:
        """The same page, where the person presses "Deny access"."""
        return self._page_of(query, {"error": "access_denied", "error_description": "User denied access"})

    def forget_tokens(self) -> None:
        """An administrator ends every session: tokens that were given out are refused from now on."""
        self._books.tokens.clear()
        self._books.refresh.clear()

    def revoke_tokens(self) -> None:
        """Tokens that were given out are refused from now on; sessions go on, and can be refreshed."""
        self._books.tokens.clear()

    def _device(self, user_code: str) -> _Device:
        return next(one for one in self._books.devices.values() if one.user_code == user_code)

    def _page_of(self, query: str, answer: dict[str, str]) -> str:
        asked = dict(parse_qsl(query, keep_blank_values=True))
        names = ("response_type", "client_id", "redirect_uri", "state", "code_challenge_method", "scopes")
        client = self._books.clients.get(asked.get("client_id", ""))
        if set(asked) != {*names, "code_challenge"} or client is None or self._clock() >= client.until:
            raise NoError(400, "InvalidRequestException", "invalid_request", "Missing, unknown or wrong parameter.")
        if CODE_GRANT not in client.grants or asked["response_type"] != "code":
            raise NoError(400, "UnauthorizedClientException", "unauthorized_client", "Not for this client.")
        if not any(_same_but_for_the_port(one, asked["redirect_uri"]) for one in client.redirects):
            raise NoError(400, "InvalidRedirectUriException", "invalid_redirect_uri", "Not registered.")
        if not set(asked["scopes"].split(" ")) <= set(client.scopes):
            raise NoError(400, "InvalidScopeException", "invalid_scope", "Not registered.")
        if asked["code_challenge_method"] != "S256" or not re.fullmatch(r"[\w-]{43}", asked["code_challenge"]):
            raise NoError(400, "InvalidRequestException", "invalid_request", "Not a challenge.")
        if "code" in answer:
            until = self._clock() + CODE_LIFE
            code = _Code(asked["client_id"], asked["code_challenge"], asked["redirect_uri"], until)
            self._books.codes[answer["code"]] = code
        return f"{asked['redirect_uri']}?{urlencode({**answer, 'state': asked['state']})}"

    # One request

    def answer(self, host: str, request: Received) -> Spoken:
        """Do what is asked of this host, or refuse it in AWS's words. "" is an endpoint of ours: it has both."""
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
        if (host and request.headers.get("host") != host) or "authorization" in request.headers:
            return self.nothing  # none of them is signed
        where, operation = {
            "RegisterClient": (oidc, self.register_client),
            "StartDeviceAuthorization": (oidc, self.start_device_authorization),
            "CreateToken": (oidc, self.create_token),
            "ListAccounts": (portal, self.list_accounts),
            "ListAccountRoles": (portal, self.list_account_roles),
            "GetRoleCredentials": (portal, self.get_role_credentials),
            "Logout": (portal, self.logout),
        }.get(OPERATIONS.get((request.method, request.path), ""), ("", self.nothing))
        return operation if host in {"", where} else self.nothing

    def nothing(self, request: Received) -> dict[str, Any]:
        """What is not an operation."""
        raise NoError(404, "UnknownOperationException", "", f"There is no {request.method} {request.path}.")

    # SSO-OIDC

    def register_client(self, request: Received) -> dict[str, Any]:
        """A public client, for 90 days."""
        of_code = {"grantTypes", "redirectUris", "issuerUrl"}
        asked = _fields(request, needs={"clientName", "clientType"}, may={"scopes", *of_code})
        if asked["clientType"] != "public" or not re.fullmatch(r"[\w+=,.@ -]{1,100}", str(asked["clientName"])):
            raise NoError(400, "InvalidClientMetadataException", "invalid_client_metadata", "Not a public client.")
        scopes = asked.get("scopes", [])
        if not isinstance(scopes, list) or not SCOPES.issuperset(scopes):
            raise NoError(400, "InvalidScopeException", "invalid_scope", "Unknown scope.")
        grants, redirects = self._of_code(asked)
        name, until = token_urlsafe(22), self._clock() + CLIENT_LIFE
        self._books.clients[name] = _Client(self._secret(), until, tuple(scopes), grants, redirects)
        return {
            "clientId": name,
            "clientSecret": self._books.clients[name].secret,
            "clientIdIssuedAt": int(self._clock()),
            "clientSecretExpiresAt": int(until),
        }

    def _of_code(self, asked: Mapping[str, Any]) -> tuple[frozenset[str], tuple[str, ...]]:
        """The grants that a client may use, and where its codes may be sent."""
        grants, redirects = asked.get("grantTypes"), asked.get("redirectUris", [])
        if grants is None and not redirects and "issuerUrl" not in asked:
            return frozenset({DEVICE_GRANT, REFRESH_GRANT}), ()
        if not isinstance(grants, list) or not grants or not _GRANTS.issuperset(grants):
            raise NoError(400, "UnsupportedGrantTypeException", "unsupported_grant_type", "No such grant.")
        if CODE_GRANT in grants and asked.get("issuerUrl") != self.start_url:
            raise NoError(400, "InvalidRequestException", "invalid_request", "Invalid issuer url provided")
        if (
            not isinstance(redirects, list)
            or (CODE_GRANT in grants and not redirects)
            or not all(re.fullmatch(r"http://127\.0\.0\.1(:\d+)?/[\w/]*", str(one)) for one in redirects)
        ):
            raise NoError(400, "InvalidRedirectUriException", "invalid_redirect_uri", "Not an address of this machine.")
        return frozenset(grants), tuple(redirects)

    def start_device_authorization(self, request: Received) -> dict[str, Any]:
        """A code for the person to compare, and one for the program to wait with."""
        asked = _fields(request, needs={"clientId", "clientSecret", "startUrl"})
        if DEVICE_GRANT not in self._client(asked).grants:
            raise NoError(400, "UnauthorizedClientException", "unauthorized_client", "Not for this client.")
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
        of_code = {"code", "codeVerifier", "redirectUri"}
        may = {"deviceCode", "refreshToken", *of_code}
        asked = _fields(request, needs={"clientId", "clientSecret", "grantType"}, may=may)
        name, client, given = str(asked["clientId"]), self._client(asked), may.intersection(asked)
        until = self._clock() + self.lives.session
        match asked["grantType"]:
            case granted if granted not in _GRANTS:
                raise NoError(400, "UnsupportedGrantTypeException", "unsupported_grant_type", "No such grant.")
            case granted if granted not in client.grants:
                raise NoError(400, "UnauthorizedClientException", "unauthorized_client", "Not for this client.")
            case granted if granted == DEVICE_GRANT and given == {"deviceCode"}:
                self._spend(str(asked["deviceCode"]), name)
            case granted if granted == CODE_GRANT and given == of_code:
                self._spend_code(asked, name)
            case granted if granted == REFRESH_GRANT and given == {"refreshToken"}:
                until = self._spend_refresh(str(asked["refreshToken"]), name)
            case _:
                raise NoError(400, "InvalidRequestException", "invalid_request", "Not what this grant needs.")
        seconds = min(self.lives.token, until - self._clock()) if client.scopes else self.lives.session
        token = self._secret()
        self._books.tokens[token] = self._clock() + seconds
        answer = {"accessToken": token, "tokenType": "Bearer", "expiresIn": int(seconds)}
        if client.scopes and REFRESH_GRANT in client.grants:  # only a client that registered with scopes gets one
            refresh = self._secret()
            self._books.refresh[refresh] = _Grant(name, until)
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
        # The AWS CLI asks twice at once, before and after it has opened the browser, and then keeps to the interval.
        now, last = self._clock(), device.asked[-2:]
        device.asked = (*last, now)
        if len(last) == 2 and now - last[0] < device.interval - 0.05:
            device.interval += SLOWER
            raise NoError(400, "SlowDownException", "slow_down", "Too fast.")
        if device.answer is None:
            raise NoError(400, "AuthorizationPendingException", "authorization_pending", "Not yet.")
        device.spent = True
        if not device.answer:
            raise NoError(400, "AccessDeniedException", "access_denied", "User denied access")

    def _spend_code(self, asked: Mapping[str, Any], client: str) -> None:
        code = self._books.codes.pop(str(asked["code"]), None)
        challenge = urlsafe_b64encode(sha256(str(asked["codeVerifier"]).encode()).digest()).decode().rstrip("=")
        if (
            code is None
            or self._clock() >= code.until
            or not re.fullmatch(r"[\w.~-]{43,128}", str(asked["codeVerifier"]))
            or (code.client, code.challenge, code.redirect) != (client, challenge, asked["redirectUri"])
        ):
            raise NoError(400, "InvalidGrantException", "invalid_grant", "Invalid authorization code provided")

    def _spend_refresh(self, refresh: str, client: str) -> float:
        """When the person's session ends."""
        grant = self._books.refresh.get(refresh)
        if grant is None or grant.client != client or self._clock() >= grant.until:
            raise NoError(400, "InvalidGrantException", "invalid_grant", "Invalid refresh token provided")
        del self._books.refresh[refresh]
        return grant.until

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
        until = self._clock() + self.lives.role
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


def _same_but_for_the_port(registered: str, used: str) -> bool:
    """Whether an address of this machine is the registered one: its port may be any (RFC 8252, 7.3)."""
    one, other = urlsplit(registered), urlsplit(used)
    return (one.scheme, one.hostname, one.path) == (other.scheme, other.hostname, other.path) and not other.query


def _page(entries: Sequence[Entry], query: Mapping[str, str]) -> tuple[Sequence[Entry], dict[str, str]]:
    """One entry, and the token for the next."""
    place = query.get("next_token", "0")
    if not place.isdecimal() or int(place) >= len(entries):
        raise NoError(400, "InvalidRequestException", "", "Invalid next token")
    at = int(place)
    return entries[at : at + 1], ({"nextToken": str(at + 1)} if at + 1 < len(entries) else {})
