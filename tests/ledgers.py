"""A registered learner with hours to show, and the officials who may or may not look at them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from courses.enrolment import Taking
from courses.ledger import offline, requirements, settlement
from courses.people import accounts, persons, sign_ins
from courses.people.organisations import Organisation
from courses.people.sign_ins import SignInKind
from courses.watch import playbacks
from tests import shelves, shelves_app, watching
from tests.conftest import Clock
from tests.watching import Device

NUMBER = "320400198503120112"  # W1 of the fact sheet, invented
NAME = "陆思远"
MINUTE_MS = 60_000
LABEL = "cz-online@1"


@dataclass
class Learner:
    """Somebody registered in CZ-TN, with a browser and a bearer token."""

    subject_key: str
    browser: FlaskClient
    token: str

    def api(self, app: Flask, path: str, **headers: str) -> Any:
        """GET an address of the API."""
        return app.test_client().get(
            f"/api/v1{path}", headers={"Authorization": f"Bearer {self.token}", **headers}
        )


def learner(app: Flask, *, name: str = NAME, number: str = NUMBER, now: datetime) -> Learner:
    """Register a learner, and sign them in twice."""
    vault = app.extensions["xueshi_vault"]
    with shelves_app.database(app).writing() as session:
        shelves.jurisdictions(session)
        account = accounts.create(session, vault, name=f"{number}@example.com", password_hash="-", now=now)
        persons.register(
            session, vault, person_id=account.person_id, name=name, doc_type="resident_id",
            country="CHN", number=number, consent_version="1", now=now, district_id="CZ-TN",
        )
        opened = {
            kind: sign_ins.begin(session, account, kind=kind, agent="", lasts=timedelta(days=9), now=now).token
            for kind in (SignInKind.BROWSER, SignInKind.TOKEN)
        }
        key = persons.subject_of(session, account.person_id)
    app.config["WTF_CSRF_ENABLED"] = False
    browser = app.test_client()
    with browser.session_transaction() as kept:
        kept["sign_in"] = opened[SignInKind.BROWSER]
        kept["locale"] = "en"
    return Learner(key, browser, opened[SignInKind.TOKEN])


def watch(
    session: Session, course: Taking, now: datetime, *, lesson: int = 0, length_ms: int = MINUTE_MS, rate: int = 1
) -> datetime:
    """Watch so much of a lesson from its beginning and close; returns when that was done."""
    device = Device(session, course, lesson=lesson)
    opened = device.open(now)
    wall_ms = length_ms // rate
    done = now + timedelta(milliseconds=wall_ms)
    device.tell(done, (0, length_ms, 0, wall_ms), state="ended")
    playbacks.close(session, opened.id, subject_key=opened.subject_key, now=done)
    return done


@dataclass
class Life:
    """What a learner did: one course watched through, half of another seen twice, half a day in person."""

    whole: Taking
    half: Taking
    institution: Organisation


def live(app: Flask, subject_key: str, clock: Clock, **rules: Any) -> Life:
    """Give a learner a life of some minutes; the clock moves on."""
    with shelves_app.database(app).writing() as session:
        watching.policy(session, now=clock.at, **({"ratio": "1/2", "share_cap": {"share": "1/2"}} | rules))
        requirements.enter(
            session, subject_key=subject_key, title="安全管理人员再培训", hours=Fraction(12), kind="any",
            first_on=date(2026, 1, 1), last_on=date(2026, 12, 31), policy=LABEL, entered_by="officer", now=clock.at,
        )
        body = shelves.institution(session)
        offline.record(
            session, shelves.staff(body), organisation_id=body.id, subject_key=subject_key,
            on=date(2026, 5, 20), hours=Fraction(9, 2), kind="practical", note="灭火器实操", now=clock.at,
        )
        whole = watching.taking(session, subject_key, now=clock.at, durations_ms=(MINUTE_MS,))
        half = watching.taking(session, subject_key, now=clock.at, durations_ms=(MINUTE_MS, MINUTE_MS))
        clock.at = watch(session, whole, clock.at)
        clock.at = watch(session, half, clock.at, length_ms=MINUTE_MS // 2)
        clock.at = watch(session, half, clock.at, length_ms=MINUTE_MS // 2)
        settlement.settle(session, subject_key, now=clock.at)
    return Life(whole, half, body)
