"""The front page, the switches for language and colours, readiness, and the site's small files."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import home, messages


@pytest.fixture(autouse=True)
def _catalogue() -> None:
    messages.compile_all()


def test_front_page_is_chinese_until_english_is_chosen(client: FlaskClient) -> None:
    assert "每一分钟学习" in client.get("/").text
    answer = client.get("/locale/en?next=/components")
    assert (answer.status_code, answer.location) == (303, "/components")
    page = client.get("/").text
    assert "Every minute you learn" in page
    assert '<html lang="en"' in page


@pytest.mark.parametrize(
    "elsewhere",
    ["https://example.org/", "//example.org/", "/\\example.org", "javascript:alert(1)", "", "components"],
)
def test_switches_never_lead_to_another_site(client: FlaskClient, elsewhere: str) -> None:
    for switch in ("/locale/en", "/theme/dark"):
        assert client.get(switch, query_string={"next": elsewhere}).location == "/"


def test_unknown_language_and_colours_are_not_found(client: FlaskClient) -> None:
    assert client.get("/locale/xx").status_code == 404
    assert client.get("/theme/pink").status_code == 404


def test_theme_is_kept_in_a_cookie_and_forgotten_again(client: FlaskClient) -> None:
    client.get("/theme/dark")
    assert 'data-theme="dark"' in client.get("/").text
    client.get("/theme/auto")
    assert "data-theme=" not in client.get("/").text.split("<head>")[0]


def test_forged_theme_cookie_is_ignored(client: FlaskClient) -> None:
    client.set_cookie("theme", '"><b>')
    assert "<b>" not in client.get("/").text


def test_ready_when_every_part_answers(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.json == {
        "status": "ready",
        "failed": [],
        "checks": {"database": "ready", "store": "ready", "queue": "ready"},
    }


def test_readiness_names_the_part_that_fails(app: Flask, client: FlaskClient) -> None:
    app.extensions["xueshi_queue"] = None
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["failed"] == ["queue"]
    assert client.get("/healthz").status_code == 200


def test_error_page_says_what_to_do_in_the_visitors_language(client: FlaskClient) -> None:
    answer = client.get("/no/such/page")
    assert answer.status_code == 404
    assert "可能是地址有误" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    problem = client.get("/no/such/page", headers={"Accept": "application/json"})
    assert problem.content_type == "application/problem+json"


def test_small_files_are_what_they_say(client: FlaskClient) -> None:
    assert client.get("/robots.txt").content_type.startswith("text/plain")
    manifest = client.get("/manifest.webmanifest")
    assert manifest.json is not None
    assert manifest.json["name"] == "学时"
    assert client.get("/favicon.ico").status_code == 301


def test_way_back_keeps_the_query(app: Flask) -> None:
    with app.test_request_context("/locale/en?next=/catalogue/?q=%E5%8A%A8%E7%81%AB"):
        assert home.back() == "/catalogue/?q=动火"
