"""Which of the demonstration's people did what, course by course, since it was published."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.demo import elsewhere, history, rules
from app.demo.history import WHOLE, Viewing
from app.demo.people import WORKERS
from app.demo.plan import Plan
from app.ratings import targets
from courses import seats
from courses.catalogue import drafts, editions, facts, keeping, reviews, taxonomy
from courses.catalogue.keeping import ListName
from courses.catalogue.models import Course
from courses.certificates import content, issuing
from courses.ledger import explained
from courses.ledger.log.notes import Signer
from courses.people import accounts
from courses.people.accounts import Account
from courses.people.jurisdictions import day_of
from courses.people.organisations import Actor, Role
from courses.people.vault import Vault

DAY = timedelta(days=1)
EVENING = timedelta(hours=10)
REQUIRED_HOURS = 12
OFFICER, SECOND, DISTRICT, STAFF, TEACHER = "13800000017", "13800000019", "13800000015", "13800000011", "13800000009"
MANAGER = "13800000014"

# Scores of the first five workers: together 73/20, shown as 3.7.
OPINIONS = (
    (5, "讲得清楚，仓库里马上用得上。"),
    (4, "案例很好，语速再慢一点就更好了。"),
    (2, "字太小，手机上看着吃力。"),
    (5, "短，能在班前看完一节。"),
    (3, ""),
)

# What the first worker keeps.
KEPT = {
    "storage": ListName.FAVOURITES,
    "electric": ListName.NEXT,
    "leader": ListName.NEXT,
}

# Courses that the chemical works asks of its staff, and how many days each has for it.
ASSIGNED = {"storage": 30, "confined": 45, "leader": 120}


def publish(session: Session, officer: Actor, course: Course, *, at: datetime) -> None:
    """Submit, and let the city approve, on a past day."""
    drafts.submit(session, course, on=day_of(at), now=at - timedelta(days=1))
    reviews.approve(
        session,
        officer,
        course=course,
        points={code: reviews.Point(True) for code in taxonomy.REVIEW_POINTS},
        seen=facts.digest(facts.of_draft(session, course)),
        now=at,
    )


def happen(session: Session, vault: Vault, plan: Plan, course: Course, *, at: datetime) -> None:
    """What became of a course after it was published."""
    everybody = [actor(session, vault, worker.account) for worker in WORKERS]
    if plan.key in ASSIGNED:
        assign(session, vault, course, everybody[:5], at=at, days=ASSIGNED[plan.key])
    if plan.key == "storage":
        storage(session, vault, course, everybody, at=at)
    elif plan.key == "confined":
        confined(session, course, everybody, at=at)
        now = at + plan.published_days_ago * DAY
        elsewhere.asked(session, everybody[0].subject_key, actor(session, vault, DISTRICT), now=now)
    elif plan.key == "leader":
        completed(session, course, everybody[2:4], at=at)
    if plan.key in KEPT:
        keeping.keep(session, everybody[0].subject_key, course_id=course.id, on=KEPT[plan.key], now=at + DAY)


def assign(
    session: Session, vault: Vault, course: Course, learners: Sequence[Actor], *, at: datetime, days: int
) -> None:
    """The safety manager asks the staff to take a free course, or buys a seat for each."""
    manager = actor(session, vault, MANAGER)
    [works] = manager.organisations(Role.ENTERPRISE_MANAGER)
    edition = editions.current(session, course.id)
    assert edition is not None
    seats.assign(
        session,
        manager,
        organisation_id=works,
        edition=edition,
        is_free=editions.price(edition).minor == 0,
        subject_keys=[one.subject_key for one in learners],
        due_on=day_of(at) + days * DAY,
        on=day_of(at),
        now=at,
    )


def actor(session: Session, vault: Vault, name: str) -> Actor:
    """Somebody by their account's name."""
    found = session.scalars(select(Account).where(Account.name_index == accounts.name_index(vault, name))).one()
    return accounts.actor_of(session, found, today=day_of(found.created_at))


def completed(session: Session, course: Course, learners: Sequence[Actor], *, at: datetime) -> None:
    """Each watches the whole course on an evening of their own, and the hours are posted."""
    for place, learner in enumerate(learners):
        began_at = at + (place + 1) * DAY + EVENING
        taking = history.take(session, learner.subject_key, course, at=began_at)
        whole = [Viewing(lesson, *WHOLE) for lesson in range(len(taking.lessons))]
        ended_at = history.watch(session, taking, whole, at=began_at + timedelta(minutes=2))
        history.settle(session, learner.subject_key, now=ended_at + timedelta(hours=1))
    history.finish(session, course.id, count=len(learners))


def storage(session: Session, vault: Vault, course: Course, everybody: list[Actor], *, at: datetime) -> None:
    """Six workers finish the first course; five of them rate it; four stand under a yearly requirement."""
    officer, staff = actor(session, vault, OFFICER), actor(session, vault, STAFF)
    for learner in everybody[:6]:
        history.require(
            session,
            learner.subject_key,
            officer=officer.subject_key,
            policy=f"{rules.RULE_ID}@1",
            year=at.year,
            hours=REQUIRED_HOURS,
            now=at,
        )
    completed(session, course, everybody[:6], at=at)
    for learner, (score, comment) in zip(everybody, OPINIONS, strict=False):
        taking = history.taken(session, learner.subject_key, course)
        history.rate(session, taking, score=score, comment=comment, at=at + 10 * DAY)
    targets.summarise(session, course.id)
    teacher = actor(session, vault, TEACHER).person_id
    learners = [one.subject_key for one in everybody[:4]]
    elsewhere.in_person(session, officer, staff, learners, teacher=teacher, on=day_of(at + 19 * DAY))
    elsewhere.going_on(session, officer, staff, learners, teacher=teacher, on=day_of(at + 72 * DAY))


def confined(session: Session, course: Course, everybody: list[Actor], *, at: datetime) -> None:
    """One finishes; one skipped ahead, watched some twice and on two devices at once: something to explain."""
    completed(session, course, everybody[1:2], at=at)
    learner = everybody[0]
    began_at = at + 6 * DAY + EVENING
    taking = history.take(session, learner.subject_key, course, at=began_at)
    viewings = [
        Viewing(0, *WHOLE),
        Viewing(0, Fraction(0), Fraction(1, 5)),
        Viewing(1, Fraction(0), Fraction(2, 5)),
        Viewing(1, Fraction(3, 5), Fraction(1), Fraction(3, 2)),
    ]
    ended_at = history.watch(session, taking, viewings, at=began_at)
    history.settle(session, learner.subject_key, now=ended_at + timedelta(hours=1))
    history.take_turns(session, taking, turns=6, at=began_at + DAY)
    history.settle(session, learner.subject_key, now=began_at + DAY + timedelta(hours=1))


def certify(session: Session, learner: Actor, signer: Signer, *, now: datetime) -> list[str]:
    """A learner has the statement of all hours and a course's issued; their numbers."""
    offers = content.offers(explained.of(session, learner.subject_key, as_of=now + issuing.TICK))
    chosen = {one.kind: one for one in offers if one.kind != "requirement" and not one.why}
    return [
        issuing.issue(
            session, subject_key=learner.subject_key, kind=one.kind, about=one.about, signer=signer, now=now
        ).id
        for one in chosen.values()
    ]
