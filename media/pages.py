"""Draws a PDF page by page and looks for what must not be in it; a program, run through `confine` alone.

Other people's PDFs are parsed here and nowhere else. Nothing of ours is imported: it is run by its path,
without this package. It answers `{"pages": …}` or `{"refused": code}` on standard output.
"""

import json
import sys
from pathlib import Path
from typing import Any

MOST_PAGES = 300
WIDE, MOST_HIGH = 1200, 4000  # pixels: sharp on a phone, also a little enlarged
QUALITY, EFFORT = 72, 2
MOST_TEXT = 4000
# Names that make a reader run, open or unpack something. Links to pages of the web are none of them.
ACTIONS = {"/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/GoToE", "/Rendition"}
KINDS = {"/EmbeddedFile", "/RichMedia", "/3D", "/Movie", "/Screen", "/Sound", "/FileAttachment"}
KEYS = {"/JS", "/EmbeddedFiles", "/XFA"}
DEEPEST = 60


class Refused(Exception):
    """This PDF is not taken; `args[0]` is the code."""


def check(path: Path) -> None:
    """Refused `pdf_locked`, `pdf_pages`, `pdf_active` or `not_a_pdf`."""
    import pypdf

    try:
        reader = pypdf.PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Refused("pdf_locked")
        count = len(reader.pages)
        for number in range(1, _most_objects(reader)):
            if _is_active(_object(reader, number), 0):
                raise Refused("pdf_active")
        if _is_active(reader.trailer, 0):
            raise Refused("pdf_active")
    except Refused:
        raise
    except Exception as error:  # whatever a broken file makes the library raise
        raise Refused("not_a_pdf") from error
    if not 1 <= count <= MOST_PAGES:
        raise Refused("pdf_pages")


def _most_objects(reader: Any) -> int:
    numbers = [number for known in reader.xref.values() for number in known]
    return max([*numbers, *reader.xref_objStm], default=0) + 1


def _object(reader: Any, number: int) -> Any:
    from pypdf.generic import IndirectObject

    try:
        return reader.get_object(IndirectObject(number, 0, reader))
    except Exception:  # a hole in the table is no object
        return None


def _is_active(value: Any, depth: int) -> bool:
    """Whether a value itself, without what it points to, asks a reader to do something."""
    if depth > DEEPEST:
        raise Refused("not_a_pdf")
    if isinstance(value, dict):
        if KEYS & value.keys() or value.get("/S") in ACTIONS:
            return True
        if value.get("/Type") in KINDS or value.get("/Subtype") in KINDS:
            return True
        return any(_is_active(one, depth + 1) for one in dict.values(value))  # raw: follows nothing
    return isinstance(value, list) and any(_is_active(one, depth + 1) for one in value)


def draw(path: Path, folder: Path) -> list[dict[str, Any]]:
    """`page_0001.webp` … in `folder`, and of each its size and its text."""
    import pypdfium2  # type: ignore[import-untyped]

    try:
        document = pypdfium2.PdfDocument(path)
        if pypdfium2.raw.FPDFDoc_GetJavaScriptActionCount(document) > 0:
            raise Refused("pdf_active")
        return [_page(document[place], folder / f"page_{place + 1:04d}.webp") for place in range(len(document))]
    except pypdfium2.PdfiumError as error:
        raise Refused("not_a_pdf") from error


def _page(page: Any, target: Path) -> dict[str, Any]:
    width, height = page.get_size()
    if min(width, height) < 1:
        raise Refused("not_a_pdf")
    scale = min(WIDE / width, MOST_HIGH / height)
    picture = page.render(scale=scale).to_pil().convert("RGB")
    picture.save(target, "WEBP", quality=QUALITY, method=EFFORT)
    text = page.get_textpage().get_text_bounded()[:MOST_TEXT]
    told = "".join(sign for sign in text.replace("\r\n", "\n") if sign == "\n" or sign.isprintable())
    return {"width": picture.width, "height": picture.height, "text": told.strip()}


def main(path: Path, folder: Path) -> dict[str, Any]:
    """What standard output says."""
    try:
        check(path)
        return {"pages": draw(path, folder)}
    except Refused as refused:
        return {"refused": refused.args[0]}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))
