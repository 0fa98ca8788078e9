"""Somebody says where they work: by an enterprise's invitation, or asked because its roster lists them."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app import access, clock, db
from app.access import Permission
from app.people.blueprint import bp
from courses.people import invitations, organisations, rosters
from courses.people.jurisdictions import day_of


@bp.get("/join/<invitation_id>")
@access.needs(Permission.PEOPLE_SELF)
def join(invitation_id: str) -> str | Response:
    """What joining means, before anything happens."""
    now = clock.now()
    with db.reading() as session:
        invitation = invitations.opened(session, invitation_id, now=now)
        enterprise = organisations.get(session, invitation.organisation_id)
        present = organisations.employer(session, access.someone().person_id, on=day_of(now))
    if present is not None and present.id == enterprise.id:
        flash(_("You work for %(enterprise)s already.", enterprise=enterprise.name), "success")
        return redirect(url_for("people.account"), 303)
    return render_template("people/learner/join.html", invitation=invitation, enterprise=enterprise, present=present)


@bp.post("/join/<invitation_id>")
@access.needs(Permission.PEOPLE_SELF)
def join_now(invitation_id: str) -> Response:
    """From today on somebody works there; whoever is not registered goes on to that."""
    actor, now = access.someone(), clock.now()
    with db.writing() as session:
        invitation = invitations.opened(session, invitation_id, now=now)
        rosters.join(session, person_id=actor.person_id, organisation_id=invitation.organisation_id, now=now)
        enterprise = organisations.get(session, invitation.organisation_id).name
    flash(_("You work for %(enterprise)s from today on.", enterprise=enterprise), "success")
    return redirect(url_for("people.account" if actor.is_registered else "people.register"), 303)


@bp.post("/listed/<line_id>")
@access.needs(Permission.PEOPLE_SELF)
def listed_now(line_id: str) -> Response:
    """Yes or no to an enterprise that lists me as its employee."""
    answer = "yes" if request.form.get("answer") == "yes" else "no"
    with db.writing() as session:
        rosters.answer(session, line_id, person_id=access.someone().person_id, works_here=answer, now=clock.now())
    if answer == "yes":
        flash(_("Saved. It holds from today on; courses you already take keep their jurisdiction."), "success")
    else:
        flash(_("Saved. The enterprise sees that you do not work there, and nothing else."), "success")
    return redirect(url_for("people.account"), 303)
