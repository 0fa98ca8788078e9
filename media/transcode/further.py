"""The further rungs of a lesson that is watchable already: made in one decode, then added to its master.

Segments first, rows second, the master last: a rung with a row is never encoded again, and no
playlist names what is not there. A worker killed anywhere leaves something the next one goes on from.
"""

import shutil
import tempfile
import time
from fractions import Fraction
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from media import assets, errors, ladder, leases, probe
from media.assets import Asset
from media.base import new_id
from media.transcode import encode, hls, owed
from media.transcode.work import Desk, keep, measured, rendition

ENCODED = 930


def work(desk: Desk, asset_id: str) -> bool:
    """Make what the asset is owed; False when it is owed nothing now or another worker is at it."""
    holder = desk.name + new_id()[:8]
    with desk.writing() as session:
        if not owed.claim(session, asset_id, by=holder, now=desk.clock()):
            return False
    desk.scratch.mkdir(parents=True, exist_ok=True)
    for left in desk.scratch.glob(f"further-{asset_id}-*"):  # of a killed worker
        shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"further-{asset_id}-", dir=desk.scratch))
    try:
        _make(desk, asset_id, holder=holder, folder=folder)
    except leases.Lost:
        pass
    except errors.Unusable as refusal:
        log = str(refusal.detail.get("log", ""))
        _give_back(desk, asset_id, holder=holder, code=refusal.code, log=log, is_final=True)
    except errors.Unavailable as refusal:
        _give_back(desk, asset_id, holder=holder, code=refusal.code, log="")
    except errors.Fault as fault:
        _give_back(desk, asset_id, holder=holder, code=fault.code, log=fault.log)
    except OSError as error:
        _give_back(desk, asset_id, holder=holder, code="disk_fault", log=str(error.strerror))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return True


def _make(desk: Desk, asset_id: str, *, holder: str, folder: Path) -> None:
    with desk.writing() as session:
        asset = session.get_one(Asset, asset_id)
        facts = probe.Facts(**(asset.probe or {}))
        prefix, key, duration_ms = str(asset.hls_prefix), str(asset.source_key), asset.duration_ms or 0
        made = {row.name for row in assets.renditions(session, asset_id)}
    rungs = tuple(r for r in ladder.rungs(facts.width, facts.height) if r.name not in made)
    if rungs:
        report = _Report(desk, asset_id, holder)
        tracks = _encode(desk, facts, rungs, prefix=prefix, key=key, folder=folder, report=report)
        if abs(hls.check_aligned(tracks) - duration_ms) > hls.ALIGNED_MS:
            raise errors.Fault("rungs_not_aligned")
        keep(desk.store, prefix, folder, tracks, report=report)
        with desk.writing() as session:
            owed.held(session, asset_id, by=holder)
            for shown in _shown(session, prefix):
                session.add_all(rendition(shown, track) for track in tracks)
    _show(desk, asset_id, prefix=prefix, rate=ladder.frame_rate(facts.rate), holder=holder)


def _encode(
    desk: Desk, facts: probe.Facts, rungs: tuple[ladder.Rung, ...],
    *, prefix: str, key: str, folder: Path, report: "_Report",
) -> list[hls.Track]:  # fmt: skip
    source = desk.store.local_path(key)
    if source is None:
        source = folder / "source"
        desk.store.fetch(key, source)
    sound = None
    if facts.audio_index is not None:
        sound = folder / encode.SOUND_FILE
        desk.store.fetch(f"{prefix}/{encode.SOUND_FILE}", sound)
    encode.pictures(
        source, facts, rungs, sound=sound, ffmpeg_path=desk.tools().ffmpeg, folder=folder,
        limits=desk.limits, report=lambda permille: report(permille * ENCODED // 1000),
    )  # fmt: skip
    return measured(folder, facts, rungs)


def _shown(session: Session, prefix: str) -> list[str]:
    """The asset and every twin that adopted its files."""
    found = select(Asset.id).where(Asset.hls_prefix == prefix)
    return list(session.scalars(found.order_by(Asset.id)))


def _show(desk: Desk, asset_id: str, *, prefix: str, rate: Fraction, holder: str) -> None:
    """Name every rung that has a row in the master; then nothing is owed any more."""
    with desk.writing() as session:
        lines = [
            hls.Line(r.name, r.width, r.height, rate, r.codecs, r.bandwidth, r.average_bandwidth)
            for r in assets.renditions(session, asset_id)
        ]
    desk.store.put(f"{prefix}/master.m3u8", hls.master(lines).encode("ascii"))
    with desk.writing() as session:
        session.delete(owed.held(session, asset_id, by=holder))


def _give_back(
    desk: Desk, asset_id: str, *, holder: str, code: str, log: str, is_final: bool = False
) -> None:
    with desk.writing() as session:
        try:
            row = owed.held(session, asset_id, by=holder)
        except leases.Lost:
            return
        owed.give_back(row, code=code, log=log, now=desk.clock(), is_final=is_final)


class _Report:
    """Renews the lease now and then."""

    def __init__(self, desk: Desk, asset_id: str, holder: str) -> None:
        self.desk, self.asset_id, self.holder = desk, asset_id, holder
        self.renewed_at = time.monotonic()

    def __call__(self, permille: int) -> None:
        if time.monotonic() - self.renewed_at < self.desk.renew_every_s:
            return
        self.renewed_at = time.monotonic()
        with self.desk.writing() as session:
            owed.renew(
                session, self.asset_id, by=self.holder, now=self.desk.clock(), permille=permille
            )
