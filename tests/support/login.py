"""Somebody who signs in as `aws login` does, at the double, and what the AWS CLI then keeps of it."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from awssim import Sim, default_world
from awssim.login import CLIENT, Login, Told
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


def signed_in(sim: Sim, cache: Path, *, left: float = 900) -> Path:
    """Sign Alice in, as `aws login` does, whose first credentials end in `left` seconds by what is kept. The file."""
    program = Program()
    with sim.login() as login:
        program.double, program.now = login, sim.now()
        proof = program.proof(htu=f"{sim.url}/v1/token")
        fields = {"grantType": "authorization_code", "code": program.code(), "codeVerifier": VERIFIER}
        body = json.dumps({"clientId": CLIENT, **fields, "redirectUri": HERE}).encode()
        headers = {"content-type": "application/json", "dpop": proof}
        given = login.answer(Received("POST", "/v1/token", "", headers, body), f"{sim.url}/v1/token").document
    kept = {
        "accessToken": {**given["accessToken"], "accountId": "111111111111", "expiresAt": dated(sim.now() + left)},
        "tokenType": "aws_sigv4",
        "clientId": CLIENT,
        "refreshToken": given["refreshToken"],
        "idToken": given["idToken"],
        "dpopKey": program.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode(),
    }
    cache.mkdir(parents=True, exist_ok=True)
    file = cache / f"{sha256(ALICE.encode()).hexdigest()}.json"
    file.write_text(json.dumps(kept))
    return file


def dated(seconds: float) -> str:
    """As the AWS CLI writes a time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ended(file: Path) -> None:
    """Let the credentials that are kept there have ended."""
    kept = json.loads(file.read_text())
    file.write_text(json.dumps({**kept, "accessToken": {**kept["accessToken"], "expiresAt": "2020-01-01T00:00:00Z"}}))
