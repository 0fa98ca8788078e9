"""What an enterprise does, from a day on, and so whether it is of high risk.

Rows are added and never changed. An enterprise says it of itself until an officer has; from then on the
officer's word holds, since who declares a lower risk owes fewer hours.
"""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.catalogue import taxonomy
from courses.ledger.required_hours import Risk
from courses.people.organisations import Actor, Organisation, OrganisationKind, Role
from media.base import Base, append_only, new_id

# 令3 and its like: coal, other mines, hazardous chemicals, fireworks, metal smelting (domain.md 1.2).
HIGH_RISK = frozenset({"COAL_MINE", "MINE", "HAZCHEM", "FIREWORKS", "SMELTING"})
INDUSTRIES = tuple(code for code in taxonomy.INDUSTRY.terms if code != "GENERAL")


@append_only
class EnterpriseIndustry(Base):
    """An enterprise does this from a day on."""

    __tablename__ = "enterprise_industries"
    __table_args__ = (Index("ix_enterprise_industries_organisation_id", "organisation_id"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    industry: Mapped[str] = mapped_column(String(20))
    from_on: Mapped[date]
    is_official: Mapped[bool]
    entered_by: Mapped[str] = mapped_column(String(16))  # subject key
    entered_at: Mapped[datetime]

    @property
    def risk(self) -> Risk:
        """The regime of the rules."""
        return Risk.HIGH if self.industry in HIGH_RISK else Risk.ORDINARY


# The last one holds; of one instant the official's.
IN_FORCE = (
    EnterpriseIndustry.from_on, EnterpriseIndustry.entered_at, EnterpriseIndustry.is_official, EnterpriseIndustry.id
)  # fmt: skip


def on_day(session: Session, organisation_id: str, *, on: date) -> EnterpriseIndustry | None:
    """What an enterprise does on a day; before the first row, what that one says; None: not known."""
    rows = of_enterprise(session, organisation_id)
    begun = [row for row in rows if row.from_on <= on]
    return begun[-1] if begun else next(iter(rows), None)


def of_enterprise(session: Session, organisation_id: str) -> list[EnterpriseIndustry]:
    """Everything said of one, in the order in which it holds."""
    return list(
        session.scalars(
            select(EnterpriseIndustry)
            .where(EnterpriseIndustry.organisation_id == organisation_id)
            .order_by(*IN_FORCE)
        )
    )


def newest(session: Session, organisation_ids: Iterable[str]) -> dict[str, EnterpriseIndustry]:
    """The row entered last of each enterprise that has one."""
    rows = session.scalars(
        select(EnterpriseIndustry)
        .where(EnterpriseIndustry.organisation_id.in_(list(organisation_ids)))
        .order_by(*IN_FORCE)
    )
    return {row.organisation_id: row for row in rows}


def reached(session: Session, actor: Actor, organisation_id: str) -> Organisation:
    """An enterprise that the actor manages or supervises, or NotFound."""
    found = session.get(Organisation, organisation_id)
    if found is None or found.kind != OrganisationKind.ENTERPRISE:
        raise errors.NotFound()
    is_own = organisation_id in actor.organisations(Role.ENTERPRISE_MANAGER)
    if not (is_own or supervises(actor, found)):
        raise errors.NotFound()
    return found


def supervises(actor: Actor, enterprise: Organisation) -> bool:
    """Whether the enterprise stands under the official's bureau."""
    return actor.is_city_regulator or enterprise.supervised_by in actor.jurisdictions()


def enter(
    session: Session, actor: Actor, organisation_id: str, *, industry: str, from_on: date, now: datetime
) -> EnterpriseIndustry:
    """Say what an enterprise does from a day on; the latest row from a day holds.

    Refused: `unknown_code`, `industry_from` (before the row it would follow), and `industry_decided`
    to the enterprise itself once an officer has entered a row.
    """
    enterprise = reached(session, actor, organisation_id)
    session.get(Organisation, organisation_id, with_for_update=True)  # two at once would both be the first
    if industry not in INDUSTRIES:
        raise errors.Invalid("unknown_code", "%(value)s is not one of the choices.", field="industry", value=industry)
    last = newest(session, [organisation_id]).get(organisation_id)
    is_official = supervises(actor, enterprise)
    if last is not None and last.is_official and not is_official:
        raise errors.Conflict(
            "industry_decided", "Your bureau has entered what this enterprise does. Ask it to change that."
        )
    if last is not None and from_on < last.from_on:
        raise errors.Invalid(
            "industry_from", "Choose no day before the one from which the row entered last holds.", field="from_on"
        )
    made = EnterpriseIndustry(
        organisation_id=organisation_id,
        industry=industry,
        from_on=from_on,
        is_official=is_official,
        entered_by=actor.subject_key,
        entered_at=now,
    )
    session.add(made)
    session.flush()
    return made


def supervised(
    session: Session, actor: Actor, *, name: str = "", offset: int = 0, limit: int = 50
) -> tuple[int, list[Organisation]]:
    """How many enterprises stand under the official's bureau, and some of them by name."""
    asked = select(Organisation).where(Organisation.kind == OrganisationKind.ENTERPRISE)
    if not actor.is_city_regulator:
        asked = asked.where(Organisation.supervised_by.in_(actor.jurisdictions()))
    if name:
        asked = asked.where(Organisation.name.contains(name, autoescape=True))
    total = session.scalar(select(func.count()).select_from(asked.subquery())) or 0
    rows = session.scalars(asked.order_by(Organisation.name, Organisation.id).offset(offset).limit(limit))
    return total, list(rows)
