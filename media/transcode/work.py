"""One asset's way from `waiting` to `ready`, its first rung, by one worker, interruptible at every point.

The lease is renewed while the work goes on; everything lies in the store before one transaction shows
it; a worker that lost its lease stops and removes what it wrote. Two runs never share a folder.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from functools import partial
from hashlib import sha256
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from media import (
    assets,
    confine,
    documents,
    errors,
    ladder,
    leases,
    pictures,
    probe,
    storyboard,
    uploads,
)
from media.assets import Asset, AssetKind, AssetState, Rendition
from media.base import new_id
from media.storage import Missing, Store
from media.tools import Tools
from media.transcode import encode, hls, owed

FIRST = 1  # rungs that are made before the lesson is shown
SOUND_SHARE = 400  # permille of the first rung's work, about
FETCHED, ENCODED = 60, 930  # permille of the whole that each step ends at
HASH_CHUNK = 1024 * 1024
# A file whose playable part is this much shorter than its header claims was cut off.
CUT_OFF_MS, CUT_OFF_SHARE = 2_000, 20


@dataclass(frozen=True, slots=True)
class Desk:
    """What a worker has at hand. `writing` opens a transaction that commits on return."""

    writing: Callable[[], AbstractContextManager[Session]]
    clock: Callable[[], datetime]
    store: Store
    tools: Callable[[], Tools]
    scratch: Path
    name: str = field(default_factory=new_id)
    limits: confine.Limits = field(default_factory=confine.Limits)
    renew_every_s: float = 3.0


@dataclass(slots=True)
class Turn:
    """One claim of one asset."""

    desk: Desk
    asset_id: str
    kind: AssetKind
    source_key: str
    part_bytes: int
    part_hashes: list[bytes]
    folder: Path
    run: str = field(default_factory=lambda: new_id()[:8])
    renewed_at: float = field(default_factory=time.monotonic)

    @property
    def prefix(self) -> str:
        """Where this turn's renditions go."""
        return f"hls/{self.asset_id}/{self.run}"

    @property
    def holder(self) -> str:
        """Whom the lease names."""
        return self.desk.name + self.run

    @property
    def image_prefix(self) -> str:
        """Where this turn's pictures go."""
        return f"images/{self.asset_id}/{self.run}"

    def report(self, permille: int) -> None:
        """Renew the lease now and then; leases.Lost when another worker has it."""
        if time.monotonic() - self.renewed_at < self.desk.renew_every_s:
            return
        self.renewed_at = time.monotonic()
        with self.desk.writing() as session:
            leases.renew(
                session,
                self.asset_id,
                by=self.holder,
                now=self.desk.clock(),
                permille=permille,
            )


def work(desk: Desk, asset_id: str) -> bool:
    """Do what the asset needs; False when it needs nothing now or another worker holds it."""
    with _turn(desk, asset_id) as turn:
        if turn is None:
            return False
        try:
            _make(turn)
        except leases.Lost:
            _forget(turn)
        except errors.Unusable as refusal:
            _forget(turn)
            _end(turn, refusal.code, str(refusal.detail.get("log", "")))
        except errors.Unavailable as refusal:
            _give_back(turn, refusal.code, "")
        except errors.Fault as fault:
            _give_back(turn, fault.code, fault.log)
        except OSError as error:  # the scratch disk is full, or gone
            _give_back(turn, "disk_fault", str(error.strerror))
    return True


@contextmanager
def _turn(desk: Desk, asset_id: str) -> Iterator[Turn | None]:
    """Claim the asset and give the turn a folder of its own."""
    run = new_id()[:8]
    claimed = _claim(desk, asset_id, run)
    if claimed is None:
        yield None
        return
    desk.scratch.mkdir(parents=True, exist_ok=True)
    for left in desk.scratch.glob(f"{asset_id}-*"):  # of a killed worker, whose lease ran out
        shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{asset_id}-", dir=desk.scratch))
    try:
        yield claimed(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _claim(desk: Desk, asset_id: str, run: str) -> Callable[[Path], Turn] | None:
    with desk.writing() as session:
        if not leases.claim(session, asset_id, by=desk.name + run, now=desk.clock()):
            return None
        asset = session.get(Asset, asset_id)
        assert asset is not None
        if asset.attempts > leases.MOST_ATTEMPTS:  # it killed every worker that took it
            leases.end(asset, code="gave_up", log=asset.last_log)
            return None
        return partial(
            Turn,
            desk,
            asset_id,
            AssetKind(asset.kind),
            asset.source_key or uploads.source_key(asset_id),
            asset.part_bytes,
            [part.content_hash for part in uploads.parts(session, asset_id)],
            run=run,
        )


def _make(turn: Turn) -> None:
    source, content_hash = _fetch(turn)
    if _adopt(turn, content_hash):
        return
    if turn.kind is AssetKind.IMAGE:
        drawn = pictures.draw(source)
        _keep_pictures(turn, drawn)
        with turn.desk.writing() as session:
            asset = leases.held(session, turn.asset_id, by=turn.holder)
            asset.width, asset.height = drawn.width, drawn.height
            _publish(turn, asset, content_hash)
        return
    if turn.kind is AssetKind.DOCUMENT:
        _make_pages(turn, source, content_hash)
        return
    _make_video(turn, source, content_hash)


def _make_pages(turn: Turn, source: Path, content_hash: bytes) -> None:
    drawn = documents.draw(source, turn.folder, tick=lambda: turn.report(FETCHED))
    for name, made in drawn.files.items():
        key = f"{turn.image_prefix}/{name}"
        turn.desk.store.put_file(key, made) if isinstance(made, Path) else turn.desk.store.put(key, made)
        turn.report(ENCODED)
    with turn.desk.writing() as session:
        asset = leases.held(session, turn.asset_id, by=turn.holder)
        asset.width, asset.height = drawn.pages[0].width, drawn.pages[0].height
        asset.probe = {"pages": len(drawn.pages)}
        _publish(turn, asset, content_hash)


def _make_video(turn: Turn, source: Path, content_hash: bytes) -> None:
    tools = turn.desk.tools()
    facts = probe.measure(source, ffprobe=tools.ffprobe, folder=turn.folder)
    rungs = ladder.rungs(facts.width, facts.height)

    def report(permille: int) -> None:
        turn.report(FETCHED + permille * (ENCODED - FETCHED) // 1000)

    frame = encode.poster(
        source, facts, ffmpeg_path=tools.ffmpeg, folder=turn.folder, limits=turn.desk.limits
    )
    sound = encode.sound(
        source,
        facts,
        bps=ladder.sound_bps(rungs),
        ffmpeg_path=tools.ffmpeg,
        folder=turn.folder,
        limits=turn.desk.limits,
        report=lambda permille: report(permille * SOUND_SHARE // 1000),
    )
    begins = SOUND_SHARE if sound else 0
    encode.pictures(
        source,
        facts,
        rungs[:FIRST],
        sound=sound,
        ffmpeg_path=tools.ffmpeg,
        folder=turn.folder,
        limits=turn.desk.limits,
        report=lambda permille: report(begins + permille * (1000 - begins) // 1000),
    )
    tracks = measured(turn.folder, facts, rungs[:FIRST])
    duration_ms = hls.check_aligned(tracks)
    if facts.duration_ms - duration_ms > CUT_OFF_MS + facts.duration_ms // CUT_OFF_SHARE:
        raise errors.Unusable("cut_off")
    if sound:
        tracks.append(sound_track(turn.folder))
        turn.desk.store.put_file(f"{turn.prefix}/{encode.SOUND_FILE}", sound)
    keep(turn.desk.store, turn.prefix, turn.folder, tracks, report=turn.report)
    storyboard.keep(
        turn.desk.store, turn.prefix, turn.folder / rungs[0].name, duration_ms=duration_ms,
        size=(rungs[0].width, rungs[0].height), ffmpeg_path=tools.ffmpeg, limits=turn.desk.limits,
    )  # fmt: skip
    turn.desk.store.put(f"{turn.prefix}/master.m3u8", hls.master(tracks).encode("ascii"))
    _keep_pictures(turn, pictures.draw(frame))
    with turn.desk.writing() as session:
        asset = leases.held(session, turn.asset_id, by=turn.holder)
        asset.width, asset.height = facts.width, facts.height
        asset.probe = facts.to_json()
        asset.duration_ms = duration_ms
        asset.hls_prefix = turn.prefix
        session.add_all(rendition(turn.asset_id, track) for track in tracks)
        if rungs[FIRST:]:
            owed.owe(session, turn.asset_id, now=turn.desk.clock())
        _publish(turn, asset, content_hash)
    _forget_others(turn)


def _fetch(turn: Turn) -> tuple[Path, bytes]:
    """The source as a local file and its SHA-256, every part held against its checksum again."""
    source = turn.desk.store.local_path(turn.source_key)
    if source is None:
        source = turn.folder / "source"
        turn.desk.store.fetch(turn.source_key, source)
    hashes: list[bytes | None] = list(turn.part_hashes)
    hashes = hashes or [None]
    whole = sha256()
    size = source.stat().st_size
    with source.open("rb") as file:
        for expected in hashes:
            part = sha256()
            left = turn.part_bytes if expected else size
            while left > 0 and (chunk := file.read(min(HASH_CHUNK, left))):
                part.update(chunk)
                whole.update(chunk)
                left -= len(chunk)
                turn.report(FETCHED * file.tell() // max(size, 1))
            if expected is not None and part.digest() != expected:
                raise errors.Unusable("source_damaged")
    return source, whole.digest()


def _adopt(turn: Turn, content_hash: bytes) -> bool:
    """The same file was made before: show what exists instead of encoding again."""
    with turn.desk.writing() as session:
        twin = session.scalar(
            select(Asset)
            .where(
                Asset.content_hash == content_hash,
                Asset.kind == turn.kind,
                Asset.state == AssetState.READY,
                Asset.image_prefix.is_not(None),
                Asset.id != turn.asset_id,
            )
            .order_by(Asset.ready_at, Asset.id)
            .limit(1)
        )
        if twin is None:
            return False
        asset = leases.held(session, turn.asset_id, by=turn.holder)
        for name in (
            "source_key", "image_prefix", "hls_prefix", "duration_ms", "width", "height", "probe",
        ):  # fmt: skip
            setattr(asset, name, getattr(twin, name))
        for made in assets.renditions(session, twin.id):
            session.add(
                Rendition(
                    asset_id=asset.id,
                    **{
                        column.key: getattr(made, column.key)
                        for column in Rendition.__table__.columns
                        if column.key not in ("id", "asset_id")
                    },
                )
            )
        asset.content_hash = content_hash
        leases.finish(asset, now=turn.desk.clock())
    turn.desk.store.delete(turn.source_key)
    return True


def measured(folder: Path, facts: probe.Facts, rungs: tuple[ladder.Rung, ...]) -> list[hls.Track]:
    """The rungs that were made in `folder`."""
    return [
        hls.measure(
            folder / rung.name,
            width=rung.width,
            height=rung.height,
            fps=ladder.frame_rate(facts.rate),
            has_sound=facts.audio_index is not None,
        )
        for rung in rungs
    ]


def sound_track(folder: Path) -> hls.Track:
    """The rendition without a picture."""
    return hls.measure(folder / ladder.SOUND, width=0, height=0, fps=Fraction(0), has_sound=True)


def keep(
    store: Store, prefix: str, folder: Path, tracks: list[hls.Track], *, report: Callable[[int], None]
) -> None:
    """Put rungs into the store, segments first, playlists after them."""
    total = sum(len(track.files) for track in tracks)
    done = 0
    for track in tracks:
        for name in track.files:
            store.put_file(f"{prefix}/{track.name}/{name}", folder / track.name / name)
            done += 1
            report(ENCODED + (999 - ENCODED) * done // total)


def _keep_pictures(turn: Turn, drawn: pictures.Drawn) -> None:
    for name, data in drawn.files.items():
        turn.desk.store.put(f"{turn.image_prefix}/{name}", data)


def rendition(asset_id: str, track: hls.Track) -> Rendition:
    """The row of a rung as made."""
    return Rendition(
        asset_id=asset_id,
        name=track.name,
        width=track.width,
        height=track.height,
        bandwidth=track.peak_bps,
        average_bandwidth=track.average_bps,
        size_bytes=track.size_bytes,
        codecs=track.codecs,
    )


def _publish(turn: Turn, asset: Asset, content_hash: bytes) -> None:
    asset.content_hash = content_hash
    asset.image_prefix = turn.image_prefix
    leases.finish(asset, now=turn.desk.clock())


def _end(turn: Turn, code: str, log: str) -> None:
    with turn.desk.writing() as session:
        try:
            leases.end(leases.held(session, turn.asset_id, by=turn.holder), code=code, log=log)
        except leases.Lost:
            return


def _give_back(turn: Turn, code: str, log: str) -> None:
    _forget(turn)
    with turn.desk.writing() as session:
        try:
            asset = leases.held(session, turn.asset_id, by=turn.holder)
        except leases.Lost:
            return
        leases.give_back(asset, code=code, log=log, now=turn.desk.clock())


def _forget(turn: Turn) -> None:
    """Remove what this turn put into the store; what cannot be removed now is an orphan later."""
    for prefix in (turn.prefix, turn.image_prefix):
        try:
            turn.desk.store.delete_all(prefix + "/")
        except (errors.Unavailable, Missing):
            continue


def _forget_others(turn: Turn) -> None:
    """Remove what killed workers left of this asset."""
    try:
        for found in list(turn.desk.store.list(f"hls/{turn.asset_id}/")):
            if not found.key.startswith(turn.prefix + "/"):
                turn.desk.store.delete(found.key)
    except (errors.Unavailable, Missing):
        return
