"""What the door cuts stays known, with its reason, until it is watched; hours know nothing of it."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from courses.credit.beats import Span
from courses.watch import archive, cuts, evidence
from courses.watch.beats import State
from courses.watch.reports import Report
from tests import watching
from tests.watching import Device

S = 1_000
LESSON = 3_600 * S


def after(now: datetime, seconds: float) -> datetime:
    return now + timedelta(seconds=seconds)


@pytest.fixture
def phone(session: Session, now: datetime) -> Device:
    watching.policy(session, now=now)
    lu = watching.person(session, now=now)
    return Device(session, watching.taking(session, lu, now=now, durations_ms=(LESSON,)))


def remembered(phone: Device) -> list[cuts.Cut]:
    taking = phone.taking
    return cuts.of_lesson(phone.session, taking.enrolment.id, lesson_id=taking.lessons[0].lesson_id)


def covered(phone: Device, now: datetime) -> list[list[int]]:
    return watching.stands(phone.session, phone.taking.enrolment, now=now).lessons[0].covered_ms


def test_beyond_the_clock_too_fast_and_away_each_with_its_reason(phone: Device, now: datetime) -> None:
    phone.open(now)
    answer = phone.tell(after(now, 10), (0, 20 * S, 0, 20 * S), (100 * S, 200 * S, 0, S))
    assert {row["reason"] for row in answer["not_counted"]} == {"bad_stretch"}  # the contract's word
    phone.tell(after(now, 20), (12 * S, 18 * S, 12 * S, 18 * S), state="paused")
    phone.tell(after(now, 40), (18 * S, 30 * S, 18 * S, 30 * S), state="paused")
    assert remembered(phone) == [
        (12 * S, 20 * S, "ahead"), (18 * S, 30 * S, "away"), (100 * S, 200 * S, "too_fast")
    ]  # fmt: skip
    assert phone.quick == 1  # what is cut is written down on the long way


def test_what_merely_goes_on_writes_none(phone: Device, now: datetime) -> None:
    playback = phone.open(now)
    for n in range(1, 4):
        phone.tell(after(now, 10 * n), ((n - 1) * 10 * S, n * 10 * S, (n - 1) * 10 * S, n * 10 * S))
    assert phone.quick == 2
    assert playback.cuts is None


def test_older_than_a_quarter_of_an_hour(phone: Device, now: datetime) -> None:
    """Just in time is kept; a moment more, and what is too old is named."""
    phone.open(now)
    for n in (1, 2):
        phone.tell(after(now, 600 * n))
    phone.tell(after(now, 1_499), (0, 60 * S, 600 * S, 660 * S))
    assert remembered(phone) == []
    phone.tell(after(now, 1_501), (60 * S, 120 * S, 600 * S, 660 * S))
    assert remembered(phone) == [(60 * S, 61 * S, "late")]


def test_after_a_takeover_and_after_the_end(phone: Device, session: Session, now: datetime) -> None:
    first = phone.open(now)
    tablet = Device(session, phone.taking)
    tablet.open(after(now, 10))
    phone.tell(after(now, 30), (0, 30 * S, 0, 30 * S))
    assert remembered(phone) == [(10 * S, 30 * S, "other_playback")]
    report = Report(9, (Span(30 * S, 60 * S, 30 * S, 60 * S), Span(0, 900 * S, 7_200 * S, 8_100 * S)), State.PLAYING)
    cuts.note_refused(first, report, now=after(now, 3_600))
    cuts.note_refused(first, report, now=after(now, 3_600))  # told twice, known once
    session.flush()
    assert remembered(phone) == [
        (0, 900 * S, "ahead"), (10 * S, 30 * S, "other_playback"), (30 * S, 60 * S, "late")
    ]  # fmt: skip


def test_it_is_no_evidence_and_forgotten_once_watched(phone: Device, session: Session, now: datetime) -> None:
    first = phone.open(now)
    phone.tell(after(now, 10), (0, 30 * S, 0, 30 * S))  # 12 s of it are let in
    heard = evidence.of_beats(session, [first])[first.id]
    packed = archive.encoded(first, heard)
    cuts.note_refused(first, Report(7, (Span(40 * S, 50 * S, 20 * S, 30 * S),), State.PLAYING), now=after(now, 2_000))
    session.flush()
    assert archive.encoded(first, heard) == packed
    again = Device(session, phone.taking)
    again.open(after(now, 3_000))
    again.tell(after(now, 3_033), (12 * S, 45 * S, 0, 33 * S))
    taking, at = phone.taking, after(now, 3_033)
    lesson_id = taking.lessons[0].lesson_id
    assert cuts.uncovered(remembered(phone), covered(phone, at)) == [(45 * S, 50 * S, "late")]
    cuts.forget(session, taking.enrolment.id, lesson_id=lesson_id, covered=covered(phone, at))
    session.flush()
    assert remembered(phone) == [(45 * S, 50 * S, "late")]
    again.tell(after(now, 3_040), (45 * S, 52 * S, 33 * S, 40 * S))
    cuts.forget(session, taking.enrolment.id, lesson_id=lesson_id, covered=covered(phone, after(now, 3_040)))
    session.flush()
    assert first.cuts is None


def test_a_playback_keeps_no_more_than_so_many(phone: Device, session: Session, now: datetime) -> None:
    playback = phone.open(now)
    for seq in range(4):
        rows = (Span(n * 3 * S, n * 3 * S + S + n, n * 3 * S, n * 3 * S + S + n) for n in range(seq * 90, seq * 90 + 90))
        cuts.note_refused(playback, Report(seq, tuple(rows), State.PLAYING), now=after(now, 7_200))
    session.flush()
    assert len(remembered(phone)) == cuts.MOST
    assert min(ended - begun for begun, ended, _why in remembered(phone)) == S + 359 - cuts.MOST + 1
