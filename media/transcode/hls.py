"""HLS playlists (RFC 8216): what ffmpeg wrote is read and measured, the master is written here.

Bandwidths are measured in the segments, codecs read from the init segment; nothing is assumed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from media import errors

MS = 1000
ALIGNED_MS = 100
AAC_LC = "mp4a.40.2"


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of a rung with its exact playing time in seconds."""

    name: str
    seconds: Fraction
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Line:
    """What the master playlist tells of a rung; `width` is 0 where it is sound alone. Rates in bit/s."""

    name: str
    width: int
    height: int
    fps: Fraction
    codecs: str
    peak_bps: int
    average_bps: int


@dataclass(frozen=True, slots=True)
class Track(Line):
    """One rung as made."""

    size_bytes: int
    duration_ms: int
    files: tuple[str, ...]  # below the rung's folder, the playlist last
    longest_ms: int = 0  # segment


def measure(folder: Path, *, width: int, height: int, fps: Fraction, has_sound: bool) -> Track:
    """A rung from its folder; errors.Fault when it is not whole."""
    playlist = folder / "index.m3u8"
    init = folder / "init.mp4"
    if not playlist.is_file() or not init.is_file():
        raise errors.Fault("rung_incomplete", folder.name)
    text = playlist.read_text("utf-8")
    if "#EXT-X-ENDLIST" not in text:
        raise errors.Fault("rung_incomplete", folder.name)
    segments = read_segments(text, folder)
    total = sum((segment.seconds for segment in segments), Fraction(0))
    size = sum(segment.size_bytes for segment in segments)
    if not segments or total <= 0:
        raise errors.Fault("rung_incomplete", folder.name)
    average_bps = _up(size * 8 / total)
    picture = [avc_codec(init.read_bytes())] if width else []
    codecs = ",".join(picture + ([AAC_LC] if has_sound else []))
    return Track(
        name=folder.name,
        width=width,
        height=height,
        fps=fps,
        codecs=codecs,
        peak_bps=max(peak(segments), average_bps),
        average_bps=average_bps,
        size_bytes=size + init.stat().st_size + playlist.stat().st_size,
        duration_ms=int(total * MS),
        files=(init.name, *(segment.name for segment in segments), playlist.name),
        longest_ms=int(max(segment.seconds for segment in segments) * MS),
    )


def read_segments(text: str, folder: Path) -> list[Segment]:
    """The segments that a media playlist names, each of which must be there."""
    found: list[Segment] = []
    seconds: Fraction | None = None
    for line in text.splitlines():
        if line.startswith("#EXTINF:"):
            seconds = Fraction(line.removeprefix("#EXTINF:").split(",")[0])
        elif line and not line.startswith("#"):
            path = folder / line
            if seconds is None or "/" in line or not path.is_file():
                raise errors.Fault("rung_incomplete", folder.name)
            found.append(Segment(line, seconds, path.stat().st_size))
            seconds = None
    return found


def peak(segments: Sequence[Segment]) -> int:
    """The peak segment bit rate: of segments at least half as long as the longest (RFC 8216, 4.3.4.2)."""
    longest = max(segment.seconds for segment in segments)
    rates = [s.size_bytes * 8 / s.seconds for s in segments if s.seconds * 2 >= longest]
    return _up(max(rates))


def sample_count(file: bytes) -> int:
    """How many frames an MP4 of one track with its index at the end has."""
    at = file.rfind(b"stsz")
    return int.from_bytes(file[at + 12 : at + 16], "big") if at >= 0 else 0


def avc_box(file: bytes) -> bytes:
    """The avcC box of such a file: everything that a decoder must know before the first frame."""
    at = file.rfind(b"avcC")
    if at < 4:
        raise errors.Fault("codec_unknown")
    return file[at : at - 4 + int.from_bytes(file[at - 4 : at], "big")]


def avc_codec(init: bytes) -> str:
    """`avc1.PPCCLL` (RFC 6381) from the avcC box of an init segment."""
    at = init.find(b"avcC")
    if at < 0 or len(init) < at + 8:
        raise errors.Fault("codec_unknown")
    profile, compatibility, level = init[at + 5 : at + 8]
    return f"avc1.{profile:02x}{compatibility:02x}{level:02x}"


def check_aligned(tracks: Sequence[Track]) -> int:
    """The lesson's duration in ms: the shortest rung's. Fault when rungs do not switch seamlessly.

    Sound alone is left out: nobody changes between it and a picture within a segment.
    """
    tracks = [track for track in tracks if track.width]
    counts = {len(track.files) for track in tracks}
    durations = [track.duration_ms for track in tracks]
    if len(counts) != 1 or max(durations) - min(durations) > ALIGNED_MS:
        raise errors.Fault("rungs_not_aligned")
    return min(durations)


def master(lines: Sequence[Line]) -> str:
    """The master playlist, the smallest picture first: players begin there on an unknown line.

    Sound alone comes last, as Apple's players begin with what is named first.
    """
    text = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for line in sorted(lines, key=lambda told: (not told.width, told.peak_bps)):
        picture = (
            f",RESOLUTION={line.width}x{line.height},FRAME-RATE={float(line.fps):.3f},"
            "VIDEO-RANGE=SDR,CLOSED-CAPTIONS=NONE"
            if line.width
            else ""
        )
        text += [
            f"#EXT-X-STREAM-INF:BANDWIDTH={line.peak_bps},AVERAGE-BANDWIDTH={line.average_bps},"
            f'CODECS="{line.codecs}"{picture}',
            f"{line.name}/index.m3u8",
        ]
    return "\n".join(text) + "\n"


def _up(value: Fraction | float) -> int:
    return -int(-Fraction(value) // 1)
