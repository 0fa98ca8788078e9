"""Before each request: who asks, and that a form really came from our own page.

The session cookie carries nothing but a random token, looked up by its hash in one query. The API also
takes the token as a bearer; then no cookie is looked at, and no CSRF token is needed.
"""

from datetime import timedelta

import structlog
from flask import Flask, current_app, g, request, session
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app import clock, db, errors
from app.access import Permission
from courses.people import jurisdictions, sign_ins
from courses.people.sign_ins import Opened, Recognised, SignInKind
from courses.watch import tokens

TOKEN = "sign_in"  # noqa: S105 - the key in the session
KEPT = ("locale",)  # what signing in and out leaves in the session
NO_ACTOR = frozenset({Permission.MEDIA_PLAY})  # many small requests whose link alone decides
BEATS = frozenset({Permission.WATCH_BEAT})  # a playback's token is a bearer too; the view checks it
log = structlog.get_logger()


def lasts() -> timedelta:
    """How long a sign-in lasts unused."""
    return timedelta(days=current_app.extensions["xueshi_settings"].session_days)


def is_api() -> bool:
    """Whether the request goes to the API."""
    return request.path.startswith("/api/")


def bearer() -> str | None:
    """The bearer token of an API request; empty when the header says something else."""
    if not is_api() or "Authorization" not in request.headers:
        return None
    given = request.authorization
    return (given.token or "") if given is not None and given.type == "bearer" else ""


def label() -> Permission | None:
    """The permission of the route asked for; None for files and for what does not exist."""
    labels: dict[str, Permission] = current_app.extensions["xueshi_labels"]
    return labels.get(request.endpoint or "")


def recognise() -> ResponseReturnValue | None:
    """Set `g.actor` and `g.sign_in_id`; a bad bearer is answered at once."""
    g.actor, g.sign_in_id = None, ""
    wanted = label()
    if wanted in NO_ACTOR or (request.endpoint or "").endswith("static"):
        return None
    token = bearer()
    if token is not None and wanted in BEATS and tokens.is_ours(token):
        return None  # a playback's own token says enough, without a query
    if token is not None:
        found = look_up(token, SignInKind.TOKEN)
        if found is None and wanted not in BEATS and request.endpoint != "people_api.create_token":
            return bad_bearer()
    else:
        kept = session.get(TOKEN)
        found = look_up(kept, SignInKind.BROWSER) if isinstance(kept, str) else None
        if found is None and TOKEN in session:
            del session[TOKEN]
    if found is not None:
        g.actor, g.sign_in_id = found.actor, found.sign_in_id
    return None


def look_up(token: str, kind: SignInKind) -> Recognised | None:
    """Whose token it is; now and then this is noted down as "last seen"."""
    now = clock.now()
    with db.reading() as opened:
        found = sign_ins.recognise(
            opened, token, kind=kind, now=now, today=jurisdictions.day_of(now)
        )
    if found is not None and found.is_due:
        with db.writing() as opened:
            sign_ins.touch(opened, found.sign_in_id, lasts=lasts(), now=now)
        session.modified = kind is SignInKind.BROWSER
    return found


def bad_bearer() -> Response:
    """An unknown, ended or expired token (RFC 6750)."""
    response = errors.problem(401, "sign_in_needed", errors.sentence_of(401))
    response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    return response


def protect() -> None:
    """Refuse a changing request that our own pages did not send.

    A bearer cannot be sent by somebody else's page, and without a sign-in the API has nothing that a
    cookie lends; everything else must show the token of its own session.
    """
    if not current_app.config["WTF_CSRF_ENABLED"]:
        return
    if is_api() and (g.actor is None or "Authorization" in request.headers):
        return
    current_app.extensions["xueshi_csrf"].protect(apply_exemptions=True)


def enter(opened: Opened, *, locale: str | None = None) -> None:
    """Sign the browser in: everything in its session starts anew, so nothing planted survives."""
    kept = {name: session[name] for name in KEPT if name in session}
    session.clear()
    session.update({"locale": locale or opened.locale, **kept})
    session[TOKEN] = opened.token
    session.permanent = True


def leave() -> None:
    """Sign the browser out."""
    kept = {name: session[name] for name in KEPT if name in session}
    session.clear()
    session.update(kept)


def keep_private(response: Response) -> Response:
    """Pages for somebody signed in are nobody else's; those of this feature are kept nowhere."""
    if "Cache-Control" not in response.headers:
        if request.blueprint in ("people", "people_api"):
            response.headers["Cache-Control"] = "no-store"
        elif g.get("actor") is not None:
            response.headers["Cache-Control"] = "private, no-cache"
    return response


def install(app: Flask) -> None:
    """Hang both checks before every request, ahead of the permissions."""
    app.before_request(recognise)
    app.before_request(protect)
    app.after_request(keep_private)
