"""The ffmpeg commands: the sound once, one decode for all rungs asked for, key frames where segments begin.

Input protocols and containers are listed, so a file can name no other; nothing reaches a shell.
"""

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import ffmpeg

from media import confine, errors, ladder
from media.ladder import Rung
from media.probe import CONTAINERS, Facts

SEGMENT_S = 6  # Apple's authoring specification, 1.9
PRESET = "veryfast"
SLIDES_FPS = 12  # B-frames save nothing on pictures that stand still
LOUDNESS = {"I": -16, "TP": -1.5, "LRA": 11}  # EBU R128 measure, at the level speech on phones needs
SAMPLE_RATE = 48_000
OUT_TIME = re.compile(rb"out_time_us=(\d+)")
QUIET = ("-hide_banner", "-nostdin", "-y", "-v", "error")
SOUND_FILE = "sound.mp4"
DISK_FULL = "No space left on device"
POSTER_MS = 2_000  # past a fade-in, still on an opening slide


def sound_command(source: Path, facts: Facts, *, bps: int, ffmpeg_path: str, target: Path) -> list[str]:
    """The command that encodes the sound once, at the same loudness for every lesson."""
    opened = ffmpeg.input(f"file:{source}", protocol_whitelist="file", format_whitelist=CONTAINERS)
    sound = (
        opened[str(facts.audio_index)]
        .filter("aresample", SAMPLE_RATE, **{"async": 1, "first_pts": 0})
        .filter("aformat", channel_layouts="mono" if facts.channels == 1 else "stereo")
        .filter("loudnorm", **LOUDNESS)
        .filter("aresample", SAMPLE_RATE)
    )
    made = ffmpeg.output(
        sound, str(target), **{"c:a": "aac", "b:a": bps, "f": "mp4", "map_metadata": -1, "map_chapters": -1}
    ).global_args(*QUIET, "-progress", "pipe:1")
    return [str(part) for part in made.compile(cmd=ffmpeg_path)]


def picture_command(
    source: Path,
    facts: Facts,
    rungs: Sequence[Rung],
    *,
    sound: Path | None,
    ffmpeg_path: str,
    folder: Path,
) -> list[str]:
    """The command that makes every rung in `folder/<name>/`, with the one sound in each."""
    opened = ffmpeg.input(f"file:{source}", protocol_whitelist="file", format_whitelist=CONTAINERS)
    heard = None if sound is None else ffmpeg.input(f"file:{sound}")
    rate = ladder.frame_rate(facts.rate)
    pictures = (
        opened[str(facts.video_index)]
        .filter("fps", fps=f"{rate.numerator}/{rate.denominator}")
        .filter("format", "yuv420p")
        .filter_multi_output("split", len(rungs))
    )
    outputs = []
    for index, rung in enumerate(rungs):
        picture = (
            pictures[index]
            .filter("scale", rung.width, rung.height, flags="bicubic")
            .filter("setsar", "1")
        )
        streams = [picture] if heard is None else [picture, heard["a:0"]]
        target = folder / rung.name / "index.m3u8"
        options = _options(rung, rate, folder / rung.name)
        if heard is not None:
            options["c:a"] = "copy"
        outputs.append(ffmpeg.output(*streams, str(target), **options))
    whole = ffmpeg.merge_outputs(*outputs).global_args(*QUIET, "-progress", "pipe:1")
    return [str(part) for part in whole.compile(cmd=ffmpeg_path)]


def sound_rung_command(sound: Path, *, ffmpeg_path: str, folder: Path) -> list[str]:
    """The command that cuts the one sound into a rendition without a picture; nothing is encoded."""
    made = ffmpeg.output(
        ffmpeg.input(f"file:{sound}")["a:0"], str(folder / "index.m3u8"), **_cut(folder), **{"c:a": "copy"}
    ).global_args(*QUIET)
    return [str(part) for part in made.compile(cmd=ffmpeg_path)]


def _cut(folder: Path) -> dict[str, Any]:
    """How a rendition is cut into segments."""
    return {
        "f": "hls",
        "hls_time": SEGMENT_S,
        "hls_playlist_type": "vod",
        "hls_segment_type": "fmp4",
        "hls_fmp4_init_filename": "init.mp4",
        "hls_segment_filename": str(folder / "seg_%05d.m4s"),
        "hls_flags": "independent_segments",
        # The picture begins at 0: an edit list takes up the reordering of B-frames and the priming
        # of the sound, which would otherwise push the whole lesson back by up to half a second.
        "avoid_negative_ts": "disabled",
        "map_metadata": -1,
        "map_chapters": -1,
    }


def _options(rung: Rung, rate: Fraction, folder: Path) -> dict[str, Any]:
    return _cut(folder) | {
        "c:v": "libx264",
        "preset": PRESET,
        "bf": 0 if rate <= SLIDES_FPS else 3,
        "crf": rung.crf,
        "maxrate": rung.video_bps,
        "bufsize": 2 * rung.video_bps,
        # Key frames come where segments begin and nowhere else: alike in every rung.
        "force_key_frames": f"expr:gte(t,n_forced*{SEGMENT_S})",
        "g": 2 * ceil(rate * SEGMENT_S),
        "x264-params": "scenecut=0:open-gop=0",
        "profile:v": "high" if rung.height > 360 else "main",
        "sn": None,
        "dn": None,
    }


def sound(
    source: Path,
    facts: Facts,
    *,
    bps: int,
    ffmpeg_path: str,
    folder: Path,
    limits: confine.Limits,
    report: Callable[[int], None],
) -> Path | None:
    """The one sound of all rungs, and `folder/sound/` cut from it; None for a silent source.

    `report` hears progress in permille, and may raise to stop. errors.Unusable `damaged` or
    `too_slow` when the file is the reason, errors.Fault else.
    """
    if facts.audio_index is None:
        return None
    target, told = folder / SOUND_FILE, folder / "tool.out"
    _run(
        sound_command(source, facts, bps=bps, ffmpeg_path=ffmpeg_path, target=target),
        limits=limits,
        folder=folder,
        tick=lambda: report(_permille(told, facts.duration_ms)),
    )
    (folder / ladder.SOUND).mkdir(exist_ok=True)
    _run(
        sound_rung_command(target, ffmpeg_path=ffmpeg_path, folder=folder / ladder.SOUND),
        limits=limits,
        folder=folder,
        tick=lambda: report(999),
    )
    return target


def pictures(
    source: Path,
    facts: Facts,
    rungs: Sequence[Rung],
    *,
    sound: Path | None,
    ffmpeg_path: str,
    folder: Path,
    limits: confine.Limits,
    report: Callable[[int], None],
) -> None:
    """Make these rungs in one decode; reports and refuses as `sound` does."""
    for rung in rungs:
        (folder / rung.name).mkdir(parents=True, exist_ok=True)
    told = folder / "tool.out"
    _run(
        picture_command(
            source, facts, rungs, sound=sound, ffmpeg_path=ffmpeg_path, folder=folder
        ),
        limits=limits,
        folder=folder,
        tick=lambda: report(_permille(told, facts.duration_ms)),
    )


def poster(
    source: Path, facts: Facts, *, ffmpeg_path: str, folder: Path, limits: confine.Limits
) -> Path:
    """One upright frame from near the beginning, as PNG."""
    target = folder / "poster.png"
    for at_ms in (min(POSTER_MS, facts.duration_ms // 2), 0):
        opened = ffmpeg.input(
            f"file:{source}",
            ss=f"{at_ms / 1000:.3f}",
            protocol_whitelist="file",
            format_whitelist=CONTAINERS,
        )
        short = min(facts.width, facts.height, 720)
        wide = short if facts.width <= facts.height else -2
        high = -2 if facts.width <= facts.height else short
        frame = opened[str(facts.video_index)].filter("scale", wide, high).filter("setsar", "1")
        made = ffmpeg.output(frame, str(target), vframes=1, f="image2", update=1).global_args(*QUIET)
        parts = [str(part) for part in made.compile(cmd=ffmpeg_path)]
        _run(parts, limits=limits, folder=folder, tick=None)
        if target.is_file() and target.stat().st_size > 0:
            return target
    raise errors.Unusable("damaged")


def _run(
    parts: list[str], *, limits: confine.Limits, folder: Path, tick: Callable[[], None] | None
) -> None:
    try:
        confine.run(parts, limits=limits, folder=folder, tick=tick)
    except confine.Stopped as stopped:
        if DISK_FULL in stopped.log:
            raise errors.Fault("disk_full", stopped.log) from stopped
        if stopped.code == "killed":
            raise errors.Fault("tool_killed", stopped.log) from stopped
        code = "too_slow" if stopped.code == "too_slow" else "damaged"
        raise errors.Unusable(code, log=stopped.log) from stopped


def _permille(told: Path, duration_ms: int) -> int:
    """How far ffmpeg says it is, from the last lines of its `-progress`."""
    try:
        with told.open("rb") as file:
            file.seek(max(0, told.stat().st_size - 600))
            found = OUT_TIME.findall(file.read())
    except OSError:
        return 0
    return min(999, int(found[-1]) // max(duration_ms, 1)) if found else 0
