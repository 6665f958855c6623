"""ECDSA on the curve P-256, to check what others signed. Slow and plain: FIPS 186-4 and SEC 1, in whole numbers."""

from hashlib import sha256

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
Point = tuple[int, int]


def verifies(key: Point, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (r and s, 32 bytes each, as JWS has it) is that of `message` by the owner of `key`."""
    x, y = key
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    if len(signature) != 64 or not (0 < r < N and 0 < s < N):
        return False
    if not (0 <= x < P and 0 <= y < P) or (y * y - x * x * x + 3 * x - B) % P:
        return False  # no point of the curve
    digest, inverse = int.from_bytes(sha256(message).digest()), pow(s, -1, N)
    found = _add(_times(digest * inverse % N, G), _times(r * inverse % N, key))
    return found is not None and found[0] % N == r


def _add(one: Point | None, other: Point | None) -> Point | None:
    """The sum of two points; None is the one at infinity."""
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2) = one, other
    if x1 == x2 and (y1 + y2) % P == 0:
        return None
    slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, P) if one == other else (y2 - y1) * pow(x2 - x1, -1, P)
    x = (slope * slope - x1 - x2) % P
    return x, (slope * (x1 - x) - y1) % P


def _times(factor: int, point: Point) -> Point | None:
    """The point, added so many times."""
    found: Point | None = None
    doubled: Point | None = point
    while factor:
        if factor & 1:
            found = _add(found, doubled)
        doubled = _add(doubled, doubled)
        factor >>= 1
    return found
