"""The text engine of the embedded default: Whoosh in a directory.

One writer at a time (a lock file between processes), any number of readers, which look for a
newer generation before each search. A commit replaces the table of contents by a rename, so a killed
writer leaves the old index. Readers never make the directory; while there is none, they say so.
"""

import fcntl
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import sleep
from typing import Any

from sqlalchemy.orm import Session
from whoosh import formats, index, writing
from whoosh.fields import ID, STORED, FieldType, Schema
from whoosh.reading import TermNotFound

from courses.catalogue import bits, words
from courses.catalogue.search import EngineDown, Held
from courses.catalogue.words import Document, Names

OPENINGS = 4
MOST_TERMS = 8_000  # kept in memory; at 10 000 courses a little over a kilobyte each


class Terms(FieldType):  # type: ignore[misc]
    """A field whose terms are given as a list."""

    def __init__(self) -> None:
        self.format = formats.Existence()
        self.analyzer = None
        self.scorable = True  # the lengths go unused, but Whoosh looks for their file at every posting
        self.stored = self.unique = False
        self.vector = None

    def index(self, value: list[str], **_more: object) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Every term once."""
        for term in dict.fromkeys(value):
            yield term.encode(), 1, 1.0, b""


def schema() -> Schema:
    """Terms come ready made; which texts hold a term is all that is kept, the ranking is `finder`'s."""
    fields = {name: Terms() for name in words.FIELDS}
    return Schema(course_id=ID(stored=True, unique=True), revision=STORED(), **fields)


class WhooshSearch:
    """`Search` on a directory. Searchers are one a thread: Whoosh's readers keep file positions."""

    is_in_database = False

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._threads = threading.local()
        self._lock = threading.Lock()
        self._held = Held(-1, (), {})
        self._terms: dict[tuple[int, str, str], int] = {}

    def held(self, session: Session) -> Held:
        """The newest generation."""
        with self._guarded():
            reader = self._searcher().reader()
            generation = reader.generation()
            with self._lock:
                if self._held.generation != generation:
                    self._held = _read_held(reader, generation)
                    self._terms.clear()
                return self._held

    def holding(self, session: Session, asked: Sequence[tuple[str, Names]]) -> list[int]:
        """Texts that hold a name whole, by the generation that this thread was told of."""
        with self._guarded():
            reader = self._threads.searcher.reader()
            generation = reader.generation()
            return [
                words.any_name(names, partial(self._of, reader, generation, field))
                for field, names in asked
            ]

    def _of(self, reader: Any, generation: int, field: str, term: str) -> int:
        key = generation, field, term
        found = self._terms.get(key)
        if found is None:
            if len(self._terms) >= MOST_TERMS:
                self._terms.clear()
            found = self._terms[key] = _read_term(reader, field, term)
        return found

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
        # Whoosh's own lock is taken too late: who opens the index while another commits finds none,
        # and would make a new one over it. A killed process leaves this lock.
        with (self.directory / "writing.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            writer = self._opened_or_made().writer()
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
        if searcher is not None and not searcher.up_to_date():
            searcher.close()
            searcher = None
        self._threads.searcher = searcher or self._opened().searcher()
        return self._threads.searcher

    def _opened(self) -> Any:
        """The index; a commit may take its table of contents away between finding and opening it."""
        for _attempt in range(OPENINGS - 1):
            try:
                return index.open_dir(str(self.directory))
            except (OSError, index.IndexError):
                sleep(0.005)
        return index.open_dir(str(self.directory))


def _read_held(reader: Any, generation: int) -> Held:
    ids = [""] * reader.doc_count_all()
    revisions = {}
    for number, row in reader.iter_docs():
        ids[number] = row["course_id"]
        revisions[row["course_id"]] = row["revision"]
    return Held(generation, ids, revisions)


def _read_term(reader: Any, field: str, term: str) -> int:
    try:
        found = reader.postings(field, term).all_ids()
    except TermNotFound:
        return 0
    return bits.of(found, size=reader.doc_count_all())


def _stored(document: Document) -> dict[str, Any]:
    texts = {name: words.terms(text) for name, text in document.texts.items()}
    return {"course_id": document.course_id, "revision": document.text_revision, **texts}
