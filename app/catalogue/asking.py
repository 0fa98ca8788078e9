"""From the address to a question, and from the answer to filters that lead on."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import request

from app import templating
from app.catalogue import shown
from app.catalogue.worth import Rule
from courses.catalogue import taxonomy
from courses.catalogue.search import FIXED, KINDS, Ask, Found, Sort, Value

PAGE_SIZE = 24
OPEN_AT_FIRST = ("industry", "trainee", "topic", "hours")
MOST_INSTITUTIONS = 12  # shown, those with most courses


@dataclass(frozen=True, slots=True)
class Facet:
    """One filter as a page shows it: `items` are (label, count, url, is chosen)."""

    title: str
    items: list[tuple[str, int, str, bool]]
    is_open: bool


def read(rule: Rule) -> Ask:
    """The question in this address; codes and sorts that do not exist are passed over."""
    chosen = {kind: frozenset(code for code in listed(kind) if is_code(kind, code)) for kind in KINDS}
    sort = request.args.get("sort", "")
    return Ask(
        text=request.args.get("q", "").strip()[:200],
        chosen={kind: codes for kind, codes in chosen.items() if codes},
        sort=Sort(sort) if sort in set(Sort) else None,
        measure=rule.measure,
    )


def is_code(kind: str, code: str) -> bool:
    """Whether a filter may have this value; any text may be the id of an institution."""
    known = taxonomy.AXES[kind].terms if kind in taxonomy.AXES else FIXED.get(kind)
    return known is None or code in known


def listed(name: str) -> list[str]:
    """A parameter's values, given again and again or with commas."""
    return [part for raw in request.args.getlist(name) for part in raw.split(",") if part]


def facets(ask: Ask, found: Found) -> list[Facet]:
    """Every filter with its counts; children of a code show once it, or one of them, is chosen."""
    names = institutions(found)
    shown_facets = []
    for kind, values in found.facets.items():
        items = [shown_item(ask, kind, value, names) for value in visible(kind, values)]
        if items:
            is_open = kind in OPEN_AT_FIRST or bool(ask.chosen.get(kind))
            shown_facets.append(Facet(shown.kind_label(kind), items, is_open))
    return shown_facets


def institutions(found: Found) -> dict[str, str]:
    """The institutions' names, by id, in the page's language."""
    return {key: shown.organisation_name(*names) for key, names in found.shelf.institutions.items()}


def visible(kind: str, values: Iterable[Value]) -> list[Value]:
    """The values to show now."""
    rows = list(values)
    if kind == "institution":
        rows.sort(key=lambda row: (not row.is_chosen, -row.count, row.code))
        return rows[:MOST_INSTITUTIONS]
    if kind not in taxonomy.AXES:
        return rows
    terms = taxonomy.AXES[kind].terms
    opened = {terms[row.code].parent or row.code for row in rows if row.is_chosen}
    return [
        row for row in rows if terms[row.code].parent is None or terms[row.code].parent in opened
    ]


def shown_item(ask: Ask, kind: str, value: Value, names: dict[str, str]) -> tuple[str, int, str, bool]:
    """A value with the address that chooses it, or takes it off."""
    label = value_label(kind, value.code, names)
    is_child = kind in taxonomy.AXES and taxonomy.AXES[kind].terms[value.code].parent is not None
    codes = ask.chosen.get(kind, frozenset()) ^ {value.code}
    return (
        f"· {label}" if is_child else label,
        value.count,
        with_codes(kind, codes),
        value.is_chosen,
    )


def value_label(kind: str, code: str, names: dict[str, str]) -> str:
    """A value's name in the page's language; an unknown institution by its id."""
    return names.get(code, code) if kind == "institution" else shown.code_label(kind, code)


def with_codes(kind: str, codes: Iterable[str]) -> str:
    """This page's address with other values of one filter, at its first page."""
    return templating.page_url(**{kind: sorted(codes), "page": None})


def chosen_items(ask: Ask, found: Found) -> list[tuple[str, str]]:
    """The filters that are on, each with the address without it."""
    names = institutions(found)
    return [
        (value_label(kind, code, names), with_codes(kind, codes - {code}))
        for kind, codes in ask.chosen.items()
        for code in sorted(codes)
    ]


def ways_out(ask: Ask, found: Found) -> list[tuple[str, str, int]]:
    """Where nothing fits: each filter that hides something, the address without it, and how much."""
    return [
        (shown.kind_label(kind), with_codes(kind, ()), count)
        for kind, count in sorted(found.without.items(), key=lambda row: -row[1])
        if count
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
    return {kind: ",".join(listed(kind)) for kind in (*KINDS, "sort") if listed(kind)}
