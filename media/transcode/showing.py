"""From folders of segments to something that plays: into the store, into rows, into the master playlist.

In this order, so that no playlist names what is not there, and a rung with a row is never made again.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from media import assets, errors, ladder, pieces, probe, storyboard
from media.assets import Asset, Rendition
from media.pieces import Step
from media.storage import Store
from media.transcode import chunks, hls, remux
from media.transcode.desk import Desk

ENCODED = 930  # permille of the work that is done once only storing is left
# Whoever began with the copy goes on with it: no link lasts longer than twice the longest lesson.
COPY_LASTS = timedelta(hours=24)
# A file whose playable part is this much shorter than its header claims was cut off.
CUT_OFF_MS, CUT_OFF_SHARE = 2_000, 20


def measured(folder: Path, facts: probe.Facts, rungs: Sequence[ladder.Rung]) -> list[hls.Track]:
    """The rungs that were made in `folder`, which must be alike."""
    tracks = [
        hls.measure(
            folder / rung.name,
            width=rung.width,
            height=rung.height,
            fps=ladder.frame_rate(facts.rate),
            has_sound=facts.audio_index is not None,
        )
        for rung in rungs
    ]
    hls.check_aligned(tracks)
    return tracks


def sound_track(folder: Path) -> hls.Track:
    """The rendition without a picture."""
    return hls.measure(folder / ladder.SOUND, width=0, height=0, fps=Fraction(0), has_sound=True)


def keep(
    store: Store, prefix: str, folder: Path, tracks: Sequence[hls.Track], *, report: Callable[[int], None]
) -> None:
    """Put rungs into the store, segments first, playlists after them."""
    total = sum(len(track.files) for track in tracks)
    done = 0
    for track in tracks:
        for name in track.files:
            store.put_file(f"{prefix}/{track.name}/{name}", folder / track.name / name)
            done += 1
            report(ENCODED + (999 - ENCODED) * done // total)


def keep_storyboard(desk: Desk, prefix: str, folder: Path, track: hls.Track) -> None:
    """The small pictures of the time line, from the lightest rung as made."""
    storyboard.keep(
        desk.store, prefix, folder / track.name, duration_ms=track.duration_ms,
        size=(track.width, track.height), ffmpeg_path=desk.tools().ffmpeg, limits=desk.limits,
    )  # fmt: skip


def write_master(store: Store, prefix: str, lines: Iterable[hls.Line]) -> None:
    """Name these rungs, which are in the store, and no others."""
    store.put(f"{prefix}/master.m3u8", hls.master(list(lines)).encode("ascii"))


def lines(session: Session, asset: Asset) -> list[hls.Line]:
    """What the master tells of the rungs that have rows."""
    facts = facts_of(asset)
    rate = ladder.frame_rate(facts.rate)
    return [
        hls.Line(
            r.name, r.width, r.height, facts.rate if r.name == remux.NAME else rate,
            r.codecs, r.bandwidth, r.average_bandwidth,
        )
        for r in assets.renditions(session, asset.id)
    ]  # fmt: skip


def facts_of(asset: Asset) -> probe.Facts:
    """What was measured in the source."""
    return probe.Facts(**(asset.probe or {}))


def lacking(session: Session, asset: Asset, step: Step) -> tuple[ladder.Rung, ...]:
    """The rungs that a step has still to make."""
    facts = facts_of(asset)
    names = {row.name for row in assets.renditions(session, asset.id)}
    rungs = ladder.rungs(facts.width, facts.height)
    return tuple(r for r in (rungs[:1] if step == Step.FIRST else rungs) if r.name not in names)


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


def check_length(facts: probe.Facts, duration_ms: int) -> None:
    """errors.Unusable `cut_off` for a file much shorter than its header claims."""
    if facts.duration_ms - duration_ms > CUT_OFF_MS + facts.duration_ms // CUT_OFF_SHARE:
        raise errors.Unusable("cut_off")


def add(session: Session, asset: Asset, tracks: Sequence[hls.Track]) -> None:
    """Further rungs of a lesson that plays, also of every twin that adopted its files.

    A copy of the source has done its duty then; its files go once nobody can be playing it.
    """
    shown = select(Asset).where(Asset.hls_prefix == asset.hls_prefix).order_by(Asset.id)
    for twin in session.scalars(shown):
        session.add_all(rendition(twin.id, track) for track in tracks)
    ids = [twin.id for twin in session.scalars(shown)]
    copies = Rendition.name == remux.NAME
    session.execute(delete(Rendition).where(Rendition.asset_id.in_(ids), copies))


def owe_further(session: Session, asset: Asset, *, now: datetime) -> None:
    """Promise the rungs that a lesson, which begins to be shown, lacks."""
    facts = facts_of(asset)
    if lacking(session, asset, Step.FURTHER):
        pieces.plan(
            session, asset.id, Step.FURTHER, spans=chunks.spans(facts),
            has_sound=needs_sound(session, asset), now=now,
        )  # fmt: skip


def needs_sound(session: Session, asset: Asset) -> bool:
    """Whether the one sound of all rungs has yet to be made."""
    names = {row.name for row in assets.renditions(session, asset.id)}
    return facts_of(asset).audio_index is not None and ladder.SOUND not in names
