"""A policy version and the pool of them: which one is in force at an instant, as known at another.

Source: `credit-rules.md` 3, 5.4 and 5.5.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class ExamRule:
    """Applies where the course says `exam: required`."""

    pass_mark: Fraction = Fraction(80)
    max_attempts: int | None = None
    cooldown_ms: int = 0


@dataclass(frozen=True, slots=True)
class Rounding:
    """`mode`: `none`, `floor`, `half_up`, `ceil`; `point`: `lesson`, `course`."""

    mode: str = "none"
    quantum: Fraction | None = None
    point: str = "course"

    def rounded(self, hours: Fraction) -> Fraction:
        """`hours` on the grid of `quantum`."""
        if self.mode == "none" or self.quantum is None:
            return hours
        steps = hours / self.quantum
        if self.mode == "ceil":
            count = -(-steps.numerator // steps.denominator)
        elif self.mode == "half_up":
            count = (2 * steps.numerator + steps.denominator) // (2 * steps.denominator)
        else:
            count = steps.numerator // steps.denominator
        return count * self.quantum


@dataclass(frozen=True, slots=True)
class ShareCap:
    """How much of a requirement online hours may fill."""

    share: Fraction = Fraction(1, 2)
    base: str = "required"
    measured_on: str = "credited"


@dataclass(frozen=True, slots=True)
class RatioStep:
    """A lesson of effective time >= `at_least_ms` earns `hours`."""

    at_least_ms: int
    hours: Fraction


@dataclass(frozen=True, slots=True)
class Policy:
    """One version, with the defaults of the contract. `issued_at`: when it became known."""

    id: str
    version: str
    issued_at: int
    effective_from: int
    effective_to: int | None = None
    document: str = ""
    timezone: str = "Asia/Shanghai"
    hour_ms: int = 2_700_000
    ratio: Fraction = Fraction(1)
    ratio_steps: Sequence[RatioStep] | None = None
    completion_threshold: Fraction = Fraction(19, 20)
    partial_credit: str = "none"
    exam: ExamRule = field(default_factory=ExamRule)
    speed: str = "wall"
    rate_tolerance: Fraction = Fraction(1, 20)
    seek_forward: str = "allowed"
    concurrency: str = "latest_wins"
    daily_cap_ms: int | None = None
    heartbeat_gap_ms: int | None = None
    gap_grant: str = "none"
    on_fail: str = "exclude_until_verified"
    policy_binding: str = "enrolment"
    rounding: Rounding = field(default_factory=Rounding)
    share_cap: ShareCap | None = None
    validity_months: int | None = None
    transfer_applies_ratio: bool = False
    practical_online: bool = False

    @property
    def name(self) -> str:
        """`id@version`, as entries and requirements refer to it."""
        return f"{self.id}@{self.version}"


class Pool:
    """All versions of one file as one pool; the order given is the order of the file."""

    def __init__(self, versions: Sequence[Policy]) -> None:
        ranked = sorted(
            enumerate(versions), key=lambda row: (row[1].issued_at, row[1].effective_from, row[0])
        )
        self._ranked = [version for _, version in ranked]  # the last that fits governs
        self.issues = sorted({version.issued_at for version in versions})
        edges = {version.effective_from for version in versions}
        edges |= {version.effective_to for version in versions if version.effective_to is not None}
        self._edges = sorted(edges)
        self.boundaries = sorted(edges | set(self.issues))
        self._found: dict[tuple[int, int], Policy | None] = {}

    def in_force(self, at: int, known_at: int) -> Policy | None:
        """The version in force at `at`, as known at `known_at`; None where there is none."""
        key = (bisect_right(self._edges, at), bisect_right(self.issues, known_at))
        if key not in self._found:
            self._found[key] = self._search(at, known_at)
        return self._found[key]

    def _search(self, at: int, known_at: int) -> Policy | None:
        fitting = [
            version
            for version in self._ranked
            if version.effective_from <= at
            and (version.effective_to is None or at < version.effective_to)
        ]
        known = [version for version in fitting if version.issued_at <= known_at]
        if known:
            return known[-1]
        # Nobody knew a rule at that time: the first that was made for it.
        first = [version for version in fitting if version.issued_at == fitting[0].issued_at]
        return first[-1] if first else None
