"""What a page is checked for: axe, no sideways scrolling, nothing that the browser complains of."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import ConsoleMessage, Error, Page, Request

ROOT = Path(__file__).resolve().parents[2]
AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text("utf-8")
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",  # a film starts without a phone's gesture
]  # fmt: skip
RUN_AXE = """
async () => {
  const report = await axe.run(document, { resultTypes: ["violations"] });
  return report.violations.flatMap((v) =>
    v.nodes.map((n) => `${v.id}: ${v.help}: ${n.target.join(" ")}: ${n.html.slice(0, 160)}`));
}
"""
# Elements that reach beyond the window, except inside what is made to scroll.
TOO_WIDE = """
() => [...document.querySelectorAll("body *")]
  .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .filter((e) => {
    for (let up = e.parentElement; up && up !== document.body; up = up.parentElement)
      if (getComputedStyle(up).overflowX !== "visible") return false;
    return true;
  })
  .map((e) => e.tagName.toLowerCase() + "." + (e.getAttribute("class") || ""))
  .slice(0, 5)
"""


@dataclass(frozen=True, slots=True)
class Look:
    """A size, a colour scheme and a language."""

    width: int
    height: int
    scheme: Literal["light", "dark"]
    locale: str

    def __str__(self) -> str:
        return f"{self.width}-{self.scheme}-{self.locale}"


# Every pair of size, scheme and language occurs, without all eight.
LOOKS = (
    Look(360, 740, "light", "zh_CN"),
    Look(360, 740, "dark", "en"),
    Look(1280, 800, "dark", "zh_CN"),
    Look(1280, 800, "light", "en"),
)


def axe(page: Page) -> list[str]:
    """What axe finds, one sentence for each element. Injected past the content security policy."""
    page.evaluate(AXE)
    found: list[str] = page.evaluate(RUN_AXE)
    return found


def no_overflow(page: Page) -> list[str]:
    """What makes the page scroll sideways; nothing if it does not."""
    if page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        return []
    found: list[str] = page.evaluate(TOO_WIDE)
    return found or ["the page is wider than the window"]


def small_targets(page: Page) -> list[str]:
    """Buttons and fields lower than 44 px, which a gloved thumb misses."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll(".button, .input, summary, .phone-bar a, .head a")]
          .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 43.5)
          .map((e) => e.outerHTML.slice(0, 120))"""
    )
    return found


def dress(page: Page, look: Look) -> None:
    """Give the page a size and a colour scheme; loaded or not."""
    page.set_viewport_size({"width": look.width, "height": look.height})
    page.emulate_media(color_scheme=look.scheme)


@contextmanager
def complaints(page: Page) -> Iterator[list[str]]:
    """A list that fills with what the browser complains of, scripts and policy above all."""
    heard: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # The status of the page itself is checked elsewhere; error pages have one on purpose.
        if message.type == "error" and "Failed to load resource" not in message.text:
            heard.append(message.text)

    def fail(error: Error) -> None:
        heard.append(str(error))

    def miss(request: Request) -> None:
        # The town's films have no files, and a page that is left gives up its icon.
        if not any(part in request.url for part in ("/media/play/", "favicon")):
            heard.append(f"not loaded: {request.url}")

    page.on("console", hear)
    page.on("pageerror", fail)
    page.on("requestfailed", miss)
    yield heard
    page.remove_listener("console", hear)
    page.remove_listener("pageerror", fail)
    page.remove_listener("requestfailed", miss)
