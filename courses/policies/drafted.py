"""What an officer enters, and the version it would become; nothing here is stored or judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from courses import errors
from courses.credit import instants
from courses.people.jurisdictions import Jurisdiction
from courses.policies import rules as reading
from courses.policies.published import PolicyVersion, start_of_day, versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an officer enters. Days are of the policy's own zone; `until_on` is the first day after it.

    `rules`: any fields of `credit-rules.md` 3 from `timezone` on; what is left out takes its default.
    """

    jurisdiction_id: str
    effective_on: date
    until_on: date | None = None
    title: str
    number: str = ""
    text: str = ""
    rules: Mapping[str, Any] = field(default_factory=dict)
    prompts: Mapping[str, Any] | None = None
    policy_id: str = ""
    version: str = ""
    is_example: bool = False


def version_of(
    session: Session, draft: Draft, *, drafted_by: str, approved_by: str, now: datetime
) -> PolicyVersion:
    """The version that a draft would become at `now`, not stored.

    Refused: `unknown_jurisdiction`, `invalid_policy` with the engine's own words.
    """
    if session.get(Jurisdiction, draft.jurisdiction_id) is None:
        raise errors.Invalid("unknown_jurisdiction", "Choose the area this rule is for.", field="jurisdiction_id")
    rules = reading.complete(draft.rules)
    zone = instants.zone(rules["timezone"])
    earlier = versions(session, draft.jurisdiction_id)
    return PolicyVersion(
        policy_id=draft.policy_id or (earlier[-1].policy_id if earlier else default_policy_id(draft)),
        version=draft.version or str(len(earlier) + 1),
        jurisdiction_id=draft.jurisdiction_id,
        issued_at=now,
        effective_from=start_of_day(draft.effective_on, zone),
        effective_to=start_of_day(draft.until_on, zone) if draft.until_on else None,
        document_title=draft.title.strip(),
        document_number=draft.number.strip(),
        document_text=draft.text.strip(),
        is_example=draft.is_example,
        rules=rules,
        prompts=dict(draft.prompts) if draft.prompts else None,
        entered_by=drafted_by,
        approved_by=approved_by,
    )


def default_policy_id(draft: Draft) -> str:
    """One line of versions a jurisdiction, named after it."""
    return f"{draft.jurisdiction_id.lower()}-online"
