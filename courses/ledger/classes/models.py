"""Tables of class runs: the plan, its sessions, the roster, attendance as it was marked, and reviews."""

from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from media.base import Base, WholeNumber, append_only, new_id


class RunState(StrEnum):
    """Where a class run stands."""

    OPEN = "open"
    CLOSED = "closed"
    ACCEPTED = "accepted"


# Who moves it on: the institution closes, a reviewer accepts or gives it back.
MOVES = {
    RunState.OPEN: (RunState.CLOSED,),
    RunState.CLOSED: (RunState.ACCEPTED, RunState.OPEN),
    RunState.ACCEPTED: (),
}


class ClassRun(Base):
    """One run of a class in person; `instructors` are subject keys of those who taught."""

    __tablename__ = "class_runs"
    __table_args__ = (
        CheckConstraint("state IN ('open','closed','accepted')", name="state"),
        Index("ix_class_runs_state_closed", "state", "closed_at"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    place: Mapped[str] = mapped_column(String(120))
    syllabus: Mapped[str]
    instructors: Mapped[list[str]]
    state: Mapped[str] = mapped_column(String(10), default=RunState.OPEN)
    created_by: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    closed_by: Mapped[str | None] = mapped_column(String(16))
    closed_at: Mapped[datetime | None]


class ClassSession(Base):
    """One sitting of a class run; its hours count for whoever attended."""

    __tablename__ = "class_sessions"
    __table_args__ = (
        CheckConstraint("kind IN ('classroom','practical')", name="kind"),
        CheckConstraint("from_at < to_at", name="times"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    run_id: Mapped[str] = mapped_column(ForeignKey("class_runs.id"), index=True)
    from_at: Mapped[datetime]
    to_at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(10))
    hours_num: Mapped[int] = mapped_column(WholeNumber)
    hours_den: Mapped[int] = mapped_column(WholeNumber)
    subject: Mapped[str] = mapped_column(String(120))

    @property
    def hours(self) -> Fraction:
        """Hours of training, exact."""
        return Fraction(self.hours_num, self.hours_den)


class ClassLearner(Base):
    """A line of the roster, with the result at the end."""

    __tablename__ = "class_learners"
    __table_args__ = (
        UniqueConstraint("run_id", "subject_key"),
        CheckConstraint("result IN ('','passed','failed')", name="result"),
    )

    # What staff know a line by: the subject key is not for them.
    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    run_id: Mapped[str] = mapped_column(ForeignKey("class_runs.id"))
    subject_key: Mapped[str] = mapped_column(ForeignKey("subjects.key"), index=True)
    result: Mapped[str] = mapped_column(String(6), default="")
    added_by: Mapped[str] = mapped_column(String(16))
    added_at: Mapped[datetime]


@append_only
class ClassMark(Base):
    """Somebody was marked present or not; the latest mark holds, and none is ever deleted."""

    __tablename__ = "class_marks"
    __table_args__ = (Index("ix_class_marks_session", "session_id", "subject_key"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    session_id: Mapped[str] = mapped_column(ForeignKey("class_sessions.id"))
    subject_key: Mapped[str] = mapped_column(String(16))
    is_present: Mapped[bool]
    marked_by: Mapped[str] = mapped_column(String(16))
    marked_at: Mapped[datetime]


@append_only
class ClassReview(Base):
    """A reviewer accepted a run, without some learners perhaps, or gave it back."""

    __tablename__ = "class_reviews"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    run_id: Mapped[str] = mapped_column(ForeignKey("class_runs.id"), index=True)
    is_accepted: Mapped[bool]
    left_out: Mapped[list[str]]  # subject keys whose hours are not recorded
    note: Mapped[str] = mapped_column(String(500))
    reviewed_by: Mapped[str] = mapped_column(String(16))
    reviewed_at: Mapped[datetime]
