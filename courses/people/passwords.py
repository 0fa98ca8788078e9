"""Passwords: what is acceptable, and argon2id. Pure but for the salt.

Hashing takes tens of milliseconds on purpose: never do it inside a transaction.
"""

import re
import unicodedata
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from courses import errors

# OWASP's first choice for argon2id: 46 MiB, one pass, one lane. Raising it rehashes at the next sign-in.
HASHER = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1)
# What somebody unknown is checked against, so that it takes as long as for somebody known.
NOBODY = HASHER.hash("nobody has this password")
MAXIMUM = 200  # bounds the work of one try
COMMON_TABLE = """
1234567890 12345678910 0123456789 0987654321 9876543210 1122334455 5201314520 1314520520
1234512345 123123123123 12345678900 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc qwertyuiop qwerty1234
qwerty12345 qwerty123456 asdfghjkl1 asdfghjkl123 password12 password123 password1234 passw0rd123
p@ssw0rd123 admin12345 admin123456 administrator abcd123456 abc1234567 abcdefghij abcdefghijk
woaini1314 woaini5201314 woaini520 iloveyou12 iloveyou123 a123456789 a1234567890 aa123456789
q123456789 qq123456789 zxcvbnm123 zxcvbnm1234 welcome123 welcome1234 letmein123 anquan2020
anquan2024 anquan2025 anquan2026 anquan123456 anquanshengchan changzhou2026 changzhou123
xueshi1234 xueshi12345 xueshi123456
"""
COMMON = frozenset(COMMON_TABLE.split())


def normal(password: str) -> str:
    """One writing of the same characters, whatever the keyboard sent; spaces count."""
    return unicodedata.normalize("NFC", password)


def check(password: str, *, name: str, minimum: int) -> str:
    """The password as it is hashed, or errors.Invalid. `name` is the normalised account name."""
    plain = normal(password)
    if len(plain) < minimum:
        raise errors.Invalid(
            "password_short",
            "Use at least %(minimum)d characters.",
            minimum=minimum,
            field="password",
        )
    if len(plain) > MAXIMUM:
        raise errors.Invalid(
            "password_long",
            "Use at most %(maximum)d characters.",
            maximum=MAXIMUM,
            field="password",
        )
    low = plain.casefold()
    local = name.partition("@")[0]
    if name in low or (len(local) >= 4 and local in low):
        raise errors.Invalid(
            "password_name",
            "Do not use your mobile number or e-mail address in the password.",
            field="password",
        )
    if low in COMMON or len(set(low)) < 4 or is_run(low):
        raise errors.Invalid(
            "password_common",
            "Many people use this password. Choose one of your own.",
            field="password",
        )
    return plain


def is_run(text: str) -> bool:
    """Whether a text just counts up or down, or repeats a part of at most four characters."""
    steps = {ord(b) - ord(a) for a, b in pairwise(text)}
    return steps in ({1}, {-1}) or re.fullmatch(r"(.{1,4})\1+", text) is not None


def hash_of(password: str) -> str:
    """The argon2id hash of a password that `check` let pass."""
    return HASHER.hash(normal(password))


def matches(hashed: str | None, password: str) -> bool:
    """Whether a password is the one hashed; None, for nobody, takes the same work and is False."""
    try:
        fits = HASHER.verify(hashed or NOBODY, normal(password)[: MAXIMUM + 1])
    except (VerificationError, InvalidHashError):
        return False
    return fits and hashed is not None


def is_outdated(hashed: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return HASHER.check_needs_rehash(hashed)
