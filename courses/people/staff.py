"""The staff of an enterprise, for its safety manager: own and present, by name, numbers masked."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses import errors
from courses.people import organisations, persons
from courses.people.organisations import EMPLOYED, Actor, Membership, Role
from courses.people.persons import IdentityDocument, Person
from courses.people.vault import Vault


@dataclass(frozen=True, slots=True)
class Employed:
    """An employee as the manager sees them: `name` whole, `document` masked; both empty before the
    registration."""

    membership: Membership
    person_id: str
    name: str
    document: str
    is_registered: bool


def managed(actor: Actor) -> list[str]:
    """Ids of the enterprises whose safety the actor manages."""
    return sorted(actor.organisations(Role.ENTERPRISE_MANAGER))


def current(
    session: Session,
    vault: Vault,
    actor: Actor,
    *,
    on: date,
    ending: str = "",
    offset: int = 0,
    limit: int = 50,
) -> tuple[int, list[Employed]]:
    """How many work in the actor's enterprises on a day, and some of them, the latest first.

    `ending` keeps those whose document's shown characters end so: four characters at most are shown.
    """
    document = (
        select(IdentityDocument.number_masked)
        .where(IdentityDocument.person_id == Person.id)
        .order_by(IdentityDocument.created_at, IdentityDocument.id)
        .limit(1)
        .scalar_subquery()
    )
    wanted = (
        Membership.organisation_id.in_(managed(actor)),
        Membership.role.in_(EMPLOYED),
        persons.is_found(),
        *organisations.held_on(on),
        *((document.endswith(ending.upper()[-4:], autoescape=True),) if ending else ()),
    )
    rows = select(Membership, Person, document).join(Person, Person.id == Membership.person_id)
    total = (
        select(func.count()).select_from(Membership).join(Person, Person.id == Membership.person_id)
    )
    found = session.execute(
        rows.where(*wanted)
        .order_by(Membership.from_on.desc(), Membership.id)
        .offset(offset)
        .limit(limit)
    )
    return session.scalars(total.where(*wanted)).one(), [
        Employed(
            held,
            person.id,
            persons.full_name(person, vault),
            number or "",
            person.registered_at is not None,
        )
        for held, person, number in found
    ]


def end(session: Session, actor: Actor, membership_id: str, *, on: date) -> None:
    """Somebody no longer works here from a day on; NotFound for other enterprises' staff.

    A manager is not sent away by another: that is the operator's to note.
    """
    found = session.get(Membership, membership_id)
    if found is None or found.organisation_id not in managed(actor) or found.role != Role.EMPLOYEE:
        raise errors.NotFound()
    organisations.leave(found, on=on)
    session.flush()
