"""Refusals, of files and uploads and in general, each with a stable code; the shell alone knows HTTP.

`detail` holds values for the sentence's placeholders, never personal data. `Fault` is no refusal: it
says that a machine, not a person, must be helped.
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
    """There is no such thing for whoever asks."""

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
    """The link's signature is wrong, another person's, or past its time."""

    code = "link_refused"
    sentence = "This link is not valid here or has run out. Open the lesson again."


class Unavailable(Refusal):
    """The store cannot take or give files right now; trying again later is right."""

    code = "store_unavailable"
    sentence = "Files cannot be stored right now. Nothing sent is lost; try again in a few minutes."


class Full(Unavailable):
    """There is no more room in the store."""

    code = "store_full"
    sentence = "The site's storage is full. Nothing sent is lost; try again later."


class Unusable(Refusal):
    """The file itself is the reason: no other attempt will end better."""

    code = "unreadable"


class Fault(Exception):
    """A tool or store failed for reasons of its own; the work is worth another attempt."""

    def __init__(self, code: str, log: str = "") -> None:
        self.code = code
        self.log = log
        super().__init__(code)
