"""The text engine of the scaled installation: full text on PostgreSQL.

The terms are ours (`words`), written as tsvector and tsquery literals, so no parser, locale or
dictionary of the server takes part and the hit sets are the same as Whoosh's.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from courses.catalogue import words
from courses.catalogue.models import CourseWords
from courses.catalogue.words import Document, Query, Word

LABELS: Mapping[str, str] = {"title": "A", "lessons": "B", "labels": "C", "summary": "D"}
RANK_WEIGHTS = "{0.2,0.4,0.4,1.0}"  # of D, C, B, A: as `words.WEIGHTS`, the title being 1
LAST_POSITION = 16_383  # PostgreSQL's own limit; later words share it
MOST_POSITIONS = 255  # of one lexeme, likewise

PUT = text(
    "INSERT INTO course_words (course_id, text_revision, words) "
    "VALUES (:course_id, :text_revision, CAST(:words AS tsvector)) "
    "ON CONFLICT (course_id) DO UPDATE "
    "SET text_revision = excluded.text_revision, words = excluded.words"
)
FIND = text(
    "SELECT course_id, ts_rank(CAST(:weights AS real[]), words, CAST(:ranking AS tsquery)) "
    "FROM course_words WHERE words @@ CAST(:asked AS tsquery)"
)


class PostgresSearch:
    """`Search` in the database itself: what commits is found at once."""

    is_in_database = True

    def find(self, session: Session, query: Query) -> dict[str, float]:
        """Scores by course id."""
        asked = (" | " if query.is_any else " & ").join(map(_word, query.required))
        ranking = " | ".join(map(_word, query.words))
        rows = session.execute(FIND, {"weights": RANK_WEIGHTS, "ranking": ranking, "asked": asked})
        return {course_id: float(score) for course_id, score in rows}

    def unheld(self, session: Session, wanted: Mapping[str, int]) -> set[str]:
        """The courses that the table does not hold at the wanted revision."""
        held = self._held(session)
        return {one for one, revision in wanted.items() if held.get(one) != revision}

    def surplus(self, session: Session, wanted: Mapping[str, int]) -> set[str]:
        """The courses that the table holds though they are not wanted any more."""
        return set(self._held(session)) - set(wanted)

    def put(self, session: Session | None, *, put: Iterable[Document], drop: Iterable[str]) -> None:
        """Replace documents and drop others in the given transaction."""
        assert session is not None
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

    def _held(self, session: Session) -> dict[str, int]:
        rows = session.execute(select(CourseWords.course_id, CourseWords.text_revision))
        return {row.course_id: row.text_revision for row in rows}


def vector(document: Document) -> str:
    """A document as a tsvector literal; terms are letters and digits only, so nothing needs escaping."""
    places: dict[str, list[str]] = {}
    position = 0
    for field in words.FIELDS:
        for term in words.terms(document.texts.get(field, "")):
            position = min(position + 1, LAST_POSITION)
            kept = places.setdefault(term, [])
            if len(kept) < MOST_POSITIONS:
                kept.append(f"{position}{LABELS[field]}")
    return " ".join(f"'{term}':{','.join(kept)}" for term, kept in places.items())


def _word(word: Word) -> str:
    """Any of the names, each whole in one field, as part of a tsquery."""
    ways = (
        "(" + " & ".join(f"'{term}':{label}" for term in name) + ")"
        for name in word.names
        for label in LABELS.values()
    )
    return "(" + " | ".join(ways) + ")"
