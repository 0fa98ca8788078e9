"""My account: what is known of me, where I am signed in, my password and language."""

from dataclasses import dataclass

from flask import flash, g, redirect, render_template, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import access, clock, db
from app.access import Permission
from app.errors import say
from app.people import devices, entering, places
from app.people.blueprint import bp
from app.people.forms import DOCUMENT_LABELS, LanguageForm, PasswordForm
from courses import errors
from courses.people import accounts, jurisdictions, organisations, persons, rosters, sign_ins
from courses.people.accounts import Account
from courses.people.documents import DocumentType
from courses.people.limits import TooManyTries
from courses.people.organisations import Actor, Organisation, Role
from courses.people.persons import Consent, Person
from courses.people.rosters import RosterLine
from courses.people.sign_ins import SignIn, SignInKind

ROLE_LABELS = {
    Role.ENTERPRISE_MANAGER: lazy("Enterprise safety manager"),
    Role.INSTITUTION_STAFF: lazy("Institution staff"),
    Role.INSTRUCTOR: lazy("Instructor"),
    Role.DISTRICT_REGULATOR: lazy("District regulator"),
    Role.CITY_REGULATOR: lazy("City regulator"),
    Role.OPERATOR: lazy("Platform operator"),
}


@dataclass(frozen=True, slots=True)
class Device:
    """One sign-in as its owner sees it."""

    sign_in: SignIn
    name: str
    is_here: bool
    is_client: bool


@dataclass(frozen=True, slots=True)
class Mine:
    """Everything on the page."""

    account: Account
    person: Person
    documents: list[tuple[str, str]]
    roles: list[tuple[str, str, str]]
    employer: str
    district: str
    devices: list[Device]
    consents: list[Consent]
    asking: list[tuple[RosterLine, Organisation]]


@bp.get("/account")
@access.needs(Permission.PEOPLE_SELF)
def account() -> str:
    """My data, masked, with what can be changed."""
    actor = access.someone()
    with db.reading() as opened:
        mine = gather(opened, actor)
    form = LanguageForm(locale=mine.account.locale)
    return render_template("people/learner/account.html", mine=mine, language_form=form)


def gather(opened: Session, actor: Actor) -> Mine:
    """Read what the page shows."""
    now = clock.now()
    today = jurisdictions.day_of(now)
    person = persons.get(opened, actor.person_id)
    employer = organisations.employer(opened, person.id, on=today)
    district = jurisdictions.get(opened, person.district_id) if person.district_id else None
    return Mine(
        account=accounts.get(opened, actor.account_id),
        person=person,
        documents=[
            (str(DOCUMENT_LABELS[DocumentType(row.doc_type)]), row.number_masked)
            for row in persons.documents_of(opened, person.id)
        ],
        roles=[
            (
                str(ROLE_LABELS[Role(row.role)]),
                organisations.get(opened, row.organisation_id).name,
                row.title,
            )
            for row in organisations.memberships(opened, person.id, on=today)
            if row.role != Role.EMPLOYEE  # said as the employer
        ],
        employer=employer.name if employer else "",
        district=places.name_of(district) if district else "",
        devices=[device(row) for row in sign_ins.listed(opened, actor.account_id, now=now)],
        consents=persons.consents(opened, actor.subject_key),
        asking=rosters.asking(opened, person.id, on=today),
    )


def device(row: SignIn) -> Device:
    """A sign-in with the words for its device."""
    return Device(
        sign_in=row,
        name=devices.name_of(row.agent),
        is_here=row.id == g.sign_in_id,
        is_client=row.kind == SignInKind.TOKEN,
    )


@bp.post("/sign-ins/<sign_in_id>/end")
@access.needs(Permission.PEOPLE_SELF)
def end_sign_in(sign_in_id: str) -> Response:
    """End one of my sign-ins."""
    with db.writing() as opened:
        sign_ins.end(
            opened,
            account_id=access.someone().account_id,
            sign_in_id=sign_in_id,
            now=clock.now(),
        )
    flash(_("That device is signed out."), "success")
    return redirect(url_for("people.account") + "#devices", 303)


@bp.post("/sign-ins/end-others")
@access.needs(Permission.PEOPLE_SELF)
def end_other_sign_ins() -> Response:
    """End all my sign-ins but this one."""
    with db.writing() as opened:
        sign_ins.end_others(
            opened, account_id=access.someone().account_id, keep=g.sign_in_id, now=clock.now()
        )
    flash(_("All other devices are signed out."), "success")
    return redirect(url_for("people.account") + "#devices", 303)


@bp.post("/language")
@access.needs(Permission.PEOPLE_SELF)
def language() -> Response:
    """Keep the language with the account, for every device."""
    form = LanguageForm()
    if form.validate():
        with db.writing() as opened:
            accounts.get(opened, access.someone().account_id).locale = form.locale.data
        session["locale"] = form.locale.data
    return redirect(url_for("people.account") + "#language", 303)


@bp.get("/password")
@access.needs(Permission.PEOPLE_SELF)
def password() -> str:
    """The form."""
    return render_template("people/learner/password.html", form=PasswordForm())


@bp.post("/password")
@access.needs(Permission.PEOPLE_SELF)
def password_now() -> str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """Change the password; every other device is signed out."""
    form = PasswordForm()
    page = "people/learner/password.html"
    if not form.validate():
        return render_template(page, form=form), 422
    with db.reading() as opened:
        mine = accounts.get(opened, access.someone().account_id)
    try:
        entering.change_password(
            mine, form.former.data or "", form.password.data or "", keep=g.sign_in_id
        )
    except errors.Invalid as refusal:
        form.refuse(refusal)
        return render_template(page, form=form), 422
    except TooManyTries as refusal:
        form.form_errors.append(say(refusal))
        headers = {"Retry-After": str(refusal.retry_after)}
        return render_template(page, form=form), 429, headers
    flash(_("Your password is changed, and every other device is signed out."), "success")
    return redirect(url_for("people.account"), 303)
