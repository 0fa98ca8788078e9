"""Courses recommended to a worker, each with the reason that is shown.

The reasons are the worker's own: a requirement that is not met, the work done for an employer, what
was learned before. No figure of other people's behaviour takes part but the order among equals.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import templating
from app.catalogue import needs, shown, worth
from app.catalogue.finding import finder
from app.catalogue.needs import Need
from app.catalogue.worth import Rule
from courses import enrolment
from courses.catalogue import keeping
from courses.catalogue.search import Ask, Sort
from courses.catalogue.shelf import Card
from courses.people.organisations import Actor, Membership

LOOKED_AT = 40  # of each kind of reason
ALL_STAFF = "all_staff"
LATEST = 3  # courses learned that lead to further ones


@dataclass(frozen=True, slots=True)
class Recommended:
    """A course and why."""

    card: Card
    reason: str


def of(
    session: Session, actor: Actor | None, rule: Rule, *, now: datetime, limit: int
) -> list[Recommended]:
    """A few courses neither taken nor kept yet; none for visitors, and none without a reason."""
    if actor is None:
        return []
    mine = enrolment.mine(session, actor.subject_key)
    kept = keeping.of_subject(session, actor.subject_key)
    known = {one.course_id for one in mine}.union(*kept.values())
    ways = [
        list(by_need(session, rule, needs.of(session, actor, now=now))),
        list(by_work(session, actor, now=now)),
        list(by_history(session, [one.course_id for one in mine])),
    ]
    found: dict[str, Recommended] = {}
    for one in (one for row in zip_longest(*ways) for one in row if one is not None):
        if one.card.course_id not in known:
            found.setdefault(one.card.course_id, one)
    return list(found.values())[:limit]


def by_need(session: Session, rule: Rule, short: Sequence[Need]) -> Iterator[Recommended]:
    """Courses for a requirement's people and occasion or called as it is, then whatever earns hours, best rated first."""
    for need in short:
        named = finder().find(session, asked(need))
        rated = finder().find(session, Ask(sort=Sort.BEST_RATED))
        called = () if named.is_loosened or named.corrected else named.page(0, LOOKED_AT)
        for card in (*called, *rated.page(0, LOOKED_AT)):
            given = need.given(rule.credited(card.lesson_durations_ms))
            if given > 0:
                reason = _(
                    "Gives up to %(given)s of the %(short)s hours you still need for “%(title)s”.",
                    given=templating.decimal_text(given, 2),
                    short=templating.decimal_text(need.short, 2),
                    title=need.title,
                )
                yield Recommended(card, str(reason))


def asked(need: Need) -> Ask:
    """What to look for: by the codes of the rule that a requirement follows from, or by an official's words."""
    if need.trainee and need.occasion:
        chosen = {"trainee": frozenset({need.trainee, ALL_STAFF}), "occasion": frozenset({need.occasion})}
        return Ask(chosen=chosen, sort=Sort.BEST_RATED)
    return Ask(need.title)


def by_work(session: Session, actor: Actor, *, now: datetime) -> Iterator[Recommended]:
    """Courses that hold all words of a post held today."""
    today = worth.today(now)
    posts = session.scalars(
        select(Membership.title)
        .where(
            Membership.person_id == actor.person_id,
            Membership.title != "",
            Membership.from_on <= today,
            (Membership.to_on.is_(None)) | (Membership.to_on >= today),
        )
        .order_by(Membership.from_on, Membership.id)
    )
    for post in posts:
        found = finder().find(session, Ask(post))
        if not found.is_loosened and not found.corrected:
            reason = str(_("For your work: %(post)s.", post=post))
            yield from (Recommended(card, reason) for card in found.page(0, LOOKED_AT))


def by_history(session: Session, course_ids: Sequence[str]) -> Iterator[Recommended]:
    """Courses on the subject, and for the people, of what was learned last."""
    for course_id in list(dict.fromkeys(course_ids))[:LATEST]:
        card = finder().card(session, course_id)
        if card is None:
            continue
        chosen = {axis: frozenset(card.stated[axis]) for axis in ("topic", "trainee") if card.stated[axis]}
        found = finder().find(session, Ask(chosen=chosen, sort=Sort.BEST_RATED))
        topics = shown.codes_labels("topic", card.stated["topic"])
        reason = str(
            _("You learned “%(title)s”; this is on %(topics)s too.", title=card.title, topics=("、" if templating.is_chinese() else ", ").join(topics))
        )
        yield from (Recommended(one, reason) for one in found.page(0, LOOKED_AT))
