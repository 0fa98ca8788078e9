"""What a course is worth in hours under the rule that binds the reader.

An estimate of what watching it whole would earn; the ledger alone says what was earned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.templating import zone
from courses import errors, policies
from courses.catalogue.search import Measure
from courses.credit.policy import Policy
from courses.people import persons
from courses.people.jurisdictions import Jurisdiction
from courses.people.organisations import Actor
from courses.policies import PolicyVersion

DEFAULT_HOUR_MS = 2_700_000  # credit-rules.md 3: 45 minutes, where no rule says otherwise


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule in force for a reader; `version` is None where the city has entered none yet."""

    version: PolicyVersion | None
    policy: Policy | None
    jurisdiction: Jurisdiction | None

    @property
    def hour_ms(self) -> int:
        """The length of one hour."""
        return self.policy.hour_ms if self.policy else DEFAULT_HOUR_MS

    def raw(self, duration_ms: int) -> Fraction:
        """Raw hours of so much media."""
        return Fraction(duration_ms, self.hour_ms)

    def credited(self, durations_ms: Sequence[int]) -> Fraction | None:
        """Credited hours of whole lessons, before rounding and caps; None without a rule."""
        if self.policy is None:
            return None
        return policies.worth(self.policy, durations_ms)[0]

    @property
    def measure(self) -> Measure | None:
        """This rule as the finder takes it, for the filter by credited hours."""
        if self.policy is None or self.version is None:
            return None
        return Measure(self.version.id, self.credited)


def rule_for(session: Session, actor: Actor | None, *, now: datetime) -> Rule:
    """The rule that binds this reader today: their district's, otherwise the city's."""
    jurisdiction_id = None
    if actor is not None:
        jurisdiction_id = persons.jurisdiction_of(session, actor.person_id, on=today(now))
    if jurisdiction_id is None:
        jurisdiction_id = session.scalar(
            select(Jurisdiction.id)
            .where(Jurisdiction.parent_id.is_(None))
            .order_by(Jurisdiction.id)
        )
    if jurisdiction_id is None:
        return Rule(None, None, None)
    place = session.get(Jurisdiction, jurisdiction_id)
    try:
        version = policies.in_force(session, jurisdiction_id, at=now, known_at=now)
    except errors.Conflict:
        return Rule(None, None, place)
    return Rule(version, policies.typed(version), place)


def today(now: datetime) -> date:
    """The day it is at the site."""
    return now.astimezone(zone()).date()
