"""Required hours: the figures that a new database holds, and rows that supersede and never change."""

from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from courses import errors
from courses.ledger import required_hours
from courses.ledger.required_hours import Figures, Mark, RequiredHours

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = date(2027, 1, 1)


def national(session: Session) -> RequiredHours:
    row = RequiredHours(
        trainee="principal", occasion="initial", risk="ordinary", hours_num=32, hours_den=1,
        source="令第3号", mark=Mark.SOURCED, entered_at=NOW,
    )
    session.add(row)
    session.flush()
    return row


def supersede(session: Session, row_id: str, figures: Figures, *, on: date = DAY) -> RequiredHours:
    return required_hours.supersede(
        session, row_id, figures, from_on=on, source="示例〔3〕号", mark=Mark.SOURCED, entered_by="officer", now=NOW
    )


def test_a_migrated_database_holds_the_national_figures_and_pretends_none(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/empty.sqlite3"
    config = Config()
    config.set_main_option("script_location", "migrations")
    config.attributes["url"] = url
    command.upgrade(config, "head")
    with Session(create_engine(url)) as session:
        found = {(r.trainee, r.occasion, r.risk): r for r in required_hours.in_force(session, on=DAY)}
    hours = {key: row.hours for key, row in found.items()}
    for who in ("principal", "safety_manager"):
        assert [hours[who, o, r] for r in ("ordinary", "high") for o in ("initial", "annual_retrain")] == [32, 12, 48, 16]
    assert [hours["other_employee", o, r] for r in ("ordinary", "high") for o in ("initial", "annual_retrain")] == [
        24, None, 72, 20,
    ]
    assert {hours[key] for key in found if key[0] == "team_leader"} == {None}
    assert (hours["special_operator", "initial", "high"], hours["special_operator", "cert_review", "high"]) == (None, 8)
    assert {row.practical for row in found.values()} == {None}
    assert all("[" in row.source for row in found.values() if row.mark == Mark.SOURCED)
    yearly = found["principal", "annual_retrain", "ordinary"]
    assert (yearly.min_interval_months, yearly.max_interval_months) == (6, 18)
    assert found["principal", "initial", "ordinary"].grace_months == 6
    assert len(found) == 20


def test_a_superseding_row_holds_from_its_day_and_the_old_one_until_then(session: Session) -> None:
    old = national(session)
    new = supersede(session, old.id, Figures(hours=Fraction(81, 2), practical=Fraction(0)))
    assert required_hours.in_force(session, on=date(2026, 12, 31)) == [old]
    assert required_hours.in_force(session, on=DAY) == [new]
    assert (new.trainee, new.hours, new.practical) == ("principal", Fraction(81, 2), 0)
    with pytest.raises(errors.Conflict, match="required_hours_superseded"):
        supersede(session, old.id, Figures(hours=Fraction(1)), on=date(2028, 1, 1))
    with pytest.raises(errors.Invalid, match="required_hours_from"):
        supersede(session, new.id, Figures(hours=Fraction(1)))


@pytest.mark.parametrize("figures", [
    Figures(hours=Fraction(0)), Figures(hours=Fraction(1001)), Figures(hours=None, practical=Fraction(1)),
    Figures(hours=Fraction(8), practical=Fraction(9)), Figures(hours=Fraction(8), grace_months=0),
    Figures(hours=Fraction(8), min_interval_months=18, max_interval_months=6),
])
def test_figures_that_contradict_themselves_are_refused(session: Session, figures: Figures) -> None:
    with pytest.raises(errors.Invalid):
        supersede(session, national(session).id, figures)


def test_a_row_is_never_edited(session: Session) -> None:
    national(session)
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text("UPDATE required_hours SET hours_num = 1"))
