"""A certificate on paper: one A4 sheet in both languages as PDF, with its QR code. The same row, the same bytes.

Knows no database and looks at no clock. Chinese glyphs are embedded from the font that npm installs.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
import typst
from segno.encoder import DataOverflowError

from courses.certificates import claim
from courses.certificates.code import Code
from courses.units import half_up

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "node_modules" / "@expo-google-fonts" / "noto-sans-sc"
FONTS = (PACKAGE / "400Regular", PACKAGE / "700Bold")
SYSTEM = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
# 62 mm of paper over 137 modules and their margin are 0.43 mm a module: see the decision on certificates.
MOST_VERSION = 30

TITLES = {
    "statement": ("学时证明", "Statement of hours"),
    "course": ("课程学时证明", "Statement of hours for a course"),
    "requirement": ("培训要求学时证明", "Statement of hours for a requirement"),
}
FIGURES = {
    "required": ("要求学时", "Required"),
    "online": ("线上可计学时", "Online, countable"),
    "in_person": ("线下学时", "In person"),
    "total": ("合计", "Total"),
}
ROWS = {
    "posting": ("在线学习", "Online"),
    "offline": ("线下培训", "In person"),
    "transfer": ("认可转入", "Recognised from elsewhere"),
    "adjustment": ("调整", "Adjustment"),
    "reversal": ("冲正", "Reversal"),
}


class NoFont(Exception):
    """There is no Chinese font on this machine."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the template prints, every value a text."""

    number: str
    issuer: str
    host: str
    verify: str
    title_zh: str
    title_en: str
    hours: str
    hours_exact: str
    lines: list[dict[str, str]]
    figures: list[dict[str, str]]
    rows: list[dict[str, str]]
    policies: list[dict[str, str]]
    sealed: str
    unproved: bool


def pdf(document: dict[str, Any], code: Code, *, verify_url: str) -> bytes:
    """The paper of a document as `issuing.document` gives it."""
    drawn, unproved = drawing(code, verify_url=verify_url)
    sealed = f"{code.proof.index} / {code.proof.size}" if code.proof else ""
    sheet = of(document, verify_url=verify_url, sealed=sealed, unproved=unproved)
    return typst.compile(
        Path(__file__).with_name("paper.typ").read_bytes(),
        font_paths=fonts(),
        format="pdf",
        sys_inputs={"sheet": json.dumps(asdict(sheet), ensure_ascii=False), "code": drawn},
    )


@lru_cache(maxsize=1)
def fonts() -> typst.Fonts:
    """The Chinese font, read once; NoFont where neither npm nor the system has one."""
    if all(list(folder.glob("*.ttf")) for folder in FONTS):
        return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=list(FONTS))
    if not any(list(top.rglob("NotoSans*SC*")) for top in SYSTEM):
        raise NoFont("no Noto Sans SC; `npm install` brings it")
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=False)


def drawing(code: Code, *, verify_url: str) -> tuple[str, bool]:
    """The QR code as SVG, and whether its proof had to be left out.

    Medium error correction where the modules stay large enough to be read from paper, else low.
    """
    for kept, level in ((code, "M"), (code, "L"), (code.unproved, "M")):
        try:
            found = segno.make((f"{verify_url}#", kept.digits), error=level, boost_error=False, micro=False)  # type: ignore[arg-type]  # segments
        except DataOverflowError:
            continue
        if int(found.version) <= MOST_VERSION or kept.proof is None:
            out = BytesIO()
            found.save(out, kind="svg", border=4, xmldecl=False, svgns=True, nl=False)
            return out.getvalue().decode(), kept.proof is None and code.proof is not None
    raise ValueError("a claim that fits no code")  # titles are cut, so it always does


def of(document: dict[str, Any], *, verify_url: str, sealed: str, unproved: bool) -> Sheet:
    """The sheet of a document."""
    title_zh, title_en = TITLES[document["kind"]]
    exact = Fraction(document["hours"])
    return Sheet(
        number=document["certificate"],
        issuer="学时 Xueshi",
        host=verify_url.split("://", 1)[-1].split("/", 1)[0],
        verify=verify_url,
        title_zh=title_zh,
        title_en=title_en,
        hours=decimal(exact),
        hours_exact="" if Fraction(decimal(exact)) == exact else str(exact),
        lines=list(lines(document)),
        figures=[
            {"zh": FIGURES[row["kind"]][0], "en": FIGURES[row["kind"]][1], "hours": decimal(Fraction(row["hours"]))}
            for row in document["figures"]
        ],
        rows=[
            {
                "on": row["on"], "title": row["title"], "zh": ROWS[row["kind"]][0], "en": ROWS[row["kind"]][1],
                "policy": row["policy"], "hours": decimal(Fraction(row["hours"])),
            }
            for row in document["rows"]
        ],
        policies=document["policies"],
        sealed=sealed,
        unproved=unproved,
    )  # fmt: skip


def lines(document: dict[str, Any]) -> Iterable[dict[str, str]]:
    """Who, what and when; the claim in the code says the same."""
    holder = document["holder"]
    found = [
        ("姓名", "Name", holder["name"]),
        ("证件号码", "Document", holder["document"]),
        ("事由", "About", claim.short(document["title"])),
        ("期间", "Period", f"{document['from_on']} – {document['to_on']}"),
        ("出具日期", "Issued", document["issued_on"]),
        ("证明编号", "Number", document["certificate"]),
    ]
    return ({"zh": zh, "en": en, "value": value} for zh, en, value in found if value)


def decimal(hours: Fraction) -> str:
    """Hours to two places; the exact fraction where that would be nothing."""
    rounded = half_up(hours, 2)
    if rounded == 0:
        return str(hours)
    hundredths = abs(rounded.numerator) * 100 // rounded.denominator
    text = f"{hundredths // 100}.{hundredths % 100:02d}".rstrip("0").rstrip(".")
    return f"-{text}" if rounded < 0 else text
