"""The uploader in a real Chromium, to a directory and straight to S3: cut lines, a reload, a pause, a queue."""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, CDPSession, Locator, Page, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from app import create_app, jobs, messages
from app.settings import Settings
from media import uploads
from media.assets import Asset
from tests import clips, playlists, shelves_app
from tests.seaweed import ACCESS_KEY, BUCKET, SECRET_KEY, Seaweed

pytestmark = [pytest.mark.browser, pytest.mark.video]
ROOT = Path(__file__).resolve().parents[2]
KEY = bytes(range(32))
LAST_PARTS = re.compile(r"/parts/[45]$|[?&]partNumber=[45]&")
PART = re.compile(r"(?:/parts/|[?&]partNumber=)(\d+)(?:$|&)")
SLOW = {"offline": False, "latency": 5, "downloadThroughput": -1, "uploadThroughput": 6_000_000}


@dataclass
class Studio:
    """A running site, a page of it with staff signed in, and which parts arrived, and where."""

    app: Flask
    page: Page
    sent: Counter[int] = field(default_factory=Counter)
    hosts: set[str] = field(default_factory=set)
    line: CDPSession | None = None

    def slow_line(self, *, cut: bool = False) -> None:
        if self.line is None:
            self.line = self.page.context.new_cdp_session(self.page)
            self.line.send("Network.enable")
        self.line.send("Network.emulateNetworkConditions", {**SLOW, "offline": cut})

    def choose(self, *paths: Path) -> None:
        self.page.get_by_label("Video files").set_input_files(list(paths))

    def row(self, path: Path) -> Locator:
        return self.page.locator("[data-upload-files] > li").filter(has_text=path.name)

    def until(self, share: float) -> None:
        self.page.wait_for_function(
            "share => document.querySelector('[data-upload] progress')?.value >= share", arg=share
        )

    def says(self, path: Path, text: str) -> None:
        expect(self.row(path).locator("[data-upload-line]")).to_contain_text(text, timeout=60_000)

    def work(self) -> None:
        """Encode whatever waits, as the worker would."""
        worker = threading.Thread(target=jobs.run_due, args=(self.app,))
        worker.start()
        while worker.is_alive():
            self.page.wait_for_timeout(200)  # the page goes on asking meanwhile

    def asset(self, path: Path) -> dict[str, Any]:
        """What the site says of the file in the row."""
        with self.app.extensions["xueshi_db"].reading() as session:
            found = session.scalars(select(Asset).where(Asset.file_name == path.name)).all()
        told: dict[str, Any] = self.page.evaluate(
            "id => fetch(`/media/assets/${id}.json`).then(r => r.json())", found[-1].id
        )
        return told

    def count(self, response: Any) -> None:
        found = PART.search(response.url)
        if found and response.request.method == "PUT" and response.status == 200:
            self.sent[int(found.group(1))] += 1
            self.hosts.add(response.url.split("/")[2])


@pytest.fixture(params=["directory"])
def studio(
    request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path, chromium: Browser
) -> Iterator[Studio]:
    messages.compile_all()
    assert (ROOT / "app/static/dist/upload.js").exists(), "build the assets first: npm run build"
    (tmp_path / "xueshi.sqlite").write_bytes(sqlite_template.read_bytes())
    settings = Settings(
        data_dir=tmp_path, search_dir=tmp_path / "search", secret_key=KEY, vault_key=KEY,
        index_key=KEY[::-1], log_level="ERROR",
    )  # fmt: skip
    if request.param == "s3":
        server: Seaweed = request.getfixturevalue("seaweed")
        settings = replace(
            settings, media_store="s3", s3_endpoint=server.endpoint, s3_bucket=BUCKET,
            s3_access_key=ACCESS_KEY, s3_secret_key=SECRET_KEY,
        )  # fmt: skip
    app = create_app(settings)
    client = shelves_app.staff(app, shelves_app.institution(app), now=datetime.now(UTC))
    app.config["WTF_CSRF_ENABLED"] = True
    web = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{web.server_port}"
    app.extensions["xueshi_store"].allow(url)
    context = chromium.new_context(base_url=url, locale="en-GB")  # under the site's own CSP
    context.add_init_script(path=ROOT / "node_modules/hls.js/dist/hls.light.min.js")
    cookie = client.get_cookie("xueshi")
    assert cookie is not None
    context.add_cookies([{"name": "xueshi", "value": cookie.value, "url": url}])
    page = context.new_page()
    made = Studio(app, page)
    page.on("response", made.count)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/locale/en?next=/media/")
    page.goto("/media/")
    yield made
    context.close()
    web.shutdown()
    thread.join()
    app.extensions["xueshi_db"].engine.dispose()


@pytest.fixture(scope="session")
def lecture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of several parts, with B-frames, as cameras make them."""
    path = tmp_path_factory.mktemp("lecture") / "讲课.mp4"
    extra = ("-preset", "ultrafast", "-b:v", "24M", "-minrate", "24M", "-maxrate", "24M", "-bufsize", "24M",
             "-x264-params", "nal-hrd=cbr:bframes=2")  # fmt: skip
    clips.make(path, size="1280x720", seconds=12, extra=extra)
    assert 4 * uploads.PART_BYTES < path.stat().st_size < 5 * uploads.PART_BYTES
    return path


@pytest.mark.parametrize("studio", ["directory", "s3"], indirect=True)
def test_three_cut_lines_a_reload_and_a_pause_cost_nothing_that_was_sent(
    studio: Studio, lecture: Path, tmp_path: Path
) -> None:
    page = studio.page
    second = clips.make(tmp_path / "second.mp4", seconds=2, rate="24000/1001")
    others = [
        clips.portrait(tmp_path / "phone.mp4"),
        clips.variable(tmp_path / "screen.mp4"),
        clips.make(tmp_path / "silent.mp4", size="360x640", seconds=2, sound=False),
    ]
    studio.slow_line()
    page.route(LAST_PARTS, lambda _route: None)  # the last two parts get stuck on the way
    studio.choose(lecture, second)
    studio.says(second, "Waiting for its turn")
    for share in (0.05, 0.15):
        studio.until(share)
        studio.slow_line(cut=True)
        studio.says(lecture, "Trying again")
        studio.slow_line()
    while not {1, 2, 3} <= set(studio.sent):
        page.wait_for_timeout(100)
    page.goto("/media/")  # closed and opened again
    before = set(studio.sent)
    studio.says(lecture, "Choose the same file again")
    studio.slow_line()
    studio.choose(lecture, second)
    page.get_by_role("button", name=f"Pause {lecture.name}").press("Enter")
    studio.says(lecture, "Paused")
    expect(page.get_by_role("button", name=f"Go on {lecture.name}")).to_be_focused()
    page.unroute(LAST_PARTS)  # only now may they arrive: the pause must come before the end
    studio.says(second, "Waiting to be processed")  # the next one did not wait for it
    studio.slow_line(cut=True)
    page.keyboard.press("Enter")
    studio.says(lecture, "Trying again")
    studio.slow_line()
    studio.says(lecture, "Waiting to be processed")
    count = -(-lecture.stat().st_size // uploads.PART_BYTES)
    assert set(studio.sent) == set(range(1, count + 1))
    assert all(studio.sent[number] == 1 for number in before - {1}), "what had arrived was not sent again"
    assert studio.sent[1] == 2, "one of each file"
    site, store = page.url.split("/")[2], studio.app.extensions["xueshi_settings"].s3_endpoint
    assert studio.hosts == {store.split("/")[2] if store else site}
    studio.work()
    studio.choose(*others)
    for path in others:
        studio.says(path, "Waiting to be processed")
    studio.work()
    for path in (lecture, second, *others):
        studio.says(path, "Ready to be played")
        expect(studio.row(path).locator("img")).to_be_visible()
        told = studio.asset(path)
        playlists_are_in_order(page, told)
        plays_from_zero(page, told)
    known_at_once(studio, lecture)


def playlists_are_in_order(page: Page, told: dict[str, Any]) -> None:
    """Every playlist, as it comes over the line, keeps to the grammar of HLS, and every segment is there."""
    folder = told["preview_url"].rpartition("/")[0]
    for uri in playlists.check_master(page.request.get(told["preview_url"]).text()):
        segments = playlists.check_media(page.request.get(f"{folder}/{uri}").text())
        rung = uri.rpartition("/")[0]
        assert page.request.get(f"{folder}/{rung}/{segments[-1]}").ok


def known_at_once(studio: Studio, path: Path) -> None:
    """The same file, chosen again, is compared by its hash; nothing is sent."""
    before = studio.sent.total()
    studio.page.goto("/media/")
    studio.choose(path)
    studio.says(path, "was here already")
    assert studio.sent.total() == before


def plays_from_zero(page: Page, told: dict[str, Any]) -> None:
    """The preview plays in Chromium by hls.js from the very first millisecond."""
    found = page.evaluate(PLAY, told["preview_url"])
    assert found["start"] == 0
    assert found["at"] > 1
    assert abs(found["duration"] * 1000 - told["duration_ms"]) < 100
    assert found["dropped"] is False


PLAY = """
url => new Promise((resolve, reject) => {
  const video = document.createElement('video');
  video.muted = true;
  document.body.append(video);
  const hls = new Hls();
  hls.on(Hls.Events.ERROR, (_e, data) => data.fatal && reject(new Error(data.details)));
  hls.loadSource(url);
  hls.attachMedia(video);
  video.addEventListener('timeupdate', () => {
    if (video.currentTime > 1)
      resolve({start: video.buffered.start(0), at: video.currentTime, duration: video.duration,
               dropped: video.videoWidth === 0});
  });
  video.play().catch(reject);
})
"""


def test_what_cannot_be_used_says_why_in_its_row_and_the_next_one_goes_on(
    studio: Studio, tmp_path: Path
) -> None:
    told = {
        "empty.mp4": (b"", "This file is empty"),
        "slides.mp4": (b"%PDF-1.7 " * 9, "This is a document, not a video"),
        "notes.mp4": (b"not a video " * 100, "not a video that can be read"),
    }
    for name, (content, _why) in told.items():
        (tmp_path / name).write_bytes(content)
    studio.choose(*(tmp_path / name for name in told))
    studio.says(tmp_path / "notes.mp4", "Waiting to be processed")
    jobs.run_due(studio.app)
    for name, (_content, why) in told.items():
        expect(studio.row(tmp_path / name).get_by_role("alert")).to_contain_text(why, timeout=20_000)


def test_cancelling_forgets_what_was_sent(studio: Studio, lecture: Path) -> None:
    studio.page.route(LAST_PARTS, lambda _route: None)
    studio.choose(lecture)
    studio.until(0.5)
    studio.page.get_by_role("button", name="Cancel the upload").click()
    expect(studio.row(lecture)).to_have_count(0)
    studio.page.wait_for_function(
        "fetch('/media/uploads?kind=video').then(r => r.json()).then(j => !j.items.length)"
    )
    expect(studio.page.get_by_label("Video files")).to_be_focused()
