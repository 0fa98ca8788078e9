"""The institution's pages: signals in its own courses, with masked names. It reads, the official answers."""

from flask import Blueprint, render_template

from app import access, db
from app.access import Permission
from app.signals import shown
from courses.people.organisations import Role
from courses.watch.signals import cases
from courses.watch.signals.cases import Reach

bp = Blueprint("signals_studio", __name__, url_prefix="/signals/studio")


@bp.get("/")
@access.needs(Permission.SIGNALS_READ)
def index() -> str:
    """Signals in the own courses, filtered, page by page."""
    with db.reading() as session:
        page = shown.page(session, reach(), names=True)
    kind, status = shown.asked()
    return render_template("signals/studio/index.html", page=page, kind=kind, status=status)


@bp.get("/<signal_id>")
@access.needs(Permission.SIGNALS_READ)
def show(signal_id: str) -> str:
    """One signal with its evidence from the own courses; what the official noted may speak of others."""
    with db.reading() as session:
        signal = cases.get(session, reach(), signal_id)
        drawing = shown.drawing(session, reach(), signal)
    return render_template("signals/studio/signal.html", signal=signal, drawing=drawing)


def reach() -> Reach:
    """The courses of the institutions whose staff asks."""
    return cases.of_institutions(access.someone().organisations(Role.INSTITUTION_STAFF))
