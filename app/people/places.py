"""The choice of an employer or a district, as a form offers it and as it is understood."""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app import templating
from app.people.forms import DISTRICT, EMPLOYER, PlaceForm
from courses import errors
from courses.people import jurisdictions, organisations, persons
from courses.people.jurisdictions import Jurisdiction
from courses.people.organisations import Organisation, OrganisationKind


@dataclass(frozen=True, slots=True)
class Place:
    """One of both."""

    employer_id: str | None = None
    district_id: str | None = None


def name_of(row: Jurisdiction) -> str:
    """A jurisdiction in the reader's language."""
    return row.name_zh if templating.is_chinese() else row.name_en


def offer(session: Session, form: PlaceForm) -> None:
    """Put the districts into the form, and the enterprises found for what was typed."""
    form.district.choices = [
        ("", _("Choose a district")),
        *((row.id, name_of(row)) for row in jurisdictions.districts(session)),
    ]
    form.employer_id.choices = []
    if form.belongs.data == EMPLOYER and form.employer.data:
        try:
            found = look_for(session, form.employer.data)
        except errors.Invalid:
            found = []
        if len(found) > 1:
            form.employer_id.choices = [(row.id, shown(row)) for row in found]


def look_for(session: Session, text: str) -> list[Organisation]:
    """Enterprises by credit code or name."""
    return organisations.find(session, text, kind=OrganisationKind.ENTERPRISE)


def shown(row: Organisation) -> str:
    """An enterprise as it is told from others of a similar name."""
    return f"{row.name} · {row.uscc}" if row.uscc else row.name


def fill(session: Session, form: PlaceForm, person_id: str, *, on: date) -> None:
    """Begin with where somebody belongs now."""
    employer = organisations.employer(session, person_id, on=on)
    form.belongs.data = EMPLOYER if employer else DISTRICT
    form.employer.data = employer.name if employer else ""
    form.district.data = persons.get(session, person_id).district_id or ""


def choose(session: Session, form: PlaceForm) -> Place | None:
    """What was chosen; None when it is not clear, with the reason at its field."""
    if form.belongs.data == DISTRICT:
        codes = {row.id for row in jurisdictions.districts(session)}
        if form.district.data in codes:
            return Place(district_id=form.district.data)
        form.district.errors = [_("Choose one of these districts.")]
        return None
    if not form.employer.data:
        form.employer.errors = [_("Enter your employer's name or unified social credit code.")]
        return None
    try:
        found = look_for(session, form.employer.data)
    except errors.Invalid as refusal:
        form.employer.errors = [_(refusal.sentence)]
        return None
    return one_of(form, found)


def one_of(form: PlaceForm, found: list[Organisation]) -> Place | None:
    """The only enterprise found, or the one that was ticked."""
    if not found:
        form.employer.errors = [
            _(
                "No enterprise is known here by this name. Ask your safety manager for the unified social credit "
                "code, or register on your own with your district."
            )
        ]
        return None
    if len(found) == 1:
        return Place(employer_id=found[0].id)
    if form.employer_id.data in {row.id for row in found}:
        return Place(employer_id=form.employer_id.data)
    form.employer_id.errors = [_("Several enterprises have a similar name. Choose yours.")]
    return None
