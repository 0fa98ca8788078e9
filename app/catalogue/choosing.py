"""Choosing among courses: what one keeps for later, what is recommended and why, courses side by side."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from flask import flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as lazy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import access, clock, db
from app import errors as telling
from app.access import Permission
from app.catalogue import needs, public, recommending, worth
from app.catalogue.blueprint import bp
from app.catalogue.finding import finder
from courses import enrolment, errors
from courses.catalogue import editions, keeping
from courses.catalogue.keeping import ListName
from courses.catalogue.shelf import Card

MOST_COMPARED = 4  # columns that can be read
RECOMMENDED = 6
ACTIONS = ("keep", "drop", "up")
TOLD = {
    (ListName.FAVOURITES, True): lazy("It is among your favourites."),
    (ListName.FAVOURITES, False): lazy("It is no longer among your favourites."),
    (ListName.NEXT, True): lazy("It is on your learning list."),
    (ListName.NEXT, False): lazy("It is off your learning list."),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A course beside others: figures that are compared, as far as they are known."""

    card: Card
    bytes_least: int
    bytes_most: int
    credited: Fraction | None


@bp.get("/mine")
@access.needs(Permission.CATALOGUE_KEEP)
def mine() -> str:
    """What to learn next in its order, favourites, and what is recommended."""
    actor = access.someone()
    now = clock.now()
    with db.reading() as session:
        kept = keeping.of_subject(session, actor.subject_key)
        rule = worth.rule_for(session, actor, now=now)
        cards = {on: found(session, ids) for on, ids in kept.items()}
        return render_template(
            "catalogue/learner/mine.html",
            following=cards[ListName.NEXT],
            planned=sum((rule.credited(card.lesson_durations_ms) or Fraction(0) for card in cards[ListName.NEXT]), Fraction(0)),
            favourites=cards[ListName.FAVOURITES],
            gone=sum(len(ids) for ids in kept.values()) - sum(len(rows) for rows in cards.values()),
            taken={one.course_id for one in enrolment.mine(session, actor.subject_key) if one.is_open(now)},
            needs=needs.of(session, actor, now=now),
            recommended=recommending.of(session, actor, rule, now=now, limit=RECOMMENDED),
            rule=rule,
        )


def found(session: Session, course_ids: Iterable[str]) -> list[Card]:
    """The courses that are still on offer, in the order given."""
    cards = (finder().card(session, course_id) for course_id in course_ids)
    return [card for card in cards if card is not None]


@bp.post("/courses/<course_id>/keep")
@access.needs(Permission.CATALOGUE_KEEP)
def keep(course_id: str) -> Response:
    """Put a course on a list, take it off, or put it further up; then back to where one was."""
    subject_key = access.someone().subject_key
    name, action = request.form.get("list", ""), request.form.get("action", "")
    if name not in set(ListName) or action not in ACTIONS:
        raise errors.Invalid("unknown_code", "%(value)s is not one of the choices.", field="list", value=name)
    on = ListName(name)
    try:
        with db.writing() as session:
            if action == "keep":
                keeping.keep(session, subject_key, course_id=course_id, on=on, now=clock.now())
            elif action == "drop":
                keeping.drop(session, subject_key, course_id=course_id, on=on)
            else:
                keeping.raise_up(session, subject_key, course_id=course_id, on=on)
    except errors.Conflict as refusal:
        flash(telling.say(refusal), "error")
    else:
        if action != "up":
            flash(TOLD[on, action == "keep"], "success")
    if request.form.get("back") == "mine":
        return redirect(url_for("catalogue.mine", _anchor=on), 303)
    return redirect(url_for("catalogue.course", course_id=course_id), 303)


@bp.get("/compare")
@access.needs(Permission.CATALOGUE_READ)
def compare() -> str:
    """Up to four courses side by side; the address can be passed on."""
    asked = list(dict.fromkeys(request.args.getlist("course")))
    with db.reading() as session:
        rule = worth.rule_for(session, access.actor(), now=clock.now())
        cards = found(session, asked)
        return render_template(
            "catalogue/public/compare.html",
            columns=[column(session, card, rule) for card in cards[:MOST_COMPARED]],
            left_out=cards[MOST_COMPARED:],
            rule=rule,
        )


def column(session: Session, card: Card, rule: worth.Rule) -> Column:
    """A course's figures."""
    weights = public.sizes(session, editions.lessons(session, card.edition_id)).values()
    return Column(
        card,
        sum(one.smallest_bytes for one in weights),
        sum(one.largest_bytes for one in weights),
        rule.credited(card.lesson_durations_ms),
    )
