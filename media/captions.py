"""Captions: WebVTT that browsers can read, checked; SubRip turned into it. Text alone, no styling.

What is stored is written anew from the cues, so nothing of the sent file survives but times and text.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from media import assets, errors
from media.assets import Caption

MOST_BYTES = 2 * 1024 * 1024
MOST_CUES = 20_000
LANGUAGES = {"zh-CN": "中文", "en": "English"}
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
# Hours may be missing (WebVTT) and the fraction may follow a comma (SubRip).
STAMP = r"(?:(\d{1,3}):)?([0-5]?\d):([0-5]\d)[.,](\d{3})"
TIMES = re.compile(rf"\s*{STAMP}\s*-->\s*{STAMP}(?:\s.*)?")
TAG = re.compile(r"</?(?:\d|font|[biuv]|c|ruby|rt|lang)[^<>]*>", re.IGNORECASE)


class Wrong(errors.Invalid):
    """A file of captions that cannot be used."""

    def __init__(self, code: str, sentence: str, **detail: int) -> None:
        super().__init__(code, sentence, field="file", **detail)


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption: shown in `[from_ms, to_ms)`."""

    from_ms: int
    to_ms: int
    text: str


def read(data: bytes, *, duration_ms: int | None = None) -> list[Cue]:
    """The cues of a WebVTT or SubRip file in order of their beginning.

    errors.Invalid, field `file`: `captions_too_large`, `captions_not_text`, `captions_malformed`
    (with the line), `captions_empty`, `captions_too_late` (they begin after the film ends).
    """
    if len(data) > MOST_BYTES:
        raise Wrong("captions_too_large", "Captions have at most 2 MB.")
    lines = _decoded(data).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    cues = sorted(_cues(lines), key=lambda cue: (cue.from_ms, cue.to_ms))
    if not cues:
        raise Wrong("captions_empty", "There are no captions in this file.")
    if len(cues) > MOST_CUES:
        raise Wrong("captions_too_large", "Captions have at most 2 MB.")
    if duration_ms is not None and cues[-1].from_ms >= duration_ms:
        raise Wrong(
            "captions_too_late",
            "The last caption begins after the video ends: these are captions of another video.",
        )
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


def _cues(lines: list[str]) -> list[Cue]:
    found: list[Cue] = []
    at = 0
    while at < len(lines):
        if "-->" not in lines[at]:
            at += 1
            continue
        times = TIMES.fullmatch(lines[at])
        if times is None:
            raise _malformed(at + 1)
        from_ms, to_ms = _ms(times.groups()[:4]), _ms(times.groups()[4:])
        if to_ms <= from_ms:
            raise _malformed(at + 1)
        at += 1
        text: list[str] = []
        while at < len(lines) and lines[at].strip():
            text.append(TAG.sub("", lines[at]).strip())
            at += 1
        if any(text):
            found.append(Cue(from_ms, to_ms, "\n".join(filter(None, text))))
    return found


def _ms(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, rest = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest


def _escaped(text: str) -> str:
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, sign)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _malformed(line: int) -> Wrong:
    return Wrong(
        "captions_malformed", "Line %(line)d of the captions cannot be understood.", line=line
    )
