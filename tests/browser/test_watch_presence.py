"""Asked whether one is there: by touch and by keyboard, missed and made good, seen and read aloud."""

import os
import time
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route
from sqlalchemy import update

from courses.watch.models import Playback
from tests import watching
from tests.browser.checks import LOOKS, Look, axe
from tests.browser.lesson import (
    CHOICES,
    QUESTION,
    Site,
    clip,
    comes_true,
    fresh,
    moves,
    phone,
    play,
    signed_in,
    site,
)

__all__ = ["clip", "fresh", "phone", "site"]  # the fixtures
pytestmark = [pytest.mark.browser, pytest.mark.video]
PICTURES = os.environ.get("XUESHI_TEST_PICTURES", "")


def ask(site: Site, way: str, answer_ms: int = 60_000, **rules: Any) -> None:
    """A rule by which presence is asked every few seconds, for a test's patience; nothing is owed from before."""
    app = site.app
    with app.extensions["xueshi_db"].writing() as session:
        session.execute(update(Playback).values(prompt_due_ms=None))
        watching.policy(
            session,
            now=app.extensions["xueshi_clock"](),
            prompts={"every_ms": 6_000, "answer_within_ms": answer_ms, "way": way},
            **rules,
        )


@pytest.fixture
def tapped(fresh: Site) -> Site:
    ask(fresh, "tap")
    return fresh


def prompted(page: Page) -> Any:
    """Wait until something is asked."""
    comes_true(page, "!document.querySelector('[data-prompt]').hidden", seconds=30)
    comes_true(page, "document.querySelectorAll('[data-prompt-answers] button').length > 0")
    return page.locator("[data-prompt]")


def closed(page: Page) -> None:
    comes_true(page, "document.querySelector('[data-prompt]').hidden")


def test_a_tap_and_it_goes_on(phone: BrowserContext, tapped: Site) -> None:
    page = phone.new_page()
    play(page, tapped)
    box = prompted(page)
    comes_true(page, "video.paused")  # whoever is away loses nothing but the moment
    box.locator("button").click()
    closed(page)
    moves(page)
    page.wait_for_timeout(4_000)
    assert "presence_failed" not in tapped.standing().not_counted


def test_the_keyboard_reaches_the_answer_and_nothing_else_closes_it(phone: BrowserContext, tapped: Site) -> None:
    page = phone.new_page()
    play(page, tapped)
    box = prompted(page)
    assert page.evaluate("document.activeElement.closest('[data-prompt]') !== null")
    assert box.get_attribute("role") == "alertdialog"
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    page.keyboard.press(" ")
    closed(page)
    moves(page)


def test_a_question_of_the_lesson(phone: BrowserContext, fresh: Site) -> None:
    ask(fresh, "question")
    page = phone.new_page()
    play(page, fresh)
    box = prompted(page)
    assert box.locator("h2").inner_text() == QUESTION
    assert sorted(box.locator("button").all_inner_texts()) == sorted(CHOICES)
    box.get_by_text(CHOICES[1]).click()  # wrong: another try, kindly
    comes_true(page, "document.querySelector('[data-prompt-said]').textContent !== ''")
    comes_true(page, "document.querySelectorAll('[data-prompt-answers] button:not(:disabled)').length === 3")
    box.get_by_text(CHOICES[0]).click()
    closed(page)
    moves(page)


def test_a_missed_prompt_is_no_harm(phone: BrowserContext, fresh: Site) -> None:
    ask(fresh, "tap", answer_ms=3_000)
    page = phone.new_page()
    play(page, fresh)
    box = prompted(page)
    before = fresh.effective_ms()
    page.wait_for_timeout(7_000)
    assert "over" in box.locator("[data-prompt-words]").inner_text()
    assert fresh.effective_ms() >= before  # nothing that was watched is taken
    box.locator("button").click()
    ends = time.monotonic() + 20
    while box.is_visible() and time.monotonic() < ends:  # the next one is tapped in time
        if box.locator("button:not(:disabled)").count():
            box.locator("button").first.click()
        page.wait_for_timeout(300)
    moves(page)


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_it_can_be_seen_and_read(chromium: Browser, fresh: Site, look: Look) -> None:
    ask(fresh, "question")
    context = signed_in(chromium, fresh, look)
    page = context.new_page()
    play(page, fresh)
    box = prompted(page)
    assert axe(page) == []
    for button in box.locator("button").all():
        held = button.bounding_box()
        assert held is not None
        assert held["height"] >= 44
        assert held["x"] >= 0
        assert held["x"] + held["width"] <= look.width
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/prompt-{look}.png")
    context.close()


def test_the_picture_cannot_run_behind_the_question(phone: BrowserContext, tapped: Site) -> None:
    """A headset's button, or coming back to the page, would let time run that does not count."""
    page = phone.new_page()
    play(page, tapped)
    box = prompted(page)
    comes_true(page, "video.paused")
    page.evaluate("() => document.querySelector('video').play().catch(() => {})")
    page.wait_for_timeout(1_000)
    assert page.evaluate("document.querySelector('video').paused")
    box.locator("button").click()
    closed(page)
    moves(page)
    page.wait_for_timeout(4_000)
    assert "presence_failed" not in tapped.standing().not_counted


def test_a_question_that_cannot_be_fetched_at_first_is_still_asked(phone: BrowserContext, fresh: Site) -> None:
    ask(fresh, "question")
    page = phone.new_page()
    failed: list[str] = []

    def fails_twice(route: Route) -> None:
        if len(failed) < 2:
            failed.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    page.route("**/prompts/*", fails_twice)
    play(page, fresh)
    box = prompted(page)
    assert len(failed) == 2
    assert box.locator("h2").inner_text() == QUESTION
    box.get_by_text(CHOICES[0]).click()
    closed(page)
    moves(page)


def test_loading_the_page_anew_while_it_asks_costs_nothing(phone: BrowserContext, tapped: Site) -> None:
    page = phone.new_page()
    play(page, tapped)
    prompted(page)
    play(page, tapped)  # goes to the page again
    box = prompted(page)
    box.locator("button").click()
    closed(page)
    page.wait_for_timeout(4_000)
    assert "presence_failed" not in tapped.standing().not_counted


def test_another_device_ends_the_question_here(phone: BrowserContext, tapped: Site) -> None:
    page = phone.new_page()
    play(page, tapped)
    box = prompted(page)
    other = phone.new_page()
    other.goto(tapped.page)
    other.wait_for_selector("[data-watch][data-ready]")
    other.wait_for_timeout(1_500)
    box.locator("button").click()
    closed(page)
    page.evaluate("() => document.querySelector('video').play().catch(() => {})")
    comes_true(page, "!document.querySelector('[data-panel]').hidden")
    assert page.evaluate("document.querySelector('video').paused")


def test_it_is_asked_in_full_screen_too(phone: BrowserContext, tapped: Site) -> None:
    page = phone.new_page()
    play(page, tapped)
    page.evaluate("() => document.querySelector('[data-player]').requestFullscreen()")
    comes_true(page, "document.fullscreenElement !== null")
    box = prompted(page)
    assert page.evaluate("document.fullscreenElement.contains(document.activeElement)")
    page.keyboard.press("Enter")
    closed(page)
    moves(page)
    assert not box.is_visible()


@pytest.mark.parametrize(
    ("on_fail", "words"),
    [("rollback_to_last_pass", "since your last answer"), ("void_course", "does not count")],
)
def test_a_missed_prompt_promises_no_more_than_the_rule(
    phone: BrowserContext, fresh: Site, on_fail: str, words: str
) -> None:
    ask(fresh, "tap", answer_ms=3_000, presence={"on_fail": on_fail})
    page = phone.new_page()
    play(page, fresh)
    prompted(page)
    page.wait_for_timeout(4_000)
    said = page.locator("[data-prompt-words]").inner_text()
    assert words in said
    assert "Nothing you watched" not in said
