"""Who speaks for a playback: the bearer of its own token, or the signed-in learner. No query."""

from flask import current_app, request

from app import access, clock
from courses import errors
from courses.watch import tokens
from courses.watch.tokens import Pass, Signer
from media.base import to_ms

BEARER = "Bearer "


def signer() -> Signer:
    """Signs and checks playback tokens with the installation's secret key."""
    return Signer(current_app.extensions["xueshi_settings"].secret_key)


def bearer() -> str:
    """The request's bearer token, empty without one."""
    given = request.headers.get("Authorization", "")
    return given[len(BEARER) :].strip() if given.startswith(BEARER) else ""


def shows_token() -> bool:
    """Whether the request shows a playback's token."""
    return tokens.is_ours(bearer())


def subject_for(playback_id: str) -> str:
    """The subject key for whom this request speaks about a playback; 401 where it does for nobody.

    A token of another playback finds nothing here.
    """
    token = bearer()
    if not tokens.is_ours(token):
        return access.someone().subject_key
    vouched = signer().check(token, now_ms=to_ms(clock.now()))
    if vouched is None:
        raise access.SignInNeeded()
    if vouched.playback_id != playback_id:
        raise errors.NotFound()
    return vouched.subject_key


def token_of(playback_id: str, subject_key: str, *, duration_ms: int, opened_ms: int) -> str:
    """The token of a playback that was just opened."""
    return signer().sign(Pass(playback_id, subject_key, duration_ms, opened_ms + tokens.LASTS_MS))
