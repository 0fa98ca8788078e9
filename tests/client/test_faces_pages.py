"""The consent, the photo and the checks as the learner, a client of the API and an official meet them."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app import jobs
from app.settings import Settings
from courses.oversight import RecordAccess
from courses.watch import faces
from courses.watch.models import FaceCheck, FacePicture
from tests import ledgers, portraits, shelves_app, watching
from tests.conftest import Clock
from tests.ledgers import Learner
from tests.watching import Device

needed = portraits.needed
S = 1_000
PROMPTS = {"every_ms": 60_000, "answer_within_ms": 60_000, "way": "face", "picture_days": 7}
REASON = "投诉核查：2026-17号"


@dataclass
class Seat:
    """A learner with a lesson open, in which presence is asked by a photo of those who agreed."""

    app: Flask
    clock: Clock
    lu: Learner
    phone: Device

    def give(self, photo: bytes, **more: str) -> TestResponse:
        """Agree, by the page's form."""
        data: dict[str, Any] = {"agree": "y", "photo": (io.BytesIO(photo), "photo.jpg"), **more}
        return self.lu.browser.post("/account/face/", data=data, content_type="multipart/form-data")

    def withdraw(self) -> TestResponse:
        return self.lu.browser.post("/account/face/withdraw")

    def asked(self) -> str:
        """A lesson opened and played until something is asked; the prompt's address."""
        with shelves_app.database(self.app).writing() as session:
            self.phone.session = session
            opened = self.phone.open(self.clock.at)
            opened.prompt_due_ms = 5 * S
            session.flush()
            told = self.phone.tell(self.clock.tick(seconds=10), (0, 10 * S, 0, 10 * S))
            return f"/api/v1/playbacks/{opened.id}/prompts/{told['prompt']['id']}"

    def send(self, address: str, photo: bytes) -> TestResponse:
        """The photo as a client of the API sends it."""
        return self.app.test_client().post(
            f"{address}/photo", data=photo, content_type="image/jpeg",
            headers={"Authorization": f"Bearer {self.lu.token}", "Accept-Language": "en"},
        )  # fmt: skip

    def rows(self, kind: Any) -> list[Any]:
        with shelves_app.database(self.app).reading() as session:
            return list(session.query(kind))

    def files(self) -> list[str]:
        """What the store holds of faces."""
        return [found.key for found in self.app.extensions["xueshi_store"].list("faces/")]


def made(app: Flask, clock: Clock) -> Seat:
    lu = ledgers.learner(app, now=clock.at)
    with shelves_app.database(app).writing() as session:
        watching.policy(session, now=clock.at, prompts=PROMPTS)
        taking = watching.taking(session, lu.subject_key, now=clock.at, durations_ms=(600_000,))
    return Seat(app, clock, lu, Device(session, taking, is_quick=False))


@pytest.fixture
def seat(settings: Settings, clock: Clock) -> Iterator[Seat]:
    from app import create_app

    app = create_app(replace(settings, face="dlib"), now=clock)
    yield made(app, clock)
    app.extensions["xueshi_quick"].close()
    app.extensions["xueshi_db"].engine.dispose()


@pytest.fixture
def seat_without(app: Flask, clock: Clock) -> Seat:
    """The same on a site that compares no photos."""
    return made(app, clock)


@needed
def test_agreeing_takes_the_box_and_a_photo(seat: Seat) -> None:
    page = seat.lu.browser.get("/account/face/").text
    assert "You may say no" in page
    assert seat.lu.browser.get("/account/face/photo").status_code == 404
    unticked = seat.lu.browser.post(
        "/account/face/", data={"photo": (io.BytesIO(portraits.first()), "a.jpg")}, content_type="multipart/form-data"
    )
    assert unticked.status_code == 422
    assert seat.files() == []
    assert seat.give(portraits.first()).status_code == 303
    assert "You agreed" in seat.lu.browser.get("/account/face/").text
    shown = seat.lu.browser.get("/account/face/photo")
    assert shown.content_type == "image/jpeg"
    assert shown.headers["Cache-Control"] == "no-store"
    assert "Comparing photos of my face in presence checks" in seat.lu.browser.get("/people/account").text


@needed
@pytest.mark.parametrize(
    ("photo", "sentence"),
    [
        (portraits.nobody, "No face can be seen."),
        (portraits.several, "More than one face can be seen."),
        (lambda: b"%PDF-1.4", "This photo cannot be read."),
        (lambda: b"", "This photo cannot be read."),
    ],
)
def test_what_does_not_serve_is_refused_at_its_field_and_not_kept(seat: Seat, photo: Any, sentence: str) -> None:
    answer = seat.give(photo())
    assert answer.status_code == 422
    assert sentence in answer.text
    assert seat.files() == []
    assert seat.rows(FacePicture) == []


@needed
def test_a_photo_of_oneself_passes_and_is_not_kept(seat: Seat) -> None:
    seat.give(portraits.first())
    address = seat.asked()
    shown = seat.app.test_client().get(address, headers={"Authorization": f"Bearer {seat.lu.token}"}).json
    assert (shown["kind"], shown["way"], shown["photo"]) == ("face", "tap", True)
    answer = seat.send(address, portraits.first_again())
    assert answer.json == {"result": "pass"}
    assert seat.send(address, portraits.second()).json == {"result": "pass"}  # the first answer stands
    (check,) = seat.rows(FaceCheck)
    assert 0 < check.distance <= check.limit == 600_000
    assert len(seat.files()) == 1


@needed
def test_a_stranger_fails_and_is_seen_by_the_learner_and_in_an_opened_record(seat: Seat, clock: Clock) -> None:
    seat.give(portraits.first())
    address = seat.asked()
    assert seat.send(address, portraits.second()).json == {"result": "fail"}
    prompt_id = address.rsplit("/", 1)[1]
    assert seat.lu.browser.get(f"/account/face/checks/{prompt_id}").content_type == "image/jpeg"
    assert "did not match" in seat.lu.browser.get("/account/face/").text
    official = shelves_app.district(seat.app, "CZ-TN", now=clock.at)
    where = f"/oversight/learners/{seat.lu.subject_key}"
    for path in ("/photos/", f"/photos/{prompt_id}"):
        assert official.get(where + path).status_code == 409  # nothing without a reason
    official.post(f"{where}/open", data={"reason": REASON})
    assert "不一致" in official.get(f"{where}/photos/").text
    assert official.get(f"{where}/photos/{prompt_id}").content_type == "image/jpeg"
    reads = [(row.what, row.reason) for row in seat.rows(RecordAccess)]
    assert reads.count(("face", REASON)) == 2
    assert "checks by photo" in seat.lu.browser.get("/ledger/accesses").text
    clock.tick(hours=24 * 7 + 1)
    assert seat.lu.browser.get(f"/account/face/checks/{prompt_id}").status_code == 404
    jobs.run_due(seat.app, clock.at)
    assert len(seat.files()) == 1  # the one given
    assert len(seat.rows(FaceCheck)) == 1


@needed
def test_an_unclear_photo_decides_nothing(seat: Seat) -> None:
    seat.give(portraits.first())
    address = seat.asked()
    for photo, code in (
        (portraits.nobody(), "face_missing"), (portraits.several(), "face_several"),
        (portraits.dark(), "face_dark"), (portraits.first(), "face_repeated"), (b"x", "picture_unreadable"),
    ):  # fmt: skip
        answer = seat.send(address, photo)
        assert (answer.status_code, answer.json["code"]) == (422, code)
    assert seat.send(address, portraits.first_again()).json == {"result": "pass"}


@needed
def test_withdrawing_deletes_at_once(seat: Seat, clock: Clock) -> None:
    seat.give(portraits.first())
    seat.send(seat.asked(), portraits.second())
    assert len(seat.files()) == 2
    page = seat.lu.browser.post("/account/face/withdraw", follow_redirects=True).text
    assert "Your consent is withdrawn, and your photos are deleted." in page
    assert seat.files() == []
    assert seat.rows(FacePicture) == []
    assert len(seat.rows(FaceCheck)) == 1
    clock.tick(minutes=40)
    assert seat.send(seat.asked(), portraits.first_again()).json["code"] == "face_not_asked"


@needed
def test_a_replaced_photo_is_deleted_by_the_job(seat: Seat, clock: Clock) -> None:
    seat.give(portraits.first())
    (former,) = seat.files()
    seat.give(portraits.first_again())
    jobs.run_due(seat.app, clock.at)
    assert len(seat.files()) == 1
    assert former not in seat.files()


@needed
def test_a_photo_too_large_is_not_even_read(seat: Seat) -> None:
    seat.give(portraits.first())
    answer = seat.send(seat.asked(), bytes(faces.MOST_BYTES + 1))
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")


@needed
def test_tries_are_limited(seat: Seat) -> None:
    seat.give(portraits.first())
    address = seat.asked()
    codes = [seat.send(address, b"%d" % number).status_code for number in range(31)]
    assert codes == [422] * 30 + [429]


def test_a_site_without_an_engine_asks_for_no_photo(seat_without: Seat, clock: Clock) -> None:
    seat = seat_without
    with shelves_app.database(seat.app).writing() as session:  # given while the site still compared
        key = faces.begin(session, subject_key=seat.lu.subject_key, fingerprint=b"x" * 32, now=clock.at)
        seat.app.extensions["xueshi_faces"].album.keep(key, b"\xff\xd8")
        faces.agree(session, subject_key=seat.lu.subject_key, key=key, text_version="2026-11-face", now=clock.at)
    address = seat.asked()
    shown = seat.app.test_client().get(address, headers={"Authorization": f"Bearer {seat.lu.token}"}).json
    assert (shown["way"], shown["photo"]) == ("tap", False)
    assert seat.send(address, b"x").json["code"] == "face_not_asked"
    assert seat.give(b"x").status_code == 409
    assert "Withdraw" in seat.lu.browser.get("/account/face/").text
    assert seat.withdraw().status_code == 303
    assert seat.files() == []
