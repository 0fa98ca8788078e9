"""Accounts and sign-ins: limits, what ends what, and that a token is only ever kept as its hash."""

from datetime import datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses import errors
from courses.people import accounts, jurisdictions, limits, passwords, sign_ins
from courses.people.accounts import Account
from courses.people.limits import TooManyTries, Try
from courses.people.sign_ins import Attempt, Opened, SignIn, SignInFailed, SignInKind
from courses.people.vault import Vault

PASSWORD = "correct horse battery"
MONTH = timedelta(days=30)


@pytest.fixture
def account(session: Session, vault: Vault, now: datetime) -> Account:
    return accounts.sign_up(
        session, vault, name="+86 138 0000 0001", password=PASSWORD, minimum_length=10, now=now
    )


def attempt(
    session: Session,
    vault: Vault,
    now: datetime,
    name: str = "13800000001",
    address: str = "10.0.0.1",
) -> Attempt:
    return sign_ins.attempt(session, vault, name=name, address=address, tries=5, now=now)


def opened(
    session: Session, vault: Vault, now: datetime, kind: SignInKind = SignInKind.BROWSER
) -> Opened:
    return sign_ins.sign_in(
        session, vault, name="13800000001", password=PASSWORD, now=now, kind=kind, agent="Test"
    )


def recognised(
    session: Session, token: str, now: datetime, kind: SignInKind = SignInKind.BROWSER
) -> bool:
    found = sign_ins.recognise(session, token, kind=kind, now=now, today=jurisdictions.day_of(now))
    return found is not None


def test_name_is_sealed_masked_and_found(session: Session, vault: Vault, account: Account) -> None:
    assert b"138" not in account.name_sealed
    assert account.name_masked == "138****0001"
    assert accounts.full_account_name(account, vault) == "13800000001"


def test_one_name_has_one_account(
    session: Session, vault: Vault, account: Account, now: datetime
) -> None:
    with pytest.raises(errors.Conflict) as caught:
        accounts.sign_up(
            session,
            vault,
            name="１３８００００００01",
            password=PASSWORD,
            minimum_length=10,
            now=now,
        )
    assert caught.value.code == "account_name_taken"


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password_short"),
        ("x" * 201, "password_long"),
        ("my13800000001!", "password_name"),
        ("Password123", "password_common"),
        ("abababababab", "password_common"),
        ("23456789:;<", "password_common"),
        ("aaaaaaaaaab", "password_common"),
    ],
)
def test_weak_passwords_are_refused(password: str, code: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        passwords.check(password, name="13800000001", minimum=10)
    assert caught.value.code == code
    assert caught.value.field == "password"


def test_email_name_inside_the_password_is_refused() -> None:
    with pytest.raises(errors.Invalid):
        passwords.check("Siyuan-2026!", name="siyuan@example.com", minimum=10)
    passwords.check("a good long one", name="a@example.com", minimum=10)


def test_password_hash_is_argon2id_and_normalises(account: Account) -> None:
    assert account.password_hash.startswith("$argon2id$")
    hashed = passwords.hash_of("Café-Übung-2026")
    assert passwords.matches(hashed, "Cafe\u0301-U\u0308bung-2026")
    assert not passwords.matches(hashed, "cafe-Ubung-2026")
    assert not passwords.matches(None, "nobody has this password")
    assert not passwords.matches("not a hash", "x")


def test_token_is_kept_only_as_its_hash(
    session: Session, vault: Vault, account: Account, now: datetime
) -> None:
    token = opened(session, vault, now).token
    row = session.scalars(select(SignIn)).one()
    assert row.token_hash == sign_ins.token_hash(token)
    assert token not in str(vars(row))
    assert len(token) >= 43


def test_wrong_password_and_unknown_name_say_the_same(
    session: Session, vault: Vault, account: Account, now: datetime
) -> None:
    said = []
    for name, password in (
        ("13800000001", "wrong"),
        ("13900000009", PASSWORD),
        ("nonsense", PASSWORD),
    ):
        with pytest.raises(SignInFailed) as caught:
            sign_ins.sign_in(session, vault, name=name, password=password, now=now)
        said.append((caught.value.code, caught.value.sentence))
    assert len(set(said)) == 1


def test_the_sixth_try_in_a_quarter_of_an_hour_is_refused(
    session: Session, vault: Vault, account: Account, now: datetime
) -> None:
    for second in range(5):
        attempt(session, vault, now + timedelta(seconds=second))
    with pytest.raises(TooManyTries) as caught:
        attempt(session, vault, now + timedelta(minutes=5))
    assert caught.value.retry_after == 600
    attempt(session, vault, now + timedelta(minutes=15))
    with pytest.raises(TooManyTries) as caught:
        attempt(session, vault, now + timedelta(minutes=15))
    assert caught.value.retry_after == 1


def test_limit_counts_unknown_names_alike(session: Session, vault: Vault, now: datetime) -> None:
    for _each in range(5):
        attempt(session, vault, now, name="13900000009")
    with pytest.raises(TooManyTries):
        attempt(session, vault, now, name="139 0000 0009")


def test_address_has_twenty_times_the_tries(session: Session, vault: Vault, now: datetime) -> None:
    for number in range(100):
        attempt(session, vault, now, name=f"1390000{number:04d}")
    with pytest.raises(TooManyTries):
        attempt(session, vault, now, name="13900009999")
    attempt(session, vault, now, name="13900009999", address="10.0.0.2")


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
    ],
)
def test_addresses_count_by_subscriber(first: str, second: str, is_same: bool) -> None:
    assert (limits.network(first) == limits.network(second)) is is_same


def test_success_clears_the_tries(
    session: Session, vault: Vault, account: Account, now: datetime
) -> None:
    for _each in range(4):
        attempt(session, vault, now)
    tried = attempt(session, vault, now)
    sign_ins.admit(session, tried, kind=SignInKind.BROWSER, agent="", lasts=MONTH, now=now)
    left = session.scalar(
        select(func.count()).select_from(Try).where(Try.key == tried.name_limit.key)
    )
    assert left == 0
    attempt(session, vault, now)


def test_names_and_addresses_are_not_kept_in_clear(
    session: Session, vault: Vault, now: datetime
) -> None:
    attempt(session, vault, now)
    assert all(len(row.key) == 32 for row in session.scalars(select(Try)))


def test_tries_are_forgotten_after_a_day(session: Session, vault: Vault, now: datetime) -> None:
    attempt(session, vault, now)
    attempt(
        session, vault, now + timedelta(days=1, seconds=1), name="13900000009", address="10.0.0.2"
    )
    assert session.scalar(select(func.count()).select_from(Try)) == 2


def test_admission_fails_when_the_password_changed_meanwhile(
    session: Session, vault: Vault, account: Account, now: datetime
) -> None:
    tried = attempt(session, vault, now)
    account.password_hash = passwords.hash_of("another good one")
    session.flush()
    with pytest.raises(SignInFailed):
        sign_ins.admit(session, tried, kind=SignInKind.BROWSER, agent="", lasts=MONTH, now=now)


def test_hash_with_former_parameters_is_outdated(
    session: Session, vault: Vault, account: Account, now: datetime
) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    assert passwords.is_outdated(old)
    assert not passwords.is_outdated(account.password_hash)
    account.password_hash = old
    session.flush()
    tried = attempt(session, vault, now)
    sign_ins.admit(
        session,
        tried,
        kind=SignInKind.BROWSER,
        agent="",
        lasts=MONTH,
        now=now,
        new_hash=passwords.hash_of(PASSWORD),
    )
    assert not passwords.is_outdated(account.password_hash)


def test_recognised_until_expired_or_ended(
    session: Session, vault: Vault, account: Account, now: datetime
) -> None:
    first = opened(session, vault, now)
    assert recognised(session, first.token, now)
    assert not recognised(session, first.token, now, SignInKind.TOKEN)
    assert not recognised(session, first.token + "x", now)
    assert recognised(session, first.token, now + MONTH - timedelta(seconds=1))
    assert not recognised(session, first.token, now + MONTH)
    sign_ins.end(session, account_id=account.id, sign_in_id=first.sign_in.id, now=now)
    assert not recognised(session, first.token, now)


def test_use_prolongs_a_browser_but_not_a_token(
    session: Session, vault: Vault, account: Account, now: datetime
) -> None:
    browser, token = (opened(session, vault, now, kind) for kind in SignInKind)
    later = now + timedelta(days=20)
    for one in (browser, token):
        sign_ins.touch(session, one.sign_in.id, lasts=MONTH, now=later)
        session.refresh(one.sign_in)
        assert one.sign_in.seen_at == later
    assert recognised(session, browser.token, now + timedelta(days=40))
    assert not recognised(session, token.token, now + timedelta(days=40), SignInKind.TOKEN)


def test_closed_account_is_not_recognised(
    session: Session, vault: Vault, account: Account, now: datetime
) -> None:
    first = opened(session, vault, now)
    account.closed_at = now
    session.flush()
    assert not recognised(session, first.token, now)
    with pytest.raises(SignInFailed):
        opened(session, vault, now)


def test_somebody_elses_sign_in_cannot_be_ended(
    session: Session, vault: Vault, account: Account, now: datetime
) -> None:
    friend = accounts.sign_up(
        session, vault, name="friend@example.com", password=PASSWORD, minimum_length=10, now=now
    )
    first = opened(session, vault, now)
    with pytest.raises(errors.NotFound):
        sign_ins.end(session, account_id=friend.id, sign_in_id=first.sign_in.id, now=now)
    assert recognised(session, first.token, now)


def test_password_change_ends_every_other_sign_in(
    session: Session, vault: Vault, account: Account, now: datetime
) -> None:
    here, elsewhere = opened(session, vault, now), opened(session, vault, now)
    api = opened(session, vault, now, SignInKind.TOKEN)
    sign_ins.change_password(
        session,
        account_id=account.id,
        former_hash=account.password_hash,
        new_hash=passwords.hash_of("another good one"),
        keep=here.sign_in.id,
        now=now,
    )
    assert recognised(session, here.token, now)
    assert not recognised(session, elsewhere.token, now)
    assert not recognised(session, api.token, now, SignInKind.TOKEN)
    with pytest.raises(SignInFailed):
        opened(session, vault, now)


def test_password_changed_twice_at_once_is_a_conflict(
    session: Session, account: Account, now: datetime
) -> None:
    with pytest.raises(errors.Conflict):
        sign_ins.change_password(
            session, account_id=account.id, former_hash="stale", new_hash="new", keep="", now=now
        )


def test_list_shows_what_is_signed_in_now(
    session: Session, vault: Vault, account: Account, now: datetime
) -> None:
    first = opened(session, vault, now)
    second = opened(session, vault, now + timedelta(minutes=1))
    rows = sign_ins.listed(session, account.id, now=now + timedelta(minutes=2))
    assert [row.id for row in rows] == [second.sign_in.id, first.sign_in.id]
    assert sign_ins.end_others(session, account_id=account.id, keep=second.sign_in.id, now=now) == 1
    assert [row.id for row in sign_ins.listed(session, account.id, now=now)] == [second.sign_in.id]
