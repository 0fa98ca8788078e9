"""Retention periods as the migration enters them, for databases that are made without one."""

import importlib
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.files.retention import RetentionPeriod

FIGURES = importlib.import_module("migrations.versions.20261125_0019_deletion").NATIONAL


def national(session: Session, *, now: datetime) -> None:
    """The rows that are known, once."""
    if session.scalar(select(RetentionPeriod.id).limit(1)) is not None:
        return
    session.add_all(
        RetentionPeriod(about=about, years=years, source=source, mark=mark, entered_at=now)
        for about, years, source, mark in FIGURES
    )
