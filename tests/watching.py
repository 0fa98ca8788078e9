"""Learners, courses and rules for tests of watching, and a player at domain level."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from courses import enrolment, policies
from courses.catalogue import editions
from courses.credit.beats import Span
from courses.enrolment import Enrolment, Taking
from courses.people import persons
from courses.people.persons import Person
from courses.watch import answers, playbacks, presence, progress, shortcut
from courses.watch.beats import State
from courses.watch.models import Playback
from courses.watch.playbacks import Answered, Hearing
from courses.watch.reports import Report
from courses.watch.shortcut import Memory
from media.base import to_ms
from tests import shelves

Row = tuple[int, int, int, int]


def person(session: Session, *, now: datetime, district: str | None = "CZ-TN") -> str:
    """A registered person; returns the subject key."""
    shelves.jurisdictions(session)
    made = Person(display_name="陆**", created_at=now, registered_at=now, district_id=district)
    session.add(made)
    session.flush()
    subject = persons.Subject(person_id=made.id)
    session.add(subject)
    session.flush()
    return subject.key


def policy(
    session: Session,
    *,
    now: datetime,
    since: date = date(2020, 1, 1),
    jurisdiction: str = "CZ",
    prompts: Any = None,
    **rules: Any,
) -> None:
    """A rule in force since long ago, the city's unless it is a district's own."""
    shelves.jurisdictions(session)
    policies.enter(
        session,
        policies.Draft(
            jurisdiction_id=jurisdiction, effective_on=since, title="线上学习课时折算办法（示例）", number="示例〔2020〕1号",
            text="线上学习课时的折算。", rules=rules, prompts=prompts,
        ),
        entered_by="officer",
        approved_by="second",
        now=now,
    )


def taking(
    session: Session, subject_key: str, *, now: datetime, durations_ms: tuple[int, ...] = (60_000,), **facts: Any
) -> Taking:
    """An enrolment of the subject in a new course of lessons of these lengths."""
    course = shelves.published(
        session, shelves.institution(session), now=now, durations_ms=durations_ms, **facts
    )
    edition = editions.current(session, course.id)
    assert edition is not None
    made = enrolment.enrol(
        session,
        subject_key=subject_key,
        course_id=course.id,
        edition=edition,
        jurisdiction_id="CZ-TN",
        now=now,
    )
    return enrolment.taking(session, made)


@dataclass
class Inside:
    """The short way's own statements, within a session's transaction instead of one each."""

    session: Session

    @property
    def dialect(self) -> str:
        return self.session.connection().dialect.name

    def one(self, statement: str, values: Mapping[str, Any]) -> Any:
        return self.session.execute(text(statement), values).one_or_none()

    def write(self, *statements: shortcut.Statement) -> bool:
        self.session.flush()
        return all(self.session.execute(text(one), values).rowcount == 1 for one, values in statements)

    def moment(self, at: datetime) -> Any:
        return to_ms(at) if self.dialect == "sqlite" else at

    def close(self) -> None:
        """The session is somebody else's."""


@dataclass
class Device:
    """A player at domain level: opens a lesson of a taking and tells beats at instants of its choice."""

    session: Session
    taking: Taking
    lesson: int = 0
    playback: Playback | None = None
    seq: int = 0
    answers: list[dict[str, Any]] = field(default_factory=list)
    is_quick: bool = True  # as the API does: the short way where it may be taken
    quick: int = 0  # how many beats took it
    memory: Memory = field(default_factory=Memory)

    def open(self, now: datetime) -> Playback:
        """Open the lesson."""
        self.playback = playbacks.open(
            self.session,
            self.taking.enrolment,
            lesson=self.taking.lessons[self.lesson],
            device="phone",
            now=now,
        )
        by = progress.rules(self.session, self.taking.enrolment.jurisdiction_id, now=now)
        presence.begin(self.session, self.playback, by.plan)
        self.seq = 0
        return self.playback

    def tell(
        self, now: datetime, *rows: Row, state: str = "playing", seq: int | None = None
    ) -> dict[str, Any]:
        """Tell one beat; the stored answer, with its status."""
        assert self.playback is not None
        if seq is None:
            self.seq += 1
            seq = self.seq
        report = Report(seq, tuple(Span(*row) for row in rows), State(state))
        heard: Hearing | Answered | None = None
        if self.is_quick:
            self.session.flush()
            answer = shortcut.hear(
                Inside(self.session),
                self.memory,
                self.playback.id,
                report=report,
                subject_key=self.taking.enrolment.subject_key,
                now=now,
            )
            self.session.expire(self.playback)
            if answer is not None:
                self.quick += 1
                heard = Answered(200, json.loads(answer))
        if heard is None:
            heard = playbacks.hear(
                self.session, self.playback.id, report=report, subject_key=None, now=now
            )
        if isinstance(heard, Hearing):
            heard = self.answered(heard)
        answer = {"status": heard.status, **heard.answer}
        self.answers.append(answer)
        return answer

    def answered(self, hearing: Hearing) -> Answered:
        """As the API answers."""
        by = progress.rules(self.session, self.taking.enrolment.jurisdiction_id, now=hearing.now)
        together = progress.judged_with(self.session, self.taking, by, now=hearing.now)
        standing = progress.standings(
            self.session, together, by, exams={}, now=hearing.now, hearing=hearing
        )[self.taking.enrolment.id]
        return answers.make(self.session, hearing, standing, by=by, taking=self.taking)


def stands(session: Session, enrolled: Enrolment, *, now: datetime) -> progress.Standing:
    """How an enrolment stands."""
    one = enrolment.taking(session, enrolled)
    by = progress.rules(session, enrolled.jurisdiction_id, now=now)
    together = progress.judged_with(session, one, by, now=now)
    return progress.standings(session, together, by, exams={}, now=now)[enrolled.id]
