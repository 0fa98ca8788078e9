"""Forms: WTForms with our language, and the way a domain refusal becomes a field's error."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_wtf import FlaskForm
from wtforms import ValidationError
from wtforms.validators import DataRequired, Length

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


def required() -> DataRequired:
    """The field must be filled in."""
    return DataRequired(message=lazy("Fill this in."))


def at_most(maximum: int) -> Length:
    """No longer than so many characters."""
    return Length(max=maximum, message=lazy("Use at most %(max)d characters."))


def stripped(value: Any) -> Any:
    """Filter: spaces around a text are no content."""
    return value.strip() if isinstance(value, str) else value


__all__ = ["Form", "ValidationError", "at_most", "required", "stripped"]
