"""Who may rate, how often, until when, and what others see of it."""

from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from sqlalchemy.orm import Session

from courses import errors, ratings
from courses.catalogue import editions
from courses.catalogue.models import Course
from courses.enrolment import Enrolment
from courses.ledger.models import Entry
from courses.people.persons import Person, Subject
from courses.ratings import Prior, Rating, Target, TargetKind
from tests import shelves

PRIOR = Prior(mean=Fraction(7, 2), weight=5, minimum=5)


@pytest.fixture
def course(session: Session, now: datetime) -> Course:
    """A course on offer."""
    return shelves.published(session, shelves.institution(session), now=now)


def institution_of(course: Course) -> Target:
    """The course's institution as a target."""
    return Target(TargetKind.INSTITUTION, course.organisation_id)


def enrolled(session: Session, course: Course, now: datetime, *, hours: Fraction | None) -> Enrolment:
    """Somebody who takes the course, with `hours` posted, or none."""
    person = Person(display_name="顾*岚", created_at=now)
    session.add(person)
    session.flush()
    subject = Subject(person_id=person.id)
    session.add(subject)
    session.flush()
    edition = editions.current(session, course.id)
    assert edition is not None
    taken = Enrolment(
        subject_key=subject.key, course_id=course.id, edition_id=edition.id, jurisdiction_id="CZ-WJ", at=now
    )
    session.add(taken)
    session.flush()
    if hours is not None:
        post(session, taken, hours, now)
    return taken


def post(session: Session, taken: Enrolment, hours: Fraction, now: datetime, kind: str = "posting") -> None:
    """An entry of the ledger for an enrolment."""
    session.add(
        Entry(
            subject_key=taken.subject_key,
            kind=kind,
            about=taken.id,
            at=now,
            hours_num=hours.numerator,
            hours_den=hours.denominator,
            policy="CZ@1",
            written_at=now,
        )
    )
    session.flush()


def rate(
    session: Session, taken: Enrolment, target: Target, score: int, now: datetime, *, comment: str = ""
) -> Rating:
    """One rating, as the page gives it."""
    return ratings.rate(
        session,
        enrolment_id=taken.id,
        course_id=taken.course_id,
        target=target,
        targets=[target],
        score=score,
        comment=comment,
        change_days=14,
        now=now,
    )


def test_before_hours_were_posted_nobody_rates(session: Session, course: Course, now: datetime) -> None:
    taken = enrolled(session, course, now, hours=None)
    with pytest.raises(errors.Forbidden) as refused:
        rate(session, taken, institution_of(course), 5, now)
    assert refused.value.code == "rating_not_eligible"


def test_hours_that_were_taken_back_give_no_right_to_rate(session: Session, course: Course, now: datetime) -> None:
    taken = enrolled(session, course, now, hours=Fraction(1, 3))
    post(session, taken, Fraction(-1, 3), now, kind="reversal")
    with pytest.raises(errors.Forbidden):
        rate(session, taken, institution_of(course), 5, now)


def test_who_did_not_teach_the_course_is_not_rated_for_it(session: Session, course: Course, now: datetime) -> None:
    taken = enrolled(session, course, now, hours=Fraction(1))
    stranger = Target(TargetKind.INSTRUCTOR, "somebodyelse")
    with pytest.raises(errors.Forbidden) as refused:
        ratings.rate(
            session, enrolment_id=taken.id, course_id=course.id, target=stranger,
            targets=[institution_of(course)], score=5, comment="", change_days=14, now=now,
        )  # fmt: skip
    assert refused.value.code == "rating_not_eligible"


@pytest.mark.parametrize("score", [0, 6, -1])
def test_a_score_is_one_to_five(session: Session, course: Course, now: datetime, score: int) -> None:
    taken = enrolled(session, course, now, hours=Fraction(1))
    with pytest.raises(errors.Invalid):
        rate(session, taken, institution_of(course), score, now)


def test_a_rating_is_changed_not_added_for_fourteen_days(session: Session, course: Course, now: datetime) -> None:
    taken = enrolled(session, course, now, hours=Fraction(1))
    target = institution_of(course)
    first = rate(session, taken, target, 2, now)
    later = now + timedelta(days=14) - timedelta(milliseconds=1)
    assert rate(session, taken, target, 4, later).id == first.id
    assert ratings.published(session, target=target, prior=PRIOR).count == 1
    with pytest.raises(errors.Conflict) as refused:
        rate(session, taken, target, 5, now + timedelta(days=14))
    assert refused.value.code == "rating_closed"
    assert first.score == 4


def test_a_score_shows_from_five_ratings_on_with_number_and_spread(
    session: Session, course: Course, now: datetime
) -> None:
    target = institution_of(course)
    for score in (5, 4, 2, 5):
        rate(session, enrolled(session, course, now, hours=Fraction(1)), target, score, now)
    seen = ratings.published(session, target=target, prior=PRIOR)
    assert (seen.score, seen.count, seen.spread) == (None, 4, {})
    rate(session, enrolled(session, course, now, hours=Fraction(1)), target, 3, now)
    seen = ratings.published(session, target=target, prior=PRIOR)
    assert (seen.score, seen.count) == (Fraction(73, 20), 5)
    assert seen.spread == {1: 0, 2: 1, 3: 1, 4: 1, 5: 2}


def test_a_course_counts_each_learner_once(session: Session, course: Course, now: datetime) -> None:
    teacher = Target(TargetKind.INSTRUCTOR, shelves.facts.instructors(session, course.id)[0]["id"])
    for score in (5, 4, 2, 5, 3):
        taken = enrolled(session, course, now, hours=Fraction(1))
        for target in (teacher, institution_of(course)):
            rate(session, taken, target, score, now)
    assert ratings.ranking(session, course.id, prior=PRIOR) == (Fraction(73, 20), 5)
    assert ratings.of_course(session, course.id, prior=PRIOR).score == Fraction(73, 20)


def test_a_hidden_comment_is_gone_and_its_score_stays(session: Session, course: Course, now: datetime) -> None:
    target = institution_of(course)
    for score in (5, 4, 2, 5, 3):
        taken = enrolled(session, course, now, hours=Fraction(1))
        last = rate(session, taken, target, score, now, comment=f"意见{score}")
    ratings.hide(last, reason="点名他人", by="official", now=now)
    session.flush()
    assert "意见3" not in [one.comment for one in ratings.comments(session, target=target, prior=PRIOR)]
    assert ratings.published(session, target=target, prior=PRIOR).score == Fraction(73, 20)


def test_comments_wait_until_nobody_can_guess_who_wrote_them(
    session: Session, course: Course, now: datetime
) -> None:
    target = institution_of(course)
    rate(session, enrolled(session, course, now, hours=Fraction(1)), target, 1, now, comment="讲得太快")
    assert ratings.comments(session, target=target, prior=PRIOR) == []
    assert ratings.of_institutions(session, [course.organisation_id], prior=PRIOR) == []
    assert len(ratings.in_jurisdictions(session, ["CZ-TN"])) == 1
    assert ratings.in_jurisdictions(session, ["CZ-WJ"]) == []


def test_hiding_needs_a_reason(session: Session, course: Course, now: datetime) -> None:
    taken = enrolled(session, course, now, hours=Fraction(1))
    given = rate(session, taken, institution_of(course), 1, now, comment="x")
    with pytest.raises(errors.Invalid):
        ratings.hide(given, reason="  ", by="official", now=now)
