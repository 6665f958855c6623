"""The double of the sign-in of `aws login` refuses what AWS refuses; botocore's own provider lives on it."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import pytest
from botocore.exceptions import LoginInsufficientPermissions, LoginRefreshRequired
from botocore.session import Session
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from awssim import Sim, default_world
from awssim.login import CLIENT, Login, NotSoError, Told
from awssim.p256 import verifies
from awssim.sigv4 import Received

URL = "https://eu-west-1.signin.aws.amazon.com/v1/token"
HERE = "http://127.0.0.1:40000/oauth/callback"
VERIFIER = "v" * 64
ALICE = "arn:aws:iam::111111111111:user/alice"


def coded(raw: bytes) -> str:
    """Base64url, as JWTs have it."""
    return urlsafe_b64encode(raw).decode().rstrip("=")


class Program:
    """A program that signs somebody in, step by step, with a key and a clock of its own."""

    def __init__(self) -> None:
        """Begin at noon."""
        self.now = 1_800_000_000.0
        self.double = Login(default_world(), lambda: self.now)
        self.key = ec.generate_private_key(ec.SECP256R1())

    def proof(self, head: Mapping[str, Any] | None = None, **other: Any) -> str:
        """A DPoP proof for a request of now; `head` and `other` are what is said otherwise."""
        numbers = self.key.public_key().public_numbers()
        point = {"x": coded(numbers.x.to_bytes(32)), "y": coded(numbers.y.to_bytes(32))}
        first = {"typ": "dpop+jwt", "alg": "ES256", "jwk": {"kty": "EC", "crv": "P-256", **point}, **(head or {})}
        payload = {"htm": "POST", "htu": URL, "iat": int(self.now), "jti": str(uuid4()), **other}
        signed = ".".join(coded(json.dumps(part).encode()) for part in (first, payload))
        r, s = decode_dss_signature(self.key.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{coded(r.to_bytes(32) + s.to_bytes(32))}"

    def page(self, **other: str) -> str:
        """The query of the page that the browser is sent to."""
        said = {
            "response_type": "code",
            "client_id": CLIENT,
            "state": "mine",
            "code_challenge_method": "SHA-256",
            "scope": "openid",
            "redirect_uri": HERE,
            "code_challenge": coded(sha256(VERIFIER.encode()).digest()),
        }
        return urlencode({**said, **other})

    def code(self) -> str:
        """What the browser brings back."""
        back = parse_qs(urlsplit(self.double.authorize(self.page())).query)
        assert back["state"] == ["mine"]
        return back["code"][0]

    def post(self, proof: str | None = None, **fields: str) -> Told:
        """One request for a token."""
        headers = {"content-type": "application/json", "dpop": self.proof() if proof is None else proof}
        body = json.dumps({"clientId": CLIENT, **fields}).encode()
        return self.double.answer(Received("POST", "/v1/token", "", headers, body), URL)

    def begin(self, code: str, proof: str | None = None, **other: str) -> Told:
        """The first token."""
        fields = {"grantType": "authorization_code", "code": code, "codeVerifier": VERIFIER, "redirectUri": HERE}
        return self.post(proof, **{**fields, **other})

    def refresh(self, token: str, proof: str | None = None) -> Told:
        """The next token."""
        return self.post(proof, grantType="refresh_token", refreshToken=token)


@pytest.fixture
def program() -> Program:
    """Nobody has signed in."""
    return Program()


def test_a_code_is_good_once(program: Program) -> None:
    """Fifteen minutes of credentials, a refresh token, and who it is."""
    code = program.code()
    told = program.begin(code)
    assert (told.status, told.document["tokenType"], told.document["expiresIn"]) == (200, "aws_sigv4", 900)
    payload = told.document["idToken"].split(".")[1]
    assert coded(json.dumps({"sub": ALICE}).encode())[:20] == payload[:20]
    assert program.begin(code).document["error"] == "AUTHCODE_EXPIRED"
    late = program.code()
    program.now += 300
    assert program.begin(late).document["error"] == "AUTHCODE_EXPIRED"
    for wrong in ({"codeVerifier": "w" * 64}, {"redirectUri": HERE + "/"}, {"more": "x"}, {"grantType": "password"}):
        assert program.begin(program.code(), **wrong).document["error"] == "INVALID_REQUEST"


def test_a_refresh_token_is_good_once_and_for_its_key(program: Program) -> None:
    """For twelve hours, unless somebody ends the sign-in."""
    token = program.begin(program.code()).document["refreshToken"]
    following = program.refresh(token).document
    assert "idToken" not in following
    assert program.refresh(token).document["error"] == "TOKEN_EXPIRED"
    key, program.key = program.key, ec.generate_private_key(ec.SECP256R1())
    assert program.refresh(following["refreshToken"]).document["error"] == "INVALID_REQUEST"
    program.key = key
    program.double.end_sessions("USER_CREDENTIALS_CHANGED")
    assert program.refresh(following["refreshToken"]).document["error"] == "USER_CREDENTIALS_CHANGED"
    other = program.begin(program.code()).document
    program.now += 43200
    assert program.refresh(other["refreshToken"]).document["error"] == "TOKEN_EXPIRED"


def test_a_proof_is_looked_at(program: Program) -> None:
    """It is signed by its key, for this request, now, and once."""
    used = program.proof()
    assert program.begin(program.code(), used).status == 200
    head, payload, signature = program.proof().split(".")
    wrongs = (
        used,
        "",
        "x.y.z",
        f"{head}.{payload}",
        f"{head}.{payload}.{signature[:-4]}AAAA",
        program.proof(htu=URL.replace("eu-west-1", "eu-west-3")),
        program.proof(htm="GET"),
        program.proof(iat=int(program.now) - 301),
        program.proof(jti=""),
        program.proof({"typ": "jwt"}),
        program.proof({"alg": "none"}),
        program.proof({"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}),
        program.proof({"jwk": None}),
    )
    for wrong in wrongs:
        assert program.begin(program.code(), wrong).document["error"] == "INVALID_REQUEST", wrong


def test_signatures_are_those_of_the_standard() -> None:
    """FIPS 186-4 as cryptography has it: good ones are, and none is with a bit another."""
    for number in range(8):
        key, message = ec.generate_private_key(ec.SECP256R1()), b"message %d" % number
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(SHA256())))
        numbers = key.public_key().public_numbers()
        signature = r.to_bytes(32) + s.to_bytes(32)
        assert verifies((numbers.x, numbers.y), message, signature)
        assert not verifies((numbers.x, numbers.y), message + b"!", signature)
        assert not verifies((numbers.x, numbers.y ^ 1), message, signature)
        assert not verifies((numbers.x, numbers.y), message, bytes(64))
        assert not verifies((numbers.x, numbers.y), message, signature[:-1] + bytes([signature[-1] ^ 1]))


def test_what_the_page_refuses(program: Program) -> None:
    """Another client's address, a challenge that is none, and anything that it does not know."""
    wrongs = (
        {"redirect_uri": "https://example.com/oauth/callback"},
        {"client_id": "arn:aws:signin:::devtools/cross-device"},
        {"code_challenge": "short"},
        {"code_challenge_method": "S256"},
        {"scope": "all"},
        {"state": ""},
        {"more": "x"},
    )
    for wrong in wrongs:
        with pytest.raises(NotSoError):
            program.double.authorize(program.page(**wrong))
    assert "error=access_denied" in program.double.refuse(program.page())
    there = {
        "client_id": "arn:aws:signin:::devtools/cross-device",
        "redirect_uri": "https://eu-west-1.signin.aws.amazon.com/v1/sessions/confirmation",
    }
    assert program.double.authorize(program.page(**there)).startswith(there["redirect_uri"])


def test_botocore_lives_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its provider reads what the AWS CLI keeps, proves its key, and refreshes until the sign-in is ended."""
    key = ec.generate_private_key(ec.SECP256R1())
    program = Program()
    program.key = key
    with Sim() as sim:
        config = tmp_path / "config"
        config.write_text(f"[profile mine]\nlogin_session = {ALICE}\nregion = eu-west-1\nendpoint_url = {sim.url}\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
        monkeypatch.setenv("AWS_LOGIN_CACHE_DIRECTORY", str(tmp_path))
        with sim.login() as login:
            program.double = login
            program.now = sim.now()
            url = f"{sim.url}/v1/token"
            fields = {"grantType": "authorization_code", "code": program.code(), "codeVerifier": VERIFIER}
            body = json.dumps({"clientId": CLIENT, **fields, "redirectUri": HERE}).encode()
            headers = {"content-type": "application/json", "dpop": program.proof(htu=url)}
            first = login.answer(Received("POST", "/v1/token", "", headers, body), url).document
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
        ends = (datetime.now(UTC) - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        cached = {
            "accessToken": {**first["accessToken"], "accountId": "111111111111", "expiresAt": ends},
            "tokenType": "aws_sigv4",
            "clientId": CLIENT,
            "refreshToken": first["refreshToken"],
            "idToken": first["idToken"],
            "dpopKey": pem,
        }
        kept = tmp_path / f"{sha256(ALICE.encode()).hexdigest()}.json"
        kept.write_text(json.dumps(cached))
        session = Session(profile="mine")
        assert session.create_client("sts").get_caller_identity()["Arn"] == ALICE
        assert json.loads(kept.read_text())["refreshToken"] != first["refreshToken"]
        again = json.loads(kept.read_text())
        for word, error in (
            ("TOKEN_EXPIRED", LoginRefreshRequired),
            ("INSUFFICIENT_PERMISSIONS", LoginInsufficientPermissions),
        ):
            kept.write_text(json.dumps({**again, "accessToken": {**again["accessToken"], "expiresAt": ends}}))
            with sim.login() as login:
                login.end_sessions(word)
            with pytest.raises(error):
                Session(profile="mine").create_client("sts").get_caller_identity()
