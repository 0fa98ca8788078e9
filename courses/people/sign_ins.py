"""Sign-ins: signing in within limits, recognising who a token belongs to, listing and ending.

Checking a password is three steps, because a refusal rolls back and hashing is slow: `attempt` writes
the try down (commit it), `passwords.matches` works outside any transaction, `admit` opens the sign-in.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import ForeignKey, LargeBinary, String, and_, delete, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.people import accounts, contacts, limits, organisations, passwords
from courses.people.accounts import Account
from courses.people.limits import Limit
from courses.people.organisations import Actor, Grant, Membership, Organisation, Role
from courses.people.persons import Person, Subject
from courses.people.vault import Vault
from media.base import Base, new_id

ADDRESS_FACTOR = 20  # a factory's whole staff shares one address
SEEN_EVERY = timedelta(minutes=5)  # how exact `seen_at` is; one write in that time
FORGET_AFTER = timedelta(days=90)  # how long an ended sign-in is kept
TOKEN_BYTES = 32
MAX_AGENT = 200


class SignInKind(StrEnum):
    """What signed in."""

    BROWSER = "browser"
    TOKEN = "token"  # noqa: S105 - a kind


class SignIn(Base):
    """One signed-in browser or API client; ending it is immediate everywhere."""

    __tablename__ = "sign_ins"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    kind: Mapped[str] = mapped_column(String(10))  # browser | token
    agent: Mapped[str] = mapped_column(String(MAX_AGENT), default="")
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SignInFailed(errors.Refusal):
    """The same for an unknown name and a wrong password."""

    code = "sign_in_failed"
    sentence = "This name and password do not belong together. Check both and try again."


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try to sign in that was written down; `account_id` and `password_hash` are None for nobody."""

    account_id: str | None
    password_hash: str | None
    name_limit: Limit
    try_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """A sign-in just opened; the token is shown this once and kept only as its hash."""

    token: str
    sign_in: SignIn
    locale: str


@dataclass(frozen=True, slots=True)
class Recognised:
    """Who a token belongs to."""

    actor: Actor
    sign_in_id: str
    locale: str
    is_due: bool  # for `touch`


def attempt(
    session: Session, vault: Vault, *, name: str, address: str, tries: int, now: datetime
) -> Attempt:
    """Write a try to sign in down, whoever it is; limits.TooManyTries by name or by address.

    Commit before the password is looked at. What is no account name at all is nobody.
    """
    try:
        plain = contacts.account_name(name)
    except errors.Invalid:
        plain = f"?{name.strip().casefold()[:80]}"
    by_name = limits.by_name(vault, "sign_in", plain, tries)
    by_address = limits.by_address(vault, "sign_in", address, tries * ADDRESS_FACTOR)
    try_ids = limits.take(session, [by_name, by_address], now=now)
    found = session.execute(
        select(Account.id, Account.password_hash).where(
            Account.name_index == accounts.name_index(vault, plain), Account.closed_at.is_(None)
        )
    ).first()
    return Attempt(
        account_id=found.id if found else None,
        password_hash=found.password_hash if found else None,
        name_limit=by_name,
        try_ids=tuple(try_ids),
    )


def admit(
    session: Session,
    tried: Attempt,
    *,
    kind: SignInKind,
    agent: str,
    lasts: timedelta,
    now: datetime,
    new_hash: str | None = None,
) -> Opened:
    """Open a sign-in after the password matched; SignInFailed if it was changed in the meantime.

    `new_hash` replaces a hash made with former parameters.
    """
    account = (
        session.get(Account, tried.account_id, with_for_update=True) if tried.account_id else None
    )
    if account is None or account.closed_at or account.password_hash != tried.password_hash:
        raise SignInFailed()
    if new_hash:
        account.password_hash = new_hash
    limits.clear(session, tried.name_limit)
    limits.give_back(session, tried.try_ids)
    return begin(session, account, kind=kind, agent=agent, lasts=lasts, now=now)


def begin(
    session: Session,
    account: Account,
    *,
    kind: SignInKind,
    agent: str,
    lasts: timedelta,
    now: datetime,
) -> Opened:
    """A new sign-in with a new token; what ended long ago is forgotten on the way."""
    session.execute(
        delete(SignIn).where(
            SignIn.account_id == account.id,
            or_(SignIn.ended_at < now - FORGET_AFTER, SignIn.expires_at < now - FORGET_AFTER),
        )
    )
    token = secrets.token_urlsafe(TOKEN_BYTES)
    made = SignIn(
        account_id=account.id,
        token_hash=token_hash(token),
        kind=kind,
        agent=agent[:MAX_AGENT],
        created_at=now,
        seen_at=now,
        expires_at=now + lasts,
    )
    session.add(made)
    session.flush()
    return Opened(token, made, account.locale)


def token_hash(token: str) -> bytes:
    """What is kept of a token; it is random, so no salt is needed."""
    return sha256(token.encode()).digest()


def sign_in(
    session: Session,
    vault: Vault,
    *,
    name: str,
    password: str,
    now: datetime,
    kind: SignInKind = SignInKind.BROWSER,
    agent: str = "",
    lasts: timedelta = timedelta(days=30),
) -> Opened:
    """All three steps in one transaction, without limits: for scripts and tests, not for the web."""
    tried = attempt(session, vault, name=name, address="", tries=2**31, now=now)
    if not passwords.matches(tried.password_hash, password):
        raise SignInFailed()
    return admit(session, tried, kind=kind, agent=agent, lasts=lasts, now=now)


def recognise(
    session: Session, token: str, *, kind: SignInKind, now: datetime, today: date
) -> Recognised | None:
    """Who a token belongs to, in one query; None when it is unknown, ended or expired."""
    held = and_(Membership.person_id == Person.id, *organisations.held_on(today))
    rows = session.execute(
        select(
            SignIn.id,
            SignIn.seen_at,
            Account.id.label("account_id"),
            Account.locale,
            Person.id.label("person_id"),
            Person.registered_at,
            Person.restricted_at,
            Subject.key,
            Membership.role,
            Membership.organisation_id,
            Organisation.supervised_by,
        )
        .join(Account, Account.id == SignIn.account_id)
        .join(Person, Person.id == Account.person_id)
        .join(Subject, Subject.person_id == Person.id)
        .outerjoin(Membership, held)
        .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
        .where(
            SignIn.token_hash == token_hash(token),
            SignIn.kind == kind,
            SignIn.ended_at.is_(None),
            SignIn.expires_at > now,
            Account.closed_at.is_(None),
        )
        .order_by(Subject.key, Membership.from_on, Membership.id)
    ).all()
    if not rows:
        return None
    first = rows[0]
    grants = [
        Grant(Role(row.role), row.organisation_id, row.supervised_by) for row in rows if row.role
    ]
    actor = Actor(
        account_id=first.account_id,
        person_id=first.person_id,
        subject_key=first.key,
        is_registered=first.registered_at is not None,
        is_restricted=first.restricted_at is not None,
        grants=tuple(dict.fromkeys(grants)),
    )
    return Recognised(actor, first.id, first.locale, now - first.seen_at >= SEEN_EVERY)


def touch(session: Session, sign_in_id: str, *, lasts: timedelta, now: datetime) -> None:
    """Note that a sign-in is in use. A browser's lasts anew from now on, a token's does not."""
    still = (SignIn.id == sign_in_id, SignIn.ended_at.is_(None))
    session.execute(update(SignIn).where(*still, SignIn.seen_at < now).values(seen_at=now))
    session.execute(
        update(SignIn)
        .where(*still, SignIn.kind == SignInKind.BROWSER)
        .values(expires_at=now + lasts)
    )


def listed(session: Session, account_id: str, *, now: datetime) -> list[SignIn]:
    """What is signed in now, last seen first."""
    return list(
        session.scalars(
            select(SignIn)
            .where(
                SignIn.account_id == account_id, SignIn.ended_at.is_(None), SignIn.expires_at > now
            )
            .order_by(SignIn.seen_at.desc(), SignIn.id)
        )
    )


def end(session: Session, *, account_id: str, sign_in_id: str, now: datetime) -> None:
    """End one sign-in of an account; NotFound for somebody else's. Ending it twice is no error."""
    found = session.get(SignIn, sign_in_id)
    if found is None or found.account_id != account_id:
        raise errors.NotFound()
    if found.ended_at is None:
        found.ended_at = now
    session.flush()


def end_others(session: Session, *, account_id: str, keep: str, now: datetime) -> int:
    """End every sign-in of an account but one; how many that were."""
    ended = [row for row in listed(session, account_id, now=now) if row.id != keep]
    for row in ended:
        row.ended_at = now
    session.flush()
    return len(ended)


def change_password(
    session: Session,
    *,
    account_id: str,
    former_hash: str,
    new_hash: str,
    keep: str,
    now: datetime,
) -> None:
    """Replace the password that was checked against `former_hash`, and end all sign-ins but `keep`."""
    account = session.get_one(Account, account_id, with_for_update=True, populate_existing=True)
    if account.password_hash != former_hash:
        raise errors.Conflict()
    account.password_hash = new_hash
    end_others(session, account_id=account_id, keep=keep, now=now)
