"""Hours of the demonstration from elsewhere, appeals and a correction, through the doors that everybody uses."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.demo import history, paper
from courses.ledger import explained
from courses.ledger.cases import appeals, claims, corrections, files
from courses.ledger.classes import review, runs
from courses.ledger.classes.models import ClassLearner, ClassRun, ClassSession
from courses.ledger.models import Entry
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


def asked(session: Session, learner: str, officer: Actor, *, now: datetime) -> None:
    """A learner claims hours and appeals twice; an officer answered once, and proposes a correction."""
    claim(session, learner, at=now - 2 * DAY)
    record = explained.of(session, learner, as_of=now)
    lost = [one for course in record.courses for lesson in course.lessons for one in lesson.lost]
    older, _newer = (
        appeals.file(
            session, learner, playback_id=one.playback, wall_from=one.wall_from, reason=one.reason, words=words, now=at
        )
        for one, words, at in (
            (lost[0], "第一次看的时候没有看懂，又看了一遍。（示例）", now - 20 * DAY),
            (lost[-1], "手机没电，换电脑继续看的。（示例）", now - timedelta(minutes=50)),
        )
    )
    appeals.acknowledge(session, officer, appeal=older, now=older.filed_at + timedelta(minutes=40))
    appeals.refuse(
        session, officer, appeal=older, text="重复观看的部分按规则不再计入，首次观看已计入。（示例）", now=older.filed_at + DAY
    )
    row = session.scalars(
        select(Entry).where(Entry.subject_key == learner, Entry.kind == "offline").order_by(Entry.at.desc(), Entry.id)
    ).first()
    if row is not None:
        corrections.propose(
            session, officer, entry=row, reason_code="recording_error", note="请假单与签到表不一致，待复核。（示例）", now=now - DAY
        )


def claim(session: Session, learner: str, *, at: datetime) -> None:
    """Hours of another platform with a sheet of paper for a certificate."""
    made = claims.new(
        learner, from_where="某省网络学院（示例）", title="职业健康基础（示例）", taken_on=(at - 40 * DAY).date(),
        hours=Fraction(4), hour_ms=45 * 60_000, kind="online", today=at.date(), now=at,
    )  # fmt: skip
    sheet = files.prepared(paper.register(ticks=30), about=made.id, name="结业证明.png", added_by=learner, now=at)
    claims.file(session, made, papers=[sheet])


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
