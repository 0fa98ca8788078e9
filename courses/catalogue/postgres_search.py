"""The text engine of the scaled installation: full text on PostgreSQL.

The terms are ours (`words`), written as tsvector and tsquery literals, so no parser, locale or
dictionary of the server takes part and the hit sets are the same as Whoosh's.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from courses.catalogue import bits, words
from courses.catalogue.models import CatalogueCounter, CourseWords
from courses.catalogue.search import Held
from courses.catalogue.words import Document, Names

# The field stands before each term, so that the index alone can answer; weights would be looked up in
# every row. Terms are letters and digits only, so nothing needs escaping.
LETTERS: Mapping[str, str] = {"title": "a", "lessons": "b", "labels": "c", "summary": "d"}

PUT = text(
    "INSERT INTO course_words (course_id, text_revision, words) "
    "VALUES (:course_id, :text_revision, CAST(:words AS tsvector)) "
    "ON CONFLICT (course_id) DO UPDATE "
    "SET text_revision = excluded.text_revision, words = excluded.words"
)
FIND = text(
    "SELECT ARRAY(SELECT number FROM course_words WHERE words @@ CAST(asked.query AS tsquery)) "
    "FROM unnest(CAST(:queries AS text[])) WITH ORDINALITY AS asked (query, place) ORDER BY asked.place"
)
# The planner takes the table for a small one, not seeing that each row's words lie outside of it.
BY_INDEX = text("SELECT set_config('enable_seqscan', :is_on, true)")
NEXT_GENERATION = text(
    "INSERT INTO catalogue_counter (id, value) VALUES (2, 1) "
    "ON CONFLICT (id) DO UPDATE SET value = catalogue_counter.value + 1"
)


class PostgresSearch:
    """`Search` in the database itself: what commits is found at once."""

    is_in_database = True

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held = Held(-1, (), {})

    def held(self, session: Session) -> Held:
        """What is in the table, read again when the index' own counter has moved."""
        generation = session.scalar(select(CatalogueCounter.value).where(CatalogueCounter.id == 2)) or 0
        with self._lock:
            if self._held.generation != generation:
                rows = session.execute(select(CourseWords.number, CourseWords.course_id, CourseWords.text_revision))
                self._held = _read_held(generation, [(row.number, row.course_id, row.text_revision) for row in rows])
            return self._held

    def holding(self, session: Session, asked: Sequence[tuple[str, Names]]) -> list[int]:
        """Texts that hold a name whole; all of it in one question to the server."""
        queries = [_query(field, names) for field, names in asked]
        session.execute(BY_INDEX, {"is_on": "off"})
        found = session.scalars(FIND, {"queries": queries}).all()
        session.execute(BY_INDEX, {"is_on": "on"})
        return [bits.of(numbers, size=max(numbers, default=0)) for numbers in found]

    def put(self, session: Session | None, *, put: Iterable[Document], drop: Iterable[str]) -> None:
        """Replace documents and drop others in the given transaction."""
        assert session is not None
        session.execute(NEXT_GENERATION)
        gone = list(drop)
        if gone:
            session.execute(delete(CourseWords).where(CourseWords.course_id.in_(gone)))
        rows = [
            {
                "course_id": document.course_id,
                "text_revision": document.text_revision,
                "words": vector(document),
            }
            for document in sorted(put, key=lambda document: document.course_id)
        ]
        if rows:
            session.execute(PUT, rows)

    def rebuild(self, session: Session | None, *, put: Iterable[Document]) -> None:
        """Empty the table and fill it again."""
        assert session is not None
        session.execute(delete(CourseWords))
        self.put(session, put=put, drop=())


def _read_held(generation: int, rows: Sequence[tuple[int, str, int]]) -> Held:
    ids = [""] * (max((number for number, _id, _revision in rows), default=-1) + 1)
    for number, course_id, _revision in rows:
        ids[number] = course_id
    return Held(generation, ids, {course_id: revision for _number, course_id, revision in rows})


def vector(document: Document) -> str:
    """A document as a tsvector literal."""
    return " ".join(
        f"'{LETTERS[field]}{term}'"
        for field in words.FIELDS
        for term in dict.fromkeys(words.terms(document.texts.get(field, "")))
    )


def _query(field: str, names: Names) -> str:
    """Any of the names, each whole in this field, as a tsquery literal."""
    return " | ".join(
        "(" + " & ".join(f"'{LETTERS[field]}{term}'" for term in name) + ")" for name in names if name
    )
