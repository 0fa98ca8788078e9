"""Photos that answer a presence prompt: the port of comparison, and what becomes of the pictures.

A learner agreed to it separately (`domain.md` 5.4), gave one photo to compare with, and takes both back
at any time. A photo that matched is not kept at all, one that did not until its time; the score stays.
Comparing, reading and writing files are slow: nothing of `Engine` and `Album` belongs in a transaction.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import errors
from courses.people import persons
from courses.people.vault import Vault
from courses.watch import playbacks, presence
from courses.watch.models import FaceCheck, FacePicture, Playback, Prompt
from courses.watch.presence import Plan, Result
from media import pictures
from media.base import new_id
from media.errors import Unusable
from media.storage import Store

CONSENT = "face_comparison"  # the purpose of the separate consent
MICRO = 1_000_000
MOST_BYTES = 12 * 1024**2  # a phone's own camera; pages send a tenth of it
LONGEST_PX = 960  # dlib's detector wants a face of 80; more only costs time
PUTTING = timedelta(hours=1)  # a picture whose writing was never confirmed goes after it


class Unseen(errors.Invalid):
    """The photo cannot be compared; another one, taken as the sentence says, can."""


class NoFace(Unseen):
    """Nobody is on it."""

    code = "face_missing"
    sentence = "No face can be seen. Hold the camera straight before your face, without a mask, and try again."


class SeveralFaces(Unseen):
    """More than one person is."""

    code = "face_several"
    sentence = "More than one face can be seen. Take the photo again with only you on it."


class DarkFace(Unseen):
    """Too little light."""

    code = "face_dark"
    sentence = "It is too dark. Turn towards a window or a lamp and try again."


class SmallFace(Unseen):
    """Too far away."""

    code = "face_small"
    sentence = "Your face is too small on the photo. Come nearer to the camera and try again."


class NoPicture(Unseen):
    """No photo at all, or one beyond all limits."""

    code = "picture_unreadable"
    sentence = "This photo cannot be read. Take a JPEG or PNG photo of at most 12 MB."


class SentBefore(Unseen):
    """The same file once more proves nothing."""

    code = "face_repeated"
    sentence = "This very photo was sent before. Please take a new one."


class Engine(Protocol):
    """Compares faces. Slow, and may raise media's `Unavailable`."""

    name: str  # with its version, as a score names it

    def look(self, picture: bytes) -> None:
        """Return where just one clear face is on a JPEG; Unseen otherwise."""

    def distance(self, reference: bytes, picture: bytes) -> int:
        """How far apart the faces on two JPEGs are, in millionths; Unseen, of the second, otherwise."""


@dataclass(frozen=True, slots=True)
class Album:
    """The pictures in the store, each sealed for its own key."""

    store: Store
    vault: Vault

    def keep(self, key: str, picture: bytes) -> None:
        """Seal a picture and write it."""
        self.store.put(key, self.vault.seal_bytes(picture, row=key))

    def show(self, key: str) -> bytes:
        """A picture in clear; media's `Missing` where it has gone."""
        return self.vault.open_bytes(self.store.read(key), row=key)

    def drop(self, key: str) -> None:
        """Forget a picture."""
        self.store.delete(key)

    def fingerprint(self, subject_key: str, picture: bytes) -> bytes:
        """What tells that a learner sent the very same file twice, and nothing else."""
        return self.vault.index("face_picture", subject_key, sha256(picture).hexdigest())


@dataclass(frozen=True, slots=True)
class Seen:
    """What the engine said of a photo, and with which it was compared."""

    reference_key: str
    distance: int
    limit: int
    engine: str
    fingerprint: bytes
    picture_key: str | None = None  # of a photo that did not match

    @property
    def is_match(self) -> bool:
        """Whether both show the same person, as far as the limit goes."""
        return self.distance <= self.limit


@dataclass(frozen=True, slots=True)
class Desk:
    """What this installation compares with; without an engine no photo is asked for."""

    engine: Engine | None
    album: Album
    limit: int  # in millionths

    def compare(self, reference_key: str, picture: bytes, *, fingerprint: bytes) -> Seen:
        """What the engine says of a JPEG; Unseen, or media's `Unavailable`."""
        assert self.engine is not None
        distance = self.engine.distance(self.album.show(reference_key), picture)
        return Seen(reference_key, distance, self.limit, self.engine.name, fingerprint)


def photo(data: bytes) -> bytes:
    """What was sent as an upright JPEG without anything but its pixels; NoPicture."""
    if len(data) > MOST_BYTES:
        raise NoPicture(field="photo")
    try:
        return pictures.redrawn(data, longest=LONGEST_PX)
    except Unusable as error:
        raise NoPicture(field="photo") from error


def keys(session: Session) -> list[str]:
    """The keys of all pictures that the store may have."""
    return list(session.scalars(select(FacePicture.key)))


def begin(session: Session, *, subject_key: str, fingerprint: bytes, now: datetime) -> str:
    """A key for a picture that is about to be written; unless confirmed, it goes by itself."""
    made = FacePicture(
        key=f"faces/{new_id()}", subject_key=subject_key, fingerprint=fingerprint, taken_at=now,
        delete_at=now + PUTTING,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made.key


def agree(
    session: Session, *, subject_key: str, key: str, text_version: str, now: datetime
) -> list[str]:
    """The learner agrees, and the picture just written is the one to compare with from now on.

    Keys of the one that it replaces, to be dropped. Conflict where all were withdrawn meanwhile.
    """
    replaced = []
    for former in _pictures(session, subject_key, is_taken=True):
        if former.prompt_id is None and former.delete_at is None:
            former.delete_at = now
            replaced.append(former.key)
    fresh = session.get(FacePicture, key)
    if fresh is None:  # withdrawn in another window meanwhile
        raise errors.Conflict()
    fresh.delete_at = None
    if standing_consent(session, subject_key) != text_version:
        persons.consent(
            session, subject_key=subject_key, purpose=CONSENT, text_version=text_version, given=True, now=now
        )
    session.flush()
    return replaced


def withdraw(session: Session, *, subject_key: str, now: datetime) -> list[str]:
    """The learner takes the consent back: no picture is seen from now on. Their keys, to be dropped."""
    version = standing_consent(session, subject_key)
    if version is not None:
        persons.consent(
            session, subject_key=subject_key, purpose=CONSENT, text_version=version, given=False, now=now
        )
    held = _pictures(session, subject_key, is_taken=True)
    for picture in held:
        picture.delete_at = now
    session.flush()
    return [picture.key for picture in held]


def standing_consent(session: Session, subject_key: str) -> str | None:
    """The version of the text that a learner agrees to; None where there is no consent."""
    last = next((row for row in persons.consents(session, subject_key) if row.purpose == CONSENT), None)
    return last.text_version if last is not None and last.given else None


def open_prompt(session: Session, playback: Playback, *, prompt_id: str) -> Prompt:
    """A prompt that a photo may answer; NotFound `prompt_unknown`, or Conflict where it may not."""
    prompt = presence.get(session, playback, prompt_id=prompt_id)
    if not prompt.is_face:
        raise errors.Conflict("face_not_asked", "This prompt is not answered by a photo.")
    return prompt


def check_new(session: Session, subject_key: str, fingerprint: bytes) -> None:
    """Refuse a file that this learner has sent before; SentBefore."""
    checked = select(FaceCheck.prompt_id).where(FaceCheck.fingerprint == fingerprint)
    given = select(FacePicture.key).where(
        FacePicture.subject_key == subject_key,
        FacePicture.fingerprint == fingerprint,
        FacePicture.prompt_id.is_(None),
        FacePicture.delete_at.is_(None),
    )
    if session.scalar(checked) is not None or session.scalar(given) is not None:
        raise SentBefore(field="photo")


def judge(
    session: Session, playback: Playback, *, prompt_id: str, seen: Seen, received_at: datetime,
    plan: Plan | None, now: datetime,
) -> Result:  # fmt: skip
    """Keep what a photo was worth; told again, the first answer stands.

    A pass is dated now, for while a photo is compared the picture waits. Refused: Conflict where the
    consent was withdrawn meanwhile, SentBefore.
    """
    prompt = open_prompt(session, playback, prompt_id=prompt_id)
    before = presence.answered(session, prompt)
    if before is not None:
        return before
    # A withdrawal meanwhile waits for this transaction, or this one for it: no picture outlives it.
    _pictures(session, playback.subject_key, is_taken=True)
    given = presence.reference(session, playback.subject_key)
    if given is None or given.key != seen.reference_key:
        raise errors.Conflict()
    check_new(session, playback.subject_key, seen.fingerprint)
    session.add(
        FaceCheck(
            prompt_id=prompt.id, distance=seen.distance, limit=seen.limit, engine=seen.engine,
            fingerprint=seen.fingerprint, at=now,
        )
    )  # fmt: skip
    if seen.picture_key is not None and plan is not None:
        kept = session.get_one(FacePicture, seen.picture_key)
        kept.prompt_id = prompt.id
        kept.delete_at = received_at + timedelta(days=plan.picture_days)
    result = Result.PASSED if seen.is_match else Result.FAIL
    if presence.is_late(prompt, received_at):
        result = Result.MISSED
    playbacks.leave(playback, None)  # what is void has changed
    return presence.settle(session, playback, prompt=prompt, result=result, plan=plan, now=now)


@dataclass(frozen=True, slots=True)
class Line:
    """A check by photo as a list shows it; `picture` while it may be looked at."""

    prompt: Prompt
    check: FaceCheck
    result: str
    picture: FacePicture | None


def checks_of(session: Session, subject_key: str, *, now: datetime, limit: int = 100) -> list[Line]:
    """A learner's checks by photo, the latest first."""
    rows = session.execute(
        select(Prompt, FaceCheck)
        .join(FaceCheck, FaceCheck.prompt_id == Prompt.id)
        .join(Playback, Playback.id == Prompt.playback_id)
        .where(Playback.subject_key == subject_key)
        .order_by(FaceCheck.at.desc(), FaceCheck.prompt_id)
        .limit(limit)
    ).all()
    kept = {one.prompt_id: one for one in _pictures(session, subject_key) if _is_seen(one, now)}
    return [
        Line(prompt, check, presence.answered(session, prompt) or "", kept.get(prompt.id))
        for prompt, check in rows
    ]


def picture_of(session: Session, subject_key: str, *, prompt_id: str, now: datetime) -> FacePicture:
    """The photo of a check that did not match, until its time; NotFound."""
    for picture in _pictures(session, subject_key):
        if picture.prompt_id == prompt_id and _is_seen(picture, now):
            return picture
    raise errors.NotFound()


def due(session: Session, *, now: datetime) -> list[str]:
    """Keys of pictures whose time is over."""
    wanted = select(FacePicture.key).where(FacePicture.delete_at <= now).order_by(FacePicture.delete_at)
    return list(session.scalars(wanted.limit(500)))


def is_due(session: Session, key: str, *, now: datetime) -> bool:
    """Whether a picture is still to be deleted, and now."""
    row = session.get(FacePicture, key)
    return row is not None and row.delete_at is not None and row.delete_at <= now


def forget(session: Session, keys: Iterable[str], *, now: datetime) -> None:
    """Delete the rows of pictures that have been dropped from the store; those not due stay."""
    for key in keys:
        if is_due(session, key, now=now):
            session.delete(session.get_one(FacePicture, key))
    session.flush()


def _pictures(session: Session, subject_key: str, *, is_taken: bool = False) -> list[FacePicture]:
    """A learner's pictures; `is_taken`: their rows for the rest of the transaction, as they are now."""
    wanted = select(FacePicture).where(FacePicture.subject_key == subject_key).order_by(FacePicture.key)
    if is_taken:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    return list(session.scalars(wanted))


def _is_seen(picture: FacePicture, now: datetime) -> bool:
    return picture.delete_at is None or picture.delete_at > now
