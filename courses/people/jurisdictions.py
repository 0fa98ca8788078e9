"""The city and its districts, as a tree with keys of its own.

A division code does not tell the jurisdiction: the 经开区 lies in 武进区's code and answers to the city.
Source: the notice's addressees; NBS street codes to 2023-06-30.
"""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from media.base import Base

ZONE = ZoneInfo("Asia/Shanghai")  # in which the city's days begin
CITY = "CZ"


class Jurisdiction(Base):
    """One authority's area; `parent_id` is null for the city itself."""

    __tablename__ = "jurisdictions"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("jurisdictions.id"))
    name_zh: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(60))
    bureau_zh: Mapped[str] = mapped_column(String(60))
    division_code: Mapped[str | None] = mapped_column(String(6))
    counts_as_district_bureau: Mapped[bool] = mapped_column(default=True)


class StreetJurisdiction(Base):
    """A street or town whose jurisdiction is not that of its six-digit division code."""

    __tablename__ = "street_jurisdictions"

    street_code: Mapped[str] = mapped_column(String(9), primary_key=True)
    jurisdiction_id: Mapped[str] = mapped_column(ForeignKey("jurisdictions.id"))
    name_zh: Mapped[str] = mapped_column(String(60))


@dataclass(frozen=True, slots=True)
class Area:
    """One row of the tree as data."""

    id: str
    name_zh: str
    name_en: str
    bureau_zh: str
    division_code: str | None


CHANGZHOU = Area(CITY, "常州市", "Changzhou", "常州市应急管理局", "320400")
DISTRICTS = (
    Area("CZ-TN", "天宁区", "Tianning District", "天宁区应急管理局", "320402"),
    Area("CZ-ZL", "钟楼区", "Zhonglou District", "钟楼区应急管理局", "320404"),
    Area("CZ-XB", "新北区", "Xinbei District", "新北区应急管理局", "320411"),
    Area("CZ-WJ", "武进区", "Wujin District", "武进区应急管理局", "320412"),
    Area("CZ-JT", "金坛区", "Jintan District", "金坛区应急管理局", "320413"),
    Area("CZ-LY", "溧阳市", "Liyang", "溧阳市应急管理局", "320481"),
    # Statistically inside 武进区; since 2020 it answers to the city.
    Area(
        "CZ-JKQ",
        "常州经开区",
        "Changzhou Economic Development Zone",
        "常州经开区政法和应急管理局",
        None,
    ),
)
STREETS = (
    ("320412001", "戚墅堰街道"),
    ("320412002", "丁堰街道"),
    ("320412003", "潞城街道"),
    ("320412104", "遥观镇"),
    ("320412105", "横林镇"),
    ("320412106", "横山桥镇"),
)


def seed(session: Session) -> None:
    """Put Changzhou and its seven into the tree; rows that exist are left as they are."""
    for area in (CHANGZHOU, *DISTRICTS):
        if session.get(Jurisdiction, area.id) is None:
            is_city = area.id == CITY
            session.add(
                Jurisdiction(
                    id=area.id,
                    parent_id=None if is_city else CITY,
                    name_zh=area.name_zh,
                    name_en=area.name_en,
                    bureau_zh=area.bureau_zh,
                    division_code=area.division_code,
                    counts_as_district_bureau=not is_city,
                )
            )
            session.flush()  # the city first: the districts point to it
    for code, name_zh in STREETS:
        if session.get(StreetJurisdiction, code) is None:
            session.add(
                StreetJurisdiction(street_code=code, jurisdiction_id="CZ-JKQ", name_zh=name_zh)
            )
    session.flush()


def get(session: Session, jurisdiction_id: str) -> Jurisdiction:
    """One jurisdiction; NotFound if there is none."""
    found = session.get(Jurisdiction, jurisdiction_id)
    if found is None:
        raise errors.NotFound()
    return found


def districts(session: Session) -> list[Jurisdiction]:
    """Every jurisdiction below the city, in the order of the tree's data, later ones by key."""
    order = {area.id: place for place, area in enumerate(DISTRICTS)}
    found = session.scalars(select(Jurisdiction).where(Jurisdiction.parent_id.is_not(None)))
    return sorted(found, key=lambda row: (order.get(row.id, len(order)), row.id))


def parents_of(session: Session) -> dict[str, str | None]:
    """The whole tree, which is small: parent by jurisdiction."""
    rows = session.execute(select(Jurisdiction.id, Jurisdiction.parent_id))
    return {child: parent for child, parent in rows}  # noqa: C416 - rows are no tuples to mypy


def ancestors(session: Session, jurisdiction_id: str) -> list[str]:
    """The jurisdiction itself, its parent, and so on up to the city."""
    parents = parents_of(session)
    line: list[str] = []
    here: str | None = jurisdiction_id
    while here is not None and here in parents and here not in line:
        line.append(here)
        here = parents[here]
    return line


def is_within(session: Session, jurisdiction_id: str, ancestor: str) -> bool:
    """Whether a jurisdiction is `ancestor` or lies below it."""
    return ancestor in ancestors(session, jurisdiction_id)


def within(session: Session, ancestor: str) -> frozenset[str]:
    """`ancestor` and everything below it."""
    parents = parents_of(session)
    found = {ancestor} & set(parents)
    while True:
        below = {child for child, parent in parents.items() if parent in found} - found
        if not below:
            return frozenset(found)
        found |= below


def of_address(session: Session, code: str) -> str | None:
    """The jurisdiction of a street (9 digits) or division (6 digits) code, or None outside the city."""
    street = session.get(StreetJurisdiction, code[:9])
    if street is not None:
        return street.jurisdiction_id
    return session.scalar(select(Jurisdiction.id).where(Jurisdiction.division_code == code[:6]))


def day_of(at: datetime) -> date:
    """The day on which an instant falls in the city."""
    return at.astimezone(ZONE).date()
