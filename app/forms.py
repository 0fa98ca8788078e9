"""Forms: WTForms with our language, and the way a domain refusal becomes a field's error."""

import unicodedata
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_wtf import FlaskForm
from wtforms import Field, ValidationError
from wtforms.validators import DataRequired, Length
from wtforms.widgets import TextInput

from courses.errors import Invalid


class Form(FlaskForm):
    """The base of every form. Errors stand at their field, and nothing typed is lost."""

    def refuse(self, refusal: Invalid) -> None:
        """Show a domain refusal at the field it names, or above the form."""
        sentence = str(_(refusal.sentence, **refusal.detail))
        target = self._fields.get(refusal.field)
        if target is None:
            self.form_errors.append(sentence)
        else:
            target.errors = [*target.errors, sentence]


def exact(text: str) -> Fraction:
    """`1/2`, `80%`, `4.5` or full-width digits as an exact number; ValueError for anything else."""
    plain = unicodedata.normalize("NFKC", text).replace(" ", "")
    if len(plain) > 40 or "e" in plain.lower():  # "1e999999999" is a number that fills the memory
        raise ValueError("not a number that people write")
    try:
        return Fraction(plain[:-1]) / 100 if plain.endswith("%") else Fraction(plain)
    except ZeroDivisionError as error:
        raise ValueError("divided by nothing") from error


class ExactField(Field):
    """An exact number: a whole number, a fraction, a percentage or a decimal; never a float."""

    widget = TextInput()
    data: Fraction | None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else str(self.data)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        try:
            self.data = exact(valuelist[0])
        except ValueError as error:
            raise ValueError(str(_("Write a number such as 2, 1/2, 80% or 4.5."))) from error


def required() -> DataRequired:
    """The field must be filled in."""
    return DataRequired(message=lazy("Fill this in."))


def at_most(maximum: int) -> Length:
    """No longer than so many characters."""
    return Length(max=maximum, message=lazy("Use at most %(max)d characters."))


def stripped(value: Any) -> Any:
    """Filter: spaces around a text are no content."""
    return value.strip() if isinstance(value, str) else value


__all__ = ["ExactField", "Form", "ValidationError", "at_most", "exact", "required", "stripped"]
