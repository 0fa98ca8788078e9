"""Dated versions of the rules by which online hours are credited, each with its legal document.

A published version is never edited: a later-issued one supersedes it. Which versions bind whom:
a jurisdiction's own once it has any, else its parent's. Source: `credit-rules.md` 3, 5.5 and 5.36.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.credit import instants
from courses.credit.policy import Policy
from courses.credit.reading_policy import read_policy
from courses.people.jurisdictions import Jurisdiction
from media.base import EPOCH, Base, append_only, from_ms, new_id, to_ms


@append_only
class PolicyVersion(Base):
    """One version. `rules` holds the fields of `credit-rules.md` 3 from `timezone` on, all of them."""

    __tablename__ = "policy_versions"
    __table_args__ = (UniqueConstraint("policy_id", "version"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    policy_id: Mapped[str] = mapped_column(String(40))
    version: Mapped[str] = mapped_column(String(20))
    jurisdiction_id: Mapped[str] = mapped_column(ForeignKey("jurisdictions.id"), index=True)
    issued_at: Mapped[datetime]
    effective_from: Mapped[datetime]
    effective_to: Mapped[datetime | None]
    document_title: Mapped[str] = mapped_column(String(200))
    document_number: Mapped[str] = mapped_column(String(80))
    document_text: Mapped[str]  # what it says
    is_example: Mapped[bool] = mapped_column(default=False)
    rules: Mapped[dict[str, Any]]
    prompts: Mapped[dict[str, Any] | None]  # how often presence is asked; outside the evidence
    entered_by: Mapped[str] = mapped_column(String(16))  # subject key of the officer who drafted it
    approved_by: Mapped[str | None] = mapped_column(String(16))  # and of the second; None: from before there were two

    @property
    def label(self) -> str:
        """`id@version`, as entries and requirements name it."""
        return f"{self.policy_id}@{self.version}"

    @property
    def document(self) -> str:
        """The legal text it rests on, as evidence carries it: title, number, and what it says."""
        number = f" ({self.document_number})" if self.document_number else ""
        return f"{self.document_title}{number}\n{self.document_text}".strip()

    @property
    def zone(self) -> instants.Zone:
        """The zone that defines its day."""
        return instants.zone(self.rules["timezone"])


@dataclass(frozen=True, slots=True)
class Bound:
    """A version as it binds somebody; `effective_to` may come before the version's own end."""

    version: PolicyVersion
    effective_from: datetime
    effective_to: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether `at` lies in its dates."""
        return self.effective_from <= at and (self.effective_to is None or at < self.effective_to)

    def until(self, end: datetime) -> "Bound | None":
        """The part before `end`, if there is one."""
        if self.effective_from >= end:
            return None
        return replace(self, effective_to=min(end, self.effective_to or end))

    def since(self, start: datetime) -> "Bound | None":
        """The part from `start` on, if there is one."""
        if self.effective_to is not None and self.effective_to <= start:
            return None
        return replace(self, effective_from=max(start, self.effective_from))


def versions(session: Session, jurisdiction_id: str) -> list[PolicyVersion]:
    """A jurisdiction's own versions, in order of issue."""
    return list(
        session.scalars(
            select(PolicyVersion)
            .where(PolicyVersion.jurisdiction_id == jurisdiction_id)
            .order_by(PolicyVersion.issued_at, PolicyVersion.effective_from, PolicyVersion.version)
        )
    )


def get(session: Session, version_id: str) -> PolicyVersion:
    """One version by its row's id, or NotFound; versions are public."""
    found = session.get(PolicyVersion, version_id)
    if found is None:
        raise errors.NotFound()
    return found


def labelled(session: Session, label: str) -> PolicyVersion:
    """One version by `id@version`, or NotFound."""
    policy_id, _, version = label.rpartition("@")
    found = session.scalar(
        select(PolicyVersion).where(PolicyVersion.policy_id == policy_id, PolicyVersion.version == version)
    )
    if found is None:
        raise errors.NotFound()
    return found


def pool(session: Session, jurisdiction_id: str, *, known_at: datetime) -> list[Bound]:
    """The versions issued up to `known_at` that bind a jurisdiction, in order of issue.

    A parent's version that was issued after the district had its own ends where that one begins;
    one issued before is superseded by the later issue, as the engine's own rule has it.
    """
    place = session.get(Jurisdiction, jurisdiction_id)
    if place is None:
        raise errors.NotFound()
    own = [v for v in versions(session, jurisdiction_id) if v.issued_at <= known_at]
    bound = [Bound(v, v.effective_from, v.effective_to) for v in own]
    if place.parent_id is None:
        return bound
    for inherited in pool(session, place.parent_id, known_at=known_at):
        taken_over = [v.effective_from for v in own if v.issued_at < inherited.version.issued_at]
        kept = inherited.until(min(taken_over)) if taken_over else inherited
        if kept is not None:
            bound.append(kept)
    return sorted(bound, key=lambda b: (b.version.issued_at, b.effective_from, b.version.label))


def binding(session: Session, jurisdiction_id: str, *, known_at: datetime) -> list[PolicyVersion]:
    """The versions known at `known_at` that bind a jurisdiction at any time, in order of issue."""
    return [bound.version for bound in pool(session, jurisdiction_id, known_at=known_at)]


def in_force(
    session: Session, jurisdiction_id: str, *, at: datetime, known_at: datetime
) -> PolicyVersion:
    """The version in force for `at` as known at `known_at`; Conflict `no_policy` where none is."""
    found = chosen(pool(session, jurisdiction_id, known_at=known_at), at=at)
    if found is None:
        raise errors.Conflict("no_policy", "No rule for online hours is in force for that day.")
    return found.version


def chosen(bound: list[Bound], *, at: datetime) -> Bound | None:
    """Of versions in order of issue, the one in force for `at`: the last that holds it."""
    return next((b for b in reversed(bound) if b.holds(at)), None)


def as_rules(version: PolicyVersion | Bound) -> dict[str, Any]:
    """A version as evidence writes it (`credit-rules.md` 3), instants in its own zone."""
    bound = version if isinstance(version, Bound) else Bound(version, version.effective_from, version.effective_to)
    row = bound.version
    return {
        "id": row.policy_id,
        "version": row.version,
        "issued_at": instant_text(row.issued_at, row.zone),
        "effective_from": instant_text(bound.effective_from, row.zone),
        "effective_to": instant_text(bound.effective_to, row.zone) if bound.effective_to else None,
        "document": row.document,
        **row.rules,
    }


def typed(version: PolicyVersion | Bound) -> Policy:
    """A version as the engine takes it."""
    return read_policy(as_rules(version), "policy")


def worth(policy: Policy, durations_ms: Sequence[int]) -> tuple[Fraction, Fraction]:
    """Credited and raw hours of lessons watched whole, before rounding and caps; the ledger says what was earned."""
    raw = Fraction(sum(durations_ms), policy.hour_ms)
    steps = policy.ratio_steps
    if steps is None:
        return raw * policy.ratio, raw
    fitting = ([one for one in steps if one.at_least_ms <= ms] for ms in durations_ms)
    best = (max(row, key=lambda one: one.at_least_ms) for row in fitting if row)
    return sum((step.hours for step in best), Fraction(0)), raw


def start_of_day(on: date, zone: instants.Zone) -> datetime:
    """The first instant of a day in a policy's zone."""
    return from_ms(zone.day_start(instants.day_number(on)))


def day_of(at: datetime, zone: instants.Zone) -> date:
    """The day of a policy's zone that holds an instant."""
    return EPOCH.date() + timedelta(days=zone.day_of(to_ms(at)))


def instant_text(at: datetime, zone: instants.Zone) -> str:
    """`YYYY-MM-DDTHH:MM:SS[.mmm]` with the zone's offset, as every exchange format writes instants."""
    return instants.text(to_ms(at), zone)
