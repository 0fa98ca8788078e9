"""The rules in force and those before them, in plain language with their legal documents."""

import json
from datetime import datetime

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import access, clock, db
from app.access import Permission
from app.policies import example, plain
from courses import policies
from courses.ledger.cases import corrections
from courses.people.jurisdictions import Jurisdiction
from courses.policies import PolicyVersion

bp = Blueprint("policies", __name__, url_prefix="/policies")


@bp.get("/")
@access.needs(Permission.POLICIES_READ)
def index() -> str:
    """What rule holds where today, and every version there was."""
    now = clock.now()
    with db.reading() as session:
        places = session.scalars(
            select(Jurisdiction).order_by(Jurisdiction.parent_id.is_not(None), Jurisdiction.id)
        ).all()
        held = [(place, *held_by(session, place, now=now)) for place in places]
        return render_template(
            "policies/public/index.html",
            held=[(place, version) for place, version, own in held if own or place.parent_id is None],
            bound_by_the_city=[
                plain.place_name(place) for place, version, own in held if version and not own
            ],
            history=[
                (place, version, standing(version, own, now=now))
                for place, _version, own in held
                for version in reversed(own)
            ],
            plain=plain,
        )


@bp.get("/named/<label>")
@access.needs(Permission.POLICIES_READ)
def named(label: str) -> Response:
    """A version by `id@version`, as evidence and statements name it."""
    with db.reading() as session:
        found = policies.labelled(session, label)
    return redirect(url_for("policies.version", version_id=found.id))


@bp.get("/<version_id>")
@access.needs(Permission.POLICIES_READ)
def version(version_id: str) -> str:
    """One version: what it says in plain words, an example worked through, its document."""
    with db.reading() as session:
        found = policies.get(session, version_id)
        own = policies.versions(session, found.jurisdiction_id)
        return render_template(
            "policies/public/version.html",
            version=found,
            place_name=plain.place_name(session.get_one(Jurisdiction, found.jurisdiction_id)),
            first_day=plain.first_day(found),
            until_day=plain.until_day(found),
            state=standing(found, own, now=clock.now()),
            rows=plain.rows(found.rules, found.prompts),
            worked=example.work(found),
            fields=fields(found),
            others=[one for one in own if one.id != found.id],
            officers=officers(session, found),
        )


def held_by(
    session: Session, place: Jurisdiction, *, now: datetime
) -> tuple[PolicyVersion | None, list[PolicyVersion]]:
    """The version in force in a jurisdiction now, and the versions of its own."""
    bound = policies.chosen(policies.pool(session, place.id, known_at=now), at=now)
    return (bound.version if bound else None), policies.versions(session, place.id)


def standing(version: PolicyVersion, own: list[PolicyVersion], *, now: datetime) -> str:
    """`future`, `in_force`, `ended` or `superseded` among the jurisdiction's own versions."""
    if version.effective_from > now:
        return "future"
    if version.effective_to is not None and version.effective_to <= now:
        return "ended"
    bound = [policies.Bound(one, one.effective_from, one.effective_to) for one in own]
    chosen = policies.chosen(bound, at=now)
    return "in_force" if chosen is not None and chosen.version.id == version.id else "superseded"


def officers(session: Session, version: PolicyVersion) -> dict[str, str]:
    """Who drafted and who approved, masked, for officers alone."""
    if not access.may(Permission.OVERSIGHT_READ):
        return {}
    return corrections.proposers(session, [key for key in (version.entered_by, version.approved_by) if key])


def fields(version: PolicyVersion) -> list[tuple[str, str]]:
    """Every field as the evidence writes it, but for the document's own text."""
    return [
        (name, json.dumps(value, ensure_ascii=False))
        for name, value in policies.as_rules(version).items()
        if name != "document"
    ]
