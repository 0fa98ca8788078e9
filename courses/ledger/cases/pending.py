"""What is open about somebody: while anything is, nothing of theirs is deleted, and officials may look."""

from collections.abc import Collection
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.ledger.cases.models import (
    Appeal,
    Claim,
    ClaimDecision,
    Correction,
    CorrectionDecision,
)
from courses.ledger.classes.models import ClassLearner, ClassRun, RunState
from courses.watch.signals.cases import Status
from courses.watch.signals.models import Signal, SignalPlayback


class Case(StrEnum):
    """What can be open."""

    APPEAL = "appeal"
    CLAIM = "claim"
    CLASS = "class"
    CORRECTION = "correction"
    SIGNAL = "signal"


def of_subjects(session: Session, keys: Collection[str]) -> list[Case]:
    """Which kinds of cases are open about these subjects, in order."""
    asked = {
        Case.APPEAL: select(Appeal.id).where(Appeal.subject_key.in_(keys), Appeal.solved_at.is_(None)),
        Case.CLAIM: select(Claim.id).where(
            Claim.subject_key.in_(keys), Claim.id.not_in(select(ClaimDecision.claim_id))
        ),
        Case.CLASS: select(ClassRun.id)
        .join(ClassLearner, ClassLearner.run_id == ClassRun.id)
        .where(ClassLearner.subject_key.in_(keys), ClassRun.state != RunState.ACCEPTED),
        Case.CORRECTION: select(Correction.id).where(
            Correction.subject_key.in_(keys), Correction.id.not_in(select(CorrectionDecision.correction_id))
        ),
        Case.SIGNAL: select(Signal.id)
        .join(SignalPlayback, SignalPlayback.signal_id == Signal.id)
        .where(SignalPlayback.subject_key.in_(keys), Signal.status == Status.OPEN),
    }
    return [case for case, rows in asked.items() if session.scalar(rows.limit(1)) is not None]
