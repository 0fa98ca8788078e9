"""Tables of the catalogue: courses with their drafts, frozen editions, reviews, and found words.

A course lasts and carries the draft; an edition is what was published, and never changes.
"""

from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from courses.units import Money
from media.base import Base, append_only, new_id


class CourseState(StrEnum):
    """Where the *draft* of a course stands; `current_edition` tells what learners see."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


TRANSITIONS: dict[CourseState, frozenset[CourseState]] = {
    CourseState.DRAFT: frozenset({CourseState.SUBMITTED, CourseState.WITHDRAWN}),
    CourseState.SUBMITTED: frozenset(
        {
            CourseState.RETURNED,
            CourseState.PUBLISHED,
            CourseState.DRAFT,  # taken back
            CourseState.WITHDRAWN,
        }
    ),
    CourseState.RETURNED: frozenset({CourseState.SUBMITTED, CourseState.WITHDRAWN}),
    CourseState.PUBLISHED: frozenset({CourseState.DRAFT, CourseState.WITHDRAWN}),
    CourseState.WITHDRAWN: frozenset(),
}


class WithdrawalRule(StrEnum):
    """What a withdrawal does to the learners who are in it (credit-rules.md 5.18)."""

    KEEP_POSTED = "keep_posted"
    PER_LESSON_EXAM_WAIVED = "per_lesson_exam_waived"
    VOID = "void"


class Course(Base):
    """A course and the draft of its next edition. Axes are lists of codes (`taxonomy`)."""

    __tablename__ = "courses"
    __table_args__ = (
        CheckConstraint(
            "state IN ('draft','submitted','returned','published','withdrawn')", name="state"
        ),
        CheckConstraint("price_minor >= 0", name="price_minor"),
        CheckConstraint("exam IN ('none','required')", name="exam"),
        CheckConstraint(
            "withdrawal_rule IN ('keep_posted','per_lesson_exam_waived','void') "
            "OR withdrawal_rule IS NULL",
            name="withdrawal_rule",
        ),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    state: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(String(10), default="zh_CN")
    trainees: Mapped[list[str]]
    occasions: Mapped[list[str]]
    industries: Mapped[list[str]]
    topics: Mapped[list[str]]
    price_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    exam: Mapped[str] = mapped_column(String(10), default="none")  # none | required
    cover_asset_id: Mapped[str | None] = mapped_column(ForeignKey("assets.id"))
    current_edition: Mapped[int | None]  # what the catalogue shows
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawal_rule: Mapped[str | None] = mapped_column(String(30))
    withdrawal_reason: Mapped[str] = mapped_column(default="")
    withdrawn_by: Mapped[str | None] = mapped_column(String(16))  # subject key
    # Summaries that packages on the right write through `catalogue.summaries`.
    rating_score_num: Mapped[int] = mapped_column(BigInteger, default=0)
    rating_score_den: Mapped[int] = mapped_column(BigInteger, default=1)
    rating_count: Mapped[int] = mapped_column(default=0)
    finished_count: Mapped[int] = mapped_column(default=0)
    # What keeps the shelf and the search index right: see `shelf`.
    revision: Mapped[int] = mapped_column(BigInteger, default=0, index=True)
    text_revision: Mapped[int] = mapped_column(BigInteger, default=0)
    is_stale: Mapped[bool] = mapped_column(default=False, index=True)

    @property
    def price(self) -> Money:
        """What the draft asks for; an edition's price is `editions.price`."""
        return Money(self.price_minor, self.currency)

    @property
    def rating_score(self) -> Fraction | None:
        """The mean that orders the catalogue, or None before the first rating."""
        if self.rating_score_num == 0:
            return None
        return Fraction(self.rating_score_num, self.rating_score_den)


class CatalogueCounter(Base):
    """Row 1: the newest `Course.revision`, taken after the course's own row, once a transaction.
    Row 2: the generation of `course_words`."""

    __tablename__ = "catalogue_counter"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[int] = mapped_column(BigInteger)


class CourseWords(Base):
    """What full text on PostgreSQL finds a course by; empty where Whoosh does the finding."""

    __tablename__ = "course_words"
    # Without `fastupdate`: each search would read through the list of what waits to be put in.
    __table_args__ = (
        Index(
            "ix_course_words_words", "words", postgresql_using="gin", postgresql_with={"fastupdate": "off"}
        ),
    )

    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"), primary_key=True)
    text_revision: Mapped[int] = mapped_column(BigInteger)
    # Its bit in sets. Only PostgreSQL writes this table, and numbers the rows itself.
    number: Mapped[int] = mapped_column(Identity(minvalue=0, start=0), unique=True)
    words: Mapped[str] = mapped_column(Text().with_variant(TSVECTOR(), "postgresql"))


class Instructor(Base):
    """How somebody who teaches is presented to the public; the person's own record stays sealed."""

    __tablename__ = "instructors"

    person_id: Mapped[str] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(80), default="")
    introduction: Mapped[str] = mapped_column(default="")
    changed_at: Mapped[datetime]


class CourseInstructor(Base):
    """A person who teaches in the draft; the membership must be of the same institution."""

    __tablename__ = "course_instructors"

    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    position: Mapped[int]


class Lesson(Base):
    """A lesson of the draft. Its id stays the same through editions."""

    __tablename__ = "lessons"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"), index=True)
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(120))
    asset_id: Mapped[str | None] = mapped_column(ForeignKey("assets.id"))
    is_preview: Mapped[bool] = mapped_column(default=False)
    questions: Mapped[list[Any]] = mapped_column(default=list)  # text, choices, of which the first is right
    removed_at: Mapped[datetime | None]


class LessonHandout(Base):
    """A PDF beside a lesson of the draft."""

    __tablename__ = "lesson_handouts"

    lesson_id: Mapped[str] = mapped_column(ForeignKey("lessons.id"), primary_key=True)
    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"), primary_key=True, index=True)
    position: Mapped[int]


@append_only
class Edition(Base):
    """What was published. `facts` holds title, summary, axes, price, exam, instructor ids, cover."""

    __tablename__ = "editions"
    __table_args__ = (UniqueConstraint("course_id", "number"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"))
    number: Mapped[int]
    facts: Mapped[dict[str, Any]]
    facts_hash: Mapped[bytes] = mapped_column(LargeBinary(32))  # SHA-256 of the canonical JSON
    published_at: Mapped[datetime]


@append_only
class EditionLesson(Base):
    """One lesson as published: the server's measured duration and the file's fingerprint."""

    __tablename__ = "edition_lessons"
    __table_args__ = (CheckConstraint("duration_ms > 0", name="duration_ms"),)

    edition_id: Mapped[str] = mapped_column(ForeignKey("editions.id"), primary_key=True)
    lesson_id: Mapped[str] = mapped_column(ForeignKey("lessons.id"), primary_key=True)
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(120))
    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"))
    duration_ms: Mapped[int] = mapped_column(BigInteger)
    fingerprint: Mapped[str] = mapped_column(String(64))  # SHA-256 of the source file, hex
    is_preview: Mapped[bool]
    questions: Mapped[list[Any]] = mapped_column(default=list)  # as the draft's


@append_only
class EditionHandout(Base):
    """A PDF beside a lesson as published, with its file's fingerprint."""

    __tablename__ = "edition_handouts"

    edition_id: Mapped[str] = mapped_column(ForeignKey("editions.id"), primary_key=True)
    lesson_id: Mapped[str] = mapped_column(ForeignKey("lessons.id"), primary_key=True)
    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"), primary_key=True, index=True)
    position: Mapped[int]
    fingerprint: Mapped[str] = mapped_column(String(64))  # SHA-256 of the file, hex


@append_only
class CourseReview(Base):
    """A regulator's verdict on one submission: six points, each with a note."""

    __tablename__ = "course_reviews"
    __table_args__ = (
        CheckConstraint("verdict IN ('approved','returned')", name="verdict"),
        Index("ix_course_reviews_course_at", "course_id", "at"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"))
    reviewer_key: Mapped[str] = mapped_column(String(16))  # the reviewer's subject key
    verdict: Mapped[str] = mapped_column(String(10))  # approved | returned
    points: Mapped[dict[str, Any]]  # {point: {"ok": bool, "note": str}}
    note: Mapped[str] = mapped_column(default="")
    submitted_at: Mapped[datetime]  # which submission this judged
    draft_hash: Mapped[bytes] = mapped_column(LargeBinary(32))  # and exactly what was in it
    edition: Mapped[int | None]  # the edition that an approval published
    at: Mapped[datetime]
