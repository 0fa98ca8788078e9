"""Captions: WebVTT that browsers can read, checked; SubRip turned into it. Text alone, no styling.

What is stored is written anew from the cues, so nothing of the sent file survives but times and text.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from media import assets, errors
from media.assets import Caption

MOST_BYTES = 2 * 1024 * 1024
MOST_CUES = 20_000
SLIP_MS = 200
LANGUAGES = {"zh-CN": "中文", "en": "English"}
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
# Hours may be missing (WebVTT) and the fraction may follow a comma (SubRip).
STAMP = r"(?:(\d{1,3}):)?([0-5]?\d):([0-5]\d)[.,](\d{3})"
TIMES = re.compile(rf"\s*{STAMP}\s*-->\s*{STAMP}(?:\s.*)?")
TAG = re.compile(r"</?(?:\d|font|[biuv]|c|ruby|rt|lang)[^<>]*>", re.IGNORECASE)


class Wrong(errors.Invalid):
    """A file of captions that cannot be used; `also` are further faults, of lines below."""

    def __init__(self, code: str, sentence: str, *, also: Sequence["Wrong"] = (), **detail: int) -> None:
        super().__init__(code, sentence, field="file", **detail)
        self.also = also


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption: shown in `[from_ms, to_ms)`."""

    from_ms: int
    to_ms: int
    text: str


def read(data: bytes, *, duration_ms: int | None = None) -> list[Cue]:
    """The cues of a WebVTT or SubRip file, one after the other.

    Wrong, field `file`: `captions_too_large`, `captions_not_text`, `captions_empty`; and each with its line,
    the first of them raised: `captions_malformed`, `captions_order` (before the one above), `captions_overlap`,
    `captions_too_late` (after the film). What slips by `SLIP_MS`, as tools round, is cut.
    """
    if len(data) > MOST_BYTES:
        raise Wrong("captions_too_large", "Captions have at most 2 MB.")
    lines = _decoded(data).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    faults: list[Wrong] = []
    found = list(_cues(lines, faults))
    if not found and not faults:
        raise Wrong("captions_empty", "There are no captions in this file.")
    if len(found) > MOST_CUES:
        raise Wrong("captions_too_large", "Captions have at most 2 MB.")
    cues = _in_order(found, duration_ms, faults)
    if faults:
        first, *others = sorted(faults, key=lambda fault: int(fault.detail["line"]))
        first.also = others
        raise first
    return cues


def _in_order(found: list[tuple[int, Cue]], duration_ms: int | None, faults: list[Wrong]) -> list[Cue]:
    """The cues, cut where they slip into the next one or beyond the end."""
    cues: list[Cue] = []
    for line, cue in found:
        last = cues[-1] if cues else None
        if duration_ms is not None and cue.from_ms >= duration_ms:
            faults.append(Wrong(
                "captions_too_late",
                "Line %(line)d: this caption begins after the video ends. Are these captions of another video?",
                line=line,
            ))
        elif last is not None and cue.from_ms < last.from_ms:
            faults.append(Wrong(
                "captions_order",
                "Line %(line)d: this caption begins before the one above it. Put them in order of time.",
                line=line,
            ))
        elif last is not None and cue.from_ms < last.to_ms:
            if cue.from_ms == last.from_ms or last.to_ms - cue.from_ms > SLIP_MS:
                faults.append(Wrong(
                    "captions_overlap",
                    "Line %(line)d: this caption begins while the one above it is still shown. End that one earlier.",
                    line=line,
                ))
            cues[-1] = replace(last, to_ms=cue.from_ms)
        cues.append(cue if duration_ms is None else replace(cue, to_ms=min(cue.to_ms, duration_ms)))
    return cues


def write(cues: Collection[Cue]) -> str:
    """A WebVTT file with these cues."""
    blocks = [
        f"{stamp(cue.from_ms)} --> {stamp(cue.to_ms)}\n{_escaped(cue.text)}" for cue in cues
    ]
    return "WEBVTT\n\n" + "\n\n".join(blocks) + "\n"


def stamp(ms: int) -> str:
    """`hh:mm:ss.mmm`."""
    seconds, rest = divmod(ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"


def key_of(asset_id: str, language: str, mark: str) -> str:
    """Where one version of a language's captions lies."""
    return f"captions/{asset_id}/{language.lower()}-{mark}.vtt"


def check_language(language: str) -> str:
    """A BCP 47 tag; errors.Invalid `language_unknown`, field `language`."""
    if not LANGUAGE.fullmatch(language):
        raise errors.Invalid(
            "language_unknown", "This is not a language that captions can have.", field="language"
        )
    return language


def keep(
    session: Session, asset_id: str, *, owners: Collection[str], language: str, key: str
) -> str | None:
    """Name the stored file as the captions of a language; the key of the file it replaces."""
    asset = assets.get(session, asset_id, owners=owners)
    if asset.kind != assets.AssetKind.VIDEO:
        raise errors.NotFound()
    found = session.scalar(
        select(Caption).where(Caption.asset_id == asset_id, Caption.language == language)
    )
    if found is None:
        label = LANGUAGES.get(language, language)
        session.add(Caption(asset_id=asset_id, language=language, label=label, key=key))
        session.flush()
        return None
    replaced, found.key = found.key, key
    session.flush()
    return replaced


def remove(session: Session, asset_id: str, *, owners: Collection[str], language: str) -> str:
    """Forget the captions of a language; the key of their file, for the store to delete."""
    assets.get(session, asset_id, owners=owners)
    found = session.scalar(
        select(Caption).where(Caption.asset_id == asset_id, Caption.language == language)
    )
    if found is None:
        raise errors.NotFound()
    session.delete(found)
    session.flush()
    return found.key


def key_for(session: Session, asset_id: str, language: str) -> str:
    """Where the captions of a language lie; NotFound without any."""
    key = session.scalar(
        select(Caption.key).where(Caption.asset_id == asset_id, Caption.language == language)
    )
    if key is None:
        raise errors.NotFound()
    return key


def _decoded(data: bytes) -> str:
    """UTF-8, UTF-16 with its mark, or GB 18030, as captions are written in China."""
    if b"\0" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Wrong("captions_not_text", "This is not a file of captions (WebVTT or SRT).")
    codings = ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030")
    for coding in codings:
        try:
            return data.decode(coding)
        except UnicodeDecodeError:
            continue
    raise Wrong("captions_not_text", "This is not a file of captions (WebVTT or SRT).")


def _cues(lines: list[str], faults: list[Wrong]) -> Iterator[tuple[int, Cue]]:
    """Each cue with the line of its times."""
    at = 0
    while at < len(lines):
        if "-->" not in lines[at]:
            at += 1
            continue
        at += 1
        line = at  # counted from 1
        times = TIMES.fullmatch(lines[line - 1])
        text: list[str] = []
        while at < len(lines) and lines[at].strip():
            text.append(TAG.sub("", lines[at]).strip())
            at += 1
        if times is None or _ms(times.groups()[4:]) <= _ms(times.groups()[:4]):
            faults.append(Wrong(
                "captions_malformed",
                "Line %(line)d of the captions cannot be understood.",
                line=line,
            ))
        elif any(text):
            spoken = "\n".join(filter(None, text))
            yield line, Cue(_ms(times.groups()[:4]), _ms(times.groups()[4:]), spoken)


def _ms(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, rest = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest


def _escaped(text: str) -> str:
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, sign)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
