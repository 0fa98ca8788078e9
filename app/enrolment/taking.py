"""Enrolling in what is free, and how one's courses stand: what page and API share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy.orm import Session

from courses import calls, enrolment, errors, quizzes, seats
from courses.catalogue import editions
from courses.catalogue.models import EditionLesson
from courses.enrolment import Enrolment, Taking
from courses.people import persons
from courses.people.jurisdictions import day_of
from courses.people.organisations import Actor
from courses.watch import progress
from courses.watch.progress import Rules, Standing


@dataclass(frozen=True, slots=True)
class Learning:
    """One of my courses, and how it stands."""

    taking: Taking
    standing: Standing
    is_open: bool
    rule: str  # `id@version` of the rule in force when it was made, or empty

    @property
    def covered_ms(self) -> Fraction:
        """Media covered, all lessons together."""
        return sum(
            (one.coverage * one.duration_ms for one in self.standing.lessons), start=Fraction(0)
        )

    @property
    def total_ms(self) -> int:
        """Media there is, all lessons together."""
        return sum(one.duration_ms for one in self.taking.lessons)

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to be watched."""
        return all(one.is_complete for one in self.standing.lessons)

    @property
    def is_begun(self) -> bool:
        """Whether anything was watched."""
        return any(one.coverage > 0 for one in self.standing.lessons)

    @property
    def lessons_done(self) -> int:
        """How many lessons are watched whole."""
        return sum(one.is_complete for one in self.standing.lessons)

    @property
    def next_lesson(self) -> EditionLesson:
        """The first lesson of which something is missing; the first of all once nothing is."""
        for lesson, stands in zip(self.taking.lessons, self.standing.lessons, strict=True):
            if not stands.is_complete:
                return lesson
        return self.taking.lessons[0]


def take(session: Session, actor: Actor, course_id: str, *, now: datetime) -> Enrolment:
    """Enrol the actor in the current edition, or on a seat that they hold; a standing enrolment, if there is one.

    A course that costs something is free on a seat, or where a bureau bought it for the area's workers.

    Refused: NotFound; PaymentRequired; `registration_required`, `district_required`.
    """
    standing = enrolment.open_of(session, actor.subject_key, course_id=course_id, now=now)
    if standing is not None:
        return standing
    seat = seats.held(session, actor.subject_key, course_id=course_id)
    edition = editions.get(session, seat.edition_id) if seat else editions.current(session, course_id)
    if edition is None:
        raise errors.NotFound()
    jurisdiction_id = persons.jurisdiction_of(session, actor.person_id, on=day_of(now))
    price = editions.price(edition)
    if seat is None and price.minor > 0:
        licence = calls.licence_for(session, course_id, jurisdiction_id=jurisdiction_id, on=day_of(now))
        if licence is None:
            raise errors.PaymentRequired(price=price.to_json())
    return enrolment.enrol(
        session,
        subject_key=actor.subject_key,
        course_id=course_id,
        edition=edition,
        jurisdiction_id=jurisdiction_id,
        seat=seat,
        now=now,
    )


def learnings(session: Session, actor: Actor, *, now: datetime) -> list[Learning]:
    """All of the actor's courses with how they stand, the latest enrolment first."""
    mine = enrolment.takings(session, enrolment.mine(session, actor.subject_key))
    places = {one.enrolment.jurisdiction_id for one in mine}
    rules = {place: progress.rules(session, place, now=now) for place in places}
    found = []
    for one in mine:
        by = rules[one.enrolment.jurisdiction_id]
        agreed = by.at(one.enrolment.at)
        standing = standing_of(session, one, by, now=now)
        found.append(Learning(one, standing, one.enrolment.is_open(now), agreed.name if agreed else ""))
    return found


def standing_of(session: Session, taking: Taking, by: Rules, *, now: datetime) -> Standing:
    """How one enrolment stands, exams included."""
    together = progress.judged_with(session, taking, by, now=now)
    return progress.standings(
        session, together, by, exams=exams_of(session, together, now=now), now=now
    )[taking.enrolment.id]


def exams_of(
    session: Session, takings: Sequence[Taking], *, now: datetime
) -> dict[str, list[tuple[datetime, str]]]:
    """Exam attempts of some enrolments, as the progress of a learner needs them."""
    found: dict[str, list[tuple[datetime, str]]] = {}
    for exam in quizzes.attempts(session, [one.enrolment.id for one in takings], before=now):
        found.setdefault(exam.enrolment_id, []).append((exam.at, exam.mark))
    return found
