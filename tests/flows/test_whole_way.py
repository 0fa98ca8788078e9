"""The whole way on a phone: register, find, watch, earn, rate; and the regulator checks it all.

At its end the evidence that the regulator downloaded is recomputed by Python alone, to the same numbers.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.demo.accounts import PASSWORD
from tests.flows.conftest import LECTURE_S, Town

ROOT = Path(__file__).resolve().parents[2]
NAME, NUMBER = "尤小满", "320400200002290025"
MOBILE, OWN_PASSWORD = "13912345678", "稻草堆里藏着七把铜钥匙"
SUBMIT = "main button[type=submit]"

pytestmark = [pytest.mark.browser, pytest.mark.video, pytest.mark.timeout(180)]


def test_from_registration_to_an_hour_that_outsiders_recompute(
    town: Town, phone: Callable[[], Page], tmp_path: Path
) -> None:
    learner = phone()
    register(learner)
    find_and_enrol(learner)
    watch_through(learner)
    hours = see_hours(learner)
    rate(learner)
    statement, evidence = regulator_downloads(phone(), tmp_path)
    recomputed = recompute(evidence)
    assert recomputed == json.loads(statement.read_text("utf-8"))
    posted = [entry for entry in recomputed["entries"] if entry["kind"] == "posting"]
    assert sum(Fraction(entry["hours"]) for entry in posted) == hours
    assert 0 < hours <= Fraction((LECTURE_S + 1) * 1000, 2_700_000)
    other_district_sees_nothing(phone())


def register(page: Page) -> None:
    """Sign up and register with the real name, step by step."""
    page.goto("/people/sign-up")
    page.fill("input[name=name]", MOBILE)
    page.fill("input[name=password]", OWN_PASSWORD)
    page.fill("input[name=repeat]", OWN_PASSWORD)
    page.locator(SUBMIT).first.click()
    page.goto("/people/register")
    page.check("input[name=agree]")
    page.locator(SUBMIT).first.click()
    page.fill("input[name=name]", NAME)
    page.fill("input[name=number]", NUMBER)
    page.locator(SUBMIT).first.click()
    page.check("input[name=belongs][value=district]")
    page.select_option("select[name=district]", "CZ-WJ")
    page.locator(SUBMIT).first.click()
    page.goto("/people/account")
    expect(page.locator("main")).to_contain_text("3204**********0025")
    assert NUMBER not in page.content()


def find_and_enrol(page: Page) -> None:
    """Search a Chinese word, open the course, enrol, open its lesson."""
    page.goto("/catalogue/")
    page.fill("input[type=search]", "储存")
    page.keyboard.press("Enter")
    page.get_by_role("link", name=re.compile("危险化学品储存安全")).first.click()
    page.locator("form[action='/enrolment/'] button").first.click()
    page.wait_for_url(re.compile(r"/(watch|enrolment|catalogue)/"))
    if "/watch/" not in page.url:
        page.locator("a[href^='/watch/']").first.click()
    page.wait_for_url(re.compile(r"/watch/"))


def watch_through(page: Page) -> None:
    """Play to the end, at the clock's own pace."""
    until(page, "document.querySelector('video').readyState >= 2", seconds=20)
    page.evaluate("document.querySelector('video').muted = true")
    page.evaluate("document.querySelector('video').play()")
    until(page, "document.querySelector('video').ended", seconds=60)
    expect(page.locator("main")).to_contain_text("已全部看完", timeout=20_000)


def until(page: Page, expression: str, *, seconds: int) -> None:
    """Wait for something in the page; its content policy forbids the browser driver's own way."""
    for _tenth in range(seconds * 10):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"not within {seconds} s: {expression}")


def see_hours(page: Page) -> Fraction:
    """The hours appear in the statement, with their rule and spans."""
    for _try in range(30):
        page.goto("/ledger/")
        told = page.request.get("/ledger/statement.json").json()
        if told["entries"]:
            break
        page.wait_for_timeout(1_000)
    expect(page.locator("main")).to_contain_text("CZ-online@2")
    expect(page.locator("main")).to_contain_text("危险化学品储存安全")
    # One posting when the gate opened at 95 %, one for the tail (credit-rules 5.1).
    assert {entry["kind"] for entry in told["entries"]} == {"posting"}
    return sum((Fraction(entry["hours"]) for entry in told["entries"]), Fraction(0))


def rate(page: Page) -> None:
    """Rate the instructor, once hours were posted."""
    page.goto("/enrolment/")
    page.locator("a[href^='/ratings/enrolments/']").first.click()
    for _try in range(20):  # the statement knows of the hours a moment before the ledger's job writes them
        if page.locator("label.star-input__star").count():
            break
        page.wait_for_timeout(1_000)
        page.reload()
    page.locator("label.star-input__star").nth(4).click()
    page.locator("textarea").first.fill("清楚，实用。")
    page.locator(SUBMIT).first.click()
    expect(page.get_by_role("status")).to_contain_text("谢谢")


def regulator_downloads(page: Page, folder: Path) -> tuple[Path, Path]:
    """The district's regulator finds the learner, with a reason, and downloads both files."""
    sign_in(page, "13800000015")
    search(page)
    page.wait_for_url(re.compile(r"/oversight/learners/"))  # one hit opens at once
    expect(page.locator("main")).to_contain_text("CZ-online@2")
    kept = []
    for name in ("statement", "evidence"):
        with page.expect_download() as downloading:
            page.locator(f"a[href*='{name}.json']").first.click()
        kept.append(folder / f"{name}.json")
        downloading.value.save_as(kept[-1])
    return kept[0], kept[1]


def search(page: Page) -> None:
    """Look for the learner by document number; the number never stands in the address."""
    page.goto("/oversight/")
    page.fill("[name=words]", NUMBER)
    page.fill("[name=reason]", "日常检查：核对本月线上学时")
    page.locator(SUBMIT).first.click()
    assert NUMBER not in page.url


def sign_in(page: Page, name: str) -> None:
    """Sign in to a demonstration account."""
    page.goto("/people/sign-in")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", PASSWORD)
    page.locator(SUBMIT).first.click()
    page.wait_for_url(lambda url: "sign-in" not in url)


def other_district_sees_nothing(page: Page) -> None:
    """Another district's regulator does not even learn that the learner exists."""
    sign_in(page, "13800000016")
    search(page)
    page.wait_for_url(re.compile(r"/oversight/searches/"))
    expect(page.locator("form[action*='/open']")).to_have_count(0)


def recompute(evidence: Path) -> dict[str, object]:
    """What the standalone verifier says, with Python's standard library alone."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
         "import runpy; sys.argv = ['credit', 'recompute', sys.argv[1]]; "
         "runpy.run_module('courses.credit', run_name='__main__')", str(evidence)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    told: dict[str, object] = json.loads(done.stdout)
    return told
