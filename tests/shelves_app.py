"""People signed in to the whole application, for tests of the catalogue's pages."""

from datetime import datetime, timedelta

from flask import Flask
from flask.testing import FlaskClient

from app.db import Database
from courses.people import accounts, sign_ins
from courses.people.organisations import Membership, Organisation, OrganisationKind, Role
from courses.people.persons import Person
from courses.people.sign_ins import SignInKind
from media.base import new_id
from tests import shelves


def database(app: Flask) -> Database:
    """The application's database."""
    found: Database = app.extensions["xueshi_db"]
    return found


def authority(app: Flask, jurisdiction_id: str) -> Organisation:
    """The bureau of a jurisdiction."""
    with database(app).writing() as session:
        shelves.jurisdictions(session)
        made = Organisation(
            kind=OrganisationKind.AUTHORITY, name=f"{jurisdiction_id}应急管理局", supervised_by=jurisdiction_id
        )
        session.add(made)
    return made


def signed_in(
    app: Flask, *, now: datetime, role: Role | None = None, at: Organisation | None = None, is_registered: bool = True
) -> FlaskClient:
    """A browser of somebody, with a role at an organisation if one is named."""
    with database(app).writing() as session:
        name = f"{new_id()}@example.com"
        account = accounts.create(
            session, app.extensions["xueshi_vault"], name=name, password_hash="-", now=now
        )
        person = session.get_one(Person, account.person_id)
        if is_registered:
            shelves.jurisdictions(session)
            person.registered_at, person.district_id = now, "CZ-TN"
        if role is not None and at is not None:
            session.add(
                Membership(
                    person_id=person.id, organisation_id=at.id, role=role, from_on=shelves.SINCE
                )
            )
        session.flush()
        opened = sign_ins.begin(
            session, account, kind=SignInKind.BROWSER, agent="", lasts=timedelta(days=1), now=now
        )
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    with client.session_transaction() as kept:
        kept["sign_in"] = opened.token
    return client


def staff(app: Flask, institution: Organisation, *, now: datetime) -> FlaskClient:
    """Staff of an institution."""
    return signed_in(app, now=now, role=Role.INSTITUTION_STAFF, at=institution)


def district(app: Flask, jurisdiction_id: str, *, now: datetime) -> FlaskClient:
    """A regulator of a district."""
    bureau = authority(app, jurisdiction_id)
    return signed_in(app, now=now, role=Role.DISTRICT_REGULATOR, at=bureau)


def city(app: Flask, *, now: datetime) -> FlaskClient:
    """A regulator of the city."""
    return signed_in(app, now=now, role=Role.CITY_REGULATOR, at=authority(app, "CZ"))


def institution(app: Flask, *, name: str = "常州示例安全培训中心") -> Organisation:
    """A training institution in the district CZ-TN."""
    with database(app).writing() as session:
        return shelves.institution(session, name=name)
