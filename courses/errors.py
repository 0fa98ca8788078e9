"""Refusals of the domain: what may not be done, each with a stable code.

The shape, and what any file may be refused for too, are `media.errors`' own. The shell alone knows
HTTP; it finds status and sentence by `code` and class.
"""

from media.errors import Conflict, Invalid, NotFound, Refusal

__all__ = ["Conflict", "Forbidden", "Gone", "Invalid", "NotFound", "PaymentRequired", "Refusal"]


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
