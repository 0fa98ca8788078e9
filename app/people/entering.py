"""Conducts a check of a password: the try is written down, the hash is worked, the sign-in is opened.

Each step is its own transaction, or none: a refusal must not undo the try, and hashing must not hold
the database.
"""

from flask import current_app, request

from app import clock, db
from app.people import gate
from courses import errors
from courses.people import contacts, limits, passwords, sign_ins
from courses.people.accounts import Account, create
from courses.people.sign_ins import Opened, SignInFailed, SignInKind
from courses.people.vault import Vault


def vault() -> Vault:
    """The application's vault."""
    found: Vault = current_app.extensions["xueshi_vault"]
    return found


def tries() -> int:
    """Failed tries by account and quarter of an hour."""
    found: int = current_app.extensions["xueshi_settings"].sign_in_tries
    return found


def sign_in(name: str, password: str, *, kind: SignInKind) -> Opened:
    """Open a sign-in; SignInFailed or limits.TooManyTries."""
    now = clock.now()
    with db.writing() as session:
        tried = sign_ins.attempt(
            session, vault(), name=name, address=request.remote_addr or "", tries=tries(), now=now
        )
    if not passwords.matches(tried.password_hash, password):
        raise SignInFailed()
    assert tried.password_hash is not None
    is_old = passwords.is_outdated(tried.password_hash)
    with db.writing() as session:
        return sign_ins.admit(
            session,
            tried,
            kind=kind,
            agent=request.user_agent.string,
            lasts=gate.lasts(),
            now=now,
            new_hash=passwords.hash_of(password) if is_old else None,
        )


def sign_up(name: str, password: str, *, locale: str) -> Opened:
    """A new account, signed in at once. Sign-ups by one address are limited like sign-ins."""
    now = clock.now()
    settings = current_app.extensions["xueshi_settings"]
    plain = contacts.account_name(name)
    chosen = passwords.check(password, name=plain, minimum=settings.password_minimum)
    by_address = limits.by_address(
        vault(), "sign_up", request.remote_addr or "", tries() * sign_ins.ADDRESS_FACTOR
    )
    with db.writing() as session:
        limits.take(session, [by_address], now=now)
    hashed = passwords.hash_of(chosen)
    with db.writing() as session:
        made = create(session, vault(), name=plain, password_hash=hashed, now=now, locale=locale)
        return sign_ins.begin(
            session,
            made,
            kind=SignInKind.BROWSER,
            agent=request.user_agent.string,
            lasts=gate.lasts(),
            now=now,
        )


def change_password(account: Account, former: str, chosen: str, *, keep: str) -> None:
    """Replace a password after checking the present one; every other sign-in ends."""
    now = clock.now()
    settings = current_app.extensions["xueshi_settings"]
    by_account = limits.by_name(vault(), "password", account.id, tries())
    with db.writing() as session:
        try_ids = limits.take(session, [by_account], now=now)
    if not passwords.matches(account.password_hash, former):
        raise errors.Invalid("password_wrong", "This is not your present password.", field="former")
    own_name = vault().open(account.name_sealed, row=f"accounts.name:{account.id}")
    plain = passwords.check(chosen, name=own_name, minimum=settings.password_minimum)
    hashed = passwords.hash_of(plain)
    with db.writing() as session:
        limits.give_back(session, try_ids)
        sign_ins.change_password(
            session,
            account_id=account.id,
            former_hash=account.password_hash,
            new_hash=hashed,
            keep=keep,
            now=now,
        )
