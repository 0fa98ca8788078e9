"""From the address to a question, and from the answer to filters that lead on."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _

from app import templating
from app.catalogue import shown
from courses.catalogue import taxonomy
from courses.catalogue.search import PRICES, Ask, Found, Sort, Value

PAGE_SIZE = 24
OPEN_AT_FIRST = ("industry", "trainee", "topic")


@dataclass(frozen=True, slots=True)
class Facet:
    """One filter as a page shows it: `items` are (label, count, url, is chosen)."""

    title: str
    items: list[tuple[str, int, str, bool]]
    is_open: bool


def read() -> Ask:
    """The question in this address; codes and sorts that do not exist are passed over."""
    chosen = {
        axis.name: frozenset(code for code in listed(axis.name) if code in axis.terms)
        for axis in taxonomy.AXES.values()
    }
    chosen["price"] = frozenset(code for code in listed("price") if code in PRICES)
    sort = request.args.get("sort", "")
    return Ask(
        text=request.args.get("q", "").strip()[:200],
        chosen={kind: codes for kind, codes in chosen.items() if codes},
        sort=Sort(sort) if sort in set(Sort) else None,
    )


def listed(name: str) -> list[str]:
    """A parameter's values, given again and again or with commas."""
    return [part for raw in request.args.getlist(name) for part in raw.split(",") if part]


def facets(ask: Ask, found: Found) -> list[Facet]:
    """Every filter with its counts; children of a code show once it, or one of them, is chosen."""
    shown_facets = []
    for kind, values in found.facets.items():
        items = [item for value in visible(kind, values) for item in [shown_item(ask, kind, value)]]
        if items:
            is_open = kind in OPEN_AT_FIRST or bool(ask.chosen.get(kind))
            title = shown.axis_label(kind) if kind in taxonomy.AXES else str(_("Price"))
            shown_facets.append(Facet(title, items, is_open))
    return shown_facets


def visible(kind: str, values: Iterable[Value]) -> list[Value]:
    """The values to show now."""
    rows = list(values)
    if kind == "price":
        return rows
    terms = taxonomy.AXES[kind].terms
    opened = {terms[row.code].parent or row.code for row in rows if row.is_chosen}
    return [
        row for row in rows if terms[row.code].parent is None or terms[row.code].parent in opened
    ]


def shown_item(ask: Ask, kind: str, value: Value) -> tuple[str, int, str, bool]:
    """A value with the address that chooses it, or takes it off."""
    label = shown.code_label(kind, value.code)
    is_child = kind in taxonomy.AXES and taxonomy.AXES[kind].terms[value.code].parent is not None
    codes = ask.chosen.get(kind, frozenset()) ^ {value.code}
    return (
        f"· {label}" if is_child else label,
        value.count,
        with_codes(kind, codes),
        value.is_chosen,
    )


def with_codes(kind: str, codes: Iterable[str]) -> str:
    """This page's address with other values of one filter, at its first page."""
    return templating.page_url(**{kind: sorted(codes), "page": None})


def chosen_items(ask: Ask) -> list[tuple[str, str]]:
    """The filters that are on, each with the address without it."""
    return [
        (shown.code_label(kind, code), with_codes(kind, codes - {code}))
        for kind, codes in ask.chosen.items()
        for code in sorted(codes)
    ]


def sorts(found: Found) -> list[tuple[str, str, bool]]:
    """The orders to choose from; the best match only where something was asked for."""
    return [
        (str(label), templating.page_url(sort=sort.value, page=None), sort is found.order)
        for sort, label in shown.SORTS.items()
        if sort is not Sort.RELEVANCE or found.query is not None
    ]


def kept_by_search() -> dict[str, str]:
    """Hidden fields that keep the filters when other words are searched."""
    kinds = (*taxonomy.AXES, "price")
    return {kind: ",".join(listed(kind)) for kind in kinds if listed(kind)}
