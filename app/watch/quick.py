"""Beats before Flask: one that merely goes on, told with its playback's own token, is answered here.

A web framework's machinery costs more than all the rest of such a beat. Whatever is out of the ordinary
(another bearer, a malformed body, a number told before, a gate, a fault) goes on to the view with its
body as it came, and is answered there with every courtesy; nothing has happened to it yet.
"""

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from io import BytesIO
from typing import Any

import structlog
from flask import Flask

from app import clock, direct
from courses import errors
from courses.watch import reports, shortcut
from courses.watch.reports import Report
from courses.watch.tokens import Signer
from media.base import to_ms

Start = Callable[..., Any]
Wsgi = Callable[[dict[str, Any], Start], Iterable[bytes]]

BEFORE, AFTER = "/api/v1/playbacks/", "/beats"
BEARER = "Bearer "
HEADERS = [
    ("Content-Type", "application/json"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
]
log = structlog.get_logger()


class Quick:
    """The WSGI application in front of Flask's."""

    def __init__(
        self, behind: Wsgi, *, database_url: str, signer: Signer, now: Callable[[], datetime]
    ) -> None:
        self._behind = behind
        self._direct = direct.connect(database_url)
        self._memory = shortcut.Memory()
        self._signer = signer
        self._now = now

    def close(self) -> None:
        """Let go of the database and of what was remembered of it."""
        self._direct.close()
        self._memory = shortcut.Memory()

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Answer, or hand on."""
        path: str = environ["PATH_INFO"]
        if path.endswith(AFTER) and path.startswith(BEFORE) and environ["REQUEST_METHOD"] == "POST":
            answer = self._heard(environ, path[len(BEFORE) : -len(AFTER)])
            if answer is not None:
                length = ("Content-Length", str(len(answer)))
                start("200 OK", [*HEADERS, length, ("X-Request-Id", secrets.token_hex(8))])
                return [answer]
        return self._behind(environ, start)

    def _heard(self, environ: dict[str, Any], playback_id: str) -> bytes | None:
        token: str = environ.get("HTTP_AUTHORIZATION", "")
        length: str = environ.get("CONTENT_LENGTH", "")
        if not token.startswith(BEARER) or not length.isdecimal() or int(length) > reports.MOST_BYTES:
            return None
        now = clock.whole(self._now())
        vouched = self._signer.check(token[len(BEARER) :].strip(), now_ms=to_ms(now))
        if vouched is None or vouched.playback_id != playback_id:
            return None
        body = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = BytesIO(body)  # as it came, should it go on
        try:
            return self.hear(playback_id, reports.decode(body), vouched.subject_key, now)
        except errors.Invalid:
            return None

    def hear(self, playback_id: str, report: Report, subject_key: str, now: datetime) -> bytes | None:
        """The answer to a beat that merely goes on, durable by then; None for every other one."""
        try:
            return shortcut.hear(
                self._direct,
                self._memory,
                playback_id,
                report=report,
                subject_key=subject_key,
                now=now,
            )
        except Exception as fault:  # the long way asks the database again, and says what is wrong
            log.warning("beat.fault", kind=type(fault).__name__)
            return None


def install(app: Flask) -> None:
    """Put it in front."""
    settings = app.extensions["xueshi_settings"]
    made = Quick(
        app.wsgi_app,
        database_url=settings.effective_database_url,
        signer=Signer(settings.secret_key),
        now=app.extensions["xueshi_clock"],
    )
    app.wsgi_app = made  # type: ignore[assignment, method-assign]
    app.extensions["xueshi_quick"] = made
