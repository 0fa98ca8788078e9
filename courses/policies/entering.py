"""A version becomes law: checked once more under a lock, then written for good.

Both the approval of a draft and the short way of demonstrations and tests end here, with two officers.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from courses import errors
from courses.people.jurisdictions import Jurisdiction
from courses.policies import findings
from courses.policies.drafted import Draft, version_of
from courses.policies.published import PolicyVersion


def enter(
    session: Session, draft: Draft, *, entered_by: str, approved_by: str, now: datetime
) -> PolicyVersion:
    """Publish a version. It is known from `now` on and can never be edited, only superseded.

    `entered_by` drafted it, `approved_by` is another. Refused: Conflict `same_person`, and the first of
    whatever stops a draft (`findings`).
    """
    if entered_by == approved_by:
        raise errors.Conflict("same_person", "Somebody else must decide on what you proposed.")
    lock(session, draft.jurisdiction_id)
    for finding in findings.of(session, draft, now=now):
        if finding.is_error:
            raise finding.said
    made = version_of(session, draft, drafted_by=entered_by, approved_by=approved_by, now=now)
    session.add(made)
    session.flush()
    return made


def lock(session: Session, jurisdiction_id: str) -> None:
    """One approval at a time in the whole city: two would both find the same number free, and a district's
    rule is held against the city's."""
    place = session.get(Jurisdiction, jurisdiction_id)
    while place is not None and place.parent_id is not None:
        place = session.get(Jurisdiction, place.parent_id)
    if place is not None:
        session.get(Jurisdiction, place.id, with_for_update=True)
