"""What packages on the right tell the catalogue of a course: its score, how many finished.

Written without touching the catalogue's counter, so that settling many courses in one transaction
can not deadlock; the job `catalogue` then puts the course on the shelf anew (`shelf.refresh_stale`).
"""

from fractions import Fraction

from sqlalchemy import update
from sqlalchemy.orm import Session

from courses.catalogue.models import Course


def write_rating(session: Session, course_id: str, *, score: Fraction | None, count: int) -> None:
    """The mean that orders the catalogue, however few the ratings, and their number.

    It is *shown* only from the minimum on, which is the shell's setting.
    """
    shown = score if score is not None else Fraction(0)
    session.execute(
        update(Course)
        .where(Course.id == course_id)
        .values(
            rating_score_num=shown.numerator,
            rating_score_den=shown.denominator,
            rating_count=count,
            is_stale=True,
        )
    )


def write_finished(session: Session, course_id: str, *, count: int) -> None:
    """How many learners have had hours of this course posted."""
    session.execute(
        update(Course).where(Course.id == course_id).values(finished_count=count, is_stale=True)
    )
