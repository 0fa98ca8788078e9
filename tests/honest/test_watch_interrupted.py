"""Whatever happens to the line, the phone, the machine or the servers: at most 2 s of viewing are lost."""

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Error, Page

from tests.browser.checks import CHROMIUM, FLAGS
from tests.browser.lesson import comes_true, moves
from tests.honest.conftest import Town, Viewing
from tests.running import below

pytestmark = [pytest.mark.browser, pytest.mark.video]
Lost = Callable[..., int]
MARK = "--user-agent-product=sleeper"  # by which its processes are known from the other browser's


def test_three_in_a_hundred_lost_at_a_megabit(viewing: Viewing, lost: Lost) -> None:
    page = viewing.play()  # how long the page takes to load on such a line is another matter
    viewing.line.loss, viewing.line.bits_per_s = 0.03, 1_000_000
    viewing.for_s(page, 12)
    viewing.line.loss, viewing.line.bits_per_s = 0, 0
    lost(viewing)


def test_the_line_is_cut_and_comes_back(viewing: Viewing, lost: Lost) -> None:
    page = viewing.play()
    viewing.for_s(page, 4)
    viewing.line.cut()
    viewing.for_s(page, 8)
    assert page.is_visible("[data-line]")  # the learner is told that it waits
    viewing.line.restore()
    viewing.for_s(page, 3)
    lost(viewing)


def test_the_line_goes_dead_without_breaking(viewing: Viewing, lost: Lost) -> None:
    """A request that never hears an answer is sent again."""
    page = viewing.play()
    viewing.for_s(page, 3)
    viewing.line.stall()
    viewing.for_s(page, 26)
    lost(viewing)


def test_the_browsers_database_fails(viewing: Viewing, lost: Lost) -> None:
    page = viewing.play()
    viewing.for_s(page, 3)
    page.evaluate(
        "() => { for (const name of ['put', 'delete', 'getAll'])"
        " IDBObjectStore.prototype[name] = () => { throw new DOMException('full', 'QuotaExceededError'); }; }"
    )
    viewing.line.cut()
    viewing.for_s(page, 5)
    viewing.line.restore()
    viewing.for_s(page, 12)
    lost(viewing)


def test_two_tabs_of_one_lesson(viewing: Viewing, lost: Lost) -> None:
    """The second takes over; at a break of the line neither tells what is the other's to tell."""
    first = viewing.play()
    viewing.for_s(first, 5)
    second = viewing.play()
    viewing.for_s(second, 4)
    viewing.note(first)
    viewing.line.cut()
    for page in (first, second):
        page.evaluate("dispatchEvent(new Event('online'))")
    viewing.for_s(second, 4)
    viewing.line.restore()
    for page in (first, second):
        page.evaluate("dispatchEvent(new Event('online'))")
    viewing.for_s(second, 6)
    lost(viewing, interruptions=2)


def test_the_clock_is_set_and_the_page_reloaded(viewing: Viewing, lost: Lost) -> None:
    page = viewing.play()
    viewing.for_s(page, 4)
    viewing.line.cut()
    viewing.for_s(page, 5)
    page.add_init_script("setTimeout(() => { globalThis.shiftedBy = 3600000; })")
    viewing.line.restore()
    viewing.go(page)
    viewing.for_s(page, 4)
    lost(viewing)


def test_the_measure_finds_a_loss(viewing: Viewing) -> None:
    """A network that swallows beats and says that all is well."""
    page = viewing.play()
    viewing.for_s(page, 3)
    page.route("**/beats", lambda route: route.fulfill(json=swallowed(route.request.post_data_json)))
    viewing.for_s(page, 12)
    page.unroute("**/beats")
    viewing.for_s(page, 3)
    assert viewing.lost_ms(seconds=5) > 4_000


def swallowed(told: dict[str, object]) -> dict[str, object]:
    """An answer for which nobody wrote anything down."""
    return {"seq": told["seq"], "not_counted": [], "prompt": None, "beat_every_ms": 8_000}


def test_the_web_server_is_killed_and_started_again(town: Town, viewing: Viewing, lost: Lost) -> None:
    page = viewing.play()
    viewing.for_s(page, 4)
    town.site.kill()
    viewing.for_s(page, 2)
    town.site.start()
    viewing.for_s(page, 4)
    lost(viewing)


def test_the_database_is_killed_and_started_again(town: Town, viewing: Viewing, lost: Lost) -> None:
    """SQLite has no server: there another process keeps the file for itself for so long."""
    page = viewing.play()
    viewing.for_s(page, 4)
    if town.site.server is not None:
        town.site.server.kill()
        viewing.for_s(page, 4)
        town.site.server.start_again()
    else:
        kept = sqlite3.connect(town.site.settings.data_dir / "xueshi.sqlite", isolation_level=None, timeout=30)
        kept.execute("BEGIN EXCLUSIVE")
        viewing.for_s(page, 6)
        kept.execute("COMMIT")
        kept.close()
    viewing.for_s(page, 5)
    lost(viewing)


def test_the_page_is_reloaded(viewing: Viewing, lost: Lost) -> None:
    page = viewing.play()
    viewing.for_s(page, 5)
    viewing.go(page)
    viewing.for_s(page, 5)
    viewing.go(page)
    viewing.for_s(page, 2)
    lost(viewing, interruptions=2)


def test_the_tab_dies_without_a_last_word(viewing: Viewing, lost: Lost) -> None:
    page = viewing.play()
    viewing.for_s(page, 7)
    crash(page)
    again = viewing.play()
    viewing.for_s(again, 4)
    lost(viewing)


def crash(page: Page) -> None:
    """kill -9 for a tab."""
    with suppress(Error):
        page.goto("chrome://crash", timeout=3_000)


def test_the_tab_dies_while_the_line_is_cut(viewing: Viewing, lost: Lost) -> None:
    page = viewing.play()
    viewing.for_s(page, 4)
    viewing.line.cut()
    viewing.for_s(page, 5)
    crash(page)
    viewing.line.restore()
    again = viewing.play()
    viewing.for_s(again, 4)
    lost(viewing)


def test_the_phone_is_locked(viewing: Viewing, lost: Lost) -> None:
    page = viewing.play()
    viewing.for_s(page, 5)
    devtools = page.context.new_cdp_session(page)
    other = viewing.context.new_page()  # the page goes out of sight
    other.goto("/healthz")
    other.bring_to_front()
    devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    time.sleep(4)
    devtools.send("Page.setWebLifecycleState", {"state": "active"})
    page.bring_to_front()
    if page.evaluate("document.querySelector('video').paused"):
        page.click("[data-play]")
    moves(page)
    viewing.for_s(page, 4)
    lost(viewing)


def test_the_laptop_sleeps(town: Town, chromium: Browser, lost: Lost) -> None:
    """The browser stops for a moment; for the wall clocks, its own and the server's, ten minutes pass."""
    mine = chromium.browser_type.launch(executable_path=CHROMIUM, args=[*FLAGS, MARK])
    viewing = Viewing(town.learner(), mine)
    try:
        page = viewing.play()
        viewing.for_s(page, 5)
        processes = [pid for pid in below(os.getpid()) if is_of(pid, marked=MARK)]
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(2)
        town.site.shift(minutes=10)
        for pid in processes:
            os.kill(pid, signal.SIGCONT)
        page.evaluate("globalThis.shiftedBy += 600000")
        viewing.for_s(page, 6)
        lost(viewing)
    finally:
        viewing.close()
        mine.close()


@pytest.mark.parametrize("hours", [1, -1])
def test_the_operating_system_sets_its_clock(viewing: Viewing, lost: Lost, hours: int) -> None:
    page = viewing.play()
    viewing.for_s(page, 5)
    page.evaluate(f"globalThis.shiftedBy += {hours * 3_600_000}")
    viewing.for_s(page, 6)
    lost(viewing)


def test_a_second_device_and_back(viewing: Viewing, chromium: Browser, lost: Lost) -> None:
    page = viewing.play()
    viewing.for_s(page, 5)
    tablet = viewing.learner.context(chromium, viewing.line)
    second = tablet.new_page()
    viewing.go(second)
    viewing.for_s(second, 5)
    page.wait_for_selector("[data-panel-button]", state="visible")
    viewing.note(page)
    page.click("[data-panel-button]")
    comes_true(page, "!video.paused")
    viewing.for_s(page, 4)
    lost(viewing, interruptions=2)
    tablet.close()


def test_the_lesson_is_watched_again(viewing: Viewing, lost: Lost) -> None:
    page = viewing.play()
    viewing.for_s(page, 6)
    before = viewing.learner.covered_ms()
    page.evaluate("document.querySelector('video').currentTime = 0")
    viewing.for_s(page, 4)
    assert viewing.learner.covered_ms() >= before
    lost(viewing)


def test_what_is_missing_is_named_with_its_reason_and_one_tap_away(viewing: Viewing, lost: Lost) -> None:
    page = viewing.play()
    viewing.for_s(page, 4)
    page.evaluate("document.querySelector('video').currentTime = 40")
    viewing.for_s(page, 5)
    viewing.go(page)
    rows = page.locator("[data-missing] li")
    assert rows.count() >= 2
    assert "not watched yet" in rows.first.inner_text()
    rows.first.locator("button").click()
    comes_true(page, "!video.paused && video.currentTime < 30")
    viewing.for_s(page, 3)
    lost(viewing, interruptions=2)


def test_what_came_too_late_says_so_after_a_reload_and_is_one_tap_away(
    town: Town, viewing: Viewing, lost: Lost
) -> None:
    page = viewing.play()
    viewing.for_s(page, 4)
    viewing.line.cut()
    viewing.for_s(page, 4)
    page.evaluate("document.querySelector('video').pause()")
    page.wait_for_timeout(500)
    town.site.shift(minutes=16)
    viewing.line.restore()
    late = page.locator("[data-missing] li", has_text="it was not sent in time")
    for _try in range(10):  # the beat goes out again at its own pace, before a reload or after it
        page.wait_for_timeout(2_000)
        page.reload()
        page.wait_for_timeout(1_000)
        if late.count():
            break
    late.first.wait_for()
    late.locator("button").click()
    comes_true(page, "!video.paused")
    late.first.wait_for(state="detached")
    viewing.for_s(page, 2)
    lost(viewing)


def test_a_portals_page_is_no_answer(viewing: Viewing, lost: Lost) -> None:
    """A hotel's sign-in page, a proxy's error: the beat waits for our own server."""
    page = viewing.play()
    viewing.for_s(page, 4)
    answers = iter([(200, "<h1>Welcome</h1>"), (404, "<h1>nginx</h1>"), (502, "bad gateway"), (429, "{}")] * 3)

    def portal(route: object) -> None:
        status, body = next(answers, (503, ""))
        route.fulfill(status=status, body=body, content_type="text/html")  # type: ignore[attr-defined]

    page.route("**/beats", portal)
    viewing.for_s(page, 7)
    page.unroute("**/beats")
    viewing.for_s(page, 5)
    lost(viewing)


def is_of(pid: int, *, marked: str) -> bool:
    """Whether a process, or the one that started it, was started with a mark."""
    while pid > 1:
        try:
            with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
                if marked in file.read():
                    return True
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                pid = int(file.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            return False
    return False


def test_many_of_one_class_at_once(town: Town, lost: Lost, viewing: Viewing) -> None:
    """A class of twenty reports beside a learner who watches."""
    stop = threading.Event()

    def classmate() -> None:
        one = town.learner()
        client = one.client()
        opened = client.open(one.enrolment_id, town.lesson_id)
        begun, told, seq = time.monotonic(), 0, 0
        while not stop.wait(0.5):
            at, seq = int((time.monotonic() - begun) * 1000), seq + 1
            client.tell(opened, seq, (told, at, told, at))
            told = at

    threads = [threading.Thread(target=classmate, daemon=True) for _ in range(20)]
    for thread in threads:
        thread.start()
    page = viewing.play()
    viewing.for_s(page, 6)
    stop.set()
    for thread in threads:
        thread.join()
    lost(viewing)
