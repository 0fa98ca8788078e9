"""Where a visitor goes after signing in: back to a page of this site, never to another site."""

from urllib.parse import urlsplit

from flask import request, url_for

NOT_AGAIN = ("/people/sign-", "/api/", "/static/")


def is_own(asked: str) -> bool:
    """Whether an address is a path on this site, as every browser reads it.

    Browsers read `//host` and `/\\host` as another site, and drop tabs and line ends first.
    """
    if (
        not asked.startswith("/")
        or asked.startswith("//")
        or "\\" in asked
        or not asked.isprintable()
    ):
        return False
    parts = urlsplit(asked)
    return not parts.scheme and not parts.netloc


def asked_for() -> str:
    """The `next` of the form or the address, if it may be followed; otherwise empty."""
    asked = request.form.get("next", "") or request.args.get("next", "")
    return asked if is_own(asked) and not asked.startswith(NOT_AGAIN) else ""


def place(fallback: str = "home.index") -> str:
    """Where to go now."""
    return asked_for() or url_for(fallback)
