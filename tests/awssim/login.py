"""AWS's sign-in for `aws login`: a person in a browser, a code, and credentials that are refreshed by a proven key.

Facts: the "AWS Sign-In API reference" (CreateOAuth2Token), RFC 7636 (PKCE), RFC 9449 (DPoP), and what the AWS CLI 2
sends. Stricter than AWS in one point: a field that the reference does not name is refused.
"""

import binascii
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from awssim.p256 import verifies
from awssim.sigv4 import Received
from awssim.world import Holder, Key, World, new_secret, new_token, temporary_key_id

PATH = "/v1/token"
CLIENT = "arn:aws:signin:::devtools/same-device"
OTHER_DEVICE = "arn:aws:signin:::devtools/cross-device"
CODE_LIFE, TOKEN_LIFE, SESSION_LIFE = 300, 900, 43200  # seconds
CLOCKS_APART = 300  # seconds that a proof's time may be away from ours
_GRANTS = {
    "authorization_code": frozenset({"code", "codeVerifier", "redirectUri"}),
    "refresh_token": frozenset({"refreshToken"}),
}


@dataclass(frozen=True, slots=True)
class LoginCall:
    """One request for a token: the grant, and `OK` or AWS's word for what is wrong."""

    grant: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Told:
    """An answer: status, the name of the error (if it is one), and JSON."""

    status: int
    document: Mapping[str, Any]
    error: str = ""


class NotSoError(Exception):
    """AWS says no: status, the error's name, its word, and a message."""

    def __init__(self, status: int, name: str, word: str, message: str) -> None:
        """Keep the four."""
        super().__init__(word)
        self.status, self.name, self.word, self.message = status, name, word, message


@dataclass(frozen=True, slots=True)
class _Code:
    """A code that the browser brought back: for which client, for which challenge, to which address."""

    client: str
    challenge: str
    redirect: str
    until: float


@dataclass(slots=True)
class _Session:
    """A person's sign-in: for which client, by whose key it is refreshed, until when, and whether it still may be."""

    client: str
    key: str
    until: float
    refresh: str = ""
    no: str = ""


@dataclass(slots=True)
class Lives:
    """How many seconds what is given out from now on lives."""

    token: int = TOKEN_LIFE
    session: int = SESSION_LIFE


@dataclass(slots=True)
class _Books:
    codes: dict[str, _Code] = field(default_factory=dict)
    sessions: list[_Session] = field(default_factory=list)
    proofs: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)


class Login:
    """The sign-in for a world, by a clock (Unix seconds). Whoever calls a method holds a lock around it."""

    def __init__(self, world: World, clock: Callable[[], float]) -> None:
        """Begin with nobody signed in."""
        self.calls: list[LoginCall] = []
        self.lives = Lives()
        self._world = world
        self._clock = clock
        self._books = _Books()

    @property
    def secrets(self) -> frozenset[str]:
        """Every code and refresh token that was ever given out; the keys are the world's."""
        return frozenset(self._books.secrets)

    @property
    def holder(self) -> Holder:
        """Who signs in: the world's first user."""
        return next(iter(self._world.users.values()))

    # What a person does, and what happens to a sign-in

    def authorize(self, query: str) -> str:
        """The page of the sign-in, where the person chooses a session of the console: where the browser is sent then.

        Raises:
            NotSoError: the page says that something is wrong with the address; the browser is sent nowhere.
        """
        asked, code = self._page(query), self._secret()
        until = self._clock() + CODE_LIFE
        made = _Code(asked["client_id"], asked["code_challenge"], asked["redirect_uri"], until)
        self._books.codes[code] = made
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def refuse(self, query: str) -> str:
        """The same page, where the person goes away by the button for that."""
        asked = self._page(query)
        return f"{asked['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': asked['state']})}"

    def end_sessions(self, word: str = "TOKEN_EXPIRED") -> None:
        """No sign-in is refreshed any more: it was revoked, the password is another, or a permission was taken away."""
        for session in self._books.sessions:
            session.no = word

    def _page(self, query: str) -> dict[str, str]:
        asked = dict(parse_qsl(query, keep_blank_values=True))
        names = {"response_type", "client_id", "state", "code_challenge_method", "scope", "redirect_uri"}
        if set(asked) != names | {"code_challenge"} or not asked["state"]:
            raise _invalid("Missing or unknown parameter")
        if (asked["response_type"], asked["code_challenge_method"], asked["scope"]) != ("code", "SHA-256", "openid"):
            raise _invalid("Not a code, a challenge or a scope that we know")
        if not re.fullmatch(r"[\w-]{43}", asked["code_challenge"]):
            raise _invalid("Not a challenge")
        where = urlsplit(asked["redirect_uri"])
        here = (where.scheme, where.hostname, where.path) == ("http", "127.0.0.1", "/oauth/callback")
        there = where.path == "/v1/sessions/confirmation"  # a page that shows the code, for a device without a browser
        if not {CLIENT: here, OTHER_DEVICE: there}.get(asked["client_id"], False):
            raise _invalid("Not a client with such an address")
        return asked

    # CreateOAuth2Token

    def answer(self, request: Received, url: str) -> Told:
        """Do what is asked at `url`, or refuse it in AWS's words."""
        grant = ""
        try:
            asked = _fields(request)
            grant = str(asked["grantType"])
            document = self._token(asked, self._proof(request, url))
        except NotSoError as error:
            self.calls.append(LoginCall(grant, error.word))
            return Told(error.status, {"error": error.word, "message": error.message}, error.name)
        self.calls.append(LoginCall(grant, "OK"))
        return Told(200, document)

    def _token(self, asked: Mapping[str, Any], key: str) -> dict[str, Any]:
        match asked["grantType"]:
            case "authorization_code":
                session = self._begun(asked, key)
            case _:
                session = self._refreshed(asked, key)
        seconds = int(min(self.lives.token, session.until - self._clock()))
        holder = self.holder
        made = Key(temporary_key_id(), new_secret(), holder, new_token(), self._clock() + seconds, self._clock())
        self._world.keep(made)
        session.refresh = self._secret()
        first = {"idToken": _id_token(holder.arn)} if asked["grantType"] == "authorization_code" else {}
        return {
            "accessToken": {"accessKeyId": made.id, "secretAccessKey": made.secret, "sessionToken": made.token},
            "tokenType": "aws_sigv4",
            "expiresIn": seconds,
            "refreshToken": session.refresh,
            **first,
        }

    def _begun(self, asked: Mapping[str, Any], key: str) -> _Session:
        code = self._books.codes.pop(str(asked["code"]), None)
        if code is None or self._clock() >= code.until:
            raise NotSoError(403, "AccessDeniedException", "AUTHCODE_EXPIRED", "The code has expired or was used.")
        verifier = str(asked["codeVerifier"])
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
        if not re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier) or challenge != code.challenge:
            raise _invalid("The code verifier does not fit")
        if (asked["clientId"], asked["redirectUri"]) != (code.client, code.redirect):
            raise _invalid("The code is another client's, or was sent elsewhere")
        session = _Session(code.client, key, self._clock() + self.lives.session)
        self._books.sessions.append(session)
        return session

    def _refreshed(self, asked: Mapping[str, Any], key: str) -> _Session:
        refresh = asked["refreshToken"]
        session = next((one for one in self._books.sessions if one.refresh == refresh), None)
        if session is None or session.client != asked["clientId"] or self._clock() >= session.until:
            raise NotSoError(403, "AccessDeniedException", "TOKEN_EXPIRED", "The refresh token has expired.")
        if session.key != key:
            raise _invalid("The proof is by another key")
        if session.no:
            raise NotSoError(403, "AccessDeniedException", session.no, "No.")
        return session

    def _proof(self, request: Received, url: str) -> str:
        """Whose key proves that it is who asks (RFC 9449, 4.3): the key's thumbprint (RFC 7638)."""
        head, payload, signature = _parts(request.headers.get("dpop", ""))
        jwk = head.get("jwk")
        if (head.get("typ"), head.get("alg")) != ("dpop+jwt", "ES256") or not isinstance(jwk, dict):
            raise _invalid("Not a proof")
        if set(jwk) != {"kty", "crv", "x", "y"} or (jwk["kty"], jwk["crv"]) != ("EC", "P-256"):
            raise _invalid("Not a public key of P-256, and nothing but that")
        point = tuple(int.from_bytes(_decoded(str(jwk[name]))) for name in ("x", "y"))
        signed = request.headers["dpop"].rpartition(".")[0].encode()
        if not verifies((point[0], point[1]), signed, signature):
            raise _invalid("The proof's signature is wrong")
        if (payload.get("htm"), payload.get("htu")) != ("POST", url):
            raise _invalid("The proof is for another request")
        issued, name = payload.get("iat"), payload.get("jti")
        if not isinstance(issued, int) or abs(issued - self._clock()) > CLOCKS_APART:
            raise _invalid("The proof is too old, or not yet")
        if not isinstance(name, str) or not name or name in self._books.proofs:
            raise _invalid("The proof was used before")
        self._books.proofs.add(name)
        canonical = json.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
        return sha256(canonical.encode()).hexdigest()

    def _secret(self) -> str:
        made = token_urlsafe(60)
        self._books.secrets.add(made)
        return made


def _fields(request: Received) -> dict[str, Any]:
    """The body, which is JSON with just the fields of its grant."""
    try:
        asked = json.loads(request.body)
    except ValueError:
        asked = None
    kind = request.headers.get("content-type", "")
    if not isinstance(asked, dict) or kind != "application/json" or request.query or "authorization" in request.headers:
        raise _invalid("The body is not JSON, or the request is signed")
    needs = _GRANTS.get(str(asked.get("grantType")))
    if needs is None or asked.get("clientId") not in {CLIENT, OTHER_DEVICE}:
        raise _invalid("No such grant or client")
    if set(asked) != {"clientId", "grantType"} | needs:
        raise _invalid("Missing or unknown field")
    return asked


def _parts(proof: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """Head, payload and signature of a JWT."""
    try:
        head, payload, signature = (_decoded(part) for part in proof.split("."))
        said = json.loads(head), json.loads(payload)
    except ValueError:
        raise _invalid("Not a proof") from None
    if not all(isinstance(one, dict) for one in said):
        raise _invalid("Not a proof")
    return *said, signature


def _decoded(part: str) -> bytes:
    if not re.fullmatch(r"[\w-]+", part, re.ASCII):
        raise _invalid("Not base64url")
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error:
        raise _invalid("Not base64url") from None


def _id_token(arn: str) -> str:
    """Who signed in, as a JWT; its signature is nobody's concern here."""
    parts = ({"typ": "JWT", "alg": "ES384"}, {"sub": arn, "iss": "https://signin.aws.amazon.com"})
    coded = [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*coded, token_urlsafe(64)])


def _invalid(why: str) -> NotSoError:
    return NotSoError(400, "ValidationException", "INVALID_REQUEST", why)
