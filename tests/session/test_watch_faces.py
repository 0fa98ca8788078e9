"""Photos as answers: judged, kept no longer than they may be, and never held against who gave none."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from courses import errors
from courses.people import persons
from courses.people.vault import SealBroken, Vault
from courses.watch import faces, presence
from courses.watch.faces import Album, Seen
from courses.watch.models import FaceCheck, FacePicture, Prompt
from courses.watch.presence import Plan, Result
from media.storage import DirectoryStore
from tests import watching
from tests.watching import Device

S = 1_000
PROMPTS = {"every_ms": 60_000, "answer_within_ms": 30_000, "way": "face", "picture_days": 7}
QUESTIONS = [{"text": "何时可以进入有限空间？", "choices": ["检测合格后", "随时", "口头同意后"]}]
PLAN = Plan.of(PROMPTS)
LIMIT = 600_000


@pytest.fixture
def phone(session: Session, now: datetime) -> Device:
    """A learner who agreed to nothing yet, where photos are asked of those who did."""
    watching.policy(session, now=now, prompts=PROMPTS)
    lu = watching.person(session, now=now)
    return Device(session, watching.taking(session, lu, now=now, durations_ms=(600_000,), questions=QUESTIONS))


def key_of(phone: Device) -> str:
    return phone.taking.enrolment.subject_key


def agree(phone: Device, now: datetime, mark: bytes = b"r") -> str:
    """As if a photo had been given."""
    key = faces.begin(phone.session, subject_key=key_of(phone), fingerprint=mark * 32, now=now)
    faces.agree(phone.session, subject_key=key_of(phone), key=key, text_version="1", now=now)
    return key


def asked(phone: Device, now: datetime, low: int = 0) -> str:
    """A prompt shown ten seconds later."""
    assert phone.playback is not None
    phone.playback.prompt_due_ms = (low + 5) * S
    phone.playback.live = None
    phone.session.flush()
    told = phone.tell(now + timedelta(seconds=low + 10), (low * S, (low + 10) * S, low * S, (low + 10) * S))
    return str(told["prompt"]["id"])


def judge(
    phone: Device, prompt_id: str, now: datetime, *, reference: str, distance: int = 300_000,
    mark: bytes = b"a", later: timedelta = timedelta(0),
) -> Result:  # fmt: skip
    """What a photo of that distance is worth, received `now` and judged `later`."""
    assert phone.playback is not None
    picture = None
    if distance > LIMIT:
        picture = faces.begin(phone.session, subject_key=key_of(phone), fingerprint=mark * 32, now=now)
    seen = Seen(reference, distance, LIMIT, "dlib 20", mark * 32, picture)
    return faces.judge(
        phone.session, phone.playback, prompt_id=prompt_id, seen=seen, received_at=now, plan=PLAN, now=now + later
    )


def kinds(phone: Device, at: datetime) -> list[tuple[str, str]]:
    assert phone.playback is not None
    return [(row.kind, row.result) for row in presence.checks(phone.session, [phone.playback.id], known_at=at)]


def test_who_agreed_to_nothing_is_asked_a_question(phone: Device, now: datetime) -> None:
    phone.open(now)
    prompt = phone.session.get_one(Prompt, asked(phone, now))
    assert (prompt.way, prompt.is_face) == ("question", False)
    assert presence.told(prompt, now=now)["kind"] == "prompt"
    with pytest.raises(errors.Conflict, match="face_not_asked"):
        faces.open_prompt(phone.session, phone.playback, prompt_id=prompt.id)  # type: ignore[arg-type]


def test_who_agreed_may_answer_by_a_photo_or_without(phone: Device, now: datetime) -> None:
    agree(phone, now)
    phone.open(now)
    prompt = phone.session.get_one(Prompt, asked(phone, now))
    assert (prompt.way, prompt.is_face) == ("question", True)
    assert presence.told(prompt, now=now)["kind"] == "face"
    assert prompt.question is not None
    result = presence.answer(
        phone.session, phone.playback, prompt_id=prompt.id, given=prompt.question["right"], plan=PLAN,  # type: ignore[arg-type]
        now=now + timedelta(seconds=12),
    )  # fmt: skip
    assert result is Result.PASSED
    assert kinds(phone, now + timedelta(minutes=1)) == [("prompt", "pass")]


def test_a_match_passes_and_keeps_nothing_but_the_score(phone: Device, now: datetime) -> None:
    given = agree(phone, now)
    phone.open(now)
    prompt_id = asked(phone, now)
    at = now + timedelta(seconds=12)
    assert judge(phone, prompt_id, at, reference=given, distance=LIMIT) is Result.PASSED
    check = phone.session.get_one(FaceCheck, prompt_id)
    assert (check.distance, check.limit, check.engine) == (LIMIT, LIMIT, "dlib 20")
    assert phone.session.scalars(select(FacePicture.key)).all() == [given]
    assert kinds(phone, now + timedelta(minutes=1)) == [("face", "pass")]
    assert phone.tell(now + timedelta(seconds=30), (10 * S, 30 * S, 10 * S, 30 * S))["effective_ms"] == 30 * S


def test_a_stranger_fails_and_another_try_passes(phone: Device, now: datetime) -> None:
    given = agree(phone, now)
    phone.open(now)
    first = asked(phone, now)
    at = now + timedelta(seconds=12)
    assert judge(phone, first, at, reference=given, distance=LIMIT + 1) is Result.FAIL
    told = phone.tell(now + timedelta(seconds=20), (10 * S, 20 * S, 10 * S, 20 * S))
    second = told["prompt"]["id"]
    assert second != first
    assert judge(phone, second, now + timedelta(seconds=25), reference=given, mark=b"b") is Result.PASSED
    assert kinds(phone, now + timedelta(minutes=1)) == [("face", "fail"), ("face", "pass")]
    told = phone.tell(now + timedelta(seconds=40), (20 * S, 40 * S, 20 * S, 40 * S))
    assert told["effective_ms"] == 10 * S + 15 * S


def test_told_twice_is_judged_once(phone: Device, now: datetime) -> None:
    given = agree(phone, now)
    phone.open(now)
    prompt_id = asked(phone, now)
    at = now + timedelta(seconds=12)
    assert judge(phone, prompt_id, at, reference=given) is Result.PASSED
    assert judge(phone, prompt_id, at, reference=given, distance=900_000, mark=b"b") is Result.PASSED
    assert phone.session.get_one(FaceCheck, prompt_id).distance == 300_000


def test_a_photo_sent_in_time_is_in_time_however_long_it_is_compared(phone: Device, now: datetime) -> None:
    given = agree(phone, now)
    phone.open(now)
    prompt_id = asked(phone, now)
    sent = now + timedelta(seconds=39)
    assert judge(phone, prompt_id, sent, reference=given, later=timedelta(seconds=20)) is Result.PASSED


def test_a_photo_sent_too_late_is_missed(phone: Device, now: datetime) -> None:
    given = agree(phone, now)
    phone.open(now)
    assert judge(phone, asked(phone, now), now + timedelta(seconds=43), reference=given) is Result.MISSED


@pytest.mark.parametrize("mark", [b"r", b"a"], ids=["the one given", "an earlier answer"])
def test_the_same_file_once_more_proves_nothing(phone: Device, now: datetime, mark: bytes) -> None:
    given = agree(phone, now, mark=b"r")
    phone.open(now)
    judge(phone, asked(phone, now), now + timedelta(seconds=12), reference=given, mark=b"a")
    prompt_id = asked(phone, now, low=20)
    with pytest.raises(faces.SentBefore):
        judge(phone, prompt_id, now + timedelta(seconds=32), reference=given, mark=mark)
    assert judge(phone, prompt_id, now + timedelta(seconds=33), reference=given, mark=b"c") is Result.PASSED


def test_what_did_not_match_can_be_seen_until_its_time_and_no_longer(phone: Device, now: datetime) -> None:
    given = agree(phone, now)
    phone.open(now)
    prompt_id = asked(phone, now)
    at = now + timedelta(seconds=12)
    judge(phone, prompt_id, at, reference=given, distance=700_000)
    ends = at + timedelta(days=7)
    before = ends - timedelta(milliseconds=1)
    picture = faces.picture_of(phone.session, key_of(phone), prompt_id=prompt_id, now=before)
    assert picture.delete_at == ends
    assert faces.due(phone.session, now=before) == []
    assert [line.picture for line in faces.checks_of(phone.session, key_of(phone), now=before)] == [picture]
    with pytest.raises(errors.NotFound):
        faces.picture_of(phone.session, key_of(phone), prompt_id=prompt_id, now=ends)
    assert faces.due(phone.session, now=ends) == [picture.key]
    faces.forget(phone.session, [picture.key, given], now=ends)
    assert phone.session.scalars(select(FacePicture.key)).all() == [given]  # which was not due
    (line,) = faces.checks_of(phone.session, key_of(phone), now=ends)
    assert (line.check.distance, line.result, line.picture) == (700_000, "fail", None)


def test_nobody_sees_another_ones_picture(phone: Device, session: Session, now: datetime) -> None:
    given = agree(phone, now)
    phone.open(now)
    prompt_id = asked(phone, now)
    judge(phone, prompt_id, now + timedelta(seconds=12), reference=given, distance=700_000)
    other = watching.person(session, now=now)
    with pytest.raises(errors.NotFound):
        faces.picture_of(session, other, prompt_id=prompt_id, now=now)
    assert faces.checks_of(session, other, now=now) == []
    assert presence.reference(session, other) is None


def test_withdrawing_takes_everything_out_of_sight_at_once_and_hours_stay(phone: Device, now: datetime) -> None:
    given = agree(phone, now)
    phone.open(now)
    prompt_id = asked(phone, now)
    judge(phone, prompt_id, now + timedelta(seconds=12), reference=given, distance=700_000)
    second = phone.tell(now + timedelta(seconds=20), (10 * S, 20 * S, 10 * S, 20 * S))["prompt"]["id"]
    judge(phone, second, now + timedelta(seconds=22), reference=given, mark=b"b")
    counted = phone.tell(now + timedelta(seconds=40), (20 * S, 40 * S, 20 * S, 40 * S))["effective_ms"]
    at = now + timedelta(seconds=45)
    keys = faces.withdraw(phone.session, subject_key=key_of(phone), now=at)
    assert len(keys) == 2
    assert sorted(faces.due(phone.session, now=at)) == sorted(keys)
    assert presence.reference(phone.session, key_of(phone)) is None
    with pytest.raises(errors.NotFound):
        faces.picture_of(phone.session, key_of(phone), prompt_id=prompt_id, now=at)
    prompt = phone.session.get_one(Prompt, asked(phone, now, low=50))
    assert (prompt.way, prompt.is_face) == ("question", False)
    assert phone.session.scalar(select(func.count()).select_from(FaceCheck)) == 2
    assert phone.answers[-1]["effective_ms"] == counted + 10 * S
    mine = persons.consents(phone.session, key_of(phone))
    assert [(row.purpose, row.given) for row in mine] == [(faces.CONSENT, False), (faces.CONSENT, True)]
    assert faces.standing_consent(phone.session, key_of(phone)) is None


def test_after_withdrawing_no_prompt_takes_a_photo_not_even_one_that_waited(phone: Device, now: datetime) -> None:
    agree(phone, now)
    phone.open(now)
    prompt = phone.session.get_one(Prompt, asked(phone, now))
    assert phone.playback is not None
    assert presence.takes_photo(phone.session, phone.playback, prompt)
    faces.withdraw(phone.session, subject_key=key_of(phone), now=now + timedelta(seconds=12))
    assert not presence.takes_photo(phone.session, phone.playback, prompt)
    phone.open(now + timedelta(seconds=15))
    carried = phone.session.scalars(select(Prompt).where(Prompt.playback_id == phone.playback.id)).one()
    assert (carried.way, carried.is_face) == ("question", False)


def test_a_photo_compared_while_the_consent_is_withdrawn_is_not_judged(phone: Device, now: datetime) -> None:
    given = agree(phone, now)
    phone.open(now)
    prompt_id = asked(phone, now)
    faces.withdraw(phone.session, subject_key=key_of(phone), now=now + timedelta(seconds=11))
    with pytest.raises(errors.Conflict):
        judge(phone, prompt_id, now + timedelta(seconds=12), reference=given, distance=700_000)
    at = now + timedelta(hours=2)
    assert len(faces.due(phone.session, now=at)) == 2  # the one begun meanwhile goes too


def test_a_new_photo_replaces_the_former_one(phone: Device, now: datetime) -> None:
    former = agree(phone, now)
    at = now + timedelta(days=1)
    fresh = faces.begin(phone.session, subject_key=key_of(phone), fingerprint=b"n" * 32, now=at)
    assert faces.agree(phone.session, subject_key=key_of(phone), key=fresh, text_version="1", now=at) == [former]
    given = presence.reference(phone.session, key_of(phone))
    assert given is not None
    assert given.key == fresh
    assert faces.due(phone.session, now=at) == [former]
    assert len(persons.consents(phone.session, key_of(phone))) == 1  # the same text, agreed to once


def test_a_picture_whose_writing_was_never_confirmed_goes_by_itself(phone: Device, now: datetime) -> None:
    lost = faces.begin(phone.session, subject_key=key_of(phone), fingerprint=b"l" * 32, now=now)
    assert presence.reference(phone.session, key_of(phone)) is None
    assert faces.due(phone.session, now=now + faces.PUTTING) == [lost]


@pytest.mark.parametrize("verb", [update(FaceCheck).values(distance=0), delete(FaceCheck)])
def test_a_score_can_be_neither_changed_nor_deleted(phone: Device, now: datetime, verb: object) -> None:
    given = agree(phone, now)
    phone.open(now)
    judge(phone, asked(phone, now), now + timedelta(seconds=12), reference=given)
    with pytest.raises(DBAPIError):
        phone.session.execute(verb)  # type: ignore[call-overload]


def test_what_lies_in_the_store_is_sealed_for_its_own_place(tmp_path: Path, vault: Vault) -> None:
    album = Album(DirectoryStore(tmp_path), vault)
    album.keep("faces/one", b"\xff\xd8 a face")
    raw = (tmp_path / "faces/one").read_bytes()
    assert b"a face" not in raw
    assert album.show("faces/one") == b"\xff\xd8 a face"
    album.store.put("faces/two", raw)
    with pytest.raises(SealBroken):
        album.show("faces/two")
    album.drop("faces/one")
    album.drop("faces/one")
    assert not album.store.exists("faces/one")
