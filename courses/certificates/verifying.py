"""Verifying a certificate by what it holds, with nothing but known keys: no network, no database, no site.

Cannot know whether it was revoked since. Needs the standard library and `cryptography`.
"""

import json
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from courses.certificates import claim
from courses.certificates.claim import BadClaim, Claim
from courses.certificates.code import BadCode, Code, Proof, parse
from courses.ledger.log import notes, tree
from courses.ledger.log.notes import BadNote, Checkpoint, Verifier

PROOF_HEAD = "c2sp.org/tlog-proof@v1"
SENTENCES = {
    "unreadable": "This is not the code of a certificate, or not all of it.",
    "unknown_key": "This was signed by a key that is not among the given ones.",
    "altered": "The signature does not fit: what it says was altered, or was never issued.",
    "not_in_log": "The proof does not lead to a signed checkpoint of the log: it was altered, or belongs to another certificate.",
    "other_document": "The document is not the one that was issued.",
}


class Refused(Exception):
    """Not genuine; `code` is one of `SENTENCES`."""

    def __init__(self, code: str) -> None:
        super().__init__(SENTENCES[code])
        self.code = code


@dataclass(frozen=True, slots=True)
class Verified:
    """A genuine claim; `log` and `size` where its place in the log was proved too."""

    claim: Claim
    log: str = ""
    size: int = 0


def digits_of(text: str) -> str:
    """The digits in what was scanned or pasted: alone, or behind the address's `#`."""
    return "".join(text.rpartition("#")[2].split())


def verify(text: str, keys: Sequence[Verifier]) -> Verified:
    """What a code says, or Refused."""
    try:
        found = parse(digits_of(text))
    except BadCode:
        raise Refused("unreadable") from None
    return checked(found, keys)


def checked(found: Code, keys: Sequence[Verifier]) -> Verified:
    """The claim's signature first, then the way from its leaf to the signed checkpoint."""
    signed(found.claim.encode(), found.signature, key_of(found.key_id, keys), "altered")
    try:
        said = claim.parse(found.claim)
    except BadClaim:
        raise Refused("unreadable") from None
    if found.proof is None:
        return Verified(said)
    proof = found.proof
    by = key_of(proof.key_id, keys)
    try:
        root = tree.root_of(proof.index, proof.size, leaf_of(found.claim, proof), proof.path)
    except tree.BadProof:
        raise Refused("not_in_log") from None
    body = Checkpoint(by.name, proof.size, root).body.encode()
    signed(body, proof.signature, by, "not_in_log")
    return Verified(said, by.name, proof.size)


def leaf_of(text: str, proof: Proof) -> bytes:
    """The hash of a claim's leaf."""
    return tree.leaf_hash(claim.leaf(claim.commitment(text, salt=proof.salt)))


def key_of(key_id: bytes, keys: Sequence[Verifier]) -> Verifier:
    """The key of an id, or Refused."""
    for key in keys:
        if key.key_id == key_id:
            return key
    raise Refused("unknown_key")


def signed(message: bytes, signature: bytes, by: Verifier, otherwise: str) -> None:
    """Refused with `otherwise` unless the key signed the message."""
    try:
        notes.ALGORITHMS[by.kind].verify(by.public, signature, message)
    except BadNote:
        raise Refused(otherwise) from None


def verify_file(text: str, keys: Sequence[Verifier]) -> Verified:
    """What a `.tlog-proof` shows, its whole document included, or Refused."""
    found, document = of_file(text)
    said = checked(found, keys)
    if sha256(document).digest() != said.claim.content_hash:
        raise Refused("other_document")
    return said


def of_file(text: str) -> tuple[Code, bytes]:
    """A proof file as a code, and the document it carries; the log's own line is the first signature."""
    head, gap, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    try:
        if not gap or lines[0] != PROOF_HEAD or not lines[1].startswith("extra "):
            raise BadNote("not a proof with an opening")
        opening = json.loads(b64decode(lines[1].removeprefix("extra "), validate=True))
        body, signatures = notes.parts(checkpoint)
        raw = b64decode(signatures[0].split(" ")[-1], validate=False)
        proof = Proof(
            salt=bytes.fromhex(opening["salt"]),
            index=int(lines[2].removeprefix("index ")),
            size=notes.checkpoint(body).size,
            path=tuple(b64decode(line, validate=True) for line in lines[3:]),
            key_id=raw[:4],
            signature=raw[4:],
        )
        code = Code(opening["claim"], notes.verifier(opening["key"]).key_id, bytes.fromhex(opening["signature"]), proof)
        return code, str(opening["document"]).encode()
    except (BadNote, NotBase64, ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise Refused("unreadable") from None
