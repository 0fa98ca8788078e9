"""The evidence about one learner, typed: what happened, and the policy versions that judge it.

Instants (`_at`, and the wall edges of a stretch) are whole milliseconds since 1970 UTC, see
`instants.py`; media positions are whole milliseconds; hours, marks and ratios are `Fraction`.
The order of the sequences is the order of the file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from courses.credit.policy import Policy


class BadEvidence(ValueError):
    """The evidence cannot be read: `path` in the file, `message` what is wrong there."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson of one edition; `duration_ms > 0`."""

    id: str
    duration_ms: int
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A course taken back; `rule`: `keep_posted`, `per_lesson_exam_waived` or `void`."""

    at: int
    rule: str


@dataclass(frozen=True, slots=True)
class Course:
    """One edition of a course; `exam`: `required` or `none`."""

    id: str
    edition: int
    exam: str
    lessons: Sequence[Lesson]
    withdrawn: Withdrawal | None = None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One taking of one edition."""

    id: str
    course: str
    edition: int
    at: int
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Continuous playing: the media advanced evenly while the wall clock went on."""

    id: str
    enrolment: str
    lesson: str
    playback: str
    wall_from: int
    wall_to: int
    media_from_ms: int
    media_to_ms: int


@dataclass(frozen=True, slots=True)
class PresenceCheck:
    """`kind`: `face` or `prompt`; `result`: `pass`, `fail` or `missed`."""

    playback: str
    at: int
    kind: str
    result: str


@dataclass(frozen=True, slots=True)
class HeardBeat:
    """A sign of life of one playback."""

    playback: str
    at: int


@dataclass(frozen=True, slots=True)
class ExamAttempt:
    """One sitting."""

    enrolment: str
    at: int
    mark: Fraction


@dataclass(frozen=True, slots=True)
class Refund:
    """The money went back, and the hours with it."""

    id: str
    enrolment: str
    at: int


@dataclass(frozen=True, slots=True)
class Correction:
    """What a decided appeal or a manual void adds; `hours` may be negative."""

    id: str
    subject: str
    at: int
    hours: Fraction
    reason: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """Hours brought along; `kind`: `online`, `classroom` or `practical`."""

    id: str
    from_where: str
    taken_on: date
    applied_at: int
    hours: Fraction
    hour_ms: int
    kind: str
    factor: Fraction
    evidence_ok: bool
    fingerprints: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class OfflineHours:
    """Hours taken in person; `kind`: `classroom` or `practical`."""

    id: str
    on: date
    hours: Fraction
    kind: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """So many hours in `[from_at, to_at)`; `policy` is `id@version`; `kind`: `any`, `practical`."""

    id: str
    hours: Fraction
    from_at: int
    to_at: int
    policy: str
    kind: str = "any"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything from which one learner's hours are computed."""

    learner: str
    as_of: int
    policies: Sequence[Policy]
    courses: Sequence[Course]
    enrolments: Sequence[Enrolment]
    stretches: Sequence[Stretch] = ()
    presence: Sequence[PresenceCheck] = ()
    beats_heard: Sequence[HeardBeat] = ()
    exams: Sequence[ExamAttempt] = ()
    refunds: Sequence[Refund] = ()
    corrections: Sequence[Correction] = ()
    transfers: Sequence[Transfer] = ()
    offline: Sequence[OfflineHours] = ()
    requirements: Sequence[Requirement] = ()
