"""Verifying Ed25519 (RFC 8032 5.1.7) in plain Python, under the two names of `cryptography` that `notes` uses.

For the verifier that travels with a training file, where a court's expert has Python and nothing else.
Slow, and free to be: it knows no secret. It cannot sign.
"""

from hashlib import sha512

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)  # of -1

Point = tuple[int, int, int, int]  # extended coordinates: X, Y, Z, T with XY = ZT


class InvalidSignature(Exception):
    """The signature does not fit."""


class Ed25519PublicKey:
    """A key to verify with."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    @classmethod
    def from_public_bytes(cls, data: bytes) -> "Ed25519PublicKey":
        """A key of 32 bytes."""
        return cls(data)

    def verify(self, signature: bytes, data: bytes) -> None:
        """InvalidSignature unless this key signed the data."""
        key = decoded(self._raw)
        nonce = decoded(signature[:32]) if len(signature) == 64 else None
        scalar = int.from_bytes(signature[32:], "little")
        if key is None or nonce is None or scalar >= ORDER:
            raise InvalidSignature
        digest = int.from_bytes(sha512(signature[:32] + self._raw + data).digest(), "little") % ORDER
        if not same(times(scalar, BASE), add(nonce, times(digest, key))):
            raise InvalidSignature


def add(p: Point, q: Point) -> Point:
    """The sum of two points (RFC 8032 5.1.4)."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar: int, point: Point) -> Point:
    """A multiple of a point."""
    found: Point = (0, 1, 1, 0)
    while scalar > 0:
        if scalar & 1:
            found = add(found, point)
        point = add(point, point)
        scalar >>= 1
    return found


def same(p: Point, q: Point) -> bool:
    """Whether both are one point."""
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def decoded(raw: bytes) -> Point | None:
    """The point that 32 bytes stand for (RFC 8032 5.1.3); None where they stand for none."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if len(raw) != 32 or y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = decoded((4 * pow(5, -1, P) % P).to_bytes(32, "little")) or (0, 1, 1, 0)
