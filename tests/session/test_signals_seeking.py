"""Signals are found once, from what is new, and hours do not know of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app.db import Database
from courses import errors
from courses.ledger import statement
from courses.people.vault import Vault
from courses.watch import archive, playbacks
from courses.watch.models import Playback, Prompt, PromptAnswer
from courses.watch.signals import cases, marks, seeking
from courses.watch.signals.models import DeviceMark, Signal, SignalNote, SignalPlayback
from tests import watching
from tests.watching import Device

S = 1_000
HOUR = timedelta(hours=1)
EVENING = datetime(2026, 6, 1, 11, 0, tzinfo=UTC)  # a Monday, 19:00 in the city
MARK = "5f" * 16


@pytest.fixture
def phone(session: Session) -> Device:
    """A learner of a lesson of seven hours."""
    watching.policy(session, now=EVENING)
    lu = watching.person(session, now=EVENING)
    return Device(session, watching.taking(session, lu, now=EVENING, durations_ms=(7 * 3_600_000,)))


def looked(session: Session, now: datetime) -> list[Signal]:
    """As the jobs do: archive what is final, look at it; every signal there is."""
    for playback_id in archive.due(session, now=now):
        archive.keep(session, playback_id, now=now)
    for subject_key in seeking.due(session):
        seeking.examine(session, subject_key, now=now)
    return list(session.scalars(select(Signal).order_by(Signal.kind, Signal.about)))


def takes_turns(phone: Device, at: datetime, count: int) -> datetime:
    """Two devices, each cut off while it plays."""
    for turn in range(count):
        opened = phone.open(at)
        opened.device = ("Android", "Windows")[turn % 2]
        phone.tell(at + timedelta(seconds=15), (turn * 15 * S, (turn + 1) * 15 * S, 0, 15 * S))
        at += timedelta(seconds=20)
    playbacks.close(phone.session, opened.id, subject_key=None, now=at)
    return at


def plays(phone: Device, at: datetime, seconds: int, *, early: Any = lambda _n: 0, lesson_s: int = 0) -> datetime:
    """One playback with a beat every 15 s, or so much earlier."""
    opened = phone.open(at)
    told = n = 0
    while told < seconds * S:
        n += 1
        until = told + 15 * S - early(n)
        phone.tell(at + timedelta(milliseconds=until + 30), (lesson_s * S + told, lesson_s * S + until, told, until))
        told = until
    done = at + timedelta(milliseconds=told + 500)
    playbacks.close(phone.session, opened.id, subject_key=None, now=done)
    return done


def test_two_devices_that_take_turns_are_found_once_with_their_playbacks(session: Session, phone: Device) -> None:
    done = takes_turns(phone, EVENING, 5)
    assert looked(session, done + timedelta(minutes=20)) == []  # late beats may still come
    (signal,) = looked(session, done + HOUR)
    assert (signal.kind, signal.status, signal.found_at) == ("concurrent", "open", done + HOUR)
    assert signal.figures == {"switches": 4, "devices": 2, "within_ms": 60 * S}
    mine = cases.of_learner(phone.taking.enrolment.subject_key)
    assert len(cases.playbacks(session, mine, signal)) == 5
    assert [one.id for one in looked(session, done + 2 * HOUR)] == [signal.id]


def test_what_comes_later_the_same_day_joins_it(session: Session, phone: Device) -> None:
    done = takes_turns(phone, EVENING, 5)
    (signal,) = looked(session, done + HOUR)
    again = takes_turns(phone, done + HOUR, 9)
    assert [one.id for one in looked(session, again + HOUR)] == [signal.id]
    session.refresh(signal)
    assert signal.figures["switches"] == 8


def test_an_answered_signal_stays_as_it_was_answered(session: Session, phone: Device) -> None:
    done = takes_turns(phone, EVENING, 5)
    (signal,) = looked(session, done + HOUR)
    cases.answer(session, signal.id, to="explained", note="坏了的手机，换到电脑。", by="officer", now=done + HOUR)
    looked(session, takes_turns(phone, done + HOUR, 9) + HOUR)
    session.refresh(signal)
    assert (signal.status, signal.figures["switches"]) == ("explained", 4)


def test_answers_move_along_one_table_and_are_kept(session: Session, phone: Device) -> None:
    done = takes_turns(phone, EVENING, 5)
    (signal,) = looked(session, done + HOUR)
    with pytest.raises(errors.Invalid, match="note_required"):
        cases.answer(session, signal.id, to="explained", note=" 。 ", by="officer", now=done)
    for to in ("open", "nonsense"):
        with pytest.raises(errors.Conflict, match="signal_answered"):
            cases.answer(session, signal.id, to=to, note="问过本人。", by="officer", now=done)
    for to in ("dismissed", "open", "explained"):
        cases.answer(session, signal.id, to=to, note="问过本人。", by="officer", now=done + HOUR)
    assert [row.status for row in session.scalars(select(SignalNote))].count("open") == 1
    assert signal.status == "explained"


def test_reports_like_a_clock_are_found_and_people_are_not(session: Session, phone: Device) -> None:
    done = plays(phone, EVENING, 1600)
    (signal,) = looked(session, done + HOUR)
    assert (signal.kind, signal.figures) == ("regular", {"beats": 106, "arrival_spread_ms": 0, "length_spread_ms": 0})
    later = plays(phone, EVENING + timedelta(days=1), 1600, early=lambda n: n * 997 % 1500, lesson_s=2000)
    assert len(looked(session, later + HOUR)) == 1


def test_short_lessons_of_a_day_are_looked_at_together(session: Session, phone: Device) -> None:
    at = EVENING
    for part in range(6):
        at = plays(phone, at, 300, lesson_s=part * 300) + timedelta(seconds=9)
    (signal,) = looked(session, at + HOUR)
    assert (signal.kind, signal.figures["beats"]) == ("regular", 6 * 19)


def test_a_whole_night_is_found_across_midnight_from_the_archive(session: Session, phone: Device) -> None:
    at = EVENING + 4 * HOUR  # 23:00
    for part in range(4):
        opened = phone.open(at)
        for quarter in range(6):  # a beat each quarter of an hour, as after a lost line
            told = quarter * 900 * S
            row = ((part * 5400 + quarter * 900) * S, (part * 5400 + quarter * 900 + 895) * S, told, told + 895 * S)
            phone.tell(at + timedelta(seconds=quarter * 900 + 899), row)
        at += timedelta(seconds=5400)
        playbacks.close(session, opened.id, subject_key=None, now=at)
    (signal,) = looked(session, at + HOUR)
    assert signal.kind == "night"
    assert signal.figures["played_ms"] == 24 * 895 * S
    assert signal.figures["rest_ms"] == 5 * S
    assert signal.from_at == EVENING + 4 * HOUR


def answers(session: Session, phone: Device, at: datetime, times_ms: list[int]) -> datetime:
    opened = phone.open(at)
    for n, took_ms in enumerate(times_ms):
        shown_at = at + timedelta(seconds=n)
        prompt = Prompt(playback_id=opened.id, way="tap", shown_at=shown_at, answer_by=shown_at + HOUR, question=None)
        session.add(prompt)
        session.flush()
        session.add(
            PromptAnswer(prompt_id=prompt.id, result="pass", at=shown_at + timedelta(milliseconds=took_ms))
        )
    done = at + HOUR
    playbacks.close(session, opened.id, subject_key=None, now=done)
    return done


def test_answers_that_always_took_as_long_are_found_over_a_week(session: Session, phone: Device) -> None:
    answers(session, phone, EVENING, [2000, 2010, 1990, 2005, 2000, 1995])
    done = answers(session, phone, EVENING + timedelta(days=3), [2000, 2011, 1993, 2003])
    (signal,) = looked(session, done + HOUR)
    assert (signal.kind, signal.figures["answers"], signal.figures["mean_ms"]) == ("answers", 10, 2001)


def test_people_answer_unevenly(session: Session, phone: Device) -> None:
    done = answers(session, phone, EVENING, [900, 2500, 1300, 4100, 1800, 2200, 1500, 3000, 1200, 2600])
    assert looked(session, done + HOUR) == []


def one_of_many(session: Session, vault: Vault, at: datetime, mark: str) -> str:
    """Somebody opens a lesson in a browser."""
    key = watching.person(session, now=at)
    device = Device(session, watching.taking(session, key, now=at))
    opened = device.open(at)
    marks.keep(session, vault, opened, mark=mark)
    playbacks.close(session, opened.id, subject_key=None, now=at + timedelta(minutes=1))
    return key


def test_many_people_on_one_device_are_one_signal(session: Session, vault: Vault) -> None:
    watching.policy(session, now=EVENING)
    keys = [one_of_many(session, vault, EVENING + n * HOUR, MARK) for n in range(4)]
    one_of_many(session, vault, EVENING, "aa" * 16)
    assert looked(session, EVENING + 6 * HOUR) == []
    keys += [one_of_many(session, vault, EVENING + n * HOUR, MARK) for n in (4, 5)]
    (signal,) = looked(session, EVENING + 9 * HOUR)
    assert (signal.kind, signal.figures) == ("device", {"people": 6})
    named = set(session.scalars(select(SignalPlayback.subject_key)))
    assert named == set(keys)


def test_a_mark_is_a_keyed_hash_and_goes_with_the_beats(session: Session, vault: Vault) -> None:
    watching.policy(session, now=EVENING)
    for n in range(5):
        one_of_many(session, vault, EVENING + n * HOUR, MARK)
    (signal,) = looked(session, EVENING + 9 * HOUR)
    kept = session.scalars(select(DeviceMark.mark_hash)).first()
    assert kept is not None
    assert bytes.fromhex(MARK) not in kept
    assert kept.hex()[:16] not in signal.about
    assert marks.forget(session, before=EVENING + 3 * HOUR) == 3
    assert marks.forget(session, before=EVENING + 9 * HOUR) == 2
    assert cases.listed(session, cases.in_areas(None, on=EVENING.date()))[1] == 1


def test_no_hour_changes_by_a_signal_nor_by_its_answer(session: Session, phone: Device) -> None:
    done = takes_turns(phone, EVENING, 5)
    done = plays(phone, done, 1600, lesson_s=90)
    subject = phone.taking.enrolment.subject_key
    as_of = done + timedelta(days=1)
    before = statement.of(session, subject, as_of=as_of).to_json()
    found = looked(session, done + HOUR)
    assert {one.kind for one in found} == {"concurrent", "regular"}
    assert statement.of(session, subject, as_of=as_of).to_json() == before
    for one in found:
        cases.answer(session, one.id, to="dismissed", note="问过本人。", by="officer", now=done + HOUR)
    assert statement.of(session, subject, as_of=as_of).to_json() == before


def test_looking_costs_no_more_after_years(database: Database) -> None:
    """The statements that one new playback causes, and the rows they read, with and without a history."""
    with database.writing() as session:
        watching.policy(session, now=EVENING)
        lu = watching.person(session, now=EVENING)
        phone = Device(session, watching.taking(session, lu, now=EVENING, durations_ms=(3_600_000,)))
        plays(phone, EVENING, 60)
    first = cost(database, EVENING + HOUR)
    with database.writing() as session:
        phone = Device(session, phone.taking)
        for day in range(40, 1, -1):
            plays(phone, EVENING + timedelta(days=100 - day), 30)
    cost(database, EVENING + timedelta(days=100))
    with database.writing() as session:
        plays(Device(session, phone.taking), EVENING + timedelta(days=200), 60)
    assert first[1] == 1
    assert cost(database, EVENING + timedelta(days=201)) == first


def cost(database: Database, now: datetime) -> tuple[int, int]:
    """What looking takes: statements, and playbacks loaded."""
    asked: list[str] = []
    loaded: list[Playback] = []
    with database.writing() as session:
        for playback_id in archive.due(session, now=now):
            archive.keep(session, playback_id, now=now)
    with database.writing() as session:
        event.listen(session, "loaded_as_persistent", lambda _s, row: loaded.append(row))
        event.listen(database.engine, "before_cursor_execute", counting := _counter(asked))
        for subject_key in seeking.due(session):
            seeking.examine(session, subject_key, now=now)
        event.remove(database.engine, "before_cursor_execute", counting)
    return len(asked), sum(isinstance(row, Playback) for row in loaded)


def _counter(asked: list[str]) -> Any:
    def count(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    return count
