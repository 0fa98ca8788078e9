"""The learning page: one lesson of an enrolment with its player, and the other lessons beside it."""

import math
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app import access, clock, db, medialinks
from app.access import Permission
from app.watch import standing
from courses import enrolment
from courses.catalogue import handouts
from courses.catalogue.models import EditionLesson
from courses.enrolment import Taking
from courses.watch.progress import LessonStanding, Lost, Rules, Standing
from media import assets

bp = Blueprint("watch", __name__, url_prefix="/watch")
SMALLEST_MS = 250  # a gap that nobody could see or hear


@bp.get("/<enrolment_id>/<lesson_id>")
@access.needs(Permission.WATCH_SELF)
def lesson(enrolment_id: str, lesson_id: str) -> str:
    """Watch one lesson."""
    actor = access.someone()
    now = clock.now()
    with db.reading() as session:
        mine = enrolment.for_subject(session, enrolment_id, subject_key=actor.subject_key)
        taking = enrolment.taking(session, mine)
        this = taking.lesson(lesson_id)
        by, stands = standing.of(session, taking, now=now)
        return render_template(
            "watch/learner/lesson.html", **shown(session, taking, this, by, stands, now=now)
        )


def shown(
    session: Session,
    taking: Taking,
    this: EditionLesson,
    by: Rules,
    stands: Standing,
    *,
    now: datetime,
) -> dict[str, Any]:
    """What the page shows."""
    here = stands.lesson(this.lesson_id)
    lost = standing.lost(session, stands, this.lesson_id)
    place = taking.lessons.index(this)
    rest = taking.lessons[place + 1 :]
    return {
        "taking": taking,
        "lesson": this,
        "here": here,
        "bars": bars(here),
        "missing": missing(here, lost),
        "reasons": reasons(),
        "stands": stands,
        "rules": by.now,
        "has_rules": by.has_any,
        "agreed": by.at(taking.enrolment.at) or by.now,
        "is_open": taking.enrolment.is_open(now),
        "rows": list(zip(taking.lessons, stands.lessons, strict=True)),
        "number": place + 1,
        "next_lesson": rest[0] if rest else None,
        "poster": medialinks.image_url(this.asset_id, size="large", form="jpg"),
        "captions": medialinks.caption_tracks(session, this.asset_id, for_all=False),
        "config": config(taking, this, here, by, lost),
        "qualities": [made for made in assets.renditions(session, this.asset_id) if made.width],
        "handouts": medialinks.handouts(
            handouts.of_edition(session, taking.edition.id, lesson_id=this.lesson_id)
        ),
        "rates": [rate for rate in ("1", "1.25", "1.5", "2") if float(rate) <= by.max_rate],
    }


def bars(here: LessonStanding) -> list[tuple[float, float]]:
    """What is covered as (x, width) on a line of 1000, for the drawing that a script then takes over."""
    scale = 1000 / here.duration_ms
    pairs = [(float(Fraction(low)), float(Fraction(high))) for low, high in here.covered_ms]
    return [(round(low * scale, 2), round((high - low) * scale, 2)) for low, high in pairs]


def missing(here: LessonStanding, lost: list[Lost]) -> list[tuple[int, int, list[str]]]:
    """What is not covered yet of a lesson that was begun, and why, where it was played in vain."""
    covered = [(math.floor(Fraction(low)), math.ceil(Fraction(high))) for low, high in here.covered_ms]
    if not covered and not lost:
        return []
    found = []
    at = 0
    for low, high in [*covered, (here.duration_ms, here.duration_ms)]:
        if low - at >= SMALLEST_MS:
            found += parted(at, low, lost)
        at = max(at, high)
    return found


def parted(low: int, high: int, lost: list[Lost]) -> list[tuple[int, int, list[str]]]:
    """A gap, parted where reasons begin and end: each piece says its own."""
    clipped = [(max(low, begun), min(high, ended), reason) for begun, ended, reason in lost]
    seen = [(begun, ended, reason) for begun, ended, reason in clipped if ended - begun >= SMALLEST_MS]
    edges = sorted({low, high, *(edge for begun, ended, _reason in seen for edge in (begun, ended))})
    pieces: list[tuple[int, int, list[str]]] = []
    for from_ms, to_ms in pairwise(edges):
        held = (reason for begun, ended, reason in seen if begun <= from_ms and ended >= to_ms)
        why = list(dict.fromkeys(held))
        if pieces and pieces[-1][2] == why:
            pieces[-1] = (pieces[-1][0], to_ms, why)
        elif to_ms - from_ms >= SMALLEST_MS:
            pieces.append((from_ms, to_ms, why))
    return pieces


def config(
    taking: Taking, this: EditionLesson, here: LessonStanding, by: Rules, lost: list[Lost]
) -> dict[str, Any]:
    """What the script needs: addresses, what is covered, and every sentence it may say."""
    start = request.args.get("at", type=int)
    return {
        "openUrl": url_for(
            "watch_api.open_playback", enrolment_id=taking.enrolment.id, lesson_id=this.lesson_id
        ),
        "signInUrl": url_for("people.sign_in", next=request.path),
        "courseUrl": url_for("catalogue.course", course_id=taking.course.id),
        "durationMs": this.duration_ms,
        "covered": here.covered_ms,
        "lost": lost,
        "maxRate": by.max_rate,
        "seekForward": by.now.seek_forward,
        "startMs": start if start is not None and 0 <= start < this.duration_ms else None,
        "texts": texts(on_fail=by.now.on_fail),
    }


def camera() -> dict[str, Any]:
    """The sentences of taking a photo."""
    return {
        "shot": _("Take the photo"),
        "again": _("Take another"),
        "refused": _("The camera cannot be used here. Choose a photo instead."),
        "ready": _("Look straight into the camera, with light from the front."),
        "taken": _("The photo is taken. Is it clear?"),
        "choose": _("Choose a photo"),
        "view": _("What the camera sees"),
    }


def texts(*, on_fail: str) -> dict[str, Any]:
    """The script's sentences; `{name}` is filled in by the script. `on_fail`: what a missed check costs."""
    return {
        "play": _("Play"),
        "pause": _("Pause"),
        "mute": _("Sound off"),
        "unmute": _("Sound on"),
        "captions": _("Captions"),
        "waiting": _("{time} of learning wait to be sent. They are kept on this device and are not lost."),
        "delivered": _("What waited has been sent and is kept."),
        "tooOld": _("{time} could not be sent within a quarter of an hour and cannot count any more. You can make it up."),
        "notYet": _("not watched yet"),
        "counts": _("{effective} of {duration} of this lesson counts."),
        "notCounted": _("{time} did not count: {reason}."),
        "goTo": _("Go to what is missing:"),
        "found": _("{count} places"),
        "seekBlocked": _("Here you cannot skip ahead of what you have watched."),
        "refused": _("This lesson cannot be played now."),
        "signIn": _("Sign in again"),
        "backToCourse": _("Back to the course"),
        "prompt": {
            "still": _("Are you still watching?"),
            "tap": _("Just a tap, and it goes on. The picture waits for you."),
            "choose": _("Choose what is right. The picture waits for you."),
            "coming": _("The question is on its way. The picture waits for you."),
            "here": _("I am here"),
            "left": _("{seconds} seconds left"),
            "late": late(on_fail),
            "wrong": _("That was not the right answer. Here is another try."),
            "back": _("I am back, go on"),
            "thanks": _("Thank you. It goes on."),
            "retry": _("The answer could not be sent yet. It is tried again."),
            "photo": _("A photo of you, and it goes on. The picture waits for you."),
            "send": _("Send the photo"),
            "comparing": _("The photo is being compared. This takes a few seconds."),
            "without": _("Answer without a photo"),
            "unlike": _("The photo did not match. Take another, or answer without one: nothing is lost."),
            "camera": camera(),
        },
        "reasons": reasons(),
    }


def late(on_fail: str) -> str:
    """What a missed prompt means, no kinder than the rule is."""
    if on_fail == "void_course":
        return _("The time to answer is over. By the rule in force, what you watched of this course then does not count. Please ask your institution how to go on.")
    if on_fail == "rollback_to_last_pass":
        return _("The time to answer is over. By the rule in force, what you watched since your last answer has to be made up; what you watched before it stays.")
    return _("The time to answer is over. Nothing you watched before is lost; take your time and go on when you are back.")


def reasons() -> dict[str, str]:
    """Why time did not count, in the learner's words."""
    return {
        "bad_stretch": _("it was beyond the clock, or the page was hidden or paused"),
        "presence_failed": _("a question of presence was not answered"),
        "heartbeat_gap": _("nothing was heard from your device for too long"),
        "other_playback": _("another lesson of yours was playing"),
        "forward_seek": _("the rules do not allow to skip ahead"),
        "seen_before": _("you had watched it before"),
        "too_fast": _("it was played faster than the rules allow"),
        "late": _("it was not sent in time"),
        "ahead": _("it was beyond the clock"),
        "away": _("the page was hidden or paused"),
        "daily_cap": _("the most that counts in one day was reached"),
    }
