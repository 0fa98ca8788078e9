"""Institutions record hours in person: classroom and practical training, for a learner they know."""

from fractions import Fraction
from typing import cast

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from app import access, clock, db, jobs
from app.access import Permission
from app.forms import ExactField, Form, at_most, required, stripped
from courses import errors
from courses.ledger import offline
from courses.ledger.models import OfflineHours
from courses.people import persons
from courses.people.organisations import Organisation
from courses.people.persons import Person, Subject
from courses.people.vault import Vault

bp = Blueprint("ledger_studio", __name__, url_prefix="/ledger")


class OfflineForm(Form):
    """Who was trained, when, how long and how. Number and name must fit, so that nobody fishes."""

    organisation_id = SelectField(lazy("Recorded for"), [InputRequired()])
    number = StringField(lazy("Document number of the learner"), [required(), at_most(40)], [stripped])
    name = StringField(lazy("Name of the learner"), [required(), at_most(60)], [stripped])
    on = DateField(lazy("Day of the training"), [InputRequired(message=lazy("Fill this in."))])
    hours = ExactField(lazy("Hours of training"), [InputRequired(message=lazy("Fill this in."))])
    kind = RadioField(
        lazy("Kind"),
        [InputRequired(message=lazy("Choose one."))],
        choices=[("classroom", lazy("Classroom training")), ("practical", lazy("Practical training"))],
    )
    note = TextAreaField(lazy("What it was about"), [at_most(offline.NOTE_LENGTH)], [stripped])


@bp.get("/offline")
@access.needs(Permission.LEDGER_OFFLINE)
def offline_hours() -> str:
    """The form, and what was recorded last."""
    with db.reading() as session:
        return page(session, filled(session, OfflineForm()))


@bp.post("/offline")
@access.needs(Permission.LEDGER_OFFLINE)
def record() -> Response | tuple[str, int]:
    """Write hours down for good; the learner's account is settled next."""
    actor = access.someone()
    with db.writing() as session:
        form = filled(session, OfflineForm())
        if not form.validate():
            return page(session, form), 422
        try:
            made = offline.record(
                session,
                actor,
                organisation_id=form.organisation_id.data,
                subject_key=learner(session, number=form.number.data, name=form.name.data),
                on=form.on.data,
                hours=form.hours.data or Fraction(0),
                kind=form.kind.data,
                note=form.note.data or "",
                now=clock.now(),
            )
        except errors.Invalid as refusal:
            form.refuse(refusal)
            return page(session, form), 422
        except errors.Conflict as refusal:
            form.refuse(errors.Invalid(refusal.code, refusal.sentence, **refusal.detail))
            return page(session, form), 409
        jobs.dispatch(session, "ledger", made.subject_key)
    flash(_("The hours are recorded and stand in the learner's statement."), "success")
    return redirect(url_for("ledger_studio.offline_hours"), 303)


def filled(session: Session, form: OfflineForm) -> OfflineForm:
    """The actor's organisations as choices."""
    ids = access.someone().organisations(*offline.VOUCHERS)
    rows = session.scalars(select(Organisation).where(Organisation.id.in_(ids)).order_by(Organisation.name))
    form.organisation_id.choices = [(row.id, row.name) for row in rows]
    return form


def learner(session: Session, *, number: str, name: str) -> str:
    """The one registered person with this number and this name; Invalid `learner_unknown` otherwise."""
    vault = cast(Vault, current_app.extensions["xueshi_vault"])
    found = persons.find(session, vault, number=number, name=name)
    if len(found) != 1:
        raise errors.Invalid(
            "learner_unknown", "Nobody is registered with this number and this name.", field="number"
        )
    return persons.subject_of(session, found[0].id)


def page(session: Session, form: OfflineForm) -> str:
    """The form with the latest rows of the actor's organisations."""
    rows = offline.of_organisations(session, access.someone())
    return render_template("ledger/studio/offline.html", form=form, rows=named(session, rows))


def named(session: Session, rows: list[OfflineHours]) -> list[tuple[OfflineHours, str, str]]:
    """Rows with the learner's masked name and the organisation's."""
    people = dict(
        session.execute(
            select(Subject.key, Person.display_name)
            .join(Person, Subject.person_id == Person.id)
            .where(Subject.key.in_([row.subject_key for row in rows]))
        )
        .all()
    )
    bodies = {row.organisation_id: session.get_one(Organisation, row.organisation_id).name for row in rows}
    return [(row, people.get(row.subject_key, ""), bodies[row.organisation_id]) for row in rows]
