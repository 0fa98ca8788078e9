"""The real-name registration, step by step, and where a learner belongs afterwards.

What was entered in one step travels in the next step's page, never in the cookie: a document number is
not kept anywhere before it is sealed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import access, clock, db
from app.access import Permission
from app.errors import say
from app.forms import Form
from app.people import consent, entering, places, returning
from app.people.blueprint import bp
from app.people.forms import ConsentForm, IdentityForm, PlaceForm
from courses import errors
from courses.people import contacts, documents, jurisdictions, limits, organisations, persons

REGISTER_TRIES = 10  # by account: whoever guesses others' numbers learns nothing more
STEPS = ("consent", "identity", "place")
FORMS: dict[str, type[Form]] = {
    "consent": ConsentForm,
    "identity": IdentityForm,
    "place": PlaceForm,
}
KEPT = (
    "consent_version",
    "name",
    "doc_type",
    "country",
    "number",
    "belongs",
    "employer",
    "district",
)
Answer = str | Response | tuple[str, int]


@dataclass(slots=True)
class Step:
    """One page of the registration: its form, and what other steps gave."""

    word: str
    form: Form

    @property
    def number(self) -> int:
        """1, 2 or 3."""
        return STEPS.index(self.word) + 1

    def carried(self) -> list[tuple[str, str]]:
        """Hidden fields: what was entered in the steps not shown."""
        own = ("consent_version",) if self.word == "consent" else ()
        return [
            (name, value)
            for name in KEPT
            if name not in self.form and name not in own and (value := request.form.get(name, ""))
        ]


@bp.get("/register")
@access.needs(Permission.PEOPLE_SELF)
def register() -> Answer:
    """The first step; whoever is registered goes on."""
    if access.someone().is_registered:
        return redirect(returning.place("people.account"), 303)
    return show(Step("consent", ConsentForm()))


def show(step: Step) -> str:
    """One step's page."""
    return render_template(
        f"people/learner/register_{step.word}.html",
        step=step,
        form=step.form,
        steps=len(STEPS),
        next_url=returning.asked_for(),
        text=consent.text_of(consent.VERSION),
        version=consent.VERSION,
    )


@bp.post("/register")
@access.needs(Permission.PEOPLE_SELF)
def register_step() -> Answer:
    """Take one step, or go one back; the last one registers."""
    if access.someone().is_registered:
        return redirect(returning.place("people.account"), 303)
    word = request.form.get("step", "")
    if word not in STEPS or not has_consent(word):
        word = "consent"
    elif request.form.get("go") == "back":
        return show(blank(STEPS[max(STEPS.index(word) - 1, 0)]))
    step = blank(word)
    return TAKE[word](step) if step.form.validate() else (show(step), 422)


def has_consent(word: str) -> bool:
    """Whether the present text was agreed to before a later step."""
    return word == "consent" or request.form.get("consent_version") == consent.VERSION


def blank(word: str) -> Step:
    """A step as it is filled in so far; a form that this request does not bring begins empty."""
    form = FORMS[word]()
    if isinstance(form, PlaceForm):
        with db.reading() as session:
            places.offer(session, form)
            person_id, today = access.someone().person_id, jurisdictions.day_of(clock.now())
            # An enterprise's invitation may have been followed already.
            if "belongs" not in request.form and organisations.employer(session, person_id, on=today):
                places.fill(session, form, person_id, on=today)
    return Step(word, form)


def consented(_step: Step) -> Answer:
    """The box was ticked; its text's version travels on."""
    return show(blank("identity"))


def identify(step: Step) -> Answer:
    """Check name and number, and go on to the last step."""
    form = step.form
    assert isinstance(form, IdentityForm)
    today = jurisdictions.day_of(clock.now())
    is_fine = True
    try:
        contacts.person_name(form.name.data or "")
    except errors.Invalid as refusal:
        form.refuse(refusal)
        is_fine = False
    try:
        documents.check(
            form.doc_type.data, form.country.data or "", form.number.data or "", today=today
        )
    except errors.Invalid as refusal:
        form.refuse(refusal)
        is_fine = False
    return show(blank("place")) if is_fine else (show(step), 422)


def finish(step: Step) -> Answer:
    """Register with everything that was entered; a refusal leads to the step that it is about."""
    form = step.form
    assert isinstance(form, PlaceForm)
    now = clock.now()
    with db.reading() as session:
        chosen = places.choose(session, form)
    if chosen is None:
        return show(step), 422
    person_id = access.someone().person_id
    by_person = limits.by_name(entering.vault(), "register", person_id, REGISTER_TRIES)
    try:
        with db.writing() as session:
            limits.take(session, [by_person], now=now)
        with db.writing() as session:
            register_now(session, person_id, chosen)
    except errors.Refusal as refusal:
        return refused(step, refusal)
    flash(_("You are registered. Hours that you earn now stand in your name."), "success")
    return redirect(returning.place("people.account"), 303)


def register_now(session: Session, person_id: str, chosen: places.Place) -> None:
    """The registration itself."""
    persons.register(
        session,
        entering.vault(),
        person_id=person_id,
        name=request.form.get("name", ""),
        doc_type=request.form.get("doc_type", ""),
        country=request.form.get("country", ""),
        number=request.form.get("number", ""),
        consent_version=request.form.get("consent_version", ""),
        district_id=chosen.district_id,
        employer_id=chosen.employer_id,
        now=clock.now(),
    )


def refused(step: Step, refusal: errors.Refusal) -> Answer:
    """Show a refusal where it can be put right."""
    if isinstance(refusal, errors.Invalid) and refusal.field in step.form:
        step.form.refuse(refusal)
        return show(step), 422
    if isinstance(refusal, errors.Invalid):
        step = blank("identity")
        step.form.refuse(refusal)
        return show(step), 422
    if refusal.code == "document_taken":
        step = blank("identity")
    step.form.form_errors.append(say(refusal))
    return show(step), 429 if isinstance(refusal, limits.TooManyTries) else 409


TAKE: dict[str, Callable[[Step], Answer]] = {
    "consent": consented,
    "identity": identify,
    "place": finish,
}


@bp.get("/place")
@access.needs(Permission.PEOPLE_SELF)
def place() -> Answer:
    """Change the employer or the district."""
    if not access.someone().is_registered:
        return redirect(url_for("people.register"), 303)
    form = PlaceForm()
    with db.reading() as session:
        places.offer(session, form)
        places.fill(session, form, access.someone().person_id, on=jurisdictions.day_of(clock.now()))
    return render_template("people/learner/place.html", form=form)


@bp.post("/place")
@access.needs(Permission.PEOPLE_SELF)
def place_now() -> Answer:
    """From today on somebody belongs elsewhere; what was earned before stays where it was."""
    actor = access.someone()
    if not actor.is_registered:
        return redirect(url_for("people.register"), 303)
    form = PlaceForm()
    with db.reading() as session:
        places.offer(session, form)
        chosen = places.choose(session, form) if form.validate() else None
    if chosen is None:
        return render_template("people/learner/place.html", form=form), 422
    with db.writing() as session:
        persons.settle(
            session,
            person_id=actor.person_id,
            district_id=chosen.district_id,
            employer_id=chosen.employer_id,
            now=clock.now(),
        )
    flash(
        _("Saved. It holds from today on; courses you already take keep their jurisdiction."),
        "success",
    )
    return redirect(url_for("people.account"), 303)
