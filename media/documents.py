"""Handouts: PDFs that are drawn page by page, so that a phone loads the pages that are looked at.

The PDF is read by a program of its own (`pages`), confined like ffmpeg; here is what it is allowed, what
its answer means, and how the pages are called. Who may read a handout is said by others.
"""

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media import confine, errors

PROGRAM = Path(__file__).with_name("pages.py")
LIMITS = confine.Limits(wall_s=300, cpu_s=240, memory_bytes=2 * 1024**3, file_bytes=64 * 1024**2)
TABLE = "pages.json"
PAGE = re.compile(r"page_\d{4}\.webp")
REFUSALS = ("not_a_pdf", "pdf_locked", "pdf_pages", "pdf_active")


@dataclass(frozen=True, slots=True)
class Page:
    """One drawn page: its file, its size in pixels, and its text, which may be empty."""

    name: str
    width: int
    height: int
    text: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """The files to keep, by name, and the pages."""

    files: dict[str, bytes | Path]
    pages: list[Page]


def draw(path: Path, folder: Path, *, tick: Callable[[], None] | None = None) -> Drawn:
    """The pages of a PDF, drawn in `folder`; errors.Unusable with one of `REFUSALS`, or `pdf_slow`."""
    with path.open("rb") as file:
        if not file.read(5).startswith(b"%PDF-"):
            raise errors.Unusable("not_a_pdf")
    target = folder / "pages"
    target.mkdir()
    try:
        said = confine.run(
            [sys.executable, "-I", str(PROGRAM), str(path), str(target)],
            limits=LIMITS, folder=folder, tick=tick,
        )  # fmt: skip
    except confine.Stopped as stopped:
        code = "pdf_slow" if stopped.code in ("too_slow", "killed") else "not_a_pdf"
        raise errors.Unusable(code, log=stopped.log) from stopped
    answer = json.loads(said)
    if "refused" in answer:
        raise errors.Unusable(answer["refused"] if answer["refused"] in REFUSALS else "not_a_pdf")
    pages = [
        Page(f"page_{number:04d}.webp", told["width"], told["height"], told["text"])
        for number, told in enumerate(answer["pages"], 1)
    ]
    table = json.dumps(answer, ensure_ascii=False).encode("utf-8")
    files: dict[str, bytes | Path] = {page.name: target / page.name for page in pages}
    return Drawn(files | {TABLE: table}, pages)


def read(table: bytes) -> list[Page]:
    """The pages that a stored table speaks of."""
    told: list[dict[str, Any]] = json.loads(table)["pages"]
    return [
        Page(f"page_{number:04d}.webp", page["width"], page["height"], page["text"])
        for number, page in enumerate(told, 1)
    ]
