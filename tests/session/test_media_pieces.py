"""Copies that play at once, and long lectures in chunks: cut by frames, made by many, joined without a seam."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from media import assets, leases, pieces, probe, tools
from media.assets import Asset, AssetState
from media.pieces import Piece, PieceState, Step, Task
from media.transcode import Desk, chunks, encode, making, remux, work
from tests import clips
from tests.session.test_media_transcode import desk, found, sent, store, variants

__all__ = ["desk", "store"]
pytestmark = pytest.mark.video
RATE = "24000/1001"  # no segment begins on a whole frame


@pytest.fixture
def short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of 12 seconds, so that half a minute is a long lecture, and no copies."""
    monkeypatch.setattr(chunks.spans, "__kwdefaults__", {"long_ms": 20_000, "chunk_ms": 12_000})


def due(desk: Desk) -> list[Piece]:
    with desk.writing() as session:
        found = [session.get_one(Piece, piece_id) for piece_id in pieces.due(session, now=desk.clock())]
        session.expunge_all()
    return found


def finish(desk: Desk) -> list[str]:
    """Make every piece that is due; the tasks in the order they were made."""
    made = []
    while waiting := due(desk):
        assert making.work(desk, waiting[0].id)
        made.append(f"{waiting[0].step} {waiting[0].task}")
    return made


def opened(path: Path) -> list[str]:
    """How ffmpeg is told to read a clip or a playlist."""
    return [*(["-allowed_extensions", "ALL"] if path.suffix == ".m3u8" else []), "-i", str(path)]


def decoded(path: Path, kind: str) -> list[str]:
    """Time stamps and checksums of every decoded frame of one kind (`v` or `a`)."""
    told = subprocess.run(
        [tools.find().ffmpeg, "-v", "error", *opened(path), "-map", f"0:{kind}:0",
         "-f", "framemd5", "-"],
        check=True, capture_output=True,
    ).stdout.decode()  # fmt: skip
    return [line for line in told.splitlines() if not line.startswith("#")]


def similarity(one: Path, other: Path) -> list[float]:
    """SSIM of each frame of one picture with the same frame of another."""
    told = subprocess.run(
        [tools.find().ffmpeg, "-v", "error", *opened(one), *opened(other), "-lavfi", "[0:v][1:v]ssim=stats_file=-", "-f", "null", "-"],
        check=True, capture_output=True,
    ).stdout.decode()  # fmt: skip
    return [float(value) for value in re.findall(r"All:([\d.]+)", told)]


def test_chunks_are_joined_without_a_seam(
    desk: Desk, tmp_path: Path, short_chunks: None
) -> None:
    clip = clips.make(tmp_path / "a.mp4", rate=RATE, seconds=32, extra=("-bf", "2", "-g", "100"))
    asset_id = sent(desk, clip)
    assert work(desk, asset_id)
    assert found(desk, asset_id).state == AssetState.WORKING, "nothing plays yet"
    assert [piece.task for piece in due(desk)] == ["sound", "chunk", "chunk", "chunk"], "the join must wait"
    made = finish(desk)
    assert made == ["first sound", *["first chunk"] * 3, "first join", *["further chunk"] * 3, "further join"]
    asset = found(desk, asset_id)
    assert asset.state == AssetState.READY, asset.last_log
    folder = tmp_path / "store" / str(asset.hls_prefix)
    assert not list(folder.glob("pieces/**/*.mp4")), "chunks are thrown away"
    assert len(variants((folder / "master.m3u8").read_text())) == 3

    whole = tmp_path / "whole"
    facts = probe.Facts(**(asset.probe or {}))
    rungs = encode.ladder.rungs(facts.width, facts.height)
    for rung in rungs:
        (whole / rung.name).mkdir(parents=True)
    encode.pictures(
        clip, facts, rungs, sound=folder / "sound.mp4", ffmpeg_path=tools.find().ffmpeg, folder=whole,
        limits=desk.limits, report=lambda _permille: None,
    )  # fmt: skip
    for rung in rungs:
        joined, uncut = folder / rung.name / "index.m3u8", whole / rung.name / "index.m3u8"
        assert re.findall("EXTINF:.*", joined.read_text()) == re.findall("EXTINF:.*", uncut.read_text())
        pictures = [[line.split(",")[1:3] for line in decoded(path, "v")] for path in (joined, uncut)]
        assert len(pictures[0]) == 32 * 24000 // 1001 + 1
        assert pictures[0] == pictures[1], "every frame at its time"
        assert decoded(joined, "a") == decoded(uncut, "a"), "every sample of the sound"
        assert min(similarity(joined, uncut)) > 0.95, "no frame is another one"


def test_a_chunk_that_lacks_frames_makes_the_lecture_be_encoded_in_one_go(
    desk: Desk, tmp_path: Path, short_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = sent(desk, clips.make(tmp_path / "a.mp4", seconds=32, size="320x180", extra=("-bf", "2")))
    assert work(desk, asset_id)
    monkeypatch.setattr(chunks, "frames", lambda _facts, span: 7 if span.to_ms else None)
    made = finish(desk)
    assert made.count("first rungs") == made.count("further rungs") == 1
    assert found(desk, asset_id).state == AssetState.READY


KILLED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from app.db import Database
from media import tools
from media.storage import DirectoryStore
from media.transcode import Desk, making
url, folder, piece_id = sys.argv[1:]
database = Database(url)
making.work(Desk(writing=database.writing, clock=lambda: datetime.now(UTC), tools=tools.find,
            store=DirectoryStore(Path(folder) / "store"), scratch=Path(folder) / "work", renew_every_s=0.1), piece_id)
"""


def test_kill_9_in_a_chunk_costs_that_chunk_alone(
    desk: Desk, database_url: str, tmp_path: Path, short_chunks: None
) -> None:
    asset_id = sent(desk, clips.make(tmp_path / "a.mp4", size="1280x720", seconds=32))
    work(desk, asset_id)
    for piece in due(desk)[:2]:  # the sound and the first chunk
        assert making.work(desk, piece.id)
    prefix = str(found(desk, asset_id).hls_prefix)
    heap = {key.key: key.changed_at for key in desk.store.list(f"{prefix}/pieces/")}
    assert len(heap) == 1
    victim, other = due(desk)
    killed = subprocess.Popen([sys.executable, "-c", KILLED, database_url, str(tmp_path), victim.id])
    try:
        for _ in range(600):
            if [path for path in (tmp_path / "work").glob("piece-*/*.mp4") if path.stat().st_size]:
                break
            time.sleep(0.05)
        else:
            raise AssertionError("never began to encode")
    finally:
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
    assert making.work(desk, other.id), "others go on meanwhile"
    assert due(desk) == [], "neither the killed one's piece, whose lease still runs, nor the join"
    assert not desk.store.exists(f"{prefix}/master.m3u8")
    later = replace(desk, clock=lambda: datetime.now(UTC) + leases.LEASE + timedelta(seconds=1))
    assert finish(later)[:2] == ["first chunk", "first join"]
    assert found(desk, asset_id).state == AssetState.READY
    with desk.writing() as session:
        assert pieces.of(session, asset_id) == []


def test_two_workers_never_have_the_same_piece(desk: Desk) -> None:
    with desk.writing() as session:
        session.add(Asset(id="a" * 16, owner="o", kind="video", state="ready", file_name="a", size_bytes=1,
                          part_bytes=1, created_at=desk.clock()))  # fmt: skip
        session.flush()
        pieces.plan(session, "a" * 16, Step.FURTHER, spans=[encode.WHOLE], has_sound=False, now=desk.clock())
        (piece,) = pieces.of(session, "a" * 16)
        assert pieces.claim(session, piece.id, by="one", now=desk.clock())
        assert pieces.claim(session, piece.id, by="two", now=desk.clock()) is None
        with pytest.raises(leases.Lost):
            pieces.renew(session, piece.id, by="two", now=desk.clock(), permille=1)


def test_damage_in_a_chunk_fails_the_file_and_leaves_nothing(
    desk: Desk, tmp_path: Path, short_chunks: None
) -> None:
    clip = clips.make(tmp_path / "a.mp4", seconds=32, size="320x180", extra=("-movflags", "+faststart"))
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) * 6 // 10])
    asset_id = sent(desk, clip)
    work(desk, asset_id)
    finish(desk)
    asset = found(desk, asset_id)
    assert (asset.state, asset.last_error) == (AssetState.FAILED, "cut_off"), asset.last_log
    assert list(desk.store.list(f"hls/{asset_id}/")) == []
    with desk.writing() as session:
        assert pieces.of(session, asset_id) == []


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what is short may be copied."""
    monkeypatch.setattr(remux, "SHORT_MS", 0)


def test_what_phones_can_play_is_copied_at_once_and_gives_way_to_the_ladder(
    desk: Desk, tmp_path: Path, copies: None
) -> None:
    clip = clips.make(tmp_path / "a.mp4", rate=RATE, seconds=20, extra=("-bf", "2", "-g", "72", "-profile:v", "high"))
    asset_id = sent(desk, clip)
    begun = time.monotonic()
    assert work(desk, asset_id)
    assert time.monotonic() - begun < 10
    asset = found(desk, asset_id)
    assert asset.state == AssetState.READY, asset.last_log
    folder = tmp_path / "store" / str(asset.hls_prefix)
    assert list(variants((folder / "master.m3u8").read_text())) == ["source/index.m3u8"]
    copied, uncut = decoded(folder / "source/index.m3u8", "v"), decoded(clip, "v")
    assert [line.rsplit(",", 1)[1] for line in copied] == [line.rsplit(",", 1)[1] for line in uncut]
    with desk.writing() as session:
        assert [row.name for row in assets.renditions(session, asset_id)] == ["source"]
    assert finish(desk) == ["further rungs"], "one decode for the whole ladder"
    rungs = variants((folder / "master.m3u8").read_text())
    assert len(rungs) == 3
    assert "source/index.m3u8" not in rungs
    assert (folder / "source/seg_00000.m4s").is_file(), "who began with it goes on with it"
    with desk.writing() as session:
        assert "source" not in {row.name for row in assets.renditions(session, asset_id)}
    later = replace(desk, clock=lambda: datetime.now(UTC) + timedelta(hours=25))
    assert finish(later) == ["after drop"]
    assert not (folder / "source").exists() or not list((folder / "source").iterdir())


def trimmed(path: Path) -> Path:
    """As editors cut without encoding: an edit list hides what comes before."""
    clips.make(path.with_name("whole.mp4"), seconds=12, extra=("-bf", "0", "-g", "250"))
    clips.run("-ss", "3", "-i", str(path.with_name("whole.mp4")), "-c", "copy", str(path))
    return path


@pytest.mark.parametrize(
    "make",
    [
        clips.portrait,
        lambda path: clips.make(path, extra=("-profile:v", "high444", "-pix_fmt", "yuv444p")),
        lambda path: clips.make(path, seconds=40, extra=("-g", "1000", "-x264-params", "scenecut=0:keyint=1000")),
        lambda path: clips.make(path, extra=("-level", "5.1")),
        lambda path: clips.make(path, extra=("-c:a", "mp2")),
        trimmed,
    ],
    ids=["turned", "444", "far key frames", "level", "mp2", "edited"],
)
def test_what_is_doubtful_is_encoded(
    desk: Desk, tmp_path: Path, copies: None, make: Callable[[Path], Path]
) -> None:
    path = make(tmp_path / "a.mp4")
    found_tools = tools.find()
    facts = probe.measure(path, ffprobe=found_tools.ffprobe, folder=tmp_path)
    copied = remux.copy(
        path, facts, ffmpeg_path=found_tools.ffmpeg, ffprobe=found_tools.ffprobe, folder=tmp_path, limits=desk.limits
    )
    assert copied is None


def test_a_piece_given_up_says_so_and_an_operator_can_try_again(desk: Desk, tmp_path: Path) -> None:
    asset_id = sent(desk, clips.make(tmp_path / "a.mp4", seconds=2))
    work(desk, asset_id)
    (piece,) = due(desk)
    with desk.writing() as session:
        session.get_one(Piece, piece.id).attempts = leases.MOST_ATTEMPTS
    making.work(desk, piece.id)
    with desk.writing() as session:
        (left,) = pieces.of(session, asset_id)
        assert (left.state, left.last_error) == (PieceState.FAILED, "gave_up")
        assert pieces.again(session, asset_id) == 1
    assert finish(desk) == ["further rungs"]


def test_time_left_is_what_the_speed_of_those_in_work_tells() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    parts = [
        Piece(task=Task.CHUNK, from_ms=0, to_ms=300_000, state=PieceState.DONE, progress_permille=1000),
        Piece(task=Task.CHUNK, from_ms=300_000, to_ms=600_000, state=PieceState.WORKING, progress_permille=500,
              begun_at=now - timedelta(seconds=60)),
        Piece(task=Task.CHUNK, from_ms=600_000, to_ms=None, state=PieceState.WAITING, progress_permille=0),
    ]  # fmt: skip
    told = pieces.progress(parts, duration_ms=900_000, now=now)
    assert told.permille == 500
    assert told.left_ms == 180_000, "450 s of lecture at 150 s a minute"
    parts[1].state = PieceState.WAITING
    assert pieces.progress(parts, duration_ms=900_000, now=now).left_ms is None
