"""The studio's and the review's forms; choices come from the taxonomy in the page's language."""

from collections.abc import Iterable
from decimal import Decimal

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from wtforms import (
    BooleanField,
    DecimalField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import NumberRange

from app.catalogue import shown
from app.forms import Form, ValidationError, at_most, required, stripped
from courses.catalogue import drafts, instructors, lessons, reviews, taxonomy
from courses.catalogue.instructors import Teaching
from courses.catalogue.models import Course, WithdrawalRule
from courses.catalogue.reviews import Point
from courses.units import Money

# A draft is saved without them, yet nobody should read "optional" there.
NEEDED_TO_SUBMIT = ("summary", "industries", "trainees", "topics", "occasions", "instructors")


class NewCourse(Form):
    """What a course begins with."""

    organisation_id = SelectField(lazy("Institution"))
    title = StringField(
        lazy("Title"), [required(), at_most(drafts.TITLE_LONGEST)], filters=[stripped]
    )


class Facts(Form):
    """Everything about a course but its lessons."""

    seen = HiddenField()
    title = StringField(
        lazy("Title"), [required(), at_most(drafts.TITLE_LONGEST)], filters=[stripped]
    )
    summary = TextAreaField(lazy("Summary"), [at_most(drafts.SUMMARY_LONGEST)], filters=[stripped])
    industries = SelectMultipleField(lazy("Industry"))
    trainees = SelectMultipleField(lazy("Trainees"))
    items = SelectMultipleField(lazy("Special operations"))
    topics = SelectMultipleField(lazy("Topic"))
    occasions = SelectMultipleField(lazy("Occasion"))
    instructors = SelectMultipleField(lazy("Instructors"))
    language = SelectField(lazy("Language"))
    price = DecimalField(
        lazy("Price in yuan"),
        [NumberRange(min=0, message=lazy("A price is 0 or more."))],
        places=2,
    )
    cover = StringField(lazy("Cover"))  # drawn by the upload field

    def offer(self, teachers: Iterable[Teaching]) -> None:
        """Fill in what can be chosen."""
        self.industries.choices = choices("industry")
        trainees = choices("trainee")
        self.trainees.choices = [row for row in trainees if ":" not in row[0]]
        self.items.choices = [row for row in trainees if ":" in row[0]]
        self.topics.choices = choices("topic")
        self.occasions.choices = choices("occasion")
        self.instructors.choices = [(row.person_id, row.name) for row in teachers]
        for name in NEEDED_TO_SUBMIT:
            self[name].flags.required = True
        self.language.choices = [(code, shown.language_label(code)) for code in taxonomy.LANGUAGES]

    def show(self, course: Course, teacher_ids: list[str]) -> None:
        """Fill in what the draft says."""
        self.seen.data = course.changed_at.isoformat()
        for name in ("title", "summary", "industries", "topics", "occasions", "language"):
            self[name].data = getattr(course, name)
        self.trainees.data = [code for code in course.trainees if ":" not in code]
        self.items.data = [code for code in course.trainees if ":" in code]
        self.instructors.data = teacher_ids
        self.price.data = Decimal(course.price_minor) / 100
        self.cover.data = course.cover_asset_id or ""

    def validate_price(self, field: DecimalField) -> None:
        """Whole fen only: nothing is rounded silently."""
        if field.data is not None and field.data * 100 != int(field.data * 100):
            raise ValidationError(str(_("A price has at most two decimals.")))

    def changes(self) -> dict[str, object]:
        """The facts as `drafts.change` takes them."""
        return {
            "title": self.title.data,
            "summary": self.summary.data or "",
            "industries": self.industries.data,
            "trainees": [*self.trainees.data, *self.items.data],
            "topics": self.topics.data,
            "occasions": self.occasions.data,
            "language": self.language.data,
            "price": Money(int(self.price.data * 100), "CNY"),
        }


class LessonFacts(Form):
    """One lesson: its title, its video, whether it is a preview."""

    title = StringField(
        lazy("Title"), [required(), at_most(lessons.TITLE_LONGEST)], filters=[stripped]
    )
    asset_id = StringField(lazy("Video"))  # drawn by the upload field
    is_preview = BooleanField(lazy("Anybody may watch this lesson as a preview"))


class Question(Form):
    """A question by which a lesson's learners may be asked whether they are there."""

    text = StringField(
        lazy("Question"), [required(), at_most(lessons.QUESTION_LONGEST)], filters=[stripped]
    )
    choices = TextAreaField(lazy("Answers"), [required(), at_most(1000)])


class Presentation(Form):
    """How an instructor is presented to the public."""

    name = StringField(
        lazy("Name"), [required(), at_most(instructors.NAME_LONGEST)], filters=[stripped]
    )
    title = StringField(
        lazy("Title or field"), [at_most(instructors.TITLE_LONGEST)], filters=[stripped]
    )
    introduction = TextAreaField(
        lazy("Introduction"), [at_most(instructors.INTRODUCTION_LONGEST)], filters=[stripped]
    )


class Withdrawal(Form):
    """Why a course ends, and what becomes of its learners."""

    rule = RadioField(lazy("What becomes of the learners"), [required()])
    reason = TextAreaField(lazy("Reason"), [required(), at_most(500)], filters=[stripped])

    def offer(self, rules: Iterable[WithdrawalRule]) -> None:
        """Fill in the rules that this person may choose."""
        self.rule.choices = [
            (rule.value, f"{shown.WITHDRAWALS[rule][0]}: {shown.WITHDRAWALS[rule][1]}")
            for rule in rules
        ]


class Judgement(Form):
    """The six points, each with a note, and a note on the whole."""

    seen = HiddenField()
    note = TextAreaField(
        lazy("Note on the whole"), [at_most(reviews.NOTE_LONGEST)], filters=[stripped]
    )


for _code in taxonomy.REVIEW_POINTS:
    setattr(Judgement, _code, RadioField())
    setattr(
        Judgement,
        f"{_code}_note",
        TextAreaField("", [at_most(reviews.NOTE_LONGEST)], filters=[stripped]),
    )


def judgement() -> Judgement:
    """The form with the points named in the page's language."""
    form = Judgement()
    for code in taxonomy.REVIEW_POINTS:
        field, point = form[code], shown.point_label(code)
        field.label.text = point
        field.flags.required = True
        form[f"{code}_note"].label.text = _("%(point)s: what has to change", point=point)
        field.choices = [("ok", _("In order")), ("bad", _("Not in order"))]
    return form


def points(form: Judgement) -> dict[str, Point]:
    """The points that were judged."""
    return {
        code: Point(form[code].data == "ok", form[f"{code}_note"].data or "")
        for code in taxonomy.REVIEW_POINTS
        if form[code].data in ("ok", "bad")
    }


def choices(axis: str) -> list[tuple[str, str]]:
    """An axis' codes with their names, children after their parent."""
    return [(code, shown.code_label(axis, code)) for code in taxonomy.AXES[axis].terms]


def digest_of(text: str) -> bytes:
    """A digest as the page carried it; empty where it is none."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
