"""An enterprise's invitation: a link, also as a code on a poster, by which staff say that they work there.

Its id is the secret of the link. It gives no rights: anybody may name an employer; the link spares the typing.
"""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.people import staff
from courses.people.organisations import Actor
from media.base import Base, new_id

LASTS = timedelta(days=90)


class Invitation(Base):
    """One link of one enterprise."""

    __tablename__ = "invitations"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]


def standing(session: Session, actor: Actor, *, now: datetime) -> list[Invitation]:
    """The links of the actor's enterprises that still lead somewhere, the newest first."""
    return list(
        session.scalars(
            select(Invitation)
            .where(Invitation.organisation_id.in_(staff.managed(actor)), Invitation.ends_at > now)
            .order_by(Invitation.created_at.desc(), Invitation.id)
        )
    )


def renew(session: Session, actor: Actor, *, organisation_id: str, now: datetime) -> Invitation:
    """A new link; former ones end with it. NotFound for another's enterprise."""
    end(session, actor, organisation_id=organisation_id, now=now)
    made = Invitation(organisation_id=organisation_id, created_at=now, ends_at=now + LASTS)
    session.add(made)
    session.flush()
    return made


def end(session: Session, actor: Actor, *, organisation_id: str, now: datetime) -> None:
    """The enterprise's links lead nowhere from now on."""
    if organisation_id not in staff.managed(actor):
        raise errors.NotFound()
    for one in standing(session, actor, now=now):
        if one.organisation_id == organisation_id:
            one.ends_at = now


def opened(session: Session, invitation_id: str, *, now: datetime) -> Invitation:
    """The invitation behind a link; `invitation_ended` once it ended, NotFound if there is none."""
    found = session.get(Invitation, invitation_id)
    if found is None:
        raise errors.NotFound()
    if found.ends_at <= now:
        raise errors.Gone(
            "invitation_ended", "This invitation has ended. Ask your safety manager for a new one, or name your employer yourself."
        )
    return found
