"""The worker's page: what I still need, until when, by which rule, and which courses would fill it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import cast

from flask import Blueprint, current_app, render_template
from sqlalchemy.orm import Session

from app import access, clock, db
from app.access import Permission
from app.requirements import looking
from courses import enrolment, policies
from courses.catalogue.finder import Finder
from courses.catalogue.search import Ask, Sort
from courses.catalogue.shelf import Card
from courses.credit.policy import Policy
from courses.ledger import accounts
from courses.ledger.required import filling, posts, shortfall
from courses.ledger.required.filling import Candidate, Case, Choice
from courses.ledger.required.posts import Due, Standing
from courses.ledger.required_hours import Occasion
from courses.people.jurisdictions import day_of
from media.base import to_ms

bp = Blueprint("requirements", __name__, url_prefix="/requirements")

LOOKED_AT = 60  # courses of which those that fill most are chosen
ALL_STAFF, ANY_INDUSTRY = "all_staff", "GENERAL"
TICK = timedelta(milliseconds=1)
OCCASIONS = {Occasion.INITIAL: ("initial", "pre_job")}  # what the catalogue calls an occasion besides its own name


@dataclass(frozen=True, slots=True)
class Need:
    """One thing owed, and for what is short the courses that would fill it."""

    due: Due
    choice: Choice[Card] | None
    is_strict: bool  # whether the courses are of the enterprise's industry


@bp.get("/")
@access.needs(Permission.LEDGER_SELF)
def index() -> str:
    """Everything owed today, the most urgent first; what is over stands below."""
    now = clock.now()
    today = day_of(now)
    key = access.someone().subject_key
    with db.reading() as session:
        standing = posts.of_subject(session, key, scope=looking.scope(), as_of=now + TICK)
        now_due = [due for due in standing.dues if due.part.first_on <= today <= due.part.last_on]
        done = credited(session, standing, now_due)
        needs = [need(session, standing, due, done, now=now) for due in now_due]
        return render_template(
            "requirements/learner/needs.html",
            needs=needs,
            past=[due for due in standing.dues if due.part.last_on < today],
            held=[one for one in standing.held if one.appointment.holds(today)],
            short=[one for one in needs if not one.due.part.result.is_met],
            today=today,
        )


def credited(session: Session, standing: Standing, now_due: Sequence[Due]) -> set[str]:
    """Courses that hold hours since the first day of what is due: within it they give none a second time."""
    since = min((to_ms(due.part.row.from_at) for due in now_due), default=0)
    net: defaultdict[str, Fraction] = defaultdict(Fraction)
    for row in standing.entries:
        if row.at >= since:
            net[row.subject] += row.hours
    return {row.course_id for row in enrolment.mine(session, access.someone().subject_key) if net[row.id] > 0}


def need(session: Session, standing: Standing, due: Due, done: set[str], *, now: datetime) -> Need:
    """What is owed with the courses that would fill most of it; none for practice, which nothing online fills."""
    part = due.part
    if part.result.is_met:
        return Need(due, None, is_strict=True)
    key = part.row.subject_key
    bound = policies.chosen(accounts.pool(session, key, known_at=now), at=now)
    if bound is None:
        return Need(due, None, is_strict=True)
    at = to_ms(now)
    case = Case(shortfall.typed(part.row), policies.typed(part.rule), [row for row in standing.entries if row.at < at], at)
    industry = next((one.industry for one in standing.held if one.appointment.id == part.row.appointment_id), "")
    for wanted in dict.fromkeys((industry, "")):  # of the enterprise's industry; where there is none, of any
        choice = filling.choose(case, candidates(session, due, wanted, policies.typed(bound), done))
        if choice.courses or not wanted:
            break
    return Need(due, choice, is_strict=bool(wanted) or not industry)


def candidates(
    session: Session, due: Due, industry: str, policy: Policy, done: set[str]
) -> list[Candidate[Card]]:
    """Courses for the requirement's people and occasion, the best rated first, with what each would post."""
    chosen = {}
    if due.rule is not None:
        chosen = {
            "trainee": frozenset({due.rule.trainee, ALL_STAFF}),
            "occasion": frozenset(OCCASIONS.get(Occasion(due.rule.occasion), (due.rule.occasion,))),
        }
        if industry:
            chosen["industry"] = frozenset({industry, ANY_INDUSTRY})
    finder = cast(Finder, current_app.extensions["xueshi_finder"])
    found = finder.find(session, Ask(chosen=chosen, sort=Sort.BEST_RATED))
    return [
        Candidate(card, card.course_id, hours, raw)
        for card in found.page(0, LOOKED_AT)
        if card.course_id not in done
        for hours, raw in [policies.worth(policy, card.lesson_durations_ms)]
        if hours > 0
    ]
