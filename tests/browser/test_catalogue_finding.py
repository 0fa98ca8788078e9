"""Finding a course with a keyboard: typed by initials, completed, chosen."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.checks import LOOKS, axe, complaints, dress, no_overflow

pytestmark = pytest.mark.browser


def test_initials_are_completed_and_lead_to_the_course(looking: Callable[..., Page]) -> None:
    page = looking("zh_CN")
    dress(page, LOOKS[0])
    with complaints(page) as heard:
        page.goto("/catalogue/")
        box = page.get_by_role("combobox")
        box.press_sequentially("yxkj")
        first = page.get_by_role("option").first
        expect(first).to_have_text("有限空间")
        assert axe(page) == []
        assert no_overflow(page) == []
        box.press("ArrowDown")
        expect(first).to_have_attribute("aria-selected", "true")
        box.press("Escape")
        expect(box).to_have_attribute("aria-expanded", "false")
        box.press_sequentially("z")  # yxkjz: 有限空间作业
        expect(page.get_by_role("option").first).to_contain_text("有限空间作业")
        box.press("ArrowDown")
        box.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("有限空间作业")
    assert heard == []
