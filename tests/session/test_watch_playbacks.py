"""Opening, hearing and closing playbacks: the guarantees of `watch.md` at the database."""

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from courses import errors
from courses.watch import evidence, playbacks
from courses.watch.models import Beat
from tests import watching
from tests.watching import Device, stands

S = 1_000


def after(now: datetime, ms: int) -> datetime:
    return now + timedelta(milliseconds=ms)


@pytest.fixture
def lu(session: Session, now: datetime) -> str:
    watching.policy(session, now=now)
    return watching.person(session, now=now)


@pytest.fixture
def phone(session: Session, lu: str, now: datetime) -> Device:
    return Device(session, watching.taking(session, lu, now=now))


def test_a_beat_tells_what_is_covered_and_what_counts(phone: Device, now: datetime) -> None:
    phone.open(now)
    answer = phone.tell(after(now, 6 * S), (0, 6 * S, 0, 6 * S))
    assert answer == {
        "status": 200,
        "seq": 1,
        "covered_ms": [[0, 6 * S]],
        "effective_ms": 6 * S,
        "provisional_hours": "0",
        "not_counted": [],
        "prompt": None,
        "beat_every_ms": 15_000,
    }


def test_provisional_hours_are_what_the_rules_give(
    session: Session, lu: str, now: datetime
) -> None:
    watching.policy(
        session, now=after(now, 1), partial_credit="pro_rata", ratio="1/2", exam={"pass_mark": "80", "max_attempts": None, "cooldown_ms": 0}
    )
    phone = Device(session, watching.taking(session, lu, now=after(now, 2), exam="required"))
    phone.open(after(now, 2))
    answer = phone.tell(after(now, 6 * S), (0, 5 * S, 0, 5 * S))
    assert Fraction(answer["provisional_hours"]) == Fraction(5 * S, 2_700_000) / 2


def test_a_claim_beyond_the_clock_is_cut_with_its_reason(phone: Device, now: datetime) -> None:
    phone.open(now)
    answer = phone.tell(after(now, 3 * S), (0, 60 * S, 0, 60 * S))
    assert answer["covered_ms"] == [[0, 5 * S]]
    assert answer["not_counted"] == [{"reason": "bad_stretch", "wall_ms": 55 * S}]


def test_told_twice_is_answered_the_same_and_counted_once(phone: Device, now: datetime) -> None:
    phone.open(now)
    first = phone.tell(after(now, 5 * S), (0, 5 * S, 0, 5 * S), seq=7)
    again = phone.tell(after(now, 9 * S), (0, 5 * S, 0, 5 * S), seq=7)
    assert first == again


def test_the_same_number_with_another_content_is_refused_and_changes_nothing(
    phone: Device, now: datetime
) -> None:
    phone.open(now)
    phone.tell(after(now, 5 * S), (0, 5 * S, 0, 5 * S), seq=7)
    with pytest.raises(errors.Conflict, match="seq_conflict"):
        phone.tell(after(now, 9 * S), (0, 8 * S, 0, 8 * S), seq=7)
    assert phone.tell(after(now, 9 * S), seq=8)["covered_ms"] == [[0, 5 * S]]


def test_spans_that_overlap_in_player_time_count_for_the_lower_number(
    phone: Device, now: datetime
) -> None:
    phone.open(now)
    phone.tell(after(now, 9 * S), (20 * S, 26 * S, 0, 6 * S), seq=5)
    answer = phone.tell(after(now, 9 * S), (0, 4 * S, 0, 4 * S), seq=2)
    assert answer["covered_ms"] == [[0, 4 * S], [24 * S, 26 * S]]
    assert answer["effective_ms"] == 6 * S


def test_an_overlap_is_told_as_bad_stretch(phone: Device, now: datetime) -> None:
    phone.open(now)
    phone.tell(after(now, 9 * S), (0, 6 * S, 0, 6 * S))
    answer = phone.tell(after(now, 9 * S), (20 * S, 26 * S, 2 * S, 8 * S))
    assert answer["not_counted"] == [{"reason": "bad_stretch", "wall_ms": 4 * S}]
    assert answer["covered_ms"] == [[0, 6 * S], [24 * S, 26 * S]]


def test_what_is_watched_again_is_told_as_seen_before(phone: Device, now: datetime) -> None:
    phone.open(now)
    phone.tell(after(now, 5 * S), (0, 5 * S, 0, 5 * S))
    answer = phone.tell(after(now, 10 * S), (2 * S, 7 * S, 5 * S, 10 * S))
    assert answer["not_counted"] == [{"reason": "seen_before", "wall_ms": 3 * S}]
    assert answer["effective_ms"] == 7 * S
    # Only what this beat brought is told, not the sum of all beats.
    assert phone.tell(after(now, 12 * S), (7 * S, 9 * S, 10 * S, 12 * S))["not_counted"] == []


def test_opening_closes_the_learners_other_playback(
    session: Session, lu: str, phone: Device, now: datetime
) -> None:
    other = Device(session, watching.taking(session, lu, now=now))
    first = phone.open(now)
    other.open(after(now, 4 * S))
    assert first.close_reason == "taken_over"
    assert first.closed_at == after(now, 4 * S)


def test_opening_leaves_other_people_alone(session: Session, phone: Device, now: datetime) -> None:
    friend = Device(session, watching.taking(session, watching.person(session, now=now), now=now))
    first = phone.open(now)
    friend.open(after(now, 1))
    assert first.closed_at is None


def test_a_late_beat_counts_what_was_played_before_the_takeover(
    session: Session, lu: str, phone: Device, now: datetime
) -> None:
    other = Device(session, phone.taking)
    phone.open(now)
    other.open(after(now, 4 * S))
    late = phone.tell(after(now, 60 * S), (0, 6 * S, 0, 6 * S))
    assert (late["status"], late["counted_ms"]) == (409, 4 * S)
    assert late["covered_ms"] == [[0, 4 * S]]
    # told again, the same; and nothing played after it is ever stored
    assert phone.tell(after(now, 61 * S), (0, 6 * S, 0, 6 * S), seq=1) == late
    vain = phone.tell(after(now, 62 * S), (6 * S, 9 * S, 6 * S, 9 * S))
    assert (vain["status"], vain["counted_ms"]) == (409, 0)
    assert session.get(Beat, (phone.playback.id if phone.playback else "", 2)) is None


def test_what_a_playback_claimed_into_the_slack_ends_with_it(
    session: Session, phone: Device, now: datetime
) -> None:
    phone.open(now)
    assert phone.tell(after(now, S), (0, 3 * S, 0, 3 * S))["covered_ms"] == [[0, 3 * S]]
    playback = phone.playback
    assert playback is not None
    playbacks.close(session, playback.id, subject_key=None, now=after(now, S))
    assert stands(session, phone.taking.enrolment, now=after(now, 60 * S)).effective_ms == S


def test_a_closed_playback_takes_no_beat(session: Session, phone: Device, now: datetime) -> None:
    playback = phone.open(now)
    first = phone.tell(after(now, 5 * S), (0, 5 * S, 0, 5 * S))
    playbacks.close(session, playback.id, subject_key=None, now=after(now, 6 * S))
    assert playback.closed_at == after(now, 5 * S)
    with pytest.raises(errors.Gone, match="playback_closed"):
        phone.tell(after(now, 7 * S), (5 * S, 6 * S, 5 * S, 6 * S))
    assert phone.tell(after(now, 8 * S), (0, 5 * S, 0, 5 * S), seq=1) == first


def test_closing_twice_changes_nothing(session: Session, phone: Device, now: datetime) -> None:
    playback = phone.open(now)
    playbacks.close(session, playback.id, subject_key=None, now=after(now, S))
    at = playback.closed_at
    playbacks.close(session, playback.id, subject_key=None, now=after(now, 9 * S))
    assert playback.closed_at == at


def test_silence_of_fifteen_minutes_is_not_yet_the_end(phone: Device, now: datetime) -> None:
    phone.open(now)
    assert phone.tell(after(now, 900 * S), (0, 5 * S, 895 * S, 900 * S))["status"] == 200


def test_a_longer_silence_is(session: Session, phone: Device, now: datetime) -> None:
    playback = phone.open(now)
    phone.tell(after(now, 5 * S), (0, 5 * S, 0, 5 * S))
    late = after(now, 905 * S + 1)
    with pytest.raises(errors.Gone, match="playback_closed"):
        phone.tell(late, (5 * S, 9 * S, 900 * S, 904 * S))
    assert playbacks.silent(session, now=late) == [playback.id]
    assert playbacks.close_silent(session, playback.id, now=late) is playback
    assert (playback.close_reason, playback.closed_at) == ("silent", after(now, 5 * S))
    assert playbacks.silent(session, now=late) == []


def test_opening_after_a_long_silence_says_so(
    session: Session, phone: Device, now: datetime
) -> None:
    first = phone.open(now)
    Device(session, phone.taking).open(after(now, 1_000 * S))
    assert (first.close_reason, first.closed_at) == ("silent", now)


def test_nothing_covered_is_lost_by_a_new_playback(phone: Device, now: datetime) -> None:
    phone.open(now)
    phone.tell(after(now, 5 * S), (0, 5 * S, 0, 5 * S))
    phone.open(after(now, 20 * S))
    answer = phone.tell(after(now, 25 * S), (5 * S, 10 * S, 0, 5 * S))
    assert answer["covered_ms"] == [[0, 10 * S]]
    assert answer["effective_ms"] == 10 * S


def test_playbacks_of_one_learner_begin_in_the_order_of_the_lock(
    session: Session, phone: Device, now: datetime
) -> None:
    phone.open(after(now, 5 * S))
    second = Device(session, phone.taking).open(now)  # its machine's clock is behind
    assert second.opened_at == after(now, 5 * S)


def test_time_hidden_earns_nothing_and_is_told(phone: Device, now: datetime) -> None:
    phone.open(now)
    phone.tell(after(now, 3 * S), (0, 3 * S, 0, 3 * S), state="hidden")
    answer = phone.tell(after(now, 9 * S), (3 * S, 9 * S, 3 * S, 9 * S), state="hidden")
    assert answer["covered_ms"] == [[0, 3 * S]]
    assert answer["not_counted"] == [{"reason": "bad_stretch", "wall_ms": 6 * S}]


def test_where_no_rule_is_in_force_coverage_is_kept_and_nothing_promised(
    session: Session, now: datetime
) -> None:
    phone = Device(session, watching.taking(session, watching.person(session, now=now), now=now))
    phone.open(now)
    answer = phone.tell(after(now, 6 * S), (0, 6 * S, 0, 6 * S))
    assert (answer["covered_ms"], answer["provisional_hours"]) == ([[0, 6 * S]], "0")


def test_the_daily_cap_looks_at_all_courses(session: Session, now: datetime) -> None:
    lu = watching.person(session, now=now)
    watching.policy(session, now=now, daily_cap_ms=8 * S)
    one = Device(session, watching.taking(session, lu, now=now))
    two = Device(session, watching.taking(session, lu, now=now))
    one.open(now)
    one.tell(after(now, 6 * S), (0, 6 * S, 0, 6 * S))
    two.open(after(now, 6 * S))
    answer = two.tell(after(now, 12 * S), (0, 6 * S, 0, 6 * S))
    assert answer["effective_ms"] == 2 * S
    assert answer["not_counted"] == [{"reason": "daily_cap", "wall_ms": 4 * S}]


def test_beats_are_append_only(session: Session, phone: Device, now: datetime) -> None:
    phone.open(now)
    phone.tell(after(now, 5 * S), (0, 5 * S, 0, 5 * S))
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text("UPDATE beats SET state = 'paused'"))


def test_resuming_goes_on_where_it_stopped_and_to_the_gap_after_the_end(
    session: Session, phone: Device, now: datetime
) -> None:
    enrolled = phone.taking.enrolment.id
    lesson: dict[str, Any] = {"lesson_id": phone.taking.lessons[0].lesson_id, "duration_ms": 60 * S}
    assert playbacks.resume_ms(session, enrolled, covered=[], **lesson) == 0
    phone.open(now)
    phone.tell(after(now, 5 * S), (10 * S, 15 * S, 0, 5 * S))
    assert playbacks.resume_ms(session, enrolled, covered=[[10 * S, 15 * S]], **lesson) == 15 * S
    phone.tell(after(now, 70 * S), (15 * S, 60 * S, 5 * S, 50 * S))
    assert playbacks.resume_ms(session, enrolled, covered=[[10 * S, 60 * S]], **lesson) == 0
    assert playbacks.resume_ms(session, enrolled, covered=[[0, 60 * S]], **lesson) == 0


def test_signs_of_life_are_dated_by_what_was_played(
    session: Session, lu: str, phone: Device, now: datetime
) -> None:
    phone.open(now)
    phone.tell(after(now, 60 * S), (0, 5 * S, 0, 5 * S))
    phone.tell(after(now, 61 * S), state="paused")
    playback, = evidence.playbacks_of(session, lu, before=after(now, 99 * S))
    (watched,) = evidence.of_playbacks(session, [playback])
    at = [beat.at for beat in watched.signs]
    opened = evidence.to_ms(now)
    assert at == [opened + 5 * S, opened + 61 * S]


def test_another_learner_does_not_find_a_playback(
    session: Session, phone: Device, now: datetime
) -> None:
    playback = phone.open(now)
    with pytest.raises(errors.NotFound):
        playbacks.for_subject(session, playback.id, subject_key="somebody-else")
