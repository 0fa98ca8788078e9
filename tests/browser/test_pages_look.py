"""Every page, small and large, light and dark, in both languages: axe, validity, width, targets."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.checks import LOOKS, axe, complaints, dress, no_overflow, small_targets
from tests.browser.conftest import Site
from tests.browser.pages import PAGES, Shown

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
@pytest.mark.parametrize("shown", PAGES, ids=str)
def test_page_holds_every_check(
    shown: Shown, locale: str, looking: Callable[..., Page], validate: Callable[[str], list[str]], site: Site
) -> None:
    page = looking(locale, shown.role)
    first, *others = [look for look in LOOKS if look.locale == locale]
    dress(page, first)
    with complaints(page) as heard:
        answer = page.goto(shown.path.format(**site.keys), wait_until="load")
        assert answer is not None
        assert answer.status == shown.status
        assert page.locator("html").get_attribute("lang") == locale.replace("_", "-")
        assert validate(answer.text()) == []
        for look in (first, *others):
            dress(page, look)
            assert (axe(page), str(look)) == ([], str(look))
            assert (no_overflow(page), str(look)) == ([], str(look))
            assert (small_targets(page), str(look)) == ([], str(look))
    assert heard == []


def test_check_sees_what_it_is_there_for(
    looking: Callable[..., Page], validate: Callable[[str], list[str]]
) -> None:
    """The checks themselves can fail."""
    page = looking("zh_CN")
    dress(page, LOOKS[0])
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
    with complaints(page) as heard:
        page.evaluate("() => document.body.append(Object.assign(document.createElement('script'), {text: '1'}))")
    assert any("Content Security Policy" in text for text in heard)


def test_dark_is_chosen_without_a_reload_and_kept(chromium: Browser, site: Site) -> None:
    context = chromium.new_context(base_url=site.url, color_scheme="light")
    page = context.new_page()
    page.goto("/")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    with page.expect_response("**/theme/dark**"):
        page.click('[data-theme-code="dark"]')
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != light
    page.goto("/components")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    context.close()


def test_colours_and_language_change_without_scripts(chromium: Browser, site: Site) -> None:
    context = chromium.new_context(base_url=site.url, java_script_enabled=False, color_scheme="light")
    page = context.new_page()
    page.goto("/components")
    page.click('[data-theme-code="dark"]')
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.url.endswith("/components")
    page.click("text=English")
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.url.endswith("/components")
    context.close()


def test_statement_is_printed_black_on_white_whatever_the_screen(looking: Callable[..., Page]) -> None:
    page = looking("zh_CN", "worker")
    page.emulate_media(media="print", color_scheme="dark")
    page.goto("/ledger/")
    colours = page.evaluate(
        "[document.body, document.querySelector('h1')].map((e) => [getComputedStyle(e).backgroundColor, getComputedStyle(e).color])"
    )
    assert colours[0][0] == "rgb(255, 255, 255)"
    assert colours[1][1] == "rgb(0, 0, 0)"
    assert not page.locator(".phone-bar").is_visible()
    page.emulate_media(media="screen")
