"""Signature Version 4, recomputed from the request that came in (header form only).

Source: "Create a signed AWS API request" in the IAM user guide.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

ALGORITHM = "AWS4-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} +Credential=([^/,\s]+)/(\d{{8}})/([^/,\s]+)/([^/,\s]+)/aws4_request, *"
    r"SignedHeaders=([^,\s]+), *Signature=([0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it arrived. Header names are in lower case; values of a repeated header are joined by commas."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Signed:
    """What the Authorization header claims: not yet believed."""

    access_key_id: str
    date: str
    region: str
    service: str
    headers: tuple[str, ...]
    signature: str


def read_authorization(headers: Mapping[str, str]) -> Signed | None:
    """The claim, or nothing when the header is not one of ours. Raises nothing."""
    match = _AUTHORIZATION.fullmatch(headers.get("authorization", "").strip())
    if match is None:
        return None
    access_key_id, date, region, service, names, signature = match.groups()
    return Signed(access_key_id, date, region, service, tuple(names.split(";")), signature)


def fits(claim: Signed, secret: str, request: Received) -> bool:
    """Whether the signature is the one that `secret` makes of exactly this request."""
    required = {"host"} | {name for name in request.headers if name.startswith("x-amz-")}
    if not required <= set(claim.headers) or list(claim.headers) != sorted(claim.headers):
        return False
    body_hash = hashlib.sha256(request.body).hexdigest()
    if request.headers.get("x-amz-content-sha256", body_hash) != body_hash:
        return False
    canonical = "\n".join(
        (
            request.method,
            quote(request.path or "/", safe="/-_.~"),
            _canonical_query(request.query),
            *(f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in claim.headers),
            "",
            ";".join(claim.headers),
            body_hash,
        )
    )
    scope = f"{claim.date}/{claim.region}/{claim.service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join((ALGORITHM, request.headers.get("x-amz-date", ""), scope, digest))
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.compare_digest(hmac.digest(key, to_sign.encode(), "sha256").hex(), claim.signature)


def _canonical_query(query: str) -> str:
    pairs = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in parse_qsl(query, keep_blank_values=True))
    return "&".join(f"{k}={v}" for k, v in pairs)
