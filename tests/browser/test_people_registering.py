"""Signing up and registering in a real browser, each step and each mistake held to every check."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, Response

from courses.people import documents
from tests.browser.checks import LOOKS, Look, axe, complaints, dress, no_overflow, small_targets
from tests.browser.conftest import Site

pytestmark = pytest.mark.browser
AREAS = {"zh_CN": "320400", "en": "932724"}  # of the invented identities
TYPES = {"zh_CN": "resident_id", "en": "permanent_resident"}


def sent(page: Page) -> Response:
    """Send the page's form by its main button."""
    with page.expect_navigation() as going:
        page.locator("main form .button--primary").first.click()
    return going.value


def check(page: Page, validate: Callable[[str], list[str]], looks: list[Look]) -> None:
    """Everything that is asked of a page."""
    assert validate(page.content()) == []
    for look in looks:
        dress(page, look)
        assert (axe(page), str(look)) == ([], str(look))
        assert (no_overflow(page), str(look)) == ([], str(look))
        assert (small_targets(page), str(look)) == ([], str(look))


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_newcomer_registers(
    chromium: Browser, site: Site, validate: Callable[[str], list[str]], *, locale: str, has_scripts: bool
) -> None:
    context = chromium.new_context(base_url=site.url, java_script_enabled=has_scripts, reduced_motion="reduce")
    page = context.new_page()
    looks = [look for look in LOOKS if look.locale == locale] if has_scripts else []
    dress(page, LOOKS[0])
    with complaints(page) as heard:
        page.goto(f"/locale/{locale}?next=/people/sign-up")
        page.fill("[name=name]", f"{locale}-{has_scripts}@example.com".lower())
        page.fill("[name=password]", "correct horse battery")
        page.fill("[name=repeat]", "correct horse")
        assert sent(page).status == 422
        check(page, validate, looks)
        page.fill("[name=password]", "correct horse battery")
        page.fill("[name=repeat]", "correct horse battery")
        assert sent(page).url.endswith("/people/register")
        assert sent(page).status == 422
        check(page, validate, looks)
        page.check("[name=agree]")
        assert sent(page).status == 200
        check(page, validate, looks)
        register(page, validate, looks, locale=locale, sequence=int(has_scripts))
    assert heard == []
    context.close()


def register(
    page: Page, validate: Callable[[str], list[str]], looks: list[Look], *, locale: str, sequence: int
) -> None:
    """The second and third step."""
    first = f"{AREAS[locale]}19900101{sequence:03d}"
    number = first + documents.check_digit(first)
    page.fill("[name=name]", "秦海燕")
    page.select_option("[name=doc_type]", TYPES[locale])
    page.fill("[name=number]", number[:-1] + "O")
    assert sent(page).status == 422
    check(page, validate, looks)
    assert page.input_value("[name=name]") == "秦海燕"
    page.fill("[name=number]", number)
    assert sent(page).status == 200
    check(page, validate, looks)
    page.fill("[name=employer]", "没有这家企业")
    assert sent(page).status == 422
    check(page, validate, looks)
    page.fill("[name=employer]", "示例化工")
    assert sent(page).url.endswith("/people/account")
    assert number not in page.content()
    check(page, validate, looks)
