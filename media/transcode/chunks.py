"""How a long lecture is cut and joined. Cuts lie where every rung has a key frame, so that no seam is seen.

A chunk begins at the first frame at or after a multiple of the segment length and holds exactly the
frames that a whole encode has there; sound is never cut: it is encoded once, and joined to the pictures.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil
from pathlib import Path

import ffmpeg

from media import errors, ladder
from media.pieces import Span
from media.probe import Facts
from media.transcode import encode, hls

LONG_MS = 600_000
CHUNK_MS = 300_000  # 50 segments: a killed worker costs minutes, reaching the first frame a few seconds
# Containers with an index: others are found by guessing, and are encoded in one go.
CUTTABLE = ("mov,mp4", "matroska")
UNEVEN = "chunk_uneven"


def spans(facts: Facts, *, long_ms: int = LONG_MS, chunk_ms: int = CHUNK_MS) -> tuple[Span, ...]:
    """Where to cut; one span for what is short or cannot be cut. The last one is half to one and a half chunks."""
    if facts.duration_ms <= long_ms or not facts.container.startswith(CUTTABLE):
        return (Span(0, None),)
    count = max(1, round(facts.duration_ms / chunk_ms))
    cuts = [number * chunk_ms for number in range(count)]
    return tuple(Span(cut, end) for cut, end in zip(cuts, [*cuts[1:], None], strict=True))


def frames(facts: Facts, span: Span) -> int | None:
    """How many frames a chunk must have; None for the last one."""
    if span.to_ms is None:
        return None
    rate = ladder.frame_rate(facts.rate)
    return ceil(rate * span.to_ms / 1000) - ceil(rate * span.from_ms / 1000)


def file_name(rung: str, number: int) -> str:
    """A chunk's file below the pieces of an asset."""
    return f"{rung}-{number:05d}.mp4"


def check(path: Path, *, wanted: int | None) -> None:
    """A chunk as encoded must have the frames that a whole encode has there.

    errors.Unusable `cut_off` where the picture ended before; errors.Fault `UNEVEN` where the source does
    not let itself be cut, which is answered by encoding it in one go.
    """
    count = hls.sample_count(path.read_bytes()) if path.is_file() else 0
    if count == 0:
        raise errors.Unusable("cut_off")
    if wanted is not None and count != wanted:
        raise errors.Fault(UNEVEN, f"{path.name}: {count} frames instead of {wanted}")


def join_command(
    files: Mapping[str, Sequence[Path]],
    *,
    rate: Fraction,
    sound: Path | None,
    ffmpeg_path: str,
    folder: Path,
) -> list[str]:
    """The command that joins each rung's chunks, all in `folder`, with the one sound; nothing is encoded."""
    heard = None if sound is None else ffmpeg.input(f"file:{sound}")
    outputs = []
    for name, parts in files.items():
        listed = folder / f"{name}.ffconcat"
        lines = [f"file {part.name}\nduration {_seconds(part, rate):.6f}" for part in parts]
        listed.write_text("ffconcat version 1.0\n" + "\n".join(lines) + "\n", "ascii")
        shown = ffmpeg.input(f"file:{listed}", f="concat", safe=1, protocol_whitelist="file")
        streams = [shown["v:0"]] if heard is None else [shown["v:0"], heard["a:0"]]
        (folder / name).mkdir(exist_ok=True)
        options = encode.cut(folder / name) | {"c": "copy"}
        outputs.append(ffmpeg.output(*streams, str(folder / name / "index.m3u8"), **options))
    whole = ffmpeg.merge_outputs(*outputs).global_args(*encode.QUIET, "-progress", "pipe:1")
    return [str(part) for part in whole.compile(cmd=ffmpeg_path)]


def check_alike(parts: Sequence[Path]) -> None:
    """Chunks of one rung must have been encoded alike: players read one header for all."""
    if len({hls.avc_box(part.read_bytes()) for part in parts}) != 1:
        raise errors.Fault(UNEVEN, "the chunks' headers differ")


def _seconds(part: Path, rate: Fraction) -> float:
    return float(hls.sample_count(part.read_bytes()) / rate)
