"""Signing in, up and out, and the consent text, which everybody may read."""

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from app import access, clock, db, templating
from app.access import Permission
from app.demo.accounts import ACCOUNTS
from app.errors import say
from app.people import consent, entering, gate, returning
from app.people.blueprint import bp
from app.people.forms import SignInForm, SignUpForm
from courses import errors
from courses.people import sign_ins
from courses.people.limits import TooManyTries
from courses.people.sign_ins import SignInFailed, SignInKind

Answer = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]


@bp.get("/sign-in")
@access.needs(Permission.PEOPLE_SIGN_IN)
def sign_in() -> Answer:
    """The form; whoever is signed in already goes on."""
    if access.actor():
        return redirect(returning.place(), 303)
    return sign_in_page(SignInForm())


def sign_in_page(form: SignInForm) -> str:
    """The form, with the demonstration accounts where there are any."""
    is_demo = current_app.extensions["xueshi_settings"].demo
    return render_template(
        "people/visitor/sign_in.html",
        form=form,
        next_url=returning.asked_for(),
        demo_accounts=ACCOUNTS if is_demo else (),
    )


@bp.post("/sign-in")
@access.needs(Permission.PEOPLE_SIGN_IN)
def sign_in_now() -> Answer:
    """Check name and password."""
    form = SignInForm()
    if not form.validate():
        return sign_in_page(form), 422
    try:
        opened = entering.sign_in(
            form.name.data or "", form.password.data or "", kind=SignInKind.BROWSER
        )
    except SignInFailed as refusal:
        form.form_errors.append(say(refusal))
        return sign_in_page(form), 401
    except TooManyTries as refusal:
        form.form_errors.append(say(refusal))
        return sign_in_page(form), 429, {"Retry-After": str(refusal.retry_after)}
    target = returning.place()
    gate.enter(opened)
    return redirect(target, 303)


@bp.get("/sign-up")
@access.needs(Permission.PEOPLE_SIGN_IN)
def sign_up() -> Answer:
    """The form; whoever is signed in already goes on."""
    if access.actor():
        return redirect(returning.place(), 303)
    return sign_up_page(SignUpForm())


def sign_up_page(form: SignUpForm) -> str:
    """The form, with the length a password needs."""
    settings = current_app.extensions["xueshi_settings"]
    return render_template(
        "people/visitor/sign_up.html",
        form=form,
        next_url=returning.asked_for(),
        minimum=settings.password_minimum,
    )


@bp.post("/sign-up")
@access.needs(Permission.PEOPLE_SIGN_IN)
def sign_up_now() -> Answer:
    """Make the account, sign in, and go on to the real-name registration."""
    form = SignUpForm()
    if not form.validate():
        return sign_up_page(form), 422
    try:
        opened = entering.sign_up(
            form.name.data or "",
            form.password.data or "",
            locale="zh_CN" if templating.is_chinese() else "en",
        )
    except errors.Invalid as refusal:
        form.refuse(refusal)
        return sign_up_page(form), 422
    except errors.Conflict as refusal:
        form.form_errors.append(say(refusal))
        return sign_up_page(form), 409
    except TooManyTries as refusal:
        form.form_errors.append(say(refusal))
        return sign_up_page(form), 429, {"Retry-After": str(refusal.retry_after)}
    target = url_for("people.register", next=returning.asked_for() or None)
    gate.enter(opened)
    flash(_("Your account is ready."), "success")
    return redirect(target, 303)


@bp.post("/sign-out")
@access.needs(Permission.PEOPLE_SIGN_IN)
def sign_out() -> Response:
    """End this browser's sign-in, on the server too."""
    actor = access.actor()
    if actor is not None:
        with db.writing() as session:
            sign_ins.end(
                session, account_id=actor.account_id, sign_in_id=g.sign_in_id, now=clock.now()
            )
    gate.leave()
    flash(_("You are signed out."), "success")
    return redirect(url_for("home.index"), 303)


@bp.get("/consent")
@access.needs(Permission.PUBLIC)
def consent_text() -> str:
    """What registering agrees to, in the present version or in `?version=`."""
    version = request.args.get("version", consent.VERSION)
    if version not in consent.TEXTS:
        raise NotFound()
    return render_template(
        "people/visitor/consent.html",
        version=version,
        text=consent.text_of(version),
        is_present=version == consent.VERSION,
    )
