"""The application's search: its engine by the settings, the job that keeps it right, the rebuild."""

import threading
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


def warm(app: Flask) -> threading.Thread:
    """Read the catalogue beside the first requests of a serving process, which else wait for it."""

    def read() -> None:
        with app.app_context():
            try:
                with db.reading() as session:
                    finder().warm(session)
            except Exception as fault:  # not migrated yet: the pages will say so
                log.warning("catalogue.not_warm", kind=type(fault).__name__)

    thread = threading.Thread(target=read, name="catalogue", daemon=True)
    thread.start()
    return thread


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
    app.extensions["xueshi_warm"] = lambda: warm(app)
    jobs.register(app, JOB, work, due)
