"""A learner asks for deletion, or takes that back (PIPL art. 47, `domain.md` 5.4).

At once: what serves no archive goes, and the rest is restricted. Nobody finds it any more but its owner, and
officials by an open case. `purge` does what comes later. While a case is open nothing that could prove goes.
"""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, String, delete, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.catalogue.keeping import KeptCourse
from courses.catalogue.models import CourseInstructor, Instructor
from courses.enrolment import lock_subject
from courses.files import retention
from courses.ledger.cases import pending
from courses.people import organisations, persons
from courses.people.accounts import Account
from courses.people.jurisdictions import day_of
from courses.people.organisations import Role
from courses.people.sign_ins import SignIn
from courses.watch import faces, playbacks
from courses.watch.models import FacePicture, Playback
from courses.watch.signals.models import DeviceMark
from media.base import Base, new_id


class DeletionRequest(Base):
    """One request and what became of it; once `purged_at` is set it tells of nobody."""

    __tablename__ = "deletion_requests"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    subject_key: Mapped[str] = mapped_column(ForeignKey("subjects.key"), index=True)
    asked_at: Mapped[datetime]
    stripped_at: Mapped[datetime | None]  # when what serves no archive was deleted
    removed: Mapped[dict[str, Any]]  # how much of each kind that was
    delete_after: Mapped[date | None] = mapped_column(Date)  # None: no retention period is entered
    withdrawn_at: Mapped[datetime | None]
    purged_at: Mapped[datetime | None]
    files_left: Mapped[list[str]]  # keys of the store that are still to be deleted
    cleared_at: Mapped[datetime | None]  # when the last of them was


def standing(session: Session, subject_key: str) -> DeletionRequest | None:
    """The request of somebody that is neither taken back nor carried out."""
    return session.scalar(
        select(DeletionRequest).where(
            DeletionRequest.subject_key == subject_key,
            DeletionRequest.withdrawn_at.is_(None),
            DeletionRequest.purged_at.is_(None),
        )
    )


def offices(session: Session, person_id: str, *, on: date) -> bool:
    """Whether somebody acts for others: manages, teaches, supervises or operates."""
    held = organisations.memberships(session, person_id, on=on)
    if any(row.role != Role.EMPLOYEE for row in held):
        return True
    taught = or_(
        select(Instructor.person_id).where(Instructor.person_id == person_id).exists(),
        select(CourseInstructor.person_id).where(CourseInstructor.person_id == person_id).exists(),
    )
    return bool(session.scalar(select(taught)))


def ask(session: Session, *, person_id: str, now: datetime) -> DeletionRequest:
    """Restrict somebody's record and delete what serves no archive; told twice, the same request.

    Refused: Conflict `holds_office` to whoever acts for others.
    """
    key = persons.subject_of(session, person_id)
    lock_subject(session, key)
    known = standing(session, key)
    if known is not None:
        return known
    today = day_of(now)
    if offices(session, person_id, on=today):
        raise errors.Conflict(
            "holds_office",
            "You act for an organisation, and others must be able to see who decided. Leave that office first.",
        )
    person = persons.get(session, person_id)
    person.restricted_at = now
    for row in playbacks.still_open(session, key):
        playbacks.shut(session, row, playbacks.Reason.TAKEN_OVER, now)
    made = DeletionRequest(
        subject_key=key, asked_at=now, removed={}, files_left=[], delete_after=after(session, person_id, asked_on=today, on=today),
    )  # fmt: skip
    session.add(made)
    session.flush()
    strip(session, made, now=now)
    return made


def after(session: Session, person_id: str, *, asked_on: date, on: date) -> date | None:
    """From which day on the record may be purged; None while no retention period is entered."""
    clock = retention.of_person(session, person_id, on=on)
    return asked_on if clock.last_on is None else clock.until_on


def strip(session: Session, request: DeletionRequest, *, now: datetime) -> bool:
    """Delete what serves no archive, once; False while an open case may need it."""
    person = persons.person_of(session, request.subject_key)
    keys = persons.keys_of(session, person.id)
    if request.stripped_at is not None:
        return True
    if pending.of_subjects(session, keys):
        return False
    request.removed = {
        "pictures": sum(len(faces.withdraw(session, subject_key=key, now=now)) for key in keys),
        "devices": unmark(session, keys),
        "sign_ins": end_sign_ins(session, person.id, now=now),
        "kept_courses": session.execute(delete(KeptCourse).where(KeptCourse.subject_key.in_(keys))).rowcount,  # type: ignore[attr-defined]
    }
    request.stripped_at = now
    session.flush()
    return True


def unmark(session: Session, keys: Collection[str]) -> int:
    """Nothing tells any more on which devices somebody learnt; on how many occasions that was known."""
    mine = select(Playback.id).where(Playback.subject_key.in_(keys))
    session.execute(delete(DeviceMark).where(DeviceMark.playback_id.in_(mine)))
    told = update(Playback).where(Playback.subject_key.in_(keys), Playback.device != "").values(device="")
    return int(session.execute(told, execution_options={"synchronize_session": False}).rowcount)  # type: ignore[attr-defined]


def end_sign_ins(session: Session, person_id: str, *, now: datetime) -> int:
    """Forget former sign-ins, and of those in use on which device; how many those are."""
    mine = SignIn.account_id.in_(select(Account.id).where(Account.person_id == person_id))
    over = or_(SignIn.ended_at.is_not(None), SignIn.expires_at <= now)
    gone = session.execute(delete(SignIn).where(mine, over)).rowcount  # type: ignore[attr-defined]
    kept = session.execute(update(SignIn).where(mine).values(agent="")).rowcount  # type: ignore[attr-defined]
    return int(gone + kept)


def withdraw(session: Session, *, person_id: str, now: datetime) -> None:
    """Take a request back before it is carried out; what was deleted does not return. NotFound without one."""
    key = persons.subject_of(session, person_id)
    lock_subject(session, key)
    found = standing(session, key)
    if found is None:
        raise errors.NotFound()
    found.withdrawn_at = now
    persons.get(session, person_id).restricted_at = None
    session.flush()


def pictures_due(session: Session, subject_key: str, *, now: datetime) -> list[str]:
    """Pictures of somebody's face whose time is over: their files are to be deleted now."""
    mine = select(FacePicture.key).where(FacePicture.subject_key == subject_key, FacePicture.delete_at <= now)
    return list(session.scalars(mine))
