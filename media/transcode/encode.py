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
from media.pieces import Span
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
WHOLE = Span(0, None)
BEFORE_S = 1  # a chunk is looked for this much earlier, so that its first frame is surely decoded
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
    heard = None if sound is None else ffmpeg.input(f"file:{sound}")
    outputs = []
    for rung, picture in zip(rungs, _scaled(source, facts, rungs, WHOLE), strict=True):
        streams = [picture] if heard is None else [picture, heard["a:0"]]
        target = folder / rung.name / "index.m3u8"
        options = cut(folder / rung.name) | _options(rung, facts, WHOLE)
        if heard is not None:
            options["c:a"] = "copy"
        outputs.append(ffmpeg.output(*streams, str(target), **options))
    whole = ffmpeg.merge_outputs(*outputs).global_args(*QUIET, "-progress", "pipe:1")
    return [str(part) for part in whole.compile(cmd=ffmpeg_path)]


def chunk_command(
    source: Path, facts: Facts, targets: Sequence[tuple[Rung, Path]], span: Span, *, ffmpeg_path: str
) -> list[str]:
    """The command that encodes the pictures of one span for every rung, each into a file of its own."""
    pictures = _scaled(source, facts, [rung for rung, _target in targets], span)
    outputs = [
        ffmpeg.output(
            picture, str(target), **_options(rung, facts, span),
            f="mp4", avoid_negative_ts="disabled", map_metadata=-1, map_chapters=-1,
        )
        for (rung, target), picture in zip(targets, pictures, strict=True)
    ]  # fmt: skip
    whole = ffmpeg.merge_outputs(*outputs).global_args(*QUIET, "-progress", "pipe:1")
    return [str(part) for part in whole.compile(cmd=ffmpeg_path)]


def _scaled(source: Path, facts: Facts, rungs: Sequence[Rung], span: Span) -> list[Any]:
    """One decode of a span, in every rung's size. Times are the source's own until the frames are chosen:
    so a chunk has the very frames that a whole encode has there."""
    rate = ladder.frame_rate(facts.rate)
    begins = _begins_s(rate, span)
    seek = {"noaccurate_seek": None, "ss": f"{max(begins - BEFORE_S, 0):.6f}"} if span.from_ms else {}
    picture = ffmpeg.input(
        f"file:{source}",
        protocol_whitelist="file",
        format_whitelist=CONTAINERS,
        copyts=None,
        start_at_zero=None,
        **seek,
    )[str(facts.video_index)].filter("fps", fps=f"{rate.numerator}/{rate.denominator}", start_time=begins)
    if span.to_ms is not None:
        count = ceil(rate * span.to_ms / 1000) - ceil(rate * span.from_ms / 1000)
        picture = picture.filter("trim", end_frame=count)
    split = picture.filter("setpts", "PTS-STARTPTS").filter("format", "yuv420p").filter_multi_output("split", len(rungs))
    return [
        split[index].filter("scale", rung.width, rung.height, flags="bicubic").filter("setsar", "1")
        for index, rung in enumerate(rungs)
    ]


def _begins_s(rate: Fraction, span: Span) -> float:
    """The time of a span's first frame."""
    return float(ceil(rate * span.from_ms / 1000) / rate)


def sound_rung_command(sound: Path, *, ffmpeg_path: str, folder: Path) -> list[str]:
    """The command that cuts the one sound into a rendition without a picture; nothing is encoded."""
    made = ffmpeg.output(
        ffmpeg.input(f"file:{sound}")["a:0"], str(folder / "index.m3u8"), **cut(folder), **{"c:a": "copy"}
    ).global_args(*QUIET)
    return [str(part) for part in made.compile(cmd=ffmpeg_path)]


def cut(folder: Path) -> dict[str, Any]:
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


def _options(rung: Rung, facts: Facts, span: Span) -> dict[str, Any]:
    rate = ladder.frame_rate(facts.rate)
    # Key frames come where segments begin and nowhere else: alike in every rung and every chunk. The half
    # millisecond keeps a time that is a hair below its segment's from waiting for the next frame.
    at = f"t+{_begins_s(rate, span) + 0.0005:.6f}"
    return {
        "c:v": "libx264",
        "preset": PRESET,
        "bf": 0 if rate <= SLIDES_FPS else 3,
        "crf": rung.crf,
        "maxrate": rung.video_bps,
        "bufsize": 2 * rung.video_bps,
        "force_key_frames": f"expr:gte({at},(n_forced+{span.from_ms // 1000 // SEGMENT_S})*{SEGMENT_S})",
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
) -> Path:
    """The one sound of all rungs, from a source that has one.

    `report` hears progress in permille, and may raise to stop. errors.Unusable `damaged` or
    `too_slow` when the file is the reason, errors.Fault else.
    """
    target, told = folder / SOUND_FILE, folder / "tool.out"
    run(
        sound_command(source, facts, bps=bps, ffmpeg_path=ffmpeg_path, target=target),
        limits=limits,
        folder=folder,
        tick=lambda: report(permille(told, facts.duration_ms)),
    )
    return target


def sound_alone(sound: Path, *, ffmpeg_path: str, folder: Path, limits: confine.Limits) -> None:
    """The rendition `folder/sound/` cut from the one sound."""
    (folder / ladder.SOUND).mkdir(exist_ok=True)
    command = sound_rung_command(sound, ffmpeg_path=ffmpeg_path, folder=folder / ladder.SOUND)
    run(command, limits=limits, folder=folder, tick=None)


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
    run(
        picture_command(
            source, facts, rungs, sound=sound, ffmpeg_path=ffmpeg_path, folder=folder
        ),
        limits=limits,
        folder=folder,
        tick=lambda: report(permille(told, facts.duration_ms)),
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
        run(parts, limits=limits, folder=folder, tick=None)
        if target.is_file() and target.stat().st_size > 0:
            return target
    raise errors.Unusable("damaged")


def run(
    parts: list[str], *, limits: confine.Limits, folder: Path, tick: Callable[[], None] | None
) -> None:
    """Run a command of this module; its bad ends are sorted into refusals of the file and faults."""
    try:
        confine.run(parts, limits=limits, folder=folder, tick=tick)
    except confine.Stopped as stopped:
        if DISK_FULL in stopped.log:
            raise errors.Fault("disk_full", stopped.log) from stopped
        if stopped.code == "killed":
            raise errors.Fault("tool_killed", stopped.log) from stopped
        code = "too_slow" if stopped.code == "too_slow" else "damaged"
        raise errors.Unusable(code, log=stopped.log) from stopped


def permille(told: Path, duration_ms: int) -> int:
    """How far ffmpeg says it is, from the last lines of its `-progress`."""
    try:
        with told.open("rb") as file:
            file.seek(max(0, told.stat().st_size - 600))
            found = OUT_TIME.findall(file.read())
    except OSError:
        return 0
    return min(999, int(found[-1]) // max(duration_ms, 1)) if found else 0
