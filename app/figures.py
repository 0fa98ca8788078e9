"""An institution's figures: what it sold, who learns, who finishes, and where each lesson loses its learners."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time

from flask import Blueprint, Flask, render_template
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import access, clock, db
from app.access import Permission
from app.templating import zone
from courses.catalogue import drafts, editions
from courses.catalogue.models import Course
from courses.enrolment import Enrolment
from courses.orders import sales
from courses.orders.sales import Sold
from courses.people.jurisdictions import day_of
from courses.people.organisations import Role
from courses.watch import reach

bp = Blueprint("figures", __name__, url_prefix="/figures")
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Row:
    """One course: enrolments, those who earned its hours, and what was sold in each currency."""

    course: Course
    learners: int
    sold: list[Sold]

    @property
    def finished_permille(self) -> int:
        """How many of a thousand enrolments earned hours."""
        return min(1000, 1000 * self.course.finished_count // self.learners) if self.learners else 0


def install(app: Flask) -> None:
    """Register the pages."""
    app.register_blueprint(bp)


@bp.get("/")
@access.needs(Permission.FIGURES_READ)
def index() -> str:
    """All courses of the institution, and its months."""
    actor = access.someone()
    own = sorted(actor.organisations(Role.INSTITUTION_STAFF))
    with db.reading() as session:
        courses = [one for one in drafts.own(session, actor) if one.current_edition]
        learners = enrolled(session, [one.id for one in courses])
        sold = sales.by_course(session, own)
        months = monthly(session, own)
    return render_template(
        "figures/studio/index.html",
        rows=[Row(one, learners[one.id], [row for row in sold if row.course_id == one.id]) for one in courses],
        months=months,
        total=sum(learners.values()),
        finished=sum(one.finished_count for one in courses),
    )


def enrolled(session: Session, course_ids: list[str]) -> Counter[str]:
    """Enrolments by course."""
    rows = session.execute(
        select(Enrolment.course_id, func.count()).where(Enrolment.course_id.in_(course_ids)).group_by(Enrolment.course_id)
    )
    return Counter({course_id: count for course_id, count in rows})  # noqa: C416 - rows are no tuples to mypy


def monthly(session: Session, own: list[str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """By currency, what each of the last months brought in whole units, the oldest first; none without sales."""
    first = day_of(clock.now()).replace(day=1)
    months = [first]
    while len(months) < MONTHS:
        months.insert(0, months[0].replace(month=months[0].month - 1) if months[0].month > 1 else date(months[0].year - 1, 12, 1))
    since = datetime.combine(months[0], time(), tzinfo=zone())
    sold = sales.by_month(session, own, since=since)
    return [
        (currency, [(f"{month:%m}", str(sold.get((month, currency), 0) // 100)) for month in months])
        for currency in sorted({currency for _month, currency in sold})
    ]


@bp.get("/courses/<course_id>")
@access.needs(Permission.FIGURES_READ)
def course(course_id: str) -> str:
    """Where each lesson of the current edition loses its learners."""
    with db.reading() as session:
        found = drafts.for_staff(session, access.someone(), course_id=course_id)
        edition = editions.current(session, course_id)
        lessons = editions.lessons(session, edition.id) if edition else []
        positions = reach.furthest(session, edition.id) if edition else {}
    curves = []
    for one in lessons:
        counts = reach.staying(positions.get(one.lesson_id, []), duration_ms=one.duration_ms)
        curves.append((one, counts, [(f"{100 * step // reach.STEPS} %", count) for step, count in enumerate(counts)]))
    return render_template("figures/studio/course.html", course=found, edition=edition, curves=curves)
