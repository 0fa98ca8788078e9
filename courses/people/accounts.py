"""Accounts: a mobile number or e-mail and a password, by which a person signs in (`sign_ins`)."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, LargeBinary, String, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.people import contacts, organisations, passwords, persons
from courses.people.organisations import Actor, Grant, Membership, Organisation, Role
from courses.people.vault import Vault
from media.base import Base, new_id


class Account(Base):
    """A way to sign in. The name is sealed and found by its blind index."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.id"), index=True)
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    name_index: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    name_masked: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str] = mapped_column(String(200))
    locale: Mapped[str] = mapped_column(String(10), default="zh_CN")
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


def sign_up(
    session: Session,
    vault: Vault,
    *,
    name: str,
    password: str,
    minimum_length: int,
    now: datetime,
    locale: str = "zh_CN",
) -> Account:
    """A new account with its person and subject; refused `account_name_taken`."""
    plain = contacts.account_name(name)
    hashed = passwords.hash_of(passwords.check(password, name=plain, minimum=minimum_length))
    return create(session, vault, name=plain, password_hash=hashed, now=now, locale=locale)


def create(
    session: Session,
    vault: Vault,
    *,
    name: str,
    password_hash: str,
    now: datetime,
    locale: str = "zh_CN",
) -> Account:
    """`sign_up` with a name that is normalised and a password that is hashed already."""
    index = name_index(vault, name)
    if session.scalar(select(Account.id).where(Account.name_index == index)):
        raise name_taken()
    person = persons.create(session, now=now)
    made = Account(
        id=new_id(),
        person_id=person.id,
        name_index=index,
        name_masked=contacts.mask(name),
        password_hash=password_hash,
        locale=locale,
        created_at=now,
    )
    made.name_sealed = vault.seal(name, row=f"accounts.name:{made.id}")
    try:
        with session.begin_nested():  # two requests at once: the unique index decides
            session.add(made)
    except IntegrityError:
        raise name_taken() from None
    return made


def name_taken() -> errors.Conflict:
    """Somebody has this name already."""
    return errors.Conflict(
        "account_name_taken", "There is an account with this name already. Sign in with it instead."
    )


def name_index(vault: Vault, name: str) -> bytes:
    """The blind index of a normalised account name."""
    return vault.index("account_name", name)


def full_account_name(account: Account, vault: Vault) -> str:
    """The account name in clear, for its owner."""
    return vault.open(account.name_sealed, row=f"accounts.name:{account.id}")


def get(session: Session, account_id: str) -> Account:
    """One account that is not closed; NotFound otherwise."""
    found = session.get(Account, account_id)
    if found is None or found.closed_at is not None:
        raise errors.NotFound()
    return found


def actor_of(session: Session, account: Account, *, today: date) -> Actor:
    """The actor that somebody signed in with an account is on a day."""
    person = persons.get(session, account.person_id)
    rows = session.execute(
        select(Membership.role, Membership.organisation_id, Organisation.supervised_by)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.person_id == person.id, *organisations.held_on(today))
        .order_by(Membership.from_on, Membership.id)
    )
    return Actor(
        account_id=account.id,
        person_id=person.id,
        subject_key=persons.subject_of(session, person.id),
        is_registered=person.registered_at is not None,
        is_restricted=person.restricted_at is not None,
        grants=tuple(Grant(Role(role), organisation, area) for role, organisation, area in rows),
    )
