"""Presence prompts: drawn by the server, dated when shown, voiding only what lies between."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import errors
from courses.catalogue.models import EditionLesson
from courses.watch import presence, progress
from courses.watch.models import Prompt
from courses.watch.presence import Plan, Question, Result, Way
from tests import watching
from tests.watching import Device, stands

S = 1_000
EVERY_MS = 60_000
PROMPTS = {"every_ms": EVERY_MS, "answer_within_ms": 30_000, "way": "tap"}
QUESTIONS = [{"text": "何时可以进入有限空间？", "choices": ["检测合格后", "随时", "口头同意后"]}]


@pytest.fixture
def phone(session: Session, now: datetime) -> Device:
    """A learner of a ten-minute lesson, where presence is asked about every minute."""
    watching.policy(session, now=now, prompts=PROMPTS)
    lu = watching.person(session, now=now)
    return Device(session, watching.taking(session, lu, now=now, durations_ms=(600_000,)))


def plays(phone: Device, now: datetime, low: int, high: int, **more: Any) -> Any:
    """The lesson plays on from second `low` to `high` of player time."""
    return phone.tell(now + timedelta(seconds=high), (low * S, high * S, low * S, high * S), **more)


def due_at(phone: Device, seconds: int) -> None:
    """As if the server had drawn this moment."""
    assert phone.playback is not None
    phone.playback.prompt_due_ms = seconds * S
    phone.playback.live = None
    phone.session.flush()


def answers(phone: Device, prompt_id: str, now: datetime, given: Any = True) -> Result:
    assert phone.playback is not None
    return presence.answer(
        phone.session, phone.playback, prompt_id=prompt_id, given=given, plan=Plan.of(PROMPTS), now=now
    )


def test_draws_are_uniform_and_within_a_third() -> None:
    plan = Plan(EVERY_MS, 30_000)
    drawn = [plan.draw_ms() for _ in range(20_000)]
    assert min(drawn) >= 40_000
    assert max(drawn) <= 80_000
    for tenth in range(10):  # 2 000 each; five standard deviations are 212
        low = 40_000 + tenth * 4_000
        assert abs(sum(low <= ms < low + 4_000 for ms in drawn) - 2_000) < 220


def test_the_right_choice_is_anywhere() -> None:
    places = [Question.drawn(QUESTIONS).right for _ in range(3_000)]  # type: ignore[union-attr]
    assert all(abs(places.count(place) - 1_000) < 150 for place in range(3))


def test_a_player_is_told_nothing_before(phone: Device, now: datetime) -> None:
    phone.open(now)
    assert phone.playback is not None
    assert 40_000 <= (phone.playback.prompt_due_ms or 0) <= 80_000
    assert plays(phone, now, 0, 10)["prompt"] is None


def test_without_a_plan_nothing_is_asked(session: Session, now: datetime) -> None:
    watching.policy(session, now=now)
    lu = watching.person(session, now=now)
    one = Device(session, watching.taking(session, lu, now=now, durations_ms=(600_000,)))
    one.open(now)
    assert one.playback is not None
    assert one.playback.prompt_due_ms is None
    assert plays(one, now, 0, 200)["prompt"] is None


def test_a_due_prompt_is_shown_once_and_rides_along_until_it_is_answered(phone: Device, now: datetime) -> None:
    phone.open(now)
    due_at(phone, 15)
    assert plays(phone, now, 0, 10)["prompt"] is None
    shown = plays(phone, now, 10, 20)["prompt"]
    assert shown == {"id": shown["id"], "kind": "prompt", "answer_within_ms": 30_000}
    again = plays(phone, now, 20, 30)["prompt"]
    assert again == {"id": shown["id"], "kind": "prompt", "answer_within_ms": 20_000}


def test_a_pass_keeps_every_second_and_draws_the_next(phone: Device, now: datetime) -> None:
    phone.open(now)
    due_at(phone, 5)
    shown = plays(phone, now, 0, 10)["prompt"]
    assert answers(phone, shown["id"], now + timedelta(seconds=14)) is Result.PASSED
    assert phone.playback is not None
    assert 54_000 <= (phone.playback.prompt_due_ms or 0) <= 94_000
    told = plays(phone, now, 10, 20)
    assert told["prompt"] is None
    assert told["effective_ms"] == 20 * S


def test_an_answer_told_twice_is_judged_once(phone: Device, now: datetime) -> None:
    phone.open(now)
    due_at(phone, 5)
    shown = plays(phone, now, 0, 10)["prompt"]
    assert answers(phone, shown["id"], now + timedelta(seconds=14)) is Result.PASSED
    assert answers(phone, shown["id"], now + timedelta(hours=2)) is Result.PASSED


def test_a_missed_prompt_voids_only_what_lies_between(phone: Device, now: datetime) -> None:
    phone.open(now)
    due_at(phone, 5)
    first = plays(phone, now, 0, 10)["prompt"]
    for low in range(10, 50, 10):
        told = plays(phone, now, low, low + 10)
    # 42 s are past the time to answer and the slack for the line: another prompt is offered at once
    second = told["prompt"]
    assert second["id"] != first["id"]
    assert told["effective_ms"] == 10 * S
    assert answers(phone, second["id"], now + timedelta(seconds=55)) is Result.PASSED
    told = plays(phone, now, 50, 70)
    assert told["effective_ms"] == 10 * S + 15 * S
    assert told["covered_ms"] == [[0, 10 * S], [55 * S, 70 * S]]
    lost = stands(phone.session, phone.taking.enrolment, now=now + timedelta(seconds=71)).lessons[0].not_counted
    assert lost == {"presence_failed": 45 * S}


def test_what_was_voided_can_be_made_up(phone: Device, now: datetime) -> None:
    test_a_missed_prompt_voids_only_what_lies_between(phone, now)
    due_at(phone, 10_000)
    told = phone.tell(now + timedelta(seconds=120), (10 * S, 55 * S, 72 * S, 117 * S))
    assert told["covered_ms"] == [[0, 70 * S]]
    assert told["effective_ms"] == 70 * S


def test_an_answer_that_comes_too_late_is_missed(phone: Device, now: datetime) -> None:
    phone.open(now)
    due_at(phone, 5)
    shown = plays(phone, now, 0, 10)["prompt"]
    assert answers(phone, shown["id"], now + timedelta(seconds=43)) is Result.MISSED
    assert plays(phone, now, 10, 45)["effective_ms"] == 10 * S


def test_silence_is_asked_at_its_end(phone: Device, now: datetime) -> None:
    phone.open(now)
    due_at(phone, 15)
    told = plays(phone, now, 0, 300)
    assert told["prompt"] is not None
    assert told["effective_ms"] == 300 * S


@pytest.mark.parametrize("how", ["close", "open"])
def test_opening_anew_is_no_way_around_a_prompt(phone: Device, now: datetime, how: str) -> None:
    """Played for 40 s at a time, told at the end of it, and never an answer."""
    at = now
    for turn in range(6):
        phone.open(at)
        if turn == 0:
            due_at(phone, 5)
        low = turn * 40
        phone.tell(at + timedelta(seconds=40), (low * S, (low + 40) * S, 0, 40 * S))
        at += timedelta(seconds=41)
    end = stands(phone.session, phone.taking.enrolment, now=at + timedelta(minutes=5))
    assert end.effective_ms == 40 * S  # the first sitting, before it was asked


def test_opening_anew_takes_over_what_is_left(phone: Device, now: datetime) -> None:
    phone.open(now)
    due_at(phone, 50)
    plays(phone, now, 0, 10)
    phone.open(now + timedelta(seconds=20))
    assert phone.playback is not None
    assert (phone.playback.prompt_due_ms or 0) == 30_000


def test_who_answered_is_not_asked_more_often_for_reloading(phone: Device, now: datetime) -> None:
    phone.open(now)
    due_at(phone, 5)
    shown = plays(phone, now, 0, 10)["prompt"]
    answers(phone, shown["id"], now + timedelta(seconds=12))
    for turn in range(5):
        phone.open(now + timedelta(seconds=13 + turn))
        assert phone.playback is not None
        assert (phone.playback.prompt_due_ms or 0) >= 30_000


@pytest.mark.parametrize("pause", [timedelta(minutes=2), timedelta(minutes=40), timedelta(days=3)])
def test_waiting_does_not_settle_what_is_owed(phone: Device, now: datetime, pause: timedelta) -> None:
    """Whoever never answers earns nothing, however long the pauses between sittings; one pass, and time counts again."""
    phone.open(now)
    due_at(phone, 5)
    plays(phone, now, 0, 10)
    again = now + pause
    phone.open(again)
    assert plays(phone, again, 10, 50)["effective_ms"] == 10 * S
    shown = plays(phone, again, 50, 60)["prompt"]
    assert answers(phone, shown["id"], again + timedelta(seconds=60)) is Result.PASSED
    assert plays(phone, again, 60, 80)["effective_ms"] == 30 * S


def test_what_is_owed_outlasts_a_lesson_where_nothing_is_asked(phone: Device, now: datetime) -> None:
    phone.open(now)
    due_at(phone, 5)
    plays(phone, now, 0, 10)
    unasked = phone.open(now + timedelta(minutes=5))
    unasked.prompt_due_ms = None  # as opened under a rule without prompts
    phone.session.flush()
    assert phone.open(now + timedelta(minutes=6)).prompt_due_ms == presence.AGAIN_MS


@pytest.mark.parametrize("reloads", [1, 3])
def test_a_prompt_goes_on_waiting_in_the_page_that_was_loaded_anew(
    session: Session, now: datetime, reloads: int
) -> None:
    """Even where one missed check voids the course, loading the page anew and answering in time costs nothing."""
    watching.policy(session, now=now, prompts={**PROMPTS, "way": "question"}, presence={"on_fail": "void_course"})
    lu = watching.person(session, now=now)
    one = Device(session, watching.taking(session, lu, now=now, durations_ms=(600_000,), questions=QUESTIONS))
    one.open(now)
    due_at(one, 5)
    first = plays(one, now, 0, 10)["prompt"]
    for turn in range(1, reloads + 1):
        reloaded = now + timedelta(seconds=10 + 3 * turn)
        one.open(reloaded)
    told = one.tell(reloaded + timedelta(seconds=2), (10 * S, 12 * S, 0, 2 * S))["prompt"]
    assert told["id"] != first["id"]
    assert told["answer_within_ms"] == 28 * S - 3 * S * reloads  # no longer than the page before had
    kept, waits = session.get_one(Prompt, first["id"]), session.get_one(Prompt, told["id"])
    assert waits.question == kept.question
    assert waits.question is not None
    assert answers(one, told["id"], reloaded + timedelta(seconds=3), waits.question["right"]) is Result.PASSED
    later = stands(session, one.taking.enrolment, now=now + timedelta(minutes=5))
    assert later.effective_ms == 12 * S
    assert later.lessons[0].not_counted == {}


def test_a_prompt_loaded_anew_and_not_answered_is_missed_where_it_was_shown_first(phone: Device, now: datetime) -> None:
    phone.open(now)
    due_at(phone, 5)
    plays(phone, now, 0, 10)
    plays(phone, now, 10, 20)
    reloaded = now + timedelta(seconds=20)
    phone.open(reloaded)
    phone.tell(reloaded + timedelta(seconds=60), (20 * S, 80 * S, 0, 60 * S))
    assert stands(phone.session, phone.taking.enrolment, now=now + timedelta(minutes=5)).effective_ms == 10 * S


def test_a_question_of_the_lesson_is_judged(session: Session, now: datetime) -> None:
    watching.policy(session, now=now, prompts={**PROMPTS, "way": "question"})
    lu = watching.person(session, now=now)
    taking = watching.taking(session, lu, now=now, durations_ms=(600_000,), questions=QUESTIONS)
    assert taking.lessons[0].questions == QUESTIONS
    one = Device(session, taking)
    one.open(now)
    due_at(one, 5)
    shown = plays(one, now, 0, 10)["prompt"]
    row = session.get_one(Prompt, shown["id"])
    assert row.way == Way.QUESTION
    assert row.question is not None
    right = row.question["right"]
    assert row.question["choices"][right] == "检测合格后"
    with pytest.raises(errors.Invalid):
        answers(one, shown["id"], now + timedelta(seconds=12), given=7)
    with pytest.raises(errors.Invalid):
        answers(one, shown["id"], now + timedelta(seconds=12), given="检测合格后")
    assert answers(one, shown["id"], now + timedelta(seconds=12), given=(right + 1) % 3) is Result.FAIL
    again = plays(one, now, 10, 20)["prompt"]
    assert again["id"] != shown["id"]
    row = session.get_one(Prompt, again["id"])
    assert row.question is not None
    assert answers(one, again["id"], now + timedelta(seconds=25), given=row.question["right"]) is Result.PASSED
    assert plays(one, now, 20, 40)["effective_ms"] == 10 * S + 15 * S


def test_a_lesson_without_questions_asks_for_a_tap(phone: Device, now: datetime) -> None:
    phone.open(now)
    asked = presence.ask(
        phone.session, phone.playback, plan=Plan(EVERY_MS, 30_000, Way.QUESTION), questions=[],  # type: ignore[arg-type]
        now=now + timedelta(minutes=3),
    )  # fmt: skip
    assert asked is not None
    assert phone.session.scalars(select(Prompt.way)).one() == Way.TAP


def test_a_prompt_of_another_playback_is_unknown(phone: Device, now: datetime) -> None:
    phone.open(now)
    due_at(phone, 5)
    shown = plays(phone, now, 0, 10)["prompt"]
    phone.open(now + timedelta(seconds=15))
    with pytest.raises(errors.NotFound):
        answers(phone, shown["id"], now + timedelta(seconds=16))


def test_rules_say_how_presence_is_asked(phone: Device, now: datetime) -> None:
    by = progress.rules(phone.session, "CZ-TN", now=now)
    assert by.plan == Plan(EVERY_MS, 30_000, Way.TAP)
    assert EditionLesson.questions is not None


def test_who_leaves_the_page_is_not_asked(phone: Device, now: datetime) -> None:
    """Nobody would see it, and a missed check may cost a whole course."""
    phone.open(now)
    due_at(phone, 15)
    for state in ("hidden", "paused"):
        assert plays(phone, now, 10, 20, state=state)["prompt"] is None
    assert phone.session.scalars(select(Prompt)).all() == []
    assert plays(phone, now, 20, 30)["prompt"] is not None


def test_who_missed_one_is_asked_anew_while_the_picture_waits(phone: Device, now: datetime) -> None:
    phone.open(now)
    due_at(phone, 5)
    first = plays(phone, now, 0, 10)["prompt"]
    told = phone.tell(now + timedelta(seconds=60), state="paused")
    assert told["prompt"]["id"] != first["id"]


def test_away_and_back_earns_no_prompt_free_time(phone: Device, now: datetime) -> None:
    """A player that says `hidden` with every beat is asked by the first one that says `playing`, or earns nothing."""
    phone.open(now)
    due_at(phone, 15)
    plays(phone, now, 0, 10)
    for low in range(10, 60, 10):
        told = plays(phone, now, low, low + 10, state="hidden")
    assert told["effective_ms"] == 20 * S
    assert phone.tell(now + timedelta(seconds=61), state="playing")["prompt"] is not None


def test_a_rule_that_ends_does_not_leave_a_missed_prompt_for_ever(phone: Device, now: datetime) -> None:
    phone.open(now)
    due_at(phone, 5)
    plays(phone, now, 0, 10)
    asked = presence.ask(
        phone.session, phone.playback, plan=None, questions=QUESTIONS, now=now + timedelta(minutes=2)  # type: ignore[arg-type]
    )
    assert asked is not None
    assert asked["answer_within_ms"] == 60_000
    assert presence.answer(
        phone.session, phone.playback, prompt_id=asked["id"], given=True, plan=None, now=now + timedelta(minutes=2)  # type: ignore[arg-type]
    ) is Result.PASSED
    assert presence.ask(
        phone.session, phone.playback, plan=None, questions=QUESTIONS, now=now + timedelta(minutes=3)  # type: ignore[arg-type]
    ) is None


def test_every_way_that_asks_has_its_judge() -> None:
    assert set(presence.JUDGES) == set(Way) - {Way.CARRIED, Way.FACE}  # a photo is judged by its port
