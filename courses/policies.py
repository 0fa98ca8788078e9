"""Dated versions of the rules by which online hours are credited, each with its legal document.

A published version is never edited: a later-issued one supersedes it. Which versions bind whom:
a jurisdiction's own once it has any, else its parent's. Source: `credit-rules.md` 3, 5.5 and 5.36.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.credit import instants
from courses.credit.evidence import BadEvidence
from courses.credit.policy import Policy
from courses.credit.reading_policy import read_policy
from courses.people.jurisdictions import Jurisdiction
from courses.units import fraction_text
from media.base import EPOCH, Base, append_only, from_ms, new_id, to_ms

ANY_INSTANT = "2000-01-01T00:00:00+00:00"  # where only the rules are read


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
    entered_by: Mapped[str] = mapped_column(String(16))  # subject key of the officer

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an officer enters. Days are of the policy's own zone; `until_on` is the first day after it.

    `rules`: any fields of `credit-rules.md` 3 from `timezone` on; what is left out takes its default.
    """

    jurisdiction_id: str
    effective_on: date
    until_on: date | None = None
    title: str
    number: str = ""
    text: str = ""
    rules: Mapping[str, Any] = field(default_factory=dict)
    prompts: Mapping[str, Any] | None = None
    policy_id: str = ""
    version: str = ""
    is_example: bool = False


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


def enter(session: Session, draft: Draft, *, entered_by: str, now: datetime) -> PolicyVersion:
    """Publish a version. It is known from `now` on and can never be edited, only superseded.

    Refused: `invalid_policy` with the engine's own words, `policy_gap`, `policy_zone`, `policy_label_taken`.
    """
    # Two officers at once would both find the same number free.
    session.get(Jurisdiction, draft.jurisdiction_id, with_for_update=True)
    made = prepared(session, draft, entered_by=entered_by, now=now)
    session.add(made)
    session.flush()
    return made


def prepared(session: Session, draft: Draft, *, entered_by: str, now: datetime) -> PolicyVersion:
    """The version that `enter` would publish, checked but not stored; for previews."""
    if session.get(Jurisdiction, draft.jurisdiction_id) is None:
        raise errors.Invalid("unknown_jurisdiction", "Choose the area this rule is for.", field="jurisdiction_id")
    if not draft.title.strip():
        raise errors.Invalid("document_missing", "Name the legal document this rule rests on.", field="title")
    rules = complete(draft.rules)
    zone = instants.zone(rules["timezone"])
    earlier = versions(session, draft.jurisdiction_id)
    made = PolicyVersion(
        policy_id=draft.policy_id or (earlier[-1].policy_id if earlier else default_policy_id(draft)),
        version=draft.version or str(len(earlier) + 1),
        jurisdiction_id=draft.jurisdiction_id,
        issued_at=now,
        effective_from=start_of_day(draft.effective_on, zone),
        effective_to=start_of_day(draft.until_on, zone) if draft.until_on else None,
        document_title=draft.title.strip(),
        document_number=draft.number.strip(),
        document_text=draft.text.strip(),
        is_example=draft.is_example,
        rules=rules,
        prompts=dict(draft.prompts) if draft.prompts else None,
        entered_by=entered_by,
    )
    check_dates(session, made, earlier)
    check_pool(session, made)
    return made


def complete(rules: Mapping[str, Any]) -> dict[str, Any]:
    """Every field of a version's rules with its default filled in, read by the engine's own parser."""
    head = {
        "id": "draft", "version": "1", "issued_at": ANY_INSTANT, "effective_from": ANY_INSTANT,
        "effective_to": None, "document": "",
    }  # fmt: skip
    try:
        return written(read_policy({**rules, **head}, ""))
    except BadEvidence as bad:
        raise errors.Invalid(
            "invalid_policy", "The rule cannot be read at %(path)s: it %(what)s.",
            field=bad.path.split(".")[0].split("[")[0], path=bad.path, what=bad.message,
        ) from bad


def written(policy: Policy) -> dict[str, Any]:
    """The fields of `credit-rules.md` 3 from `timezone` on, in its order, as JSON."""
    steps, cap = policy.ratio_steps, policy.share_cap
    return {
        "timezone": policy.timezone,
        "hour_ms": policy.hour_ms,
        "ratio": fraction_text(policy.ratio),
        "ratio_steps": [
            {"at_least_ms": step.at_least_ms, "hours": fraction_text(step.hours)} for step in steps
        ] if steps is not None else None,
        "completion_threshold": fraction_text(policy.completion_threshold),
        "partial_credit": policy.partial_credit,
        "exam": {
            "pass_mark": fraction_text(policy.exam.pass_mark),
            "max_attempts": policy.exam.max_attempts,
            "cooldown_ms": policy.exam.cooldown_ms,
        },
        "speed": policy.speed,
        "rate_tolerance": fraction_text(policy.rate_tolerance),
        "seek_forward": policy.seek_forward,
        "concurrency": policy.concurrency,
        "daily_cap_ms": policy.daily_cap_ms,
        "heartbeat_gap_ms": policy.heartbeat_gap_ms,
        "gap_grant": policy.gap_grant,
        "presence": {"on_fail": policy.on_fail},
        "policy_binding": policy.policy_binding,
        "rounding": {
            "mode": policy.rounding.mode,
            "quantum": fraction_text(policy.rounding.quantum) if policy.rounding.quantum is not None else None,
            "point": policy.rounding.point,
        },
        "share_cap": {
            "share": fraction_text(cap.share), "base": cap.base, "measured_on": cap.measured_on,
        } if cap is not None else None,
        "validity_months": policy.validity_months,
        "transfer_applies_ratio": policy.transfer_applies_ratio,
        "practical_online": policy.practical_online,
    }  # fmt: skip


def default_policy_id(draft: Draft) -> str:
    """One line of versions a jurisdiction, named after it."""
    return f"{draft.jurisdiction_id.lower()}-online"


def check_dates(session: Session, made: PolicyVersion, earlier: list[PolicyVersion]) -> None:
    """Dates that leave no instant without a rule; evidence of such an instant could not be read."""
    if made.effective_to is not None and made.effective_to <= made.effective_from:
        raise errors.Invalid("policy_dates", "The last day lies before the first.", field="until_on")
    place = session.get_one(Jurisdiction, made.jurisdiction_id)
    if place.parent_id is not None:
        if made.effective_to is not None:
            raise errors.Invalid(
                "policy_gap", "A district's rule has no last day: a later version supersedes it.", field="until_on"
            )
        if not pool(session, place.parent_id, known_at=made.issued_at):
            raise errors.Invalid("policy_parent", "The city must have a rule first.", field="jurisdiction_id")
        return
    end: datetime | None = None
    for version in sorted([*earlier, made], key=lambda v: v.effective_from):
        if end is not None and version.effective_from > end:
            break
        if version.effective_to is None:
            return
        end = max(end or version.effective_to, version.effective_to)
    raise errors.Invalid("policy_gap", "These dates would leave days without any rule.", field="until_on")


def check_pool(session: Session, made: PolicyVersion) -> None:
    """One name, one version; and one zone for the whole site, since one file has one."""
    taken = session.scalar(
        select(PolicyVersion.id).where(
            PolicyVersion.policy_id == made.policy_id, PolicyVersion.version == made.version
        )
    )
    if taken is not None:
        raise errors.Conflict("policy_label_taken", "There is a version of this name already.")
    other = session.scalars(select(PolicyVersion).limit(1)).first()
    if other is not None and other.rules["timezone"] != made.rules["timezone"]:
        raise errors.Invalid(
            "policy_zone", "All rules share one time zone: %(zone)s.",
            field="timezone", zone=other.rules["timezone"],
        )


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
