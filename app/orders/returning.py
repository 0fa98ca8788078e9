"""Giving a seat back: what is covered is asked of the ledger, and what the refund ends is ended there.

Conducts orders, enrolment, ledger and certificates in one transaction. Locks: order, then subject.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import jobs
from courses import enrolment
from courses.certificates import revoking
from courses.enrolment import Enrolment
from courses.ledger import accounts, progress, settlement, statement
from courses.ledger.cases import notices
from courses.orders import placing, refunds
from courses.orders.models import OrderLine, Payment
from courses.orders.returns import Refund, RefundState, Side
from courses.orders.states import Outcome
from courses.people import organisations, persons
from courses.people.organisations import Role
from courses.watch import playbacks
from courses.watch.models import Playback

TICK = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a seat's media is covered, and whether hours of it stand in the ledger."""

    covered_ms: Fraction
    total_ms: int
    is_posted: bool

    def of(self, line: OrderLine) -> int:
        """What is given back of a line's seat, in minor units."""
        return refunds.share(refunds.seat_price(line), covered_ms=self.covered_ms, total_ms=self.total_ms)


def share(session: Session, seat: Enrolment, *, now: datetime) -> Share:
    """How a seat stands at `now`. Refused: Conflict `no_policy` where no rule can judge what was watched."""
    told = statement.of(session, seat.subject_key, as_of=now + TICK)
    result = next(row for row in told.trace.statement.enrolments if row.id == seat.id)
    spans = (span for lesson in result.lessons for span in lesson.covered_ms)
    covered = sum((Fraction(high) - Fraction(low) for low, high in spans), Fraction(0))
    total = sum(lesson.duration_ms for lesson in enrolment.taking(session, seat).lessons)
    hours = sum((row.line.hours for row in told.rows if row.line.about == seat.id), Fraction(0))
    return Share(covered, total, is_posted=hours != 0)


def ask(session: Session, seat: Enrolment, *, reason: str, by: str, now: datetime) -> Refund:
    """Give a seat back: done at once where no hour was posted, otherwise two sides are asked.

    Whoever asks stops watching: what was watched up to now is what counts.
    """
    line_id = seat.order_line_id or ""
    refunds.line_of(session, line_id)  # the order is held before the subject, as a payment does
    accounts.lock(session, seat.subject_key)
    stop(session, seat, now=now)
    settlement.settle(session, seat.subject_key, now=now)
    found = share(session, seat, now=now)
    refund = refunds.ask_share(
        session,
        line_id=line_id,
        enrolment_id=seat.id,
        covered_ms=found.covered_ms,
        total_ms=found.total_ms,
        is_posted=found.is_posted,
        reason=reason,
        by=by,
        now=now,
    )
    conclude(session, refund, by=by, now=now)
    return refund


def decide(
    session: Session, refund_id: str, *, side: Side, is_approved: bool, amount_minor: int | None = None, note: str,
    by: str, now: datetime,
) -> Refund:
    """One side's word; with the last one the hours go and everybody concerned is told."""
    refund = refunds.decide(
        session, refund_id, side=side, is_approved=is_approved, amount_minor=amount_minor, note=note, by=by, now=now
    )
    if refund.state == RefundState.REFUSED and refund.enrolment_id:
        seat = session.get_one(Enrolment, refund.enrolment_id)
        notices.tell(
            session, seat.subject_key, kind=notices.Kind.REFUND_REFUSED, about=refund.order_id or "", text=note, now=now
        )
    conclude(session, refund, by=by, now=now)
    return refund


def conclude(session: Session, refund: Refund, *, by: str, now: datetime) -> None:
    """End the seat that a granted refund gave back: entries are reversed, papers revoked, people told."""
    if refund.ended_enrolment_id is None:
        return
    seat = session.get_one(Enrolment, refund.ended_enrolment_id)
    if seat.refunded_at is not None:
        return
    account = accounts.lock(session, seat.subject_key)
    had_hours = progress.posted(session, seat.id) != 0
    stop(session, seat, now=now)
    enrolment.refund(session, seat, now=now)
    settlement.settle(session, seat.subject_key, now=now)
    account.is_due = True  # a playback of another course may have kept the last minutes open
    jobs.dispatch(session, "ledger", seat.subject_key)
    revoked = revoking.revoke_that_used(
        session, seat.subject_key, enrolment_id=seat.id, reason=refund.reason, official_key=by, now=now
    )
    text = refund.reason
    if revoked:
        text = _("%(reason)s Revoked papers: %(papers)s.", reason=text, papers=", ".join(row.id for row in revoked))
    notices.tell(
        session, seat.subject_key, kind=notices.Kind.REFUNDED, about=refund.order_id or "", text=text[:500], now=now
    )
    if had_hours:
        tell_others(session, refund, seat, text=text, now=now)


def stop(session: Session, seat: Enrolment, *, now: datetime) -> None:
    """Close what is playing of a seat."""
    playing = select(Playback.id).where(Playback.enrolment_id == seat.id, Playback.closed_at.is_(None))
    for playback_id in session.scalars(playing.order_by(Playback.id)).all():
        playbacks.close(session, playback_id, subject_key=seat.subject_key, now=now)


def tell_others(session: Session, refund: Refund, seat: Enrolment, *, text: str, now: datetime) -> None:
    """Employer and district may have relied on the hours: their people find it among their notices."""
    person = persons.person_of(session, seat.subject_key)
    line = session.get_one(OrderLine, refund.line_id)
    said = f"{person.display_name} · {line.title} · {text}"[:500]
    keys = {
        persons.subject_of(session, member.person_id)
        for organisation_id, roles in concerned(session, person.id, seat, now=now)
        for member in organisations.members(session, organisation_id, *roles, on=now.date())
    }
    for key in sorted(keys - {seat.subject_key}):
        notices.tell(session, key, kind=notices.Kind.HOURS_REVOKED, about=refund.id, text=said, now=now)


def concerned(
    session: Session, person_id: str, seat: Enrolment, *, now: datetime
) -> list[tuple[str, tuple[Role, ...]]]:
    """The employer, and the bureaux of the district where the hours were earned and where they live now."""
    found: list[tuple[str, tuple[Role, ...]]] = []
    employer = organisations.employer(session, person_id, on=now.date())
    if employer is not None:
        found.append((employer.id, (Role.ENTERPRISE_MANAGER,)))
    areas = {seat.jurisdiction_id, persons.jurisdiction_of(session, person_id, on=now.date()) or seat.jurisdiction_id}
    bureaux = session.scalars(
        select(organisations.Organisation.id).where(
            organisations.Organisation.kind == organisations.OrganisationKind.AUTHORITY,
            organisations.Organisation.supervised_by.in_(areas),
        )
    )
    return [*found, *((bureau, (Role.DISTRICT_REGULATOR, Role.CITY_REGULATOR)) for bureau in sorted(bureaux))]


def after_dispute(session: Session, payment_id: str, *, reason: str, now: datetime) -> None:
    """A lost dispute about an order: whether each of its seats ends is asked of people, never done alone."""
    payment = session.get_one(Payment, payment_id)
    order = placing.locked(session, payment.order_id) if payment.order_id else None
    if order is None or payment.outcome != Outcome.PAID:
        return
    for seat in enrolment.of_lines(session, [line.id for line in order.lines]):
        line = next(row for row in order.lines if row.id == seat.order_line_id)
        is_posted = progress.posted(session, seat.id) != 0
        said = _("The payer's bank took the payment back (%(reason)s).", reason=reason or "-")
        refunds.ask_dispute(session, line=line, enrolment_id=seat.id, is_posted=is_posted, reason=said, now=now)
