"""Limits on tries that somebody could use to guess: counted in the database, by keyed hashes only.

A try is written down *before* its outcome is known, so that tries at the same time count too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from sqlalchemy import Index, LargeBinary, String, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.people.vault import Vault
from media.base import Base, new_id

WINDOW = timedelta(minutes=15)
KEPT = timedelta(days=1)


class Try(Base):
    """One try that has not succeeded (yet), under the keyed hash of who or whence."""

    __tablename__ = "tries"
    __table_args__ = (Index("ix_tries_key_at", "key", "at"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    key: Mapped[bytes] = mapped_column(LargeBinary(32))
    at: Mapped[datetime] = mapped_column(index=True)


class TooManyTries(errors.Refusal):
    """The limit is reached; `retry_after` says for how many seconds."""

    code = "too_many_requests"
    sentence = "Too many tries. Wait a few minutes, then try again."

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after=retry_after)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `tries` under `key` within the window."""

    key: bytes
    tries: int


def by_name(vault: Vault, what: str, name: str, tries: int) -> Limit:
    """A limit on one account, person or the like."""
    return Limit(vault.index("try", what, name), tries)


def by_address(vault: Vault, what: str, address: str, tries: int) -> Limit:
    """A limit on one network address; of IPv6 a subscriber's whole /64."""
    return Limit(vault.index("try", what, network(address)), tries)


def network(address: str) -> str:
    """What an address belongs to, as far as one subscriber goes."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped else found.exploded[:19]
    return str(found)


def take(session: Session, limits: Iterable[Limit], *, now: datetime) -> list[str]:
    """Write a try down under each limit and give their ids; TooManyTries when one is used up.

    A refused try is not written down, so that waiting helps.
    """
    wanted = sorted(limits, key=lambda limit: limit.key)
    for limit in wanted:
        one_at_a_time(session, limit.key)
        recent = (Try.key == limit.key, Try.at > now - WINDOW)
        if session.scalars(select(func.count()).where(*recent)).one() >= limit.tries:
            times = (
                select(Try.at)
                .where(*recent)
                .order_by(Try.at.desc())
                .offset(limit.tries - 1)
                .limit(1)
            )
            frees = (session.scalar(times) or now) + WINDOW
            raise TooManyTries(max(1, -(-int((frees - now).total_seconds() * 1000) // 1000)))
    session.execute(delete(Try).where(Try.at < now - KEPT))
    made = [Try(id=new_id(), key=limit.key, at=now) for limit in wanted]
    session.add_all(made)
    session.flush()
    return [row.id for row in made]


def one_at_a_time(session: Session, key: bytes) -> None:
    """Until this transaction ends nobody else counts under this key; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        number = int.from_bytes(key[:8], "big", signed=True)
        session.execute(select(func.pg_advisory_xact_lock(number)))


def give_back(session: Session, try_ids: Iterable[str]) -> None:
    """The tries succeeded, or were no guess: they do not count."""
    session.execute(delete(Try).where(Try.id.in_(list(try_ids))))


def clear(session: Session, limit: Limit) -> None:
    """Forget what was tried under a key, after a success."""
    session.execute(delete(Try).where(Try.key == limit.key))
