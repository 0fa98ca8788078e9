"""Hours of the demonstration from elsewhere: classes in person, through the doors that everybody uses."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from fractions import Fraction

from sqlalchemy.orm import Session

from app.demo import history, paper
from courses.ledger.cases import files
from courses.ledger.classes import review, runs
from courses.ledger.classes.models import ClassLearner, ClassRun, ClassSession
from courses.people.jurisdictions import ZONE
from courses.people.organisations import Actor, Role

DAY, HOUR = timedelta(days=1), timedelta(minutes=45)
NINE = time(9)


def in_person(
    session: Session, officer: Actor, staff: Actor, learners: Sequence[str], *, teacher: str, on: date
) -> None:
    """A morning in the classroom that some left early, and the practical half day after it of two of them."""
    morning = datetime.combine(on, NINE, tzinfo=ZONE)
    reviewed_at = morning + 2 * DAY
    class_in_person(
        session, staff, officer, title="仓储安全集中授课（示例）", teacher=teacher, ticks=24,
        sittings=[(morning + place * timedelta(minutes=50), "classroom") for place in range(6)],
        present={key: 6 - place for place, key in enumerate(learners)}, reviewed_at=reviewed_at,
    )  # fmt: skip
    class_in_person(
        session, staff, officer, title="灭火器实操（示例）", teacher=teacher, ticks=36,
        sittings=[(morning + DAY + place * timedelta(minutes=50), "practical") for place in range(3)],
        present=dict.fromkeys(learners[:2], 3), reviewed_at=reviewed_at,
    )  # fmt: skip
    for key in learners:
        history.settle(session, key, now=reviewed_at + DAY)


def going_on(
    session: Session, officer: Actor, staff: Actor, learners: Sequence[str], *, teacher: str, on: date
) -> None:
    """A class that waits for its review, and one whose sessions are still to come."""
    morning = datetime.combine(on, NINE, tzinfo=ZONE)
    class_in_person(
        session, staff, officer, title="应急疏散演练（示例）", teacher=teacher, ticks=12,
        sittings=[(morning, "practical"), (morning + timedelta(minutes=50), "practical")],
        present=dict.fromkeys(learners[:3], 2), reviewed_at=None,
    )  # fmt: skip
    later = morning + 7 * DAY
    planned(
        session, staff, title="危险化学品装卸（示例）", teacher=teacher,
        sittings=[(later, "classroom"), (later + timedelta(minutes=50), "practical")], learners=learners,
    )  # fmt: skip


def planned(
    session: Session, staff: Actor, *, title: str, teacher: str, sittings: Sequence[tuple[datetime, str]], learners: Iterable[str]
) -> tuple[ClassRun, list[ClassSession]]:
    """A class file with its sittings and its roster, opened the day before."""
    at = sittings[0][0] - DAY
    run = runs.plan(
        session,
        staff,
        organisation_id=min(staff.organisations(Role.INSTITUTION_STAFF)),
        title=title,
        place="示例培训中心一号教室",
        syllabus="风险辨识、现场处置与个人防护（示例）",
        instructors=[teacher],
        now=at,
    )
    made = [
        runs.add_session(
            session, run, from_at=begins, to_at=begins + HOUR, kind=kind, hours=Fraction(1), subject=title, now=at
        )
        for begins, kind in sittings
    ]
    for key in learners:
        session.add(ClassLearner(run_id=run.id, subject_key=key, added_by=staff.subject_key, added_at=at))
    session.flush()
    return run, made


def class_in_person(
    session: Session,
    staff: Actor,
    officer: Actor,
    *,
    title: str,
    teacher: str,
    sittings: Sequence[tuple[datetime, str]],
    present: dict[str, int],
    ticks: int,
    reviewed_at: datetime | None,
) -> ClassRun:
    """A class of sittings of one hour each; `present` says how many of them each learner attended.

    Left waiting for its review where `reviewed_at` is None.
    """
    run, made = planned(session, staff, title=title, teacher=teacher, sittings=sittings, learners=present)
    lines = runs.register(session, run.id)
    attended = [(row.id, line.id) for line in lines for row in made[: present[line.subject_key]]]
    done = sittings[-1][0] + 2 * HOUR
    runs.mark(session, staff, run=run, present=attended, now=done)
    runs.judge(session, run, results={line.id: "passed" for line in lines})
    sheet = files.prepared(paper.register(ticks=ticks), about=run.id, name="签到表.png", added_by=staff.subject_key, now=done)
    files.add(session, sheet)
    runs.close(session, staff, run=run, now=done)
    if reviewed_at is not None:
        review.decide(session, officer, run=run, is_accepted=True, note="签到、照片与成绩一致（示例）", now=reviewed_at)
    return run
