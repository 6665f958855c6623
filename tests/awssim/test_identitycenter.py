"""The double of Identity Center refuses what AWS refuses, and what AWS would never be asked."""

import json
import ssl
import urllib.error
import urllib.request
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session

from awssim import Kind, Sim, default_world
from awssim.identitycenter import BEARER, CODE_GRANT, DEVICE_GRANT, REFRESH_GRANT, IdentityCenter, NoError, Spoken
from awssim.sigv4 import Received
from support.identitycenter import identity_center

OIDC, PORTAL = "oidc.eu-west-1.amazonaws.com", "portal.sso.eu-west-1.amazonaws.com"
CLIENT = {"clientName": "test", "clientType": "public", "scopes": ["sso:account:access"]}
OF_CODE = {"grantTypes": [CODE_GRANT, REFRESH_GRANT], "redirectUris": ["http://127.0.0.1/oauth/callback"]}
VERIFIER = "v" * 64
HERE = "http://127.0.0.1:40000/oauth/callback"


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

    def client_of_a_code(self) -> dict[str, Any]:
        """A client that was registered for a code with PKCE."""
        issuer = {"issuerUrl": self.double.start_url}
        made = self.post("/client/register", {**CLIENT, **OF_CODE, **issuer}).document
        return {"clientId": made["clientId"], "clientSecret": made["clientSecret"]}

    def page(self, client: Mapping[str, Any], **other: str) -> str:
        """The query of the page of a code."""
        said = {
            "response_type": "code",
            "client_id": client["clientId"],
            "redirect_uri": HERE,
            "state": "mine",
            "code_challenge_method": "S256",
            "scopes": "sso:account:access",
            "code_challenge": urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).decode().rstrip("="),
        }
        return urlencode({**said, **other})

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


def test_who_denies_is_believed_once(person: Person) -> None:
    """The program hears it, and its device code is worth nothing afterwards."""
    client = person.client()
    device = person.device(client)
    asked = {**client, "grantType": DEVICE_GRANT, "deviceCode": device["deviceCode"]}
    person.double.deny(device["userCode"])
    assert person.post("/token", asked).document["error"] == "access_denied"
    assert person.post("/token", asked).error == "InvalidGrantException"


def test_who_asks_too_fast_is_slowed_down(person: Person) -> None:
    """Two questions may come at once, as the AWS CLI asks; a third before the interval is over makes it longer."""
    client = person.client()
    device = person.device(client)
    asked = {**client, "grantType": DEVICE_GRANT, "deviceCode": device["deviceCode"]}

    def said(seconds: float) -> Any:
        person.now += seconds
        return person.post("/token", asked).document["error"]

    pending, slower = "authorization_pending", "slow_down"
    assert [said(seconds) for seconds in (0, 0, 0.5)] == [pending, pending, slower]
    assert [said(seconds) for seconds in (6, 6, 0, 0)] == [pending, pending, pending, slower]


def test_a_code_with_pkce(person: Person) -> None:
    """Good once, for the client, the verifier and the address that it was made for; the port may be any."""
    client, other = person.client_of_a_code(), person.client_of_a_code()
    asked = {"grantType": CODE_GRANT, "codeVerifier": VERIFIER, "redirectUri": HERE}

    def code() -> str:
        back = urlsplit(person.double.authorize(person.page(client)))
        assert (back.netloc, back.path) == ("127.0.0.1:40000", "/oauth/callback")
        answer = parse_qs(back.query)
        assert answer["state"] == ["mine"]
        return answer["code"][0]

    wrongs: tuple[dict[str, Any], ...] = (
        other,
        {"codeVerifier": "w" * 64},
        {"codeVerifier": "v" * 42},
        {"redirectUri": HERE.replace("40000", "40001")},
    )
    for wrong in wrongs:
        assert person.post("/token", {**client, **asked, "code": code(), **wrong}).error == "InvalidGrantException"
    good = code()
    token = person.post("/token", {**client, **asked, "code": good})
    assert token.status == 200
    assert "refreshToken" in token.document
    assert person.post("/token", {**client, **asked, "code": good}).error == "InvalidGrantException"
    late = code()
    person.now += 600
    assert person.post("/token", {**client, **asked, "code": late}).error == "InvalidGrantException"
    assert parse_qs(urlsplit(person.double.refuse(person.page(client))).query)["error"] == ["access_denied"]


def test_what_the_page_of_a_code_refuses(person: Person) -> None:
    """Another address, a scope or a challenge that is none, and a client that is not for codes."""
    client, device = person.client_of_a_code(), person.client()
    wrongs = (
        {"redirect_uri": "http://127.0.0.1:40000/elsewhere"},
        {"redirect_uri": "https://example.com/oauth/callback"},
        {"scopes": "all"},
        {"code_challenge": "short"},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
        {"client_id": device["clientId"]},
        {"client_id": "nobody"},
        {"more": "x"},
    )
    for wrong in wrongs:
        with pytest.raises(NoError):
            person.double.authorize(person.page(client, **wrong))
    start = {**client, "startUrl": person.double.start_url}
    assert person.post("/device_authorization", start).error == "UnauthorizedClientException"


def test_a_token_is_refreshed_until_the_session_ends(person: Person) -> None:
    """An hour each, eight hours in all; one without scopes lives through all of it. An administrator can end it."""
    first = person.token()
    client = {name: first[name] for name in ("clientId", "clientSecret")}
    refresh = first["refreshToken"]
    assert first["expiresIn"] == 3600
    for _ in range(7):
        person.now += 3600
        answer = person.post("/token", {**client, "grantType": REFRESH_GRANT, "refreshToken": refresh})
        assert answer.status == 200
        refresh = answer.document["refreshToken"]
    person.now += 3600
    asked = {**client, "grantType": REFRESH_GRANT, "refreshToken": refresh}
    assert person.post("/token", asked).document["error"] == "invalid_grant"

    second = person.token()
    person.double.revoke_tokens()
    assert person.get("/assignment/accounts", second["accessToken"]).status == 401
    again = {name: second[name] for name in ("clientId", "clientSecret", "refreshToken")}
    assert person.post("/token", {**again, "grantType": REFRESH_GRANT}).status == 200
    person.double.forget_tokens()
    assert person.post("/token", {**again, "grantType": REFRESH_GRANT}).status == 400


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
        ("/client/register", {**CLIENT, **OF_CODE}, "InvalidRequestException"),
        ("/client/register", {**CLIENT, "grantTypes": ["password"]}, "UnsupportedGrantTypeException"),
        ("/client/register", {**CLIENT, "redirectUris": ["http://127.0.0.1/"]}, "UnsupportedGrantTypeException"),
        ("/token", {"grantType": CODE_GRANT, "code": "x"}, "UnauthorizedClientException"),
        ("/token", {"grantType": DEVICE_GRANT, "code": "x"}, "InvalidRequestException"),
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


def test_boto_signs_in_on_the_address_of_sts() -> None:
    """One address for all services, as `endpoint_url` of a profile says it; faults can meet each of them."""
    with Sim() as sim:
        session, unsigned = Session(), Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
        where = {"region_name": "eu-west-1", "endpoint_url": sim.url, "config": unsigned}
        oidc, portal = session.create_client("sso-oidc", **where), session.create_client("sso", **where)
        client = oidc.register_client(**CLIENT)
        mine = {name: client[name] for name in ("clientId", "clientSecret")}
        with sim.identity_center() as center:
            start_url = center.start_url
        device = oidc.start_device_authorization(**mine, startUrl=start_url)
        asked = {**mine, "grantType": DEVICE_GRANT, "deviceCode": device["deviceCode"]}
        with pytest.raises(oidc.exceptions.AuthorizationPendingException):
            oidc.create_token(**asked)
        with sim.identity_center() as center:
            center.allow(device["userCode"])
        token = oidc.create_token(**asked)["accessToken"]
        role = {"accessToken": token, "accountId": "444444444444", "roleName": "Developer"}
        given = portal.get_role_credentials(**role)["roleCredentials"]
        assert given["secretAccessKey"] in sim.issued_secrets()
        assert token in sim.issued_secrets()
        sim.fault(Kind.HTML, "GetRoleCredentials")
        assert "roleCredentials" not in _or_error(portal.get_role_credentials, role)
        portal.logout(accessToken=token)
        with pytest.raises(portal.exceptions.UnauthorizedException):
            portal.get_role_credentials(**role)


def _or_error(call: Any, role: Mapping[str, str]) -> Mapping[str, Any]:
    try:
        answer: Mapping[str, Any] = call(**role)
    except (ClientError, ValueError) as error:
        return {"error": type(error).__name__}
    return answer
