"""A photo that answers a presence prompt: read and compared between transactions, then judged.

Only for learners who agreed to it; every prompt can be answered without. What the `faces` feature set
up (`courses.watch.faces.Desk`) compares; without it no photo is asked for.
"""

from datetime import datetime
from typing import cast

from apiflask import APIBlueprint
from flask import Response, current_app, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from app import access, clock, db
from app.access import Permission
from app.watch import callers, described
from courses import errors
from courses.enrolment import Enrolment
from courses.people import limits
from courses.people.vault import Vault
from courses.watch import faces, playbacks, presence, progress
from courses.watch.faces import Desk, Seen

bp = APIBlueprint("watch_photos", __name__, url_prefix="/api/v1", tag="Watching")

TRIES = 30  # by learner and quarter of an hour: comparing costs a second of a processor


def desk() -> Desk:
    """What this installation compares with."""
    return cast(Desk, current_app.extensions["xueshi_faces"])


def is_open() -> bool:
    """Whether photos are compared here."""
    return desk().engine is not None


@bp.post("/playbacks/<playback_id>/prompts/<prompt_id>/photo")
@described.answers(
    "Answer a presence prompt by a photo (JPEG, PNG or WebP as the body), where the prompt says so.",
    status=200,
    answer=described.record(result={"type": "string", "enum": ["pass", "fail", "missed"]}),
    p404="No such playback of the caller, or `prompt_unknown`.",
    p409="`face_not_asked`, or the consent was withdrawn meanwhile.",
    p413="`too_large`.",
    p422="`face_missing`, `face_several`, `face_dark`, `face_small`, `face_repeated` or `picture_unreadable`: "
    "nothing is decided yet, take another.",
    p429="`too_many_requests`.",
    p503="`face_unavailable`: answer without a photo.",
)
@access.needs(Permission.WATCH_BEAT)
def send_photo(playback_id: str, prompt_id: str) -> Response:
    """Answer a presence prompt by a photo."""
    received_at = clock.now()
    subject_key = callers.subject_for(playback_id)
    with db.reading() as session:
        playback = playbacks.for_subject(session, playback_id, subject_key=subject_key)
        prompt = faces.open_prompt(session, playback, prompt_id=prompt_id)
        before = presence.answered(session, prompt)
        given = presence.reference(session, playback.subject_key)
    if before is not None:
        return result(before)
    if given is None or not is_open():
        raise errors.Conflict("face_not_asked", "This prompt is not answered by a photo.")
    sent = body()
    count(playback.subject_key)
    fingerprint = desk().album.fingerprint(playback.subject_key, sent)
    with db.reading() as session:
        faces.check_new(session, playback.subject_key, fingerprint)
    picture = faces.photo(sent)
    seen = desk().compare(given.key, picture, fingerprint=fingerprint)
    if not seen.is_match:
        seen = kept(seen, picture, playback.subject_key)
    try:
        judged = judge(playback_id, prompt_id, seen, received_at=received_at)
    except BaseException:
        if seen.picture_key is not None:
            desk().album.drop(seen.picture_key)
        raise
    return result(judged)


def judge(playback_id: str, prompt_id: str, seen: Seen, *, received_at: datetime) -> presence.Result:
    """Keep what the photo was worth."""
    with db.writing() as session:
        playback = playbacks.locked(session, playback_id, subject_key=None)
        mine = session.get_one(Enrolment, playback.enrolment_id)
        by = progress.rules(session, mine.jurisdiction_id, now=received_at)
        return faces.judge(
            session, playback, prompt_id=prompt_id, seen=seen, received_at=received_at, plan=by.plan, now=clock.now()
        )


def body() -> bytes:
    """The photo as it was sent, within its limit."""
    if (request.content_length or 0) > faces.MOST_BYTES:
        raise RequestEntityTooLarge()
    sent = request.get_data(cache=False)
    if len(sent) > faces.MOST_BYTES:  # a chunked body tells no length
        raise RequestEntityTooLarge()
    return sent


def count(subject_key: str) -> None:
    """Write the try down, or refuse it."""
    vault = cast(Vault, current_app.extensions["xueshi_vault"])
    with db.writing() as session:
        limits.take(session, [limits.by_name(vault, "photo", subject_key, TRIES)], now=clock.now())


def kept(seen: Seen, picture: bytes, subject_key: str) -> Seen:
    """The photo of somebody else, or so it seems, in the album: sealed, and told of before it is written."""
    with db.writing() as session:
        key = faces.begin(session, subject_key=subject_key, fingerprint=seen.fingerprint, now=clock.now())
    desk().album.keep(key, picture)
    return Seen(seen.reference_key, seen.distance, seen.limit, seen.engine, seen.fingerprint, key)


def result(judged: presence.Result) -> Response:
    """The answer."""
    return jsonify({"result": judged})
