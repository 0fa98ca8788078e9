"""Ratings of instructors (teaching quality) and institutions (training quality) by who earned hours.

One score per enrolment and target, changeable for some days. Raters stay unknown to those rated; a
score shows from a minimum number on, as a Bayesian mean. Source: the notice, item 四.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Row,
    Select,
    String,
    UniqueConstraint,
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.catalogue.models import Course, Instructor
from courses.ledger.models import Entry
from courses.people.organisations import Organisation
from courses.people.persons import Person
from courses.units import half_up
from media.base import Base, new_id

MAX_COMMENT = 1000
LOWEST, HIGHEST = 1, 5


class TargetKind(StrEnum):
    """Who is rated."""

    INSTRUCTOR = "instructor"
    INSTITUTION = "institution"


class Rating(Base):
    """One score of one target by one enrolment; raters stay unknown to those rated."""

    __tablename__ = "ratings"
    __table_args__ = (
        UniqueConstraint("enrolment_id", "target_kind", "target_id"),
        CheckConstraint("target_kind IN ('instructor','institution')", name="target_kind"),
        CheckConstraint("score BETWEEN 1 AND 5", name="score"),
        Index("ix_ratings_target", "target_kind", "target_id"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    enrolment_id: Mapped[str] = mapped_column(ForeignKey("enrolments.id"))
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"), index=True)
    target_kind: Mapped[str] = mapped_column(String(12))
    target_id: Mapped[str] = mapped_column(String(16))  # person or organisation
    score: Mapped[int]
    comment: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
    changed_at: Mapped[datetime]
    reply: Mapped[str | None]
    replied_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    hidden_reason: Mapped[str | None]
    hidden_by: Mapped[str | None] = mapped_column(String(16))  # the regulator's subject key


@dataclass(frozen=True, slots=True)
class Target:
    """Who is rated, and by which word."""

    kind: TargetKind
    id: str


@dataclass(frozen=True, slots=True)
class Published:
    """What the public sees: `score` is None below the minimum; `spread` counts the scores 1 to 5."""

    score: Fraction | None
    count: int
    spread: dict[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """How a score is weighed and from how many ratings it shows (both are settings)."""

    mean: Fraction
    weight: int
    minimum: int


def bayesian_mean(scores: Sequence[int] | Sequence[Fraction], prior: Prior) -> Fraction:
    """(weight x prior mean + sum of scores) / (weight + number): 5, 4, 2, 5, 3 at 7/2 and 5 give 73/20."""
    return (prior.weight * prior.mean + sum(scores, Fraction(0))) / (prior.weight + len(scores))


def rate(
    session: Session,
    *,
    enrolment_id: str,
    course_id: str,
    target: Target,
    targets: Sequence[Target],
    score: int,
    comment: str,
    change_days: int,
    now: datetime,
) -> Rating:
    """Give or change a rating. `targets` are those of the enrolment's edition.

    Refused `rating_not_eligible` before hours were posted or for somebody who did not teach it, and
    `rating_closed` once the days for changing are over.
    """
    if target not in targets or not has_hours(session, enrolment_id):
        raise errors.Forbidden(
            "rating_not_eligible", "You can rate this course once it has earned you hours."
        )
    if not LOWEST <= score <= HIGHEST:
        raise errors.Invalid("score_out_of_range", "Choose 1 to 5 stars.", field="score")
    comment = comment.strip()
    if len(comment) > MAX_COMMENT:
        raise errors.Invalid(
            "comment_too_long", "Use at most %(max)d characters.", field="comment", max=MAX_COMMENT
        )
    rating = given(session, enrolment_id=enrolment_id, target=target)
    if rating is None:
        rating = Rating(
            enrolment_id=enrolment_id, course_id=course_id, target_kind=target.kind, target_id=target.id, at=now
        )
        session.add(rating)
    elif now >= rating.at + timedelta(days=change_days):
        raise errors.Conflict(
            "rating_closed", "A rating can be changed for %(days)d days; this one is final.", days=change_days
        )
    rating.score, rating.comment, rating.changed_at = score, comment, now
    session.flush()
    return rating


def has_hours(session: Session, enrolment_id: str) -> bool:
    """Whether the ledger holds hours for this enrolment, net of what was taken back."""
    entries = session.scalars(select(Entry).where(Entry.about == enrolment_id))
    return sum((entry.hours for entry in entries), Fraction(0)) > 0


def given(session: Session, *, enrolment_id: str, target: Target) -> Rating | None:
    """What this enrolment said of a target, if anything."""
    return session.scalar(
        select(Rating).where(
            Rating.enrolment_id == enrolment_id,
            Rating.target_kind == target.kind,
            Rating.target_id == target.id,
        )
    )


def published(session: Session, *, target: Target, prior: Prior) -> Published:
    """A target's score as the public sees it. Hidden comments keep their score."""
    return summed(
        session.execute(
            select(Rating.score, func.count())
            .where(Rating.target_kind == target.kind, Rating.target_id == target.id)
            .group_by(Rating.score)
        ).all(),
        prior,
    )


def of_course(session: Session, course_id: str, *, prior: Prior) -> Published:
    """What the learners of a course gave: each counts once, by the mean of what they gave its targets."""
    means = course_means(session, course_id)
    spread = dict.fromkeys(range(LOWEST, HIGHEST + 1), 0)
    for mean in means:
        spread[int(half_up(mean, 0))] += 1
    if len(means) < prior.minimum:
        return Published(None, len(means), {})
    return Published(bayesian_mean(means, prior), len(means), spread)


def course_means(session: Session, course_id: str) -> list[Fraction]:
    """One mean for each enrolment that rated something in the course."""
    given_by: dict[str, list[int]] = {}
    for enrolment_id, score in session.execute(
        select(Rating.enrolment_id, Rating.score).where(Rating.course_id == course_id)
    ):
        given_by.setdefault(enrolment_id, []).append(score)
    return [Fraction(sum(scores), len(scores)) for scores in given_by.values()]


def summed(rows: Sequence[Row[int, int]], prior: Prior) -> Published:
    """`(score, how many)` rows as the public sees them."""
    counts = {row[0]: row[1] for row in rows}
    spread = {score: counts.get(score, 0) for score in range(LOWEST, HIGHEST + 1)}
    count = sum(spread.values())
    if count < prior.minimum:
        return Published(None, count, {})
    scores = [score for score, times in spread.items() for _each in range(times)]
    return Published(bayesian_mean(scores, prior), count, spread)


def ranking(session: Session, course_id: str, *, prior: Prior) -> tuple[Fraction, int]:
    """What the catalogue orders by: the course's Bayesian mean, however few rated, and their number."""
    means = course_means(session, course_id)
    return bayesian_mean(means, prior), len(means)


def comments(
    session: Session, *, target: Target, prior: Prior, with_hidden: bool = False, limit: int = 20
) -> list[Rating]:
    """Comments of a target, newest first; none while there are too few ratings to stay unknown."""
    if not with_hidden and published(session, target=target, prior=prior).score is None:
        return []
    query = select(Rating).where(Rating.target_kind == target.kind, Rating.target_id == target.id, Rating.comment != "")
    if not with_hidden:
        query = query.where(Rating.hidden_at.is_(None))
    return list(session.scalars(query.order_by(Rating.changed_at.desc()).limit(limit)))


@dataclass(frozen=True, slots=True)
class Comment:
    """A rating with the words that a list needs: whose it is about, in which course."""

    rating: Rating
    course_title: str
    target_name: str


def of_institutions(session: Session, organisation_ids: Sequence[str], *, prior: Prior, limit: int = 100) -> list[Comment]:
    """Comments in the institutions' courses, newest first, of targets with enough ratings to hide who rated."""
    query = _commented().where(Course.organisation_id.in_(organisation_ids), Rating.hidden_at.is_(None))
    found = _comments(session, query.limit(limit))
    enough: dict[Target, bool] = {}
    for comment in found:
        target = Target(TargetKind(comment.rating.target_kind), comment.rating.target_id)
        if target not in enough:
            enough[target] = published(session, target=target, prior=prior).score is not None
    return [c for c in found if enough[Target(TargetKind(c.rating.target_kind), c.rating.target_id)]]


def in_jurisdictions(session: Session, jurisdiction_ids: Sequence[str] | None, *, limit: int = 100) -> list[Comment]:
    """Comments on institutions that an official supervises, hidden ones too; None is every area."""
    query = _commented()
    if jurisdiction_ids is not None:
        query = query.where(Organisation.supervised_by.in_(jurisdiction_ids))
    return _comments(session, query.limit(limit))


def _commented() -> Select[Rating, str]:
    return (
        select(Rating, Course.title)
        .join(Course, Course.id == Rating.course_id)
        .join(Organisation, Organisation.id == Course.organisation_id)
        .where(Rating.comment != "")
        .order_by(Rating.changed_at.desc(), Rating.id)
    )


def _comments(session: Session, query: Select[Rating, str]) -> list[Comment]:
    return [
        Comment(rating, title, target_name(session, rating)) for rating, title in session.execute(query)
    ]


def target_name(session: Session, rating: Rating) -> str:
    """The public name of who was rated."""
    if rating.target_kind == TargetKind.INSTITUTION:
        return session.get_one(Organisation, rating.target_id).name
    shown = session.get(Instructor, rating.target_id)
    return shown.name if shown else session.get_one(Person, rating.target_id).display_name


def get(session: Session, rating_id: str) -> Rating:
    """One rating; the caller checks that the actor reaches its target."""
    rating = session.get(Rating, rating_id)
    if rating is None:
        raise errors.NotFound()
    return rating


def reply(rating: Rating, *, text: str, now: datetime) -> None:
    """The rated institution answers, once or again; it can never delete."""
    text = text.strip()
    if not text or len(text) > MAX_COMMENT:
        raise errors.Invalid(
            "reply_length", "Write an answer of 1 to %(max)d characters.", field="reply", max=MAX_COMMENT
        )
    rating.reply, rating.replied_at = text, now


def hide(rating: Rating, *, reason: str, by: str, now: datetime) -> None:
    """A regulator hides a comment with a reason; its score stays."""
    reason = reason.strip()
    if not reason:
        raise errors.Invalid("reason_required", "Give the reason.", field="reason")
    rating.hidden_at, rating.hidden_reason, rating.hidden_by = now, reason, by


def show_again(rating: Rating) -> None:
    """A regulator takes the hiding back."""
    rating.hidden_at = rating.hidden_reason = rating.hidden_by = None
