"""What requests for a statement ask for: an instant, and an official's reason."""

from contextlib import suppress
from datetime import datetime, timedelta
from urllib.parse import unquote

from flask import Response, request

from app import clock
from courses import errors
from courses.credit import instants
from courses.ledger import export
from media.base import from_ms

TICK = timedelta(milliseconds=1)


def as_of() -> datetime:
    """`?as_of=` (exclusive), or just after now; Invalid where it is no instant with an offset."""
    text = request.args.get("as_of", "").strip().replace(" ", "+")  # a plus sign that was not escaped
    if not text:
        return clock.now() + TICK
    try:
        return from_ms(instants.parse(text))
    except (ValueError, OverflowError) as error:
        raise errors.Invalid(
            "invalid", "Write an instant with its offset, such as 2026-06-01T00:00:00+08:00.", field="as_of"
        ) from error


def reason() -> str:
    """The header `X-Reason`, plain or percent-encoded UTF-8; Invalid `reason_required` without it."""
    raw = request.headers.get("X-Reason", "")
    with suppress(UnicodeEncodeError, UnicodeDecodeError):
        raw = raw.encode("latin-1").decode("utf-8")  # WSGI hands over bytes as latin-1
    text = unquote(raw).strip()
    if not text:
        raise errors.Invalid("reason_required", "Say why you look at this record.", field="X-Reason")
    return text


def document(found: dict[str, object], *, name: str = "") -> Response:
    """A JSON document that no cache keeps; a download where it has a name."""
    response = Response(export.text(found), content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    if name:
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
