"""Keeping the text engine at what is on offer: one course after a change, or all of it anew.

The difference between `Course.text_revision` and what the engine holds is the work that is due; there
is no queue to lose. A caller outside of the database's engine must not hold a transaction open.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy.orm import Session

from courses.catalogue import documents, shelf
from courses.catalogue.search import EngineDown, Search

Opening = Callable[[], AbstractContextManager[Session]]


def due(session: Session, engine: Search) -> list[str]:
    """Courses that the engine holds wrongly or not at all, or whose summaries wait."""
    wanted = documents.wanted(session)
    try:
        held = engine.held(session)
        lacking = held.unheld(wanted) | held.surplus(wanted)
    except EngineDown:
        lacking = set(wanted)
    return sorted(lacking | set(shelf.stale(session)))


def work(course_id: str, *, engine: Search, reading: Opening, writing: Opening) -> None:
    """Bring one course up to date, on the shelf and in the engine. Safe to run twice."""
    with writing() as session:
        shelf.refresh_stale(session, course_id)
    with reading() as session:
        found = documents.of(session, [course_id])
        drop = [] if found else [course_id]
        if found and not _is_lacking(session, engine, course_id, found[0].text_revision):
            return
    if engine.is_in_database:
        with writing() as session:
            engine.put(session, put=found, drop=drop)
    else:
        engine.put(None, put=found, drop=drop)


def _is_lacking(session: Session, engine: Search, course_id: str, revision: int) -> bool:
    try:
        return bool(engine.held(session).unheld({course_id: revision}))
    except EngineDown:
        return True


def rebuild(*, engine: Search, reading: Opening, writing: Opening) -> int:
    """Make the whole index anew from the database; how many courses it holds then."""
    with reading() as session:
        found = documents.of(session, documents.wanted(session))
    if engine.is_in_database:
        with writing() as session:
            engine.rebuild(session, put=found)
    else:
        engine.rebuild(None, put=found)
    return len(found)
