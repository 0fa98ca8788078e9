"""An enterprise's present staff: who is short of what, and until when, what is due first at the head.

From what is written in the ledger, in a number of queries that does not grow with the staff. Nobody who has
left is in it, and of another enterprise's posts nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.ledger.required import shortfall
from courses.ledger.required.appointments import Appointment
from courses.ledger.required.shortfall import Part
from courses.people import staff
from courses.people.organisations import Actor
from courses.people.persons import Subject
from courses.people.staff import Employed
from courses.people.vault import Vault

EVERYBODY = 100_000


@dataclass(frozen=True, slots=True)
class Row:
    """One employee with the posts held today and what is owed in periods that are not over."""

    employed: Employed
    posts: list[Appointment]
    parts: list[Part]

    @property
    def short(self) -> list[Part]:
        """What is not met, what is due first at the head."""
        return sorted((part for part in self.parts if not part.result.is_met), key=urgency)

    @property
    def due_on(self) -> date | None:
        """The first last day of what is short; None where nothing is, or no last day is known."""
        return self.short[0].due_on if self.short else None

    @property
    def hours(self) -> Fraction:
        """Hours short of what is due first; one hour may fill several requirements, so there is no sum of all."""
        return self.short[0].result.short if self.short else Fraction(0)

    def is_overdue(self, today: date) -> bool:
        """Whether a last day has gone by."""
        return self.due_on is not None and self.due_on < today


def urgency(part: Part) -> tuple[date, Fraction]:
    """By the last day allowed, then by how much is short."""
    return (part.due_on or date.max, -part.result.short)


def of_actor(session: Session, vault: Vault, actor: Actor, *, today: date, as_of: datetime) -> list[Row]:
    """Everybody employed today at the actor's enterprises, the most urgent first, then those without a post."""
    _total, present = staff.current(session, vault, actor, on=today, limit=EVERYBODY)
    keys = dict(
        session.execute(
            select(Subject.person_id, Subject.key).where(Subject.person_id.in_([one.person_id for one in present]))
        ).all()
    )
    managed = set(staff.managed(actor))
    posts = posts_of(session, managed, today=today)
    ends = {key: as_of for key in keys.values()}  # noqa: C420 - one instant for all
    owed = shortfall.of_subjects(session, ends)
    rows = []
    for one in present:
        own = posts.get(one.membership.id, [])
        ids = {row.id for row in own}
        parts = [part for part in owed.get(keys.get(one.person_id, ""), []) if concerns(part, ids, today=today)]
        rows.append(Row(one, own, parts))
    return sorted(rows, key=lambda row: (rank(row), row.due_on or date.max, -row.hours, row.employed.name))


def concerns(part: Part, post_ids: set[str], *, today: date) -> bool:
    """Of a post here, or entered by an official, in a period that holds today."""
    is_here = part.row.appointment_id is None or part.row.appointment_id in post_ids
    return is_here and part.first_on <= today <= part.last_on


def rank(row: Row) -> int:
    """Short of something, then all well, then nothing known to be owed."""
    if row.short:
        return 0
    return 1 if row.parts else 2


def posts_of(session: Session, organisation_ids: set[str], *, today: date) -> dict[str, list[Appointment]]:
    """Posts held today at some enterprises, by membership."""
    found: dict[str, list[Appointment]] = {}
    for row in session.scalars(
        select(Appointment)
        .where(Appointment.organisation_id.in_(organisation_ids), Appointment.from_on <= today)
        .order_by(Appointment.from_on, Appointment.id)
    ):
        if row.holds(today):
            found.setdefault(row.membership_id, []).append(row)
    return found


def filtered(rows: Sequence[Row], *, trainee: str = "", occasion: str = "", only_short: bool = False) -> list[Row]:
    """Those in a kind of post, under a kind of rule, or short of something."""
    return [
        row
        for row in rows
        if (not trainee or any(post.trainee == trainee for post in row.posts))
        and (not occasion or any(part.row.occasion == occasion for part in row.parts))
        and (not only_short or row.short)
    ]
