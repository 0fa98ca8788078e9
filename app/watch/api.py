"""The API of watching (`watch.md`): playbacks opened, heard and closed, prompts answered.

A beat is answered and durable in one writing transaction; its answer is stored with it. Those that
merely go on and show their playback's token are answered before they come here (`app.watch.quick`).
"""

from datetime import datetime
from typing import Any, cast

import msgspec
from apiflask import APIBlueprint
from flask import Response, current_app, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from app import access, clock, db, errors, jobs, medialinks
from app.access import Permission
from app.settings import Settings
from app.watch import callers, described, photos, standing
from app.watch.quick import Quick
from courses import enrolment
from courses import errors as refusals
from courses.enrolment import Enrolment, Taking
from courses.people.vault import Vault
from courses.watch import answers, cuts, playbacks, presence, progress, reports
from courses.watch.models import Playback
from courses.watch.playbacks import Answered
from courses.watch.reports import Report
from courses.watch.signals import marks
from media.base import to_ms

bp = APIBlueprint("watch_api", __name__, url_prefix="/api/v1", tag="Watching")


class Opening(msgspec.Struct):
    """The body that opens a playback."""

    device: str = ""


class Presence(msgspec.Struct):
    """The answer to a prompt."""

    prompt: str
    answer: Any


@bp.post("/enrolments/<enrolment_id>/lessons/<lesson_id>/playbacks")
@described.answers(
    "Open a lesson; the learner's other playbacks end at this instant.",
    status=201,
    body=described.record(device=described.STRING),
    answer=described.OPENED,
    p404="No such enrolment or lesson of the caller.",
    p410="`enrolment_ended`.",
)
@access.needs(Permission.WATCH_SELF)
def open_playback(enrolment_id: str, lesson_id: str) -> Response:
    """Open a lesson; the learner's other playbacks end at this instant."""
    asked = decoded(Opening)
    actor = access.someone()
    now = clock.now()
    with db.writing() as session:
        mine = enrolment.for_subject(session, enrolment_id, subject_key=actor.subject_key)
        taking = enrolment.taking(session, mine)
        lesson = taking.lesson(lesson_id)
        device, mark = marks.parted(asked.device)
        playback = playbacks.open(session, mine, lesson=lesson, device=device, now=now)
        marks.keep(session, vault(), playback, mark=mark)
        jobs.dispatch(session, "ledger", actor.subject_key)
        answer = opened(session, playback, taking)
    answer["manifest_url"] = medialinks.manifest_url(
        lesson.asset_id,
        playback_id=playback.id,
        expires_at=medialinks.end_of_lesson(playback.opened_at, duration_ms=playback.duration_ms),
    )
    return said(201, answer)


def opened(session: Session, playback: Playback, taking: Taking) -> dict[str, Any]:
    """What a player is told when it begins."""
    by, stands = standing.of(session, taking, now=playback.opened_at)
    lesson = stands.lesson(playback.lesson_id)
    opened_ms = to_ms(playback.opened_at)
    playback.beat_every_ms = by.beat_every_ms(settings().beat_every_ms)
    playback.not_counted = answers.tally(lesson)
    presence.begin(session, playback, by.plan)
    live = answers.live(by, taking, stands, playback=playback, told=(), now=playback.opened_at)
    playbacks.leave(playback, live)
    return {
        "id": playback.id,
        "token": callers.token_of(
            playback.id, playback.subject_key, duration_ms=playback.duration_ms, opened_ms=opened_ms
        ),
        "duration_ms": playback.duration_ms,
        "resume_ms": playbacks.resume_ms(
            session,
            playback.enrolment_id,
            lesson_id=playback.lesson_id,
            duration_ms=playback.duration_ms,
            covered=lesson.covered_ms,
        ),
        **stands.told(playback.lesson_id),
        "lost_ms": standing.lost(session, stands, playback.lesson_id),
        "beat_every_ms": playback.beat_every_ms,
        "max_rate": by.max_rate,
        "seek_forward": by.now.seek_forward,
    }


@bp.post("/playbacks/<playback_id>/beats")
@described.answers(
    "Tell what was played. 200 means durable; the same `seq` again gets the same answer.",
    status=200,
    body=described.BEAT,
    answer=described.HEARD,
    p401="`sign_in_needed`: no token, or one that is forged, altered or expired.",
    p404="No such playback of the caller.",
    p409="`playback_taken_over`, with `counted_ms` of what was played before; or `seq_conflict`.",
    p410="`playback_closed`: open a new one.",
    p413="`too_large`.",
    p422="`invalid`, with `field`.",
)
@access.needs(Permission.WATCH_BEAT)
def tell_beat(playback_id: str) -> Response:
    """Tell what was played."""
    subject_key = callers.subject_for(playback_id)
    report = reports.decode(body())
    now = clock.now()
    if not callers.shows_token():  # else it has been asked already
        quick: Quick = current_app.extensions["xueshi_quick"]
        answer = quick.hear(playback_id, report, subject_key, now)
        if answer is not None:
            return said(200, msgspec.Raw(answer))
    try:
        with db.writing() as session:
            heard = heard_whole(session, playback_id, report, subject_key, now)
    except refusals.Gone:
        with db.writing() as session:  # refusing undoes everything else; the learner still sees what is missing
            ended = playbacks.locked(session, playback_id, subject_key=subject_key)
            cuts.note_refused(ended, report, now=now)
        raise
    if heard.status == 200:
        return said(200, heard.answer)
    taken_over = refusals.Conflict(
        "playback_taken_over", "You went on in another place. What was played before that counts."
    )
    return errors.problem(409, taken_over.code, errors.say(taken_over), **heard.answer)


def heard_whole(
    session: Session, playback_id: str, report: Report, subject_key: str, now: datetime
) -> Answered:
    """The long way: look at everything the learner told, work out what a new beat is worth, store it."""
    hearing = playbacks.hear(session, playback_id, report=report, subject_key=subject_key, now=now)
    if isinstance(hearing, Answered):
        return hearing
    mine = session.get_one(Enrolment, hearing.playback.enrolment_id)
    taking = enrolment.taking(session, mine)
    by, stands = standing.of(session, taking, now=now, hearing=hearing)
    if hearing.is_taken_over:
        jobs.dispatch(session, "ledger", mine.subject_key)
    return answers.make(session, hearing, stands, by=by, taking=taking)


@bp.post("/playbacks/<playback_id>/presence")
@described.answers(
    "Answer a presence prompt.",
    status=200,
    body=described.record(prompt=described.STRING, answer={}),
    answer=described.record(result={"type": "string", "enum": ["pass", "fail", "missed"]}),
    p404="No such playback of the caller, or `prompt_unknown`.",
    p422="`invalid`.",
)
@access.needs(Permission.WATCH_BEAT)
def answer_prompt(playback_id: str) -> Response:
    """Answer a presence prompt."""
    subject_key = callers.subject_for(playback_id)
    given = decoded(Presence)
    with db.writing() as session:
        playback = playbacks.locked(session, playback_id, subject_key=subject_key)
        mine = session.get_one(Enrolment, playback.enrolment_id)
        by = progress.rules(session, mine.jurisdiction_id, now=clock.now())
        result = presence.answer(
            session, playback, prompt_id=given.prompt, given=given.answer, plan=by.plan, now=clock.now()
        )
        playbacks.leave(playback, None)  # what is void has changed
    return said(200, {"result": result})


@bp.get("/playbacks/<playback_id>/prompts/<prompt_id>")
@described.answers(
    "What a presence prompt asks: a tap, or a question of the lesson with its choices; whether a photo may answer.",
    status=200,
    answer=described.ASKED,
    p404="No such playback of the caller, or `prompt_unknown`.",
)
@access.needs(Permission.WATCH_BEAT)
def show_prompt(playback_id: str, prompt_id: str) -> Response:
    """What a presence prompt asks."""
    subject_key = callers.subject_for(playback_id)
    with db.reading() as session:
        playback = playbacks.for_subject(session, playback_id, subject_key=subject_key)
        prompt = presence.get(session, playback, prompt_id=prompt_id)
        takes_photo = presence.takes_photo(session, playback, prompt)
    asked = prompt.question or {"text": None, "choices": []}
    return said(
        200,
        {
            **presence.told(prompt, now=clock.now()),
            "way": prompt.way,
            "photo": takes_photo and photos.is_open(),
            "text": asked["text"],
            "choices": asked["choices"],
        },
    )


@bp.delete("/playbacks/<playback_id>")
@described.answers(
    "Close a playback at its last beat; closing it again changes nothing.",
    status=204,
    p404="No such playback of the caller.",
)
@access.needs(Permission.WATCH_BEAT)
def close_playback(playback_id: str) -> Response:
    """Close a playback at its last beat."""
    subject_key = callers.subject_for(playback_id)
    with db.writing() as session:
        closed = playbacks.close(
            session, playback_id, subject_key=subject_key, now=clock.now()
        )
        jobs.dispatch(session, "ledger", closed.subject_key)
    return Response(status=204)


def body() -> bytes:
    """The request's body, never more than a beat may weigh."""
    if (request.content_length or 0) > reports.MOST_BYTES:
        raise RequestEntityTooLarge()
    sent = request.get_data(cache=False)
    if len(sent) > reports.MOST_BYTES:  # a chunked body tells no length
        raise RequestEntityTooLarge()
    return sent


def decoded(shape: type[Any]) -> Any:
    """A small JSON body as `shape`; Invalid where it is not one. No body stands for an empty object."""
    try:
        return msgspec.json.decode(body() or b"{}", type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise refusals.Invalid("invalid", "This cannot be read.", field="body") from error


def said(status: int, answer: Any) -> Response:
    """A JSON answer that no cache keeps."""
    response = Response(msgspec.json.encode(answer), status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def settings() -> Settings:
    """This application's settings."""
    found: Settings = current_app.extensions["xueshi_settings"]
    return found


def vault() -> Vault:
    """The running application's vault."""
    return cast(Vault, current_app.extensions["xueshi_vault"])
