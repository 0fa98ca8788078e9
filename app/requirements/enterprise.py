"""For an enterprise's safety manager: who of the staff is short and until when, posts, and what the enterprise does."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, cast

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Optional

from app import access, clock, db, paging
from app import errors as telling
from app.access import Permission
from app.forms import Form, at_most, required, stripped
from app.requirements import asked, looking
from courses import errors
from courses.ledger.required import appointments, industries, posts, staff
from courses.ledger.required.appointments import Post
from courses.ledger.required.industries import EnterpriseIndustry
from courses.ledger.required.staff import Row
from courses.ledger.required_hours import Trainee
from courses.people import organisations, persons
from courses.people import staff as employed
from courses.people.jurisdictions import day_of
from courses.people.organisations import Membership, Organisation
from courses.people.vault import Vault

bp = Blueprint("requirements_staff", __name__, url_prefix="/requirements/staff")

SIZE = 50
SOON = timedelta(days=60)
TICK = timedelta(milliseconds=1)
Answer = str | Response | tuple[str, int]


class PostForm(Form):
    """A post that somebody takes."""

    trainee = SelectField(lazy("Kind of post"), [InputRequired()])
    post = StringField(lazy("Post"), [required(), at_most(appointments.LONGEST_POST)], [stripped])
    from_on = DateField(lazy("In this post since"), [InputRequired(message=lazy("Fill this in."))])
    trained_on = DateField(lazy("Last training finished on"), [Optional()])


class IndustryForm(Form):
    """What an enterprise does."""

    industry = SelectField(lazy("What the enterprise does"), [InputRequired()])
    from_on = DateField(lazy("From this day on"), [InputRequired(message=lazy("Fill this in."))])


@bp.get("/")
@access.needs(Permission.REQUIREMENTS_STAFF)
def index() -> str:
    """Everybody, the most urgent first; `trainee`, `occasion` and `short` narrow it."""
    number, offset = paging.asked(SIZE)
    now = clock.now()
    today = day_of(now)
    chosen = {"trainee": request.args.get("trainee", ""), "occasion": request.args.get("occasion", "")}
    only_short = request.args.get("short") == "1"
    actor = access.someone()
    with db.reading() as session:
        everybody = staff.of_actor(session, vault(), actor, today=today, as_of=now + TICK)
        rows = staff.filtered(everybody, **chosen, only_short=only_short)
        return render_template(
            "requirements/enterprise/staff.html",
            page=paging.Page(rows[offset : offset + SIZE], number, SIZE, len(rows)),
            everybody=everybody,
            counts=counts(everybody, today=today),
            chosen=chosen,
            only_short=only_short,
            trainees=asked.trainees(),
            occasions=asked.occasions(),
            enterprises=managed(session),
            today=today,
        )


def vault() -> Vault:
    """The keys to the names of one's own staff."""
    return cast(Vault, current_app.extensions["xueshi_vault"])


def counts(rows: Sequence[Row], *, today: date) -> dict[str, int]:
    """How many are overdue, due soon, short with time left, well, and not in a post that owes anything."""
    short = [row for row in rows if row.short]
    overdue = [row for row in short if row.is_overdue(today)]
    soon = [row for row in short if row.due_on is not None and today <= row.due_on <= today + SOON]
    well = sum(1 for row in rows if row.parts and not row.short)
    return {
        "overdue": len(overdue),
        "soon": len(soon),
        "later": len(short) - len(overdue) - len(soon),
        "well": well,
        "none": len(rows) - len(short) - well,
    }


def managed(session: Session) -> list[tuple[Organisation, EnterpriseIndustry | None]]:
    """The actor's enterprises with what each does."""
    ids = employed.managed(access.someone())
    known = industries.newest(session, ids)
    return [(organisations.get(session, one), known.get(one)) for one in ids]


@bp.get("/<membership_id>")
@access.needs(Permission.REQUIREMENTS_STAFF)
def person(membership_id: str) -> str:
    """One employee: posts, what they make owed, and the form for a post."""
    now = clock.now()
    with db.reading() as session:
        membership = appointments.employed(session, access.someone(), membership_id, on=day_of(now))
        form = PostForm(post=membership.title)
        return person_page(session, membership, form, now=now)


def person_page(session: Session, membership: Membership, form: PostForm, *, now: datetime) -> str:
    """The page of one employee; of other enterprises' posts it shows nothing."""
    form.trainee.choices = asked.trainees()
    key = persons.subject_of(session, membership.person_id)
    own = posts.of_subject(
        session, key, scope=looking.scope(), as_of=now + TICK, organisation_ids=[membership.organisation_id]
    )
    someone = persons.get(session, membership.person_id)
    return render_template(
        "requirements/enterprise/person.html",
        membership=membership,
        name=persons.full_name(someone, vault()) or _("Name not registered"),
        enterprise=organisations.get(session, membership.organisation_id),
        standing=own,
        form=form,
        may_appoint=industries.on_day(session, membership.organisation_id, on=day_of(now)) is not None,
        today=day_of(now),
    )


@bp.post("/<membership_id>")
@access.needs(Permission.REQUIREMENTS_STAFF)
def appoint(membership_id: str) -> Answer:
    """Give somebody a post, and open at once what it makes owed."""
    actor, now = access.someone(), clock.now()
    form = PostForm()
    form.trainee.choices = asked.trainees()
    with db.writing() as session:
        membership = appointments.employed(session, actor, membership_id, on=day_of(now))
        if not form.validate():
            return person_page(session, membership, form, now=now), 422
        post = Post(
            trainee=Trainee(form.trainee.data), post=form.post.data, from_on=form.from_on.data,
            trained_on=form.trained_on.data,
        )  # fmt: skip
        try:
            made = appointments.appoint(session, actor, membership_id, post, now=now)
        except (errors.Invalid, errors.Conflict) as refusal:
            refuse(form, refusal)
            session.rollback()
            membership = appointments.employed(session, actor, membership_id, on=day_of(now))
            return person_page(session, membership, form, now=now), 422
        opened = looking.looked(session, made.id)
    flash(_("Noted. What this post asks for stands below.") if opened else _("Noted. Nothing is owed for it yet."), "success")
    return redirect(url_for("requirements_staff.person", membership_id=membership_id), 303)


def refuse(form: Form, refusal: errors.Invalid | errors.Conflict) -> None:
    """A refusal at its field, or above the form."""
    field = refusal.field if isinstance(refusal, errors.Invalid) else ""
    form.refuse(errors.Invalid(refusal.code, refusal.sentence, field=field, **refusal.detail))


@bp.post("/posts/<appointment_id>/end")
@access.needs(Permission.REQUIREMENTS_STAFF)
def end(appointment_id: str) -> Response:
    """A post is no longer held, from today on."""
    now = clock.now()
    actor = access.someone()
    try:
        with db.writing() as session:
            row = appointments.end(session, actor, appointment_id, to_on=day_of(now), now=now)
            membership_id = row.membership_id
            looking.looked(session, row.id)
    except errors.Conflict as refusal:
        flash(telling.say(refusal), "error")
        return redirect(url_for("requirements_staff.index"), 303)
    flash(_("Noted. Hours that are met stay; what was still open for this post is owed no more."), "success")
    return redirect(url_for("requirements_staff.person", membership_id=membership_id), 303)


@bp.get("/industry/<organisation_id>")
@access.needs(Permission.REQUIREMENTS_STAFF)
def industry(organisation_id: str) -> str:
    """What the enterprise does, and the form that says it."""
    with db.reading() as session:
        return industry_page(session, organisation_id, IndustryForm(from_on=day_of(clock.now())))


def industry_page(session: Session, organisation_id: str, form: IndustryForm) -> str:
    """The page of one of the actor's enterprises."""
    form.industry.choices = asked.industries()
    enterprise = own(session, organisation_id)
    row = industries.newest(session, [organisation_id]).get(organisation_id)
    return render_template("requirements/enterprise/industry.html", enterprise=enterprise, row=row, form=form)


def own(session: Session, organisation_id: str) -> Organisation:
    """An enterprise that the actor manages, or NotFound."""
    if organisation_id not in employed.managed(access.someone()):
        raise errors.NotFound()
    return organisations.get(session, organisation_id)


@bp.post("/industry/<organisation_id>")
@access.needs(Permission.REQUIREMENTS_STAFF)
def industry_now(organisation_id: str) -> Answer:
    """Say what the enterprise does; its posts are looked at again."""
    now = clock.now()
    form = IndustryForm()
    form.industry.choices = asked.industries()
    with db.writing() as session:
        own(session, organisation_id)
        if not form.validate():
            return industry_page(session, organisation_id, form), 422
        try:
            entered(session, organisation_id, form, now=now)
        except (errors.Invalid, errors.Conflict) as refusal:
            refuse(form, refusal)
            session.rollback()
            return industry_page(session, organisation_id, form), 422
    flash(_("Noted. The rules for this kind of enterprise hold from the next period on."), "success")
    return redirect(url_for("requirements_staff.index"), 303)


def entered(session: Session, organisation_id: str, form: Any, *, now: datetime) -> EnterpriseIndustry:
    """Enter what an enterprise does, and have its posts looked at from that day on."""
    row = industries.enter(
        session, access.someone(), organisation_id, industry=form.industry.data, from_on=form.from_on.data, now=now
    )
    appointments.awaken(session, from_on=row.from_on, organisation_id=organisation_id)
    return row
