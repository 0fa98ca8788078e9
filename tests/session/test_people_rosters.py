"""Rosters: files as offices make them, one question to each person listed, and who sees what."""

import io
from datetime import date, datetime

import pytest
import xlsxwriter
from sqlalchemy.orm import Session

from courses import errors
from courses.people import invitations, jurisdictions, organisations, persons, roster_files, rosters
from courses.people.organisations import Actor, Grant, OrganisationKind, Role
from courses.people.roster_files import Bad, Listed
from courses.people.rosters import RosterState
from courses.people.vault import Vault

TODAY = date(2026, 6, 1)
CSV = "\n公司花名册\n姓名,身份证号,岗位,部门\n陆思远,320400198503120112,班长,一车间\n顾晓岚,320400199011050204,,\n"


def sheet(rows: list[list[object]]) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    page = book.add_worksheet()
    for at, row in enumerate(rows):
        page.write_row(at, 0, row)
    book.close()
    return buffer.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_text_table_is_read_in_the_encodings_of_offices(encoding: str) -> None:
    good, bad = roster_files.check(roster_files.read(CSV.encode(encoding)), today=TODAY)
    assert [(one.line, one.name, one.title, one.department) for one in good] == [
        (4, "陆思远", "班长", "一车间"),
        (5, "顾晓岚", "", ""),
    ]
    assert bad == []


def test_semicolons_and_tabs_are_read_too() -> None:
    for mark in ";\t":
        good, _bad = roster_files.check(roster_files.read(CSV.replace(",", mark).encode()), today=TODAY)
        assert [one.name for one in good] == ["陆思远", "顾晓岚"]


def test_each_bad_line_is_named_and_the_good_ones_are_kept() -> None:
    data = sheet(
        [
            ["姓名", "证件号码", "证件类型", "国籍"],
            ["陆思远", "320400198503120112", "", ""],
            ["顾晓岚", 320400199011050204, "", ""],
            ["戴志琴", "320405197808210002", "身份证", ""],
            ["陆思远", "３２０４００19850312 0112", "", ""],
            [],
            ["", "320400199202290139", "", ""],
            ["John Smith", "E1234567", "护照", "USA"],
            ["陈美仪", "810000198304150006", "会员卡", ""],
        ]
    )
    good, bad = roster_files.check(roster_files.read(data), today=TODAY)
    assert [(one.line, one.doc_type) for one in good] == [(2, "resident_id"), (8, "passport")]
    assert [(one.line, one.field) for one in bad] == [
        (3, "number"), (4, "number"), (5, "number"), (7, "name"), (9, "doc_type"),
    ]  # fmt: skip
    assert "rounded" in bad[0].sentence
    assert bad[2] == Bad(5, "number", "This number stands in line %(line)d already.", {"line": 2}, bad[2].cells)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "roster_headings"),
        ("姓名,电话\n陆思远,1\n".encode(), "roster_headings"),
        ("姓名,证件号码\n\n".encode(), "roster_empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "roster_not_a_table"),
        (b"PK\x03\x04 no archive at all", "roster_unreadable"),
        (("姓名,证件号码\n" + "陆,1\n" * 20_001).encode(), "roster_too_long"),
    ],
)
def test_what_is_no_roster_is_refused_with_what_to_do(data: bytes, code: str) -> None:
    with pytest.raises(errors.Invalid) as refused:
        roster_files.read(data)
    assert (refused.value.code, refused.value.field) == (code, "file")


@pytest.fixture
def works(session: Session) -> str:
    jurisdictions.seed(session)
    return organisations.create(
        session, kind=OrganisationKind.ENTERPRISE, name="常州示例化工厂", supervised_by="CZ-WJ"
    ).id


def manager(organisation_id: str) -> Actor:
    return Actor("a", "p", "s", grants=(Grant(Role.ENTERPRISE_MANAGER, organisation_id, "CZ-WJ"),))


def line(number: str = "320400198503120112", name: str = "陆思远", title: str = "班长") -> Listed:
    return Listed(1, name, "resident_id", "CHN", number, title, "一车间")


def registered(session: Session, vault: Vault, now: datetime, name: str = "陆思远") -> str:
    person = persons.create(session, now=now)
    persons.register(
        session, vault, person_id=person.id, name=name, doc_type="resident_id", country="CHN",
        number="320400198503120112", consent_version="1", now=now, district_id="CZ-XB",
    )  # fmt: skip
    return person.id


def states(session: Session, vault: Vault, works: str) -> list[RosterState]:
    _counts, rows = rosters.listed(session, vault, manager(works), on=TODAY)
    return [one.state for one in rows]


def test_a_listed_person_works_here_after_their_own_yes(
    session: Session, vault: Vault, works: str, now: datetime
) -> None:
    rosters.keep(session, vault, [line()], organisation_id=works, now=now)
    assert states(session, vault, works) == [RosterState.AWAITED]
    person_id = registered(session, vault, now)
    assert states(session, vault, works) == [RosterState.ASKED]
    assert organisations.employer(session, person_id, on=TODAY) is None
    [(asked, enterprise)] = rosters.asking(session, person_id, on=TODAY)
    assert enterprise.id == works
    rosters.answer(session, asked.id, person_id=person_id, works_here="yes", now=now)
    assert states(session, vault, works) == [RosterState.JOINED]
    [held] = organisations.memberships(session, person_id, on=TODAY)
    assert (held.organisation_id, held.title) == (works, "班长")
    rosters.keep(session, vault, [line(title="车间主任")], organisation_id=works, now=now)
    assert held.title == "车间主任"


def test_a_no_is_kept_and_nobody_else_can_answer(session: Session, vault: Vault, works: str, now: datetime) -> None:
    rosters.keep(session, vault, [line()], organisation_id=works, now=now)
    person_id = registered(session, vault, now)
    [(asked, _enterprise)] = rosters.asking(session, person_id, on=TODAY)
    stranger = persons.create(session, now=now)
    with pytest.raises(errors.NotFound):
        rosters.answer(session, asked.id, person_id=stranger.id, works_here="yes", now=now)
    rosters.answer(session, asked.id, person_id=person_id, works_here="no", now=now)
    assert states(session, vault, works) == [RosterState.DECLINED]
    assert rosters.keep(session, vault, [line()], organisation_id=works, now=now).same == 1
    assert rosters.asking(session, person_id, on=TODAY) == []


def test_another_name_with_the_number_tells_nothing_of_its_owner(
    session: Session, vault: Vault, works: str, now: datetime
) -> None:
    registered(session, vault, now)
    rosters.keep(session, vault, [line(name="王小明")], organisation_id=works, now=now)
    assert states(session, vault, works) == [RosterState.AWAITED]


def test_another_enterprise_sees_and_removes_nothing(session: Session, vault: Vault, works: str, now: datetime) -> None:
    rosters.keep(session, vault, [line()], organisation_id=works, now=now)
    other = organisations.create(session, kind=OrganisationKind.ENTERPRISE, name="另一家", supervised_by="CZ-XB").id
    assert states(session, vault, other) == []
    _counts, [shown] = rosters.listed(session, vault, manager(works), on=TODAY)
    with pytest.raises(errors.NotFound):
        rosters.remove(session, manager(other), shown.line.id)
    with pytest.raises(errors.NotFound):
        invitations.renew(session, manager(other), organisation_id=works, now=now)


def test_a_new_invitation_ends_the_former_one(session: Session, works: str, now: datetime) -> None:
    first = invitations.renew(session, manager(works), organisation_id=works, now=now)
    second = invitations.renew(session, manager(works), organisation_id=works, now=now)
    assert invitations.opened(session, second.id, now=now).organisation_id == works
    with pytest.raises(errors.Gone):
        invitations.opened(session, first.id, now=now)
    with pytest.raises(errors.Gone):
        invitations.opened(session, second.id, now=now + invitations.LASTS)
