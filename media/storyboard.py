"""Small pictures for the time line: sheets of frames, one for each few seconds, and a table of them.

Made of the key frames of a rung that lies here already, which is the cheapest decode there is. A lesson
without a storyboard plays as well; so what cannot be drawn is left out, and never the reason of a failure.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import ffmpeg

from media import confine
from media.storage import Store

EVERY_MS = 6_000  # key frames of our own rungs come no closer
MOST = 200  # of a long lecture: some half a megabyte, were all of it looked at
LONGER_SIDE = 160
COLUMNS = ROWS = 5
QUALITY = 6  # of ffmpeg's 2 (best) to 31
FOLDER = "storyboard"
TABLE = "index.json"


@dataclass(frozen=True, slots=True)
class Table:
    """Where a moment's picture lies: picture `n`, of `count`, shows the moment `n * every_ms`."""

    every_ms: int
    width: int
    height: int
    columns: int
    rows: int
    count: int
    sheets: list[str]


def plan(*, duration_ms: int, width: int, height: int) -> Table:
    """How a picture of `width` x `height` > 0 that lasts so long is spread over sheets."""
    every_ms = max(EVERY_MS, -(-duration_ms // (MOST * 1000)) * 1000)
    count = max(1, -(-duration_ms // every_ms))
    shrunk = LONGER_SIDE / max(width, height)
    return Table(
        every_ms=every_ms,
        width=max(2, 2 * round(width * shrunk / 2)),
        height=max(2, 2 * round(height * shrunk / 2)),
        columns=COLUMNS,
        rows=ROWS,
        count=count,
        sheets=[f"sheet_{number:03d}.jpg" for number in range(-(-count // (COLUMNS * ROWS)))],
    )


def command(playlist: Path, table: Table, *, ffmpeg_path: str, folder: Path) -> list[str]:
    """The command that draws the sheets; a picture shows the key frame at its moment or the last before it."""
    rung = ffmpeg.input(
        f"file:{playlist}", skip_frame="nokey", protocol_whitelist="file", format_whitelist="hls,mov,mp4"
    )
    sheets = (
        rung["v:0"]
        .filter("fps", fps=f"1000/{table.every_ms}", start_time=0, round="up")
        .filter("scale", table.width, table.height)
        .filter("setsar", "1")
        .filter("tile", f"{table.columns}x{table.rows}")
    )
    made = ffmpeg.output(
        sheets, str(folder / "sheet_%03d.jpg"), start_number=0, map_metadata=-1,
        **{"q:v": QUALITY, "frames:v": len(table.sheets)},
    ).global_args("-hide_banner", "-nostdin", "-y", "-v", "error", "-threads", "1")  # fmt: skip
    return [str(part) for part in made.compile(cmd=ffmpeg_path)]


def keep(
    store: Store, prefix: str, rung: Path, *, duration_ms: int, size: tuple[int, int],
    ffmpeg_path: str, limits: confine.Limits,
) -> bool:  # fmt: skip
    """Draw the storyboard of the rung in this folder and keep it below `prefix`; False without one."""
    table = plan(duration_ms=duration_ms, width=size[0], height=size[1])
    folder = rung.parent / FOLDER
    folder.mkdir(exist_ok=True)
    try:
        confine.run(
            command(rung / "index.m3u8", table, ffmpeg_path=ffmpeg_path, folder=folder),
            limits=limits, folder=folder,
        )  # fmt: skip
    except confine.Stopped:
        return False
    if not all((folder / name).is_file() for name in table.sheets):
        return False
    for name in table.sheets:
        store.put_file(f"{prefix}/{FOLDER}/{name}", folder / name)
    store.put(f"{prefix}/{FOLDER}/{TABLE}", json.dumps(asdict(table)).encode("ascii"))
    return True


def sheets_of(table: bytes) -> list[str]:
    """The names of the sheets that a table speaks of."""
    return [str(name) for name in json.loads(table)["sheets"]]
