"""The city and its districts, as a tree with keys of its own.

A division code does not tell the jurisdiction: the 经开区 lies in 武进区's code and answers to the city.
Source: the notice's addressees; NBS street codes to 2023-06-30.
"""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from media.base import Base


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
