"""Every page, small and large, light and dark, in both languages: axe, validity, width, targets."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.checks import LOOKS, Look, axe, complaints, no_overflow, small_targets
from tests.browser.pages import PAGES, Shown

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("look", LOOKS, ids=str)
@pytest.mark.parametrize("shown", PAGES, ids=str)
def test_page_holds_every_check(
    shown: Shown, look: Look, looking: Callable[[Look], Any], validate: Callable[[str], list[str]]
) -> None:
    with looking(look) as page:
        heard = complaints(page)
        answer = page.goto(shown.path, wait_until="load")
        assert answer.status == shown.status
        assert page.locator("html").get_attribute("lang") == look.locale.replace("_", "-")
        assert axe(page) == []
        assert no_overflow(page) == []
        assert small_targets(page) == []
        assert validate(answer.text()) == []
        assert heard == []


def test_check_sees_what_it_is_there_for(
    looking: Callable[[Look], Any], validate: Callable[[str], list[str]]
) -> None:
    """The checks themselves can fail."""
    with looking(LOOKS[0]) as page:
        page.goto("/")
        page.evaluate(
            """() => { document.querySelector("main").innerHTML +=
              '<img src="/static/favicon.svg"><p>wide<span class="wide"></span></p>';
              const wide = document.querySelector(".wide");
              wide.style.display = "block"; wide.style.width = "900px"; wide.style.height = "9px"; }"""
        )
        assert any(found.startswith("image-alt") for found in axe(page))
        assert no_overflow(page)
        assert any("no-inline-style" in found for found in validate('<p style="color: red">x</p>'))


def test_dark_is_chosen_without_a_reload_and_kept(looking: Callable[[Look], Any]) -> None:
    with looking(LOOKS[0]) as page:
        page.goto("/")
        light = page.evaluate("getComputedStyle(document.body).backgroundColor")
        with page.expect_response("**/theme/dark**"):
            page.click('[data-theme-code="dark"]')
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert dark != light
        page.goto("/components")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


def test_colours_and_language_change_without_scripts(chromium: Any, site: str) -> None:
    context = chromium.new_context(base_url=site, java_script_enabled=False, color_scheme="light")
    page = context.new_page()
    page.goto("/components")
    page.click('[data-theme-code="dark"]')
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.url.endswith("/components")
    page.click("text=English")
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.url.endswith("/components")
    context.close()
