"""Every route as every role and as each role's wrong twin: `access_matrix.py` says what must happen."""

from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import url_for
from werkzeug.test import TestResponse

from tests import world
from tests.house import access_matrix as data
from tests.world import World

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The world, made once."""
    return world.make(Path(tmp_path_factory.mktemp("world")))


def expected() -> dict[tuple[str, str], dict[str, str]]:
    """Cells by method and endpoint, then by letter."""
    letters = data.COLUMNS.split()
    found: dict[tuple[str, str], dict[str, str]] = {}
    for line in data.ROUTES.splitlines():
        words = line.split()
        if words and words != letters:
            method, endpoint, *cells = words
            assert len(cells) == len(letters), line
            assert (method, endpoint) not in found, line
            found[method, endpoint] = dict(zip(letters, cells, strict=True))
    return found


def routes(city: World) -> set[tuple[str, str]]:
    """Method and endpoint of everything that the application answers."""
    return {
        (method, rule.endpoint)
        for rule in city.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def cell(answer: TestResponse) -> str:
    """An answer as the matrix writes it; `!` is a fault."""
    status = answer.status_code
    if 300 <= status < 400:
        return "-" if answer.location.split("?")[0].endswith("/people/sign-in") else "+"
    if status < 300:
        return "+"
    return {401: "-", 403: "x", 404: "0"}.get(status, "~" if status < 500 else "!")


def address(city: World, endpoint: str) -> str:
    """The route's address, made of rows of the world."""
    rule = next(rule for rule in city.app.url_map.iter_rules() if rule.endpoint == endpoint)
    plain = data.PLAIN.get(endpoint, {})
    rows = {**data.PARAMETERS, **data.OTHERWISE.get(endpoint, {})}
    values = {name: plain[name] if name in plain else city.keys[rows[name]] for name in rule.arguments}
    with city.app.test_request_context():
        return url_for(endpoint, **values)


def filled(value: Any, keys: dict[str, str]) -> Any:
    """What is sent, with the world's rows in their places."""
    if isinstance(value, str):
        return value.format(**keys) if "{" in value else value
    if isinstance(value, dict):
        return {filled(key, keys): filled(inner, keys) for key, inner in value.items()}
    return value


def ask(city: World, letter: str, method: str, endpoint: str) -> TestResponse:
    """Send one request as one person; the cookie is as before afterwards."""
    visitor = city.visitors[letter]
    kept = visitor.cookie()
    keys = {**city.keys, "organisation": city.keys["school" if letter == "s" else "institution"]}
    sent = filled(data.SENT.get(endpoint, {}), keys) if method not in SAFE or "ledger_api" in endpoint else {}
    files = sent.pop("files", {})
    if files:
        sent["data"] = {**sent["data"], **{n: (BytesIO(b), "a.vtt") for n, b in files.items()}}
    headers = {**sent.pop("headers", {}), "X-CSRFToken": city.tokens[letter]}
    answer = visitor.client.open(address(city, endpoint), method=method, headers=headers, **sent)
    answer.get_data()
    visitor.client.set_cookie("xueshi", kept)
    return answer


def seen(answer: TestResponse, asked: str) -> str:
    """What an answer shows beyond the address that was asked for, headers included."""
    whole = answer.get_data().decode(errors="replace") + "\n".join(value for _name, value in answer.headers)
    return whole.replace(asked, "").replace(quote(asked), "").replace(quote(asked, safe=""), "")


def test_every_route_is_in_the_matrix(city: World) -> None:
    assert sorted(routes(city) - set(expected())) == []
    assert sorted(set(expected()) - routes(city)) == []


def test_every_role_has_a_column_and_somebody_in_the_world() -> None:
    assert data.COLUMNS.split() == list(world.CAST)
    assert all(set(allowed) <= set(world.CAST) for allowed in data.SECRETS.values())


@pytest.mark.timeout(900)
def test_everybody_gets_in_where_they_should_and_nowhere_else(city: World) -> None:
    wrong: list[str] = []
    secrets = {filled(text, city.keys): allowed for text, allowed in data.SECRETS.items()}
    for (method, endpoint), cells in expected().items():
        for letter, wanted in cells.items():
            if method not in SAFE:
                city.put_back()
            answer = ask(city, letter, method, endpoint)
            found = cell(answer)
            if found != wanted:
                wrong.append(
                    f"{method} {endpoint} as {letter}: {wanted} expected, {found} ({answer.status_code})"
                )
            shown = seen(answer, address(city, endpoint))
            wrong += [
                f"{method} {endpoint} as {letter} shows {text!r}"
                for text, allowed in secrets.items()
                if text in shown and letter not in allowed and endpoint not in data.BY_ADDRESS
            ]
        city.put_back()
    assert wrong == [], "\n" + "\n".join(wrong)


@pytest.mark.parametrize("letter", [letter for letter in world.CAST if letter != "V"])
def test_changing_routes_refuse_what_our_pages_did_not_send(city: World, letter: str) -> None:
    """Without the session's token a signed-in browser changes nothing, wherever it is let in."""
    letting = [
        (method, endpoint)
        for (method, endpoint), cells in expected().items()
        if method not in SAFE and cells[letter] in "+~" and cells["V"] == "-"
    ]
    assert letting
    wrong = []
    for method, endpoint in letting:
        city.put_back()
        answer = city.visitors[letter].client.open(address(city, endpoint), method=method)
        if answer.status_code != 400:
            wrong.append(f"{method} {endpoint}: {answer.status_code}")
    assert wrong == []
