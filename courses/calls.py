"""A bureau calls for courses (征集): institutions answer with one of theirs, a jury scores, winners are bought for the public.

Answers are sealed until the last day is over, also from the jury. What is bought is a public licence (购买): the
course is free for the workers of the bureau's area, from a day on, for as long as was agreed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.catalogue import drafts
from courses.catalogue.models import Course
from courses.people import jurisdictions
from courses.people.organisations import Actor, Organisation, Role
from courses.units import Money
from media.base import Base, append_only, new_id

CRITERIA = ("content", "teaching", "phone")  # each from 1 to 5
LEAST_JURORS = 2


class Call(Base):
    """A bureau's call, open up to and including its last day."""

    __tablename__ = "calls"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    jurisdiction_id: Mapped[str] = mapped_column(ForeignKey("jurisdictions.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    wanted: Mapped[str]  # the subject, and what a course must hold
    last_on: Mapped[date]
    made_by: Mapped[str] = mapped_column(String(16))
    made_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(16))
    decided_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(default="")  # the reason, in words

    def is_open(self, on: date) -> bool:
        """Whether institutions can still answer."""
        return self.decided_at is None and on <= self.last_on


class CallAnswer(Base):
    """An institution offers a course."""

    __tablename__ = "call_answers"
    __table_args__ = (
        UniqueConstraint("call_id", "course_id"),
        CheckConstraint("price_minor >= 0", name="price_minor"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"))
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"))
    institution_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    words: Mapped[str] = mapped_column(String(1000))
    price_minor: Mapped[int] = mapped_column(BigInteger)  # for the licence
    currency: Mapped[str] = mapped_column(String(3))
    answered_by: Mapped[str] = mapped_column(String(16))
    answered_at: Mapped[datetime]

    @property
    def price(self) -> Money:
        """What the institution asks for the licence."""
        return Money(self.price_minor, self.currency)


class CallScore(Base):
    """One juror's marks for one answer; they may be changed until the decision."""

    __tablename__ = "call_scores"
    __table_args__ = (
        UniqueConstraint("answer_id", "juror"),
        CheckConstraint(
            "content BETWEEN 1 AND 5 AND teaching BETWEEN 1 AND 5 AND phone BETWEEN 1 AND 5", name="marks"
        ),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    answer_id: Mapped[str] = mapped_column(ForeignKey("call_answers.id"))
    juror: Mapped[str] = mapped_column(String(16))
    content: Mapped[int]
    teaching: Mapped[int]
    phone: Mapped[int]
    note: Mapped[str] = mapped_column(String(500), default="")
    at: Mapped[datetime]


@append_only
class PublicLicence(Base):
    """A course is free for the workers of an area. `until_on` is the first day on which it no longer is."""

    __tablename__ = "public_licences"
    __table_args__ = (
        CheckConstraint("until_on > from_on", name="days"),
        Index("ix_public_licences_course", "course_id"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"))
    jurisdiction_id: Mapped[str] = mapped_column(ForeignKey("jurisdictions.id"))
    answer_id: Mapped[str] = mapped_column(ForeignKey("call_answers.id"), unique=True)
    from_on: Mapped[date]
    until_on: Mapped[date]
    made_by: Mapped[str] = mapped_column(String(16))
    made_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer with its course, institution and marks; `mean` None before anybody scored."""

    answer: CallAnswer
    course: Course
    institution: Organisation
    scores: Sequence[CallScore]
    licence: PublicLicence | None

    @property
    def mean(self) -> Fraction | None:
        """The mean of all marks."""
        marks = [getattr(one, word) for one in self.scores for word in CRITERIA]
        return Fraction(sum(marks), len(marks)) if marks else None


def areas(actor: Actor) -> frozenset[str]:
    """The areas for which an officer calls: the own district, or the whole city."""
    return frozenset(
        grant.jurisdiction_id
        for grant in actor.grants
        if grant.role in (Role.DISTRICT_REGULATOR, Role.CITY_REGULATOR)
    )


def make(
    session: Session, actor: Actor, *, jurisdiction_id: str, title: str, wanted: str, last_on: date, on: date, now: datetime
) -> Call:
    """Open a call. NotFound for another's area; Invalid `last_day_past`."""
    if jurisdiction_id not in areas(actor):
        raise errors.NotFound()
    if last_on < on:
        raise errors.Invalid("last_day_past", "Choose today or a later day.", field="last_on")
    made = Call(
        jurisdiction_id=jurisdiction_id, title=title, wanted=wanted, last_on=last_on, made_by=actor.subject_key, made_at=now
    )
    session.add(made)
    session.flush()
    return made


def listed(session: Session) -> list[Call]:
    """Every call, the latest last day first; calls are public."""
    return list(session.scalars(select(Call).order_by(Call.last_on.desc(), Call.id)))


def get(session: Session, call_id: str) -> Call:
    """One call; NotFound if there is none."""
    found = session.get(Call, call_id)
    if found is None:
        raise errors.NotFound()
    return found


def answer(
    session: Session,
    actor: Actor,
    call: Call,
    *,
    course_id: str,
    words: str,
    price: Money,
    on: date,
    now: datetime,
) -> CallAnswer:
    """Offer one of the own courses that is on offer; once more, the offer is changed.

    Refused: Conflict `call_closed`; Invalid `not_on_offer`.
    """
    session.refresh(call, with_for_update=True)
    if not call.is_open(on):
        raise errors.Conflict("call_closed", "The last day of this call is over.")
    course = drafts.for_staff(session, actor, course_id=course_id)
    if not course.current_edition or course.withdrawn_at is not None:
        raise errors.Invalid("not_on_offer", "Choose a course that is on offer.", field="course_id")
    made = session.scalars(
        select(CallAnswer).where(CallAnswer.call_id == call.id, CallAnswer.course_id == course_id)
    ).one_or_none()
    if made is None:
        made = CallAnswer(call_id=call.id, course_id=course_id, institution_id=course.organisation_id)
        session.add(made)
    made.words = words
    made.price_minor, made.currency = price.minor, price.currency
    made.answered_by, made.answered_at = actor.subject_key, now
    session.flush()
    return made


def take_back(session: Session, actor: Actor, answer_id: str, *, on: date) -> None:
    """An institution thinks better of it, while the call is open. NotFound for another's."""
    found = session.get(CallAnswer, answer_id)
    if found is None or found.institution_id not in actor.organisations(Role.INSTITUTION_STAFF):
        raise errors.NotFound()
    call = session.get_one(Call, found.call_id, with_for_update=True)
    if not call.is_open(on):
        raise errors.Conflict("call_closed", "The last day of this call is over.")
    session.delete(found)
    session.flush()


def answers(session: Session, actor: Actor | None, call: Call, *, on: date) -> list[Judged]:
    """What somebody may see of the answers, the best first.

    Institutions see their own; the jury all, once the last day is over; everybody the winners.
    """
    found = _judged(session, call)
    own = actor.organisations(Role.INSTITUTION_STAFF) if actor else frozenset()
    if actor is not None and call.jurisdiction_id in areas(actor) and not call.is_open(on):
        return found
    return [one for one in found if one.answer.institution_id in own or one.licence is not None]


def _judged(session: Session, call: Call) -> list[Judged]:
    rows = session.execute(
        select(CallAnswer, Course, Organisation, PublicLicence)
        .join(Course, Course.id == CallAnswer.course_id)
        .join(Organisation, Organisation.id == CallAnswer.institution_id)
        .outerjoin(PublicLicence, PublicLicence.answer_id == CallAnswer.id)
        .where(CallAnswer.call_id == call.id)
        .order_by(CallAnswer.answered_at, CallAnswer.id)
    ).all()
    scores: dict[str, list[CallScore]] = {}
    for score_ in session.scalars(
        select(CallScore)
        .join(CallAnswer, CallAnswer.id == CallScore.answer_id)
        .where(CallAnswer.call_id == call.id)
        .order_by(CallScore.at, CallScore.id)
    ):
        scores.setdefault(score_.answer_id, []).append(score_)
    found = [Judged(one, course, institution, scores.get(one.id, []), licence) for one, course, institution, licence in rows]
    return sorted(found, key=lambda one: -(one.mean or 0))


def score(
    session: Session, actor: Actor, answer_id: str, *, marks: Mapping[str, int], note: str, on: date, now: datetime
) -> CallScore:
    """A juror's marks. NotFound for another's area; Conflict `call_open`, `call_decided`; Invalid `marks`."""
    found = session.get(CallAnswer, answer_id)
    call = session.get_one(Call, found.call_id, with_for_update=True) if found else None
    if found is None or call is None or call.jurisdiction_id not in areas(actor):
        raise errors.NotFound()
    if call.is_open(on):
        raise errors.Conflict("call_open", "Answers are opened once the last day is over.")
    if call.decided_at is not None:
        raise errors.Conflict("call_decided", "This call is decided.")
    if any(not 1 <= marks.get(word, 0) <= 5 for word in CRITERIA):
        raise errors.Invalid("marks", "Give each a mark from 1 to 5.", field="content")
    made = session.scalars(
        select(CallScore).where(CallScore.answer_id == answer_id, CallScore.juror == actor.subject_key)
    ).one_or_none()
    if made is None:
        made = CallScore(answer_id=answer_id, juror=actor.subject_key)
        session.add(made)
    made.content, made.teaching, made.phone = (marks[word] for word in CRITERIA)
    made.note, made.at = note, now
    session.flush()
    return made


def decide(
    session: Session,
    actor: Actor,
    call_id: str,
    *,
    winners: Sequence[str],
    from_on: date,
    until_on: date,
    reason: str,
    on: date,
    now: datetime,
) -> Call:
    """Buy the winners for the area's workers, or nobody, with the reason; for good.

    Refused: Conflict `call_open`, `call_decided`, `too_few_jurors` where an answer has fewer than two jurors'
    marks; Invalid `days`, `reason_required`.
    """
    call = session.get(Call, call_id, with_for_update=True)
    if call is None or call.jurisdiction_id not in areas(actor):
        raise errors.NotFound()
    if call.is_open(on):
        raise errors.Conflict("call_open", "Answers are opened once the last day is over.")
    if call.decided_at is not None:
        raise errors.Conflict("call_decided", "This call is decided.")
    if not reason.strip():
        raise errors.Invalid("reason_required", "Give a reason.", field="reason")
    if until_on <= from_on:
        raise errors.Invalid("licence_days", "The licence ends after it begins.", field="until_on")
    judged = _judged(session, call)
    if any(len(one.scores) < LEAST_JURORS for one in judged):
        raise errors.Conflict("too_few_jurors", "Each answer needs the marks of at least two officers first.")
    for one in judged:
        if one.answer.id in set(winners):
            session.add(
                PublicLicence(
                    course_id=one.course.id,
                    jurisdiction_id=call.jurisdiction_id,
                    answer_id=one.answer.id,
                    from_on=from_on,
                    until_on=until_on,
                    made_by=actor.subject_key,
                    made_at=now,
                )
            )
    call.decided_by, call.decided_at, call.outcome = actor.subject_key, now, reason.strip()
    session.flush()
    return call


def licence_for(session: Session, course_id: str, *, jurisdiction_id: str | None, on: date) -> PublicLicence | None:
    """The licence by which a course is free for the workers of an area on a day, if there is one."""
    if jurisdiction_id is None:
        return None
    return session.scalars(
        select(PublicLicence)
        .where(
            PublicLicence.course_id == course_id,
            PublicLicence.jurisdiction_id.in_(jurisdictions.ancestors(session, jurisdiction_id)),
            PublicLicence.from_on <= on,
            PublicLicence.until_on > on,
        )
        .order_by(PublicLicence.from_on, PublicLicence.id)
        .limit(1)
    ).one_or_none()
