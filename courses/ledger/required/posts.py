"""Somebody's posts, for one page: what each makes them owe, by which rule, and when trainings lay apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import policies
from courses.credit import entries as credit
from courses.credit.requirements import fill
from courses.ledger import required_hours
from courses.ledger.required import appointments, industries, opening, periods, shortfall
from courses.ledger.required.appointments import Appointment
from courses.ledger.required.opening import Scope
from courses.ledger.required.periods import Interval
from courses.ledger.required.shortfall import Part
from courses.ledger.required_hours import Occasion, RequiredHours
from courses.people.jurisdictions import day_of
from courses.people.organisations import Organisation
from media.base import from_ms


@dataclass(frozen=True, slots=True)
class Due:
    """One requirement with the rule it rests on (None: entered by an official) and its interval, if bounded."""

    part: Part
    rule: RequiredHours | None = None
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A post, what it makes owed, and the rules that bind its holder without a known figure."""

    appointment: Appointment
    organisation: Organisation
    industry: str
    dues: list[Due]
    unknown: list[RequiredHours]


@dataclass(frozen=True, slots=True)
class Standing:
    """All of somebody: by post, the latest first, and what officials entered; `entries` are the ledger's."""

    held: list[Held]
    entered: list[Due]
    entries: Sequence[credit.Entry] = field(repr=False)

    @property
    def dues(self) -> list[Due]:
        """Everything owed, what is due first at the head; without a known last day at the end."""
        found = [*self.entered, *(due for one in self.held for due in one.dues)]
        return sorted(found, key=lambda due: (due.part.due_on or date.max, due.part.last_on))


def of_subject(
    session: Session,
    subject_key: str,
    *,
    scope: Scope,
    as_of: datetime,
    organisation_ids: Iterable[str] | None = None,
) -> Standing:
    """What somebody owes as the ledger stood at an instant; of some enterprises' posts alone where they are given."""
    parts = shortfall.of_subjects(session, {subject_key: as_of})[subject_key]
    written = shortfall.written_of(session, [subject_key]).get(subject_key, [])
    wanted = None if organisation_ids is None else set(organisation_ids)
    rows = [
        row
        for row in appointments.of_subject(session, subject_key)
        if row.appointed_at < as_of and (wanted is None or row.organisation_id in wanted)
    ]
    return Standing(
        [held(session, row, parts, written, scope=scope, today=day_of(as_of)) for row in rows],
        [Due(part) for part in parts if part.row.appointment_id is None],
        written,
    )


def held(
    session: Session, row: Appointment, parts: Sequence[Part], written: Sequence[credit.Entry], *,
    scope: Scope, today: date,
) -> Held:
    """One post with its requirements by their days."""
    own = [part for part in parts if part.row.appointment_id == row.id]
    rules = {
        rule.id: rule
        for rule in session.scalars(
            select(RequiredHours).where(RequiredHours.id.in_({part.row.rule_id for part in own}))
        )
    }
    industry = industries.on_day(session, row.organisation_id, on=today)
    return Held(
        row,
        session.get_one(Organisation, row.organisation_id),
        industry.industry if industry else "",
        dues(row, own, rules, written, today=today),
        unknown(session, row, scope=scope, today=today) if industry and row.holds(today) else [],
    )


def dues(
    row: Appointment, own: Sequence[Part], rules: dict[str, RequiredHours], written: Sequence[credit.Entry], *,
    today: date,
) -> list[Due]:
    """Requirements of one post in their order; each training stands to the one before it."""
    found: list[Due] = []
    last_on = row.trained_on
    for part in own:
        rule = rules[part.row.rule_id or ""]
        done_on = met_on(part, written) if part.row.kind == "any" else None
        interval = None
        if last_on is not None and part.row.kind == "any":
            interval = periods.interval(rule, last_on=last_on, done_on=done_on, today=today)
        found.append(Due(part, rule, interval))
        last_on = done_on or last_on
    return found


def met_on(part: Part, written: Sequence[credit.Entry]) -> date | None:
    """The day from which a requirement was met and stayed so; None while it is not."""
    typed, policy = shortfall.typed(part.row), policies.typed(part.rule)
    within = [row for row in written if typed.from_at <= row.at < typed.to_at]
    met_at: int | None = None
    for count, row in enumerate(within, start=1):
        if not fill(typed, policy, within[:count]).is_met:
            met_at = None
        elif met_at is None:
            met_at = row.at
    return None if met_at is None else policies.day_of(from_ms(met_at), part.rule.zone)


def unknown(session: Session, row: Appointment, *, scope: Scope, today: date) -> list[RequiredHours]:
    """Rules that bind the holder of a post today and name no figure known to us."""
    industry = industries.on_day(session, row.organisation_id, on=today)
    if industry is None:
        return []
    trainee = opening.bound_as(row.trainee, industry.risk, scope=scope)
    occasions = [opening.occasion_of(trainee, initial=initial) for initial in (True, False)]
    if row.trained_on is not None:
        occasions.remove(Occasion.INITIAL)
    return [
        rule
        for rule in required_hours.in_force(session, on=today)
        if (rule.trainee, rule.risk) == (trainee, industry.risk) and rule.occasion in occasions and rule.hours is None
    ]
