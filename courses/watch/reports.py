"""A beat's body, decoded: the one place where bytes from a player become values. Pure.

Integers are integers (no `1.0`, no `true`), and there are bounds on numbers, spans and bytes. Further
members are ignored: no number of a client beyond these is used (`watch.md` 3).
"""

import hashlib
from dataclasses import dataclass
from typing import Annotated

import msgspec

from courses import errors
from courses.credit.beats import Span
from courses.watch import spans
from courses.watch.beats import State

MOST_BYTES = 64 * 1024
MOST_SPANS = 600
MOST_MS = 10**12  # some thirty years; beyond it nothing is a time

Milliseconds = Annotated[int, msgspec.Meta(ge=-MOST_MS, le=MOST_MS)]


class _Span(msgspec.Struct, gc=False):
    from_ms: Milliseconds
    to_ms: Milliseconds
    began_ms: Milliseconds
    ended_ms: Milliseconds


class _Body(msgspec.Struct, gc=False):
    seq: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
    spans: Annotated[list[_Span], msgspec.Meta(max_length=MOST_SPANS)]
    state: State


@dataclass(frozen=True, slots=True)
class Report:
    """What a player tells in one beat, nothing of it judged yet."""

    seq: int
    spans: tuple[Span, ...]
    state: State

    def digest(self) -> bytes:
        """SHA-256 of the content, the same however the JSON was written."""
        rows = [self.seq, self.state.value, [spans.row(span) for span in self.spans]]
        return hashlib.sha256(msgspec.json.encode(rows)).digest()


_DECODER = msgspec.json.Decoder(_Body)


def decode(body: bytes) -> Report:
    """A report from a request's body; Invalid `invalid` with what is wrong, at `field`."""
    try:
        read = _DECODER.decode(body)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        raise errors.Invalid(
            "invalid", "This beat cannot be read.", field=where.strip("`.") or "body", what=what
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise errors.Invalid("invalid", "This is not JSON.", field="body") from error
    return Report(
        read.seq,
        tuple(Span(s.from_ms, s.to_ms, s.began_ms, s.ended_ms) for s in read.spans),
        read.state,
    )
