"""The grammar of HLS playlists (RFC 8216, 4): what a strict player reads, checked line by line."""

import re
from decimal import ROUND_HALF_UP, Decimal

URI = re.compile(r"[A-Za-z0-9_./-]+")  # relative, and without a way up: `..` is refused besides
ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(?:,|$)')
CODEC = r"(avc1\.[0-9a-f]{6}|mp4a\.40\.2|av01\.[0-9A-Z.]+)"
FORMS = {
    "BANDWIDTH": r"[1-9]\d*",
    "AVERAGE-BANDWIDTH": r"[1-9]\d*",
    "CODECS": rf'"{CODEC}(,{CODEC})*"',
    "RESOLUTION": r"[1-9]\d*x[1-9]\d*",
    "FRAME-RATE": r"\d+\.\d{3}",
    "VIDEO-RANGE": "SDR",
    "CLOSED-CAPTIONS": "NONE",
}
PICTURE = {"RESOLUTION", "FRAME-RATE"}


def attributes(text: str) -> dict[str, str]:
    """An attribute list, each name once."""
    found = ATTRIBUTE.findall(text)
    assert "".join(f"{name}={value}," for name, value in found) == text + ",", text
    assert len(dict(found)) == len(found), text
    return dict(found)


def check_master(text: str) -> list[str]:
    """The addresses of a master playlist's rungs, all of it being in order."""
    head, *lines = text.splitlines()
    assert head == "#EXTM3U"
    assert lines[:2] == ["#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    rungs = []
    for told, uri in zip(lines[2::2], lines[3::2], strict=True):
        tag, _colon, rest = told.partition(":")
        assert tag == "#EXT-X-STREAM-INF"
        given = attributes(rest)
        assert {"BANDWIDTH", "AVERAGE-BANDWIDTH", "CODECS"} <= given.keys()
        for name, value in given.items():
            assert re.fullmatch(FORMS[name], value), told
        assert given.keys() >= PICTURE if "avc1" in given["CODECS"] else not PICTURE & given.keys()
        rungs.append(_uri(uri))
    assert rungs
    assert len(set(rungs)) == len(rungs)
    return rungs


def check_media(text: str) -> list[str]:
    """The segments of a media playlist, all of it being in order."""
    lines = text.splitlines()
    assert lines[0] == "#EXTM3U"
    assert lines[-1] == "#EXT-X-ENDLIST"
    begins = next(at for at, line in enumerate(lines) if line.startswith("#EXTINF:"))
    tags = dict(line.partition(":")[::2] for line in lines[1:begins])
    assert len(tags) == begins - 1, "each tag once"
    assert int(tags.pop("#EXT-X-VERSION")) >= 6, "EXT-X-MAP needs it"
    target = int(tags.pop("#EXT-X-TARGETDURATION"))
    assert tags.pop("#EXT-X-MEDIA-SEQUENCE") == "0"
    assert tags.pop("#EXT-X-PLAYLIST-TYPE") == "VOD"
    tags.pop("#EXT-X-INDEPENDENT-SEGMENTS", None)
    _uri(attributes(tags.pop("#EXT-X-MAP"))["URI"].strip('"'))
    assert tags == {}, "nothing else"
    segments = []
    for told, uri in zip(lines[begins:-1:2], lines[begins + 1 : -1 : 2], strict=True):
        seconds = Decimal(re.fullmatch(r"#EXTINF:(\d+(?:\.\d+)?),", told)[1])  # type: ignore[index]
        assert seconds > 0
        assert seconds.quantize(Decimal(1), ROUND_HALF_UP) <= target, "4.3.3.1"
        segments.append(_uri(uri))
    assert len(set(segments)) == len(segments)
    return segments


def _uri(text: str) -> str:
    assert URI.fullmatch(text), text
    assert ".." not in text, text
    assert not text.startswith("/"), text
    return text
