"""The double of Identity Center refuses what AWS refuses, and what AWS would never be asked."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from awssim import default_world
from awssim.identitycenter import BEARER, DEVICE_GRANT, REFRESH_GRANT, IdentityCenter, Spoken
from awssim.sigv4 import Received
from support.identitycenter import identity_center

OIDC, PORTAL = "oidc.eu-west-1.amazonaws.com", "portal.sso.eu-west-1.amazonaws.com"
CLIENT = {"clientName": "test", "clientType": "public", "scopes": ["sso:account:access"]}


class Person:
    """A program that signs somebody in, step by step, at its own clock."""

    def __init__(self) -> None:
        """Begin at noon."""
        self.now = 1_800_000_000.0
        self.double = IdentityCenter(default_world(), lambda: self.now)

    def post(self, path: str, body: Mapping[str, Any], host: str = OIDC, **headers: str) -> Spoken:
        """One request to SSO-OIDC."""
        said = {"host": host, "content-type": "application/json", **headers}
        return self.double.answer(host, Received("POST", path, "", said, json.dumps(body).encode()))

    def get(self, path: str, token: str, **query: str) -> Spoken:
        """One request to the portal."""
        headers = {"host": PORTAL, BEARER: token}
        return self.double.answer(PORTAL, Received("GET", path, urlencode(query), headers, b""))

    def client(self) -> dict[str, Any]:
        """A registered client."""
        made = self.post("/client/register", CLIENT).document
        return {"clientId": made["clientId"], "clientSecret": made["clientSecret"]}

    def device(self, client: Mapping[str, Any]) -> Mapping[str, Any]:
        """A code on a screen."""
        return self.post("/device_authorization", {**client, "startUrl": self.double.start_url}).document

    def token(self) -> Mapping[str, Any]:
        """Signed in."""
        client = self.client()
        device = self.device(client)
        self.double.allow(device["userCode"])
        answer = self.post("/token", {**client, "grantType": DEVICE_GRANT, "deviceCode": device["deviceCode"]})
        assert answer.status == 200
        return {**client, **answer.document}


@pytest.fixture
def person() -> Person:
    """Somebody who has not signed in."""
    return Person()


def test_a_device_code_works_once_when_it_is_allowed(person: Person) -> None:
    """Before: pending. After: one token; then never again, and never for another client."""
    client, other = person.client(), person.client()
    device = person.device(client)
    asked = {"grantType": DEVICE_GRANT, "deviceCode": device["deviceCode"]}
    assert person.post("/token", {**client, **asked}).document["error"] == "authorization_pending"
    person.double.allow(device["userCode"])
    assert person.post("/token", {**other, **asked}).error == "InvalidGrantException"
    assert person.post("/token", {**client, **asked}).status == 200
    assert person.post("/token", {**client, **asked}).error == "InvalidGrantException"
    late = person.device(client)
    person.double.allow(late["userCode"])
    person.now += 600
    assert person.post("/token", {**client, **asked, "deviceCode": late["deviceCode"]}).error == "ExpiredTokenException"


def test_a_refresh_token_works_once(person: Person) -> None:
    """It gives a new pair to the client that it belongs to."""
    first = person.token()
    client = {name: first[name] for name in ("clientId", "clientSecret")}
    asked = {"grantType": REFRESH_GRANT, "refreshToken": first["refreshToken"]}
    second = person.post("/token", {**client, **asked})
    assert second.status == 200
    assert person.get("/assignment/accounts", second.document["accessToken"]).status == 200
    assert person.post("/token", {**client, **asked}).error == "InvalidGrantException"


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        ("/client/register", {**CLIENT, "clientType": "confidential"}, "InvalidClientMetadataException"),
        ("/client/register", {**CLIENT, "scopes": ["all"]}, "InvalidScopeException"),
        ("/client/register", {**CLIENT, "more": 1}, "InvalidRequestException"),
        ("/device_authorization", {"startUrl": "https://elsewhere.example"}, "InvalidRequestException"),
        ("/device_authorization", {"clientSecret": "x"}, "InvalidClientException"),
        ("/token", {"grantType": "password"}, "UnsupportedGrantTypeException"),
        ("/token", {"grantType": DEVICE_GRANT, "deviceCode": "x"}, "InvalidGrantException"),
        ("/elsewhere", {}, "UnknownOperationException"),
    ],
)
def test_what_is_refused(person: Person, path: str, body: dict[str, Any], error: str) -> None:
    """A field too many, a client, a grant, a scope or an address that is not there."""
    if path in {"/device_authorization", "/token"}:
        start = {"startUrl": person.double.start_url} if path == "/device_authorization" else {}
        body = {**person.client(), **start, **body}
    assert person.post(path, body).error == error


def test_a_signed_request_or_another_host_is_not_meant_for_it(person: Person) -> None:
    """The real ones are unsigned, and each has its own operations."""
    assert person.post("/client/register", CLIENT, authorization="AWS4-HMAC-SHA256 x").status == 404
    assert person.post("/client/register", CLIENT, host=PORTAL).status == 404


def test_the_portal_wants_a_token_that_lives(person: Person) -> None:
    """None, a wrong one, one that was logged out, one that ended: 401. With a good one, only what is assigned."""
    token = str(person.token()["accessToken"])
    assert person.get("/assignment/accounts", "x").error == "UnauthorizedException"
    page = person.get("/assignment/accounts", token).document
    assert [one["accountId"] for one in page["accountList"]] == ["444444444444"]
    rest = person.get("/assignment/accounts", token, next_token=page["nextToken"]).document
    assert [one["accountId"] for one in rest["accountList"]] == ["555555555555"]
    assert "nextToken" not in rest
    mine = {"account_id": "444444444444", "role_name": "Developer"}
    key = person.get("/federation/credentials", token, **mine).document["roleCredentials"]
    assert key["expiration"] == (person.now + 3600) * 1000
    for wrong in ({**mine, "role_name": "Auditor"}, {**mine, "account_id": "111111111111"}):
        assert person.get("/federation/credentials", token, **wrong).error == "ForbiddenException"
    assert person.get("/federation/credentials", token, **mine, more="x").error == "InvalidRequestException"
    person.now += 28800
    assert person.get("/assignment/accounts", token).error == "UnauthorizedException"


def test_logout_ends_a_token(person: Person) -> None:
    """It is worth nothing afterwards."""
    token = str(person.token()["accessToken"])
    headers = {"host": PORTAL, BEARER: token}
    assert person.double.answer(PORTAL, Received("POST", "/logout", "", headers, b"")).status == 200
    assert person.get("/assignment/accounts", token).status == 401


def test_nothing_else_gets_through_the_proxy(tmp_path: Path) -> None:
    """Another name, another port, and plain http are refused and remembered; only its own authority vouches for it."""
    with identity_center(default_world(), tmp_path) as center:
        proxy = str(center.env["HTTPS_PROXY"])
        trusting = ssl.create_default_context(cafile=center.env["AWS_CA_BUNDLE"])
        through = urllib.request.build_opener(
            urllib.request.ProxyHandler({"https": proxy, "http": proxy}), urllib.request.HTTPSHandler(context=trusting)
        )
        for address in ("https://sts.amazonaws.com/", f"https://{OIDC}:8443/", "http://example.com/"):
            with pytest.raises(OSError, match="403"):
                through.open(address, timeout=20)
        assert center.refused == ("CONNECT sts.amazonaws.com:443", f"CONNECT {OIDC}:8443", "GET http://example.com/")
        with pytest.raises(urllib.error.HTTPError) as caught:
            through.open(f"https://{PORTAL}/assignment/accounts", timeout=20)
        assert caught.value.code == 401
        caught.value.close()
        public = urllib.request.build_opener(urllib.request.ProxyHandler({"https": proxy}))
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            public.open(f"https://{OIDC}/", timeout=20)
