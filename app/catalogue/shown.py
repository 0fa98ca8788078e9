"""What the catalogue's templates may use: names of codes, marked words, covers, states."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from flask import Flask, current_app
from flask_babel import get_locale
from flask_babel import lazy_gettext as _
from markupsafe import Markup, escape

from app import medialinks
from courses.catalogue import taxonomy, words
from courses.catalogue.lexicon import Kind
from courses.catalogue.models import Course, CourseState, WithdrawalRule
from courses.catalogue.search import Sort
from courses.catalogue.shelf import Card
from courses.catalogue.words import Query

STATES: dict[CourseState, tuple[str, Any]] = {
    CourseState.DRAFT: ("neutral", _("Draft")),
    CourseState.SUBMITTED: ("waiting", _("In review")),
    CourseState.RETURNED: ("bad", _("Returned")),
    CourseState.PUBLISHED: ("good", _("Published")),
    CourseState.WITHDRAWN: ("warning", _("Withdrawn")),
}
SORTS: dict[Sort, Any] = {
    Sort.RELEVANCE: _("Best match"),
    Sort.NEWEST: _("Newest"),
    Sort.BEST_RATED: _("Best rated"),
    Sort.MOST_FINISHED: _("Most finished"),
    Sort.PRICE: _("Price"),
}
KIND_LABELS: dict[str, Any] = {
    "length": _("Length"),
    "hours": _("Hours it can earn"),
    "price": _("Price"),
    "rating": _("Rating"),
    "institution": _("Institution"),
    "language": _("Language"),
}
LENGTHS: dict[str, Any] = {
    "0-15": _("Under 15 minutes"),
    "15-45": _("15 to 45 minutes"),
    "45-90": _("45 to 90 minutes"),
    "90-180": _("1½ to 3 hours"),
    "180-": _("3 hours and more"),
}
HOURS: dict[str, Any] = {
    "0-1": _("Under 1 hour"),
    "1-2": _("1 to 2 hours"),
    "2-4": _("2 to 4 hours"),
    "4-8": _("4 to 8 hours"),
    "8-": _("8 hours and more"),
}
SUGGESTED: dict[Kind, Any] = {
    Kind.WORD: "",
    Kind.INSTITUTION: _("Institution"),
    Kind.INSTRUCTOR: _("Instructor"),
    Kind.COURSE: _("Course"),
}
PRICES: dict[str, Any] = {"free": _("Free"), "paid": _("With a price")}
MISSING: dict[str, Any] = {
    "title": _("Give the course a title."),
    "summary": _("Write a summary of what is learned."),
    "trainees": _("Choose who it is for."),
    "occasions": _("Choose the occasion."),
    "industries": _("Choose the industry."),
    "topics": _("Choose the topic."),
    "instructors": _("Choose who teaches."),
    "instructors_left": _("An instructor no longer belongs to your institution."),
    "cover": _("The cover is not ready yet."),
    "lessons": _("Add at least one lesson."),
    "video": _("“%(lesson)s” has no video."),
    "video_failed": _("The video of “%(lesson)s” cannot be used. Send another file."),
    "handout_failed": _("A handout of “%(lesson)s” cannot be used. Take it away, or send another file."),
    "handout_not_ready": _("A handout of “%(lesson)s” is still being prepared."),
    "video_not_ready": _("The video of “%(lesson)s” is still being prepared."),
}
WITHDRAWALS: dict[WithdrawalRule, tuple[Any, Any]] = {
    WithdrawalRule.KEEP_POSTED: (
        _("Posted hours stay"),
        _("Who has hours from this course keeps them; who is still learning gets none."),
    ),
    WithdrawalRule.PER_LESSON_EXAM_WAIVED: (
        _("Lessons watched through are credited"),
        _("Who is still learning gets the hours of each lesson watched through, without an exam."),
    ),
    WithdrawalRule.VOID: (
        _("All hours are taken back"),
        _("Hours that were posted are reversed. Only for courses that should never have counted."),
    ),
}


def locale_text() -> str:
    """The page's language as the taxonomy takes it."""
    return str(get_locale() or "zh")


def axis_label(axis: str) -> str:
    """An axis' name in the page's language."""
    return taxonomy.AXES[axis].label(locale_text())


def kind_label(kind: str) -> str:
    """A filter's name in the page's language."""
    return axis_label(kind) if kind in taxonomy.AXES else str(KIND_LABELS[kind])


def code_label(axis: str, code: str) -> str:
    """A code's name in the page's language, under its parent's where it has one."""
    if axis == "rating":
        return str(_("%(score)s and more", score=code))
    if axis == "language":
        return language_label(code)
    for name, labels in (("price", PRICES), ("length", LENGTHS), ("hours", HOURS)):
        if axis == name:
            return str(labels[code])
    return taxonomy.label(axis, code, locale_text())


def codes_labels(axis: str, codes: Iterable[str]) -> list[str]:
    """The names of several codes."""
    return [code_label(axis, code) for code in codes]


def point_label(code: str) -> str:
    """The name of one of the six points."""
    return taxonomy.REVIEW_POINTS[code].label(locale_text())


def language_label(code: str) -> str:
    """The name of a course's language."""
    term = taxonomy.LANGUAGES.get(code)
    return term.label(locale_text()) if term else code


def course_state(course: Course) -> tuple[str, Any]:
    """Kind and words of a draft's state, for `parts.state`."""
    return STATES[CourseState(course.state)]


def highlighted(text: str, query: Query | None) -> Markup:
    """The text with what was asked for in `mark` elements."""
    parts = words.marked(text, query)
    return Markup("").join(
        Markup("<mark>{}</mark>").format(part) if is_hit else escape(part) for part, is_hit in parts
    )


def cover_url(asset_id: str | None) -> str:
    """Where a cover's picture lies; empty without one."""
    return medialinks.image_url(asset_id) if asset_id else ""


def card_score(card: Card) -> Fraction | None:
    """A course's score as far as it may be shown: from enough ratings on."""
    minimum: int = current_app.extensions["xueshi_settings"].rating_minimum
    return card.score if card.rating_count >= minimum else None


def organisation_name(name: str, name_en: str) -> str:
    """An institution's name in the page's language."""
    return name if locale_text().startswith("zh") else name_en or name


def install(app: Flask) -> None:
    """Give templates these names."""
    app.jinja_env.globals.update(
        axis_label=axis_label,
        code_label=code_label,
        codes_labels=codes_labels,
        point_label=point_label,
        language_label=language_label,
        course_state=course_state,
        highlighted=highlighted,
        cover_url=cover_url,
        card_score=card_score,
        organisation_name=organisation_name,
    )
