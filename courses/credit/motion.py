"""How stretches moved, the pieces they are cut into, and what was found of every piece.

A piece is a half-open wall span of one stretch under one policy version. Wall edges are whole
milliseconds wherever nothing but a rate says otherwise.
"""

from dataclasses import dataclass, field

from courses.credit.evidence import Stretch
from courses.credit.exact import Exact, quotient
from courses.credit.policy import Policy

REASONS = (
    "bad_stretch",
    "presence_failed",
    "heartbeat_gap",
    "other_playback",
    "forward_seek",
    "seen_before",
    "too_fast",
    "daily_cap",
)
COUNTED = "counted"


class Motion:
    """One well-formed stretch: media position by wall instant and back, exactly."""

    __slots__ = ("lesson_index", "media_ms", "stretch", "wall_ms")

    def __init__(self, stretch: Stretch, lesson_index: int) -> None:
        self.stretch = stretch
        self.lesson_index = lesson_index
        self.wall_ms = stretch.wall_to - stretch.wall_from
        self.media_ms = stretch.media_to_ms - stretch.media_from_ms

    def media_at(self, wall: Exact) -> Exact:
        """The media position at a wall instant."""
        stretch = self.stretch
        if self.media_ms == self.wall_ms:
            return stretch.media_from_ms + (wall - stretch.wall_from)
        gone = quotient((wall - stretch.wall_from) * self.media_ms, self.wall_ms)
        return stretch.media_from_ms + gone

    def wall_at(self, media: Exact) -> Exact:
        """The wall instant of a media position."""
        stretch = self.stretch
        if self.media_ms == self.wall_ms:
            return stretch.wall_from + (media - stretch.media_from_ms)
        gone = quotient((media - stretch.media_from_ms) * self.wall_ms, self.media_ms)
        return stretch.wall_from + gone


@dataclass(slots=True)
class Piece:
    """Wall `[wall_from, wall_to)` of one stretch, under one policy version."""

    motion: Motion
    wall_from: Exact
    wall_to: Exact
    policy: Policy


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a part of a stretch: `verdict` is `counted` or one of `REASONS`.

    Of a malformed stretch the media edges are as told; `effective_ms` is 0 unless counted.
    """

    stretch: Stretch
    wall_from: Exact
    wall_to: Exact
    media_from_ms: Exact
    media_to_ms: Exact
    verdict: str
    effective_ms: Exact = 0


@dataclass(slots=True)
class Findings:
    """Every part of every stretch with its verdict; together they make up all that was seen."""

    rows: list[Finding] = field(default_factory=list)

    def lost(self, motion: Motion, wall_from: Exact, wall_to: Exact, reason: str) -> None:
        """Write down a part that did not count; an empty one is nothing."""
        if wall_from < wall_to:
            self.rows.append(
                Finding(
                    motion.stretch,
                    wall_from,
                    wall_to,
                    motion.media_at(wall_from),
                    motion.media_at(wall_to),
                    reason,
                )
            )
