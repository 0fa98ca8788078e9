"""Hours accrue: what a learner's finished groups of enrolments came to is kept, and only the rest computed.

A kept row is no truth of its own. It stands for inputs, named by a fingerprint of all that went into
it; where any of them changed, or may still change, the group is computed again. That it agrees with
computing the whole life is checked every night (`agreement`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from sqlalchemy import LargeBinary, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses.credit import groups, instants, recompute
from courses.credit.evidence import Evidence
from courses.credit.groups import Run
from courses.credit.recompute import Studied, Trace
from courses.ledger import evidence, packing
from courses.ledger.evidence import Frame
from courses.watch import beats
from courses.watch.evidence import playbacks_of
from courses.watch.models import Playback
from media.base import Base, to_ms

ENGINE = "1"  # to be changed with any change of what the engine says: every kept row is then made anew


class Accrual(Base):
    """What one group came to. `enrolment_id`: the group's first."""

    __tablename__ = "accruals"

    subject_key: Mapped[str] = mapped_column(String(16), primary_key=True)
    enrolment_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    content: Mapped[bytes]  # `packing`
    made_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Group:
    """Some of a learner's enrolments that judge one another; `fingerprint` None while they may change."""

    evidence: Evidence  # without what was watched
    playbacks: list[Playback]
    fingerprint: bytes | None

    @property
    def first(self) -> str:
        """The id of its first enrolment."""
        return self.evidence.enrolments[0].id


@dataclass(frozen=True, slots=True)
class Study:
    """A group and what it comes to."""

    group: Group
    studied: Studied
    is_kept: bool


def trace(session: Session, frame: Frame) -> Trace:
    """The statement and its parts, computing no more than what is not kept. Raises BadEvidence."""
    return joined(frame, studies(session, frame))


def joined(frame: Frame, found: Sequence[Study]) -> Trace:
    """The statement and its parts, from all that was studied. Raises BadEvidence."""
    return recompute.joined(frame.evidence, [study.studied for study in found])


def studies(session: Session, frame: Frame) -> list[Study]:
    """What each group comes to: as it was kept, or from everything that was watched. Raises BadEvidence."""
    kept = {
        row.fingerprint: row.content
        for row in session.scalars(select(Accrual).where(Accrual.subject_key == frame.evidence.learner))
    }
    found = []
    for group in grouped(session, frame):
        packed = kept.get(group.fingerprint) if group.fingerprint is not None else None
        if packed is not None:
            studied = packing.unpack(packed)
        else:
            studied = recompute.studied(evidence.watched(session, frame, group.evidence, group.playbacks))
        found.append(Study(group, studied, is_kept=packed is not None))
    return found


def keep(session: Session, frame: Frame, found: Sequence[Study], *, now: datetime) -> None:
    """Keep what is final and not kept yet, forget what changed. The caller holds the account's lock."""
    mine = Accrual.subject_key == frame.evidence.learner
    final = {study.group.fingerprint: study for study in found if study.group.fingerprint is not None}
    session.execute(delete(Accrual).where(mine, Accrual.fingerprint.not_in(final)))
    session.add_all(
        Accrual(
            subject_key=frame.evidence.learner,
            enrolment_id=study.group.first,
            fingerprint=fingerprint_,
            content=packing.pack(study.studied),
            made_at=now,
        )
        for fingerprint_, study in final.items()
        if not study.is_kept
    )
    session.flush()


def grouped(session: Session, frame: Frame) -> list[Group]:
    """The learner's enrolments in groups, with what was opened of each."""
    whole = frame.evidence
    playbacks: dict[str, list[Playback]] = {}
    for row in playbacks_of(session, whole.learner, before=frame.known_at):
        playbacks.setdefault(row.enrolment_id, []).append(row)
    caps = [row.daily_cap_ms for row in whole.policies if row.daily_cap_ms is not None]
    zone = instants.zone(whole.policies[0].timezone if whole.policies else "Asia/Shanghai")
    is_wall = all(row.speed == "wall" for row in whole.policies)
    found = groups.groups(
        {row.id: row.course for row in whole.enrolments},
        (run(row, is_wall=is_wall, as_of=whole.as_of) for rows in playbacks.values() for row in rows
         if row.enrolment_id in frame.enrolment_ids),
        zone=zone,
        least_cap_ms=min(caps, default=None),
    )  # fmt: skip
    rules = repr(whole.policies).encode()
    made = []
    for names in found:
        own = only(whole, set(names))
        opened = [row for name in names for row in playbacks.get(name, [])]
        made.append(Group(own, opened, fingerprint(own, opened, rules, known_at=frame.known_at)))
    return made


def run(row: Playback, *, is_wall: bool, as_of: int) -> Run:
    """A playback as a run: nothing of it lies beyond its end, and it earns no faster than it may play."""
    opened = to_ms(row.opened_at)
    ended = as_of + beats.SLACK_MS if row.closed_at is None else to_ms(row.closed_at)
    wall_ms = max(0, ended - opened)
    if not is_wall:
        wall_ms = wall_ms * beats.FASTEST * (100 + beats.RATE_TOLERANCE_PERCENT) // 100 + 1
    return Run(row.enrolment_id, opened, max(opened, ended), wall_ms)


def only(whole: Evidence, names: set[str]) -> Evidence:
    """The part about some enrolments; hours from elsewhere are joined later."""
    enrolments = [row for row in whole.enrolments if row.id in names]
    editions = {(row.course, row.edition) for row in enrolments}
    return replace(
        whole,
        courses=[row for row in whole.courses if (row.id, row.edition) in editions],
        enrolments=enrolments,
        exams=[row for row in whole.exams if row.enrolment in names],
        refunds=[row for row in whole.refunds if row.enrolment in names],
        corrections=[row for row in whole.corrections if row.subject in names],
        transfers=(),
        offline=(),
    )


def fingerprint(
    own: Evidence, playbacks: Sequence[Playback], rules: bytes, *, known_at: datetime
) -> bytes | None:
    """What a group was computed from; None while something of it may change, or is not over at `as_of`.

    The ledger's look at a playback (`settled_at`) stands for its beats and checks: whatever is told
    later takes it away.
    """
    rows = []
    for row in playbacks:
        if row.closed_at is None or row.settled_at is None:
            return None
        if to_ms(row.closed_at) >= own.as_of or row.settled_at >= known_at:
            return None
        rows.append((row.id, to_ms(row.closed_at), to_ms(row.settled_at)))
    passed = sum(at < own.as_of for at in turns(own))
    told = repr((ENGINE, passed, replace(own, policies=(), as_of=0), rows))
    return sha256(rules + told.encode()).digest()


def turns(own: Evidence) -> Iterator[int]:
    """The instants at which `as_of`, passing, changes what a group that is over comes to."""
    for policy in own.policies:
        yield from (policy.issued_at, policy.effective_from)
        if policy.effective_to is not None:
            yield policy.effective_to
    for row in own.enrolments:
        if row.expires_at is not None:
            yield row.expires_at
    yield from (row.withdrawn.at for row in own.courses if row.withdrawn is not None)
    yield from (row.at for row in own.refunds)
    yield from (row.at for row in own.corrections)
    yield from (row.at for row in own.exams)
