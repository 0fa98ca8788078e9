"""The uploader in a real Chromium: a cut line, a reload, a pause, and then the video plays."""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, CDPSession, Page, expect
from werkzeug.serving import make_server

from app import create_app, jobs, messages
from app.settings import Settings
from media import uploads
from tests import clips, shelves_app

pytestmark = [pytest.mark.browser, pytest.mark.video]
ROOT = Path(__file__).resolve().parents[2]
KEY = bytes(range(32))
LAST_PARTS = re.compile(r"/parts/[45]$")
PART = re.compile(r"/parts/(\d+)$")
SLOW = {"offline": False, "latency": 5, "downloadThroughput": -1, "uploadThroughput": 6_000_000}


@dataclass
class Studio:
    """A running site, a page of it with staff signed in, and what the page sent."""

    app: Flask
    page: Page
    sent: Counter[int]
    line: CDPSession | None = None

    def slow_line(self, *, cut: bool = False) -> None:
        if self.line is None:
            self.line = self.page.context.new_cdp_session(self.page)
            self.line.send("Network.enable")
        self.line.send("Network.emulateNetworkConditions", {**SLOW, "offline": cut})

    def choose(self, path: Path) -> None:
        self.page.get_by_label("Video file").set_input_files(path)

    def progress(self) -> float:
        return float(self.page.locator("[data-upload] progress").evaluate("bar => bar.value"))

    def until(self, share: float) -> None:
        self.page.wait_for_function(
            "share => document.querySelector('[data-upload] progress').value >= share", arg=share
        )

    def says(self, text: str) -> None:
        expect(self.page.locator("[data-upload-line]")).to_contain_text(text, timeout=60_000)


@pytest.fixture
def studio(tmp_path: Path, sqlite_template: Path, chromium: Browser) -> Iterator[Studio]:
    messages.compile_all()
    assert (ROOT / "app/static/dist/upload.js").exists(), "build the assets first: npm run build"
    (tmp_path / "xueshi.sqlite").write_bytes(sqlite_template.read_bytes())
    app = create_app(
        Settings(
            data_dir=tmp_path, search_dir=tmp_path / "search", secret_key=KEY, vault_key=KEY,
            index_key=KEY[::-1], log_level="ERROR",
        )
    )  # fmt: skip
    client = shelves_app.staff(app, shelves_app.institution(app), now=datetime.now(UTC))
    app.config["WTF_CSRF_ENABLED"] = True
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    context = chromium.new_context(base_url=url, locale="en-GB", bypass_csp=True)
    cookie = client.get_cookie("xueshi")
    assert cookie is not None
    context.add_cookies([{"name": "xueshi", "value": cookie.value, "url": url}])
    page = context.new_page()
    sent: Counter[int] = Counter()

    def count(response: Any) -> None:
        found = PART.search(response.url)
        if found and response.status == 200:
            sent[int(found.group(1))] += 1

    page.on("response", count)
    page.goto("/locale/en?next=/media/")
    page.goto("/media/")
    yield Studio(app, page, sent)
    context.close()
    server.shutdown()
    thread.join()
    app.extensions["xueshi_db"].engine.dispose()


@pytest.fixture(scope="session")
def lecture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of several parts, with B-frames, as cameras make them."""
    path = tmp_path_factory.mktemp("lecture") / "讲课.mp4"
    extra = ("-preset", "ultrafast", "-b:v", "9M", "-minrate", "9M", "-maxrate", "9M", "-bufsize", "9M",
             "-x264-params", "nal-hrd=cbr:bframes=2")  # fmt: skip
    clips.make(path, size="1280x720", seconds=30, extra=extra)
    assert path.stat().st_size > 3 * uploads.PART_BYTES
    return path


def test_cut_line_reload_and_pause_cost_nothing_that_was_sent(studio: Studio, lecture: Path) -> None:
    page = studio.page
    studio.slow_line()
    page.route(LAST_PARTS, lambda _route: None)  # the last two parts get stuck on the way
    studio.choose(lecture)
    studio.until(0.2)
    studio.slow_line(cut=True)
    studio.says("Trying again")
    studio.slow_line()
    while not {1, 2, 3} <= set(studio.sent):
        page.wait_for_timeout(100)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/media/")
    before = set(studio.sent)
    studio.says("Choose the same file again")
    studio.slow_line()
    studio.choose(lecture)
    page.get_by_role("button", name="Pause").press("Enter")
    studio.says("Paused")
    expect(page.get_by_role("button", name="Go on")).to_be_focused()
    page.unroute(LAST_PARTS)  # only now may they arrive: the pause must come before the end
    page.keyboard.press("Enter")
    studio.says("Waiting to be processed")
    count = -(-lecture.stat().st_size // uploads.PART_BYTES)
    assert set(studio.sent) == set(range(1, count + 1))
    assert all(studio.sent[number] == 1 for number in before), "what had arrived was not sent again"
    worker = threading.Thread(target=jobs.run_due, args=(studio.app,))
    worker.start()
    studio.says("Ready to be played")
    worker.join()
    expect(page.locator("[data-upload-result] img")).to_be_visible()
    assert page.locator("[data-upload-value]").input_value()
    expect(page.locator("[data-upload-spoken]")).to_contain_text("Ready")
    plays_from_zero(studio)


def plays_from_zero(studio: Studio) -> None:
    """The preview plays in Chromium by hls.js from the very first millisecond."""
    asset_id = studio.page.locator("[data-upload-value]").input_value()
    told = studio.page.evaluate("id => fetch(`/media/assets/${id}.json`).then(r => r.json())", asset_id)
    studio.page.add_script_tag(path=ROOT / "node_modules/hls.js/dist/hls.light.min.js")
    found = studio.page.evaluate(PLAY, told["preview_url"])
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


def test_a_file_that_is_no_video_says_why_and_lets_another_be_chosen(
    studio: Studio, tmp_path: Path
) -> None:
    wrong = tmp_path / "notes.mp4"
    wrong.write_text("not a video " * 100)
    studio.choose(wrong)
    studio.says("Waiting to be processed")
    jobs.run_due(studio.app)
    failure = studio.page.get_by_role("alert").filter(has_text="not a video that can be read")
    expect(failure).to_be_visible(timeout=20_000)
    assert studio.page.locator("[data-upload-value]").input_value() == ""
    expect(studio.page.get_by_label("Video file")).to_be_enabled()


def test_an_empty_file_is_refused_at_once(studio: Studio, tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").write_bytes(b"")
    studio.choose(tmp_path / "empty.mp4")
    expect(studio.page.get_by_role("alert").filter(has_text="This file is empty")).to_be_visible()


def test_cancelling_forgets_what_was_sent(studio: Studio, lecture: Path) -> None:
    studio.page.route(LAST_PARTS, lambda _route: None)
    studio.choose(lecture)
    studio.until(0.5)
    studio.page.get_by_role("button", name="Cancel the upload").click()
    studio.says("cancelled")
    studio.page.wait_for_function(
        "fetch('/media/uploads?kind=video').then(r => r.json()).then(j => !j.items.length)"
    )
    expect(studio.page.get_by_label("Video file")).to_be_enabled()
