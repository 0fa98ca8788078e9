"""Accounts sign in: a mobile number or e-mail, a password, sign-in sessions, limits."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

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


class SignIn(Base):
    """One signed-in browser or API client; ending it is immediate everywhere."""

    __tablename__ = "sign_ins"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    kind: Mapped[str] = mapped_column(String(10))  # browser | token
    agent: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SignInFailure(Base):
    """A failed try, kept for the limits: by account name and by network address, both hashed."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (Index("ix_sign_in_failures_key_at", "key", "at"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    key: Mapped[bytes] = mapped_column(LargeBinary(32))
    at: Mapped[datetime]
