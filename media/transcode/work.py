"""One asset's way from `waiting` to `ready`, its first rung, by one worker, interruptible at every point.

The lease is renewed while the work goes on; everything lies in the store before one transaction shows
it; a worker that lost its lease stops and removes what it wrote. Two runs never share a folder.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from media import (
    assets,
    documents,
    errors,
    ladder,
    leases,
    pictures,
    pieces,
    probe,
    uploads,
)
from media.assets import Asset, AssetKind, AssetState, Rendition
from media.base import new_id
from media.pieces import Span, Step
from media.storage import Missing
from media.transcode import chunks, encode, hls, remux, showing
from media.transcode.desk import Desk, Pulse, troubles

FETCHED, SOUND_ENDS = 60, 400  # permille of the whole that each step ends at, about
HASH_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Turn:
    """One claim of one asset."""

    desk: Desk
    asset_id: str
    kind: AssetKind
    source_key: str
    part_bytes: int
    part_hashes: list[bytes]
    folder: Path
    run: str
    report: Pulse

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


def work(desk: Desk, asset_id: str) -> bool:
    """Do what the asset needs; False when it needs nothing now or another worker holds it."""
    run = new_id()[:8]
    claimed = _claim(desk, asset_id, run)
    if claimed is None:
        return False
    with desk.folder(asset_id) as folder:
        turn = claimed(folder)
        try:
            with troubles(partial(_end, turn), partial(_give_back, turn)):
                _make(turn)
        except leases.Lost:
            _forget(turn)
    return True


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
            report=Pulse(desk, lambda session, permille: leases.renew(
                session, asset_id, by=desk.name + run, now=desk.clock(), permille=permille)),
        )  # fmt: skip


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
        turn.report(showing.ENCODED)
    with turn.desk.writing() as session:
        asset = leases.held(session, turn.asset_id, by=turn.holder)
        asset.width, asset.height = drawn.pages[0].width, drawn.pages[0].height
        asset.probe = {"pages": len(drawn.pages)}
        _publish(turn, asset, content_hash)


def _make_video(turn: Turn, source: Path, content_hash: bytes) -> None:
    """The quickest way to something that plays: a copy, the first rung alone, or many at the first rung."""
    tools, limits = turn.desk.tools(), turn.desk.limits
    facts = probe.measure(source, ffprobe=tools.ffprobe, folder=turn.folder)
    frame = encode.poster(source, facts, ffmpeg_path=tools.ffmpeg, folder=turn.folder, limits=limits)
    _keep_pictures(turn, pictures.draw(frame))
    copied = remux.copy(
        source, facts, ffmpeg_path=tools.ffmpeg, ffprobe=tools.ffprobe, folder=turn.folder, limits=limits
    )
    spans = chunks.spans(facts)
    if copied is None and len(spans) > 1:
        turn.desk.surely(partial(_share, turn, facts, content_hash, spans))
        return
    tracks = _first_rung(turn, source, facts) if copied is None else [copied]
    duration_ms = hls.check_aligned(tracks)
    showing.check_length(facts, duration_ms)
    showing.keep(turn.desk.store, turn.prefix, turn.folder, tracks, report=turn.report)
    if copied is None:
        showing.keep_storyboard(turn.desk, turn.prefix, turn.folder, tracks[0])
    showing.write_master(turn.desk.store, turn.prefix, tracks)

    def show(session: Session) -> None:
        asset = _measured(turn, facts, session)
        asset.duration_ms = duration_ms
        session.add_all(showing.rendition(turn.asset_id, track) for track in tracks)
        _publish(turn, asset, content_hash)
        session.flush()
        showing.owe_further(session, asset, now=turn.desk.clock())

    turn.desk.surely(show)
    _forget_others(turn)


def _first_rung(turn: Turn, source: Path, facts: probe.Facts) -> list[hls.Track]:
    """The lowest rung, and the sound alone."""
    desk, sound = turn.desk, None
    rungs = ladder.rungs(facts.width, facts.height)
    begins = SOUND_ENDS if facts.audio_index is not None else FETCHED
    ffmpeg_path, folder, limits = desk.tools().ffmpeg, turn.folder, desk.limits
    if facts.audio_index is not None:
        sound = encode.sound(
            source, facts, bps=ladder.sound_bps(rungs), ffmpeg_path=ffmpeg_path, folder=folder,
            limits=limits, report=turn.report.between(FETCHED, begins),
        )  # fmt: skip
        encode.sound_alone(sound, ffmpeg_path=ffmpeg_path, folder=folder, limits=limits)
        desk.store.put_file(f"{turn.prefix}/{encode.SOUND_FILE}", sound)
    encode.pictures(
        source, facts, rungs[:1], sound=sound, ffmpeg_path=ffmpeg_path, folder=folder, limits=limits,
        report=turn.report.between(begins, showing.ENCODED),
    )  # fmt: skip
    tracks = showing.measured(folder, facts, rungs[:1])
    return [*tracks, showing.sound_track(folder)] if sound else tracks


def _share(
    turn: Turn, facts: probe.Facts, content_hash: bytes, spans: tuple[Span, ...], session: Session
) -> None:
    """The first rung of a long lecture is made in pieces, by whoever is free."""
    asset = _measured(turn, facts, session)
    asset.content_hash, asset.image_prefix = content_hash, turn.image_prefix
    leases.share(asset)
    pieces.plan(
        session, asset.id, Step.FIRST, spans=spans, has_sound=facts.audio_index is not None,
        now=turn.desk.clock(),
    )  # fmt: skip


def _measured(turn: Turn, facts: probe.Facts, session: Session) -> Asset:
    asset = leases.held(session, turn.asset_id, by=turn.holder)
    asset.width, asset.height = facts.width, facts.height
    asset.probe = facts.to_json()
    asset.hls_prefix = turn.prefix
    return asset


def _fetch(turn: Turn) -> tuple[Path, bytes]:
    """The source as a local file and its SHA-256, every part held against its checksum again."""
    source = turn.desk.source(turn.source_key)
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


def _keep_pictures(turn: Turn, drawn: pictures.Drawn) -> None:
    for name, data in drawn.files.items():
        turn.desk.store.put(f"{turn.image_prefix}/{name}", data)


def _publish(turn: Turn, asset: Asset, content_hash: bytes) -> None:
    asset.content_hash = content_hash
    asset.image_prefix = turn.image_prefix
    leases.finish(asset, now=turn.desk.clock())


def _end(turn: Turn, code: str, log: str) -> None:
    _forget(turn)
    turn.desk.surely(
        lambda session: leases.end(
            leases.held(session, turn.asset_id, by=turn.holder), code=code, log=log
        )
    )


def _give_back(turn: Turn, code: str, log: str) -> None:
    _forget(turn)
    turn.desk.surely(
        lambda session: leases.give_back(
            leases.held(session, turn.asset_id, by=turn.holder),
            code=code, log=log, now=turn.desk.clock(),
        )
    )  # fmt: skip


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
