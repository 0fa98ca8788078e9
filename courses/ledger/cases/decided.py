"""What was decided, as the credit engine takes it: transfers, corrections, and rows taken back whole.

Read by the evidence, so it knows nothing of statements; each as it was known before an instant.
"""

from datetime import datetime
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.credit import evidence as credit
from courses.enrolment import Enrolment
from courses.ledger.cases import files
from courses.ledger.cases.models import Claim, ClaimDecision, Correction, CorrectionDecision
from media.base import to_ms


def transfer(
    claim: Claim, fingerprints: list[str], *, factor: Fraction, is_accepted: bool
) -> credit.Transfer:
    """A claim as the engine judges it."""
    return credit.Transfer(
        id=claim.id,
        from_where=claim.from_where,
        taken_on=claim.taken_on,
        applied_at=to_ms(claim.applied_at),
        hours=claim.hours,
        hour_ms=claim.hour_ms,
        kind=claim.kind,
        factor=factor,
        fingerprints=fingerprints,
        evidence_ok=is_accepted,
    )


def transfers(session: Session, subject_key: str, *, before: datetime) -> list[credit.Transfer]:
    """Claims decided before an instant, but for those taken back since."""
    gone = voided(session, subject_key, before=before)
    rows = session.execute(
        select(Claim, ClaimDecision)
        .join(ClaimDecision, ClaimDecision.claim_id == Claim.id)
        .where(Claim.subject_key == subject_key, ClaimDecision.decided_at < before)
        .order_by(Claim.applied_at, Claim.id)
    )
    return [
        transfer(
            claim,
            [row.fingerprint for row in files.of(session, claim.id)],
            factor=decision.factor,
            is_accepted=decision.is_accepted,
        )
        for claim, decision in rows
        if claim.id not in gone
    ]


def corrections(session: Session, subject_key: str, *, before: datetime) -> list[credit.Correction]:
    """Approved corrections of enrolments, dated when they were approved, in order."""
    rows = session.execute(
        select(Correction, CorrectionDecision.decided_at)
        .join(CorrectionDecision, CorrectionDecision.correction_id == Correction.id)
        .join(Enrolment, Enrolment.id == Correction.about)
        .where(
            Correction.subject_key == subject_key,
            CorrectionDecision.is_approved,
            CorrectionDecision.decided_at < before,
        )
        .order_by(CorrectionDecision.decided_at, Correction.id)
    )
    return [
        credit.Correction(
            id=row.id,
            subject=row.about,
            at=to_ms(decided_at),
            hours=row.hours,
            reason=row.reason_code,
        )
        for row, decided_at in rows
    ]


def voided(session: Session, subject_key: str, *, before: datetime) -> set[str]:
    """Offline rows and claims that were taken back whole; the evidence holds them no more."""
    return set(
        session.scalars(
            select(Correction.about)
            .join(CorrectionDecision, CorrectionDecision.correction_id == Correction.id)
            .where(
                Correction.subject_key == subject_key,
                Correction.kind == "void",
                CorrectionDecision.is_approved,
                CorrectionDecision.decided_at < before,
            )
        )
    )
