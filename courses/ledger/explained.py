"""A statement explained to a person: each course with its rule, each span that counted or did not.

Adds no figure of its own: everything is the engine's, joined with titles, rules and requirements.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import enrolment as enrolments
from courses.credit import exact, instants
from courses.credit.motion import COUNTED, Finding
from courses.credit.policy import Pool
from courses.credit.requirements import RequirementResult
from courses.credit.statement import EnrolmentResult, LessonResult
from courses.credit.study import ExamResult
from courses.enrolment import Taking
from courses.ledger import statement
from courses.ledger.cases.models import Claim, Correction
from courses.ledger.models import Entry, OfflineHours, Requirement
from courses.ledger.statement import Row, Told
from courses.people.organisations import Organisation
from courses.policies import PolicyVersion, day_of
from media.base import from_ms, to_ms

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Lost:
    """A stretch of time that did not count, and what of its media is still to be watched."""

    reason: str
    playback: str
    wall_from: datetime
    wall_to: datetime
    wall_ms: int
    media_from_ms: int
    media_to_ms: int
    missing: list[Span]

    @property
    def began_ms(self) -> int:
        """By which instant an appeal names this span."""
        return to_ms(self.wall_from)


@dataclass(frozen=True, slots=True)
class Counted:
    """A stretch of time that counted, and the part of the lesson it covered."""

    wall_from: datetime
    wall_to: datetime
    media_from_ms: int
    media_to_ms: int
    effective_ms: int


@dataclass(frozen=True, slots=True)
class LessonPart:
    """One lesson of an enrolment; spans of media in order."""

    id: str
    title: str
    duration_ms: int
    effective_ms: int
    coverage: Fraction
    covered: list[Span]
    missing: list[Span]
    not_counted: Sequence[tuple[str, int]]
    lost: list[Lost]
    counted: list[Counted]

    @property
    def drawn(self) -> list[tuple[int, int, str]]:
        """What is covered, and what was played but did not count and is missing still."""
        found = [(low, high, "covered") for low, high in self.covered]
        played = {span for part in self.lost for span in part.missing}
        return sorted(found + [(low, high, "excluded") for low, high in played])


@dataclass(frozen=True, slots=True)
class ExamPart:
    """One attempt and what it was worth."""

    at: datetime
    mark: Fraction
    verdict: str


@dataclass(frozen=True, slots=True)
class CoursePart:
    """One enrolment: from time watched to hours credited, by which rule."""

    taking: Taking
    result: EnrolmentResult
    rule: PolicyVersion | None  # in force at enrolment, as known then
    coverage: Fraction  # of the whole course
    posted_at: datetime | None
    unsettled: Fraction
    exams: list[ExamPart]
    lessons: list[LessonPart]

    @property
    def effective_ms(self) -> int:
        """Time that counts, floored to whole milliseconds."""
        return exact.floor(self.result.effective_ms)

    @property
    def is_exam_required(self) -> bool:
        """Whether the edition has an exam."""
        return bool(self.taking.edition.facts.get("exam") == "required")

    @property
    def threshold(self) -> Fraction | None:
        """The coverage at which the gate opens; None where there is no gate, or no rule."""
        if self.rule is None or self.rule.rules["partial_credit"] == "pro_rata":
            return None
        return Fraction(self.rule.rules["completion_threshold"])


@dataclass(frozen=True, slots=True)
class RequirementPart:
    """One requirement and how far it is filled."""

    row: Requirement
    result: RequirementResult
    rule: PolicyVersion | None
    first_on: date
    last_on: date


@dataclass(frozen=True, slots=True)
class EntryPart:
    """One line of the ledger with what it is about."""

    row: Row
    title: str
    note: str
    rule: PolicyVersion | None
    corrects: datetime | None = None  # of the row that a correction points back to


@dataclass(frozen=True, slots=True)
class Record:
    """All of it, for one page."""

    told: Told
    as_of: datetime
    courses: list[CoursePart]
    requirements: list[RequirementPart]
    entries: list[EntryPart]

    @property
    def short(self) -> Fraction:
        """What is short of all requirements together."""
        return sum((part.result.short for part in self.requirements), Fraction(0))

    @property
    def waiting(self) -> Fraction:
        """Provisional hours of all courses: watched, and not let through by their gates yet."""
        return sum((part.result.provisional_hours for part in self.courses), Fraction(0))


def of(session: Session, subject_key: str, *, as_of: datetime) -> Record:
    """A subject's statement explained; Conflict `no_policy` as `statement.of`."""
    told = statement.of(session, subject_key, as_of=as_of)
    rules = rules_of(session, told)
    results = told.trace.statement
    takings = {
        one.enrolment.id: one
        for one in enrolments.takings(
            session, [row for row in enrolments.mine(session, subject_key) if row.at < as_of]
        )
    }
    found = findings(told)
    courses = [
        course_part(told, result, takings[result.id], rules, found.get(result.id, {}))
        for result in results.enrolments
    ]
    due = {
        row.id: row
        for row in session.scalars(
            select(Requirement).where(Requirement.id.in_([row.id for row in results.requirements]))
        )
    }
    return Record(
        told=told,
        as_of=as_of,
        courses=courses[::-1],
        requirements=[requirement_part(due[row.id], row, rules) for row in results.requirements],
        entries=entry_parts(session, told, takings, rules),
    )


def requirement_part(
    row: Requirement, result: RequirementResult, rules: dict[str, PolicyVersion]
) -> RequirementPart:
    """One requirement with its days in the zone of its rule, both included."""
    rule = rules.get(row.policy)
    zone = rule.zone if rule else instants.zone("Asia/Shanghai")
    return RequirementPart(
        row, result, rule, day_of(row.from_at, zone), day_of(row.to_at, zone) - timedelta(days=1)
    )


def findings(told: Told) -> dict[str, dict[str, list[Finding]]]:
    """What became of every part of every stretch, by enrolment and lesson."""
    found: dict[str, dict[str, list[Finding]]] = {}
    for rows in told.trace.parts.values():
        if rows:
            stretch = rows[0].stretch
            found.setdefault(stretch.enrolment, {}).setdefault(stretch.lesson, []).extend(rows)
    return found


def rules_of(session: Session, told: Told) -> dict[str, PolicyVersion]:
    """The versions that anything in a statement names, by `id@version`."""
    names = {policy.id for policy in told.evidence.policies}
    names |= {row.line.policy.rpartition("@")[0] for row in told.rows}
    found = session.scalars(select(PolicyVersion).where(PolicyVersion.policy_id.in_(names)))
    return {version.label: version for version in found}


def course_part(
    told: Told,
    result: EnrolmentResult,
    taking: Taking,
    rules: dict[str, PolicyVersion],
    findings: dict[str, list[Finding]],
) -> CoursePart:
    """One enrolment, its lessons in the edition's order; `findings` by lesson."""
    at = to_ms(taking.enrolment.at)
    rule = Pool(told.evidence.policies).in_force(at, at)
    total_ms = sum(lesson.duration_ms for lesson in taking.lessons)
    covered_ms = sum(
        (said.coverage * lesson.duration_ms for said, lesson in zip(result.lessons, taking.lessons, strict=True)),
        Fraction(0),
    )
    return CoursePart(
        taking=taking,
        result=result,
        rule=rules.get(rule.name) if rule else None,
        coverage=covered_ms / total_ms,
        posted_at=from_ms(result.posted_at) if result.posted_at is not None else None,
        unsettled=sum(
            (row.line.hours for row in told.rows if row.line.about == result.id and not row.is_settled),
            Fraction(0),
        ),
        exams=[exam_part(exam) for exam in result.exams],
        lessons=[
            lesson_part(said, lesson.title, lesson.duration_ms, findings.get(lesson.lesson_id, []))
            for said, lesson in zip(result.lessons, taking.lessons, strict=True)
        ],
    )


def exam_part(result: ExamResult) -> ExamPart:
    """One attempt."""
    return ExamPart(from_ms(result.attempt.at), result.attempt.mark, result.verdict)


def lesson_part(
    said: LessonResult, title: str, duration_ms: int, findings: Iterable[Finding]
) -> LessonPart:
    """One lesson; parts of time that met one fate in a row are told as one."""
    covered = [(exact.floor(low), exact.ceiling(high)) for low, high in said.covered_ms]
    missing = gaps(covered, 0, duration_ms)
    told = joined(sorted(findings, key=lambda row: row.wall_from))
    return LessonPart(
        id=said.id,
        title=title,
        duration_ms=duration_ms,
        effective_ms=exact.floor(said.effective_ms),
        coverage=said.coverage,
        covered=covered,
        missing=missing,
        not_counted=[(reason, exact.ceiling(wall_ms)) for reason, wall_ms in said.not_counted],
        lost=[lost_part(row, missing, duration_ms) for row in told if row.verdict != COUNTED],
        counted=[counted_part(row) for row in told if row.verdict == COUNTED],
    )


def joined(rows: list[Finding]) -> list[Finding]:
    """Neighbours of one verdict and playback made one, in wall order."""
    found: list[Finding] = []
    for row in rows:
        last = found[-1] if found else None
        if (
            last is not None
            and last.verdict == row.verdict
            and last.stretch.playback == row.stretch.playback
            and last.wall_to == row.wall_from
            and last.media_to_ms == row.media_from_ms
        ):
            found[-1] = Finding(
                last.stretch,
                last.wall_from,
                row.wall_to,
                last.media_from_ms,
                row.media_to_ms,
                row.verdict,
                last.effective_ms + row.effective_ms,
            )
        else:
            found.append(row)
    return found


def lost_part(row: Finding, missing: list[Span], duration_ms: int) -> Lost:
    """One span that did not count, edges widened to whole milliseconds of the lesson."""
    media_from = min(max(exact.floor(row.media_from_ms), 0), duration_ms)
    media_to = min(max(exact.ceiling(row.media_to_ms), media_from), duration_ms)
    return Lost(
        reason=row.verdict,
        playback=row.stretch.playback,
        wall_from=from_ms(exact.floor(row.wall_from)),
        wall_to=from_ms(exact.ceiling(row.wall_to)),
        wall_ms=exact.ceiling(row.wall_to - row.wall_from),
        media_from_ms=media_from,
        media_to_ms=media_to,
        missing=[
            (max(low, media_from), min(high, media_to))
            for low, high in missing
            if low < media_to and media_from < high
        ],
    )


def counted_part(row: Finding) -> Counted:
    """One span that counted; its edges narrowed to whole milliseconds."""
    return Counted(
        wall_from=from_ms(exact.floor(row.wall_from)),
        wall_to=from_ms(exact.ceiling(row.wall_to)),
        media_from_ms=exact.ceiling(row.media_from_ms),
        media_to_ms=exact.floor(row.media_to_ms),
        effective_ms=exact.floor(row.effective_ms),
    )


def gaps(covered: Iterable[Span], from_ms_: int, to_ms_: int) -> list[Span]:
    """What of `[from, to)` is in none of the spans, which are in order and disjoint."""
    found: list[Span] = []
    at = from_ms_
    for low, high in covered:
        if at < low:
            found.append((at, min(low, to_ms_)))
        at = max(at, high)
    if at < to_ms_:
        found.append((at, to_ms_))
    return found


def entry_parts(
    session: Session, told: Told, takings: dict[str, Taking], rules: dict[str, PolicyVersion]
) -> list[EntryPart]:
    """The ledger's lines with what they are about, the latest first."""
    ids = {row.line.about for row in told.rows} - set(takings)
    in_person = {
        row.id: (row, body)
        for row, body in session.execute(
            select(OfflineHours, Organisation)
            .join(Organisation, Organisation.id == OfflineHours.organisation_id)
            .where(OfflineHours.id.in_(ids))
        )
    }
    claimed = {row.id: row for row in session.scalars(select(Claim).where(Claim.id.in_(ids)))}
    pointed = corrected(session, told)
    found = []
    for row in reversed(told.rows):
        about = row.line.about
        title, note = "", ""
        if about in takings:
            title = str(takings[about].edition.facts.get("title", takings[about].course.title))
        elif about in in_person:
            title, note = in_person[about][1].name, in_person[about][0].note
        elif about in claimed:
            title, note = claimed[about].from_where, claimed[about].title
        corrects = pointed.get((about, row.line.at, row.line.reason)) if row.line.kind == "adjustment" else None
        found.append(EntryPart(row, title, note, rules.get(row.line.policy), corrects))
    return found


def corrected(session: Session, told: Told) -> dict[tuple[str, datetime, str | None], datetime]:
    """The dates of the rows that approved corrections point back to, by what names the correcting row."""
    rows = session.execute(
        select(Correction, Entry.at)
        .join(Entry, Entry.id == Correction.entry_id)
        .where(Correction.id.in_([row.id for row in told.evidence.corrections]))
    )
    by_id = {row.id: (row.about, at, row.reason_code) for row, at in rows}
    return {
        (by_id[one.id][0], from_ms(one.at), by_id[one.id][2]): by_id[one.id][1]
        for one in told.evidence.corrections
        if one.id in by_id
    }
