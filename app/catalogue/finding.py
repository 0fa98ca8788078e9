"""The application's search: its engine by the settings, the job that keeps it right, the rebuild."""

from datetime import datetime
from typing import cast

import structlog
from flask import Flask, current_app
from sqlalchemy.orm import Session

from app import db, jobs
from app.settings import Settings
from courses.catalogue import indexing
from courses.catalogue.finder import Finder
from courses.catalogue.postgres_search import PostgresSearch
from courses.catalogue.search import EngineDown, Search
from courses.catalogue.whoosh_search import WhooshSearch

log = structlog.get_logger()
JOB = "catalogue"
CONFIGURED = "xueshi_finder"


def make_engine(settings: Settings) -> Search:
    """Full text in the database where that is PostgreSQL, otherwise Whoosh in a directory."""
    if settings.effective_database_url.startswith("postgresql"):
        return PostgresSearch()
    return WhooshSearch(settings.search_dir)


def note_fault(fault: EngineDown) -> None:
    """Courses are still found, only slower; somebody should know."""
    log.warning("catalogue.engine_down", kind=type(fault.__cause__ or fault).__name__)


def finder() -> Finder:
    """The running application's finder."""
    return cast(Finder, current_app.extensions[CONFIGURED])


def work(app: Flask, course_id: str) -> None:
    """The job: one course's words and summaries where readers find them."""
    indexing.work(course_id, engine=finder().engine, reading=db.reading, writing=db.writing)


def due(session: Session, _now: datetime) -> list[str]:
    """The sweep: courses that the index holds wrongly, or whose summaries wait."""
    return indexing.due(session, finder().engine)


def reindex() -> int:
    """The whole index anew from the database; how many courses it holds then."""
    return indexing.rebuild(engine=finder().engine, reading=db.reading, writing=db.writing)


def install(app: Flask) -> None:
    """Make the finder, and announce job and rebuild."""
    settings: Settings = app.extensions["xueshi_settings"]
    app.extensions[CONFIGURED] = Finder(
        make_engine(settings),
        prior_mean=settings.rating_prior_mean,
        rating_minimum=settings.rating_minimum,
        on_fault=note_fault,
    )
    app.extensions["xueshi_reindex"] = reindex
    jobs.register(app, JOB, work, due)
