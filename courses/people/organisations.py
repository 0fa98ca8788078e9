"""Authorities, institutions and enterprises, dated memberships, and what an actor may reach.

Official roles and their scopes: `domain.md` section 7.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.people import documents, jurisdictions, uscc
from media.base import Base, new_id


class OrganisationKind(StrEnum):
    """What an organisation is to the platform."""

    AUTHORITY = "authority"
    INSTITUTION = "institution"
    ENTERPRISE = "enterprise"
    OPERATOR = "operator"


class Role(StrEnum):
    """What somebody does for an organisation; every person is a learner besides."""

    LEARNER = "learner"
    EMPLOYEE = "employee"
    ENTERPRISE_MANAGER = "enterprise_manager"
    INSTITUTION_STAFF = "institution_staff"
    INSTRUCTOR = "instructor"
    DISTRICT_REGULATOR = "district_regulator"
    CITY_REGULATOR = "city_regulator"
    OPERATOR = "operator"


PLACES = {  # at which kind of organisation a role is held
    Role.EMPLOYEE: OrganisationKind.ENTERPRISE,
    Role.ENTERPRISE_MANAGER: OrganisationKind.ENTERPRISE,
    Role.INSTITUTION_STAFF: OrganisationKind.INSTITUTION,
    Role.INSTRUCTOR: OrganisationKind.INSTITUTION,
    Role.DISTRICT_REGULATOR: OrganisationKind.AUTHORITY,
    Role.CITY_REGULATOR: OrganisationKind.AUTHORITY,
    Role.OPERATOR: OrganisationKind.OPERATOR,
}
EMPLOYED = (Role.EMPLOYEE, Role.ENTERPRISE_MANAGER)  # whoever manages safety works there too
CHECKED = frozenset({Role.INSTITUTION_STAFF, Role.INSTRUCTOR})
CHECKING = frozenset({Role.DISTRICT_REGULATOR, Role.CITY_REGULATOR})
# Whoever teaches does not approve the hours; whoever operates cannot adjust (domain.md 7).
APART = (
    (CHECKING, CHECKED | {Role.ENTERPRISE_MANAGER}),
    (frozenset({Role.OPERATOR}), CHECKING | CHECKED),
)


class Organisation(Base):
    """A body with a unified social credit code; `supervised_by` names its jurisdiction."""

    __tablename__ = "organisations"
    __table_args__ = (
        CheckConstraint("kind IN ('authority','institution','enterprise','operator')", name="kind"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120), default="")
    uscc: Mapped[str | None] = mapped_column(String(18), unique=True)
    supervised_by: Mapped[str] = mapped_column(ForeignKey("jurisdictions.id"), index=True)
    summary: Mapped[str] = mapped_column(default="")


class Membership(Base):
    """A person's role at an organisation, from a day up to (not including) another."""

    __tablename__ = "memberships"
    __table_args__ = (CheckConstraint("to_on IS NULL OR to_on >= from_on", name="days"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    role: Mapped[str] = mapped_column(String(30))
    title: Mapped[str] = mapped_column(String(60), default="")
    from_on: Mapped[date]
    to_on: Mapped[date | None]


@dataclass(frozen=True, slots=True)
class Grant:
    """One role at one organisation, with the jurisdiction that supervises it."""

    role: Role
    organisation_id: str
    jurisdiction_id: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: built once a request from account and memberships, and passed to every loader."""

    account_id: str
    person_id: str
    subject_key: str
    is_registered: bool = False
    grants: tuple[Grant, ...] = field(default=())
    is_restricted: bool = False  # asked for deletion

    @property
    def roles(self) -> frozenset[Role]:
        """Every role held today; whoever has an account is a learner."""
        return frozenset({Role.LEARNER, *(grant.role for grant in self.grants)})

    def organisations(self, *roles: Role) -> frozenset[str]:
        """Ids of the organisations at which one of `roles` is held."""
        return frozenset(g.organisation_id for g in self.grants if g.role in roles)

    def jurisdictions(self) -> frozenset[str]:
        """Jurisdictions supervised as district regulator."""
        return frozenset(
            g.jurisdiction_id for g in self.grants if g.role is Role.DISTRICT_REGULATOR
        )

    @property
    def is_city_regulator(self) -> bool:
        """The city bureau sees every jurisdiction."""
        return Role.CITY_REGULATOR in self.roles


def create(
    session: Session,
    *,
    kind: OrganisationKind,
    name: str,
    supervised_by: str,
    uscc_code: str = "",
    name_en: str = "",
    summary: str = "",
) -> Organisation:
    """A new organisation; its credit code is checked, and refused `uscc_taken` when known already."""
    jurisdictions.get(session, supervised_by)
    plain = " ".join(documents.half_width(name).split())
    if not 2 <= len(plain) <= 120:
        raise errors.Invalid("name_invalid", "Enter the registered name.", field="name")
    code = uscc.check(uscc_code) if uscc_code else None
    if code and session.scalar(select(Organisation.id).where(Organisation.uscc == code)):
        raise errors.Conflict("uscc_taken", "An organisation with this credit code exists already.")
    made = Organisation(
        kind=kind,
        name=plain,
        name_en=name_en,
        uscc=code,
        supervised_by=supervised_by,
        summary=summary,
    )
    session.add(made)
    session.flush()
    return made


def get(session: Session, organisation_id: str) -> Organisation:
    """One organisation, as the public may know it; NotFound if there is none."""
    found = session.get(Organisation, organisation_id)
    if found is None:
        raise errors.NotFound()
    return found


def find(
    session: Session, text: str, *, kind: OrganisationKind | None = None, limit: int = 10
) -> list[Organisation]:
    """Organisations by credit code, whole name or part of it; exact ones alone when there are any.

    A mistyped credit code is refused as `uscc.check` does, rather than searched as a name.
    """
    plain = " ".join(documents.half_width(text).split())
    query = select(Organisation)
    if kind is not None:
        query = query.where(Organisation.kind == kind)
    code = uscc.normalise(plain)
    if len(code) >= 15 and code.isascii() and code.isalnum():
        return list(session.scalars(query.where(Organisation.uscc == uscc.check(code))))
    if len(plain) < 2:
        return []
    exact = list(session.scalars(query.where(Organisation.name == plain)))
    if exact:
        return exact
    like = query.where(
        or_(
            Organisation.name.contains(plain, autoescape=True),
            Organisation.name_en.icontains(plain, autoescape=True),
        )
    )
    return list(session.scalars(like.order_by(Organisation.name).limit(limit)))


def join(
    session: Session,
    *,
    person_id: str,
    organisation_id: str,
    role: Role,
    from_on: date,
    to_on: date | None = None,
    title: str = "",
) -> Membership:
    """Somebody takes a role from a day on; taking it again changes nothing.

    Refused `role_unsuited` where the organisation is of another kind or level, and `roles_apart`
    where the separation of duties forbids both roles to one person.
    """
    organisation = get(session, organisation_id)
    is_city = jurisdictions.get(session, organisation.supervised_by).parent_id is None
    fits = PLACES.get(role) == organisation.kind and not (
        (role is Role.CITY_REGULATOR and not is_city)
        or (role is Role.DISTRICT_REGULATOR and is_city)
    )
    if not fits:
        raise errors.Invalid("role_unsuited", "This organisation has no such role.", field="role")
    held = memberships(session, person_id, on=from_on)
    for same in held:
        if same.organisation_id == organisation_id and same.role == role:
            return same
    roles = {Role(row.role) for row in held} | {role}
    if any(roles & one and roles & other for one, other in APART):
        raise errors.Conflict("roles_apart", "One person may not hold these two roles.")
    made = Membership(
        person_id=person_id,
        organisation_id=organisation_id,
        role=role,
        title=title,
        from_on=from_on,
        to_on=to_on,
    )
    session.add(made)
    session.flush()
    return made


def leave(membership: Membership, *, on: date) -> None:
    """A membership ends before `on`; one that began later ends with its first day."""
    last = max(on, membership.from_on)
    membership.to_on = last if membership.to_on is None else min(membership.to_on, last)


def memberships(session: Session, person_id: str, *, on: date) -> list[Membership]:
    """What somebody is on a day, the latest first."""
    return list(
        session.scalars(
            select(Membership)
            .where(Membership.person_id == person_id, *held_on(on))
            .order_by(Membership.from_on.desc(), Membership.id)
        )
    )


def held_on(day: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The conditions under which a membership holds on a day."""
    return Membership.from_on <= day, or_(Membership.to_on.is_(None), Membership.to_on > day)


def employer(session: Session, person_id: str, *, on: date) -> Organisation | None:
    """The enterprise somebody works for on a day; of several the latest."""
    return session.scalars(
        select(Organisation)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(Membership.person_id == person_id, Membership.role.in_(EMPLOYED), *held_on(on))
        .order_by(Membership.from_on.desc(), Membership.id)
    ).first()


def members(session: Session, organisation_id: str, *roles: Role, on: date) -> list[Membership]:
    """Who holds one of `roles` at an organisation on a day."""
    return list(
        session.scalars(
            select(Membership)
            .where(
                Membership.organisation_id == organisation_id,
                Membership.role.in_(roles),
                *held_on(on),
            )
            .order_by(Membership.from_on, Membership.id)
        )
    )
