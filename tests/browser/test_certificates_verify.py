"""An inspector verifies what a paper's code says: on the site, on the saved page without a network, altered, revoked."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from app import create_app, jobs
from app.db import Database
from app.settings import Settings
from courses.certificates import code as codes
from courses.certificates import issuing, sealing
from courses.certificates.models import Certificate
from tests import ledgers
from tests.browser.checks import complaints
from tests.conftest import Clock

pytestmark = pytest.mark.browser


def certified(app: Flask, clock: Clock) -> tuple[codes.Code, Certificate]:
    """A certificate and its code; the paper is made."""
    learner = ledgers.learner(app, now=clock.at)
    ledgers.live(app, learner.subject_key, clock)
    assert learner.browser.post("/certificates/", data={"kind": "statement"}).status_code == 303
    jobs.run_due(app)
    database: Database = app.extensions["xueshi_db"]
    with database.reading() as session:
        found = issuing.of_subject(session, learner.subject_key)[0]
        assert found.holder
        assert found.seal
        return sealing.code(session, found.holder, found.seal), found.certificate


def verdict(page: Page, digits: str) -> str:
    """Paste a code, and read what becomes of it."""
    page.fill("#f-code", digits)
    page.click("[data-verify] form button")
    return page.locator("[data-verdict]:visible").get_attribute("data-verdict") or ""


def refuses_what_was_altered(page: Page, good: codes.Code) -> None:
    """Each way of altering has its own sentence, and nothing of the claim is shown."""
    assert good.proof
    unknown = replace(good, key_id=bytes(4))
    for altered, why in (
        (replace(good, claim=good.claim.replace("陆*远", "王*远")).digits, "altered"),
        (replace(good, proof=replace(good.proof, salt=bytes(32))).digits, "not_in_log"),
        (unknown.digits, "unknown_key"),
        (good.digits[:-9], "unreadable"),
    ):
        assert verdict(page, altered) == why
        assert not page.locator("[data-result]").is_visible()
    assert verdict(page, good.unproved.digits) == "signed"


@pytest.fixture
def served(settings: Settings, clock: Clock) -> Iterator[tuple[Flask, str]]:
    """The application at an address that it knows, and that address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    app = create_app(replace(settings, public_url=url), now=clock)
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield app, url
    server.shutdown()
    thread.join()
    app.extensions["xueshi_quick"].close()
    app.extensions["xueshi_db"].engine.dispose()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the page is the same on each engine
def test_inspector_verifies_online_and_from_a_file(
    served: tuple[Flask, str], clock: Clock, chromium: Browser, tmp_path: Path
) -> None:
    app, url = served
    good, certificate = certified(app, clock)
    context = chromium.new_context(locale="en-GB", accept_downloads=True)
    context.set_default_timeout(15_000)
    page = context.new_page()
    with complaints(page) as heard:
        page.goto(f"{url}/verify/#{good.digits}")
        page.locator('[data-standing="standing"]').wait_for()
        assert page.locator('[data-verdict="proved"]').is_visible()
        assert page.locator('[data-field="name"]').inner_text() == "陆*远"
        assert page.locator('[data-field="certificate"]').inner_text() == certificate.id
        refuses_what_was_altered(page, good)
    assert heard == []
    with page.expect_download() as saved:
        page.click('a[href$="offline.html"]')
    saved.value.save_as(tmp_path / "verify.html")
    with app.extensions["xueshi_db"].writing() as session:
        issuing.revoke(session, certificate, reason="核查发现代学", official_key="officer", now=clock.at)
    page.reload()
    page.locator('[data-standing="revoked"]').wait_for()
    context.set_offline(True)
    page.goto("about:blank")
    page.goto(f"{url}/verify/#{good.digits}", wait_until="load")  # the service worker has kept it
    page.locator('[data-standing="offline"]').wait_for()
    assert page.locator('[data-verdict="proved"]').is_visible()
    page.goto(f"file://{tmp_path / 'verify.html'}#{good.digits}")
    page.locator('[data-standing="offline"]').wait_for()
    assert page.locator('[data-verdict="proved"]').is_visible()
    refuses_what_was_altered(page, good)
    context.set_offline(False)
    assert verdict(page, good.digits) == "proved"
    page.locator('[data-standing="revoked"]').wait_for()  # a saved page may ask, too
    context.close()


def test_code_is_verified_without_scripts(served: tuple[Flask, str], clock: Clock) -> None:
    app, _url = served
    good, certificate = certified(app, clock)
    app.config["WTF_CSRF_ENABLED"] = False
    answer = app.test_client().post("/verify/", data={"code": good.digits})
    assert answer.status_code == 200
    assert certificate.id in answer.text
    assert "陆*远" in answer.text
    assert app.test_client().post("/verify/", data={"code": "123"}).status_code == 422
