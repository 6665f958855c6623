"""AssumeRoleWithWebIdentity: whose tokens an account takes, and what a role asks of them. Tokens are JWTs (RFC 7519).

AWS takes RS256 and ES256. The double signs with HS256: nothing here reads a key but the double itself.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from awssim.refused import Refused

LONGEST = 20000  # characters of a token (API_AssumeRoleWithWebIdentity, WebIdentityToken)
DENIED = "Not authorized to perform sts:AssumeRoleWithWebIdentity"


@dataclass(frozen=True, slots=True)
class Issuer:
    """An OpenID Connect provider that an account knows: `url` is its `iss`, `audience` what tokens are for."""

    account: str
    url: str
    audience: str
    secret: str

    def token(self, subject: str, *, ends: float, audience: str | None = None) -> str:
        """A token for this subject that ends then (Unix seconds)."""
        claims = {"iss": self.url, "sub": subject, "aud": audience or self.audience, "exp": int(ends)}
        said = f"{_coded({'alg': 'HS256', 'typ': 'JWT'})}.{_coded(claims)}"
        return f"{said}.{_signed(said, self.secret)}"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token that is good says."""

    issuer: Issuer
    subject: str
    audience: str


def read(token: str, account: str, issuers: tuple[Issuer, ...], now: float) -> Claims:
    """What a token says to this account. Raises Refused, in AWS's order and words."""
    said, _, signature = token.rpartition(".")
    try:
        head, _, body = said.partition(".")
        claims: Mapping[str, Any] = json.loads(_decoded(body))
        algorithm = json.loads(_decoded(head))["alg"]
        issuer_url, subject, audience, ends = (claims[name] for name in ("iss", "sub", "aud", "exp"))
    except (ValueError, KeyError, TypeError):
        raise Refused(400, "InvalidIdentityToken", "The ID Token provided is not a valid JWT.") from None
    issuer = next((one for one in issuers if (one.account, one.url) == (account, issuer_url)), None)
    if issuer is None:
        message = f"No OpenIDConnect provider found in your account for {issuer_url}"
        raise Refused(400, "InvalidIdentityToken", message)
    if algorithm != "HS256" or not hmac.compare_digest(signature, _signed(said, issuer.secret)):
        raise Refused(400, "InvalidIdentityToken", "Couldn't verify the signature of the ID Token")
    if audience != issuer.audience:
        raise Refused(400, "InvalidIdentityToken", "Incorrect token audience")
    if now >= ends:
        message = f"Token expired: current date/time {int(now)} must be before the expiration date/time {ends}"
        raise Refused(400, "ExpiredTokenException", message)
    return Claims(issuer, subject, audience)


def _coded(value: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _signed(said: str, secret: str) -> str:
    digest = hmac.new(secret.encode(), said.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
