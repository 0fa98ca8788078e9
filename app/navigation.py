"""The shell's own links: which parts of the site the asking person is led to.

A link appears when its endpoint exists and the actor holds its permission; nothing else decides it.
"""

from dataclasses import dataclass
from typing import Any
from zlib import crc32

from flask import Flask, current_app, request, url_for
from flask_babel import lazy_gettext as _

from app import access
from app.access import Permission


@dataclass(frozen=True, slots=True)
class Entry:
    """A place: its name, its drawing, and the endpoint that opens it, whose permission decides."""

    label: Any  # a lazy string
    icon: str
    endpoint: str
    also: tuple[str, ...] = ()  # prefixes of further endpoints that count as "here"


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as one request sees it."""

    label: str
    icon: str
    url: str
    is_current: bool


PHONE = (
    Entry(_("Courses"), "search", "catalogue.index", ("catalogue.course", "catalogue.inst")),
    Entry(_("My learning"), "play", "enrolment.index", ("enrolment.", "watch.", "orders.", "ratings.")),
    Entry(_("My hours"), "hours", "ledger.index", ("ledger.", "requirements.", "claims.", "appeals.", "certificates.", "files.", "deletion.")),
)
WORK = (
    Entry(_("Studio"), "studio", "catalogue.studio", ("catalogue.studio_",)),
    Entry(_("Files"), "film", "media.index"),
    Entry(_("Classes in person"), "certificate", "classes.index", ("classes.",)),
    Entry(_("Sales and learning"), "chart", "figures.index", ("figures.",)),
    Entry(_("Ratings"), "star-full", "ratings_studio.index", ("ratings_studio.",)),
    Entry(_("Signals"), "chart", "signals_studio.index", ("signals_studio.",)),
    Entry(_("Staff"), "people", "people.staff_list", ("people.staff_",)),
    Entry(_("Hours of the staff"), "hours", "requirements_staff.index", ("requirements_staff.",)),
    Entry(_("Board"), "chart", "seats.index", ("seats.",)),
    Entry(_("Orders"), "cart", "orders_enterprise.index", ("orders_enterprise.",)),
    Entry(_("Review"), "check", "catalogue.review", ("catalogue.review_",)),
    Entry(_("Classes to review"), "certificate", "classes_review.index", ("classes_review.",)),
    Entry(_("Claims to decide"), "link", "claims_review.index", ("claims_review.",)),
    Entry(_("Appeals"), "info", "appeals_review.index", ("appeals_review.", "appeals_calendar.")),
    Entry(_("Certificates short of hours"), "certificate", "reversals.index", ("reversals.",)),
    Entry(_("Corrections"), "edit", "corrections.index", ("corrections.",)),
    Entry(_("Learners' records"), "shield", "oversight.index", ("oversight.", "oversight_record.", "ledger_oversight.", "certificates_oversight.", "files_oversight.")),
    Entry(_("Signals"), "chart", "signals_oversight.index", ("signals_oversight.",)),
    Entry(_("Ratings"), "star-full", "ratings_oversight.index", ("ratings_oversight.",)),
    Entry(_("Enterprises"), "people", "requirements_oversight.index", ("requirements_oversight.",)),
    Entry(_("Calls"), "quote", "calls.index", ("calls.", "calls_oversight.")),
    Entry(_("Policies"), "policy", "policies.index", ("policies.", "policies_city.")),
    Entry(_("Required hours"), "list", "requirements_rules.index", ("requirements_rules.",)),
    Entry(_("Console"), "console", "console.index", ("console.",)),
)


def has_endpoint(name: str) -> bool:
    """Whether a page exists in this installation."""
    return name in current_app.view_functions


def here(entry: Entry) -> bool:
    """Whether the page shown belongs to this place."""
    endpoint = request.endpoint or ""
    return endpoint == entry.endpoint or any(endpoint.startswith(prefix) for prefix in entry.also)


def links(entries: tuple[Entry, ...]) -> list[Link]:
    """The entries that exist for the asking actor."""
    labels: dict[str, Permission] = current_app.extensions["xueshi_labels"]
    return [
        Link(str(entry.label), entry.icon, url_for(entry.endpoint), here(entry))
        for entry in entries
        if entry.endpoint in labels and access.may(labels[entry.endpoint])
    ]


def places() -> list[Link]:
    """What everybody uses: the bottom bar on phones, the head of the page on desktops."""
    return links(PHONE)


def work_places() -> list[Link]:
    """What a role adds. The policies, which anybody may read, stand here for those who act on them."""
    labels: dict[str, Permission] = current_app.extensions["xueshi_labels"]
    own = [e for e in WORK if e.endpoint in labels and labels[e.endpoint] not in access.ANYBODY]
    return links(WORK) if any(access.may(labels[entry.endpoint]) for entry in own) else []


def here_url() -> str:
    """This page's address without the host, for links that come back to it."""
    return request.full_path.rstrip("?") if request.method == "GET" else "/"


def theme() -> str:
    """The visitor's colour scheme: `light`, `dark`, or empty for the device's own."""
    chosen = request.cookies.get("theme", "")
    return chosen if chosen in ("light", "dark") else ""


def drawing_number(text: str) -> int:
    """A number that is always the same for a text, so that its drawing is too."""
    return crc32(str(text).encode())


def install(app: Flask) -> None:
    """Give templates these names."""
    app.jinja_env.globals.update(
        has_endpoint=has_endpoint,
        places=places,
        work_places=work_places,
        here_url=here_url,
        theme=theme,
        drawing_number=drawing_number,
    )
