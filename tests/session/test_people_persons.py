"""Registration: one document one person, sealed and found, and where somebody belongs."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from courses import errors
from courses.people import accounts, jurisdictions, organisations, persons, sign_ins
from courses.people.organisations import Grant, OrganisationKind, Role
from courses.people.persons import Consent, IdentityDocument, Person
from courses.people.sign_ins import SignInKind
from courses.people.vault import SealBroken, Vault

LU = "320400198503120112"
ENTERPRISE, OTHER = "91320400MA0T00011Y", "91320400MA0T0002XN"
TODAY = date(2026, 6, 1)


@pytest.fixture(autouse=True)
def _city(session: Session) -> None:
    jurisdictions.seed(session)


@pytest.fixture
def person(session: Session, now: datetime) -> Person:
    return persons.create(session, now=now)


def register(
    session: Session, vault: Vault, person: Person, now: datetime, **changes: Any
) -> Person:
    values = {
        "name": "陆思远",
        "doc_type": "resident_id",
        "country": "",
        "number": LU,
        "district_id": "CZ-WJ",
        "consent_version": "1",
        **changes,
    }
    return persons.register(session, vault, person_id=person.id, now=now, **values)


def enterprise(session: Session, code: str = ENTERPRISE, area: str = "CZ-JKQ") -> str:
    return organisations.create(
        session,
        kind=OrganisationKind.ENTERPRISE,
        name=f"常州示例企业{code[-4:]}有限公司",
        uscc_code=code,
        supervised_by=area,
    ).id


def refused(code: str, kind: type[errors.Refusal] = errors.Invalid) -> Any:
    return pytest.raises(kind, match=f"\\('{code}'")


def test_registration_seals_masks_and_records_consent(
    session: Session, vault: Vault, person: Person, now: datetime
) -> None:
    register(session, vault, person, now, number="３２０４００ 19850312 0112")
    document = persons.documents_of(session, person.id)[0]
    assert document.number_masked == "3204**********0112"
    assert persons.full_number(document, vault) == LU
    assert person.display_name == "陆*远"
    assert persons.full_name(person, vault) == "陆思远"
    assert person.registered_at == now
    given = persons.consents(session, persons.subject_of(session, person.id))
    assert [(row.purpose, row.text_version, row.given) for row in given] == [
        ("real_name_registration", "1", True)
    ]


def test_nothing_personal_lies_in_clear(
    session: Session, vault: Vault, person: Person, now: datetime
) -> None:
    register(session, vault, person, now)
    for table in ("persons", "identity_documents", "consents", "subjects"):
        for row in session.execute(text(f"SELECT * FROM {table}")):
            shown = " ".join(repr(value) for value in row)
            assert LU not in shown
            assert "思" not in shown
            assert "19850312" not in shown


def test_number_moved_to_another_row_does_not_open(
    session: Session, vault: Vault, person: Person, now: datetime
) -> None:
    register(session, vault, person, now)
    friend = register(
        session, vault, persons.create(session, now=now), now, number="320400199011050204"
    )
    mine, theirs = (persons.documents_of(session, one.id)[0] for one in (person, friend))
    mine.number_sealed = theirs.number_sealed
    with pytest.raises(SealBroken):
        persons.full_number(mine, vault)


def test_one_document_is_one_person(
    session: Session, vault: Vault, person: Person, now: datetime
) -> None:
    register(session, vault, person, now)
    friend = persons.create(session, now=now)
    with refused("document_taken", errors.Conflict):
        register(session, vault, friend, now, number="320400-19850312-0112")
    assert friend.registered_at is None
    assert persons.documents_of(session, friend.id) == []


def test_the_same_number_of_another_country_is_another_document(
    session: Session, vault: Vault, person: Person, now: datetime
) -> None:
    register(session, vault, person, now, doc_type="passport", country="JPN", number="AB1234567")
    friend = persons.create(session, now=now)
    register(session, vault, friend, now, doc_type="passport", country="KOR", number="AB1234567")
    assert {p.id for p in persons.find(session, vault, number="ab 1234567")} == {
        person.id,
        friend.id,
    }


def test_registering_twice_is_refused(
    session: Session, vault: Vault, person: Person, now: datetime
) -> None:
    register(session, vault, person, now)
    with refused("already_registered", errors.Conflict):
        register(session, vault, person, now)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"consent_version": ""}, "consent_required"),
        ({"number": "320400198503120113"}, "check_digit"),
        ({"name": "1"}, "name_invalid"),
        ({"district_id": None}, "district_required"),
        ({"district_id": "CZ"}, "district_unknown"),
        ({"district_id": "XX"}, "district_unknown"),
        ({"district_id": None, "employer_id": "nobody"}, "employer_unknown"),
    ],
)
def test_incomplete_registration_says_what_is_missing(
    session: Session, person: Person, now: datetime, *, changes: dict[str, Any], code: str
) -> None:
    with refused(code):
        register(session, Vault(bytes(32), bytes(32)), person, now, **changes)


def test_found_by_whole_number_and_by_name(
    session: Session, vault: Vault, person: Person, now: datetime
) -> None:
    register(session, vault, person, now)
    for wanted in (
        {"number": LU},
        {"number": " 320400 19850312 0112"},
        {"name": "陆 思远"},
        {"number": LU, "name": "陆思远"},
    ):
        assert persons.find(session, vault, **wanted) == [person]
    for unwanted in (
        {},
        {"number": LU[:17]},
        {"name": "陆"},
        {"number": LU, "name": "陆远"},
        {"number": ""},
    ):
        assert persons.find(session, vault, **unwanted) == []


def test_employers_district_goes_first(
    session: Session, vault: Vault, person: Person, now: datetime
) -> None:
    register(session, vault, person, now)
    assert persons.jurisdiction_of(session, person.id, on=TODAY) == "CZ-WJ"
    employer = enterprise(session)
    persons.settle(session, person_id=person.id, district_id=None, employer_id=employer, now=now)
    assert persons.jurisdiction_of(session, person.id, on=TODAY) == "CZ-JKQ"
    assert persons.jurisdiction_of(session, person.id, on=TODAY - timedelta(days=1)) == "CZ-WJ"
    persons.settle(
        session,
        person_id=person.id,
        district_id="CZ-LY",
        employer_id=None,
        now=now + timedelta(days=30),
    )
    assert persons.jurisdiction_of(session, person.id, on=TODAY + timedelta(days=29)) == "CZ-JKQ"
    assert persons.jurisdiction_of(session, person.id, on=TODAY + timedelta(days=30)) == "CZ-LY"


def test_a_list_by_area_finds_whom_one_by_one_would(session: Session, now: datetime) -> None:
    works = [enterprise(session, ENTERPRISE, "CZ-JKQ"), enterprise(session, OTHER, "CZ-XB")]
    roles = [*organisations.EMPLOYED, Role.EMPLOYEE]
    for n in range(24):
        made = persons.create(session, now=now)
        made.district_id = (None, "CZ-WJ", "CZ-LY")[n % 3]
        for place in range(n % 5):
            began = TODAY - timedelta(days=(n * 7 + place * 11) % 20)
            ended = None if (n + place) % 3 else began + timedelta(days=5)
            membership = organisations.Membership(
                person_id=made.id, organisation_id=works[(n + place) % 2], role=roles[place % 3],
                from_on=began, to_on=ended,
            )  # fmt: skip
            session.add(membership)
    session.flush()
    everybody = session.scalars(select(Person.id)).all()
    one_by_one = persons.jurisdictions_of(session, everybody, on=TODAY)
    for areas in (["CZ-WJ"], ["CZ-JKQ"], ["CZ-XB", "CZ-LY"], []):
        listed = select(Person.id).where(persons.belongs_to(areas, on=TODAY))
        assert set(session.scalars(listed)) == {one for one, area in one_by_one.items() if area in areas}
    assert len(set(one_by_one.values())) == 5  # every place, and none


def test_a_new_employer_ends_the_former_employment(
    session: Session, vault: Vault, person: Person, now: datetime
) -> None:
    first, second = enterprise(session), enterprise(session, OTHER, "CZ-XB")
    register(session, vault, person, now, district_id=None, employer_id=first)
    later = now + timedelta(days=10)
    persons.settle(session, person_id=person.id, district_id=None, employer_id=second, now=later)
    day = jurisdictions.day_of(later)
    assert [
        row.organisation_id for row in organisations.memberships(session, person.id, on=day)
    ] == [second]
    assert persons.jurisdiction_of(session, person.id, on=day - timedelta(days=1)) == "CZ-JKQ"
    persons.settle(session, person_id=person.id, district_id=None, employer_id=second, now=later)
    assert len(organisations.memberships(session, person.id, on=day)) == 1


def test_subject_key_leads_to_the_person_until_forgotten(session: Session, person: Person) -> None:
    key = persons.subject_of(session, person.id)
    assert persons.person_of(session, key) is person
    session.get_one(persons.Subject, key).person_id = None
    session.flush()
    for ask in (
        lambda: persons.subject_of(session, person.id),
        lambda: persons.person_of(session, key),
    ):
        with pytest.raises(errors.NotFound):
            ask()


def test_consents_are_never_changed(
    session: Session, vault: Vault, person: Person, now: datetime
) -> None:
    register(session, vault, person, now)
    row = session.scalars(select(Consent)).one()
    row.given = False
    with pytest.raises(DBAPIError, match="append-only"):
        session.flush()


def test_actor_has_the_roles_of_the_day(session: Session, vault: Vault, now: datetime) -> None:
    account = accounts.sign_up(
        session,
        vault,
        name="13800000001",
        password="correct horse battery",
        minimum_length=10,
        now=now,
    )
    place = enterprise(session)
    held = organisations.join(
        session,
        person_id=account.person_id,
        organisation_id=place,
        role=Role.ENTERPRISE_MANAGER,
        from_on=TODAY,
    )
    token = sign_ins.sign_in(
        session, vault, name="13800000001", password="correct horse battery", now=now
    ).token
    grant = Grant(Role.ENTERPRISE_MANAGER, place, "CZ-JKQ")
    for day, expected in ((TODAY - timedelta(days=1), ()), (TODAY, (grant,))):
        found = sign_ins.recognise(session, token, kind=SignInKind.BROWSER, now=now, today=day)
        assert found is not None
        assert found.actor.grants == expected
        assert found.actor == accounts.actor_of(session, account, today=day)
    organisations.leave(held, on=TODAY + timedelta(days=5))
    session.flush()
    assert accounts.actor_of(session, account, today=TODAY + timedelta(days=5)).grants == ()
    assert accounts.actor_of(session, account, today=TODAY + timedelta(days=4)).grants == (grant,)


def test_registering_with_two_documents_at_once_keeps_one_owner(
    session: Session, vault: Vault, person: Person, now: datetime
) -> None:
    """What the unique index decides when two requests pass the first look together."""
    register(session, vault, person, now)
    owner = session.scalars(select(IdentityDocument)).one()
    twin = IdentityDocument(
        person_id=persons.create(session, now=now).id,
        doc_type=owner.doc_type,
        country=owner.country,
        number_sealed=b"",
        number_index=owner.number_index,
        number_masked="",
        created_at=now,
    )
    with pytest.raises(DBAPIError), session.begin_nested():
        session.add(twin)
