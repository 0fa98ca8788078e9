"""Refusals and faults as the visitor reads them: a page, or problem+json (RFC 9457) with a `code`.

The API and whoever asks for JSON get problem+json; a page answers in the visitor's language.
"""

from typing import Any

import structlog
from apiflask import APIFlask, HTTPError
from flask import Flask, Response, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from app.access import SignInNeeded
from courses import errors
from courses.people.limits import TooManyTries
from courses.people.sign_ins import SignInFailed
from media import errors as media_errors

log = structlog.get_logger()
AWAY_SECONDS = 5  # how long a database takes to start again, more or less

STATUS: dict[type[Exception], int] = {
    errors.NotFound: 404,
    errors.Invalid: 422,
    errors.Conflict: 409,
    errors.Forbidden: 403,
    errors.PaymentRequired: 402,
    errors.Gone: 410,
    media_errors.Unusable: 422,
    media_errors.Forbidden: 403,
    media_errors.Unavailable: 503,
    SignInFailed: 401,
    TooManyTries: 429,
    errors.Refusal: 400,
}
HTTP_CODES = {
    400: "bad_request",
    401: "sign_in_needed",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    500: "fault",
    503: "unavailable",
}


def status_of(refusal: errors.Refusal) -> int:
    """The HTTP status of a refusal, by its nearest class."""
    return next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)


def wants_json() -> bool:
    """API routes, and clients that prefer JSON."""
    if request.path.startswith("/api/"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html")
    return best == "application/json"


def problem(status: int, code: str, title: str, **more: Any) -> Response:
    """One problem+json answer; `more` are its further members."""
    body = {"type": "about:blank", "title": title, "status": status, "code": code, **more}
    response = jsonify(body)
    response.status_code = status
    response.content_type = "application/problem+json"
    return response


def say(refusal: errors.Refusal) -> str:
    """A refusal's sentence in the visitor's language."""
    return str(_(refusal.sentence, **refusal.detail))


def page(status: int, title: str) -> tuple[str, int]:
    """An error page that says what to do."""
    return render_template("errors/page.html", status=status, title=title, advice=advice(status)), status


def advice(status: int) -> str:
    """What a visitor can do about it."""
    sentences = {
        402: _("Open the course's page and buy it there; after that it opens at once."),
        403: _("You are signed in, but this page belongs to another role. If you need it, ask your organisation's contact."),
        404: _("The address may be mistyped, the thing may have been taken away, or it may belong to somebody else."),
        405: _("Go back and use the buttons on the page."),
        409: _("Go back, reload the page to see how it stands now, and decide again."),
        410: _("What you saw before is no longer offered. Your hours and records are kept."),
        413: _("Choose a smaller file, or upload videos in the studio, where they travel in parts."),
        422: _("Go back, correct what you entered, and send it again."),
        429: _("Nothing is lost. Wait a moment before the next try."),
        503: _("A part of the site is being restarted. Try again in a minute; what you watched is kept."),
    }
    fallback = (
        _("Go back and try again. If it happens again, tell us the number below.")
        if status < 500
        else _("What you had saved is safe. If it happens again, tell us the number below.")
    )
    return str(sentences.get(status, fallback))


def on_refusal(refusal: errors.Refusal) -> Any:
    status = status_of(refusal)
    headers = (
        {"Retry-After": str(refusal.retry_after)} if isinstance(refusal, TooManyTries) else {}
    )
    if not wants_json():
        return *page(status, say(refusal)), headers
    more = dict(refusal.detail)
    if isinstance(refusal, errors.Invalid) and refusal.field:
        more["field"] = refusal.field
    response = problem(status, refusal.code, say(refusal), **more)
    response.headers.update(headers)
    return response


def on_api_invalid(error: HTTPError) -> Response:
    """A body or query that APIFlask's schema refuses; `errors` says where."""
    if error.status_code == 422:
        return problem(422, "invalid", sentence_of(422), errors=error.detail)
    code = HTTP_CODES.get(error.status_code, "error")
    return problem(error.status_code, code, sentence_of(error.status_code))


def on_http(error: HTTPException) -> Any:
    status = error.code or 500
    if isinstance(error, SignInNeeded) and not wants_json():
        back = request.full_path if request.method == "GET" else "/"
        return redirect(url_for("people.sign_in", next=back))
    if 300 <= status < 400:
        return error.get_response()
    title = sentence_of(status)
    if isinstance(error, CSRFError):
        title = _("This page was open too long. Reload it and send the form again.")
    if not wants_json():
        body, _status = page(status, title)
        return body, status, {"Retry-After": "60"} if status == 429 else {}
    code = "csrf_failed" if isinstance(error, CSRFError) else HTTP_CODES.get(status, "error")
    response = problem(status, code, title)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def sentence_of(status: int) -> str:
    """What a bare HTTP status means to a visitor."""
    sentences = {
        401: _("Sign in to go on."),
        403: _("Your role does not allow this."),
        404: _("There is nothing here that you can see."),
        405: _("This address cannot be used that way."),
        413: _("This is too large."),
        422: _("This value is not acceptable."),
        429: _("Too many tries. Wait a few minutes, then try again."),
        503: _("A part of the site is being restarted. Try again in a minute; what you watched is kept."),
    }
    fallback = _("This cannot be done.") if status < 500 else _("Something went wrong on our side. It was noted; try again shortly.")
    return str(sentences.get(status, fallback))


def on_database_away(error: OperationalError) -> Any:
    """The database cannot be reached, or is starting: that passes."""
    log.error("request.database_away", path=request.path, kind=type(error.orig).__name__)
    title = sentence_of(503)
    headers = {"Retry-After": str(AWAY_SECONDS)}
    if not wants_json():
        return *page(503, title), headers
    response = problem(503, HTTP_CODES[503], title)
    response.headers.update(headers)
    return response


def on_fault(error: Exception) -> BaseResponse | tuple[str, int]:
    log.exception("request.fault", path=request.path)
    if wants_json():
        return problem(500, "fault", sentence_of(500))
    return page(500, sentence_of(500))


def install(app: Flask) -> None:
    """Register the handlers."""
    if isinstance(app, APIFlask):  # first: it also claims every HTTPException, which is `on_http`'s
        app.error_processor(on_api_invalid)
    app.register_error_handler(errors.Refusal, on_refusal)
    app.register_error_handler(HTTPException, on_http)
    app.register_error_handler(OperationalError, on_database_away)
    app.register_error_handler(Exception, on_fault)

