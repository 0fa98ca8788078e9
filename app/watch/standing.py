"""How an enrolment stands, exams included: the one way in which page and API ask for it."""

from datetime import datetime

from sqlalchemy.orm import Session

from courses import quizzes
from courses.enrolment import Taking
from courses.watch import cuts, progress
from courses.watch.playbacks import Hearing
from courses.watch.progress import Lost, Rules, Standing


def of(
    session: Session, taking: Taking, *, now: datetime, hearing: Hearing | None = None
) -> tuple[Rules, Standing]:
    """The rules that bind an enrolment, and how it stands, a beat that is not stored yet included."""
    by = progress.rules(session, taking.enrolment.jurisdiction_id, now=now)
    together = progress.judged_with(session, taking, by, now=now)
    exams: dict[str, list[tuple[datetime, str]]] = {}
    for exam in quizzes.attempts(session, [one.enrolment.id for one in together], before=now):
        exams.setdefault(exam.enrolment_id, []).append((exam.at, exam.mark))
    found = progress.standings(session, together, by, exams=exams, now=now, hearing=hearing)
    return by, found[taking.enrolment.id]


def lost(session: Session, stands: Standing, lesson_id: str) -> list[Lost]:
    """What was played of a lesson in vain and is still missing, whether the door or a rule says so."""
    told = [*stands.lost(lesson_id), *cuts.of_lesson(session, stands.enrolment_id, lesson_id=lesson_id)]
    return cuts.uncovered(told, stands.lesson(lesson_id).covered_ms)
