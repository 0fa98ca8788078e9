"""Values for the page of all components: made up to show every state, and used nowhere else."""

from datetime import UTC, datetime
from fractions import Fraction

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    FileField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)

from app import forms
from app.paging import Page
from courses.units import Money

AT = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
LESSON_MS = 180_000
SPANS = ((0, 64_000), (70_000, 121_000))
COUNTED = ((0, 64_000, "counted"), (70_000, 96_000, "pending"), (96_000, 121_000, "excluded"))
SPREAD = {5: 12, 4: 7, 3: 2, 2: 1, 1: 0}
SCORE = Fraction(73, 20)
PRICE = Money(12_000, "CNY")
FREE = Money(0, "CNY")
DIGEST = "9f2c1a0e4b7d6c5a3f8e1d2b4c6a8091e3f5d7c9b1a2938475665748392a1b0c"
COLOURS = (
    "paper", "surface", "sunken", "ink", "band", "primary", "accent", "good", "warning", "bad", "info",
)  # fmt: skip
DRAWINGS = (
    "search", "play", "pause", "hours", "person", "people", "studio", "shield", "policy", "console",
    "home", "check", "tick", "close", "warning", "info", "stop", "flask", "empty", "back", "next",
    "up", "down", "menu", "language", "sun", "moon", "auto", "star-full", "upload", "download",
    "file", "film", "clock", "edit", "delete", "add", "lock", "phone", "mail", "building", "pin",
    "calendar", "certificate", "cart", "list", "filter", "eye", "link", "chart", "caption",
    "device", "refresh", "quote", "sign-out", "helmet", "book",
)  # fmt: skip


class ShownForm(forms.Form):
    """One field of each kind."""

    name = StringField(_("Name"), validators=[forms.required()])
    number = StringField(_("Document number"), validators=[forms.required()])
    nickname = StringField(_("Nickname"))
    password = PasswordField(_("Password"), validators=[forms.required()])
    district = SelectField(_("District"), choices=[("tianning", _("Tianning")), ("wujin", _("Wujin"))])
    summary = TextAreaField(_("Summary"))
    video = FileField(_("Video"))
    occasion = RadioField(
        _("Occasion"), choices=[("initial", _("First training")), ("refresher", _("Refresher"))]
    )
    industries = SelectMultipleField(
        _("Industries"),
        choices=[("hazchem", _("Hazardous chemicals")), ("smelting", _("Metal smelting"))],
    )
    teaching = RadioField(
        _("Teaching quality"),
        choices=[(str(n), str(n)) for n in range(1, 6)],
        validators=[forms.required()],
    )
    agreed = BooleanField(_("I have read how my data are used"), validators=[forms.required()])


def filled_form() -> ShownForm:
    """The form as it comes back after a mistake."""
    form = ShownForm(
        formdata=None,
        meta={"csrf": False},
        name="陆志远",
        number="320402199002300112",
        occasion="initial",
        industries=["hazchem"],
        teaching="4",
        district="wujin",
    )
    form.number.errors = [gettext("This date does not exist.")]
    form.agreed.errors = [gettext("Fill this in.")]
    return form


def page() -> Page[str]:
    """The second of four pages."""
    return Page(rows=[], number=2, size=20, total=74)


