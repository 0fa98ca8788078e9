"""Playing: who gets a file, with which headers, from a directory, behind nginx and from S3."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.request import Request, urlopen

import pytest
from flask import Flask, session
from flask.testing import FlaskClient

from app import create_app, medialinks
from app.settings import Settings
from media import captions
from media.assets import Asset, AssetKind, AssetState
from media.base import new_id
from media.storage import Store
from tests import shelves_app
from tests.conftest import Clock
from tests.seaweed import ACCESS_KEY, BUCKET, SECRET_KEY, Seaweed

SEGMENT = bytes(range(256)) * 40


@pytest.fixture(params=["directory", "s3"])
def media_settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """The store in a directory and in S3."""
    if request.param == "directory":
        return settings
    server: Seaweed = request.getfixturevalue("seaweed")
    return replace(
        settings, media_store="s3", s3_endpoint=server.endpoint, s3_bucket=BUCKET,
        s3_access_key=ACCESS_KEY, s3_secret_key=SECRET_KEY,
    )  # fmt: skip


@pytest.fixture
def app(media_settings: Settings, clock: Clock) -> Iterator[Flask]:
    made = create_app(media_settings, now=clock)
    yield made
    made.extensions["xueshi_db"].engine.dispose()


@pytest.fixture
def asset_id(app: Flask, now: datetime) -> str:
    return shown(app, now)


def shown(app: Flask, now: datetime) -> str:
    """A ready video with the files that matter here."""
    asset_id = new_id()
    store: Store = app.extensions["xueshi_store"]
    store.put(f"hls/{asset_id}/run/master.m3u8", b"#EXTM3U\n360p/index.m3u8\n")
    store.put(f"hls/{asset_id}/run/360p/index.m3u8", b"#EXTM3U\nseg_00000.m4s\n")
    store.put(f"hls/{asset_id}/run/360p/seg_00000.m4s", SEGMENT)
    store.put(f"hls/{asset_id}/run/storyboard/index.json", b'{"sheets": ["sheet_000.jpg"]}')
    store.put(f"hls/{asset_id}/run/storyboard/sheet_000.jpg", SEGMENT)
    store.put(f"images/{asset_id}/run/small.webp", b"picture")
    store.put(f"captions/{asset_id}/zh-cn-1.vtt", "WEBVTT\n\n字幕".encode())
    with app.extensions["xueshi_db"].writing() as opened:
        opened.add(
            Asset(
                id=asset_id, owner="o", kind=AssetKind.VIDEO, state=AssetState.READY, file_name="a.mp4",
                size_bytes=1, part_bytes=1, duration_ms=60_000, hls_prefix=f"hls/{asset_id}/run",
                image_prefix=f"images/{asset_id}/run", created_at=now, ready_at=now,
            )
        )  # fmt: skip
        opened.flush()
        captions.keep(
            opened, asset_id, owners=["o"], language="zh-CN", key=f"captions/{asset_id}/zh-cn-1.vtt"
        )
    return asset_id


def link_for(app: Flask, client: FlaskClient, asset_id: str, *, lasts: timedelta) -> str:
    """The manifest's address as the learning page of this client gets it."""
    with client.session_transaction() as kept:
        cookie = dict(kept)
    with app.test_request_context():
        session.update(cookie)
        at = app.extensions["xueshi_clock"]()
        return medialinks.manifest_url(asset_id, playback_id=new_id(), expires_at=at + lasts)


def preview(app: Flask, asset_id: str) -> str:
    with app.test_request_context():
        return medialinks.preview_url(asset_id)


def test_a_learners_link_plays_for_the_learner_alone(app: Flask, asset_id: str, now: datetime) -> None:
    learner = shelves_app.signed_in(app, now=now)
    url = link_for(app, learner, asset_id, lasts=timedelta(hours=1))
    answer = learner.get(url)
    assert answer.status_code == 200
    assert answer.content_type == "application/vnd.apple.mpegurl"
    assert "private" in answer.headers["Cache-Control"]
    for other in (shelves_app.signed_in(app, now=now), app.test_client()):
        for name in ("master.m3u8", "360p/index.m3u8", "360p/seg_00000.m4s", "storyboard/index.json",
                     "storyboard/sheet_000.jpg"):  # fmt: skip
            copied = other.get(url.replace("master.m3u8", name), headers={"Accept": "application/json"})
            assert (copied.status_code, copied.json["code"]) == (403, "link_refused")


def test_a_link_ends(app: Flask, asset_id: str, now: datetime, clock: Clock) -> None:
    learner = shelves_app.signed_in(app, now=now)
    url = link_for(app, learner, asset_id, lasts=timedelta(hours=1))
    clock.tick(minutes=59)
    assert learner.get(url).status_code == 200
    clock.tick(minutes=1)
    assert learner.get(url).status_code == 403


@pytest.mark.parametrize(("minutes", "hours"), [(45, 4), (300, 10)])
def test_a_lessons_link_lasts_a_sitting_and_twice_a_long_lesson(
    now: datetime, minutes: int, hours: int
) -> None:
    ends = medialinks.end_of_lesson(now, duration_ms=minutes * 60_000)
    assert ends == now + timedelta(hours=hours)


def test_a_link_opens_no_other_asset(app: Flask, asset_id: str, now: datetime) -> None:
    other = shown(app, now)
    url = preview(app, asset_id)
    assert app.test_client().get(url.replace(f"/{asset_id}/", f"/{other}/")).status_code == 403


def test_a_preview_is_for_everybody_at_one_address_a_day(
    app: Flask, asset_id: str, clock: Clock
) -> None:
    url = preview(app, asset_id)
    clock.tick(minutes=90)
    assert preview(app, asset_id) == url
    answer = app.test_client().get(url)
    assert answer.status_code == 200
    assert "public" in answer.headers["Cache-Control"]
    clock.tick(days=2)
    assert app.test_client().get(url).status_code == 403
    assert app.test_client().get(preview(app, asset_id)).status_code == 200


def segment(app: Flask, asset_id: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    """A segment as a player gets it: a redirect is followed, its range kept."""
    url = preview(app, asset_id).replace("master.m3u8", "360p/seg_00000.m4s")
    answer = app.test_client().get(url, headers=headers)
    if answer.status_code != 307:
        return answer.status_code, answer.data, dict(answer.headers)
    assert "private" in answer.headers["Cache-Control"]
    assert "X-Amz-Expires=120&" in answer.location, "a copied address ends soon"
    with urlopen(Request(answer.location, headers=headers)) as sent:
        return sent.status, sent.read(), dict(sent.headers)


def test_a_segment_comes_whole_and_in_ranges(app: Flask, asset_id: str) -> None:
    status, data, headers = segment(app, asset_id)
    assert (status, data) == (200, SEGMENT)
    assert headers["Content-Type"] == "video/iso.segment"
    status, data, headers = segment(app, asset_id, Range="bytes=10-19")
    assert (status, data) == (206, SEGMENT[10:20])
    assert headers["Content-Range"] == f"bytes 10-19/{len(SEGMENT)}"


@pytest.mark.parametrize("media_settings", ["directory"], indirect=True)
def test_a_range_beyond_the_end_is_416_and_an_unchanged_file_304(app: Flask, asset_id: str) -> None:
    url = preview(app, asset_id).replace("master.m3u8", "360p/seg_00000.m4s")
    client = app.test_client()
    assert client.get(url, headers={"Range": "bytes=999999-"}).status_code == 416
    whole = client.get(url)
    assert "immutable" in whole.headers["Cache-Control"]
    assert client.get(url, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("media_settings", ["directory"], indirect=True)
def test_caches_between_keep_what_is_for_all_and_nothing_else(
    app: Flask, asset_id: str, now: datetime
) -> None:
    learner = shelves_app.signed_in(app, now=now)
    names = ("master.m3u8", "360p/seg_00000.m4s", "captions/zh-CN.vtt")
    for name in names:
        answer = learner.get(preview(app, asset_id).replace("master.m3u8", name))
        assert answer.headers["Cache-Control"].startswith("public")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Cookie" not in answer.headers.get("Vary", ""), "one copy for everybody"
        assert "Set-Cookie" not in answer.headers
    url = link_for(app, learner, asset_id, lasts=timedelta(hours=1))
    for name in names:
        answer = learner.get(url.replace("master.m3u8", name))
        assert answer.headers["Cache-Control"].startswith("private")
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("media_settings", ["directory"], indirect=True)
def test_behind_nginx_the_file_leaves_by_nginx(
    media_settings: Settings, clock: Clock, now: datetime
) -> None:
    app = create_app(replace(media_settings, accel_prefix="/_store/"), now=clock)
    asset_id = shown(app, now)
    url = preview(app, asset_id).replace("master.m3u8", "360p/seg_00000.m4s")
    answer = app.test_client().get(url)
    assert answer.headers["X-Accel-Redirect"] == f"/_store/hls/{asset_id}/run/360p/seg_00000.m4s"
    assert answer.data == b""
    app.extensions["xueshi_db"].engine.dispose()


@pytest.mark.parametrize("media_settings", ["s3"], indirect=True)
def test_with_s3_the_page_may_load_from_there(app: Flask, media_settings: Settings) -> None:
    policy = app.test_client().get("/people/sign-in").headers["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    for name in ("connect-src", "media-src"):
        assert media_settings.s3_endpoint in directives[name]
    assert media_settings.s3_endpoint not in directives["script-src"]


def test_pictures_are_public(app: Flask, asset_id: str) -> None:
    with app.test_request_context():
        url = medialinks.image_url(asset_id)
    answer = app.test_client().get(url)
    assert (answer.status_code, answer.data, answer.content_type) == (200, b"picture", "image/webp")
    assert "public" in answer.headers["Cache-Control"]
    assert app.test_client().get(url.replace("small", "huge")).status_code == 404
    assert app.test_client().get(url.replace("small.webp", "large.jpg")).status_code == 404


def test_captions_of_a_lesson_are_for_the_learner_alone(
    app: Flask, asset_id: str, now: datetime
) -> None:
    learner = shelves_app.signed_in(app, now=now)
    with learner.session_transaction() as kept:
        cookie = dict(kept)
    with app.test_request_context(), app.extensions["xueshi_db"].reading() as opened:
        nobodys = medialinks.caption_tracks(opened, asset_id, for_all=False)[0]["url"]
        session.update(cookie)
        url = medialinks.caption_tracks(opened, asset_id, for_all=False)[0]["url"]
    assert learner.get(url).status_code == 200
    assert app.test_client().get(url).status_code == 403
    assert learner.get(nobodys).status_code == 403


def test_a_handout_is_read_page_by_page_and_taken_along_by_the_learner_alone(
    app: Flask, asset_id: str, now: datetime
) -> None:
    learner = shelves_app.signed_in(app, now=now)
    url = handout_for(app, learner, now=now)
    page = learner.get(url)
    assert page.status_code == 200
    assert page.text.count('loading="lazy"') == 2
    assert "先检测" in page.text
    assert 'href="/watch/x"' in page.text
    assert "example.com" not in learner.get(url.replace("%2Fwatch%2Fx", "//example.com")).text
    token = url.split("/")[3]
    handout_id = url.split("/")[4].partition("?")[0]
    one, whole = (f"/media/play/{token}/{handout_id}/handout/{name}" for name in ("page_0001.webp", "original.pdf"))
    assert learner.get(one, follow_redirects=False).status_code in (200, 307)
    taken = learner.get(whole)
    assert (taken.status_code, taken.data, taken.content_type) == (200, b"%PDF-1.7 whole", "application/pdf")
    assert taken.headers["Content-Disposition"].startswith("attachment")
    for other in (shelves_app.signed_in(app, now=now), app.test_client()):
        for address in (url, one, whole):
            assert other.get(address, headers={"Accept": "application/json"}).status_code == 403
    film = link_for(app, learner, asset_id, lasts=timedelta(hours=1))
    assert learner.get(film.replace("master.m3u8", "handout/original.pdf")).status_code == 404


def handout_for(app: Flask, client: FlaskClient, *, now: datetime) -> str:
    """The reading page's address of a PDF of two pages, as this client's lesson shows it."""
    store: Store = app.extensions["xueshi_store"]
    made = new_id()
    table = {"pages": [{"width": 1200, "height": 675, "text": text} for text in ("先检测 <b>", "")]}
    store.put(f"images/{made}/run/pages.json", json.dumps(table).encode())
    for number in (1, 2):
        store.put(f"images/{made}/run/page_000{number}.webp", b"page")
    store.put(f"sources/{made}/original", b"%PDF-1.7 whole")
    asset = Asset(
        id=made, owner="o", kind=AssetKind.DOCUMENT, state=AssetState.READY, file_name="课件.pdf",
        size_bytes=14, part_bytes=14, source_key=f"sources/{made}/original", image_prefix=f"images/{made}/run",
        probe={"pages": 2}, created_at=now, ready_at=now,
    )  # fmt: skip
    with client.session_transaction() as kept:
        cookie = dict(kept)
    with app.test_request_context("/watch/x"):
        session.update(cookie)
        (told,) = medialinks.handouts([asset])
    with app.extensions["xueshi_db"].writing() as opened:
        opened.add(asset)
    assert (told["title"], told["pages"]) == ("课件", 2)
    return str(told["url"])


def test_captions_are_text_tracks(app: Flask, asset_id: str) -> None:
    with app.test_request_context(), app.extensions["xueshi_db"].reading() as opened:
        tracks = medialinks.caption_tracks(opened, asset_id, for_all=True)
    assert [(track["language"], track["label"]) for track in tracks] == [("zh-CN", "中文")]
    answer = app.test_client().get(tracks[0]["url"])
    assert answer.content_type == "text/vtt; charset=utf-8"
    assert "字幕" in answer.data.decode()
    assert app.test_client().get(tracks[0]["url"].replace("zh-CN", "en")).status_code == 404


@pytest.mark.parametrize("name", ["source", "360p/nothing.m4s", "360p/../master.m3u8"])
def test_what_is_no_part_of_the_lesson_is_not_found(app: Flask, asset_id: str, name: str) -> None:
    url = preview(app, asset_id).replace("master.m3u8", name)
    assert app.test_client().get(url).status_code == 404


@pytest.mark.parametrize("media_settings", ["directory"], indirect=True)
def test_a_segment_that_is_not_there_is_not_found(app: Flask, asset_id: str) -> None:
    url = preview(app, asset_id).replace("master.m3u8", "360p/seg_00009.m4s")
    assert app.test_client().get(url).status_code == 404


def test_an_asset_that_is_not_ready_is_not_shown(app: Flask, now: datetime) -> None:
    with app.extensions["xueshi_db"].writing() as opened:
        asset = Asset(
            owner="o", kind=AssetKind.VIDEO, state=AssetState.WORKING, file_name="a", size_bytes=1,
            part_bytes=1, created_at=now,
        )  # fmt: skip
        opened.add(asset)
        opened.flush()
        asset_id = asset.id
    assert app.test_client().get(preview(app, asset_id)).status_code == 404
