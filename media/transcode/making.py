"""One piece of a video, by one worker: rungs in one go, the sound, a chunk, the join, tidying up.

Killed anywhere it leaves what the next one goes on from: finished chunks lie in the store and their rows
say so; a rung with a row is never encoded again; no playlist names what is not there.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from media import assets, errors, ladder, leases, pieces, probe
from media.assets import Asset, AssetState
from media.base import new_id
from media.ladder import Rung
from media.pieces import Piece, PieceState, Span, Step, Task
from media.storage import Missing
from media.transcode import chunks, encode, hls, remux, showing
from media.transcode.desk import Desk, Pulse, troubles

FETCHED = 20  # permille, about
SOUND_SHARE = 130  # permille of a whole ladder's work


@dataclass(frozen=True, slots=True)
class Turn:
    """One claim of one piece, and what its asset is."""

    desk: Desk
    piece_id: str
    holder: str
    asset_id: str
    step: Step
    task: Task
    number: int
    span: Span
    facts: probe.Facts
    rungs: tuple[Rung, ...]
    prefix: str
    source_key: str
    needs_sound: bool
    folder: Path
    report: Pulse

    @property
    def heap(self) -> str:
        """Where the chunks of this step lie in the store."""
        return f"{self.prefix}/pieces/{self.step}"

    def held(self, session: Session) -> Piece:
        """The piece, while this turn still holds it."""
        return pieces.held(session, self.piece_id, by=self.holder)


def work(desk: Desk, piece_id: str) -> bool:
    """Make one piece; False when it needs nothing now or another worker is at it."""
    holder = desk.name + new_id()[:8]
    with desk.writing() as session:
        piece = pieces.claim(session, piece_id, by=holder, now=desk.clock())
        if piece is None:
            return False
        if piece.attempts > leases.MOST_ATTEMPTS:  # it killed every worker that took it
            _give_up(session, piece, code="gave_up", log=piece.last_log)
            return False
        task = Task(piece.task)
    give_back = partial(_give_back, desk, piece_id, holder)
    try:
        with troubles(partial(_end, desk, piece_id, holder), give_back), desk.folder(f"piece-{piece_id}") as folder:
            turn = _turn(desk, piece_id, holder, folder)
            TASKS[task](turn)
    except leases.Lost:
        pass
    return True


def _turn(desk: Desk, piece_id: str, holder: str, folder: Path) -> Turn:
    with desk.writing() as session:
        piece = pieces.held(session, piece_id, by=holder)
        asset = session.get_one(Asset, piece.asset_id)
        return Turn(
            desk, piece_id, holder, asset.id, Step(piece.step), Task(piece.task), piece.number,
            Span(piece.from_ms, piece.to_ms), showing.facts_of(asset),
            showing.lacking(session, asset, Step(piece.step)), str(asset.hls_prefix), str(asset.source_key),
            showing.needs_sound(session, asset), folder,
            Pulse(desk, lambda session, permille: pieces.renew(
                session, piece_id, by=holder, now=desk.clock(), permille=permille)),
        )  # fmt: skip


def _whole(turn: Turn) -> None:
    """Every rung of the step in one decode, with the sound."""
    sound = _sound(turn)
    if turn.rungs:
        _pictures(turn, sound)
    _show(turn, sound)


def _pictures(turn: Turn, sound: Path | None) -> None:
    encode.pictures(
        _source(turn), turn.facts, turn.rungs, sound=sound, ffmpeg_path=turn.desk.tools().ffmpeg,
        folder=turn.folder, limits=turn.desk.limits, report=turn.report.between(SOUND_SHARE, showing.ENCODED),
    )  # fmt: skip


def _sound(turn: Turn) -> Path | None:
    """The one sound: from the store, or made now and kept there."""
    if turn.facts.audio_index is None:
        return None
    key = f"{turn.prefix}/{encode.SOUND_FILE}"
    target = turn.folder / encode.SOUND_FILE
    try:
        turn.desk.store.fetch(key, target)
    except Missing:
        encode.sound(
            _source(turn), turn.facts, ffmpeg_path=turn.desk.tools().ffmpeg, folder=turn.folder,
            bps=ladder.sound_bps(ladder.rungs(turn.facts.width, turn.facts.height)), limits=turn.desk.limits,
            report=turn.report.between(FETCHED, SOUND_SHARE if turn.task is Task.RUNGS else showing.ENCODED),
        )  # fmt: skip
        turn.desk.store.put_file(key, target)
    return target


def _sound_alone(turn: Turn) -> None:
    _sound(turn)
    turn.desk.surely(lambda session: pieces.finish(turn.held(session)))


def _chunk(turn: Turn) -> None:
    """The pictures of one span, for every rung of the step."""
    source, facts = _source(turn), turn.facts
    targets = [(rung, turn.folder / chunks.file_name(rung.name, turn.number)) for rung in turn.rungs]
    until = facts.duration_ms if turn.span.to_ms is None else turn.span.to_ms
    told, report = turn.folder / "tool.out", turn.report.between(FETCHED, showing.ENCODED)
    encode.run(
        encode.chunk_command(source, facts, targets, turn.span, ffmpeg_path=turn.desk.tools().ffmpeg),
        limits=turn.desk.limits, folder=turn.folder,
        tick=lambda: report(encode.permille(told, until - turn.span.from_ms)),
    )  # fmt: skip
    for _rung, path in targets:
        chunks.check(path, wanted=chunks.frames(facts, turn.span))
    for _rung, path in targets:
        turn.desk.store.put_file(f"{turn.heap}/{path.name}", path)
    turn.desk.surely(lambda session: pieces.finish(turn.held(session)))


def _join(turn: Turn) -> None:
    """Chunks and sound become rungs; nothing is encoded."""
    desk = turn.desk
    with desk.writing() as session:
        made = pieces.of(session, turn.asset_id, turn.step)
        numbers = [piece.number for piece in made if piece.task == Task.CHUNK]
    sound = _sound(turn)
    if turn.rungs:
        parts = {r.name: [turn.folder / chunks.file_name(r.name, n) for n in numbers] for r in turn.rungs}
        for path in (path for paths in parts.values() for path in paths):
            desk.store.fetch(f"{turn.heap}/{path.name}", path)
            turn.report(FETCHED)
        for paths in parts.values():
            chunks.check_alike(paths)
        told, report = turn.folder / "tool.out", turn.report.between(FETCHED, showing.ENCODED)
        command = chunks.join_command(
            parts, rate=ladder.frame_rate(turn.facts.rate), sound=sound,
            ffmpeg_path=desk.tools().ffmpeg, folder=turn.folder,
        )  # fmt: skip
        encode.run(
            command, limits=desk.limits, folder=turn.folder,
            tick=lambda: report(encode.permille(told, turn.facts.duration_ms)),
        )  # fmt: skip
    _show(turn, sound)
    desk.store.delete_all(f"{turn.heap}/")


def _show(turn: Turn, sound: Path | None) -> None:
    """Segments, then rows, then the master, then the piece is done."""
    desk, tracks = turn.desk, showing.measured(turn.folder, turn.facts, turn.rungs)
    if sound and turn.needs_sound:
        encode.sound_alone(sound, ffmpeg_path=desk.tools().ffmpeg, folder=turn.folder, limits=desk.limits)
        tracks.append(showing.sound_track(turn.folder))
    showing.keep(desk.store, turn.prefix, turn.folder, tracks, report=turn.report)
    lowest = ladder.rungs(turn.facts.width, turn.facts.height)[0]
    for track in tracks:
        if track.name == lowest.name:
            showing.keep_storyboard(desk, turn.prefix, turn.folder, track)
    if turn.step == Step.FIRST:
        duration_ms = hls.check_aligned(tracks)
        showing.check_length(turn.facts, duration_ms)
        showing.write_master(desk.store, turn.prefix, tracks)
        desk.surely(partial(_begin_to_show, turn, tracks, duration_ms))
        return
    if tracks:
        desk.surely(partial(_add, turn, tracks))
    told = desk.surely(lambda session: showing.lines(session, session.get_one(Asset, turn.asset_id)))
    showing.write_master(desk.store, turn.prefix, told)
    desk.surely(partial(_finish_further, turn))


def _begin_to_show(turn: Turn, tracks: list[hls.Track], duration_ms: int, session: Session) -> None:
    piece, now = turn.held(session), turn.desk.clock()
    asset = session.get_one(Asset, piece.asset_id, with_for_update=True)
    session.add_all(showing.rendition(asset.id, track) for track in tracks)
    asset.duration_ms = duration_ms
    leases.finish(asset, now=now)
    session.flush()
    pieces.forget(session, asset.id, Step.FIRST)
    showing.owe_further(session, asset, now=now)


def _add(turn: Turn, tracks: list[hls.Track], session: Session) -> None:
    piece = turn.held(session)
    asset = session.get_one(Asset, piece.asset_id)
    pictures = [track for track in tracks if track.width]
    names = {row.name for row in assets.renditions(session, asset.id)}
    if pictures:
        duration_ms = hls.check_aligned(pictures)
        leeway_ms = remux.LENGTH_MS if remux.NAME in names else hls.ALIGNED_MS
        if abs(duration_ms - (asset.duration_ms or 0)) > leeway_ms:
            raise errors.Fault("rungs_not_aligned")
    showing.add(session, asset, tracks)


def _finish_further(turn: Turn, session: Session) -> None:
    piece = turn.held(session)
    asset_id, now = piece.asset_id, turn.desk.clock()
    pieces.forget(session, asset_id, Step.FURTHER)
    if remux.may_be_copied(turn.facts):
        pieces.drop_later(session, asset_id, due_at=now + showing.COPY_LASTS, now=now)


def _drop(turn: Turn) -> None:
    """The copied source, which no playlist has named for a day."""
    turn.desk.store.delete_all(f"{turn.prefix}/{remux.NAME}/")
    turn.desk.surely(lambda session: pieces.forget(session, turn.held(session).asset_id, Step.AFTER))


TASKS = {Task.RUNGS: _whole, Task.SOUND: _sound_alone, Task.CHUNK: _chunk, Task.JOIN: _join, Task.DROP: _drop}


def _source(turn: Turn) -> Path:
    path = turn.desk.source(turn.source_key)
    if not path.is_file():  # kept under another name meanwhile; the row tells which
        raise errors.Fault("source_moved")
    return path


def _give_back(desk: Desk, piece_id: str, holder: str, code: str, log: str) -> None:
    def change(session: Session) -> None:
        piece = pieces.held(session, piece_id, by=holder)
        if code == chunks.UNEVEN:
            _in_one_go(session, piece, desk)
        elif not pieces.give_back(piece, code=code, log=log, now=desk.clock()):
            _give_up(session, piece, code="gave_up", log=log)

    desk.surely(change)


def _in_one_go(session: Session, piece: Piece, desk: Desk) -> None:
    """This source does not let itself be cut."""
    pieces.plan(
        session, piece.asset_id, Step(piece.step), spans=[encode.WHOLE], has_sound=False, now=desk.clock()
    )


def _end(desk: Desk, piece_id: str, holder: str, code: str, log: str) -> None:
    def change(session: Session) -> list[str]:
        return _give_up(session, pieces.held(session, piece_id, by=holder), code=code, log=log)

    for folder in desk.surely(change):
        desk.store.delete_all(folder)


def _give_up(session: Session, piece: Piece, *, code: str, log: str) -> list[str]:
    """Nothing more is done for this step; the folders to remove. Without its first rung the file has failed."""
    piece.last_error, piece.last_log = code, log
    asset_id, step = piece.asset_id, Step(piece.step)
    if piece.state == PieceState.WORKING:
        pieces.move(piece, PieceState.FAILED)
    session.flush()
    pieces.end(session, asset_id, step, code=code)
    asset = session.get_one(Asset, asset_id)
    if step != Step.FIRST or asset.state != AssetState.WORKING:
        return []
    leases.end(asset, code=code, log=log)
    folders = [f"{prefix}/" for prefix in (asset.hls_prefix, asset.image_prefix) if prefix]
    asset.hls_prefix = asset.image_prefix = None
    pieces.forget(session, asset_id, step)
    return folders
