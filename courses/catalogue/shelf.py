"""Every course on offer, held in memory: what filters, counts and sorts the catalogue.

Each process keeps its own shelf and, before each use, takes from the database whatever was changed
since (`Course.revision`); so a withdrawn course is gone everywhere at once, and no index is believed.
Sets of courses are whole numbers, one bit a course: counting forty filters takes microseconds.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from operator import attrgetter

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from courses.catalogue import bits, taxonomy
from courses.catalogue.models import CatalogueCounter, Course, CourseState, Edition
from courses.people.organisations import Organisation
from courses.units import Money

NEXT_REVISION = text(
    "INSERT INTO catalogue_counter (id, value) VALUES (1, 1) "
    "ON CONFLICT (id) DO UPDATE SET value = catalogue_counter.value + 1 RETURNING value"
)
SHELF = 1  # the counter's row; 2 counts the generations of the words
PRICES = ("free", "paid")
# How long a course is: from .. below, in whole minutes.
LENGTHS = {"0-15": 0, "15-45": 15, "45-90": 45, "90-180": 90, "180-": 180}


@dataclass(frozen=True, slots=True)
class Card:
    """A course on offer, as lists show it. `codes` are closed under parents, by axis."""

    course_id: str
    edition_id: str
    edition: int
    title: str
    summary: str
    language: str
    organisation_id: str
    organisation: str
    organisation_en: str
    instructors: tuple[tuple[str, str], ...]  # (person id, name)
    codes: Mapping[str, frozenset[str]]
    stated: Mapping[str, tuple[str, ...]]  # as the institution chose them, in order
    price: Money
    exam: str
    duration_ms: int
    lesson_durations_ms: tuple[int, ...]
    cover_asset_id: str | None
    has_preview: bool
    published_at: datetime
    score: Fraction | None  # what orders the catalogue; shown only from enough ratings on
    rating_count: int
    finished_count: int
    text_revision: int
    keys: tuple[tuple[str, str], ...]  # the sets it is in


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The shelf at one revision; never changed once built. Bit `n` stands for `cards[n]`."""

    revision: int
    cards: tuple[Card, ...]
    places: dict[str, int]
    everything: int
    sets: Mapping[tuple[str, str], int]
    text_revisions: Mapping[str, int]  # what an index should hold, by course
    institutions: Mapping[str, tuple[str, str]]  # names by id, Chinese and English

    def having(self, kind: str, code: str) -> int:
        """The courses with a code of an axis, or of `length price language institution instructor`."""
        return self.sets.get((kind, code), 0)


def _built(revision: int, cards: Iterable[Card]) -> Snapshot:
    by_id = sorted(cards, key=attrgetter("course_id"))
    rows = tuple(sorted(by_id, key=attrgetter("published_at"), reverse=True))  # equal ones stay by id
    members: dict[tuple[str, str], list[int]] = {}
    for place, card in enumerate(rows):
        for key in card.keys:
            members.setdefault(key, []).append(place)
    return Snapshot(
        revision,
        rows,
        {card.course_id: place for place, card in enumerate(rows)},
        (1 << len(rows)) - 1,
        {key: bits.of(found, size=len(rows)) for key, found in members.items()},
        {card.course_id: card.text_revision for card in rows},
        {card.organisation_id: (card.organisation, card.organisation_en) for card in rows},
    )


EMPTY = _built(0, ())


def length_code(duration_ms: int) -> str:
    """The longest of `LENGTHS` that is not longer."""
    return [code for code, minutes in LENGTHS.items() if minutes * 60_000 <= duration_ms][-1]


class Shelf:
    """One process' copy. Safe under threads: snapshots are replaced, never changed.

    Refresh it in reading sessions only: what a transaction later rolls back must not stand here.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._snapshot = EMPTY

    def refresh(self, session: Session) -> Snapshot:
        """The shelf as this session's transaction sees it."""
        newest = session.scalar(select(CatalogueCounter.value).where(CatalogueCounter.id == SHELF)) or 0
        known = self._snapshot
        if newest == known.revision:
            return known
        with self._lock:
            known = self._snapshot
            if newest == known.revision:
                return known
            # An older number than ours: another database was put in place. Begin anew.
            since = known.revision if newest > known.revision else 0
            kept = {card.course_id: card for card in known.cards} if since else {}
            for course, edition, organisation in changed(session, since=since):
                if is_on_offer(course) and edition is not None:
                    kept[course.id] = card_of(course, edition, organisation)
                else:
                    kept.pop(course.id, None)
            self._snapshot = _built(newest, kept.values())
            return self._snapshot


def is_on_offer(course: Course) -> bool:
    """Whether the catalogue shows a course."""
    return course.current_edition is not None and course.state != CourseState.WITHDRAWN


def changed(session: Session, *, since: int) -> list[tuple[Course, Edition | None, Organisation]]:
    """Courses changed after a revision, each with its current edition."""
    rows = session.execute(
        select(Course, Edition, Organisation)
        .join(Organisation, Organisation.id == Course.organisation_id)
        .outerjoin(
            Edition,
            (Edition.course_id == Course.id) & (Edition.number == Course.current_edition),
        )
        .where(Course.revision > since)
    )
    return [(course, edition, organisation) for course, edition, organisation in rows]


def card_of(course: Course, edition: Edition, organisation: Organisation) -> Card:
    """What lists show of a course on offer: the edition's facts and the course's summaries."""
    facts = edition.facts
    lessons = facts["lessons"]
    stated = {axis.name: tuple(facts[axis.field]) for axis in taxonomy.AXES.values()}
    codes = {name: taxonomy.AXES[name].closure(some) for name, some in stated.items()}
    price = Money(facts["price"]["amount_minor"], facts["price"]["currency"])
    duration_ms = sum(lesson["duration_ms"] for lesson in lessons)
    instructors = tuple((row["id"], row["name"]) for row in facts["instructors"])
    return Card(
        course_id=course.id,
        edition_id=edition.id,
        edition=edition.number,
        title=facts["title"],
        summary=facts["summary"],
        language=facts["language"],
        organisation_id=organisation.id,
        organisation=organisation.name,
        organisation_en=organisation.name_en or organisation.name,
        instructors=instructors,
        codes=codes,
        stated=stated,
        price=price,
        exam=facts["exam"],
        duration_ms=duration_ms,
        lesson_durations_ms=tuple(lesson["duration_ms"] for lesson in lessons),
        cover_asset_id=facts["cover"],
        has_preview=any(lesson["preview"] for lesson in lessons),
        published_at=edition.published_at,
        score=course.rating_score,
        rating_count=course.rating_count,
        finished_count=course.finished_count,
        text_revision=course.text_revision,
        keys=(
            *((axis, code) for axis, some in codes.items() for code in some),
            ("price", "free" if price.minor == 0 else "paid"),
            ("length", length_code(duration_ms)),
            ("language", facts["language"]),
            ("institution", organisation.id),
            *(("instructor", person_id) for person_id, _name in instructors),
        ),
    )


def mark(session: Session, course: Course, *, text: bool) -> None:
    """Note that what the public sees of a course has changed; `text`: its words, too.

    Takes the one counter row, so at most once a transaction and after the course's own row.
    """
    session.flush()
    revision = session.execute(NEXT_REVISION).scalar_one()
    course.revision = revision
    if text:
        course.text_revision = revision
    course.is_stale = False
    session.flush()


def refresh_stale(session: Session, course_id: str) -> bool:
    """Put newly written summaries of a course on the shelf; whether there were any."""
    course = session.scalar(select(Course).where(Course.id == course_id).with_for_update())
    if course is None or not course.is_stale:
        return False
    mark(session, course, text=False)
    return True


def stale(session: Session) -> list[str]:
    """Courses whose summaries are not on the shelf yet."""
    return list(session.scalars(select(Course.id).where(Course.is_stale).order_by(Course.id)))
