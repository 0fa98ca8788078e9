"""What a certificate claims, in the few lines that fit its QR code: the body of a C2SP signed note. Pure.

Nothing here needs more than the standard library, so that whoever verifies needs little.
"""

import hmac
import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from hashlib import sha256

FORMAT = "xueshi-claim/1"
LEAF_HEAD = b"xueshi-certificate/v1\n"
LONGEST_TITLE = 48  # characters: three bytes each in Chinese, and the proof needs the room
KINDS = ("statement", "course", "requirement")
EXACT = re.compile(r"-?\d{1,12}(?:/[1-9]\d{0,11})?")
LINES = 12


class BadClaim(Exception):
    """Not the lines of a claim."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose hours, how many, for what, by which rules. Name and document are masked, as on the paper."""

    certificate: str
    kind: str
    issued_on: date
    name: str
    document: str
    hours: Fraction
    title: str
    from_on: date
    to_on: date
    policies: tuple[str, ...]
    content_hash: bytes

    @property
    def text(self) -> str:
        """The lines; each field has its own, in this order."""
        return "\n".join(
            [
                FORMAT,
                self.certificate,
                self.kind,
                self.issued_on.isoformat(),
                self.name,
                self.document,
                str(self.hours),
                short(self.title),
                self.from_on.isoformat(),
                self.to_on.isoformat(),
                " ".join(self.policies),
                b64encode(self.content_hash).decode(),
                "",
            ]
        )


def short(title: str) -> str:
    """A title in one line, cut where it is too long for the code."""
    line = " ".join(title.split())
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1] + "…"


def parse(text: str) -> Claim:
    """Read the lines; BadClaim unless they are exactly what `text` writes."""
    lines = text.split("\n")
    if len(lines) != LINES + 1 or lines[0] != FORMAT or lines[2] not in KINDS or not EXACT.fullmatch(lines[6]):
        raise BadClaim("not a claim of hours")
    try:
        found = Claim(
            certificate=lines[1],
            kind=lines[2],
            issued_on=date.fromisoformat(lines[3]),
            name=lines[4],
            document=lines[5],
            hours=Fraction(lines[6]),
            title=lines[7],
            from_on=date.fromisoformat(lines[8]),
            to_on=date.fromisoformat(lines[9]),
            policies=tuple(lines[10].split()),
            content_hash=b64decode(lines[11], validate=True),
        )
    except (ValueError, NotBase64) as error:
        raise BadClaim("not a claim of hours") from error
    if found.text != text or len(found.content_hash) != 32:
        raise BadClaim("not a claim of hours")
    return found


def commitment(text: str, *, salt: bytes) -> bytes:
    """HMAC-SHA256 of the claim, keyed by the salt: shows nothing, and opens for whoever holds the code."""
    return hmac.digest(salt, text.encode(), sha256)


def leaf(committed: bytes) -> bytes:
    """The leaf of the log that commits to a claim."""
    return LEAF_HEAD + b64encode(committed) + b"\n"
