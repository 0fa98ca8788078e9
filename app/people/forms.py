"""The forms of this feature. What a value may be is the domain's to say; these only collect."""

from typing import Any

from babel import Locale
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from wtforms import BooleanField, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import EqualTo, Optional

from app.forms import Form, at_most, required, stripped
from courses.people import countries
from courses.people.documents import DocumentType

DOCUMENT_LABELS = {
    DocumentType.RESIDENT_ID: lazy("Resident identity card"),
    DocumentType.RESIDENCE_PERMIT: lazy(
        "Residence permit for Hong Kong, Macau or Taiwan residents"
    ),
    DocumentType.PERMANENT_RESIDENT: lazy("Foreign permanent resident's identity card"),
    DocumentType.HM_TRAVEL_PERMIT: lazy("Mainland travel permit for Hong Kong or Macau residents"),
    DocumentType.TW_TRAVEL_PERMIT: lazy("Mainland travel permit for Taiwan residents"),
    DocumentType.PASSPORT: lazy("Passport"),
}
EMPLOYER, DISTRICT = "employer", "district"


class SignInForm(Form):
    """Name and password."""

    name = StringField(lazy("Mobile number or e-mail"), [required(), at_most(254)], [stripped])
    password = PasswordField(lazy("Password"), [required()])


class SignUpForm(SignInForm):
    """The password twice, because nobody can read it for a mistake."""

    repeat = PasswordField(
        lazy("Password once more"),
        [required(), EqualTo("password", message=lazy("The two passwords differ."))],
    )


class PasswordForm(Form):
    """The present password and a new one."""

    former = PasswordField(lazy("Present password"), [required()])
    password = PasswordField(lazy("New password"), [required()])
    repeat = PasswordField(
        lazy("New password once more"),
        [required(), EqualTo("password", message=lazy("The two passwords differ."))],
    )


class IdentityForm(Form):
    """Who somebody is, as their document says."""

    name = StringField(lazy("Name"), [required(), at_most(60)], [stripped])
    doc_type = SelectField(
        lazy("Document"),
        [required()],
        choices=[(str(kind), label) for kind, label in DOCUMENT_LABELS.items()],
    )
    country = SelectField(lazy("Issued by"), [Optional()])
    number = StringField(lazy("Number"), [required(), at_most(60)], [stripped])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country.choices = [("", _("Only for passports")), *country_choices()]


class PlaceForm(Form):
    """Where somebody belongs. `employer_id` chooses between several enterprises found."""

    belongs = RadioField(
        lazy("Do you work for an enterprise?"),
        [required()],
        choices=[
            (EMPLOYER, lazy("Yes, I have an employer")),
            (DISTRICT, lazy("No, I register on my own")),
        ],
        default=EMPLOYER,
    )
    employer = StringField(lazy("Your employer"), [Optional(), at_most(120)], [stripped])
    employer_id = RadioField(lazy("Which of these is it?"), [Optional()], choices=[])
    district = SelectField(lazy("Your district"), [Optional()], validate_choice=False)


class ConsentForm(Form):
    """Agreeing, by a box that is never ticked beforehand."""

    agree = BooleanField(
        lazy(
            "I have read this and agree that my name, document and employer or district are used for it."
        ),
        [required()],
    )


class LanguageForm(Form):
    """The language of the site for this account."""

    locale = RadioField(
        lazy("Language"), [required()], choices=[("zh_CN", "中文"), ("en", "English")]
    )


def country_choices() -> list[tuple[str, str]]:
    """Issuing countries by the three letters that passports show, with their names."""
    names = (get_locale() or Locale("zh")).territories
    return [
        (code, f"{code} {names.get(countries.ALPHA_2[code], code)}")
        for code in sorted(countries.ALPHA_3)
    ]
