"""Mobile numbers, e-mail addresses and names: normalised, and masked for others. Pure.

A phone is no identity: carriers give numbers away again.
"""

import re

from courses import errors
from courses.people import documents

MOBILE = re.compile(r"1[3-9]\d{9}")
PREFIX = re.compile(r"^(\+86|0086|86(?=1[3-9]\d{9}$))")
# Good enough to catch a typing mistake; whether it exists only a message can tell.
EMAIL = re.compile(
    r"[^@\s\"(),:;<>\[\\\]]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
)
MAX_EMAIL = 254
HAN = re.compile(r"[⺀-鿿豈-﫿\U00020000-\U0003ffff]")


def account_name(text: str) -> str:
    """A mobile number or e-mail address as it is kept; refused `account_name_invalid`."""
    plain = documents.half_width(text).strip()
    if "@" in plain:
        return email(plain)
    return mobile(plain)


def refused() -> errors.Invalid:
    """Neither a mobile number nor an e-mail address."""
    return errors.Invalid(
        "account_name_invalid",
        "Enter a mobile number of 11 digits, or an e-mail address.",
        field="name",
    )


def mobile(text: str) -> str:
    """Eleven digits, without +86 and spaces."""
    plain = PREFIX.sub("", re.sub(r"[\s()\-‐-―]", "", documents.half_width(text)))
    if not MOBILE.fullmatch(plain) or not plain.isascii():
        raise refused()
    return plain


def email(text: str) -> str:
    """Lower case; no provider in use tells capitals apart."""
    plain = documents.half_width(text).strip().lower()
    if len(plain) > MAX_EMAIL or not EMAIL.fullmatch(plain):
        raise refused()
    return plain


def mask(name: str) -> str:
    """A normalised account name as it is shown: `138****0001`, `l***@example.com`."""
    local, at, domain = name.partition("@")
    if at:
        return f"{local[0]}***@{domain}"[:80]
    return documents.masked(name, 3, 4)


def person_name(text: str) -> str:
    """A name as it is kept: half-width, single spaces; refused `name_invalid`."""
    plain = " ".join(documents.half_width(text).split())
    if (
        not 2 <= len(plain) <= 60
        or not any(c.isalpha() for c in plain)
        or re.search(r"[\d<>@]", plain)
    ):
        raise errors.Invalid(
            "name_invalid", "Enter the name as it stands on the document.", field="name"
        )
    return plain


def name_key(text: str) -> str:
    """What two writings of one name have in common: no spaces nor dots, one case."""
    return re.sub(r"[\s·•・.\-]", "", documents.half_width(text)).casefold()


def mask_name(name: str) -> str:
    """`陆*远`, `陆*`; of other scripts the first letter of each word: `G***** M****`."""
    return " ".join(mask_word(word) for word in name.split())[:60]


def mask_word(word: str) -> str:
    """One word of a name, masked."""
    if not HAN.search(word) or len(word) == 1:
        return word[0] + "*" * (len(word) - 1) if len(word) > 1 else "*"
    return word[0] + "*" if len(word) == 2 else word[0] + "*" * (len(word) - 2) + word[-1]
