"""Who holds which post at an enterprise, from when to when, as its safety manager says.

An appointment ends with the employment at the latest. What follows from one is opened by `opening`.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, String, and_, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.ledger import accounts
from courses.ledger.required import industries
from courses.ledger.required_hours import Trainee
from courses.people import persons, staff
from courses.people.jurisdictions import day_of
from courses.people.organisations import EMPLOYED, Actor, Membership, held_on
from courses.people.persons import Person
from media.base import Base, new_id

LONGEST_POST = 60
LONGEST_AGO = timedelta(days=366 * 60)  # a working life: further back is a typing error
LONGEST_AHEAD = timedelta(days=366)
MOST_AT_ONCE = 500


class Appointment(Base):
    """Somebody employed is of one category of trainees, from a day up to (not including) another."""

    __tablename__ = "appointments"
    __table_args__ = (
        CheckConstraint(
            "trainee IN ('principal','safety_manager','special_operator','team_leader','other_employee')",
            name="trainee",
        ),
        CheckConstraint("to_on IS NULL OR to_on >= from_on", name="days"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    membership_id: Mapped[str] = mapped_column(ForeignKey("memberships.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    subject_key: Mapped[str] = mapped_column(String(16), index=True)
    trainee: Mapped[str] = mapped_column(String(30))
    post: Mapped[str] = mapped_column(String(LONGEST_POST))
    from_on: Mapped[date]
    to_on: Mapped[date | None]
    trained_on: Mapped[date | None]  # initial training or last review finished, before it was counted here
    appointed_by: Mapped[str] = mapped_column(String(16))  # subject key
    appointed_at: Mapped[datetime]
    ended_by: Mapped[str | None] = mapped_column(String(16))
    ended_at: Mapped[datetime | None]
    next_on: Mapped[date | None] = mapped_column(index=True)  # when to look at it again; None: nothing is foreseen

    def holds(self, on: date) -> bool:
        """Whether the post is held on a day."""
        return self.from_on <= on and (self.to_on is None or on < self.to_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What the manager enters."""

    trainee: Trainee
    post: str
    from_on: date
    trained_on: date | None = None


def employed(session: Session, actor: Actor, membership_id: str, *, on: date) -> Membership:
    """The present employment of somebody at the actor's enterprise, or NotFound."""
    found = session.scalar(
        select(Membership)
        .join(Person, Person.id == Membership.person_id)
        .where(
            persons.is_found(),
            Membership.id == membership_id,
            Membership.organisation_id.in_(staff.managed(actor)),
            Membership.role.in_(EMPLOYED),
            *held_on(on),
        )
    )
    if found is None:
        raise errors.NotFound()
    return found


def appoint(session: Session, actor: Actor, membership_id: str, post: Post, *, now: datetime) -> Appointment:
    """Somebody employed takes a post; `opening.look` says what is owed for it.

    Refused: `industry_unknown`, `appointment_post`, `appointment_from`, `trained_on`, `appointment_twice`.
    """
    today = day_of(now)
    membership = employed(session, actor, membership_id, on=today)
    if industries.on_day(session, membership.organisation_id, on=today) is None:
        raise errors.Conflict("industry_unknown", "Say first what your enterprise does: the rules depend on it.")
    check(post, today=today)
    subject_key = persons.subject_of(session, membership.person_id)
    accounts.lock(session, subject_key)
    for other in of_subject(session, subject_key):
        is_same = (other.organisation_id, other.trainee) == (membership.organisation_id, post.trainee)
        if is_same and (other.to_on is None or other.to_on > post.from_on):
            raise errors.Conflict("appointment_twice", "This person holds a post of this kind already; end that first.")
    made = Appointment(
        membership_id=membership.id,
        organisation_id=membership.organisation_id,
        subject_key=subject_key,
        trainee=post.trainee,
        post=post.post.strip(),
        from_on=post.from_on,
        trained_on=post.trained_on,
        appointed_by=actor.subject_key,
        appointed_at=now,
        next_on=today,
    )
    session.add(made)
    session.flush()
    return made


def check(post: Post, *, today: date) -> None:
    """Refuse what is empty or cannot be."""
    if not 0 < len(post.post.strip()) <= LONGEST_POST:
        raise errors.Invalid("appointment_post", "Name the post, in at most 60 characters.", field="post")
    if not today - LONGEST_AGO <= post.from_on <= today + LONGEST_AHEAD:
        raise errors.Invalid(
            "appointment_from", "Choose a day of a working life, no later than a year from now.", field="from_on"
        )
    if post.trained_on is not None and not today - LONGEST_AGO <= post.trained_on <= today:
        raise errors.Invalid("trained_on", "Choose the day on which that training was finished.", field="trained_on")


def end(session: Session, actor: Actor, appointment_id: str, *, to_on: date, now: datetime) -> Appointment:
    """The post is held until the day before `to_on`. Hours once due are not escaped: no day gone by is taken.

    Refused: `appointment_ended`, `appointment_to`; NotFound where it is not of the actor's present staff.
    """
    today = day_of(now)
    row = session.get(Appointment, appointment_id)
    if row is None:
        raise errors.NotFound()
    employed(session, actor, row.membership_id, on=today)
    accounts.lock(session, row.subject_key)
    session.refresh(row, with_for_update=True)
    if row.to_on is not None:
        raise errors.Conflict("appointment_ended", "The end of this post is entered already.")
    if not today <= to_on <= today + LONGEST_AHEAD:
        raise errors.Invalid("appointment_to", "Choose today or a day of the coming year.", field="to_on")
    row.to_on = max(to_on, row.from_on)
    row.ended_by = actor.subject_key
    row.ended_at = now
    row.next_on = today
    session.flush()
    return row


def of_subject(session: Session, subject_key: str) -> list[Appointment]:
    """Every post of somebody, the latest first."""
    return list(
        session.scalars(
            select(Appointment)
            .where(Appointment.subject_key == subject_key)
            .order_by(Appointment.from_on.desc(), Appointment.appointed_at.desc(), Appointment.id)
        )
    )


def due(session: Session, *, today: date) -> list[str]:
    """Appointments to be looked at: a period ends or begins, or the employment is over."""
    is_left = and_(Membership.to_on <= today, or_(Appointment.to_on.is_(None), Appointment.to_on > Membership.to_on))
    asked = (
        select(Appointment.id)
        .join(Membership, Membership.id == Appointment.membership_id)
        .where(or_(Appointment.next_on <= today, is_left))
        .order_by(Appointment.next_on, Appointment.id)
        .limit(MOST_AT_ONCE)
    )
    return list(session.scalars(asked))


def awaken(session: Session, *, from_on: date, trainee: str | None = None, organisation_id: str | None = None) -> None:
    """A rule, or what an enterprise does, changes from a day on: whoever that may bind is looked at then."""
    # In the narrow scope the rules of other employees bind principals and safety managers too.
    narrowed = trainee is None or trainee == Trainee.OTHER_EMPLOYEE
    session.execute(
        update(Appointment)
        .where(
            or_(Appointment.to_on.is_(None), Appointment.to_on > from_on),
            or_(Appointment.next_on.is_(None), Appointment.next_on > from_on),
            *(() if narrowed else (Appointment.trainee == trainee,)),
            *(() if organisation_id is None else (Appointment.organisation_id == organisation_id,)),
        )
        .values(next_on=from_on)
        .execution_options(synchronize_session=False)
    )
