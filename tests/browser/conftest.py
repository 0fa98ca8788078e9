"""A real site on a free port and a real Chromium, for the tests that look at pages."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from app import create_app, messages
from app.demo.accounts import PASSWORD
from app.settings import Settings
from tests.browser import town

ROOT = Path(__file__).resolve().parents[2]
KEY = bytes(range(32))


@dataclass(frozen=True, slots=True)
class Site:
    """A running application: its address, and the keys its pages' addresses are made of."""

    url: str
    keys: dict[str, str]
    signed_in: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Site]:
    """The demonstration town served on a free port, on a database of its own."""
    messages.compile_all()
    assert (ROOT / "app/static/dist/site.css").exists(), "build the assets first: npm run build"
    folder = tmp_path_factory.mktemp("site")
    (folder / "xueshi.sqlite").write_bytes(sqlite_template.read_bytes())
    settings = Settings(
        data_dir=folder,
        search_dir=folder / "search",
        secret_key=KEY,
        vault_key=KEY,
        index_key=KEY[::-1],
        log_level="ERROR",
        demo=True,
    )
    app = create_app(settings)
    keys = town.make(app)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Site(f"http://127.0.0.1:{server.server_port}", keys)
    server.shutdown()
    thread.join()
    app.extensions["xueshi_db"].engine.dispose()


@pytest.fixture(scope="session")
def looking(chromium: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """`looking(locale, role)`: the page of a browser kept for that language and account."""
    kept: dict[tuple[str, str], Page] = {}

    def page_of(locale: str, role: str = "visitor") -> Page:
        if (locale, role) not in kept:
            context = chromium.new_context(
                base_url=site.url,
                storage_state=cookies_of(chromium, site, role),
                reduced_motion="reduce",
                locale="zh-CN" if locale == "zh_CN" else "en-GB",
            )
            context.set_default_timeout(30_000)
            page = context.new_page()
            page.goto(f"/locale/{locale}?next=/healthz")
            kept[locale, role] = page
        return kept[locale, role]

    yield page_of
    for page in kept.values():
        page.context.close()


def cookies_of(browser: Browser, site: Site, role: str) -> Any:
    """What a browser keeps of an account's sign-in; each account signs in once."""
    if role == "visitor":
        return None
    if role not in site.signed_in:
        context = browser.new_context(base_url=site.url)
        page = context.new_page()
        page.goto("/people/sign-in")
        form = page.locator("main form").first
        form.locator("input:not([type=hidden]):not([type=password])").first.fill(town.ACCOUNTS[role])
        form.locator("input[type=password]").fill(PASSWORD)
        form.locator("button[type=submit]").click()
        page.wait_for_url(lambda url: "sign-in" not in url)
        site.signed_in[role] = context.storage_state()
        context.close()
    return site.signed_in[role]


@pytest.fixture(scope="session")
def validate() -> Iterator[Callable[[str], list[str]]]:
    """`validate(html)`: what html-validate finds, one sentence each; one Node for all pages."""
    node = subprocess.Popen(
        ["node", str(Path(__file__).with_name("validate.mjs"))],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert node.stdin is not None
    assert node.stdout is not None

    def ask(html: str) -> list[str]:
        node.stdin.write(json.dumps(html) + "\n")
        node.stdin.flush()
        found: list[str] = json.loads(node.stdout.readline())
        return found

    yield ask
    node.stdin.close()
    node.wait(timeout=20)
