"""An enterprise's roster as a file: XLSX, XLS, or CSV in UTF-8 or GB18030, read into lines. Pure.

What a file is, its bytes decide, never its name. A line that cannot be read is named with its number as the
spreadsheet shows it; it never hides the others.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from courses import errors
from courses.people import contacts, documents
from courses.people.documents import DocumentType

MOST_BYTES = 10 * 1024 * 1024
MOST_UNPACKED_BYTES = 200 * 1024 * 1024
MOST_LINES = 20_000
HEADING_WITHIN = 10  # lines of titles that may stand above the headings
ROUNDED = 1e15  # beyond it a spreadsheet's number has lost digits
HEADINGS: dict[str, tuple[str, ...]] = {
    "name": ("姓名", "员工姓名", "名字", "name", "full name"),
    "number": ("证件号码", "证件号", "身份证号", "身份证号码", "公民身份号码", "id number", "document number"),
    "doc_type": ("证件类型", "证件种类", "document type"),
    "country": ("国籍", "签发国", "国家", "country"),
    "title": ("岗位", "职务", "工种", "岗位名称", "post", "position"),
    "department": ("部门", "车间", "班组", "所属部门", "department", "team"),
}
DOC_TYPES = {
    "": DocumentType.RESIDENT_ID,
    "身份证": DocumentType.RESIDENT_ID,
    "居民身份证": DocumentType.RESIDENT_ID,
    "港澳台居民居住证": DocumentType.RESIDENCE_PERMIT,
    "居住证": DocumentType.RESIDENCE_PERMIT,
    "外国人永久居留身份证": DocumentType.PERMANENT_RESIDENT,
    "永久居留证": DocumentType.PERMANENT_RESIDENT,
    "港澳居民来往内地通行证": DocumentType.HM_TRAVEL_PERMIT,
    "回乡证": DocumentType.HM_TRAVEL_PERMIT,
    "台湾居民来往大陆通行证": DocumentType.TW_TRAVEL_PERMIT,
    "台胞证": DocumentType.TW_TRAVEL_PERMIT,
    "护照": DocumentType.PASSPORT,
    **{str(one): one for one in DocumentType},
}


@dataclass(frozen=True, slots=True)
class Line:
    """One person as the file has them; `number` counts the lines as the spreadsheet shows them, from 1."""

    number: int
    cells: dict[str, str]
    is_rounded: bool = False  # the spreadsheet kept the document's number as a number, and lost digits


@dataclass(frozen=True, slots=True)
class Listed:
    """A line that was found good."""

    line: int
    name: str
    doc_type: str
    country: str
    document: str
    title: str
    department: str


@dataclass(frozen=True, slots=True)
class Bad:
    """A line that was not taken: at which column, why, and what it said."""

    line: int
    field: str
    sentence: str
    detail: dict[str, Any]
    cells: dict[str, str]


def read(data: bytes) -> list[Line]:
    """The lines below the headings, empty ones left out; `errors.Invalid` at `file` with what to do instead."""
    rows = _sheet(data) if data[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0") else _text(data)
    columns: dict[int, str] = {}
    found: list[Line] = []
    for number, row in enumerate(rows, start=1):
        if not columns:
            columns = _headings(row)
            if not columns and number >= HEADING_WITHIN:
                break
            continue
        cells = {name: _plain(row[at]) for at, name in columns.items() if at < len(row)}
        if not any(cells.values()):
            continue
        if len(found) >= MOST_LINES:
            raise errors.Invalid(
                "roster_too_long", "A roster has at most %(most)d lines. Divide it into several files.",
                field="file", most=MOST_LINES,
            )  # fmt: skip
        number_at = next(at for at, name in columns.items() if name == "number")
        raw = row[number_at] if number_at < len(row) else ""
        found.append(Line(number, cells, isinstance(raw, float) and abs(raw) >= ROUNDED))
    if not columns:
        raise errors.Invalid(
            "roster_headings",
            "The first lines need the headings 姓名 and 证件号码. Take our template and copy your staff into it.",
            field="file",
        )
    if not found:
        raise errors.Invalid("roster_empty", "There is nobody below the headings.", field="file")
    return found


def check(lines: Iterable[Line], *, today: date) -> tuple[list[Listed], list[Bad]]:
    """Good lines and bad ones, in the file's order; whoever stands twice is good once."""
    good: list[Listed] = []
    bad: list[Bad] = []
    seen: dict[tuple[str, str], int] = {}
    for line in lines:
        try:
            listed = _checked(line, today=today)
            key = (listed.doc_type, documents.indexed(listed.doc_type, listed.document))
            if seen.setdefault(key, line.number) != line.number:
                raise errors.Invalid(
                    "number_twice", "This number stands in line %(line)d already.", field="number", line=seen[key]
                )
        except errors.Invalid as refusal:
            bad.append(Bad(line.number, refusal.field, refusal.sentence, refusal.detail, line.cells))
            continue
        good.append(listed)
    return good, bad


def _checked(line: Line, *, today: date) -> Listed:
    cells = line.cells
    if line.is_rounded:
        raise errors.Invalid(
            "number_rounded",
            "The spreadsheet has rounded this number. Format the column as text, and type the number again.",
            field="number",
        )
    name = contacts.person_name(cells.get("name", ""))
    word = cells.get("doc_type", "").strip().lower()
    if word not in DOC_TYPES:
        raise errors.Invalid("doc_type_unknown", "This kind of document is not known here.", field="doc_type")
    doc_type = DOC_TYPES[word]
    country = cells.get("country", "").upper() or "CHN"
    document = documents.check(doc_type, country, cells.get("number", ""), today=today)
    for name_of, most in (("title", 60), ("department", 60)):
        if len(cells.get(name_of, "")) > most:
            raise errors.Invalid("too_long", "Use at most %(max)d characters.", field=name_of, max=most)
    return Listed(
        line=line.number,
        name=name,
        doc_type=doc_type,
        country=documents.issuer(doc_type, country),
        document=document,
        title=cells.get("title", ""),
        department=cells.get("department", ""),
    )


def _headings(row: list[Any]) -> dict[int, str]:
    """Which column is what, once a line has the two headings that are needed."""
    words = {at: _plain(cell).strip("*＊:：").lower() for at, cell in enumerate(row)}
    columns: dict[int, str] = {}
    for at, word in words.items():
        name = next((name for name, known in HEADINGS.items() if word in known), None)
        if name is not None and name not in columns.values():
            columns[at] = name
    return columns if {"name", "number"} <= set(columns.values()) else {}


def _plain(cell: Any) -> str:
    """A cell as text: whole numbers without a point, half-width, single spaces."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(documents.half_width(str(cell)).split())


def _sheet(data: bytes) -> Iterator[list[Any]]:
    """The rows of a workbook's first sheet that has any."""
    refusal = errors.Invalid(
        "roster_unreadable", "This spreadsheet cannot be opened. Save it once more as .xlsx, without a password.", field="file"
    )
    try:
        if data[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                if sum(one.file_size for one in packed.infolist()) > MOST_UNPACKED_BYTES:
                    raise refusal
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for name in book.sheet_names:
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            if rows:
                return iter(rows)
    except (CalamineError, zipfile.BadZipFile) as error:
        raise refusal from error
    raise errors.Invalid("roster_empty", "There is nobody below the headings.", field="file")


def _text(data: bytes) -> Iterator[list[str]]:
    """The rows of a text table: commas, semicolons or tabs, whichever the first lines have most of."""
    for encoding in ("utf-8-sig", "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        text = "\0"
    if "\0" in text:
        raise errors.Invalid(
            "roster_not_a_table", "This is no table. Upload a spreadsheet (.xlsx), or CSV in UTF-8 or GB18030.", field="file"
        )
    head = "\n".join(text.splitlines()[:HEADING_WITHIN])
    delimiter = max(",;\t，", key=head.count)
    try:
        yield from csv.reader(io.StringIO(text), delimiter=delimiter)
    except csv.Error as error:
        raise errors.Invalid(
            "roster_not_a_table", "This is no table. Upload a spreadsheet (.xlsx), or CSV in UTF-8 or GB18030.", field="file"
        ) from error
