"""A real site on a free port and a real Chromium, for the tests that look at pages."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from app import create_app, messages
from app.settings import Settings
from tests.browser.checks import CHROMIUM, FLAGS, Look

ROOT = Path(__file__).resolve().parents[2]
KEY = bytes(range(32))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[str]:
    """The address of the running application, on a database of its own."""
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
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    app.extensions["xueshi_db"].engine.dispose()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, which plays H.264."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def looking(chromium: Browser, site: str) -> Callable[[Look], Any]:
    """`with looking(look) as page`: a page of that size, scheme and language, nothing visited yet."""

    @contextmanager
    def opened(look: Look) -> Iterator[Page]:
        context = chromium.new_context(
            base_url=site,
            viewport={"width": look.width, "height": look.height},
            color_scheme=look.scheme,
            reduced_motion="reduce",
            locale="zh-CN" if look.locale == "zh_CN" else "en-GB",
        )
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.goto(f"/locale/{look.locale}?next=/healthz")
        yield page
        context.close()

    return opened


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
