"""Presence prompts: when one falls due, what it asks, what an answer is worth.

The server draws every instant, the player is told nothing before. A prompt is dated when it was first
shown, a pass when it was answered; one that is not answered in time was missed (`credit-rules.md` 5.37).
Nothing here voids time: that is the engine's, from what `checks` says. Prompts and answers are append-only.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from courses import errors
from courses.credit.evidence import PresenceCheck
from courses.watch.beats import SLACK_MS
from courses.watch.models import FaceCheck, FacePicture, Playback, Prompt, PromptAnswer
from media.base import to_ms

_DRAW = secrets.SystemRandom()
SLACK = timedelta(milliseconds=SLACK_MS)
JITTER_DIVISOR = 3  # a prompt about every 15 minutes comes after 10 to 20 (domain.md 1.6)
ANSWER_MS = 60_000  # where no rule says how long one may take
PICTURE_DAYS = 30  # where a version says nothing else (domain.md 5.4)
AGAIN_MS = 2_000  # how soon the next playback asks where the last one was left without an answer


class Way(StrEnum):
    """How presence is shown. `carried` asks nothing: it marks what an earlier playback still owes."""

    TAP = "tap"
    QUESTION = "question"
    FACE = "face"  # of a plan: a photo, of those who agreed; a question or tap of all others
    CARRIED = "carried"


class Result(StrEnum):
    """What an answer was worth."""

    PASSED = "pass"
    FAIL = "fail"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Plan:
    """How presence is asked, as it stands beside a policy version."""

    every_ms: int
    answer_within_ms: int
    way: Way = Way.TAP
    picture_days: int = PICTURE_DAYS  # how long a photo that did not match is kept

    @classmethod
    def of(cls, prompts: Mapping[str, Any] | None) -> "Plan | None":
        """Of a version's `prompts`; None where nothing is asked."""
        if not prompts:
            return None
        return cls(
            prompts["every_ms"],
            prompts["answer_within_ms"],
            Way(prompts.get("way", Way.TAP)),
            prompts.get("picture_days", PICTURE_DAYS),
        )

    def draw_ms(self) -> int:
        """Time until the next prompt, uniform around `every_ms`, unforeseeable."""
        jitter_ms = self.every_ms // JITTER_DIVISOR
        return self.every_ms - jitter_ms + _DRAW.randrange(2 * jitter_ms + 1)


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the lesson: its choices as they are shown, and which of them is right."""

    text: str
    choices: tuple[str, ...]
    right: int

    @classmethod
    def drawn(cls, questions: Sequence[Mapping[str, Any]]) -> "Question | None":
        """One of a lesson's questions (the first choice is the right one), its choices in a drawn order."""
        if not questions:
            return None
        asked = _DRAW.choice(questions)
        order = list(range(len(asked["choices"])))
        _DRAW.shuffle(order)
        return cls(asked["text"], tuple(asked["choices"][at] for at in order), order.index(0))


def begin(session: Session, playback: Playback, plan: Plan | None) -> None:
    """Draw the first prompt of a playback that was just opened.

    Opening the lesson anew, now or tomorrow, is no way around a prompt: what was left of the time until
    the next one is taken over; a prompt that still waits goes on waiting here, as long as it would have
    there; and where one is owed, time is void from the opening until one is passed.
    """
    if plan is None:
        playback.prompt_due_ms = None
        return
    playback.prompt_due_ms = plan.draw_ms()
    last = _before(session, playback)
    if last is None or last.prompt_due_ms is None or last.closed_at is None:
        return
    owed = _latest(session, last.id)
    if owed is not None and _is_owed(session, last):
        playback.prompt_due_ms = AGAIN_MS
        waits = _waits(session, owed, playback.opened_at)
        session.add(
            Prompt(
                playback_id=playback.id,
                way=owed.way if waits else Way.CARRIED,
                shown_at=playback.opened_at,
                answer_by=owed.answer_by if waits else playback.opened_at,
                question=owed.question if waits else None,
                is_face=waits and takes_photo(session, playback, owed),
            )
        )
    else:
        run_ms = to_ms(last.closed_at) - to_ms(last.opened_at)
        playback.prompt_due_ms = min(playback.prompt_due_ms, max(AGAIN_MS, last.prompt_due_ms - run_ms))
    session.flush()


def ask(
    session: Session,
    playback: Playback,
    *,
    plan: Plan | None,
    questions: Sequence[Mapping[str, Any]],
    is_away: bool = False,
    now: datetime,
) -> dict[str, Any] | None:
    """The prompt that an answer to a beat shows: the one that waits, or one that has fallen due.

    Who just left is asked nothing new, for nobody would see it. What is owed is asked in any case, even
    where the rule that asked first is in force no more: only a pass ends what it voids.
    """
    due_ms = playback.prompt_due_ms
    if due_ms is None or to_ms(now) - to_ms(playback.opened_at) < due_ms:
        return None
    last = _latest(session, playback.id)
    if last is not None and _waits(session, last, now):
        return told(last, now=now)
    if (plan is None or is_away) and not _is_owed(session, playback):
        return None
    question = Question.drawn(questions) if plan is not None and plan.way in (Way.QUESTION, Way.FACE) else None
    within_ms = ANSWER_MS if plan is None else plan.answer_within_ms
    made = Prompt(
        playback_id=playback.id,
        way=Way.TAP if question is None else Way.QUESTION,
        shown_at=now,
        answer_by=now + timedelta(milliseconds=within_ms),
        question=None
        if question is None
        else {"text": question.text, "choices": list(question.choices), "right": question.right},
        is_face=plan is not None
        and plan.way is Way.FACE
        and reference(session, playback.subject_key) is not None,
    )
    session.add(made)
    session.flush()
    return told(made, now=now)


def told(prompt: Prompt, *, now: datetime) -> dict[str, Any]:
    """A prompt as a beat's answer holds it."""
    left_ms = to_ms(prompt.answer_by) - to_ms(now)
    return {"id": prompt.id, "kind": kind(prompt), "answer_within_ms": max(0, left_ms)}


def kind(prompt: Prompt) -> str:
    """As evidence names it; a prompt that takes a photo may be answered without one all the same."""
    return "face" if prompt.is_face else "prompt"


def takes_photo(session: Session, playback: Playback, prompt: Prompt) -> bool:
    """Whether a photo may answer it now: the consent may have been withdrawn since it was asked."""
    return prompt.is_face and reference(session, playback.subject_key) is not None


def reference(session: Session, subject_key: str) -> FacePicture | None:
    """The photo that a learner gave to compare with, if one stands."""
    return session.scalar(
        select(FacePicture)
        .where(
            FacePicture.subject_key == subject_key,
            FacePicture.prompt_id.is_(None),
            FacePicture.delete_at.is_(None),
        )
        .order_by(FacePicture.taken_at.desc(), FacePicture.key)
        .limit(1)
    )


def get(session: Session, playback: Playback, *, prompt_id: str) -> Prompt:
    """A prompt of this playback; NotFound `prompt_unknown`."""
    found = session.get(Prompt, prompt_id)
    if found is None or found.playback_id != playback.id or found.way == Way.CARRIED:
        raise errors.NotFound("prompt_unknown", "This playback has no such prompt.")
    return found


def answer(
    session: Session, playback: Playback, *, prompt_id: str, given: Any, plan: Plan | None, now: datetime
) -> Result:
    """Judge an answer and keep it; told again, the first one stands.

    `given`: the place of a question's choice in the order shown, as a number; for a tap anything at all.
    Refused: NotFound `prompt_unknown`; Invalid where there is no such choice.
    """
    prompt = get(session, playback, prompt_id=prompt_id)
    before = answered(session, prompt)
    return before or settle(
        session, playback, prompt=prompt, result=_judged(prompt, given, now), plan=plan, now=now
    )


def answered(session: Session, prompt: Prompt) -> Result | None:
    """What an earlier answer to this prompt was worth."""
    found = _answer(session, prompt.id)
    return None if found is None else Result(found.result)


def settle(
    session: Session, playback: Playback, *, prompt: Prompt, result: Result, plan: Plan | None, now: datetime
) -> Result:
    """Keep what an answer was worth; a pass draws the next prompt."""
    session.add(PromptAnswer(prompt_id=prompt.id, result=result, at=now))
    _answer_where_it_waited(session, playback, prompt, result, now)
    if result is Result.PASSED and plan is not None:
        run_ms = to_ms(now) - to_ms(playback.opened_at)
        playback.prompt_due_ms = run_ms + plan.draw_ms()
    session.flush()
    return result


def is_late(prompt: Prompt, at: datetime) -> bool:
    """Whether an answer that arrives then comes too late, slack for the line included."""
    return at > prompt.answer_by + SLACK


def _judged(prompt: Prompt, given: Any, now: datetime) -> Result:
    if is_late(prompt, now):
        return Result.MISSED
    return JUDGES[Way(prompt.way)](prompt, given)


def _tapped(_prompt: Prompt, _given: Any) -> Result:
    return Result.PASSED


def _chosen(prompt: Prompt, given: Any) -> Result:
    question = prompt.question or {}
    if type(given) is not int or not 0 <= given < len(question["choices"]):
        raise errors.Invalid("invalid", "Choose one of the answers.", field="answer")
    return Result.PASSED if given == question["right"] else Result.FAIL


# Who judges an answer, by the way in which was asked.
JUDGES: Mapping[Way, Callable[[Prompt, Any], Result]] = {Way.TAP: _tapped, Way.QUESTION: _chosen}


def may_lapse(now: datetime) -> ColumnElement[bool]:
    """Whether a playback has a prompt whose time is not over: without an answer it will void time after all."""
    return exists().where(Prompt.playback_id == Playback.id, Prompt.answer_by >= now - SLACK)


def checks(
    session: Session, playback_ids: Iterable[str], *, known_at: datetime
) -> list[PresenceCheck]:
    """What the prompts of these playbacks say, as known then, in time."""
    rows = session.execute(
        select(Prompt, PromptAnswer, FaceCheck.prompt_id)
        .outerjoin(PromptAnswer, PromptAnswer.prompt_id == Prompt.id)
        .outerjoin(FaceCheck, FaceCheck.prompt_id == Prompt.id)
        .where(Prompt.playback_id.in_(list(playback_ids)), Prompt.shown_at < known_at)
    )
    found: list[PresenceCheck] = []
    for prompt, given, photo in rows:
        is_known = given is not None and given.at < known_at
        by = "prompt" if photo is None else "face"
        if is_known and given.result == Result.PASSED:
            found.append(PresenceCheck(prompt.playback_id, to_ms(given.at), by, "pass"))
        elif is_known and given.result == Result.FAIL:
            found.append(PresenceCheck(prompt.playback_id, to_ms(prompt.shown_at), by, "fail"))
        elif prompt.answer_by + SLACK < known_at or prompt.way == Way.CARRIED:
            found.append(PresenceCheck(prompt.playback_id, to_ms(prompt.shown_at), kind(prompt), "missed"))
    return sorted(found, key=lambda check: check.at)


def answer_times(session: Session, playback_ids: Iterable[str]) -> dict[str, list[int]]:
    """How long answers took that passed, in milliseconds from the showing, by playback and in time."""
    rows = session.execute(
        select(Prompt.playback_id, Prompt.shown_at, PromptAnswer.at)
        .join(PromptAnswer, PromptAnswer.prompt_id == Prompt.id)
        .where(Prompt.playback_id.in_(list(playback_ids)), PromptAnswer.result == Result.PASSED)
        .order_by(Prompt.shown_at, Prompt.id)
    )
    found: dict[str, list[int]] = {}
    for playback_id, shown_at, at in rows:
        found.setdefault(playback_id, []).append(to_ms(at) - to_ms(shown_at))
    return found


def _answer_where_it_waited(
    session: Session, playback: Playback, prompt: Prompt, result: Result, now: datetime
) -> None:
    """A prompt taken over at the opening is the same one for the playbacks that it came from."""
    while prompt.shown_at == playback.opened_at:
        before = _before(session, playback)
        same = None if before is None else _latest(session, before.id)
        if before is None or same is None or same.answer_by != prompt.answer_by or _answer(session, same.id):
            return
        try:
            with session.begin_nested():
                session.add(PromptAnswer(prompt_id=same.id, result=result, at=now))
        except IntegrityError:  # answered there at this moment: that answer stands
            return
        playback, prompt = before, same


def _before(session: Session, playback: Playback) -> Playback | None:
    """The learner's playback before this one in which presence was asked at all."""
    return session.scalar(
        select(Playback)
        .where(
            Playback.subject_key == playback.subject_key,
            Playback.id != playback.id,
            Playback.opened_at <= playback.opened_at,
            Playback.prompt_due_ms.is_not(None),
        )
        .order_by(Playback.opened_at.desc(), Playback.id.desc())
        .limit(1)
    )


def _is_owed(session: Session, playback: Playback) -> bool:
    """Whether the playback's latest prompt was not passed."""
    prompt = _latest(session, playback.id)
    if prompt is None:
        return False
    answered = _answer(session, prompt.id)
    return answered is None or answered.result != Result.PASSED


def _waits(session: Session, prompt: Prompt, now: datetime) -> bool:
    """Whether it can still be answered in time."""
    return now < prompt.answer_by and _answer(session, prompt.id) is None


def _latest(session: Session, playback_id: str) -> Prompt | None:
    return session.scalar(
        select(Prompt)
        .where(Prompt.playback_id == playback_id)
        .order_by(Prompt.shown_at.desc(), Prompt.answer_by.desc())
        .limit(1)
    )


def _answer(session: Session, prompt_id: str) -> PromptAnswer | None:
    return session.get(PromptAnswer, prompt_id)
