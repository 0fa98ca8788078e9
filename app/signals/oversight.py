"""The regulator's pages: signals of the own jurisdiction, opened with a reason, answered with a note."""

from datetime import datetime
from functools import partial

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import access, clock, db
from app import errors as telling
from app.access import Permission
from app.signals import shown
from courses import errors, oversight
from courses.oversight import What
from courses.people.organisations import Actor
from courses.watch.signals import cases
from courses.watch.signals.cases import Reach
from courses.watch.signals.models import Signal

bp = Blueprint("signals_oversight", __name__, url_prefix="/signals/oversight")


@bp.get("/")
@access.needs(Permission.SIGNALS_ANSWER)
def index() -> str:
    """Signals without anybody's name, filtered, page by page."""
    with db.reading() as session:
        page = shown.page(session, reach(), names=False)
    kind, status = shown.asked()
    return render_template("signals/oversight/index.html", page=page, kind=kind, status=status)


@bp.get("/<signal_id>")
@access.needs(Permission.SIGNALS_ANSWER)
def show(signal_id: str) -> str:
    """One signal with its evidence; a form for the reason before it is opened."""
    with db.writing() as session:
        return page(session, access.someone(), signal_id, now=clock.now())


@bp.post("/<signal_id>/open")
@access.needs(Permission.SIGNALS_ANSWER)
def open_signal(signal_id: str) -> Response | tuple[str, int]:
    """Write the reason down for each learner it concerns, then show it."""
    actor = access.someone()
    reason = request.form.get("reason", "")
    with db.writing() as session:
        signal = cases.get(session, reach(), signal_id)
        try:
            for key in learners(session, signal):
                oversight.note(
                    session, actor, subject_key=key, what=What.RECORD, reason=reason, now=clock.now()
                )
        except errors.Invalid as refusal:
            return asked_why(signal, tried=reason, error=telling.say(refusal)), 422
    return redirect(url_for("signals_oversight.show", signal_id=signal_id), 303)


@bp.post("/<signal_id>/answer")
@access.needs(Permission.SIGNALS_ANSWER)
def answer(signal_id: str) -> Response | tuple[str, int]:
    """Say what it was, or that the question is open again."""
    actor, now = access.someone(), clock.now()
    note = request.form.get("note", "")
    with db.writing() as session:
        signal = cases.get(session, reach(), signal_id)
        for key in learners(session, signal):
            oversight.opened(session, actor, key, now=now)
        try:
            cases.answer(
                session, signal.id, to=request.form.get("to", ""), note=note, by=actor.subject_key, now=now
            )
        except errors.Invalid as refusal:
            return page(session, actor, signal_id, now=now, tried=note, error=telling.say(refusal)), 422
    flash(_("Your answer is kept with the signal. No hour changes by it."), "success")
    return redirect(url_for("signals_oversight.show", signal_id=signal_id), 303)


def page(
    session: Session, actor: Actor, signal_id: str, *, now: datetime, tried: str = "", error: str = ""
) -> str:
    """An opened signal, each look at it kept; otherwise the question why."""
    signal = cases.get(session, reach(), signal_id)
    keys = learners(session, signal)
    try:
        for key in keys:  # all of them before any look is written down
            oversight.opened(session, actor, key, now=now)
    except errors.Conflict:
        return asked_why(signal)
    for key in keys:
        oversight.looked(session, actor, key, what=What.SIGNAL, today=clock.today(), now=now)
    notes = cases.notes(session, signal)
    return render_template(
        "signals/oversight/signal.html",
        signal=signal,
        people=[(key, name) for key, name in cases.names(session, keys).items()],
        drawing=shown.drawing(session, reach(), signal),
        playback_url=partial(url_for, "oversight_record.playback"),
        notes=notes,
        officials=cases.names(session, {row.official_key for row in notes}),
        moves=cases.MOVES[cases.Status(signal.status)],
        tried=tried,
        error=error,
    )


def asked_why(signal: Signal, *, tried: str = "", error: str = "") -> str:
    """The form for the reason."""
    return render_template("signals/oversight/reason.html", signal=signal, tried=tried, error=error)


def learners(session: Session, signal: Signal) -> list[str]:
    """The learners of a signal who belong to the official."""
    return cases.learners(session, reach(), [signal])[signal.id]


def reach() -> Reach:
    """The official's own jurisdiction; the city's is everywhere."""
    actor = access.someone()
    return cases.in_areas(None if actor.is_city_regulator else actor.jurisdictions(), on=clock.today())
