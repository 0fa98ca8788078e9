"""Finding courses: what is asked, the port that text engines fill, and the answer.

Engines only say which texts hold which words. What is on offer, what the filters keep, how many there
are and in which order is decided by `finder` from the database.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from json import dumps, loads
from typing import Protocol

from sqlalchemy.orm import Session

from courses import errors
from courses.catalogue import taxonomy
from courses.catalogue.shelf import LENGTHS, PRICES, Card, Snapshot
from courses.catalogue.words import Document, Names, Query

HOURS = ("0-1", "1-2", "2-4", "4-8", "8-")  # credited hours, from .. below
RATINGS = ("4.5", "4", "3.5")  # at least so good
KINDS = (*taxonomy.AXES, "length", "hours", "price", "rating", "institution", "language")
FIXED: Mapping[str, tuple[str, ...]] = {
    "length": tuple(LENGTHS),
    "hours": HOURS,
    "price": PRICES,
    "rating": RATINGS,
    "language": tuple(taxonomy.LANGUAGES),
}
Key = tuple[int | str, ...]


class EngineDown(Exception):
    """The engine cannot answer now; everything is then matched directly."""


@dataclass(frozen=True, slots=True)
class Held:
    """What an engine holds at one generation: bit `n` of its sets stands for `ids[n]`."""

    generation: int
    ids: Sequence[str]  # empty where a number is not in use
    revisions: Mapping[str, int]  # `text_revision` by course id

    def unheld(self, wanted: Mapping[str, int]) -> set[str]:
        """The courses that the engine does not hold at the wanted revision."""
        held = self.revisions
        return {one for one, revision in wanted.items() if held.get(one) != revision}

    def surplus(self, wanted: Mapping[str, int]) -> set[str]:
        """The courses that the engine holds though they are not wanted any more."""
        return set(self.revisions) - set(wanted)


class Search(Protocol):
    """A text engine: an inverted index over the terms of `words`. All engines give equal answers."""

    # True: `put` writes through the given session. False: call it outside of any transaction.
    is_in_database: bool

    def held(self, session: Session) -> Held:
        """The newest generation; EngineDown where there is none."""

    def holding(self, session: Session, asked: Sequence[tuple[str, Names]]) -> list[int]:
        """For each field with names, the texts that hold one of the names whole, as bits of what this
        thread was last told by `held`. EngineDown where it cannot tell."""

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
class Measure:
    """What courses are worth by one rule: credited hours of whole lessons. Equal where `key` is."""

    key: str
    credited: Callable[[Sequence[int]], Fraction | None] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody looks for. Codes of one kind are alternatives, kinds are all required."""

    text: str = ""
    chosen: Mapping[str, frozenset[str]] = field(default_factory=dict)  # KINDS, or "instructor"
    sort: Sort | None = None  # None: by relevance with words, else the newest first
    measure: Measure | None = None  # without one, nothing is said of credited hours

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

    shelf: Snapshot
    places: Sequence[int]  # of the hits on it, in order
    key: Callable[[int], Key]  # of a place: smallest first, no two alike
    facets: Mapping[str, tuple[Value, ...]]
    without: Mapping[str, int]  # how many there would be without all choices of a kind
    query: Query | None
    order: Sort
    corrected: str = ""  # what was looked for in place of what was typed

    @property
    def total(self) -> int:
        """How many courses were found."""
        return len(self.places)

    @property
    def cards(self) -> tuple[Card, ...]:
        """All of them."""
        return self.page(0, self.total)

    @property
    def is_loosened(self) -> bool:
        """Nothing has all the words; these have some of them."""
        return self.query is not None and self.query.is_any

    def page(self, start: int, size: int) -> tuple[Card, ...]:
        """Some of them."""
        return tuple(self.shelf.cards[place] for place in self.places[start : start + size])

    def after(self, cursor: str | None, *, size: int) -> tuple[tuple[Card, ...], str | None]:
        """The page that follows a cursor, and the next cursor, if there is more."""
        start = 0
        if cursor:
            start = bisect_right(self.places, _read_cursor(cursor, self.order), key=self.key)
        page = self.page(start, size)
        if start + size >= self.total or not page:
            return page, None
        return page, _write_cursor(self.key(self.places[start + size - 1]), self.order)


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
