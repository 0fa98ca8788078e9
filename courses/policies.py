"""Dated versions of the rules by which online hours are credited, each with its legal document.

A published version is never edited: a later-issued one supersedes it. Source: `credit-rules.md` 3.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from media.base import Base, append_only, new_id


@append_only
class PolicyVersion(Base):
    """One version. `rules` holds the fields of `credit-rules.md` 3 from `timezone` on."""

    __tablename__ = "policy_versions"
    __table_args__ = (UniqueConstraint("policy_id", "version"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    policy_id: Mapped[str] = mapped_column(String(40))
    version: Mapped[str] = mapped_column(String(20))
    jurisdiction_id: Mapped[str] = mapped_column(ForeignKey("jurisdictions.id"))
    issued_at: Mapped[datetime]
    effective_from: Mapped[datetime]
    effective_to: Mapped[datetime | None]
    document: Mapped[str]  # the legal text it rests on: title, number, and what it says
    is_example: Mapped[bool] = mapped_column(default=False)
    rules: Mapped[dict[str, Any]]
    prompts: Mapped[dict[str, Any] | None]  # how often presence is asked; outside the evidence
    entered_by: Mapped[str] = mapped_column(String(16))  # subject key of the officer
