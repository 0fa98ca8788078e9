"""A source that phones can play as it is becomes HLS by copying: watchable in seconds, until the ladder is made.

What is doubtful is encoded: an edited time line, a turned picture, a level that its size belies, key
frames far apart. The copy weighs what the source weighs; it is not normalised in loudness, and goes
when the ladder is there.
"""

import json
from fractions import Fraction
from pathlib import Path

import ffmpeg

from media import confine, errors, probe
from media.probe import CONTAINERS, Facts
from media.transcode import encode, hls

NAME = "source"
SHORT_MS = 60_000  # the first rung of what is shorter is there as soon, and lighter
MOST_BPS = 6_000_000  # a phone on 4G; what is heavier helps nobody
MOST_FPS = 60
PROFILES = ("Constrained Baseline", "Baseline", "Main", "High")
MOST_LEVEL = 41
# ITU-T H.264, table A-1, level 4.1: macroblocks a frame and a second.
MOST_BLOCKS, MOST_BLOCKS_S = 8_192, 245_760
STARTS_MS = 50  # sound and picture together within a frame or two
EDITED_MS = 250  # encoders' own edits (priming, reordering) stay below
LONGEST_MS = 15_000  # segment: how far a player must read before it can begin
LENGTH_MS = 500  # by which copy and ladder may differ


def may_be_copied(facts: Facts) -> bool:
    """Whether phones can play the source's own streams, as far as its header tells."""
    blocks = -(-facts.width // 16) * -(-facts.height // 16)
    has_picture = (
        facts.video_codec == "h264"
        and facts.profile in PROFILES
        and 0 < facts.level <= MOST_LEVEL
        and facts.pixel_format == "yuv420p"
        and blocks <= MOST_BLOCKS
        and blocks * facts.rate <= MOST_BLOCKS_S
        and facts.rate <= MOST_FPS
        and facts.rotation == 0
        and facts.is_square
        and facts.is_progressive
        and not facts.is_hdr
    )
    has_sound = facts.audio_index is None or (
        facts.audio_codec == "aac" and facts.audio_profile == "LC" and facts.channels <= 2
    )
    starts = (facts.video_starts_ms, facts.audio_starts_ms)
    return (
        has_picture
        and has_sound
        and facts.duration_ms >= SHORT_MS
        and all(abs(begin) <= STARTS_MS for begin in starts)
        and Fraction(facts.size_bytes * 8_000, facts.duration_ms) <= MOST_BPS
    )


def command(source: Path, facts: Facts, *, ffmpeg_path: str, folder: Path) -> list[str]:
    """The command that copies the source's streams into `folder`, cut at its own key frames."""
    opened = ffmpeg.input(f"file:{source}", protocol_whitelist="file", format_whitelist=CONTAINERS)
    streams = [opened[str(facts.video_index)]]
    if facts.audio_index is not None:
        streams.append(opened[str(facts.audio_index)])
    options = encode.cut(folder) | {"c": "copy", "sn": None, "dn": None}
    made = ffmpeg.output(*streams, str(folder / "index.m3u8"), **options).global_args(*encode.QUIET)
    return [str(part) for part in made.compile(cmd=ffmpeg_path)]


def copy(
    source: Path, facts: Facts, *, ffmpeg_path: str, ffprobe: str, folder: Path, limits: confine.Limits
) -> hls.Track | None:
    """The copied rung in `folder/source/`, or None where the source must be encoded after all."""
    if not may_be_copied(facts) or _is_edited(source, facts, ffprobe=ffprobe, folder=folder):
        return None
    target = folder / NAME
    target.mkdir()
    try:
        encode.run(
            command(source, facts, ffmpeg_path=ffmpeg_path, folder=target),
            limits=limits,
            folder=folder,
            tick=None,
        )
        track = hls.measure(
            target,
            width=facts.width,
            height=facts.height,
            fps=facts.rate,
            has_sound=facts.audio_index is not None,
        )
    except errors.Unusable:  # the encoder is more lenient, and tells what is wrong
        return None
    is_whole = abs(track.duration_ms - facts.duration_ms) <= LENGTH_MS
    return track if is_whole and track.longest_ms <= LONGEST_MS else None


def _is_edited(source: Path, facts: Facts, *, ffprobe: str, folder: Path) -> bool:
    """Whether an edit list takes away or delays more than encoders do by themselves."""
    command = [
        ffprobe, "-v", "error", "-hide_banner", "-protocol_whitelist", "file",
        "-format_whitelist", CONTAINERS, *(["-ignore_editlist", "1"] if facts.container.startswith("mov") else []),
        "-print_format", "json", "-show_entries", "stream=index,start_time,duration", "-i", f"file:{source}",
    ]  # fmt: skip
    try:
        told = json.loads(confine.run(command, limits=probe.LIMITS, folder=folder))
    except confine.Stopped:
        return True
    for stream in told.get("streams", []):
        if stream.get("index") in (facts.video_index, facts.audio_index) and "duration" in stream:
            unedited_ms = int(Fraction(stream["duration"]) * 1000)
            if unedited_ms - facts.duration_ms > EDITED_MS:
                return True
    return False


