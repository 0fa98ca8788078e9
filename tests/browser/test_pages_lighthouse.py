"""Lighthouse, as a phone sees it: at least 95 in every category of the pages that strangers meet."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.browser.conftest import Site

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
# Performance is measured on whatever else the machine does; a page that is fast enough is so once in three.
TRIES = 3


@pytest.mark.parametrize("path", ["/catalogue/", "/catalogue/courses/{course}", "/people/sign-in", "/"])
def test_lighthouse_finds_a_page_good(site: Site, path: str) -> None:
    low: list[dict[str, object]] = []
    for _ in range(TRIES):
        done = subprocess.run(
            ["node", "bench/lighthouse.mjs", site.url, path.format(**site.keys)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert done.stdout, done.stderr
        low = json.loads(done.stdout.splitlines()[-1])["low"]
        if not low:
            return
    assert low == []
