"""Refusals of the domain: what may not be done, each with a stable code.

The shell alone knows HTTP; it finds status and sentence by `code` and class. `detail` holds values
for the sentence's placeholders, never personal data.
"""

from typing import Any


class Refusal(Exception):
    """Something was asked that the rules do not allow."""

    code = "refused"
    sentence = "This cannot be done."

    def __init__(self, code: str | None = None, sentence: str | None = None, **detail: Any) -> None:
        self.code = code or self.code
        self.sentence = sentence or self.sentence
        self.detail = detail
        super().__init__(self.code, detail)


class NotFound(Refusal):
    """There is no such thing for this actor."""

    code = "not_found"
    sentence = "There is nothing here that you can see."


class Invalid(Refusal):
    """A value is not acceptable; `field` names it where one field is meant."""

    code = "invalid"
    sentence = "This value is not acceptable."

    def __init__(
        self, code: str | None = None, sentence: str | None = None, *, field: str = "", **detail: Any
    ) -> None:
        super().__init__(code, sentence, **detail)
        self.field = field


class Conflict(Refusal):
    """The thing is no longer in the state that this needs."""

    code = "conflict"
    sentence = "This has changed in the meantime. Reload the page and try again."


class Forbidden(Refusal):
    """The actor is known, and may not do this."""

    code = "forbidden"
    sentence = "Your role does not allow this."


class PaymentRequired(Refusal):
    """The course costs money."""

    code = "payment_required"
    sentence = "This course must be paid for first."


class Gone(Refusal):
    """The thing was there and has ended."""

    code = "gone"
    sentence = "This has ended."
