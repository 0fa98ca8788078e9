"""Required hours as dated data: trainee category x occasion x the enterprise's risk -> hours and timing.

A figure nobody knows stays None; each row carries its mark. Rows are never edited: one is superseded by
another from a day on. Whom a rule binds and how far it is met are not told here (`requirements`).
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from media.base import Base, WholeNumber, append_only, new_id

MOST_HOURS = 1000  # a typing error, not a law
MOST_MONTHS = 240


class Trainee(StrEnum):
    """Categories of `domain.md` 1.1 that a person can be appointed to; codes as the catalogue's."""

    PRINCIPAL = "principal"
    SAFETY_MANAGER = "safety_manager"
    SPECIAL_OPERATOR = "special_operator"
    TEAM_LEADER = "team_leader"
    OTHER_EMPLOYEE = "other_employee"


class Occasion(StrEnum):
    """When the hours fall due; codes as the catalogue's."""

    INITIAL = "initial"
    ANNUAL = "annual_retrain"
    REVIEW = "cert_review"


class Risk(StrEnum):
    """High risk: coal, other mines, hazardous chemicals, fireworks, metal smelting."""

    ORDINARY = "ordinary"
    HIGH = "high"


class Mark(StrEnum):
    """How far a row is to be relied on."""

    SOURCED = "sourced"
    GENERAL_KNOWLEDGE = "general_knowledge"
    ASSUMED = "assumed"


@append_only
class RequiredHours(Base):
    """One rule. `from_on` None: in force since before anything known here."""

    __tablename__ = "required_hours"
    __table_args__ = (
        CheckConstraint(
            "trainee IN ('principal','safety_manager','special_operator','team_leader','other_employee')",
            name="trainee",
        ),
        CheckConstraint("occasion IN ('initial','annual_retrain','cert_review')", name="occasion"),
        CheckConstraint("risk IN ('ordinary','high')", name="risk"),
        CheckConstraint("mark IN ('sourced','general_knowledge','assumed')", name="mark"),
        CheckConstraint("(supersedes_id IS NULL) = (from_on IS NULL)", name="from_on"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    trainee: Mapped[str] = mapped_column(String(30))
    occasion: Mapped[str] = mapped_column(String(20))
    risk: Mapped[str] = mapped_column(String(10))
    hours_num: Mapped[int | None] = mapped_column(WholeNumber)
    hours_den: Mapped[int | None] = mapped_column(WholeNumber)
    practical_num: Mapped[int | None] = mapped_column(WholeNumber)
    practical_den: Mapped[int | None] = mapped_column(WholeNumber)
    period_months: Mapped[int | None] = mapped_column(Integer)
    min_interval_months: Mapped[int | None] = mapped_column(Integer)
    max_interval_months: Mapped[int | None] = mapped_column(Integer)
    grace_months: Mapped[int | None] = mapped_column(Integer)
    source: Mapped[str] = mapped_column(String(200))
    mark: Mapped[str] = mapped_column(String(20))
    from_on: Mapped[date | None]
    supersedes_id: Mapped[str | None] = mapped_column(ForeignKey("required_hours.id"), unique=True)
    entered_by: Mapped[str | None] = mapped_column(String(16))  # subject key; None: came with the software
    entered_at: Mapped[datetime]

    @property
    def hours(self) -> Fraction | None:
        """Credited hours required; None: not known."""
        return _fraction(self.hours_num, self.hours_den)

    @property
    def practical(self) -> Fraction | None:
        """How many of them must be practical; None: not known."""
        return _fraction(self.practical_num, self.practical_den)


def _fraction(num: int | None, den: int | None) -> Fraction | None:
    return None if num is None or den is None else Fraction(num, den)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a superseding row says; None: not known."""

    hours: Fraction | None
    practical: Fraction | None = None
    period_months: int | None = None
    min_interval_months: int | None = None
    max_interval_months: int | None = None
    grace_months: int | None = None


def in_force(session: Session, *, on: date) -> list[RequiredHours]:
    """The row of each trainee, occasion and risk on a day, in one query."""
    rows = list(session.scalars(select(RequiredHours)))
    begun = [row for row in rows if row.from_on is None or row.from_on <= on]
    over = {row.supersedes_id for row in begun}
    return sorted(
        (row for row in begun if row.id not in over), key=lambda row: (row.trainee, row.occasion, row.risk)
    )


def everything(session: Session) -> list[RequiredHours]:
    """Every row there ever was, by whom it is for and when, from the first day on."""
    rows = session.scalars(select(RequiredHours))
    occasions = [one.value for one in Occasion]
    return sorted(rows, key=lambda row: (row.trainee, occasions.index(row.occasion), row.risk, row.from_on or date.min))


def get(session: Session, row_id: str) -> RequiredHours:
    """One row, or NotFound; rows are public."""
    found = session.get(RequiredHours, row_id)
    if found is None:
        raise errors.NotFound()
    return found


def follower(session: Session, row_id: str) -> RequiredHours | None:
    """The row that supersedes another, if one does."""
    return session.scalar(select(RequiredHours).where(RequiredHours.supersedes_id == row_id))


def supersede(
    session: Session, row_id: str, figures: Figures, *, from_on: date, source: str, mark: Mark,
    entered_by: str, now: datetime,
) -> RequiredHours:
    """Put another row in a row's place from a day on; the old one stays for the days before.

    Refused: `required_hours_superseded`, `required_hours_from`, `required_hours_source`,
    `requirement_hours`, `required_hours_months`, `required_hours_practical`.
    """
    old = get(session, row_id)
    session.refresh(old, with_for_update=True)  # two officers at once would both find it free
    if follower(session, row_id) is not None:
        raise errors.Conflict("required_hours_superseded", "This row is superseded already; start from the newest.")
    if old.from_on is not None and from_on <= old.from_on:
        raise errors.Invalid(
            "required_hours_from", "Choose a day after the one from which the old row holds.", field="from_on"
        )
    if not source.strip():
        raise errors.Invalid("required_hours_source", "Name the text it rests on.", field="source")
    check(figures)
    made = RequiredHours(
        trainee=old.trainee, occasion=old.occasion, risk=old.risk,
        hours_num=None if figures.hours is None else figures.hours.numerator,
        hours_den=None if figures.hours is None else figures.hours.denominator,
        practical_num=None if figures.practical is None else figures.practical.numerator,
        practical_den=None if figures.practical is None else figures.practical.denominator,
        period_months=figures.period_months,
        min_interval_months=figures.min_interval_months,
        max_interval_months=figures.max_interval_months,
        grace_months=figures.grace_months,
        source=source.strip(), mark=mark, from_on=from_on, supersedes_id=row_id,
        entered_by=entered_by, entered_at=now,
    )
    session.add(made)
    session.flush()
    return made


def check(figures: Figures) -> None:
    """Refuse what is out of range or contradicts itself."""
    if figures.hours is not None and not 0 < figures.hours <= MOST_HOURS:
        raise errors.Invalid("requirement_hours", "Hours are more than 0, and at most 1000.", field="hours")
    if figures.practical is not None and not 0 <= figures.practical <= (figures.hours or 0):
        raise errors.Invalid(
            "required_hours_practical", "Practical hours are part of the hours, and not more.", field="practical"
        )
    for name in ("period_months", "min_interval_months", "max_interval_months", "grace_months"):
        months = getattr(figures, name)
        if months is not None and not 0 < months <= MOST_MONTHS:
            raise errors.Invalid("required_hours_months", "Months are from 1 to 240.", field=name)
    shortest, longest = figures.min_interval_months, figures.max_interval_months
    if shortest is not None and longest is not None and shortest > longest:
        raise errors.Invalid(
            "required_hours_months", "The shortest interval is longer than the longest.", field="min_interval_months"
        )
