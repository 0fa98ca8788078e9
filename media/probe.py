"""What a file is, as ffprobe measures it, never as its name says; and which files are refused.

Only demuxers of real containers are let in, so a playlist that names a URL or a local file is refused
before anything is opened on its behalf. The duration here is the container's claim; the lesson's is
measured in what was made (`transcode`).
"""

import json
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from media import confine, errors

CONTAINERS = "mov,matroska,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,mxf,rm,wtv"
LIMITS = confine.Limits(wall_s=60, cpu_s=60, memory_bytes=2 * 1024**3, file_bytes=64 * 1024**2)
SHORTEST_MS = 1_000
LONGEST_MS = 12 * 3_600_000
SMALLEST_SIDE = 32
LARGEST_SIDE = 8_192
HDR_TRANSFERS = ("smpte2084", "arib-std-b67")


@dataclass(frozen=True, slots=True)
class Facts:
    """What was measured. `width` and `height` are of the upright picture in square pixels."""

    container: str
    duration_ms: int
    video_index: int
    video_codec: str
    width: int
    height: int
    rotation: int
    fps: str  # an exact fraction
    is_variable: bool
    is_hdr: bool
    pixel_format: str
    audio_index: int | None
    audio_codec: str
    channels: int
    size_bytes: int
    # What decides whether phones can play it as it is (`transcode/remux`); zero or empty: not told.
    profile: str = ""
    level: int = 0
    is_square: bool = False  # pixels, stored as they are shown
    is_progressive: bool = False
    video_starts_ms: int = 0
    audio_profile: str = ""
    audio_starts_ms: int = 0

    @property
    def rate(self) -> Fraction:
        """Frames a second."""
        return Fraction(self.fps)

    def to_json(self) -> dict[str, Any]:
        """As kept in `Asset.probe`."""
        return asdict(self)


def measure(path: Path, *, ffprobe: str, folder: Path) -> Facts:
    """Facts of a local file; errors.Unusable with a stable code for what cannot be a lesson.

    Codes: `empty_file`, `unreadable`, `no_video`, `no_duration`, `too_short`, `too_long`,
    `too_small`, `too_wide`, `too_slow`.
    """
    if path.stat().st_size == 0:
        raise errors.Unusable("empty_file")
    command = [
        ffprobe, "-v", "error", "-hide_banner",
        "-protocol_whitelist", "file", "-format_whitelist", CONTAINERS,
        "-print_format", "json", "-show_format", "-show_streams",
        "-i", f"file:{path}",
    ]  # fmt: skip
    try:
        raw = confine.run(command, limits=LIMITS, folder=folder)
    except confine.Stopped as stopped:
        code = "too_slow" if stopped.code == "too_slow" else "unreadable"
        raise errors.Unusable(code, log=stopped.log) from stopped
    try:
        told = json.loads(raw)
    except ValueError as error:
        raise errors.Unusable("unreadable") from error
    return read(told, size_bytes=path.stat().st_size)


def read(told: dict[str, Any], *, size_bytes: int) -> Facts:
    """Facts from ffprobe's JSON, refusing like `measure`."""
    streams = told.get("streams", [])
    video = next((stream for stream in streams if _is_picture(stream)), None)
    if video is None:
        raise errors.Unusable("no_video")
    audio = next((s for s in streams if s.get("codec_type") == "audio" and s.get("channels")), None)
    rotation = _rotation(video)
    width, height = _upright(video, rotation)
    facts = Facts(
        container=str(told.get("format", {}).get("format_name", "")),
        duration_ms=_duration_ms(told.get("format", {}), video),
        video_index=int(video["index"]),
        video_codec=str(video["codec_name"]),
        width=width,
        height=height,
        rotation=rotation,
        fps=str(_rate(video.get("avg_frame_rate")) or _rate(video.get("r_frame_rate")) or 25),
        is_variable=_rate(video.get("avg_frame_rate")) != _rate(video.get("r_frame_rate")),
        is_hdr=video.get("color_transfer") in HDR_TRANSFERS,
        pixel_format=str(video.get("pix_fmt", "")),
        audio_index=None if audio is None else int(audio["index"]),
        audio_codec="" if audio is None else str(audio.get("codec_name", "")),
        channels=0 if audio is None else int(audio["channels"]),
        size_bytes=size_bytes,
        profile=str(video.get("profile", "")),
        level=int(video.get("level") or 0),
        is_square=(width, height) == (video["width"], video["height"]),
        is_progressive=video.get("field_order", "progressive") == "progressive",
        video_starts_ms=_starts_ms(video),
        audio_profile="" if audio is None else str(audio.get("profile", "")),
        audio_starts_ms=0 if audio is None else _starts_ms(audio),
    )
    _check(facts)
    return facts


def _is_picture(stream: dict[str, Any]) -> bool:
    """A moving picture: a cover picture in a sound file is none."""
    return (
        stream.get("codec_type") == "video"
        and bool(stream.get("codec_name"))
        and not stream.get("disposition", {}).get("attached_pic")
        and int(stream.get("width") or 0) > 0
        and int(stream.get("height") or 0) > 0
    )


def _rotation(video: dict[str, Any]) -> int:
    """Clockwise quarter turns in degrees, 0, 90, 180 or 270, that the player must apply."""
    for side in video.get("side_data_list", []):
        if "rotation" in side:
            return round(-float(side["rotation"]) / 90) * 90 % 360
    return round(float(video.get("tags", {}).get("rotate", 0)) / 90) * 90 % 360


def _upright(video: dict[str, Any], rotation: int) -> tuple[int, int]:
    width, height = int(video["width"]), int(video["height"])
    aspect = _rate(str(video.get("sample_aspect_ratio", "1:1")).replace(":", "/")) or Fraction(1)
    if Fraction(1, 10) < aspect < 10:
        width = max(1, round(width * aspect))
    return (height, width) if rotation in (90, 270) else (width, height)


def _rate(text: Any) -> Fraction | None:
    try:
        found = Fraction(str(text))
    except (ValueError, ZeroDivisionError):
        return None
    return found if 0 < found <= 1000 else None


def _starts_ms(stream: dict[str, Any]) -> int:
    """When the stream's first picture or sound is due, after edits; never met where nothing is told."""
    try:
        return int(Fraction(str(stream.get("start_time"))) * 1000)
    except (ValueError, ZeroDivisionError):
        return LONGEST_MS


def _duration_ms(container: dict[str, Any], video: dict[str, Any]) -> int:
    for told in (container.get("duration"), video.get("duration")):
        try:
            return int(Fraction(str(told)) * 1000)
        except (ValueError, ZeroDivisionError):
            continue
    raise errors.Unusable("no_duration")


def _check(facts: Facts) -> None:
    refusals = (
        ("too_short", facts.duration_ms < SHORTEST_MS),
        ("too_long", facts.duration_ms > LONGEST_MS),
        ("too_small", min(facts.width, facts.height) < SMALLEST_SIDE),
        ("too_wide", max(facts.width, facts.height) > LARGEST_SIDE),
    )
    for code, is_so in refusals:
        if is_so:
            raise errors.Unusable(code)
