"""A photo as the answer, in a real browser with a camera that plays a real face: consent, check, the other way."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import make_server

from app import create_app, messages
from app.settings import Settings
from courses.watch.models import FaceCheck, PromptAnswer
from tests import clips, portraits, watching
from tests.browser.checks import CHROMIUM, FLAGS, LOOKS, Look, axe
from tests.browser.lesson import (
    CHOICES,
    KEY,
    PHONE,
    Site,
    clip,
    comes_true,
    fresh,
    moves,
    play,
    signed_in,
    stock,
)

__all__ = ["clip", "fresh"]  # the fixtures
pytestmark = [pytest.mark.browser, pytest.mark.video, portraits.needed]
PICTURES = os.environ.get("XUESHI_TEST_PICTURES", "")
CAMERA = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, clip: Path
) -> Iterator[Site]:
    messages.compile_all()
    folder = tmp_path_factory.mktemp("photographed")
    (folder / "xueshi.sqlite").write_bytes(sqlite_template.read_bytes())
    app = create_app(
        Settings(
            data_dir=folder, search_dir=folder / "search", secret_key=KEY, vault_key=KEY,
            index_key=KEY[::-1], log_level="ERROR", beat_every_ms=3_000, face="dlib",
        )
    )  # fmt: skip
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made = stock(app, clip, f"http://127.0.0.1:{server.server_port}")
    database = app.extensions["xueshi_db"]
    with database.writing() as session:
        watching.policy(
            session,
            now=app.extensions["xueshi_clock"](),
            prompts={
                "every_ms": 6_000,
                "answer_within_ms": 90_000,
                "way": "face",
                "picture_days": 7,
            },
        )
    yield made
    server.shutdown()
    app.extensions["xueshi_quick"].close()
    database.engine.dispose()


def film(folder: Path, picture: bytes, name: str) -> Path:
    """What a camera would see: the photo, for two seconds, again and again."""
    still = folder / f"{name}.jpg"
    still.write_bytes(picture)
    made = folder / f"{name}.mjpeg"
    clips.run("-loop", "1", "-i", str(still), "-vf", "scale=640:480:force_original_aspect_ratio=decrease,"
              "pad=640:480:(ow-iw)/2:(oh-ih)/2", "-r", "10", "-t", "2", "-q:v", "2", str(made))  # fmt: skip
    return made


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What a camera sees of the learner, and of somebody else."""
    folder = tmp_path_factory.mktemp("camera")
    pictures = {"self": portraits.first_again(0), "stranger": portraits.second()}
    return {name: film(folder, picture, name) for name, picture in pictures.items()}


@pytest.fixture(scope="module")
def cameras(chromium: Browser, films: dict[str, Path]) -> Iterator[dict[str, Browser]]:
    """Browsers whose camera sees the learner, or somebody else."""
    found = {
        name: chromium.browser_type.launch(
            executable_path=CHROMIUM,
            args=[*FLAGS, *CAMERA, f"--use-file-for-fake-video-capture={path}"],
        )
        for name, path in films.items()
    }
    yield found
    for browser in found.values():
        browser.close()


def agreed(context: BrowserContext, tmp_path: Path) -> Page:
    """Lu gives the consent with a photo from a file."""
    photo = tmp_path / "me.jpg"
    photo.write_bytes(portraits.first())
    page = context.new_page()
    page.goto("/account/face/")
    page.set_input_files('input[name="photo"]', str(photo))
    page.check('input[name="agree"]')
    page.click('main form[enctype] button[type="submit"]')
    page.wait_for_url("**/account/face/")
    page.wait_for_selector("img.camera__photo")
    return page


def prompted(page: Page) -> Any:
    """Wait until something is asked, and its ways to answer are there."""
    comes_true(page, "!document.querySelector('[data-prompt]').hidden", seconds=30)
    comes_true(page, "document.querySelectorAll('[data-prompt-answers] button').length > 0")
    return page.locator("[data-prompt]")


def closed(page: Page) -> None:
    comes_true(page, "document.querySelector('[data-prompt]').hidden", seconds=40)


def rows(site: Site, kind: Any) -> list[Any]:
    with site.app.extensions["xueshi_db"].reading() as session:
        return list(session.query(kind))


def sees(page: Page) -> None:
    """Wait until the camera shows something."""
    comes_true(
        page, "(document.querySelector('video.camera__view')?.videoWidth ?? 0) > 0", seconds=60
    )


def test_the_consent_is_given_with_the_devices_camera(
    cameras: dict[str, Browser], fresh: Site
) -> None:
    context = signed_in(cameras["self"], fresh)
    page = context.new_page()
    page.goto("/account/face/")
    page.click("text=Use the camera of this device")
    sees(page)
    page.keyboard.press("Enter")  # the button to take it has the focus
    comes_true(page, "document.querySelector('input[type=file]').files.length === 1")
    assert page.is_visible("canvas.camera__view")
    assert axe(page) == []
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/face-agreeing.png", full_page=True)
    page.check('input[name="agree"]')
    page.click('main form[enctype] button[type="submit"]')
    page.wait_for_selector("img.camera__photo")
    comes_true(page, "document.querySelector('img.camera__photo').naturalWidth > 0")
    page.click("text=Withdraw, and delete all my photos")
    page.wait_for_selector("text=Your consent is withdrawn")
    assert page.locator("img.camera__photo").count() == 0
    context.close()


def test_a_photo_and_it_goes_on(cameras: dict[str, Browser], fresh: Site, tmp_path: Path) -> None:
    context = signed_in(cameras["self"], fresh)
    agreed(context, tmp_path)
    before = len(rows(fresh, FaceCheck))
    page = context.new_page()
    play(page, fresh)
    box = prompted(page)
    sees(page)
    comes_true(page, "video.paused")
    page.keyboard.press("Enter")  # takes it, and the focus goes on to sending
    comes_true(page, "document.activeElement.textContent === 'Send the photo'")
    page.keyboard.press("Enter")
    closed(page)
    moves(page)
    assert box.locator("video").count() == 0  # the camera is out
    checks = rows(fresh, FaceCheck)
    assert len(checks) == before + 1
    assert all(check.distance <= check.limit for check in checks[-1:])
    context.close()


def test_somebody_else_is_asked_again_and_can_answer_without_a_photo(
    cameras: dict[str, Browser], fresh: Site, tmp_path: Path
) -> None:
    context = signed_in(cameras["stranger"], fresh)
    agreed(context, tmp_path)
    page = context.new_page()
    play(page, fresh)
    box = prompted(page)
    sees(page)
    page.click("text=Take the photo")
    page.click("text=Send the photo")
    comes_true(
        page,
        "document.querySelector('[data-prompt-said]').textContent.includes('did not match')",
        seconds=40,
    )
    comes_true(
        page, "document.querySelectorAll('[data-prompt-answers] button:not(:disabled)').length >= 2"
    )
    page.click("text=Answer without a photo")
    answers = len(rows(fresh, PromptAnswer))
    comes_true(page, "document.querySelector('[data-prompt-camera]').hidden")
    box.get_by_text(CHOICES[0]).click()
    closed(page)
    assert len(rows(fresh, PromptAnswer)) == answers + 1
    context.close()


def test_without_a_camera_a_file_or_the_other_way_serves(
    chromium: Browser, fresh: Site, tmp_path: Path
) -> None:
    context = signed_in(chromium, fresh)
    agreed(context, tmp_path)
    page = context.new_page()
    play(page, fresh)
    box = prompted(page)
    comes_true(
        page, "document.querySelector('.camera__words').textContent.includes('cannot be used')"
    )
    comes_true(page, "document.activeElement.textContent === 'Choose a photo'")
    photo = tmp_path / "now.jpg"
    photo.write_bytes(portraits.first_again())
    field = '[data-prompt-camera] input[type="file"]'
    page.evaluate(
        f"document.querySelector('{field}').addEventListener('click', () => {{ window.isChoosing = true; }})"
    )
    page.keyboard.press("Enter")
    comes_true(page, "window.isChoosing")
    page.set_input_files(field, str(photo))
    comes_true(page, "document.activeElement.textContent === 'Send the photo'")
    page.keyboard.press("Enter")
    closed(page)
    moves(page)
    assert box.is_hidden()
    context.close()


def test_who_agreed_to_nothing_never_sees_a_camera(
    cameras: dict[str, Browser], fresh: Site
) -> None:
    context = signed_in(cameras["self"], fresh)
    page = context.new_page()
    page.goto("/account/face/")
    if page.locator("text=Withdraw, and delete all my photos").count():
        page.click("text=Withdraw, and delete all my photos")
        page.wait_for_selector("text=Your consent is withdrawn")
    play(page, fresh)
    box = prompted(page)
    assert box.locator("[data-prompt-camera]").is_hidden()
    assert "photo" not in box.inner_text()
    box.get_by_text(CHOICES[0]).click()  # else it would wait in the next playback
    closed(page)
    context.close()


@pytest.mark.parametrize("look", LOOKS[1:3], ids=str)
def test_it_can_be_seen_and_read(
    cameras: dict[str, Browser], fresh: Site, tmp_path: Path, look: Look, validate: Any
) -> None:
    browser = cameras["self"]
    giver = signed_in(browser, fresh, PHONE)
    agreed(giver, tmp_path)
    giver.close()
    context = signed_in(browser, fresh, look)
    page = context.new_page()
    answer = page.goto("/account/face/")
    assert answer is not None
    assert validate(answer.text()) == []
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= look.width
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/face-{look}.png", full_page=True)
    page = context.new_page()
    play(page, fresh)
    box = prompted(page)
    sees(page)
    assert axe(page) == []
    for button in box.locator("button").all():
        button.scroll_into_view_if_needed()
        held = button.bounding_box()
        assert held is not None
        assert held["height"] >= 44
        assert held["x"] >= 0
        assert held["x"] + held["width"] <= look.width
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/photo-{look}.png")
    context.close()
