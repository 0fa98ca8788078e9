"""The city's tree, organisations, and the separation of duties."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from courses import errors
from courses.people import jurisdictions, organisations, persons
from courses.people.organisations import OrganisationKind, Role

TODAY = date(2026, 6, 1)


@pytest.fixture(autouse=True)
def _city(session: Session) -> None:
    jurisdictions.seed(session)


def make(
    session: Session,
    kind: OrganisationKind,
    area: str = "CZ-WJ",
    code: str = "",
    name: str = "常州示例单位",
) -> str:
    return organisations.create(
        session, kind=kind, name=name, supervised_by=area, uscc_code=code
    ).id


def test_seed_can_be_repeated_and_has_seven_districts(session: Session) -> None:
    jurisdictions.seed(session)
    found = jurisdictions.districts(session)
    assert [row.id for row in found] == [
        "CZ-TN",
        "CZ-ZL",
        "CZ-XB",
        "CZ-WJ",
        "CZ-JT",
        "CZ-LY",
        "CZ-JKQ",
    ]
    assert {row.parent_id for row in found} == {"CZ"}
    assert sum(row.counts_as_district_bureau for row in found) == 7
    assert jurisdictions.get(session, "CZ-JKQ").bureau_zh == "常州经开区政法和应急管理局"


@pytest.mark.parametrize(
    ("code", "area"),
    [
        ("320412001", "CZ-JKQ"),
        ("320412106", "CZ-JKQ"),
        ("320412106001", "CZ-JKQ"),
        ("320412004", "CZ-WJ"),
        ("320412", "CZ-WJ"),
        ("320481", "CZ-LY"),
        ("320400", "CZ"),
        ("320500", None),
    ],
)
def test_street_decides_before_the_division_code(
    session: Session, code: str, area: str | None
) -> None:
    assert jurisdictions.of_address(session, code) == area


def test_within_goes_up_not_sideways(session: Session) -> None:
    assert jurisdictions.is_within(session, "CZ-JKQ", "CZ")
    assert jurisdictions.is_within(session, "CZ-WJ", "CZ-WJ")
    assert not jurisdictions.is_within(session, "CZ-JKQ", "CZ-WJ")
    assert not jurisdictions.is_within(session, "CZ", "CZ-WJ")
    assert not jurisdictions.is_within(session, "nowhere", "CZ")
    assert len(jurisdictions.within(session, "CZ")) == 8
    assert jurisdictions.within(session, "CZ-WJ") == {"CZ-WJ"}
    assert jurisdictions.within(session, "nowhere") == frozenset()


def test_credit_code_is_checked_and_unique(session: Session) -> None:
    make(session, OrganisationKind.ENTERPRISE, code=" 91320400ma0t00011y ")
    with pytest.raises(errors.Conflict, match="uscc_taken"):
        make(session, OrganisationKind.ENTERPRISE, code="91320400MA0T00011Y")
    with pytest.raises(errors.Invalid, match="uscc_check"):
        make(session, OrganisationKind.ENTERPRISE, code="91320400MA0T00012Y")


def test_found_by_code_whole_name_or_part(session: Session) -> None:
    first = make(
        session, OrganisationKind.ENTERPRISE, code="91320400MA0T00011Y", name="常州示例化工有限公司"
    )
    second = make(
        session, OrganisationKind.ENTERPRISE, code="91320400MA0T0002XN", name="常州示例机械有限公司"
    )
    school = make(
        session, OrganisationKind.INSTITUTION, code="52320400MA0T00054D", name="常州示例培训学校"
    )

    def found(words: str) -> set[str]:
        return {
            row.id for row in organisations.find(session, words, kind=OrganisationKind.ENTERPRISE)
        }

    assert found("91320400-MA0T00011Y") == {first}
    assert found("常州示例化工有限公司") == {first}
    assert found("示例") == {first, second}
    assert found("52320400MA0T00054D") == set()
    assert found("%") == found("常") == found("") == set()
    assert {row.id for row in organisations.find(session, "示例")} == {first, second, school}
    with pytest.raises(errors.Invalid, match="uscc_check"):
        found("91320400MA0T00012Y")


@pytest.mark.parametrize(
    ("kind", "area", "role"),
    [
        (OrganisationKind.ENTERPRISE, "CZ-WJ", Role.INSTRUCTOR),
        (OrganisationKind.INSTITUTION, "CZ-WJ", Role.EMPLOYEE),
        (OrganisationKind.AUTHORITY, "CZ-WJ", Role.CITY_REGULATOR),
        (OrganisationKind.AUTHORITY, "CZ", Role.DISTRICT_REGULATOR),
        (OrganisationKind.AUTHORITY, "CZ", Role.OPERATOR),
        (OrganisationKind.ENTERPRISE, "CZ-WJ", Role.LEARNER),
    ],
)
def test_role_must_suit_the_organisation(
    session: Session, kind: OrganisationKind, area: str, role: Role, now: object
) -> None:
    person = persons.create(session, now=now)  # type: ignore[arg-type]
    with pytest.raises(errors.Invalid, match="role_unsuited"):
        organisations.join(
            session,
            person_id=person.id,
            organisation_id=make(session, kind, area),
            role=role,
            from_on=TODAY,
        )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            ("institution", "CZ-WJ", Role.INSTRUCTOR),
            ("authority", "CZ-WJ", Role.DISTRICT_REGULATOR),
        ),
        (("operator", "CZ", Role.OPERATOR), ("authority", "CZ", Role.CITY_REGULATOR)),
        (
            ("authority", "CZ", Role.CITY_REGULATOR),
            ("enterprise", "CZ-XB", Role.ENTERPRISE_MANAGER),
        ),
    ],
)
def test_duties_are_separated(
    session: Session, now: object, first: tuple[str, str, Role], second: tuple[str, str, Role]
) -> None:
    person = persons.create(session, now=now)  # type: ignore[arg-type]
    places = [make(session, OrganisationKind(kind), area) for kind, area, _role in (first, second)]
    held = organisations.join(
        session, person_id=person.id, organisation_id=places[0], role=first[2], from_on=TODAY
    )
    with pytest.raises(errors.Conflict, match="roles_apart"):
        organisations.join(
            session, person_id=person.id, organisation_id=places[1], role=second[2], from_on=TODAY
        )
    organisations.leave(held, on=TODAY + timedelta(days=1))
    session.flush()
    organisations.join(
        session,
        person_id=person.id,
        organisation_id=places[1],
        role=second[2],
        from_on=TODAY + timedelta(days=1),
    )


def test_joining_twice_changes_nothing(session: Session, now: object) -> None:
    person = persons.create(session, now=now)  # type: ignore[arg-type]
    place = make(session, OrganisationKind.ENTERPRISE)
    both = [
        organisations.join(
            session, person_id=person.id, organisation_id=place, role=Role.EMPLOYEE, from_on=TODAY
        )
        for _each in range(2)
    ]
    assert both[0] is both[1]
    assert organisations.employer(session, person.id, on=TODAY).id == place  # type: ignore[union-attr]
    assert organisations.employer(session, person.id, on=TODAY - timedelta(days=1)) is None
    assert organisations.members(session, place, Role.EMPLOYEE, on=TODAY) == [both[0]]
