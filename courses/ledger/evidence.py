"""Everything known of a subject, as the credit engine takes it: the one source of every figure shown.

Holds only the policy versions that bind this learner (`credit-rules.md` 5.36), and no personal data:
persons, courses, lessons and playbacks are opaque ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from courses import enrolment, policies, quizzes
from courses.credit import evidence as credit
from courses.credit.policy import Policy
from courses.enrolment import Taking
from courses.ledger import accounts, offline, requirements
from courses.ledger.cases import decided
from courses.watch import evidence as watching
from courses.watch import presence
from courses.watch.evidence import Watched, playbacks_of
from courses.watch.models import Playback
from media.base import to_ms

TICK = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Frame:
    """The evidence without what was watched: cheap, however long the life. Known before `known_at`."""

    evidence: credit.Evidence
    takings: list[Taking]
    known_at: datetime

    @property
    def enrolment_ids(self) -> set[str]:
        """The enrolments made before `as_of`."""
        return {taking.enrolment.id for taking in self.takings}


def of(
    session: Session, subject_key: str, *, as_of: datetime, known_at: datetime | None = None
) -> credit.Evidence:
    """The evidence of what happened before `as_of` (exclusive), as it was known before `known_at`.

    `known_at` is `as_of` unless given: later, where a settled past is read with all that arrived since.
    """
    held = frame(session, subject_key, as_of=as_of, known_at=known_at)
    opened = playbacks_of(session, subject_key, before=held.known_at)
    return watched(session, held, held.evidence, opened)


def frame(
    session: Session, subject_key: str, *, as_of: datetime, known_at: datetime | None = None
) -> Frame:
    """All of `of` but what was watched."""
    known = known_at or as_of
    bound = accounts.pool(session, subject_key, known_at=known - TICK)
    takings = enrolment.takings(
        session,
        [row for row in reversed(enrolment.mine(session, subject_key)) if row.at < as_of],
    )
    due = requirements.of_subject(session, subject_key, before=known)
    return Frame(
        credit.Evidence(
            learner=subject_key,
            as_of=to_ms(as_of),
            policies=versions(session, bound, [row.policy for row in due]),
            courses=courses(takings),
            enrolments=[taken(taking) for taking in takings],
            exams=exams(session, takings, as_of=as_of, known=known),
            refunds=[
                credit.Refund(id=row.id, enrolment=row.id, at=to_ms(row.refunded_at))
                for row in (taking.enrolment for taking in takings)
                if row.refunded_at is not None and row.refunded_at < min(as_of, known)
            ],
            corrections=[
                row
                for row in decided.corrections(session, subject_key, before=known)
                if row.at < to_ms(as_of)
            ],
            transfers=[
                row
                for row in decided.transfers(session, subject_key, before=known)
                if row.applied_at < to_ms(as_of)
            ],
            offline=[
                credit.OfflineHours(row.id, row.on, row.hours, row.kind)
                for row in offline.standing(session, subject_key, before=known)
            ],
            requirements=[
                credit.Requirement(
                    row.id, row.hours, to_ms(row.from_at), to_ms(row.to_at), row.policy, row.kind
                )
                for row in due
            ],
        ),
        takings,
        known,
    )


def watched(
    session: Session, held: Frame, evidence: credit.Evidence, opened: Sequence[Playback]
) -> credit.Evidence:
    """`evidence`, the frame's or a part of it, with what these playbacks prove."""
    seen = watching.of_playbacks(session, opened)
    as_of = evidence.as_of
    return replace(
        evidence,
        stretches=stretches(seen, held, as_of=as_of),
        presence=[
            row
            for row in presence.checks(session, [one.playback.id for one in seen], known_at=held.known_at)
            if row.at < as_of
        ],
        beats_heard=signs(seen, evidence.policies, as_of=as_of),
    )


def versions(
    session: Session, bound: list[policies.Bound], named: Sequence[str]
) -> list[Policy]:
    """The pool as the engine takes it.

    A requirement may name a version that binds the learner no more; it stands there for no time at all.
    """
    known = {row.version.label for row in bound}
    found = [policies.typed(row) for row in bound]
    for label in dict.fromkeys(named):
        if label not in known:
            row = policies.labelled(session, label)
            found.append(policies.typed(policies.Bound(row, row.effective_from, row.effective_from)))
    return found


def courses(takings: list[Taking]) -> list[credit.Course]:
    """The editions a learner took, each once, as they were frozen."""
    found: dict[str, credit.Course] = {}
    for taking in takings:
        course = taking.course
        withdrawn = None
        if course.withdrawn_at is not None:
            withdrawn = credit.Withdrawal(to_ms(course.withdrawn_at), course.withdrawal_rule or "keep_posted")
        found[taking.edition.id] = credit.Course(
            id=course.id,
            edition=taking.edition.number,
            exam=taking.edition.facts.get("exam", "none"),
            lessons=[
                credit.Lesson(lesson.lesson_id, lesson.duration_ms, lesson.fingerprint)
                for lesson in taking.lessons
            ],
            withdrawn=withdrawn,
        )
    return list(found.values())


def taken(taking: Taking) -> credit.Enrolment:
    """One enrolment."""
    row = taking.enrolment
    return credit.Enrolment(
        id=row.id,
        course=row.course_id,
        edition=taking.edition.number,
        at=to_ms(row.at),
        expires_at=to_ms(row.expires_at) if row.expires_at else None,
    )


def stretches(seen: list[Watched], held: Frame, *, as_of: int) -> list[credit.Stretch]:
    """Stretches of these enrolments that began before `as_of`; the engine cuts the last one there."""
    mine = held.enrolment_ids
    return [
        row
        for one in seen
        for row in one.stretches
        if row.enrolment in mine and row.wall_from < as_of
    ]


def signs(seen: list[Watched], rules: Sequence[Policy], *, as_of: int) -> list[credit.HeardBeat]:
    """Signs of life, where any of the rules asks for them; a row each quarter of a minute otherwise."""
    if all(policy.heartbeat_gap_ms is None for policy in rules):
        return []
    return [row for one in seen for row in one.signs if row.at < as_of]


def exams(
    session: Session, takings: list[Taking], *, as_of: datetime, known: datetime
) -> list[credit.ExamAttempt]:
    """Attempts before `as_of`."""
    ids = [taking.enrolment.id for taking in takings]
    return [
        credit.ExamAttempt(row.enrolment_id, to_ms(row.at), quizzes.exact(row.mark))
        for row in quizzes.attempts(session, ids, before=as_of, known_at=known)
    ]
