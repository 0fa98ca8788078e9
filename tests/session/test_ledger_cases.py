"""Claims, corrections, appeals: two persons, the engine's own word, frozen evidence, and one statement."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import errors
from courses.credit import instants, reading, recompute
from courses.enrolment import Taking
from courses.ledger import evidence, explained, export, offline, settlement, statement
from courses.ledger.cases import appeals, claims, corrections, files, notices, workdays
from courses.ledger.cases.models import Appeal, Claim, Correction
from courses.ledger.models import Entry
from courses.people import persons
from courses.people.organisations import Actor, Grant, Role
from tests import ledgers, shelves, watching

TICK = timedelta(milliseconds=1)
PDF = b"%PDF-1.7 example "
ZONE = instants.zone("Asia/Shanghai")


@dataclass
class Case:
    """A learner, three officers, and the moment at which one course was watched through."""

    session: Session
    key: str
    course: Taking
    at: datetime
    district: Actor
    city: Actor
    second: Actor

    def settled(self) -> statement.Told:
        """Settle now; the site's statement, whose net is what the exported file recomputes to."""
        settlement.settle(self.session, self.key, now=self.at)
        told = statement.of(self.session, self.key, as_of=self.at + TICK)
        file = json.loads(export.text(export.document(evidence.of(self.session, self.key, as_of=self.at + TICK))))
        again = recompute.statement(reading.read(file))
        assert again.to_json() == told.trace.statement.to_json()
        assert sum((row.hours for row in again.entries), Fraction(0)) == told.total
        assert told.unsettled == 0
        return told

    def claim(self, *, content: bytes = PDF, hours: str = "4", taken_on: date = date(2026, 5, 1), where: str = "国家平台") -> Claim:
        """File a claim with one file, after everything before it."""
        self.at += TICK
        made = claims.new(
            self.key, from_where=where, title="有限空间", taken_on=taken_on, hours=Fraction(hours),
            hour_ms=2_700_000, kind="classroom", today=self.at.date(), now=self.at,
        )
        paper = files.prepared(content, about=made.id, name="证书.pdf", added_by=self.key, now=self.at)
        return claims.file(self.session, made, papers=[paper])

    def entry(self, kind: str) -> Entry:
        """The ledger's first row of a kind."""
        return self.session.scalars(select(Entry).where(Entry.kind == kind).order_by(Entry.written_at)).first()  # type: ignore[return-value]

    def told(self) -> list[str]:
        """What the learner was told, the latest first."""
        return [row.kind for row in notices.of_subject(self.session, self.key)]


@pytest.fixture
def case(session: Session, now: datetime) -> Case:
    watching.policy(session, now=now, validity_months=12, daily_cap_ms=90_000)
    key = watching.person(session, now=now)
    course = watching.taking(session, key, now=now)
    at = ledgers.watch(session, course, now)
    made = Case(session, key, course, at, shelves.district(), shelves.city(), shelves.city())
    made.settled()
    return made


def test_a_claim_is_decided_by_an_officer_and_counts_as_the_engine_says(case: Case) -> None:
    first = case.claim()
    assert claims.foreseen(case.session, first, factor=Fraction(1, 2), now=case.at) == claims.Outcome(Fraction(2), None)
    assert case.settled().total == Fraction(1, 45)  # nothing counts before it is decided
    claims.decide(case.session, case.district, claim=first, is_accepted=True, factor=Fraction(1, 2), note="证书核对无误", now=case.at)
    assert case.settled().total == Fraction(1, 45) + 2
    for claim, refusal in (
        (case.claim(), "duplicate"),
        (case.claim(hours="3"), "duplicate_content"),
        (case.claim(taken_on=date(2020, 5, 1), content=PDF + b"2"), "expired"),
    ):
        assert claims.foreseen(case.session, claim, factor=Fraction(1), now=case.at).refusal == refusal
        found = claims.decide(case.session, case.district, claim=claim, is_accepted=True, note="照引擎的结论", now=case.at)
        assert found == claims.Outcome(Fraction(0), refusal)
    poor = case.claim(taken_on=date(2026, 5, 9), content=PDF + b"3")
    claims.decide(case.session, case.district, claim=poor, is_accepted=False, note="证书看不清", now=case.at)
    assert {row.line.reason for row in case.settled().rows} >= {"duplicate", "expired", "evidence_missing"}
    assert sorted(case.told()) == ["claim_accepted"] + ["claim_refused"] * 4
    with pytest.raises(errors.Conflict, match="claim_decided"):
        claims.decide(case.session, case.district, claim=poor, is_accepted=True, note="改主意了", now=case.at)


def test_nobody_decides_a_claim_of_their_own(case: Case) -> None:
    person = persons.person_of(case.session, case.key)
    oneself = Actor("a", person.id, "another-key", True, (Grant(Role.CITY_REGULATOR, "bureau", "CZ"),))
    with pytest.raises(errors.Conflict, match="own_claim"):
        claims.decide(case.session, oneself, claim=case.claim(), is_accepted=True, note="通过", now=case.at)


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "file_empty"), (b"<html>", "file_kind"), (b"MZ\x90", "file_kind"), (PDF + bytes(files.MOST_BYTES), "file_too_large")],
)
def test_a_file_is_what_its_content_says(now: datetime, data: bytes, code: str) -> None:
    with pytest.raises(errors.Invalid, match=code):
        files.prepared(data, about="a", name="certificate.pdf", added_by="b", now=now)


def test_a_correction_takes_two_persons_and_points_back(case: Case) -> None:
    row = case.entry("posting")
    made = corrections.propose(
        case.session, case.city, entry=row, hours=Fraction(-1, 90), reason_code="watched_by_another", note="他人代看一半", now=case.at
    )
    assert case.settled().total == Fraction(1, 45)  # proposed is not corrected
    with pytest.raises(errors.Conflict, match="correction_waits"):
        corrections.propose(case.session, case.second, entry=row, reason_code="system_fault", note="再提一次", now=case.at)
    with pytest.raises(errors.Conflict, match="same_person"):
        corrections.decide(case.session, case.city, correction=made, is_approved=True, note="同意", now=case.at)
    with pytest.raises(errors.Conflict, match="not_an_officer"):
        corrections.decide(case.session, case.district, correction=made, is_approved=True, note="同意", now=case.at)
    corrections.decide(case.session, case.second, correction=made, is_approved=True, note="核实属实", now=case.at)
    (adjusted,) = [one.line for one in case.settled().rows if one.line.kind == "adjustment"]
    assert (adjusted.hours, adjusted.reason, adjusted.about) == (Fraction(-1, 90), "watched_by_another", row.about)
    assert (made.entry_id, case.told()) == (row.id, ["corrected"])
    with pytest.raises(errors.Invalid, match="correction_hours"):
        corrections.propose(case.session, case.city, entry=row, reason_code="system_fault", note="全部收回", now=case.at)


def test_neither_an_operator_nor_the_learner_corrects(case: Case) -> None:
    person = persons.person_of(case.session, case.key)
    for actor, code in (
        (shelves.actor(Role.OPERATOR, "operator", "CZ"), "not_an_officer"),
        (shelves.actor(Role.CITY_REGULATOR, "bureau", "CZ", person.id), "own_hours"),
    ):
        with pytest.raises(errors.Conflict, match=code):
            corrections.propose(case.session, actor, entry=case.entry("posting"), reason_code="system_fault", note="试试", now=case.at)


def test_hours_in_person_and_from_elsewhere_are_taken_back_whole_and_may_come_anew(case: Case) -> None:
    body = shelves.institution(case.session)

    def record() -> None:
        offline.record(
            case.session, case.district, organisation_id=body.id, subject_key=case.key,
            on=date(2026, 5, 20), hours=Fraction(4), kind="classroom", now=case.at,
        )

    record()
    claims.decide(case.session, case.district, claim=case.claim(), is_accepted=True, note="证书核对无误", now=case.at)
    assert case.settled().total == Fraction(1, 45) + 8
    for kind in ("offline", "transfer"):
        made = corrections.propose(
            case.session, case.district, entry=case.entry(kind), reason_code="recording_error", note="登记错了人", now=case.at
        )
        case.at += TICK
        corrections.decide(case.session, case.city, correction=made, is_approved=True, note="属实", now=case.at)
        case.at += TICK
    told = case.settled()
    assert told.total == Fraction(1, 45)
    taken_back = [row for row in told.rows if row.cancels is not None]
    assert [row.line.hours for row in taken_back] == [-4, -4]
    assert {row.cancels for row in taken_back} == {case.entry("offline").id, case.entry("transfer").id}
    with pytest.raises(errors.Conflict, match="entry_cancelled"):
        corrections.propose(case.session, case.district, entry=case.entry("offline"), reason_code="system_fault", note="又一次", now=case.at)
    record()
    assert case.settled().total == Fraction(1, 45) + 4
    earlier = statement.of(case.session, case.key, as_of=case.at - 3 * TICK)
    assert earlier.total == Fraction(1, 45) + 8  # the past is shown as it was known


def appealed(case: Case) -> Appeal:
    """Watch it again beyond the daily limit, and appeal the first span that did not count."""
    case.at = ledgers.watch(case.session, case.course, case.at)
    case.settled()
    record = explained.of(case.session, case.key, as_of=case.at + TICK)
    lost = record.courses[0].lessons[0].lost[0]
    return appeals.file(
        case.session, case.key, playback_id=lost.playback, wall_from=lost.wall_from, reason=lost.reason,
        words="第一次网络断了", now=case.at,
    )


def test_an_appeal_freezes_what_was_known_and_recomputes_to_the_same_span(case: Case) -> None:
    made = appealed(case)
    content, row = appeals.thawed(case.session, made)
    frozen = json.loads(content)
    trace = recompute.trace(reading.read(frozen["evidence"]))
    (stretch,) = [one for one in frozen["evidence"]["stretches"] if one["playback"] == made.playback_id]
    assert {part.verdict for part in trace.parts[stretch["id"]]} == {made.reason} == {"seen_before"}
    assert (row.policy, len(frozen["beats"])) == ("cz-online@1", 1)
    case.at = ledgers.watch(case.session, case.course, case.at)
    assert appeals.thawed(case.session, made)[0] == content
    with pytest.raises(errors.Conflict, match="appeal_twice"):
        appeals.file(
            case.session, case.key, playback_id=made.playback_id, wall_from=made.wall_from, reason=made.reason,
            words="再说一次", now=case.at,
        )


def test_an_appeal_has_a_clock_and_ends_in_a_refusal_with_its_reason(case: Case) -> None:
    made = appealed(case)  # on a Monday

    def clock(hours: float = 0) -> appeals.Clock:
        entered = workdays.entered(case.session, since=date(2026, 6, 1))
        return appeals.clock(made, entered, zone=ZONE, now=made.filed_at + timedelta(hours=hours))

    assert not clock(2).is_late
    assert clock(2.01).is_acknowledged_late
    appeals.acknowledge(case.session, case.district, appeal=made, now=case.at)
    assert not clock(48).is_late
    assert clock(100).is_solved_late
    workdays.enter(
        case.session, on=date(2026, 6, 2), is_working_day=False, name="停电", entered_by="officer", today=date(2026, 6, 1), now=case.at
    )
    assert not clock(100).is_late
    with pytest.raises(errors.Invalid, match="calendar_past"):
        workdays.enter(
            case.session, on=date(2026, 6, 1), is_working_day=False, name="", entered_by="officer", today=date(2026, 6, 1), now=case.at
        )
    with pytest.raises(errors.Invalid, match="note_required"):
        appeals.refuse(case.session, case.district, appeal=made, text=" ", now=case.at)
    case.at += TICK
    appeals.refuse(case.session, case.district, appeal=made, text="重复观看按规则不计", now=case.at)
    assert made.state == "refused"
    assert [row.text for row in appeals.notes(case.session, made)] == ["", "重复观看按规则不计"]
    assert sorted(case.told()) == ["appeal_acknowledged", "appeal_refused"]
    with pytest.raises(errors.Conflict, match="appeal_solved"):
        appeals.acknowledge(case.session, case.district, appeal=made, now=case.at)


def test_an_appeal_ends_in_a_correction_that_two_persons_made(case: Case) -> None:
    made = appealed(case)
    proposal = corrections.propose(
        case.session, case.district, appeal=made, hours=Fraction(1, 90), reason_code="appeal_upheld", note="日志证实断网", now=case.at
    )
    corrections.decide(case.session, case.city, correction=proposal, is_approved=False, note="证据不足", now=case.at)
    assert made.state == "open"
    again = corrections.propose(
        case.session, case.district, appeal=made, hours=Fraction(1, 90), reason_code="appeal_upheld", note="补充了日志", now=case.at
    )
    corrections.decide(case.session, case.city, correction=again, is_approved=True, note="属实", now=case.at)
    assert (made.state, made.solved_at) == ("upheld", case.at)
    assert case.settled().total == Fraction(1, 45) + Fraction(1, 90)
    assert sorted(case.told()) == ["appeal_upheld", "corrected"]
    assert case.session.scalars(select(Correction.appeal_id).where(Correction.id == again.id)).one() == made.id
