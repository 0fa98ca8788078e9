"""The national figures of required hours, and an enterprise with somebody employed there."""

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from importlib import import_module
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.ledger import offline, settlement
from courses.ledger.models import Requirement
from courses.ledger.required import appointments, industries, opening
from courses.ledger.required.appointments import Appointment, Post
from courses.ledger.required.opening import Scope
from courses.ledger.required_hours import RequiredHours, Trainee
from courses.people import persons
from courses.people.organisations import Actor, Membership, Organisation, OrganisationKind, Role
from tests import shelves, watching

MIGRATION: Any = import_module("migrations.versions.20261125_0011_required_hours")


def national(session: Session) -> None:
    """The figures that a migrated database holds, where the tables were made without migrations."""
    if session.scalar(select(RequiredHours.id).limit(1)) is not None:
        return
    for number, (who, occasion, risk, hours, period, shortest, longest, grace, source, mark) in enumerate(
        MIGRATION.NATIONAL, start=1
    ):
        session.add(
            RequiredHours(
                id=f"national-{number:02}", trainee=who, occasion=occasion, risk=risk, hours_num=hours,
                hours_den=None if hours is None else 1, period_months=period, min_interval_months=shortest,
                max_interval_months=longest, grace_months=grace, source=source, mark=mark,
                entered_at=MIGRATION.ENTERED_AT,
            )
        )  # fmt: skip
    session.flush()


def enterprise(session: Session, *, industry: str = "MACH", now: datetime) -> Organisation:
    """An enterprise of CZ-TN whose bureau says what it does."""
    shelves.jurisdictions(session)
    made = Organisation(kind=OrganisationKind.ENTERPRISE, name="常州示例机械有限公司", supervised_by="CZ-TN")
    session.add(made)
    session.flush()
    if industry:
        industries.enter(session, shelves.district(), made.id, industry=industry, from_on=date(2020, 1, 1), now=now)
    return made


def manager(body: Organisation) -> Actor:
    """Its safety manager."""
    return shelves.actor(Role.ENTERPRISE_MANAGER, body.id, body.supervised_by)


@dataclass
class Worker:
    """Somebody employed."""

    subject_key: str
    membership: Membership
    body: Organisation

    def appoint(
        self, session: Session, *, now: datetime, trainee: str = "safety_manager", scope: Scope = Scope.WIDE, **more: Any
    ) -> Appointment:
        """Give them a post from 2026-01-01 unless said otherwise, and look at it."""
        post = Post(trainee=Trainee(trainee), post="安全员", **({"from_on": date(2026, 1, 1)} | more))
        made = appointments.appoint(session, manager(self.body), self.membership.id, post, now=now)
        opening.look(session, made.id, scope=scope, now=now)
        return made

    def train(self, session: Session, *, on: date, hours: int, now: datetime, kind: str = "classroom") -> None:
        """Hours in person, a day of at most 24, written at once."""
        teaching = shelves.institution(session)
        offline.record(
            session, shelves.staff(teaching), organisation_id=teaching.id, subject_key=self.subject_key, on=on,
            hours=Fraction(hours), kind=kind, now=now,
        )  # fmt: skip
        settlement.settle(session, self.subject_key, now=now)


def worker(session: Session, *, industry: str = "MACH", now: datetime, **rules: Any) -> Worker:
    """Somebody employed since 2020 at an enterprise, in a city with the national figures and a rule."""
    national(session)
    cap = {"share": "1/2", "base": "required", "measured_on": "credited"}
    watching.policy(session, now=now, **({"share_cap": cap} | rules))
    key = watching.person(session, now=now)
    body = enterprise(session, industry=industry, now=now)
    membership = Membership(
        person_id=persons.person_of(session, key).id, organisation_id=body.id, role=Role.EMPLOYEE,
        from_on=date(2020, 1, 1),
    )  # fmt: skip
    session.add(membership)
    session.flush()
    return Worker(key, membership, body)


def standing(session: Session, subject_key: str) -> list[Requirement]:
    """Requirements that are not withdrawn, by their last day."""
    return list(
        session.scalars(
            select(Requirement)
            .where(Requirement.subject_key == subject_key, Requirement.withdrawn_at.is_(None))
            .order_by(Requirement.to_at, Requirement.kind)
        )
    )
