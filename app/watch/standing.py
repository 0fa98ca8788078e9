"""How an enrolment stands, exams included: the one way in which page and API ask for it."""

from datetime import datetime

from sqlalchemy.orm import Session

from courses import quizzes
from courses.enrolment import Taking
from courses.watch import progress
from courses.watch.playbacks import Hearing
from courses.watch.progress import Rules, Standing


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
