"""Real clips through the real encoder: what comes out, and what is refused with which code."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from app.db import Database
from app.media import reasons
from media import assets, errors, ladder, leases, pieces, probe, tools, uploads
from media.assets import Asset, AssetKind, AssetState
from media.pieces import Piece, Step
from media.storage import DirectoryStore, S3Store, Store
from media.transcode import Desk, making, work
from tests import clips
from tests.seaweed import ACCESS_KEY, BUCKET, SECRET_KEY, Seaweed

pytestmark = pytest.mark.video
AT = datetime(2026, 6, 1, tzinfo=UTC)
SOUND = "sound/index.m3u8"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return DirectoryStore(tmp_path / "store")


@pytest.fixture
def desk(database: Database, store: Store, tmp_path: Path) -> Desk:
    return Desk(
        writing=database.writing,
        clock=lambda: datetime.now(UTC),
        store=store,
        tools=tools.find,
        scratch=tmp_path / "work",
    )


def sent(desk: Desk, path: Path, kind: AssetKind = AssetKind.VIDEO) -> str:
    """A file that arrived whole."""
    data = path.read_bytes()
    with desk.writing() as session:
        asset = uploads.begin(
            session, owner="o", kind=kind, file_name=path.name, size_bytes=max(len(data), 1), now=AT
        )
        asset_id, size = asset.id, asset.part_bytes
        for at in range(0, max(len(data), 1), size):
            part = data[at : at + size]
            uploads.received(
                session, asset_id, number=at // size + 1, size_bytes=len(part),
                content_hash=sha256(part).digest(), mark="1",
            )  # fmt: skip
        uploads.complete(session, asset_id, owners=["o"])
    desk.store.put(uploads.source_key(asset_id), data)
    return asset_id


def make_next(desk: Desk, asset_id: str) -> bool:
    """Make the next piece of the asset that is due; False when there is none."""
    with desk.writing() as session:
        mine = [piece.id for piece in pieces.of(session, asset_id)]
        due = [piece_id for piece_id in pieces.due(session, now=desk.clock()) if piece_id in mine]
    return bool(due) and making.work(desk, due[0])


def found(desk: Desk, asset_id: str) -> Asset:
    with desk.writing() as session:
        asset = session.get_one(Asset, asset_id)
        session.expunge(asset)
    return asset


def probed(path: Path) -> dict[str, object]:
    raw = subprocess.run(
        [tools.find().ffprobe, "-v", "error", "-allowed_extensions", "ALL", "-print_format", "json",
         "-show_streams", "-show_format", str(path)],
        check=True, capture_output=True,
    ).stdout  # fmt: skip
    told: dict[str, object] = json.loads(raw)
    return told


def variants(master: str) -> dict[str, dict[str, str]]:
    """Attributes of each rung of a master playlist."""
    lines = master.splitlines()
    assert lines[0] == "#EXTM3U"
    assert "#EXT-X-INDEPENDENT-SEGMENTS" in lines
    rungs = {}
    for at, line in enumerate(lines):
        if line.startswith("#EXT-X-STREAM-INF:"):
            attributes: dict[str, str] = {}
            name, quoted = "", False
            for sign in line.split(":", 1)[1] + ",":
                quoted ^= sign == '"'
                if sign == "," and not quoted:
                    key, _equals, value = name.partition("=")
                    attributes[key] = value.strip('"')
                    name = ""
                else:
                    name += sign
            rungs[lines[at + 1]] = attributes
    return rungs


@pytest.mark.parametrize(
    ("make", "size", "has_sound"),
    [
        (lambda path: clips.make(path, size="1280x720", rate="24000/1001"), (1280, 720), True),
        (clips.portrait, (360, 640), True),
        (lambda path: clips.make(path, sound=False), (640, 360), False),
        (clips.variable, (640, 360), True),
    ],
    ids=["landscape", "portrait", "silent", "variable"],
)
def test_a_clip_becomes_a_whole_ladder(
    desk: Desk, tmp_path: Path, make: Callable[[Path], Path], size: tuple[int, int], has_sound: bool
) -> None:
    asset_id = sent(desk, make(tmp_path / "clip.mp4"))
    assert work(desk, asset_id)
    asset = found(desk, asset_id)
    assert (asset.state, asset.last_error) == (AssetState.READY, None), asset.last_log
    early = variants((tmp_path / "store" / str(asset.hls_prefix) / "master.m3u8").read_text())
    assert len([uri for uri in early if uri != SOUND]) == 1, "watchable with its first rung alone"
    assert make_next(desk, asset_id)
    assert not make_next(desk, asset_id), "nothing is owed any more"
    assert (asset.width, asset.height) == size
    assert asset.duration_ms is not None
    assert abs(asset.duration_ms - clips.SECONDS * 1000) <= 120
    assert asset.content_hash == sha256((tmp_path / "clip.mp4").read_bytes()).digest()
    folder = tmp_path / "store" / str(asset.hls_prefix)
    rungs = variants((folder / "master.m3u8").read_text())
    assert len(rungs) >= 2 + has_sound
    assert next(iter(rungs)) == next(iter(early)), "players begin with the same rung as before"
    if has_sound:
        assert list(rungs)[-1] == SOUND, "sound alone is never what a player begins with"
        told = rungs.pop(SOUND)
        assert told["CODECS"] == "mp4a.40.2"
        assert "RESOLUTION" not in told
        assert [s["codec_type"] for s in probed(folder / SOUND)["streams"]] == ["audio"]  # type: ignore[attr-defined]
    cuts = set()
    for uri, told in rungs.items():
        streams = {s["codec_type"]: s for s in probed(folder / uri)["streams"]}  # type: ignore[attr-defined]
        assert ("audio" in streams) is has_sound
        width, height = map(int, told["RESOLUTION"].split("x"))
        assert (streams["video"]["width"], streams["video"]["height"]) == (width, height)
        assert min(width, height) <= min(size)
        assert (width > height) is (size[0] > size[1])
        assert ("mp4a" in told["CODECS"]) is has_sound
        assert told["CODECS"].startswith("avc1.")
        assert float(streams["video"]["start_time"]) == 0
        assert int(told["AVERAGE-BANDWIDTH"]) <= int(told["BANDWIDTH"])
        rate = Fraction(streams["video"]["avg_frame_rate"])
        assert abs(float(rate) - float(told["FRAME-RATE"])) < 0.5
        text = (folder / uri).read_text()
        cuts.add(tuple(line for line in text.splitlines() if line.startswith("#EXTINF")))
        measured_bandwidth(folder / uri, told)
    assert len(cuts) == 1, "segments of all rungs begin at the same instants"
    for name in ("small.webp", "small.jpg", "large.webp", "large.jpg"):
        assert desk.store.exists(f"{asset.image_prefix}/{name}")
    assert not any((tmp_path / "work").iterdir())


def measured_bandwidth(playlist: Path, told: dict[str, str]) -> None:
    """Total bits over total time are what the master says, to the bit."""
    seconds, size = Fraction(0), 0
    for line in playlist.read_text().splitlines():
        if line.startswith("#EXTINF:"):
            seconds += Fraction(line.removeprefix("#EXTINF:").rstrip(","))
        elif not line.startswith("#"):
            size += (playlist.parent / line).stat().st_size
    assert 0 <= int(told["AVERAGE-BANDWIDTH"]) - size * 8 / seconds < 1


def playlist_naming_a_file(path: Path) -> Path:
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n")
    return path


def concat_naming_a_file(path: Path) -> Path:
    path.write_text("ffconcat version 1.0\nfile /etc/passwd\n")
    return path


def sound_only(path: Path) -> Path:
    return clips.make(path, picture=False)


def text_file(path: Path) -> Path:
    path.write_text("本文件不是视频。" * 200)
    return path


def noise(path: Path) -> Path:
    path.write_bytes(os.urandom(200_000))
    return path


def headless(path: Path) -> Path:
    """A recording that was never closed: no index."""
    data = clips.make(path).read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    return path


def broken_inside(path: Path) -> Path:
    """A good header and index, and noise where the pictures should be."""
    data = bytearray(clips.make(path, extra=("-movflags", "+faststart")).read_bytes())
    begin = data.find(b"mdat") + 4
    data[begin:] = os.urandom(len(data) - begin)
    path.write_bytes(bytes(data))
    return path


@pytest.mark.parametrize(
    ("make", "codes"),
    [
        (lambda path: (path.write_bytes(b"") and path) or path, {"empty_file"}),
        (text_file, {"unreadable"}),
        (noise, {"unreadable"}),
        (playlist_naming_a_file, {"unreadable"}),
        (concat_naming_a_file, {"unreadable"}),
        (headless, {"unreadable"}),
        (sound_only, {"no_video"}),
        (lambda path: clips.make(path, seconds=0.4), {"too_short"}),
        (lambda path: clips.make(path, size="16x16"), {"too_small"}),
        (clips.cut_off, {"cut_off"}),
        (broken_inside, {"damaged", "cut_off", "unreadable"}),
    ],
    ids=["empty", "text", "noise", "playlist", "concat", "headless", "sound", "short", "tiny", "cut", "broken"],
)
def test_a_file_that_is_no_lesson_fails_with_its_reason(
    desk: Desk, tmp_path: Path, make: Callable[[Path], Path], codes: set[str]
) -> None:
    asset_id = sent(desk, make(tmp_path / "clip.mp4"))
    assert work(desk, asset_id)
    asset = found(desk, asset_id)
    assert asset.state == AssetState.FAILED
    assert asset.last_error in codes
    assert list(desk.store.list(f"hls/{asset_id}/")) == []


@pytest.mark.parametrize("seed", range(10))
def test_a_mutilated_file_is_measured_or_refused_and_nothing_else(tmp_path: Path, seed: int) -> None:
    chance = Random(seed)
    data = bytearray(clips.make(tmp_path / "a.mp4", size="320x180", seconds=2).read_bytes())
    index = data.find(b"moov")
    for _ in range(40):
        data[chance.randrange(index, len(data))] = chance.randrange(256)
    (tmp_path / "b.mp4").write_bytes(bytes(data))
    code, facts = "", None
    try:
        facts = probe.measure(tmp_path / "b.mp4", ffprobe=tools.find().ffprobe, folder=tmp_path)
    except errors.Unusable as refusal:
        code = refusal.code
    if facts is None:
        assert code in reasons.FAILED
    else:
        assert probe.SHORTEST_MS <= facts.duration_ms <= probe.LONGEST_MS
        assert len(ladder.rungs(facts.width, facts.height)) >= 2


def test_a_picture_becomes_two_sizes_without_its_metadata(desk: Desk, tmp_path: Path) -> None:
    source = tmp_path / "cover.jpg"
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    exif[0x0112] = 6  # lying on its side
    Image.new("RGB", (1600, 900), "teal").save(source, exif=exif)
    asset_id = sent(desk, source, AssetKind.IMAGE)
    work(desk, asset_id)
    asset = found(desk, asset_id)
    assert (asset.state, asset.width, asset.height) == (AssetState.READY, 900, 1600)
    for name, longest in (("small.webp", 640), ("large.jpg", 1280)):
        data = desk.store.read(f"{asset.image_prefix}/{name}")
        assert b"secret" not in data
        (tmp_path / name).write_bytes(data)
        with Image.open(tmp_path / name) as made:
            assert max(made.size) == longest
            assert made.height > made.width
            assert not made.getexif()


def test_a_video_is_no_picture(desk: Desk, tmp_path: Path) -> None:
    asset_id = sent(desk, clips.make(tmp_path / "a.mp4"), AssetKind.IMAGE)
    work(desk, asset_id)
    assert found(desk, asset_id).last_error == "not_a_picture"


def test_the_same_file_is_not_encoded_again(desk: Desk, tmp_path: Path) -> None:
    clip = clips.make(tmp_path / "a.mp4")
    first = sent(desk, clip)
    work(desk, first)
    second = sent(desk, clip)

    def no_tools() -> tools.Tools:
        raise AssertionError("encoded again")

    work(replace(desk, tools=no_tools), second)
    one, two = found(desk, first), found(desk, second)
    assert two.state == AssetState.READY
    assert (one.hls_prefix, one.duration_ms) == (two.hls_prefix, two.duration_ms)
    with desk.writing() as session:
        assert len(assets.renditions(session, second)) == len(assets.renditions(session, first))
    assert not desk.store.exists(uploads.source_key(second))


def test_bytes_that_changed_in_the_store_are_noticed(desk: Desk, tmp_path: Path) -> None:
    asset_id = sent(desk, clips.make(tmp_path / "a.mp4"))
    data = bytearray(desk.store.read(uploads.source_key(asset_id)))
    data[len(data) // 2] ^= 1
    desk.store.put(uploads.source_key(asset_id), bytes(data))
    work(desk, asset_id)
    assert found(desk, asset_id).last_error == "source_damaged"


def test_a_store_that_fails_gives_the_asset_back(desk: Desk, tmp_path: Path) -> None:
    asset_id = sent(desk, clips.make(tmp_path / "a.mp4"))
    gone = S3Store(
        bucket="b", endpoint="http://127.0.0.1:9", region="r", access_key="a", secret_key="s"
    )
    work(replace(desk, store=gone), asset_id)
    asset = found(desk, asset_id)
    assert (asset.state, asset.last_error) == (AssetState.WAITING, "store_unavailable")
    assert asset.due_at is not None
    with desk.writing() as session:
        session.get_one(Asset, asset_id).due_at = None
    assert work(desk, asset_id)
    assert found(desk, asset_id).state == AssetState.READY


def test_a_worker_that_lost_its_lease_publishes_nothing(desk: Desk, tmp_path: Path) -> None:
    asset_id = sent(desk, clips.make(tmp_path / "a.mp4", size="1280x720"))

    def stolen() -> datetime:
        return datetime.now(UTC)

    def tools_found() -> tools.Tools:
        with desk.writing() as session:  # meanwhile another worker takes over
            asset = session.get_one(Asset, asset_id)
            asset.lease_by = "another"
            asset.lease_until = datetime.now(UTC) + timedelta(seconds=45)
        return tools.find()

    assert work(replace(desk, clock=stolen, tools=tools_found, renew_every_s=0), asset_id)
    asset = found(desk, asset_id)
    assert (asset.state, asset.lease_by) == (AssetState.WORKING, "another")
    assert list(desk.store.list(f"hls/{asset_id}/")) == []
    assert list(desk.store.list(f"images/{asset_id}/")) == []


KILLED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from app.db import Database
from app.media import reasons
from media import tools
from media.storage import DirectoryStore
from media.transcode import Desk, work
url, folder, asset_id = sys.argv[1:]
database = Database(url)
desk = Desk(writing=database.writing, clock=lambda: datetime.now(UTC), tools=tools.find,
            store=DirectoryStore(Path(folder) / "store"), scratch=Path(folder) / "work", renew_every_s=0.1)
print("begin", flush=True)
work(desk, asset_id)
"""


def test_after_kill_9_another_worker_finishes(
    desk: Desk, database_url: str, tmp_path: Path
) -> None:
    asset_id = sent(desk, clips.make(tmp_path / "a.mp4", size="1280x720", seconds=40))
    killed = subprocess.Popen(
        [sys.executable, "-c", KILLED, database_url, str(tmp_path), asset_id]
    )
    try:
        for _ in range(600):
            if found(desk, asset_id).progress_permille > 60 and list((tmp_path / "work").glob("*/*/seg*")):
                break
            time.sleep(0.1)
        else:
            raise AssertionError("never began to encode")
    finally:
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
    assert found(desk, asset_id).state == AssetState.WORKING
    assert not work(desk, asset_id), "the lease still runs"
    later = replace(desk, clock=lambda: datetime.now(UTC) + leases.LEASE + timedelta(seconds=1))
    assert work(later, asset_id)
    asset = found(desk, asset_id)
    assert (asset.state, asset.attempts) == (AssetState.READY, 2)
    prefixes = {key.key.split("/")[2] for key in desk.store.list(f"hls/{asset_id}/")}
    assert len(prefixes) == 1
    assert not any((tmp_path / "work").iterdir()), "the dead worker's scratch is gone, too"


def test_kill_9_in_the_further_rungs_leaves_the_lesson_watchable_and_the_first_rung_alone(
    desk: Desk, database_url: str, tmp_path: Path
) -> None:
    asset_id = sent(desk, clips.make(tmp_path / "a.mp4", size="1280x720", seconds=20))
    work(desk, asset_id)
    prefix = found(desk, asset_id).hls_prefix
    first = {key.key: desk.store.read(key.key) for key in desk.store.list(f"{prefix}/360p/")}
    early = desk.store.read(f"{prefix}/master.m3u8")
    twin = sent(desk, tmp_path / "a.mp4")
    work(desk, twin)
    with desk.writing() as session:
        (piece_id,) = pieces.due(session, now=datetime.now(UTC))
    killed = subprocess.Popen(
        [sys.executable, "-c", KILLED.replace("work(desk", "making.work(desk").replace("Desk, work", "Desk, making"),
         database_url, str(tmp_path), piece_id]
    )  # fmt: skip
    try:
        for _ in range(600):
            if list((tmp_path / "work").glob("piece-*/720p/seg*")):
                break
            time.sleep(0.05)
        else:
            raise AssertionError("never began to encode")
    finally:
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
    assert desk.store.read(f"{prefix}/master.m3u8") == early
    assert not make_next(desk, asset_id), "the lease still runs"
    later = replace(desk, clock=lambda: datetime.now(UTC) + leases.LEASE + timedelta(seconds=1))
    assert make_next(later, asset_id)
    assert {"360p/index.m3u8", "540p/index.m3u8", "720p/index.m3u8", SOUND} == set(
        variants(desk.store.read(f"{prefix}/master.m3u8").decode())
    )
    assert {key.key: desk.store.read(key.key) for key in desk.store.list(f"{prefix}/360p/")} == first
    with desk.writing() as session:
        assert {r.name for r in assets.renditions(session, twin)} == {"360p", "540p", "720p", "sound"}


def test_no_further_rung_is_begun_while_a_first_one_waits(desk: Desk, tmp_path: Path) -> None:
    asset_id = sent(desk, clips.make(tmp_path / "a.mp4", seconds=2))
    work(desk, asset_id)
    with desk.writing() as session:
        (piece_id,) = pieces.due(session, now=datetime.now(UTC))
        assert session.get_one(Piece, piece_id).step == Step.FURTHER
    sent(desk, clips.make(tmp_path / "b.mp4", seconds=3))
    with desk.writing() as session:
        assert pieces.due(session, now=datetime.now(UTC)) == []


def test_on_s3_the_same_file_comes_out(desk: Desk, tmp_path: Path, seaweed: Seaweed) -> None:
    store = S3Store(
        bucket=BUCKET, endpoint=seaweed.endpoint, region="us-east-1",
        access_key=ACCESS_KEY, secret_key=SECRET_KEY,
    )  # fmt: skip
    there = replace(desk, store=store)
    asset_id = sent(there, clips.make(tmp_path / "a.mp4"))
    assert work(there, asset_id)
    asset = found(there, asset_id)
    assert asset.state == AssetState.READY, asset.last_log
    assert make_next(there, asset_id)
    names = {key.key.removeprefix(f"{asset.hls_prefix}/") for key in store.list(f"{asset.hls_prefix}/")}
    assert {"master.m3u8", "360p/index.m3u8", "360p/init.mp4", "360p/seg_00000.m4s"} <= names


def test_a_missing_tool_is_no_fault_of_the_file(desk: Desk, tmp_path: Path) -> None:
    def none() -> tools.Tools:
        return tools.find(ffmpeg="/nonexistent/ffmpeg")

    asset_id = sent(desk, clips.make(tmp_path / "a.mp4"))
    work(replace(desk, tools=none), asset_id)
    asset = found(desk, asset_id)
    assert (asset.state, asset.last_error) == (AssetState.WAITING, "no_ffmpeg")
    with pytest.raises(errors.Fault):
        none()
