"""The player in a real Chromium with a real clip: it counts what is seen, whatever happens to the line.

Lost per interruption: at most 2 s of viewing (`watch.md`); never a reset.
"""

import os
import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import select

from courses.catalogue.models import EditionLesson
from media import captions
from media.assets import Asset
from tests.browser.checks import LOOKS, Look, axe
from tests.browser.lesson import (
    CLIP_S,
    Site,
    clip,
    comes_true,
    fresh,
    moves,
    phone,
    play,
    signed_in,
    site,
    watch_whole,
)

__all__ = ["clip", "fresh", "phone", "site"]  # the fixtures
pytestmark = [pytest.mark.browser, pytest.mark.video]
LOST_MS = 2_000
LATE = re.compile(r"/seg_0000[2-9]\.m4s$")
PICTURES = os.environ.get("XUESHI_TEST_PICTURES", "")  # a directory, to look at the pages oneself


def seen_ms(page: Page) -> float:
    """What the browser itself says was played, all pieces together."""
    return float(
        page.evaluate(
            "() => { const p = document.querySelector('video').played; let s = 0;"
            " for (let i = 0; i < p.length; i++) s += p.end(i) - p.start(i); return s * 1000; }"
        )
    )


def until(site: Site, wanted_ms: float, seconds: float = 12) -> int:
    """Wait until so much counts; what counts in the end."""
    ends = time.monotonic() + seconds
    while site.effective_ms() < wanted_ms and time.monotonic() < ends:
        time.sleep(0.3)
    return site.effective_ms()


def test_what_is_seen_counts_and_is_drawn(phone: BrowserContext, fresh: Site) -> None:
    page = phone.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    play(page, fresh)
    page.wait_for_timeout(7_000)
    page.click("[data-play]")
    seen = seen_ms(page)
    assert seen - 300 <= until(fresh, seen - 300) <= seen + 300
    assert page.locator("[data-covered] rect").count() >= 1
    assert "of 0:45 of this lesson counts." in page.inner_text("[data-counts]")
    assert page.locator("[data-missing] button").count() == 1
    assert complaints == []


def test_a_lost_line_loses_nothing(phone: BrowserContext, fresh: Site) -> None:
    page = phone.new_page()
    play(page, fresh)
    page.wait_for_timeout(4_000)
    phone.set_offline(True)
    page.wait_for_timeout(6_000)
    assert page.is_visible("[data-line]")
    before = fresh.effective_ms()
    page.click("[data-play]")
    seen = seen_ms(page)
    assert before < seen - 3_000  # the server really heard nothing
    phone.set_offline(False)
    assert until(fresh, seen - 300) >= seen - 300
    page.wait_for_selector("[data-line]", state="hidden")


def test_a_reload_loses_at_most_two_seconds_and_goes_on_there(
    phone: BrowserContext, fresh: Site
) -> None:
    page = phone.new_page()
    play(page, fresh)
    page.wait_for_timeout(5_000)
    seen = seen_ms(page)
    page.reload()
    page.wait_for_selector("[data-watch][data-ready]")
    comes_true(page, "video.currentTime > 0")
    assert until(fresh, seen - LOST_MS) >= seen - LOST_MS
    assert page.evaluate("document.querySelector('video').currentTime") * 1000 >= seen - LOST_MS


def test_a_page_that_dies_without_a_word_and_without_line_loses_at_most_two_seconds(
    phone: BrowserContext, fresh: Site
) -> None:
    page = phone.new_page()
    play(page, fresh)
    page.wait_for_timeout(4_000)
    phone.set_offline(True)
    page.wait_for_timeout(5_000)
    seen = seen_ms(page)
    page.close(run_before_unload=False)
    phone.set_offline(False)
    again = phone.new_page()
    again.goto(fresh.page)
    assert until(fresh, seen - LOST_MS) >= seen - LOST_MS


def test_another_device_takes_over_and_the_first_can_take_back(
    chromium: Browser, phone: BrowserContext, fresh: Site
) -> None:
    page = phone.new_page()
    play(page, fresh)
    page.wait_for_timeout(3_500)
    laptop = signed_in(chromium, fresh)
    other = laptop.new_page()
    other.goto(fresh.page)
    other.wait_for_selector("[data-watch][data-ready]")
    page.wait_for_selector("[data-panel-button]", state="visible")
    assert "another place" in page.inner_text("[data-words]")
    assert page.evaluate("document.querySelector('video').paused")
    held = fresh.effective_ms()
    assert held >= 2_000
    page.click("[data-panel-button]")
    page.wait_for_selector("[data-panel]", state="hidden")
    moves(page)
    assert until(fresh, held + 3_000) >= held + 3_000
    laptop.close()


def test_a_hidden_page_waits_and_does_not_count(phone: BrowserContext, fresh: Site) -> None:
    page = phone.new_page()
    play(page, fresh)
    page.wait_for_timeout(3_000)
    hide(page, True)
    page.wait_for_timeout(200)
    assert page.evaluate("document.querySelector('video').paused")
    seen = seen_ms(page)
    page.wait_for_timeout(3_000)
    assert until(fresh, seen - 300) <= seen + 300
    hide(page, False)
    moves(page)


def hide(page: Page, is_hidden: bool) -> None:
    """As the browser says it when the learner turns to something else."""
    page.evaluate(
        """(hidden) => {
          Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        is_hidden,
    )


def test_a_machine_that_slept_opens_a_new_playback_and_fetches_by_its_link(
    phone: BrowserContext, fresh: Site
) -> None:
    page = phone.new_page()
    late: list[str] = []
    page.route(LATE, lambda route: route.abort())
    play(page, fresh)
    page.wait_for_timeout(2_000)
    with page.expect_response(lambda answer: answer.url.endswith("/playbacks")) as opened:
        page.evaluate("() => { const now = Date.now; Date.now = () => now() + 60_000; }")
    assert opened.value.status == 201
    page.unroute(LATE)
    page.on("response", lambda answer: LATE.search(answer.url) and late.append(answer.url))
    held = fresh.effective_ms()
    assert until(fresh, held + 3_000) >= held + 3_000
    page.wait_for_timeout(8_000 if not late else 0)  # the player's longest pause before it asks again
    link = opened.value.json()["manifest_url"].removesuffix("master.m3u8")
    assert late
    assert all(link in url for url in late)


def test_a_link_that_has_ended_is_renewed_and_the_picture_goes_on(
    phone: BrowserContext, fresh: Site
) -> None:
    page = phone.new_page()
    page.route(LATE, lambda route: route.fulfill(status=403))
    with page.expect_response(lambda answer: LATE.search(answer.url) is not None) as refused:
        play(page, fresh)
    assert refused.value.status == 403
    page.unroute(LATE)
    with page.expect_response(lambda answer: LATE.search(answer.url) is not None) as late:
        pass
    assert late.value.status == 200
    assert fresh.ends_of_playbacks().count(None) == 1
    link = late.value.url.split("/360p")[0]
    assert link != refused.value.url.split("/360p")[0], "fetched by the new playback's link"


def test_a_missing_piece_is_one_tap_away(phone: BrowserContext, fresh: Site) -> None:
    page = phone.new_page()
    play(page, fresh)
    page.wait_for_timeout(2_500)
    page.evaluate("document.querySelector('video').currentTime = 20")
    page.wait_for_timeout(4_000)
    comes_true(page, "document.querySelectorAll('[data-missing] button').length >= 2")
    page.click("[data-missing] button >> nth=0")
    comes_true(page, "video.currentTime < 10")


def test_a_lesson_seen_to_its_end_is_whole_and_closed(phone: BrowserContext, fresh: Site) -> None:
    page = phone.new_page()
    play(page, fresh)
    page.select_option("[data-rate]", "2")
    watch_whole(page)
    ends = time.monotonic() + 60  # a piece made up in the middle plays on to the end
    while "finished" not in fresh.ends_of_playbacks() and time.monotonic() < ends:
        time.sleep(0.3)
    assert "finished" in fresh.ends_of_playbacks()  # so the ledger may settle at once
    stands = fresh.standing()
    assert stands.coverage >= 0.99
    assert int(stands.effective_ms) <= CLIP_S * 1_000 / 2 + 3_000  # twice as fast, half the time


def test_the_time_line_shows_pictures_and_what_was_chosen_is_kept_on_the_device(
    chromium: Browser, fresh: Site
) -> None:
    captioned(fresh)
    context = signed_in(chromium, fresh, Look(1280, 800, "light", "en"))
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    play(page, fresh)
    assert not any("/storyboard/" in url for url in asked), "nobody looked yet"
    slider = page.get_by_role("slider", name="Position in the lesson")
    slider.hover()
    picture = page.locator("[data-preview-picture]")
    picture.wait_for()
    assert "sheet_000.jpg" in str(picture.evaluate("node => node.style.backgroundImage"))
    before = picture.evaluate("node => node.style.backgroundPosition")
    slider.focus()
    for _ in range(2):
        slider.press("ArrowRight")
    assert picture.evaluate("node => node.style.backgroundPosition") != before
    comes_true(page, "video.currentTime > 18")
    page.click("text=What is said, as text")
    page.get_by_label("Find words in it").fill("GAS")
    page.get_by_role("button", name="Measure the gas").click()
    comes_true(page, "video.currentTime < 9 && video.currentTime >= 4")
    rung = str(page.evaluate("document.querySelector('[data-quality]').options[2].value"))
    page.select_option("[data-quality]", rung)
    page.select_option("[data-rate]", "1.25")
    page.click("[data-captions]")  # off
    page.reload()
    page.wait_for_selector("[data-watch][data-ready]")
    comes_true(page, "video.playbackRate === 1.25")
    assert page.input_value("[data-quality]") == rung
    assert page.evaluate("document.querySelector('video').textTracks[0].mode") == "disabled"
    page.add_init_script("navigator.__defineGetter__('connection', () => ({saveData: true}))")
    asked.clear()
    page.reload()
    page.wait_for_selector("[data-watch][data-ready]")
    assert page.input_value("[data-quality]") == "least", "the phone's wish goes first"
    slider.hover()
    page.wait_for_timeout(300)
    assert not any("/storyboard/" in url for url in asked)
    page.get_by_role("button", name="Show pictures on the time line").click()
    slider.hover()
    picture.wait_for()
    context.close()


def captioned(site: Site) -> None:
    """Captions of two lines beside the lesson's video."""
    cues = [captions.Cue(1_000, 4_000, "Open the lid"), captions.Cue(4_000, 9_000, "Measure the gas")]
    store = site.app.extensions["xueshi_store"]
    with site.app.extensions["xueshi_db"].writing() as session:
        shown = select(EditionLesson.asset_id).where(EditionLesson.lesson_id == site.lesson_id)
        asset = session.get_one(Asset, session.scalars(shown).one())
        key = captions.key_of(asset.id, "en", "test")
        store.put(key, captions.write(cues).encode())
        captions.keep(session, asset.id, owners=[asset.owner], language="en", key=key)


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_the_learning_page_is_valid_and_fits(
    chromium: Browser, fresh: Site, look: Look, validate: Callable[[str], list[str]]
) -> None:
    context = signed_in(chromium, fresh, look)
    page = context.new_page()
    answer = page.goto(fresh.page)
    assert answer is not None
    assert validate(answer.text()) == []
    page.wait_for_selector("[data-watch][data-ready]")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= look.width
    if PICTURES:
        page.wait_for_timeout(1_500)
        page.screenshot(path=f"{PICTURES}/watch-{look}.png", full_page=True)
        page.goto("/enrolment/")
        page.screenshot(path=f"{PICTURES}/enrolment-{look}.png", full_page=True)
    context.close()
