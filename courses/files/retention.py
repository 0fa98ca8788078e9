"""How long files are kept: dated data with marks, and the clock of each file (`domain.md` 1.4 and 5.4).

A personal file's clock runs from its last entry, or from the day until which its hours are valid; a class
file's from the end of the class. Rows are never edited: one is superseded by another from a day on.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors, policies
from courses.catalogue.models import Edition
from courses.certificates.models import Certificate
from courses.credit import instants
from courses.enrolment import Enrolment
from courses.ledger.cases.models import Appeal, Claim
from courses.ledger.classes.models import ClassLearner, ClassSession
from courses.ledger.models import Entry, OfflineHours
from courses.ledger.required.appointments import Appointment
from courses.ledger.required_hours import Mark
from courses.people.jurisdictions import day_of
from courses.people.organisations import EMPLOYED, Membership
from courses.people.persons import Subject
from courses.watch.models import Playback
from media.base import Base, append_only, new_id

CLASS, OTHERS = "class", "other_employee"
MOST_YEARS = 30
MONTHS = 12


@append_only
class RetentionPeriod(Base):
    """How many years files of one kind are kept. `about`: a trainee category, or `class`."""

    __tablename__ = "retention_periods"
    __table_args__ = (
        CheckConstraint(
            "about IN ('principal','safety_manager','special_operator','team_leader','other_employee','class')",
            name="about",
        ),
        CheckConstraint("years > 0", name="years"),
        CheckConstraint("mark IN ('sourced','general_knowledge','assumed')", name="mark"),
        CheckConstraint("(supersedes_id IS NULL) = (from_on IS NULL)", name="from_on"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    about: Mapped[str] = mapped_column(String(20))
    years: Mapped[int]
    source: Mapped[str] = mapped_column(String(200))
    mark: Mapped[str] = mapped_column(String(20))
    from_on: Mapped[date | None]
    supersedes_id: Mapped[str | None] = mapped_column(ForeignKey("retention_periods.id"), unique=True)
    entered_by: Mapped[str | None] = mapped_column(String(16))  # subject key; None: came with the software
    entered_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Clock:
    """Until when a file is kept. `last_on` None: there is nothing to keep; `until_on` None: no rule is entered."""

    last_on: date | None
    rule: RetentionPeriod | None
    until_on: date | None

    def to_json(self) -> dict[str, Any]:
        """As a training file says it."""
        return {
            "last_event": self.last_on.isoformat() if self.last_on else None,
            "kept_until": self.until_on.isoformat() if self.until_on else None,
            "rule": {
                "about": self.rule.about, "years": self.rule.years, "source": self.rule.source, "mark": self.rule.mark
            } if self.rule else None,
        }  # fmt: skip


def in_force(session: Session, *, on: date) -> dict[str, RetentionPeriod]:
    """The row of each kind on a day."""
    begun = [row for row in session.scalars(select(RetentionPeriod)) if row.from_on is None or row.from_on <= on]
    over = {row.supersedes_id for row in begun}
    return {row.about: row for row in sorted(begun, key=lambda one: one.about) if row.id not in over}


def supersede(
    session: Session, row_id: str, *, years: int, source: str, from_on: date, entered_by: str, now: datetime
) -> RetentionPeriod:
    """Put another row in a row's place from a day on.

    Refused: `retention_superseded`, `retention_from`, `retention_source`, `retention_years`.
    """
    old = session.get(RetentionPeriod, row_id)
    if old is None:
        raise errors.NotFound()
    if session.scalar(select(RetentionPeriod.id).where(RetentionPeriod.supersedes_id == row_id)) is not None:
        raise errors.Conflict("retention_superseded", "This row is superseded already; start from the newest.")
    if from_on < day_of(now) or (old.from_on is not None and from_on <= old.from_on):
        raise errors.Invalid(
            "retention_from", "Choose today or a later day, after the one from which the old row holds.", field="from_on"
        )
    if not source.strip():
        raise errors.Invalid("retention_source", "Name the text it rests on.", field="source")
    if not 1 <= years <= MOST_YEARS:
        raise errors.Invalid("retention_years", "Years are from 1 to 30.", field="years")
    made = RetentionPeriod(
        about=old.about, years=years, source=source.strip()[:200], mark=Mark.SOURCED, from_on=from_on,
        supersedes_id=row_id, entered_by=entered_by, entered_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def of_person(session: Session, person_id: str, *, on: date) -> Clock:
    """The clock of a personal file, by the longest rule of the posts held and courses taken."""
    keys = list(session.scalars(select(Subject.key).where(Subject.person_id == person_id)))
    rows = in_force(session, on=on)
    taken = trainees(session, keys) & set(rows) or {OTHERS} & set(rows)
    rule = max((rows[about] for about in taken), key=lambda row: (row.years, row.about), default=None)
    return clock(max(events(session, person_id, keys), default=None), rule)


def of_class(session: Session, run_id: str, *, on: date) -> Clock:
    """The clock of a class file."""
    ended = session.scalar(select(func.max(ClassSession.to_at)).where(ClassSession.run_id == run_id))
    return clock(day_of(ended) if ended else None, in_force(session, on=on).get(CLASS))


def clock(last_on: date | None, rule: RetentionPeriod | None) -> Clock:
    """So many years after the last event."""
    until = instants.later_by_months(last_on, rule.years * MONTHS) if last_on and rule else None
    return Clock(last_on, rule, until)


def trainees(session: Session, keys: Collection[str]) -> set[str]:
    """The posts that somebody held, and for whom the courses taken were made, by the categories' first words."""
    facts = session.scalars(
        select(Edition.facts).join(Enrolment, Enrolment.edition_id == Edition.id).where(Enrolment.subject_key.in_(keys))
    )
    held = session.scalars(select(Appointment.trainee).where(Appointment.subject_key.in_(keys)))
    return {code.partition(":")[0] for row in facts for code in row.get("trainees", ())} | set(held)


def events(session: Session, person_id: str, keys: Collection[str]) -> Iterable[date]:
    """Days on which something was added to a personal file, or until which its hours are valid."""
    moments = (
        select(func.max(column)).where(owner.in_(keys))
        for column, owner in (
            (Enrolment.at, Enrolment.subject_key),
            (Playback.heard_at, Playback.subject_key),
            (Certificate.issued_at, Certificate.subject_key),
            (Claim.applied_at, Claim.subject_key),
            (Appeal.filed_at, Appeal.subject_key),
        )
    )
    in_class = (
        select(func.max(ClassSession.to_at))
        .join(ClassLearner, ClassLearner.run_id == ClassSession.run_id)
        .where(ClassLearner.subject_key.in_(keys))
    )
    found = [day_of(at) for asked in (*moments, in_class) if (at := session.scalar(asked)) is not None]
    days = (
        select(func.max(OfflineHours.on)).where(OfflineHours.subject_key.in_(keys)),
        # Somebody who held an office: what they decided is theirs to answer for.
        select(func.max(Membership.to_on)).where(Membership.person_id == person_id, Membership.role.not_in(EMPLOYED)),
    )
    found += [day for asked in days if (day := session.scalar(asked)) is not None]
    for label, at in session.execute(
        select(Entry.policy, func.max(Entry.at)).where(Entry.subject_key.in_(keys)).group_by(Entry.policy)
    ):
        months = policies.labelled(session, label).rules.get("validity_months")
        found.append(instants.later_by_months(day_of(at), months) if months else day_of(at))
    return found
