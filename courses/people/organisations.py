"""Authorities, institutions and enterprises, dated memberships, and what an actor may reach.

Official roles and their scopes: `domain.md` section 7.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

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
