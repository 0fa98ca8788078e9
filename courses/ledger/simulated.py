"""One learner's past period under the rules that were, and again with a draft in force for that period.

Reads evidence and gives it to the engine twice; nothing of it is written to the ledger. What people would
have done under another rule nobody knows: they watch as they did.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session

from courses import policies
from courses.credit import evidence as credit
from courses.credit import recompute
from courses.credit.policy import Policy
from courses.credit.statement import Statement
from courses.enrolment import Enrolment
from courses.ledger import accounts, evidence
from courses.ledger.models import Requirement
from courses.ledger.required import appointments
from courses.people import jurisdictions
from courses.policies import Bound, PolicyVersion
from courses.policies.sums import Outcome
from courses.watch.evidence import playbacks_of
from courses.watch.models import Playback
from media.base import to_ms

TICK = timedelta(milliseconds=1)
Period = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Case:
    """A learner's evidence before and after, read and not yet computed."""

    before: credit.Evidence
    after: credit.Evidence
    period: Period
    district: str
    trainees: tuple[str, ...]
    institutions: dict[str, str]  # by enrolment

    def outcome(self) -> Outcome:
        """Both statements compared. Raises BadEvidence where no rule can judge the evidence."""
        was = recompute.statement(self.before)
        would_be = was if self.after == self.before else recompute.statement(self.after)
        met = {row.id: row.is_met for row in was.requirements}
        pairs = [(met[row.id], row.is_met) for row in would_be.requirements if row.id in self._due()]
        hours, later = self._hours(was), self._hours(would_be)
        return Outcome(
            district=self.district,
            trainees=self.trainees,
            before=sum(hours.values(), Fraction(0)),
            after=sum(later.values(), Fraction(0)),
            falls=(True, False) in pairs,
            rises=(False, True) in pairs,
            by_institution={
                name: (hours.get(name, Fraction(0)), later.get(name, Fraction(0)))
                for name in sorted({*hours, *later} | set(self.institutions.values()))
                if name
            },
        )

    def _due(self) -> set[str]:
        """Requirements whose time overlaps the period."""
        start, end = (to_ms(at) for at in self.period)
        return {row.id for row in self.before.requirements if row.from_at < end and row.to_at > start}

    def _hours(self, statement: Statement) -> dict[str, Fraction]:
        """Hours dated in the period by institution; those in person and from elsewhere under none."""
        start, end = (to_ms(at) for at in self.period)
        found: defaultdict[str, Fraction] = defaultdict(Fraction)
        for row in statement.entries:
            if start <= row.at < end:
                found[self.institutions.get(row.subject, "")] += row.hours
        return dict(found)


def population(session: Session, jurisdiction_id: str, *, period: Period, after: str = "") -> Select[str]:
    """Subject keys, in order, of those enrolled in an area who did or owed something in a period."""
    start, end = period
    watched = exists().where(
        Playback.enrolment_id == Enrolment.id, Playback.opened_at >= start, Playback.opened_at < end
    )
    owed = exists().where(
        Requirement.subject_key == Enrolment.subject_key, Requirement.from_at < end, Requirement.to_at > start
    )
    return (
        select(Enrolment.subject_key)
        .where(
            Enrolment.jurisdiction_id.in_(jurisdictions.within(session, jurisdiction_id)),
            Enrolment.at < end,
            or_(Enrolment.at >= start, watched, owed),
            Enrolment.subject_key > after,
        )
        .distinct()
        .order_by(Enrolment.subject_key)
    )


def count(session: Session, jurisdiction_id: str, *, period: Period) -> int:
    """How many they are."""
    asked = population(session, jurisdiction_id, period=period).order_by(None).subquery()
    return session.scalar(select(func.count()).select_from(asked)) or 0


def case(
    session: Session, subject_key: str, draft: PolicyVersion, *, period: Period, now: datetime
) -> Case:
    """A learner's evidence of everything before the period's end, with and without the draft."""
    _start, end = period
    frame = evidence.frame(session, subject_key, as_of=end, known_at=now)
    bound = accounts.pool(session, subject_key, known_at=now - TICK)
    span = held(session, subject_key, draft, period=period, now=now)
    rules = with_draft(frame.evidence.policies, bound, draft, span) if span else list(frame.evidence.policies)
    # Signs of life are read where any of the rules asks for them; the engine looks at them where one does.
    both = replace(frame.evidence, policies=[*frame.evidence.policies, *rules])
    seen = evidence.watched(session, frame, both, playbacks_of(session, subject_key, before=end))
    before = replace(seen, policies=frame.evidence.policies)
    return Case(
        before=before,
        after=replace(before, policies=rules, requirements=owed(before, draft, span)) if span else before,
        period=period,
        district=frame.takings[-1].enrolment.jurisdiction_id if frame.takings else draft.jurisdiction_id,
        trainees=trainees(session, subject_key, period=period),
        institutions={taking.enrolment.id: taking.course.organisation_id for taking in frame.takings},
    )


def held(
    session: Session, subject_key: str, draft: PolicyVersion, *, period: Period, now: datetime
) -> Period | None:
    """The part of the period in which a draft would bind a learner: where their area is its own, or takes from it.

    From the first such day to the last: one who moved away and came back is bound all the while.
    """
    start, end = period
    stays = accounts.jurisdictions(session, subject_key, known_at=now)
    spans: list[Period] = []
    for place, (since, jurisdiction_id) in enumerate(stays):
        first = max(start, since) if place else start
        last = min(end, stays[place + 1][0]) if place + 1 < len(stays) else end
        if jurisdiction_id != draft.jurisdiction_id:
            if draft.jurisdiction_id not in jurisdictions.ancestors(session, jurisdiction_id):
                continue
            own = policies.versions(session, jurisdiction_id)
            last = min([last, *(version.effective_from for version in own if version.issued_at < now)])
        if first < last:
            spans.append((first, last))
    return (spans[0][0], spans[-1][1]) if spans else None


def with_draft(
    known: Sequence[Policy], bound: Sequence[Bound], draft: PolicyVersion, span: Period
) -> list[Policy]:
    """The pool as if the draft had been issued and in force for `span`; whatever else held then holds before and after.

    A version that is cut in two keeps its name once: no requirement names the second part.
    """
    start, end = span
    found: list[Policy] = []
    for one in bound:
        parts = [part for part in (one.until(start), one.since(end)) if part is not None]
        found += [
            replace(policies.typed(part), version=one.version.version + "'" * number)
            for number, part in enumerate(parts)
        ]
    named = {policy.name for policy in found}
    nothing = [replace(policy, effective_to=policy.effective_from) for policy in known if policy.name not in named]
    mine = replace(
        policies.typed(Bound(draft, start, end)), issued_at=to_ms(start)
    )
    return [*found, *nothing, mine]


def owed(whole: credit.Evidence, draft: PolicyVersion, span: Period | None) -> list[credit.Requirement]:
    """What was owed, by the draft's share where its time began while the draft would have been in force."""
    if span is None:
        return list(whole.requirements)
    start, end = (to_ms(at) for at in span)
    return [
        replace(row, policy=draft.label) if start <= row.from_at < end else row for row in whole.requirements
    ]


def trainees(session: Session, subject_key: str, *, period: Period) -> tuple[str, ...]:
    """The categories that a learner's posts put them in on any day of the period."""
    start, end = period
    first_on, last_on = jurisdictions.day_of(start), jurisdictions.day_of(end - TICK)
    return tuple(
        sorted(
            {
                post.trainee
                for post in appointments.of_subject(session, subject_key)
                if post.from_on <= last_on and (post.to_on is None or post.to_on > first_on)
            }
        )
    )
