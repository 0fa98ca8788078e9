"""Finding courses: what is asked, the port that text engines fill, and the answer.

Engines only say which texts hold the words. What is on offer, what the filters keep, how many there
are and in which order is decided here from the database; courses that the index does not hold in
their newest text are matched directly, so that the answer is right while the index lags or is gone.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from json import dumps, loads
from typing import Protocol

from sqlalchemy.orm import Session

from courses import errors
from courses.catalogue import documents, taxonomy, words
from courses.catalogue.shelf import Card, Shelf, Snapshot
from courses.catalogue.words import Document, Query
from media.base import to_ms

PRICES = ("free", "paid")
Key = tuple[int | str, ...]


class EngineDown(Exception):
    """The engine cannot answer now; everything is then matched directly."""


class Search(Protocol):
    """A text engine. Hit sets are the same for all engines; scores need not be."""

    # True: `put` writes through the given session. False: call it outside of any transaction.
    is_in_database: bool

    def find(self, session: Session, query: Query) -> dict[str, float]:
        """Scores by course id, of whatever the index holds; EngineDown where it cannot tell."""

    def unheld(self, session: Session, wanted: Mapping[str, int]) -> set[str]:
        """The courses that the index does not hold at the wanted `text_revision`."""

    def surplus(self, session: Session, wanted: Mapping[str, int]) -> set[str]:
        """The courses that the index holds though they are not wanted any more."""

    def put(self, session: Session | None, *, put: Iterable[Document], drop: Iterable[str]) -> None:
        """Replace documents and drop others, at once or not at all."""

    def rebuild(self, session: Session | None, *, put: Iterable[Document]) -> None:
        """Make the index anew with exactly these documents."""


class Sort(StrEnum):
    """How the hits are ordered."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    BEST_RATED = "best_rated"
    MOST_FINISHED = "most_finished"
    PRICE = "price"


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody looks for. Codes of one axis are alternatives, axes are all required."""

    text: str = ""
    chosen: Mapping[str, frozenset[str]] = field(default_factory=dict)  # axis, or "price"
    institution: str | None = None
    instructor: str | None = None
    sort: Sort | None = None  # None: by relevance with words, else the newest first

    @property
    def order(self) -> Sort:
        """The order in use; without words there is no relevance."""
        has_words = bool(self.text.strip())
        if self.sort is None or (self.sort is Sort.RELEVANCE and not has_words):
            return Sort.RELEVANCE if has_words else Sort.NEWEST
        return self.sort


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a filter: how many courses one would see with it in place of the axis' others."""

    code: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The answer: every hit in order, the counts, and how it came about."""

    cards: tuple[Card, ...]
    facets: Mapping[str, tuple[Value, ...]]
    query: Query | None
    order: Sort
    keys: tuple["Key", ...]

    @property
    def total(self) -> int:
        """How many courses were found."""
        return len(self.cards)

    @property
    def is_loosened(self) -> bool:
        """Nothing has all the words; these have some of them."""
        return self.query is not None and self.query.is_any

    def after(self, cursor: str | None, *, size: int) -> tuple[tuple[Card, ...], str | None]:
        """The page that follows a cursor, and the next cursor, if there is more."""
        start = 0
        if cursor:
            last = _read_cursor(cursor, self.order)
            start = next((n for n, key in enumerate(self.keys) if key > last), len(self.keys))
        page = self.cards[start : start + size]
        if start + size >= len(self.cards) or not page:
            return page, None
        return page, _write_cursor(self.keys[start + size - 1], self.order)


@dataclass(frozen=True, slots=True)
class Finder:
    """A shelf with a text engine."""

    engine: Search
    shelf: Shelf = field(default_factory=Shelf)
    prior_mean: Fraction = Fraction(7, 2)  # where unrated courses stand among the rated
    on_fault: Callable[[EngineDown], None] = field(default=lambda _fault: None)

    def find(self, session: Session, ask: Ask) -> Found:
        """Everything that fits, in order, with the counts of all filters."""
        snapshot = self.shelf.refresh(session)
        query = words.query(ask.text)
        scores: dict[str, float] = {}
        hits = snapshot.everything
        if query.words:
            scores = self._scores(session, snapshot, query)
            if not scores and len(query.required) > 1:
                query = query.loosened()
                scores = self._scores(session, snapshot, query)
            hits = snapshot.those(scores)
        elif ask.text.strip():
            hits = 0  # signs alone: nothing is called that
        hits &= _of(snapshot, "institution", ask.institution)
        hits &= _of(snapshot, "instructor", ask.instructor)
        kept = {kind: _any_of(snapshot, kind, codes) for kind, codes in ask.chosen.items()}
        ranked = self._ranked(snapshot.of(_all_of(hits, kept.values())), ask.order, scores)
        return Found(
            tuple(card for _key, card in ranked),
            {kind: _values(snapshot, ask, kind, hits, kept) for kind in (*taxonomy.AXES, "price")},
            query if query.words else None,
            ask.order,
            tuple(key for key, _card in ranked),
        )

    def card(self, session: Session, course_id: str) -> Card | None:
        """One course on offer, as lists show it."""
        snapshot = self.shelf.refresh(session)
        place = snapshot.places.get(course_id)
        return None if place is None else snapshot.cards[place]

    def _scores(self, session: Session, snapshot: Snapshot, query: Query) -> dict[str, float]:
        wanted = snapshot.text_revisions
        try:
            lagging = self.engine.unheld(session, wanted)
            found = self.engine.find(session, query)
        except EngineDown as fault:
            self.on_fault(fault)
            lagging, found = set(wanted), {}
        scores = {
            course_id: score
            for course_id, score in found.items()
            if course_id in wanted and course_id not in lagging
        }
        for document in documents.of(session, lagging):
            score = words.matches(document, query)
            if score is not None:
                scores[document.course_id] = score
        return scores

    def _ranked(
        self, cards: Iterable[Card], order: Sort, scores: Mapping[str, float]
    ) -> list[tuple[Key, Card]]:
        """Cards with their sort keys, smallest first; the newer, then the id ends every tie."""
        ranked: list[tuple[Key, Card]] = [
            (
                (
                    *self._lead(card, order, scores.get(card.course_id, 0.0)),
                    -to_ms(card.published_at),
                    card.course_id,
                ),
                card,
            )
            for card in cards
        ]
        ranked.sort(key=lambda row: row[0])
        return ranked

    def _lead(self, card: Card, order: Sort, score: float) -> tuple[int, ...]:
        """What a sort looks at first."""
        if order is Sort.RELEVANCE:
            return (-_scaled(score),)
        if order is Sort.BEST_RATED:
            mean = self.prior_mean if card.score is None else card.score
            return (-_scaled(mean), -card.rating_count)
        if order is Sort.MOST_FINISHED:
            return (-card.finished_count,)
        return (card.price.minor,) if order is Sort.PRICE else ()


def _of(snapshot: Snapshot, kind: str, code: str | None) -> int:
    return snapshot.everything if code is None else snapshot.having(kind, code)


def _any_of(snapshot: Snapshot, kind: str, codes: Iterable[str]) -> int:
    kept = 0
    for code in codes:
        kept |= snapshot.having(kind, code)
    return kept


def _all_of(hits: int, kept: Iterable[int]) -> int:
    for one in kept:
        hits &= one
    return hits


def _values(
    snapshot: Snapshot, ask: Ask, kind: str, hits: int, kept: Mapping[str, int]
) -> tuple[Value, ...]:
    """Counts under the words and all *other* filters; the axis' own choice does not shrink it."""
    within = _all_of(hits, (bits for name, bits in kept.items() if name != kind))
    chosen = ask.chosen.get(kind, frozenset())
    codes: Iterable[str] = PRICES if kind == "price" else taxonomy.AXES[kind].terms
    counted = ((code, (within & snapshot.having(kind, code)).bit_count()) for code in codes)
    return tuple(
        Value(code, count, code in chosen) for code, count in counted if count or code in chosen
    )


def _scaled(value: Fraction | float) -> int:
    """A score as a whole number that sorts alike, and can stand in a cursor."""
    return int(value * 10**9)


def _write_cursor(key: Key, order: Sort) -> str:
    return urlsafe_b64encode(dumps([order, *key]).encode()).decode().rstrip("=")


def _read_cursor(cursor: str, order: Sort) -> Key:
    try:
        kind, *numbers, course_id = loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        key: Key = (*map(int, numbers), str(course_id))
    except (ValueError, TypeError):
        kind, key = None, ()
    if kind != order or len(key) != _KEY_LENGTHS[order]:
        raise errors.Invalid(
            "bad_cursor",
            "This page of the list cannot be found. Begin at the first.",
            field="cursor",
        )
    return key


_KEY_LENGTHS = {
    Sort.RELEVANCE: 3,
    Sort.NEWEST: 2,
    Sort.BEST_RATED: 4,
    Sort.MOST_FINISHED: 3,
    Sort.PRICE: 3,
}


def asked(ask: Ask, *, kind: str, codes: Iterable[str]) -> Ask:
    """The same question with other values of one filter."""
    chosen = {**ask.chosen, kind: frozenset(codes)}
    return replace(ask, chosen={name: some for name, some in chosen.items() if some})
