"""Drafts of versions: the rows, and their one table of transitions. Who may do what is told in `drafting`."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.policies.drafted import Draft
from media.base import Base, append_only, new_id


class State(StrEnum):
    """Where a draft stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


MOVES: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.SUBMITTED, State.WITHDRAWN}),
    State.SUBMITTED: frozenset({State.DRAFT, State.RETURNED, State.APPROVED, State.WITHDRAWN}),
    State.RETURNED: frozenset({State.DRAFT, State.WITHDRAWN}),
    State.APPROVED: frozenset(),
    State.WITHDRAWN: frozenset(),
}
OVER = frozenset(state for state, onward in MOVES.items() if not onward)
WRITABLE = frozenset({State.DRAFT, State.RETURNED})


class PolicyDraft(Base):
    """One draft. `revision` grows with every change, so that nobody approves what they did not see."""

    __tablename__ = "policy_drafts"
    __table_args__ = (
        CheckConstraint("state IN ('draft','submitted','returned','approved','withdrawn')", name="state"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    jurisdiction_id: Mapped[str] = mapped_column(ForeignKey("jurisdictions.id"))
    effective_on: Mapped[date]
    until_on: Mapped[date | None]
    document_title: Mapped[str] = mapped_column(String(200))
    document_number: Mapped[str] = mapped_column(String(80))
    document_text: Mapped[str]
    is_example: Mapped[bool]
    rules: Mapped[dict[str, Any]]
    prompts: Mapped[dict[str, Any] | None]
    state: Mapped[str] = mapped_column(String(10))
    revision: Mapped[int] = mapped_column(Integer)
    drafted_by: Mapped[str] = mapped_column(String(16))  # subject key
    drafted_at: Mapped[datetime]
    version_id: Mapped[str | None] = mapped_column(ForeignKey("policy_versions.id"), unique=True)

    @property
    def content(self) -> Draft:
        """What it says, as the checks and the version take it."""
        return Draft(
            jurisdiction_id=self.jurisdiction_id,
            effective_on=self.effective_on,
            until_on=self.until_on,
            title=self.document_title,
            number=self.document_number,
            text=self.document_text,
            is_example=self.is_example,
            rules=self.rules,
            prompts=self.prompts,
        )

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen to it any more."""
        return State(self.state) in OVER


@append_only
class PolicyDraftStep(Base):
    """What somebody did to a draft; `to_state` is where it stood then, `revision` what was looked at."""

    __tablename__ = "policy_draft_steps"

    draft_id: Mapped[str] = mapped_column(ForeignKey("policy_drafts.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(Integer)
    to_state: Mapped[str] = mapped_column(String(10))
    confirmed: Mapped[list[str]]  # the warnings that were read, by their keys
    note: Mapped[str] = mapped_column(String(500))
    by: Mapped[str] = mapped_column(String(16))  # subject key
    at: Mapped[datetime]


def get(session: Session, draft_id: str) -> PolicyDraft:
    """One draft, or NotFound."""
    found = session.get(PolicyDraft, draft_id)
    if found is None:
        raise errors.NotFound()
    return found


def listed(session: Session, limit: int = 200) -> list[PolicyDraft]:
    """Drafts, the latest first."""
    return list(session.scalars(select(PolicyDraft).order_by(PolicyDraft.drafted_at.desc(), PolicyDraft.id).limit(limit)))


def steps(session: Session, draft_id: str) -> list[PolicyDraftStep]:
    """What happened to a draft, in order of time."""
    rows = select(PolicyDraftStep).where(PolicyDraftStep.draft_id == draft_id)
    return list(session.scalars(rows.order_by(PolicyDraftStep.number)))


def rivals(session: Session, row: PolicyDraft) -> list[PolicyDraft]:
    """Other drafts of the same area that wait for approval, and whose dates overlap."""
    waiting = select(PolicyDraft).where(
        PolicyDraft.jurisdiction_id == row.jurisdiction_id,
        PolicyDraft.state == State.SUBMITTED,
        PolicyDraft.id != row.id,
    )
    return [
        other
        for other in session.scalars(waiting.order_by(PolicyDraft.drafted_at, PolicyDraft.id))
        if (row.until_on is None or other.effective_on < row.until_on)
        and (other.until_on is None or row.effective_on < other.until_on)
    ]
