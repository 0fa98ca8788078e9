"""Archived evidence is the evidence: the same before, after archiving, and when the beats are gone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db import Database
from courses import errors
from courses.watch import archive, evidence, playbacks
from courses.watch.models import Archive, Beat, BeatRemoval, Playback
from tests import watching
from tests.watching import Device

S = 1_000
HOUR = timedelta(hours=1)
moves = st.tuples(
    st.integers(0, 40),  # its number, so that beats come in any order and twice
    st.integers(0, 50),  # seconds at which its span began
    st.integers(0, 50),  # and where in the lesson
    st.integers(1, 9),
    st.sampled_from([1, 1, 2, 1.5]),
    st.sampled_from(["playing", "playing", "playing", "hidden", "paused", "ended"]),
)


def said(session: Session, subject_key: str) -> Any:
    """Everything that the evidence says."""
    session.expire_all()
    watched = evidence.of_playbacks(session, evidence.playbacks_of(session, subject_key, before=datetime(2100, 1, 1, tzinfo=UTC)))
    return [(one.playback.id, one.stretches, one.signs) for one in watched]


def phone(session: Session, now: datetime) -> Device:
    watching.policy(session, now=now)
    lu = watching.person(session, now=now)
    return Device(session, watching.taking(session, lu, now=now))


def watched(session: Session, now: datetime) -> Device:
    """A lesson seen in two playbacks, the first taken over, with a pause and a late beat."""
    one = phone(session, now)
    one.open(now)
    one.tell(now + timedelta(seconds=10), (0, 10 * S, 0, 10 * S))
    one.tell(now + timedelta(seconds=20), (10 * S, 20 * S, 10 * S, 20 * S), state="hidden")
    other = Device(session, one.taking)
    other.open(now + timedelta(seconds=30))
    one.tell(now + timedelta(seconds=40), (20 * S, 26 * S, 24 * S, 30 * S), seq=9)
    other.tell(now + timedelta(seconds=45), (30 * S, 45 * S, 0, 15 * S))
    assert other.playback is not None
    playbacks.close(session, other.playback.id, subject_key=None, now=now + timedelta(seconds=50))
    return one


def archive_all(session: Session, now: datetime) -> int:
    return sum(archive.keep(session, one, now=now) is not None for one in archive.due(session, now=now))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(story=st.lists(moves, max_size=14), takes_over=st.booleans())
def test_an_archive_says_what_the_beats_said(
    sqlite_session: Session, story: list[tuple[int, int, int, int, float, str]], takes_over: bool
) -> None:
    session = sqlite_session
    now = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
    one = phone(session, now)
    one.open(now)
    at = now + timedelta(seconds=60)
    for seq, began, media, seconds, rate, state in story:
        row = (media * S, media * S + int(seconds * rate * S), began * S, (began + seconds) * S)
        try:
            one.tell(at, row, seq=seq, state=state)
        except errors.Conflict:
            continue
    if takes_over:
        Device(session, one.taking).open(at)
    playbacks.close(session, one.playback.id, subject_key=None, now=at)  # type: ignore[union-attr]
    subject = one.taking.enrolment.subject_key
    before = said(session, subject)
    assert archive_all(session, at + HOUR) >= 1
    assert said(session, subject) == before
    assert archive.remove_beats(session, before=at + HOUR, by="test", now=at + timedelta(days=40))
    assert said(session, subject) == before


@pytest.fixture(scope="module")
def sqlite_session(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Any) -> Any:
    path = tmp_path_factory.mktemp("archive") / "xueshi.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    made = Database(f"sqlite:///{path}")
    connection = made.engine.connect().execution_options(xueshi_writes=True)
    with Session(connection, expire_on_commit=False) as opened:
        yield opened
        opened.rollback()
    connection.close()
    made.engine.dispose()


def test_nothing_is_archived_while_a_late_beat_may_come(session: Session, now: datetime) -> None:
    watched(session, now)
    assert archive_all(session, now + timedelta(minutes=29)) == 0
    assert archive_all(session, now + HOUR) == 2
    assert archive_all(session, now + HOUR) == 0  # once


def test_an_open_playback_is_not_archived(session: Session, now: datetime) -> None:
    one = phone(session, now)
    one.open(now)
    assert archive.keep(session, one.playback.id, now=now + HOUR) is None  # type: ignore[union-attr]


def test_an_archived_playback_takes_no_beat(session: Session, now: datetime) -> None:
    one = watched(session, now)
    archive_all(session, now + HOUR)
    session.expire_all()
    with pytest.raises(errors.Gone):
        one.tell(now + HOUR, (0, 5 * S, 0, 5 * S), seq=77)


def test_beats_stay_for_their_time(session: Session, now: datetime) -> None:
    watched(session, now)
    archive_all(session, now + HOUR)
    late = now + timedelta(days=200)
    with pytest.raises(errors.Invalid, match="too_young"):
        archive.remove_beats(session, before=late - timedelta(days=29), by="test", now=late)
    assert archive.remove_beats(session, before=now, by="test", now=late) == 0
    assert session.scalar(select(func.count()).select_from(BeatRemoval)) == 0


def test_a_removal_is_written_down(session: Session, now: datetime) -> None:
    watched(session, now)
    archive_all(session, now + HOUR)
    late = now + timedelta(days=200)
    assert archive.remove_beats(session, before=late - timedelta(days=180), by="somebody", now=late) == 2
    assert session.scalar(select(func.count()).select_from(Beat)) == 0
    row = session.scalars(select(BeatRemoval)).one()
    assert (row.by, row.at) == ("somebody", late)
    assert session.scalars(select(Archive.beats).order_by(Archive.beats)).all() == [1, 3]
    assert {one.removed_at for one in session.scalars(select(Playback))} == {late}


def test_the_database_lets_no_other_beat_go(database: Database, now: datetime) -> None:
    with database.writing() as session:
        watched(session, now)
    for statement in (delete(Beat), update(Beat).values(status=1)):
        with pytest.raises(DBAPIError, match="append-only"), database.writing() as session:
            session.execute(statement)
    # a removal that was written down opens nothing for what is not archived
    with database.writing() as session:
        session.add(BeatRemoval(at=now + HOUR, before_at=now + timedelta(minutes=59), by="attacker"))
    with pytest.raises(DBAPIError, match="append-only"), database.writing() as session:
        session.execute(delete(Beat))
    # nor for what was closed after it
    with database.writing() as session:
        archive_all(session, now + 2 * HOUR)
        session.execute(text("SELECT 1"))
    with database.writing() as session:
        younger = Device(session, session_taking(session))
        younger.open(now + 2 * HOUR)
        younger.tell(now + 2 * HOUR + timedelta(seconds=9), (50 * S, 55 * S, 0, 5 * S))
    with pytest.raises(DBAPIError, match="append-only"), database.writing() as session:
        session.execute(delete(Beat))
    with pytest.raises(DBAPIError, match="append-only"), database.writing() as session:
        session.execute(delete(BeatRemoval))


def session_taking(session: Session) -> Any:
    from courses import enrolment

    return enrolment.taking(session, session.scalars(select(enrolment.Enrolment)).one())


def test_a_damaged_archive_keeps_its_beats(session: Session, now: datetime) -> None:
    watched(session, now)
    archive_all(session, now + HOUR)
    row = session.scalars(select(Archive)).first()
    assert row is not None
    row.content += b"\0"
    with pytest.raises(archive.Damaged):
        archive.check(row)


def test_an_archive_is_small(session: Session, now: datetime) -> None:
    one = phone(session, now)
    one.open(now)
    for n in range(1, 61):
        at = now + timedelta(seconds=n)
        one.tell(at, ((n - 1) * S, n * S, (n - 1) * S, n * S))
    playbacks.close(session, one.playback.id, subject_key=None, now=now + timedelta(seconds=61))  # type: ignore[union-attr]
    archive_all(session, now + HOUR)
    assert len(session.scalars(select(Archive.content)).one()) < 4 * 60
