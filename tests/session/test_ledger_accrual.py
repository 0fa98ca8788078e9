"""What finished courses came to is kept and read; every night it is held against the whole life."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import event, insert, select, update
from sqlalchemy.orm import Session

from courses.credit import recompute
from courses.enrolment import Taking
from courses.ledger import agreement, evidence, packing, settlement, statement
from courses.ledger.accrual import Accrual
from courses.ledger.models import Account, Entry
from courses.watch import playbacks
from tests import watching
from tests.watching import Device

LESSON_MS = 60_000
TICK = timedelta(milliseconds=1)


def watch(session: Session, course: Taking, now: datetime, *, to_ms: int = LESSON_MS) -> datetime:
    """Watch the one lesson from `now` on, and close it; returns when that was done."""
    device = Device(session, course)
    opened = device.open(now)
    done = now + timedelta(milliseconds=to_ms)
    device.tell(done, (0, to_ms, 0, to_ms), state="ended")
    playbacks.close(session, opened.id, subject_key=opened.subject_key, now=done)
    return done


@contextmanager
def asked(session: Session) -> Iterator[list[str]]:
    """Every statement that the database is asked meanwhile."""
    told: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        told.append(statement)

    engine = session.connection().engine
    event.listen(engine, "before_cursor_execute", hear)
    yield told
    event.remove(engine, "before_cursor_execute", hear)


def whole(session: Session, key: str, as_of: datetime) -> dict[str, object]:
    return recompute.statement(evidence.of(session, key, as_of=as_of)).to_json()


def differing(session: Session, key: str) -> list[agreement.Found]:
    session.expire_all()
    return list(agreement.differences(session, session.get_one(Account, key)))


def test_a_settled_course_is_shown_without_reading_what_was_watched(session: Session, now: datetime) -> None:
    watching.policy(session, now=now, daily_cap_ms=28_800_000)
    lu = watching.person(session, now=now)
    done = watch(session, watching.taking(session, lu, now=now), now)
    second = watching.taking(session, lu, now=done)
    done = watch(session, second, done, to_ms=30_000)
    settlement.settle(session, lu, now=done + TICK)
    assert len(session.scalars(select(Accrual)).all()) == 2
    with asked(session) as statements:
        told = statement.of(session, lu, as_of=done + timedelta(days=3))
    assert not [one for one in statements if "FROM beats" in one or "archives" in one]
    assert told.to_json() == whole(session, lu, done + timedelta(days=3))
    assert differing(session, lu) == []


def test_going_on_computes_only_the_course_that_goes_on(session: Session, now: datetime) -> None:
    watching.policy(session, now=now)
    lu = watching.person(session, now=now)
    first = watching.taking(session, lu, now=now)
    done = watch(session, first, now)
    settlement.settle(session, lu, now=done + TICK)
    (kept,) = session.scalars(select(Accrual.fingerprint))
    second = watching.taking(session, lu, now=done)
    later = watch(session, second, done + timedelta(hours=1))
    shown = statement.of(session, lu, as_of=later + TICK)
    assert shown.to_json() == whole(session, lu, later + TICK)
    settlement.settle(session, lu, now=later + timedelta(hours=1))
    rows = {row.enrolment_id: row.fingerprint for row in session.scalars(select(Accrual))}
    assert rows[first.enrolment.id] == kept
    assert set(rows) == {first.enrolment.id, second.enrolment.id}


def test_a_later_rule_or_expiry_makes_what_was_kept_anew(session: Session, now: datetime) -> None:
    watching.policy(session, now=now, ratio="1/2")
    lu = watching.person(session, now=now)
    done = watch(session, watching.taking(session, lu, now=now), now)
    settlement.settle(session, lu, now=done + TICK)
    later = done + timedelta(days=1)
    watching.policy(session, now=later, ratio="3/4")
    shown = statement.of(session, lu, as_of=later + TICK)
    assert shown.to_json()["entries"][-1]["kind"] == "adjustment"
    assert [row.line.hours for row in shown.rows if not row.is_settled] == [shown.unsettled]
    settlement.settle(session, lu, now=later + TICK)
    assert statement.of(session, lu, as_of=later + TICK).to_json() == whole(session, lu, later + TICK)
    assert differing(session, lu) == []


def test_a_past_is_shown_as_it_was(session: Session, now: datetime) -> None:
    watching.policy(session, now=now)
    lu = watching.person(session, now=now)
    done = watch(session, watching.taking(session, lu, now=now), now)
    settlement.settle(session, lu, now=done + TICK)
    half = now + timedelta(seconds=30)
    assert statement.of(session, lu, as_of=half).trace.statement.to_json() == whole(session, lu, half)


def test_packed_and_unpacked_is_the_same(session: Session, now: datetime) -> None:
    watching.policy(session, now=now, ratio="2/3", rounding={"mode": "floor", "quantum": "1/10"})
    lu = watching.person(session, now=now)
    done = watch(session, watching.taking(session, lu, now=now), now, to_ms=40_001)
    made = recompute.studied(evidence.of(session, lu, as_of=done + TICK))
    assert packing.unpack(packing.pack(made)) == made


def test_what_was_kept_wrongly_is_named_and_made_right(session: Session, now: datetime) -> None:
    watching.policy(session, now=now)
    lu = watching.person(session, now=now)
    done = watch(session, watching.taking(session, lu, now=now), now)
    settlement.settle(session, lu, now=done + TICK)
    half = evidence.of(session, lu, as_of=now + timedelta(seconds=30))
    session.execute(update(Accrual).values(content=packing.pack(recompute.studied(half))))
    found = agreement.check(session, lu, now=done + timedelta(hours=12))
    assert {row.place.split()[0] for row in found} == {"accruals"}
    assert any("effective_ms is 60000, and 30000 was kept" in row.what for row in found)
    assert session.get_one(Account, lu).is_due
    settlement.settle(session, lu, now=done + timedelta(hours=12))
    assert agreement.check(session, lu, now=done + timedelta(hours=13)) == []


def test_a_row_written_behind_the_sites_back_is_named(session: Session, now: datetime) -> None:
    watching.policy(session, now=now)
    lu = watching.person(session, now=now)
    course = watching.taking(session, lu, now=now)
    done = watch(session, course, now)
    settlement.settle(session, lu, now=done + TICK)
    session.execute(
        insert(Entry).values(
            id="forged", subject_key=lu, kind="posting", about=course.enrolment.id, at=now,
            hours_num=9, hours_den=1, policy="cz-online@1", written_at=now,
        )
    )  # fmt: skip
    (found,) = differing(session, lu)
    assert (found.table, found.row) == ("entries", "forged")
    assert "9 hours" in found.what


def test_each_account_is_checked_once_a_night(session: Session, now: datetime) -> None:
    watching.policy(session, now=now)
    lu = watching.person(session, now=now)
    done = watch(session, watching.taking(session, lu, now=now), now)
    settlement.settle(session, lu, now=done + TICK)
    by_day, by_night = datetime(2026, 6, 2, 4, 0, tzinfo=UTC), datetime(2026, 6, 1, 19, 0, tzinfo=UTC)
    assert agreement.due(session, by_day) == []
    assert agreement.due(session, by_night) == [lu]
    agreement.check(session, lu, now=by_night)
    assert agreement.due(session, by_night + timedelta(hours=1)) == []
    assert agreement.due(session, by_night + timedelta(hours=24)) == [lu]
