"""The operator's look at the store: what rows name and it has not, what it has and no row names."""

from collections.abc import Callable, Iterator

from flask import Flask

from app import clock, kept
from app.db import Database
from media import keeping
from media.keeping import Finding, Named
from media.storage import Store


def findings(app: Flask, *, deep: bool) -> Iterator[Finding]:
    """Everything that is wrong, both ways. Rows are read before and after the store is."""
    store: Store = app.extensions["xueshi_store"]
    with app.app_context():
        before = clock.now() - keeping.GRACE
        wanted, videos, _refs = rows(app)
        yield from keeping.lacking(store, wanted, videos, deep=deep)
        wanted, _videos, refs = rows(app)  # what was sent meanwhile is no orphan
        registry: kept.Registry = app.extensions["xueshi_kept"]
        prefixes = (*keeping.PREFIXES, *registry.keys)
        yield from keeping.unwanted(store, wanted, prefixes=prefixes, refs=refs, before=before)


def rows(app: Flask) -> tuple[Named, list[tuple[str, tuple[str, ...]]], frozenset[str]]:
    """What all features' rows name, the videos among it, and the uploads that are going on."""
    database: Database = app.extensions["xueshi_db"]
    registry: kept.Registry = app.extensions["xueshi_kept"]
    with database.reading() as session:
        mine = keeping.named(session)
        others = {key for keys in registry.keys.values() for key in keys(session)}
        wanted = Named({**mine.files, **dict.fromkeys(others)}, mine.folders)
        return wanted, keeping.playlists(session), keeping.uploads_open(session)


def run(app: Flask, tell: Callable[[str], None], *, deep: bool, removes: bool) -> int:
    """Tell every finding, remove orphans if asked; how many findings are left."""
    store: Store = app.extensions["xueshi_store"]
    left = removed = 0
    for finding in findings(app, deep=deep):
        is_gone = removes and keeping.remove(store, finding)
        removed += is_gone
        left += not is_gone
        tell(f"{finding}{', removed' if is_gone else ''}")
    tell(f"{left} findings, {removed} removed.")
    return left
