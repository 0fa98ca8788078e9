"""Buying a course on a phone: order, the twin's payment page, its signed webhook, the course."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.flows.conftest import Town
from tests.flows.test_whole_way import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.video, pytest.mark.timeout(180)]


def test_a_worker_buys_a_course_and_may_begin(town: Town, phone: Callable[[], Page]) -> None:
    page = phone()
    sign_in(page, "13800000007")
    page.goto(f"/catalogue/courses/{town.priced_id}")
    page.locator("form[action='/orders/'] button").click()
    expect(page.locator("main")).to_contain_text("此处不会发生真实扣款")
    page.locator("button[name=action][value=pay]").click()
    for _try in range(20):
        if "课程已开通" in page.inner_text("main"):
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.locator("main")).to_contain_text("课程已开通")
    page.goto(f"/catalogue/courses/{town.priced_id}")
    expect(page.locator("a[href^='/watch/']").first).to_be_visible()


def test_leaving_the_payment_page_keeps_the_order_open(town: Town, phone: Callable[[], Page]) -> None:
    page = phone()
    sign_in(page, "13800000007")
    page.goto(f"/catalogue/courses/{town.priced_id}")
    page.locator("form[action='/orders/'] button").click()
    page.locator("button[name=action][value=leave]").click()
    expect(page.locator("main")).to_contain_text("尚未付款")
    page.goto("/orders/")
    expect(page.locator("main")).to_contain_text("待付款")
