"""What a worker still needs, asked of the ledger in this one place, and what a course gives of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from flask_babel import get_locale
from sqlalchemy.orm import Session

from courses import errors
from courses.ledger import explained, requirements
from courses.ledger.models import Requirement
from courses.ledger.required import opening
from courses.people.jurisdictions import Jurisdiction
from courses.people.organisations import Actor


@dataclass(frozen=True, slots=True)
class Need:
    """Hours that are short of a requirement in force; `title` as the official entered it, or the rule's own."""

    title: str
    required: Fraction
    short: Fraction
    last_on: date
    place_zh: str
    place_en: str
    is_practical: bool
    trainee: str | None = None  # of the rule it follows from, if one
    occasion: str | None = None

    def given(self, credited: Fraction | None) -> Fraction:
        """What an online course can give of it, before caps."""
        if credited is None or self.is_practical:
            return Fraction(0)
        return min(credited, self.short)


def of(session: Session, actor: Actor | None, *, now: datetime) -> list[Need]:
    """Requirements in force that are not met, the one that ends first at the head."""
    if actor is None:
        return []
    rows = requirements.of_subject(session, actor.subject_key, before=None)
    in_force = {row.id for row in rows if row.from_at <= now < row.to_at}
    if not in_force:
        return []  # the statement costs more than a look at this table
    try:
        record = explained.of(session, actor.subject_key, as_of=now)
    except errors.Conflict:  # no rule can judge it; the ledger's own page says so
        return []
    found = [part for part in record.requirements if part.row.id in in_force and not part.result.is_met]
    return sorted(_needs(session, found), key=lambda need: need.last_on)


def _needs(session: Session, parts: Iterable[explained.RequirementPart]) -> Iterable[Need]:
    for part in parts:
        place = session.get(Jurisdiction, part.rule.jurisdiction_id) if part.rule else None
        yield Need(
            title=titled(part.row),
            required=part.result.required,
            short=part.result.short,
            last_on=part.last_on,
            place_zh=place.name_zh if place else "",
            place_en=place.name_en if place else "",
            is_practical=part.row.kind == "practical",
            trainee=part.row.trainee,
            occasion=part.row.occasion,
        )


def titled(row: Requirement) -> str:
    """What hours are called in the reader's language, where they follow from a rule."""
    if row.trainee and row.occasion:
        return opening.titled(row.trainee, row.occasion, str(get_locale()))
    return row.title
