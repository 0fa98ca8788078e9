"""With a daily cap, what is looked at together is enough, and no more than what shares days."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.db import Database
from courses import enrolment
from courses.enrolment import Taking
from courses.watch import playbacks, progress
from courses.watch.progress import Standing
from tests import watching
from tests.watching import Device

NOW = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)
S = 1_000


@pytest.fixture(scope="module")
def one_session(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Session]:
    """One open transaction for all examples, each of which is rolled back to its savepoint."""
    path = tmp_path_factory.mktemp("together") / "xueshi.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    connection = database.engine.connect().execution_options(xueshi_writes=True)
    with Session(connection, expire_on_commit=False) as session:
        yield session
        session.rollback()
    connection.close()
    database.engine.dispose()


def learner(session: Session, courses: int, **rules: str) -> list[Taking]:
    """Somebody under a cap of a minute a day, in some courses of a lesson of two minutes."""
    watching.policy(session, now=NOW, daily_cap_ms=60 * S, **rules)
    lu = watching.person(session, now=NOW)
    return [watching.taking(session, lu, now=NOW, durations_ms=(120 * S,)) for _n in range(courses)]


def watch(session: Session, taking: Taking, at: datetime, *, from_s: int, seconds: int, rate: int = 1) -> None:
    device = Device(session, taking)
    opened = device.open(at)
    done = at + timedelta(seconds=seconds)
    device.tell(done, (from_s * S, (from_s + seconds * rate) * S, 0, seconds * S))
    playbacks.close(session, opened.id, subject_key=None, now=done)


def stands(session: Session, together: list[Taking], taking: Taking, now: datetime) -> Standing:
    by = progress.rules(session, taking.enrolment.jurisdiction_id, now=now)
    return progress.standings(session, together, by, exams={}, now=now)[taking.enrolment.id]


def together(session: Session, taking: Taking, now: datetime) -> list[Taking]:
    by = progress.rules(session, taking.enrolment.jurisdiction_id, now=now)
    return progress.judged_with(session, taking, by, now=now)


sittings = st.lists(
    st.tuples(
        st.integers(0, 4),  # which course
        st.integers(0, 9),  # on which day
        st.integers(0, 60),  # from where
        st.integers(1, 60),  # how long
        st.sampled_from([1, 1, 2]),  # how fast
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(story=sittings, speed=st.sampled_from(["wall", "media", "reject"]))
def test_what_is_left_out_would_have_changed_nothing(
    one_session: Session, story: list[tuple[int, int, int, int, int]], speed: str
) -> None:
    with one_session.begin_nested() as example:
        takings = learner(one_session, 5, speed=speed)
        for place, (course, day, from_s, seconds, rate) in enumerate(sorted(story, key=lambda one: one[1])):
            at = NOW + day * DAY + timedelta(minutes=3 * place)
            watch(one_session, takings[course], at, from_s=from_s, seconds=seconds, rate=rate)
        for now in (NOW + 9 * DAY + timedelta(hours=9), NOW + 20 * DAY):
            everything = sorted(takings, key=lambda one: (one.enrolment.at, one.enrolment.id))
            for taking in takings:
                few = together(one_session, taking, now)
                assert stands(one_session, few, taking, now) == stands(one_session, everything, taking, now)
        example.rollback()


def ids(takings: list[Taking]) -> set[str]:
    return {one.enrolment.id for one in takings}


def test_courses_of_other_days_are_not_read(session: Session) -> None:
    old, full, today, beside = takings = learner(session, 4)
    watch(session, full, NOW, from_s=0, seconds=31)
    watch(session, old, NOW + timedelta(hours=1), from_s=0, seconds=30)
    watch(session, beside, NOW + 5 * DAY, from_s=0, seconds=30)
    now = NOW + 5 * DAY + timedelta(hours=1)
    watch(session, today, now, from_s=0, seconds=30)
    assert ids(together(session, today, now)) == ids([today, beside])
    assert ids(together(session, old, now)) == ids(takings)


def test_a_day_far_from_the_cap_joins_nothing(session: Session) -> None:
    """Whoever ends one course and begins the next on the same day does not read the whole history for it."""
    takings = learner(session, 6)
    for place, (before, after) in enumerate(pairwise(takings)):
        watch(session, before, NOW + place * DAY, from_s=0, seconds=30)
        watch(session, after, NOW + place * DAY + timedelta(hours=1), from_s=0, seconds=30)
    assert ids(together(session, takings[-1], NOW + 9 * DAY)) == ids(takings[-1:])
    watch(session, takings[0], NOW + 4 * DAY + timedelta(hours=2), from_s=30, seconds=1)
    assert ids(together(session, takings[-1], NOW + 9 * DAY)) == ids([takings[0], takings[4], takings[5]])


def test_where_media_counts_a_day_is_full_sooner(session: Session) -> None:
    one, other = takings = learner(session, 2, speed="media")
    watch(session, one, NOW, from_s=0, seconds=20, rate=2)
    watch(session, other, NOW + timedelta(hours=1), from_s=0, seconds=20, rate=2)
    now = NOW + 5 * DAY
    assert ids(together(session, other, now)) == ids(takings)
    assert stands(session, together(session, other, now), other, now).effective_ms == 20 * S


def test_what_is_left_of_today_knows_of_every_course(session: Session) -> None:
    one, other = learner(session, 2)
    watch(session, other, NOW, from_s=0, seconds=45)
    now = NOW + timedelta(hours=1)
    assert stands(session, together(session, one, now), one, now).day_left_ms == 15 * S


def test_a_playback_over_midnight_joins_both_days(session: Session) -> None:
    first, over, last = takings = learner(session, 3)
    midnight = datetime(2026, 6, 1, 16, 0, tzinfo=UTC)
    watch(session, first, midnight - timedelta(hours=2), from_s=0, seconds=31)
    watch(session, over, midnight - timedelta(seconds=30), from_s=0, seconds=60)
    watch(session, last, midnight + timedelta(hours=1), from_s=0, seconds=31)
    assert ids(together(session, first, midnight + 5 * DAY)) == ids(takings)


def test_another_taking_of_the_same_course_is_always_there(session: Session) -> None:
    (one,) = learner(session, 1)
    one.enrolment.expires_at = NOW + DAY
    again = enrolment.enrol(
        session, subject_key=one.enrolment.subject_key, course_id=one.course.id, edition=one.edition,
        jurisdiction_id="CZ-TN", now=NOW + 2 * DAY,
    )  # fmt: skip
    found = together(session, enrolment.taking(session, again), NOW + 3 * DAY)
    assert len(found) == 2
