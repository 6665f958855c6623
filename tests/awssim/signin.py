"""AWS's sign-in for federated users: credentials become a token, and a token a way into the console.

Facts: "Enable custom identity broker access to the AWS console" in the IAM user guide. Stricter than AWS in one point:
credentials in an address are refused, for they would be in somebody's log.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_urlsafe
from urllib.parse import parse_qs, urlencode, urlsplit

from awssim.sigv4 import Received
from awssim.world import FederatedUser, Key, RoleSession, World

PATH = "/federation"
URL_LIFE = 900  # seconds
FORM = "application/x-www-form-urlencoded"
CONSOLES = ("console.aws.amazon.com", "console.amazonaws.cn", "console.amazonaws-us-gov.com")


@dataclass(frozen=True, slots=True)
class SigninCall:
    """One request: who asked, and what came of it. `landed` is where the console opened."""

    action: str
    outcome: str
    access_key_id: str = ""
    landed: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer: status, media type, body, and where to go."""

    status: int
    kind: str
    body: bytes
    location: str = ""


class RefusedError(Exception):
    """AWS's page for whatever is wrong: it does not say what."""


class Signin:
    """The endpoint for a world, by a clock (Unix seconds). Whoever calls `answer` holds a lock around it."""

    def __init__(self, world: World, clock: Callable[[], float]) -> None:
        """Begin with no tokens."""
        self._world = world
        self._clock = clock
        self._tokens: dict[str, tuple[Key, float]] = {}
        self.calls: list[SigninCall] = []

    @property
    def tokens(self) -> frozenset[str]:
        """Every token that was issued."""
        return frozenset(self._tokens)

    def answer(self, request: Received) -> Told:
        """Do what is asked, or show the page that says 400."""
        query, form = parse_qs(request.query), parse_qs(request.body.decode("utf-8", "replace"))
        action = (query.get("Action") or form.get("Action") or [""])[0]
        try:
            if action == "getSigninToken":
                return self._token(request, form)
            if action == "login" and request.method == "GET":
                return self._login(query)
        except RefusedError as error:
            self.calls.append(SigninCall(action, str(error)))
        else:
            self.calls.append(SigninCall(action, "no such action"))
        return Told(400, "text/html", b"<html><body><h1>400 Bad Request</h1></body></html>")

    def _token(self, request: Received, form: dict[str, list[str]]) -> Told:
        if request.method != "POST" or request.query or request.headers.get("content-type") != FORM:
            raise RefusedError("credentials belong into a form")
        if set(form) != {"Action", "Session"}:
            # SessionDuration is for roles that were assumed with long-term keys, and here none is.
            raise RefusedError("unknown parameter")
        try:
            session = json.loads(form["Session"][0])
        except ValueError:
            raise RefusedError("no JSON") from None
        if not isinstance(session, dict) or set(session) != {"sessionId", "sessionKey", "sessionToken"}:
            raise RefusedError("no session")
        key = self._world.keys.get(str(session["sessionId"]))
        if key is None or (key.secret, key.token) != (session["sessionKey"], session["sessionToken"]):
            raise RefusedError("wrong credentials")
        if not isinstance(key.holder, RoleSession | FederatedUser):
            raise RefusedError("not a role")  # a user's session, from GetSessionToken
        if not self._alive(key):
            raise RefusedError("expired or revoked")
        token = token_urlsafe(300)
        self._tokens[token] = (key, self._clock() + URL_LIFE)
        self.calls.append(SigninCall("getSigninToken", "OK", key.id))
        return Told(200, "application/json", json.dumps({"SigninToken": token}).encode())

    def _login(self, query: dict[str, list[str]]) -> Told:
        if set(query) != {"Action", "Issuer", "Destination", "SigninToken"}:
            raise RefusedError("unknown parameter")
        key, until = self._tokens.get(query["SigninToken"][0], (None, 0.0))
        if key is None or self._clock() >= until or not self._alive(key):
            raise RefusedError("wrong token")
        destination = query["Destination"][0]
        parts = urlsplit(destination)
        if parts.scheme != "https" or not (parts.hostname or "").endswith(CONSOLES):
            raise RefusedError("not the console")
        self.calls.append(SigninCall("login", "OK", key.id, destination))
        where = urlencode({"arn": key.holder.arn})
        return Told(302, "text/html", b"", f"{destination}#{where}")

    def _alive(self, key: Key) -> bool:
        return (key.expires is None or self._clock() < key.expires) and self._world.alive(key)
