"""What a cart comes to now: each course at its current edition and price, or why it cannot be bought."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from courses import enrolment, errors
from courses.catalogue import editions
from courses.catalogue.models import Course
from courses.orders import coupons, placing
from courses.orders.models import Order
from courses.orders.placing import Wanted
from courses.orders.states import Method
from courses.people.jurisdictions import day_of
from courses.people.organisations import Actor
from courses.people.persons import jurisdiction_of
from courses.units import Money

Refused = errors.Conflict


@dataclass(frozen=True, slots=True)
class Row:
    """One course of a cart: the line that would be ordered, or the sentence that says why not."""

    course_id: str
    title: str
    wanted: Wanted | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Priced:
    """A cart with its sums; `fault` is what is wrong with the coupon."""

    rows: list[Row]
    total: Money
    before: Money
    fault: str = ""

    @property
    def is_ready(self) -> bool:
        """Whether it can be ordered as it stands."""
        return bool(self.rows) and all(row.wanted for row in self.rows) and not self.fault


def of(session: Session, actor: Actor, course_ids: Sequence[str], *, code: str = "", now: datetime) -> Priced:
    """Price courses, with a coupon's code if one was typed."""
    held = {seat.edition_id for seat in enrolment.mine(session, actor.subject_key) if seat.is_open(now)}
    rows = [row_of(session, course_id, held) for course_id in course_ids]
    wanted = [row.wanted for row in rows if row.wanted]
    currency = wanted[0].unit.currency if wanted else "CNY"
    before = Money(sum(line.price.minor for line in wanted), currency)
    fault = ""
    if code and wanted:
        try:
            wanted = coupons.apply(coupons.find(session, code, now=now), wanted)
        except errors.Invalid as refusal:
            fault = str(_(refusal.sentence, **refusal.detail))
    by_course = {line.course_id: line for line in wanted}
    rows = [Row(row.course_id, row.title, by_course.get(row.course_id), row.why) for row in rows]
    return Priced(rows, Money(sum(line.price.minor for line in wanted), currency), before, fault)


def row_of(session: Session, course_id: str, held: set[str]) -> Row:
    """One course as it can be bought now."""
    course = session.get(Course, course_id)
    edition = editions.current(session, course_id)
    if course is None or edition is None or course.withdrawn_at is not None:
        return Row(course_id, course.title if course else course_id, None, _("This course is no longer offered."))
    title = edition.facts["title"]
    if edition.id in held:
        return Row(course_id, title, None, _("You are already enrolled in this course."))
    line = Wanted(course_id, edition.number, course.organisation_id, title, editions.price(edition))
    return Row(course_id, title, line)


def order(
    session: Session, actor: Actor, course_ids: Sequence[str], *, code: str, method: Method, now: datetime
) -> Order:
    """An order of these courses: the buyer's own open one that says the same, or a new one.

    Refused: `registration_required`, `district_required`; `cannot_buy` with what stands in the way.
    """
    if not actor.is_registered:
        raise errors.Conflict("registration_required", "Register with your real name first.")
    if jurisdiction_of(session, actor.person_id, on=day_of(now)) is None:
        raise errors.Conflict("district_required", "Name your employer or your district first.")
    priced = of(session, actor, course_ids, code=code, now=now)
    stands = next((row for row in priced.rows if not row.wanted), None)
    if stands is not None:
        raise errors.Conflict("cannot_buy", "%(title)s: %(why)s", title=stands.title, why=stands.why)
    wanted = [row.wanted for row in priced.rows if row.wanted]
    same = placing.standing(session, subject_key=actor.subject_key, wanted=wanted, method=method, now=now)
    if same is not None:
        return same
    if code:
        coupons.check_limits(session, coupons.find(session, code, now=now), subject_key=actor.subject_key)
        if priced.fault:
            coupons.apply(coupons.find(session, code, now=now), wanted)
    return placing.place(session, subject_key=actor.subject_key, wanted=wanted, method=method, now=now)
