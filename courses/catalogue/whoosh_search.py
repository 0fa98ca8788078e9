"""The text engine of the embedded default: Whoosh in a directory.

One writer at a time (Whoosh's own lock between processes), any number of readers, which look for a
newer generation before each search. A commit replaces the table of contents by a rename, so a killed
writer leaves the old index. Readers never make the directory; while there is none, they say so.
"""

import fcntl
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session
from whoosh import index, writing
from whoosh.fields import ID, KEYWORD, NUMERIC, Schema
from whoosh.query import And, AndMaybe, Or, Term
from whoosh.query import Query as WhooshQuery

from courses.catalogue import words
from courses.catalogue.search import EngineDown
from courses.catalogue.words import Document, Query, Word

LOCK_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Held:
    """What one generation of the index holds: course ids by document number, their revisions."""

    generation: int
    ids: Mapping[int, str]
    revisions: Mapping[str, int]


def schema() -> Schema:
    """Terms come ready made, so every text field is split at spaces and nothing else."""
    fields = {name: KEYWORD(scorable=True) for name in words.FIELDS}
    return Schema(course_id=ID(stored=True, unique=True), revision=NUMERIC(stored=True), **fields)


class WhooshSearch:
    """`Search` on a directory. Searchers are one a thread: Whoosh's readers keep file positions."""

    is_in_database = False

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._threads = threading.local()
        self._lock = threading.Lock()
        self._held = Held(-1, {}, {})

    def find(self, session: Session, query: Query) -> dict[str, float]:
        """Scores by course id."""
        with self._guarded():
            searcher = self._searcher()
            held = self._holding(searcher)
            results = searcher.search(_translated(query), limit=None)
            return {held.ids[number]: float(score) for number, score in results.items()}

    def unheld(self, session: Session, wanted: Mapping[str, int]) -> set[str]:
        """The courses that the index does not hold at the wanted revision."""
        with self._guarded():
            revisions = self._holding(self._searcher()).revisions
        return {
            course_id
            for course_id, revision in wanted.items()
            if revisions.get(course_id) != revision
        }

    def surplus(self, session: Session, wanted: Mapping[str, int]) -> set[str]:
        """The courses that the index still holds though they are not wanted."""
        with self._guarded():
            return set(self._holding(self._searcher()).revisions) - set(wanted)

    def put(self, session: Session | None, *, put: Iterable[Document], drop: Iterable[str]) -> None:
        """Replace documents and drop others in one commit."""
        with self._writing() as writer:
            for course_id in drop:
                writer.delete_by_term("course_id", course_id)
            for document in put:
                writer.update_document(**_stored(document))
            writer.commit()

    def rebuild(self, session: Session | None, *, put: Iterable[Document]) -> None:
        """Make the index anew; readers keep the old one until the commit."""
        with self._writing() as writer:
            for document in put:
                writer.add_document(**_stored(document))
            writer.commit(mergetype=writing.CLEAR)

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / "creating.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two processes must not both make it
            opened = self._opened_or_made()
        writer = opened.writer(timeout=LOCK_SECONDS, delay=0.05)
        try:
            yield writer
        except BaseException:
            writer.cancel()
            raise

    def _opened_or_made(self) -> Any:
        try:
            opened = index.open_dir(str(self.directory))
        except Exception:  # none yet, an older format, a damaged disk
            return index.create_in(str(self.directory), schema())
        if opened.schema == schema():
            return opened
        return index.create_in(str(self.directory), schema())

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Whatever goes wrong inside Whoosh means: no answer, and a new searcher next time."""
        try:
            yield
        except Exception as error:
            self._threads.searcher = None
            raise EngineDown(str(error)) from error

    def _searcher(self) -> Any:
        """This thread's searcher, on the newest generation.

        Whoosh-Reloaded's own `refresh` keeps merged segments (and so finds twice), hence anew.
        """
        searcher = getattr(self._threads, "searcher", None)
        if searcher is None:
            searcher = index.open_dir(str(self.directory)).searcher()
        elif not searcher.up_to_date():
            searcher.close()
            searcher = index.open_dir(str(self.directory)).searcher()
        self._threads.searcher = searcher
        return searcher

    def _holding(self, searcher: Any) -> Held:
        generation = searcher.reader().generation()
        held = self._held
        if held.generation == generation:
            return held
        with self._lock:
            if self._held.generation != generation:
                self._held = _read_held(searcher.reader(), generation)
            return self._held


def _read_held(reader: Any, generation: int) -> Held:
    rows = {number: reader.stored_fields(number) for number in reader.all_doc_ids()}
    return Held(
        generation,
        {number: row["course_id"] for number, row in rows.items()},
        {row["course_id"]: row["revision"] for row in rows.values()},
    )


def _stored(document: Document) -> dict[str, Any]:
    texts = {name: " ".join(words.terms(text)) for name, text in document.texts.items()}
    return {"course_id": document.course_id, "revision": document.text_revision, **texts}


def _translated(query: Query) -> WhooshQuery:
    required = [_word(word) for word in query.required]
    optional = [_word(word) for word in query.words if not word.is_required]
    together: WhooshQuery = (Or if query.is_any else And)(required)
    return AndMaybe(together, Or(optional)) if optional else together


def _word(word: Word) -> WhooshQuery:
    """Any of the names, each whole in one field."""
    return Or(
        [
            And([Term(field, term, boost=words.WEIGHTS[field]) for term in name])
            for name in word.names
            for field in words.FIELDS
        ]
    )
