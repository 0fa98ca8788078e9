"""The catalogue's API (`watch.md`): `GET /courses` with facets and a cursor, `GET /courses/{id}`."""

from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import url_for
from pydantic import BaseModel, Field

from app import access, clock, db
from app.access import Permission
from app.catalogue import asking, public, shown, worth
from app.catalogue.finding import finder
from courses import errors
from courses.catalogue import editions, taxonomy
from courses.catalogue.lexicon import Entry, Kind
from courses.catalogue.search import KINDS, Ask, Sort
from courses.catalogue.shelf import Card
from courses.units import fraction_text

bp = APIBlueprint("catalogue_api", __name__, url_prefix="/api/v1", tag="Catalogue")
SIZE = 24
SUGGESTED = 8
FractionText = Annotated[
    str, Field(pattern=r"^-?\d+(/\d+)?$", description="An exact fraction in lowest terms.")
]


class Asked(BaseModel):
    """What may stand behind `?`; several values of a filter by commas or by repeating it."""

    q: str = Field("", max_length=200, description="Words, Chinese or English.")
    industry: str = ""
    trainee: str = ""
    occasion: str = ""
    topic: str = ""
    length: str = Field("", description="Minutes, `0-15 15-45 45-90 90-180 180-`.")
    hours: str = Field("", description="Credited hours by the rule in force, `0-1 1-2 2-4 4-8 8-`.")
    price: str = Field("", description="`free` or `paid`.")
    rating: str = Field("", description="At least, `4.5 4 3.5`.")
    institution: str = Field("", description="Ids.")
    language: str = Field("", description="`zh_CN` or `en`.")
    sort: Literal["", "relevance", "newest", "best_rated", "most_finished", "price"] = ""
    cursor: str = Field("", max_length=400, description="`next` of the page before.")


class Price(BaseModel):
    """An amount in minor units."""

    amount_minor: int
    currency: str


class Named(BaseModel):
    """Somebody or something with a name."""

    id: str
    name: str


class Score(BaseModel):
    """A published mean with its number of ratings."""

    mean: FractionText
    count: int


class Item(BaseModel):
    """A course in the list."""

    id: str
    title: str
    institution: str
    institution_id: str
    instructors: list[Named]
    summary: str
    language: str
    hours: FractionText = Field(description="Raw hours, by the hour of the rule in force.")
    duration_ms: int
    price: Price
    edition: int
    industry: list[str]
    trainee: list[str]
    occasion: list[str]
    topic: list[str]
    rating: Score | None
    finished: int


class FacetValue(BaseModel):
    """How many courses there are with this value in place of the filter's others."""

    code: str
    label: str
    count: int
    chosen: bool


class Items(BaseModel):
    """One page of the list."""

    items: list[Item]
    facets: dict[str, list[FacetValue]]
    total: int
    corrected: str = Field(description="What was looked for where nothing has the words as typed; or empty.")
    loosened: bool = Field(description="Nothing has all of the words; these have some of them.")
    next: str | None = Field(description="The cursor of the next page, if there is one.")


class Suggestion(BaseModel):
    """Something that the typed letters may lead to."""

    kind: Kind
    label: str = Field(description="The kind in the page's language; empty for a word.")
    text: str
    url: str


class Suggestions(BaseModel):
    """The likeliest first."""

    items: list[Suggestion]


class Typed(BaseModel):
    """The beginning of something."""

    q: str = Field("", max_length=80, description="Chinese, English, pinyin or initials.")


class LessonShown(BaseModel):
    """A lesson; its duration is what the server measured."""

    id: str
    title: str
    duration_ms: int
    preview: bool


class Detail(Item):
    """A course with its lessons."""

    exam: str
    lessons: list[LessonShown]


@bp.get("/courses")
@bp.input(Asked, location="query", arg_name="asked")
@bp.output(Items)
@bp.doc(summary="Find courses", responses={422: "A code, sort or cursor that does not exist."})
@access.needs(Permission.CATALOGUE_READ)
def courses(asked: Asked) -> dict[str, Any]:
    """Courses that fit, in order, with counts for every filter."""
    with db.reading() as session:
        rule = worth.rule_for(session, access.actor(), now=clock.now())
        found = finder().find(session, question(asked, rule))
    names = asking.institutions(found)
    page, following = found.after(asked.cursor or None, size=SIZE)
    return {
        "items": [item(card, rule) for card in page],
        "facets": {
            kind: [
                {
                    "code": value.code,
                    "label": asking.value_label(kind, value.code, names),
                    "count": value.count,
                    "chosen": value.is_chosen,
                }
                for value in values
            ]
            for kind, values in found.facets.items()
        },
        "total": found.total,
        "corrected": found.corrected,
        "loosened": found.is_loosened,
        "next": following,
    }


@bp.get("/suggestions")
@bp.input(Typed, location="query", arg_name="typed")
@bp.output(Suggestions)
@bp.doc(summary="What may be meant, while it is typed")
@access.needs(Permission.CATALOGUE_READ)
def suggestions(typed: Typed) -> dict[str, Any]:
    """Words, institutions, instructors and courses that begin with, hold or sound like what was typed."""
    with db.reading() as session:
        found = finder().suggest(session, typed.q, limit=SUGGESTED)
    return {"items": [suggestion(entry) for entry in found]}


def suggestion(entry: Entry) -> dict[str, str]:
    """An entry with where it leads."""
    urls = {
        Kind.WORD: ("catalogue.index", {"q": entry.text}),
        Kind.INSTITUTION: ("catalogue.institution", {"organisation_id": entry.id}),
        Kind.INSTRUCTOR: ("catalogue.instructor", {"person_id": entry.id}),
        Kind.COURSE: ("catalogue.course", {"course_id": entry.id}),
    }
    endpoint, values = urls[entry.kind]
    label = str(shown.SUGGESTED[entry.kind])
    return {"kind": entry.kind, "label": label, "text": entry.text, "url": url_for(endpoint, **values)}


@bp.get("/courses/<course_id>")
@bp.output(Detail)
@bp.doc(
    summary="One course with its lessons",
    responses={404: "No such course.", 410: "It was withdrawn."},
)
@access.needs(Permission.CATALOGUE_READ)
def course(course_id: str) -> dict[str, Any]:
    """A course on offer."""
    with db.reading() as session:
        edition = public.on_offer(session, course_id)
        card = finder().card(session, course_id)
        if card is None:
            raise errors.NotFound()
        rule = worth.rule_for(session, access.actor(), now=clock.now())
        lessons = editions.lessons(session, edition.id)
    return {
        **item(card, rule),
        "exam": card.exam,
        "lessons": [
            {
                "id": lesson.lesson_id,
                "title": lesson.title,
                "duration_ms": lesson.duration_ms,
                "preview": lesson.is_preview,
            }
            for lesson in lessons
        ],
    }


def question(asked: Asked, rule: worth.Rule) -> Ask:
    """The question in the query; a code that does not exist is refused with its parameter."""
    chosen = {}
    for kind in KINDS:
        codes = frozenset(asking.listed(kind))
        unknown = sorted(code for code in codes if not asking.is_code(kind, code))
        if unknown:
            raise errors.Invalid(
                "unknown_code", "%(value)s is not one of the choices.", field=kind, value=unknown[0]
            )
        if codes:
            chosen[kind] = codes
    sort = Sort(asked.sort) if asked.sort else None
    return Ask(text=asked.q.strip(), chosen=chosen, sort=sort, measure=rule.measure)


def item(card: Card, rule: worth.Rule) -> dict[str, Any]:
    """A course as the API writes it."""
    score = shown.card_score(card)
    return {
        "id": card.course_id,
        "title": card.title,
        "institution": shown.organisation_name(card.organisation, card.organisation_en),
        "institution_id": card.organisation_id,
        "instructors": [{"id": person_id, "name": name} for person_id, name in card.instructors],
        "summary": card.summary,
        "language": card.language,
        "hours": fraction_text(rule.raw(card.duration_ms)),
        "duration_ms": card.duration_ms,
        "price": card.price.to_json(),
        "edition": card.edition,
        **{axis: list(card.stated[axis]) for axis in taxonomy.AXES},
        "rating": None
        if score is None
        else {"mean": fraction_text(score), "count": card.rating_count},
        "finished": card.finished_count,
    }
