"""`POST /api/v1/tokens` and bearers, as `watch.md` says."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask

from courses.people import accounts, jurisdictions
from tests.visitors import PASSWORD, PASSWORD_HASH, ApiClient, Visitor

LU = "13800000001"


@pytest.fixture(autouse=True)
def _people(app: Flask, now: datetime) -> None:
    with app.extensions["xueshi_db"].writing() as session:
        jurisdictions.seed(session)
        vault = app.extensions["xueshi_vault"]
        accounts.create(session, vault, name=LU, password_hash=PASSWORD_HASH, now=now)


def test_token_is_given_and_accepted(app: Flask, now: datetime) -> None:
    answer = ApiClient(app).call(
        "POST", "/tokens", json={"account": "138 0000 0001", "password": PASSWORD}
    )
    assert answer.status_code == 201
    assert set(answer.json) == {"token", "expires_at"}
    assert datetime.fromisoformat(answer.json["expires_at"]) == now + timedelta(days=30)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert ApiClient(app, LU).call("GET", "/me/enrolments").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"account": LU, "password": "wrong"},
        {"account": "13900000009", "password": PASSWORD},
        {"account": "nonsense", "password": ""},
    ],
)
def test_failed_sign_in_is_one_problem(app: Flask, body: dict[str, str]) -> None:
    answer = ApiClient(app).call("POST", "/tokens", json=body)
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.json["code"] == "sign_in_failed"
    assert answer.json["status"] == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"account": LU},
        {"account": 1, "password": 2},
        [],
        {"account": LU, "password": "x", "more": 1},
    ],
)
def test_malformed_body_is_a_problem(app: Flask, body: object) -> None:
    answer = ApiClient(app).call("POST", "/tokens", json=body)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.json["code"] == "invalid"


def test_problem_never_repeats_the_password(app: Flask) -> None:
    answer = ApiClient(app).call("POST", "/tokens", json={"account": LU, "password": ["my secret"]})
    assert answer.status_code == 422
    assert "my secret" not in answer.text


def test_no_json_at_all_is_a_problem(app: Flask) -> None:
    answer = ApiClient(app).call("POST", "/tokens", data="account=1")
    assert answer.status_code in (400, 415, 422)
    assert answer.content_type == "application/problem+json"


def test_too_many_tries_say_when_to_come_back(app: Flask) -> None:
    client = ApiClient(app)
    wrong = {"account": LU, "password": "wrong"}
    for _each in range(5):
        assert client.call("POST", "/tokens", json=wrong).status_code == 401
    answer = client.call("POST", "/tokens", json={"account": LU, "password": PASSWORD})
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "900"
    assert answer.json["code"] == "too_many_requests"
    assert answer.json["retry_after"] == 900


def test_pages_and_api_share_the_limit(app: Flask) -> None:
    for _each in range(5):
        Visitor(app).sign_in(LU, "wrong")
    answer = ApiClient(app).call("POST", "/tokens", json={"account": LU, "password": PASSWORD})
    assert answer.status_code == 429


def test_without_a_token_the_api_says_sign_in_needed(app: Flask) -> None:
    answer = ApiClient(app).call("GET", "/me/enrolments")
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.json["code"] == "sign_in_needed"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "header", ["Bearer x", "Bearer ", "Bearer", "Basic MTM4OjE=", "x", "bearer nothing"]
)
@pytest.mark.parametrize("path", ["/me/enrolments", "/courses"])
def test_a_bad_bearer_is_said_even_where_none_is_needed(app: Flask, header: str, path: str) -> None:
    answer = ApiClient(app).call("GET", path, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json["code"] == "sign_in_needed"


def test_old_bearer_does_not_hinder_a_new_token(app: Flask) -> None:
    answer = ApiClient(app).call(
        "POST",
        "/tokens",
        json={"account": LU, "password": PASSWORD},
        headers={"Authorization": "Bearer old"},
    )
    assert answer.status_code == 201


def test_token_expires(app: Flask, clock: Callable[..., datetime]) -> None:
    client = ApiClient(app, LU)
    clock.tick(days=29)  # type: ignore[attr-defined]
    assert client.call("GET", "/me/enrolments").status_code == 200
    clock.tick(days=2)  # type: ignore[attr-defined]
    assert client.call("GET", "/me/enrolments").status_code == 401


def test_a_browsers_token_is_no_bearer_and_a_bearer_no_cookie(app: Flask) -> None:
    from flask.sessions import SecureCookieSessionInterface

    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    visitor = Visitor(app)
    visitor.sign_in(LU)
    browser_token = signer.loads(visitor.cookie())["sign_in"]
    answer = ApiClient(app).call(
        "GET", "/me/enrolments", headers={"Authorization": f"Bearer {browser_token}"}
    )
    assert answer.status_code == 401
    bearer = ApiClient(app, LU).headers["Authorization"].removeprefix("Bearer ")
    stranger = Visitor(app)
    stranger.client.set_cookie("xueshi", str(signer.dumps({"sign_in": bearer})))
    assert stranger.get("/people/account").status_code == 302


def test_bearer_opens_the_api_and_no_pages(app: Flask) -> None:
    client = ApiClient(app, LU)
    assert client.client.get("/people/account", headers=client.headers).status_code == 302


def test_cookie_needs_the_csrf_token_on_the_api_and_a_bearer_does_not(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.sign_in(LU)
    path = "/api/v1/courses/nothing/enrolments"
    assert visitor.client.post(path).status_code == 400
    assert visitor.client.post(path).json["code"] == "csrf_failed"
    assert visitor.send("POST", path).status_code == 404
    assert ApiClient(app, LU).call("POST", "/courses/nothing/enrolments").status_code == 404


def test_signing_in_for_a_token_needs_no_csrf_token(app: Flask) -> None:
    answer = app.test_client().post("/api/v1/tokens", json={"account": LU, "password": PASSWORD})
    assert answer.status_code == 201


def test_description_says_who_may_call_what(app: Flask) -> None:
    spec = app.test_client().get("/api/v1/openapi.json").json
    assert set(spec["components"]["securitySchemes"]) == {"bearer", "cookie"}
    either = [{"bearer": []}, {"cookie": []}]
    for path, method, security in (
        ("/api/v1/tokens", "post", []),
        ("/api/v1/courses", "get", []),
        ("/api/v1/me/statement", "get", either),
        ("/api/v1/playbacks/{playback_id}/beats", "post", either),
    ):
        operation = spec["paths"][path][method]
        assert operation["security"] == security
        assert ("401" in operation["responses"]) == (security == either or path == "/api/v1/tokens")
    tokens = spec["paths"]["/api/v1/tokens"]["post"]
    assert {"201", "401", "422", "429"} <= set(tokens["responses"])
    for operations in spec["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if status >= "400":
                    assert list(response["content"]) == ["application/problem+json"]
