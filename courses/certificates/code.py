"""The content of the QR code: signed claim, salt, and the way from its leaf to a signed checkpoint.

Packed as bytes and written in decimal digits, which a QR code keeps in 10 bits for 3: 0.3 % more than
the bytes themselves, where base45 and base64url take 3 % and 33 %, and digits pass through every address.
"""

from dataclasses import dataclass, replace
from io import BytesIO

VERSION = 1
PROVED = 1
MOST_DIGITS = 4_000  # a code holds 7,089; more is nothing of ours
MOST_STEPS = 63
KEY_ID_BYTES, SIGNATURE_BYTES, SALT_BYTES, HASH_BYTES = 4, 64, 32, 32


class BadCode(Exception):
    """Not the content of such a code, or not all of it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Where the leaf stands and who signed the tree; the root follows from leaf and path."""

    salt: bytes
    index: int
    size: int
    path: tuple[bytes, ...]
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Code:
    """A signed claim, with its proof where there is room for one."""

    claim: str
    key_id: bytes
    signature: bytes
    proof: Proof | None

    @property
    def digits(self) -> str:
        """As the QR code and an address hold it."""
        return str(int.from_bytes(packed(self)))

    @property
    def unproved(self) -> "Code":
        """The same without its proof."""
        return replace(self, proof=None)


def packed(code: Code) -> bytes:
    """The bytes; the first is the version, so that none is lost as a leading zero."""
    claim = code.claim.encode()
    head = bytes([VERSION, PROVED if code.proof else 0]) + code.key_id + code.signature
    parts = [head, len(claim).to_bytes(2), claim]
    if code.proof:
        proof = code.proof
        parts += [
            proof.salt, proof.index.to_bytes(6), proof.size.to_bytes(6), bytes([len(proof.path)]), *proof.path,
            proof.key_id, proof.signature,
        ]  # fmt: skip
    return b"".join(parts)


def parse(digits: str) -> Code:
    """Read the digits; BadCode unless every byte is accounted for."""
    if not digits.isascii() or not digits.isdigit() or len(digits) > MOST_DIGITS:
        raise BadCode("not the digits of a certificate's code")
    number = int(digits)
    stream = BytesIO(number.to_bytes((number.bit_length() + 7) // 8))
    version, flags = take(stream, 2)
    if version != VERSION or flags not in (0, PROVED):
        raise BadCode("not a code of this version")
    key_id, signature = take(stream, KEY_ID_BYTES), take(stream, SIGNATURE_BYTES)
    try:
        claim = take(stream, int.from_bytes(take(stream, 2))).decode()
    except UnicodeDecodeError as error:
        raise BadCode("not text") from error
    proof = take_proof(stream) if flags == PROVED else None
    if stream.read(1):
        raise BadCode("more than a code")
    return Code(claim, key_id, signature, proof)


def take_proof(stream: BytesIO) -> Proof:
    """The second half."""
    salt = take(stream, SALT_BYTES)
    index, size = int.from_bytes(take(stream, 6)), int.from_bytes(take(stream, 6))
    steps = take(stream, 1)[0]
    if steps > MOST_STEPS:
        raise BadCode("a path that no tree has")
    path = tuple(take(stream, HASH_BYTES) for _ in range(steps))
    return Proof(salt, index, size, path, take(stream, KEY_ID_BYTES), take(stream, SIGNATURE_BYTES))


def take(stream: BytesIO, count: int) -> bytes:
    """So many bytes, or BadCode."""
    found = stream.read(count)
    if len(found) != count:
        raise BadCode("the code breaks off")
    return found
