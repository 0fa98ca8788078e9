"""The finder: words by the engine, everything else by the shelf, all of it as sets of bits.

A set is joined, cut and counted whole, so no step walks through the courses but the last, which puts
the hits in their order. Texts that the engine does not hold in their newest revision are indexed here
in memory, so that the answer is right while the index lags or is gone.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache, partial
from math import log

from sqlalchemy.orm import Session

from courses.catalogue import bits, documents, spelling, words
from courses.catalogue.lexicon import Entry, Lexicon
from courses.catalogue.search import (
    FIXED,
    HOURS,
    KINDS,
    RATINGS,
    Ask,
    EngineDown,
    Found,
    Held,
    Key,
    Measure,
    Search,
    Sort,
    Value,
)
from courses.catalogue.shelf import EMPTY, Card, Shelf, Snapshot
from courses.catalogue.taxonomy import AXES
from courses.catalogue.words import Document, Names, Query, Word
from media.base import to_ms

MOST_SETS = 4_000  # of names in fields, kept while neither index nor shelf change
Hits = list[tuple[int, int]]  # (score, places), best first, no place twice


class Late:
    """An inverted index in memory of the texts that the engine lacks."""

    def __init__(self, found: Sequence[Document]) -> None:
        self.ids = [document.course_id for document in found]
        self._terms: dict[tuple[str, str], int] = {}
        for number, document in enumerate(found):
            for name, text in document.texts.items():
                for term in set(words.terms(text)):
                    self._terms[name, term] = self._terms.get((name, term), 0) | 1 << number

    def holding(self, asked: Sequence[tuple[str, Names]]) -> list[int]:
        """As the engine's."""
        return [words.any_name(names, partial(self._of, field_name)) for field_name, names in asked]

    def _of(self, field_name: str, term: str) -> int:
        return self._terms.get((field_name, term), 0)


@dataclass(frozen=True, slots=True)
class View:
    """Engine and shelf at one moment. The numbers of `late` follow those of the engine."""

    held: Held
    snapshot: Snapshot
    late: Late
    places: Sequence[int]  # by number; -1 where what is held is old or not on offer
    live: int
    sets: dict[tuple[str, Names], int] = field(default_factory=dict)

    def placed(self, numbers: int) -> int:
        """The set as places on the shelf."""
        places = self.places
        return bits.of((places[number] for number in bits.members(numbers)), size=len(places))


NOTHING = View(Held(-1, (), {}), EMPTY, Late(()), (), 0)


@dataclass(slots=True)
class Finder:
    """A shelf with a text engine."""

    engine: Search
    shelf: Shelf = field(default_factory=Shelf)
    prior_mean: Fraction = Fraction(7, 2)  # where unrated courses stand among the rated
    rating_minimum: int = 1  # from how many ratings on a score is shown, and filtered by
    on_fault: Callable[[EngineDown], None] = field(default=lambda _fault: None)
    _lexicon: Lexicon = field(default_factory=lambda: Lexicon(EMPTY))
    _view: View = NOTHING
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _derived: dict[tuple[int, str], Mapping[tuple[str, str], int]] = field(default_factory=dict)
    _ranks: dict[tuple[int, Sort], Sequence[int]] = field(default_factory=dict)

    def find(self, session: Session, ask: Ask) -> Found:
        """Everything that fits, in order, with the counts of all filters."""
        snapshot = self.shelf.refresh(session)
        query, corrected, ranked = self._hits(session, snapshot, ask.text)
        hits = 0
        for _score, some in ranked:
            hits |= some
        having = self._having(snapshot, ask)
        kept = {kind: _any_of(having, kind, codes) for kind, codes in ask.chosen.items()}
        rest = {
            kind: _all_of(hits, (one for name, one in kept.items() if name != kind))
            for kind in {*KINDS, *kept}
        }
        places = self._ordered(snapshot, ask.order, ranked, _all_of(hits, kept.values()))
        return Found(
            shelf=snapshot,
            places=places,
            key=lambda place: self._key(snapshot.cards[place], ask.order, _score_of(ranked, place)),
            facets={
                kind: _values(having, kind, rest[kind], ask.chosen.get(kind, frozenset()))
                for kind in KINDS
            },
            without={kind: rest[kind].bit_count() for kind in ask.chosen},
            query=query if query.words else None,
            order=ask.order,
            corrected=corrected,
        )

    def warm(self, session: Session) -> None:
        """Read what the first searches of a process would wait for."""
        self.find(session, Ask("x"))
        self._lexicon_of(self.shelf.refresh(session)).warm()

    def card(self, session: Session, course_id: str) -> Card | None:
        """One course on offer, as lists show it."""
        snapshot = self.shelf.refresh(session)
        place = snapshot.places.get(course_id)
        return None if place is None else snapshot.cards[place]

    def suggest(self, session: Session, typed: str, *, limit: int) -> list[Entry]:
        """What may be meant by the beginning of something."""
        return self._lexicon_of(self.shelf.refresh(session)).suggest(typed, limit=limit)

    def _lexicon_of(self, snapshot: Snapshot) -> Lexicon:
        lexicon = self._lexicon
        if lexicon.snapshot.text_revisions != snapshot.text_revisions:
            lexicon = self._lexicon = Lexicon(snapshot)
        return lexicon

    def _hits(self, session: Session, snapshot: Snapshot, text: str) -> tuple[Query, str, Hits]:
        """What was asked for, what was taken in its place, and what has the words."""
        query = words.query(text)
        if not query.words:  # signs alone: nothing is called that
            return query, "", [] if text.strip() else [(0, snapshot.everything)]
        try:
            return self._asked(session, snapshot, self.engine.held(session), query)
        except EngineDown as fault:
            self.on_fault(fault)
            return self._asked(session, snapshot, NOTHING.held, query)

    def _asked(
        self, session: Session, snapshot: Snapshot, held: Held, query: Query
    ) -> tuple[Query, str, Hits]:
        lexicon = self._lexicon_of(snapshot)
        view = self._viewed(session, snapshot, held)
        query = spelling.with_pinyin(query, lexicon)
        found, corrected = self._scored(session, view, query), ""
        if not found:
            lost = [word for word in query.required if not any(self._fields(session, view, word))]
            for better in spelling.corrections(query, lost, lexicon):
                other = spelling.with_pinyin(words.query(better), lexicon)
                found = self._scored(session, view, other)
                if found:
                    query, corrected = other, better
                    break
        if not found and len(query.required) > 1:
            query = query.loosened()
            found = self._scored(session, view, query)
        return query, corrected, _with_phrase(found, view, lexicon, query)

    def _scored(self, session: Session, view: View, query: Query) -> Hits:
        """(score, numbers) of the view: a word counts by the best field that holds it, and by its rarity."""
        required = [self._fields(session, view, word) for word in query.required]
        found = view.live if not query.is_any else 0
        for fields in required:
            one = 0
            for held in fields:
                one |= held
            found = found | one if query.is_any else found & one
        parts = {0: found} if found else {}
        optional = [
            self._fields(session, view, word) for word in query.words if not word.is_required
        ]
        for fields in [*required, *optional]:
            parts = _parted(parts, fields, count=view.live.bit_count())
        return sorted(parts.items(), reverse=True)

    def _fields(self, session: Session, view: View, word: Word) -> list[int]:
        """The live texts that hold a word, for each of `words.FIELDS`."""
        names = word.names
        lacking = [name for name in words.FIELDS if (name, names) not in view.sets]
        if lacking:
            asked = [(name, names) for name in lacking]
            held = self.engine.holding(session, asked) if view.held.ids else [0] * len(asked)
            shift = len(view.held.ids)
            if len(view.sets) > MOST_SETS:
                view.sets.clear()
            for key, early, late in zip(asked, held, view.late.holding(asked), strict=True):
                view.sets[key] = (early | late << shift) & view.live
        return [view.sets[name, names] for name in words.FIELDS]

    def _viewed(self, session: Session, snapshot: Snapshot, held: Held) -> View:
        with self._lock:
            view = self._view
            if view.held is not held or view.snapshot is not snapshot:
                view = self._view = _view(session, snapshot, held)
            return view

    def _having(self, snapshot: Snapshot, ask: Ask) -> Mapping[tuple[str, str], int]:
        """The shelf's sets, with those by score and by credited hours, which hang on settings and rule."""
        key = snapshot.revision, ask.measure.key if ask.measure else ""
        found = self._derived.get(key)
        if found is None:
            if len(self._derived) > 50:  # rules of districts; a new revision needs all of them anew
                self._derived.clear()
            found = self._derived[key] = {
                **snapshot.sets,
                **_derived(snapshot, ask.measure, self.rating_minimum),
            }
        return found

    def _ordered(self, snapshot: Snapshot, order: Sort, ranked: Hits, hits: int) -> list[int]:
        if order is Sort.RELEVANCE:
            return [place for _score, some in ranked for place in bits.members(some & hits)]
        if order is Sort.NEWEST:
            return list(bits.members(hits))
        ranks = self._ranks.get((snapshot.revision, order))
        if ranks is None:
            if len(self._ranks) > 8:
                self._ranks.clear()
            keys = [self._key(card, order, 0) for card in snapshot.cards]
            by_key = sorted(range(len(keys)), key=keys.__getitem__)
            ranks = [0] * len(keys)
            for rank, place in enumerate(by_key):
                ranks[place] = rank
            self._ranks[snapshot.revision, order] = ranks
        return sorted(bits.members(hits), key=ranks.__getitem__)

    def _key(self, card: Card, order: Sort, score: int) -> Key:
        """What sorts, smallest first; the newer, then the id ends every tie."""
        return (*self._lead(card, order, score), -to_ms(card.published_at), card.course_id)

    def _lead(self, card: Card, order: Sort, score: int) -> tuple[int, ...]:
        """What a sort looks at first."""
        if order is Sort.RELEVANCE:
            return (-score,)
        if order is Sort.BEST_RATED:
            mean = self.prior_mean if card.score is None else card.score
            return (-int(mean * 10**9), -card.rating_count)
        if order is Sort.MOST_FINISHED:
            return (-card.finished_count,)
        return (card.price.minor,) if order is Sort.PRICE else ()


def _view(session: Session, snapshot: Snapshot, held: Held) -> View:
    """Which numbers stand for courses on offer in their newest text, and the rest indexed here."""
    wanted = snapshot.text_revisions
    lacking = held.unheld(wanted)
    late = Late(documents.of(session, lacking))
    places = [
        snapshot.places[one] if one in wanted and one not in lacking else -1 for one in held.ids
    ] + [snapshot.places.get(one, -1) for one in late.ids]
    live = bits.of((n for n, place in enumerate(places) if place >= 0), size=len(places))
    return View(held, snapshot, late, places, live)


def _parted(parts: dict[int, int], fields: Sequence[int], *, count: int) -> dict[int, int]:
    """Each part divided by the best field that holds one more word."""
    anywhere = 0
    for held in fields:
        anywhere |= held
    rarity = 1 + log((count + 1) / (anywhere.bit_count() + 1))
    divided: dict[int, int] = {}
    for score, part in parts.items():
        some = part
        for name, held in zip(words.FIELDS, fields, strict=True):
            best = some & held
            if best:
                better = score + round(100 * words.WEIGHTS[name] * rarity)
                divided[better] = divided.get(better, 0) | best
                some &= ~best
        if some:
            divided[score] = divided.get(score, 0) | some
    return divided


def _with_phrase(found: Hits, view: View, lexicon: Lexicon, query: Query) -> Hits:
    """As places of the shelf; titles that hold the very words as typed come before their like."""
    phrase = lexicon.titled(spelling.said(query))
    ranked: dict[int, int] = {}
    for score, numbers in found:
        places = view.placed(numbers)
        for points, part in ((score + 100, places & phrase), (score, places & ~phrase)):
            if part:
                ranked[points] = ranked.get(points, 0) | part
    return sorted(ranked.items(), reverse=True)


def _score_of(ranked: Hits, place: int) -> int:
    return next((score for score, some in ranked if some >> place & 1), 0)


def _derived(
    snapshot: Snapshot, measure: Measure | None, minimum: int
) -> Mapping[tuple[str, str], int]:
    members: dict[tuple[str, str], list[int]] = {}
    for place, card in enumerate(snapshot.cards):
        if card.score is not None and card.rating_count >= minimum:
            for floor in _rating_codes(card.score.numerator, card.score.denominator):
                members.setdefault(("rating", floor), []).append(place)
        code = _hours_code(measure, card.lesson_durations_ms) if measure else None
        if code is not None:
            members.setdefault(("hours", code), []).append(place)
    return {key: bits.of(found, size=len(snapshot.cards)) for key, found in members.items()}


@lru_cache(maxsize=10_000)
def _rating_codes(numerator: int, denominator: int) -> tuple[str, ...]:
    """Every floor that a score reaches."""
    return tuple(code for code in RATINGS if Fraction(numerator, denominator) >= Fraction(code))


@lru_cache(maxsize=200_000)  # neither a published rule nor a published course ever changes
def _hours_code(measure: Measure, durations_ms: tuple[int, ...]) -> str | None:
    """Which of `HOURS` a course is worth by a rule."""
    hours = measure.credited(durations_ms)
    if hours is None:
        return None
    return [code for code in HOURS if int(code.partition("-")[0]) <= hours][-1]


def _any_of(having: Mapping[tuple[str, str], int], kind: str, codes: Iterable[str]) -> int:
    kept = 0
    for code in codes:
        kept |= having.get((kind, code), 0)
    return kept


def _all_of(hits: int, kept: Iterable[int]) -> int:
    for one in kept:
        hits &= one
    return hits


def _values(
    having: Mapping[tuple[str, str], int], kind: str, within: int, chosen: frozenset[str]
) -> tuple[Value, ...]:
    """Counts under the words and all *other* filters; the axis' own choice does not shrink it."""
    if kind in AXES:
        codes: Iterable[str] = AXES[kind].terms
    else:
        codes = FIXED.get(kind) or sorted(code for name, code in having if name == kind)
    counted = ((code, (within & having.get((kind, code), 0)).bit_count()) for code in codes)
    return tuple(
        Value(code, count, code in chosen) for code, count in counted if count or code in chosen
    )
