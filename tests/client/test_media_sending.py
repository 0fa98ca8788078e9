"""Sending files as the page's script does, for the institution and for those who must not see them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app, jobs
from app.settings import Settings
from media import uploads
from media.assets import Asset, AssetState
from media.storage import Store, address_of
from tests import clips, shelves_app
from tests.conftest import Clock
from tests.seaweed import ACCESS_KEY, BUCKET, SECRET_KEY, Seaweed

PRINT = "ab" * 32


class Sender:
    """A page of the studio, sending one file."""

    def __init__(self, client: FlaskClient, data: bytes, *, kind: str = "video") -> None:
        self.client = client
        self.data = data
        self.kind = kind
        self.id = ""

    def begin(self, **changes: Any) -> TestResponse:
        asked = {
            "kind": self.kind, "file_name": "讲课.mp4", "size_bytes": len(self.data), "fingerprint": PRINT,
        }  # fmt: skip
        told = {**asked, **changes}
        answer = self.client.post("/media/uploads", json=told, headers={"Accept": "application/json"})
        self.id = (answer.json or {}).get("id", "")
        return answer

    def part(self, number: int, data: bytes | None = None, digest: str | None = None) -> TestResponse:
        size = uploads.PART_BYTES
        data = self.data[(number - 1) * size : number * size] if data is None else data
        return self.client.put(
            f"/media/uploads/{self.id}/parts/{number}",
            data=data,
            headers={
                "X-Part-SHA256": sha256(data).hexdigest() if digest is None else digest,
                "Accept": "application/json",
            },
        )

    def complete(self) -> TestResponse:
        return self.client.post(
            f"/media/uploads/{self.id}/complete", headers={"Accept": "application/json"}
        )

    def state(self) -> dict[str, Any]:
        return self.client.get(f"/media/assets/{self.id}.json").get_json()  # type: ignore[no-any-return]


@pytest.fixture
def page(app: Flask, now: datetime) -> FlaskClient:
    """Staff of an institution."""
    return shelves_app.staff(app, shelves_app.institution(app), now=now)


@pytest.fixture
def stranger(app: Flask, now: datetime) -> FlaskClient:
    """Staff of another institution."""
    return shelves_app.staff(app, shelves_app.institution(app, name="常州示例培训学校"), now=now)


@pytest.mark.video
def test_a_lecture_is_sent_in_parts_resumed_encoded_and_shown(
    app: Flask, page: FlaskClient, tmp_path: Path
) -> None:
    data = clips.make(tmp_path / "a.mp4", size="1280x720", seconds=20).read_bytes()
    assert uploads.PART_BYTES < len(data) < 2 * uploads.PART_BYTES
    first = Sender(page, data)
    assert first.begin().json["missing"] == [1, 2]
    assert first.part(2).status_code == 200
    second = Sender(page, data)  # the page was loaded anew
    assert second.begin().json["received"] == [2]
    assert second.id == first.id
    assert second.complete().json["code"] == "parts_missing"
    assert second.part(1).status_code == 200
    assert second.part(1).status_code == 200
    done = second.complete()
    assert (done.status_code, done.json["state"]) == (202, "waiting")
    assert second.complete().status_code == 202
    assert jobs.run_due(app) >= 1
    told = second.state()
    assert (told["state"], told["reason"]) == ("ready", "")
    assert abs(told["duration_ms"] - 20_000) < 120
    assert len(told["renditions"]) == 1, "watchable before the larger pictures are made"
    jobs.run_due(app)
    assert len(second.state()["renditions"]) >= 2
    assert page.get(told["poster_url"]).content_type == "image/webp"
    assert b"#EXTM3U" in page.get(told["preview_url"]).data
    store: Store = app.extensions["xueshi_store"]
    assert store.read(address_of(sha256(data).digest())) == data, "kept under its own hash"
    assert not store.exists(uploads.source_key(first.id))


def test_a_text_file_named_mp4_fails_with_a_sentence(app: Flask, page: FlaskClient) -> None:
    sender = Sender(page, "这不是视频".encode() * 50)
    sender.begin()
    sender.part(1)
    sender.complete()
    jobs.run_due(app)
    told = sender.state()
    assert (told["state"], told["code"]) == ("failed", "unreadable")
    assert "MP4" in told["reason"]
    assert "讲课.mp4" in page.get("/media/").text


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"size_bytes": 0}, "empty_file"),
        ({"size_bytes": "many"}, "empty_file"),
        ({"size_bytes": 9 * 1024**3}, "too_large"),
        ({"kind": "program"}, "kind_unknown"),
        ({"fingerprint": "x"}, "fingerprint_malformed"),
    ],
)
def test_refused_at_the_beginning(page: FlaskClient, changes: dict[str, Any], code: str) -> None:
    answer = page.post(
        "/media/uploads",
        json={"kind": "video", "file_name": "a", "size_bytes": 5, **changes},
        headers={"Accept": "application/json"},
    )
    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert answer.json["title"]


def test_a_damaged_or_misshapen_part_is_refused_and_the_right_one_then_taken(page: FlaskClient) -> None:
    sender = Sender(page, b"0123456789")
    sender.begin()
    assert sender.part(1, digest="00" * 32).json["code"] == "part_damaged"
    assert sender.part(1, b"01234").json["code"] == "part_size_wrong"
    assert sender.part(1, digest="not a digest").json["code"] == "checksum_missing"
    assert sender.part(7).json["code"] == "part_unknown"
    assert sender.part(1).status_code == 200
    assert sender.part(1, b"changed!!!").json["code"] == "part_differs"


def test_a_cancelled_upload_leaves_nothing(app: Flask, page: FlaskClient) -> None:
    sender = Sender(page, b"0123456789")
    sender.begin()
    sender.part(1)
    assert page.delete(f"/media/uploads/{sender.id}").status_code == 204
    assert sender.part(1).json["code"] == "upload_over"
    assert list((app.extensions["xueshi_store"].root / ".parts").iterdir()) == []
    assert page.get("/media/uploads?kind=video").json["items"] == []


def test_unfinished_uploads_are_listed_for_the_institution_alone(
    app: Flask, page: FlaskClient, stranger: FlaskClient
) -> None:
    sender = Sender(page, b"0123456789")
    sender.begin()
    items = page.get("/media/uploads?kind=video").json["items"]
    assert [(item["id"], item["received"], item["parts"]) for item in items] == [(sender.id, 0, 1)]
    assert stranger.get("/media/uploads?kind=video").json["items"] == []
    with app.extensions["xueshi_db"].reading() as session:
        owner = session.get_one(Asset, sender.id).owner
    assert len(page.get(f"/media/uploads?kind=video&owner={owner}").json["items"]) == 1
    assert stranger.get(f"/media/uploads?kind=video&owner={owner}").status_code == 404
    assert Sender(stranger, b"0123456789").begin().json["id"] != sender.id


def test_for_another_institution_nothing_of_it_is_there(
    page: FlaskClient, stranger: FlaskClient
) -> None:
    sender = Sender(page, b"0123456789")
    sender.begin()
    thief = Sender(stranger, sender.data)
    thief.id = sender.id
    answers = [
        thief.part(1),
        thief.complete(),
        stranger.get(f"/media/uploads/{sender.id}"),
        stranger.delete(f"/media/uploads/{sender.id}"),
        stranger.get(f"/media/assets/{sender.id}.json"),
        stranger.post(f"/media/assets/{sender.id}/captions", data={"language": "en"}),
        stranger.post(f"/media/assets/{sender.id}/captions/en/remove"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert sender.state()["state"] == "uploading"


def test_a_learner_may_not_send(app: Flask, now: datetime) -> None:
    learner = shelves_app.signed_in(app, now=now)
    assert Sender(learner, b"x").begin().status_code == 403
    assert app.test_client().get("/media/").status_code == 302


def test_an_institution_that_is_not_mine_cannot_own_my_file(page: FlaskClient) -> None:
    assert Sender(page, b"x").begin(owner="a" * 16).status_code == 404


def test_an_upload_nobody_finished_is_ended_by_the_sweep(
    app: Flask, page: FlaskClient, clock: Any
) -> None:
    sender = Sender(page, b"0123456789")
    sender.begin()
    sender.part(1)
    clock.tick(days=8)
    jobs.run_due(app, clock())
    with app.extensions["xueshi_db"].reading() as session:
        asset = session.get(Asset, sender.id)
        assert (asset.state, asset.last_error) == (AssetState.FAILED, "abandoned")
    assert list((app.extensions["xueshi_store"].root / ".parts").iterdir()) == []


@pytest.fixture
def on_s3(settings: Settings, clock: Clock, seaweed: Seaweed) -> Iterator[Flask]:
    """The site with its files in S3."""
    made = create_app(
        replace(
            settings, media_store="s3", s3_endpoint=seaweed.endpoint, s3_bucket=BUCKET,
            s3_access_key=ACCESS_KEY, s3_secret_key=SECRET_KEY, upload_quota_bytes=100,
        ),
        now=clock,
    )  # fmt: skip
    yield made
    made.extensions["xueshi_db"].engine.dispose()


def test_a_part_goes_past_the_site_and_is_not_sent_again_when_the_page_could_not_say_so(
    on_s3: Flask, now: datetime
) -> None:
    page = shelves_app.staff(on_s3, shelves_app.institution(on_s3), now=now)
    sender = Sender(page, b"0123456789")
    assert sender.begin().json["is_direct"] is True
    hashed = {"sha256": sha256(sender.data).hexdigest()}
    url = f"/media/uploads/{sender.id}/parts/1"
    address = page.post(f"{url}/address", json=hashed).json
    early = page.post(f"{url}/sent", json=hashed, headers={"Accept": "application/json"})
    assert (early.status_code, early.json["code"]) == (409, "part_not_there")
    request = Request(address["url"], data=sender.data, headers=address["headers"], method="PUT")
    with urlopen(request) as sent:
        assert sent.status == 200
    assert page.post(f"{url}/address", json=hashed).json == {"number": 1, "is_here": True}
    assert sender.complete().status_code == 202
    assert b"".join(on_s3.extensions["xueshi_store"].open(uploads.source_key(sender.id))) == sender.data
    more = Sender(page, b"x" * 91).begin(fingerprint="cd" * 32)
    assert (more.status_code, more.json["code"]) == (422, "quota_spent")


def test_an_upload_that_the_bucket_forgot_begins_anew(on_s3: Flask, now: datetime) -> None:
    page = shelves_app.staff(on_s3, shelves_app.institution(on_s3), now=now)
    sender = Sender(page, b"0123456789")
    sender.begin()
    assert sender.part(1).status_code == 200, "through the site, where the store is out of reach"
    store: Store = on_s3.extensions["xueshi_store"]
    for upload in list(store.opened()):
        store.drop_parts(upload.key, upload.ref)
    assert sender.complete().json["code"] == "upload_lost"
    assert sender.begin().json["missing"] == [1]
    assert sender.part(1).status_code == 200
    assert sender.complete().status_code == 202


def test_the_same_file_again_needs_its_hash_and_no_bytes(page: FlaskClient) -> None:
    first = Sender(page, b"0123456789")
    first.begin()
    first.part(1)
    first.complete()
    assert Sender(page, first.data).begin().json == {
        "look_alike": first.id, "part_bytes": uploads.PART_BYTES,
    }  # fmt: skip
    content = sha256(sha256(first.data).digest()).hexdigest()
    same = Sender(page, first.data).begin(content=content).json
    assert (same["id"], same["state"], same["missing"]) == (first.id, "waiting", [])
    other = Sender(page, b"0123456780").begin(content="00" * 32).json
    assert other["id"] != first.id
    assert other["missing"] == [1]


def test_a_file_that_nothing_shows_is_removed_with_all_of_it(
    app: Flask, page: FlaskClient, stranger: FlaskClient, video: str
) -> None:
    store: Store = app.extensions["xueshi_store"]
    store.put("hls/x/y/master.m3u8", b"#EXTM3U")
    assert captioned(page, video, SRT.encode()).status_code == 303
    assert stranger.post(f"/media/assets/{video}/remove").status_code == 404
    assert page.post(f"/media/assets/{video}/remove").status_code == 303
    assert page.get(f"/media/assets/{video}.json").status_code == 404
    assert [found.key for found in store.list("")] == []


SRT = "1\n00:00:01,000 --> 00:00:02,000\n第一条\n"


@pytest.fixture
def video(app: Flask, now: datetime, page: FlaskClient) -> str:
    """A ready video of the page's institution."""
    sender = Sender(page, b"x")
    sender.begin()
    with app.extensions["xueshi_db"].writing() as session:
        asset = session.get(Asset, sender.id)
        asset.state, asset.duration_ms, asset.ready_at = AssetState.READY, 60_000, now
        asset.hls_prefix, asset.image_prefix = "hls/x/y", "images/x/y"
    return sender.id


def captioned(page: FlaskClient, video: str, data: bytes, **form: str) -> TestResponse:
    return page.post(
        f"/media/assets/{video}/captions",
        data={"language": "zh-CN", "file": (BytesIO(data), "a.srt"), **form},
        content_type="multipart/form-data",
    )


def test_captions_are_kept_replaced_and_removed(app: Flask, page: FlaskClient, video: str) -> None:
    store: Store = app.extensions["xueshi_store"]
    assert captioned(page, video, SRT.encode()).status_code == 303
    assert captioned(page, video, SRT.replace("第一条", "新的").encode()).status_code == 303
    kept = list(store.list(f"captions/{video}/"))
    assert len(kept) == 1
    assert "新的" in store.read(kept[0].key).decode()
    assert page.get(f"/media/assets/{video}.json").json["captions"] == ["zh-CN"]
    assert page.post(f"/media/assets/{video}/captions/zh-CN/remove").status_code == 303
    assert list(store.list(f"captions/{video}/")) == []
    assert page.post(f"/media/assets/{video}/captions/zh-CN/remove").status_code == 404


@pytest.mark.parametrize(
    ("data", "form"),
    [(b"no captions", {}), (SRT.replace("00:00", "02:00").encode(), {}), (SRT.encode(), {"language": "../x"})],
)
def test_captions_that_cannot_be_used_are_refused_in_words(
    page: FlaskClient, video: str, data: bytes, form: dict[str, str]
) -> None:
    assert captioned(page, video, data, **form).status_code == 303
    assert page.get(f"/media/assets/{video}.json").json["captions"] == []


def test_the_form_leads_back_to_our_own_pages_only(page: FlaskClient, video: str) -> None:
    assert captioned(page, video, SRT.encode(), next="/catalogue/x").location == "/catalogue/x"
    for elsewhere in ("https://example.com/", "//example.com/", "/\\example.com"):
        assert captioned(page, video, SRT.encode(), next=elsewhere).location == "/media/"


def test_the_page_shows_the_files_and_their_reasons(
    app: Flask, page: FlaskClient, stranger: FlaskClient, video: str, now: datetime
) -> None:
    with app.extensions["xueshi_db"].writing() as session:
        session.get(Asset, video).file_name = "自己的.mp4"
    text = page.get("/media/").text
    assert "自己的.mp4" in text
    assert 'data-kind="video"' in text
    assert "自己的.mp4" not in stranger.get("/media/").text
