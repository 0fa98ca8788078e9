"""Signing in and up by the form: forged cookies, fixation, redirects, limits, and equal answers."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import select

from courses.people import accounts, jurisdictions, passwords
from courses.people.accounts import Account
from courses.people.sign_ins import SignIn
from tests.visitors import PASSWORD, PASSWORD_HASH, Visitor

LU, GU = "13800000001", "13800000002"


@pytest.fixture(autouse=True)
def _people(app: Flask, now: datetime) -> None:
    vault = app.extensions["xueshi_vault"]
    with app.extensions["xueshi_db"].writing() as session:
        jurisdictions.seed(session)
        for name in (LU, GU):
            accounts.create(session, vault, name=name, password_hash=PASSWORD_HASH, now=now)


@pytest.fixture
def lu(app: Flask) -> Visitor:
    visitor = Visitor(app)
    assert visitor.sign_in(LU).status_code == 303
    return visitor


def is_signed_in(visitor: Visitor) -> bool:
    return visitor.get("/people/account").status_code == 200


def forge(app: Flask, values: dict[str, object]) -> str:
    """A cookie signed with the site's own key, as somebody who stole it would make one."""
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    text = signer.dumps(values)
    assert isinstance(text, str)
    return text


def test_a_page_for_the_signed_in_leads_to_the_form_and_back(app: Flask) -> None:
    visitor = Visitor(app)
    answer = visitor.get("/people/account?x=1")
    assert answer.status_code in (302, 303)
    form = visitor.get(answer.location)
    target = re.search(r'name="next" value="([^"]+)"', form.text)
    assert target is not None
    assert visitor.sign_in(LU, next=target[1]).location == "/people/account?x=1"


def test_the_cookie_holds_a_random_token_and_nothing_about_the_person(
    app: Flask, lu: Visitor
) -> None:
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    values = signer.loads(lu.cookie())
    assert set(values) <= {"sign_in", "csrf_token", "locale", "_permanent", "_flashes"}
    with app.extensions["xueshi_db"].reading() as session:
        row = session.scalars(select(SignIn)).one()
        assert values["sign_in"] not in (row.id, row.account_id)


def test_the_cookie_is_kept_from_scripts_and_other_sites(app: Flask) -> None:
    header = Visitor(app).sign_in(LU).headers["Set-Cookie"]
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header


@pytest.mark.parametrize(
    "values",
    [
        {"sign_in": "x" * 43},
        {"sign_in": ["list"]},
        {"sign_in": None},
        {"account_id": "a", "person_id": "b", "_user_id": "1"},
    ],
)
def test_a_cookie_forged_with_the_right_key_is_nobody(
    app: Flask, values: dict[str, object]
) -> None:
    visitor = Visitor(app)
    visitor.client.set_cookie("xueshi", forge(app, values))
    assert not is_signed_in(visitor)


def test_a_changed_or_foreign_cookie_is_nobody(app: Flask, lu: Visitor) -> None:
    kept = lu.cookie()
    head, _dot, tail = kept.partition(".")
    for cookie in (kept[:-2] + "xx", head[:-1] + "A." + tail, "", "junk", kept.split(".")[0]):
        lu.client.set_cookie("xueshi", cookie)
        assert not is_signed_in(lu)
    lu.client.set_cookie("xueshi", kept)
    assert is_signed_in(lu)


def test_row_ids_are_no_tokens(app: Flask, lu: Visitor) -> None:
    with app.extensions["xueshi_db"].reading() as session:
        row = session.scalars(select(SignIn)).one()
    for stolen in (row.id, row.account_id, row.token_hash.hex()):
        visitor = Visitor(app)
        visitor.client.set_cookie("xueshi", forge(app, {"sign_in": stolen}))
        assert not is_signed_in(visitor)


def test_a_planted_session_gains_nothing_by_the_victims_sign_in(app: Flask) -> None:
    """Fixation: who planted the cookie beforehand is not signed in by it afterwards."""
    thief, victim = Visitor(app), Visitor(app)
    planted_token = thief.token()
    planted = thief.cookie()
    victim.client.set_cookie("xueshi", planted)
    assert (
        victim.client.post(
            "/people/sign-in", data={"name": LU, "password": PASSWORD, "csrf_token": planted_token}
        ).status_code
        == 303
    )
    assert is_signed_in(victim)
    assert victim.cookie() != planted
    assert not is_signed_in(thief)
    answer = victim.client.post("/people/sign-out", data={"csrf_token": planted_token})
    assert answer.status_code == 400
    assert is_signed_in(victim)


def test_each_sign_in_has_its_own_token(app: Flask, lu: Visitor) -> None:
    other = Visitor(app)
    other.sign_in(LU)
    assert lu.cookie() != other.cookie()
    assert is_signed_in(lu)
    assert is_signed_in(other)


def test_signing_out_ends_it_on_the_server(app: Flask, lu: Visitor) -> None:
    kept = lu.cookie()
    assert lu.post("/people/sign-out").status_code == 303
    lu.client.set_cookie("xueshi", kept)
    assert not is_signed_in(lu)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example",
        "/%09/evil.example\n",
        "javascript:alert(1)",
        "evil.example",
        "///evil.example",
        "",
        "/people/sign-in",
        "/people/sign-out",
    ],
)
def test_signing_in_never_leads_to_another_site(app: Flask, target: str) -> None:
    assert Visitor(app).sign_in(LU, next=target).location == "/"
    by_address = Visitor(app)
    answer = by_address.post(
        "/people/sign-in", {"name": LU, "password": PASSWORD}, query_string={"next": target}
    )
    assert answer.location == "/"


def test_signing_in_leads_to_an_own_page(app: Flask) -> None:
    assert Visitor(app).sign_in(
        LU, next="/catalogue/?q=火&page=2"
    ).location == "/catalogue/?q=火&page=2".replace("火", "%E7%81%AB")


def test_a_form_without_its_token_is_refused(app: Flask, lu: Visitor) -> None:
    for visitor, url, data in (
        (Visitor(app), "/people/sign-in", {"name": LU, "password": PASSWORD}),
        (lu, "/people/sign-out", {}),
        (lu, "/people/password", {"former": PASSWORD, "password": "x" * 12, "repeat": "x" * 12}),
        (lu, "/people/sign-ins/end-others", {}),
    ):
        assert visitor.client.post(url, data=data).status_code == 400
        answer = visitor.client.post(url, data={**data, "csrf_token": Visitor(app).token()})
        assert answer.status_code == 400
    assert is_signed_in(lu)


def test_wrong_password_and_unknown_name_get_the_same_answer(app: Flask) -> None:
    said = []
    for name in (LU, "13900000009", "nobody@example.com", "nonsense"):
        answer = Visitor(app).sign_in(name, "wrong password")
        assert answer.status_code == 401
        page = re.sub(r'(value|content)="[^"]*"', "", answer.text)
        said.append(page)
    assert len(set(said)) == 1


def test_unknown_names_take_the_same_work(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    worked: list[str] = []
    real = PasswordHasher.verify

    def verify(self: PasswordHasher, hashed: str, password: str) -> bool:
        worked.append(hashed)
        return real(self, hashed, password)

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    for name in (LU, "13900000009", "nonsense"):
        Visitor(app).sign_in(name, "wrong password")
    assert len(worked) == 3
    parameters = {re.match(r"\$argon2id\$v=\d+\$[^$]+", hashed)[0] for hashed in worked}  # type: ignore[index]
    assert len(parameters) == 1


def test_sixth_try_waits_even_with_the_right_password(
    app: Flask, clock: Callable[..., datetime]
) -> None:
    for _each in range(5):
        assert Visitor(app).sign_in(LU, "wrong password").status_code == 401
    answer = Visitor(app).sign_in(LU)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "900"
    assert Visitor(app).sign_in(GU).status_code == 303
    clock.tick(minutes=15)  # type: ignore[attr-defined]
    assert Visitor(app).sign_in(LU).status_code == 303


def test_tries_are_limited_by_address_too(app: Flask) -> None:
    vault = app.extensions["xueshi_vault"]
    visitor = Visitor(app)
    from courses.people import limits

    with app.extensions["xueshi_db"].writing() as session:
        by_address = limits.by_address(vault, "sign_in", "127.0.0.1", 10**6)
        for _each in range(100):
            limits.take(session, [by_address], now=app.extensions["xueshi_clock"]())
    assert visitor.sign_in(LU).status_code == 429
    answer = visitor.post(
        "/people/sign-in",
        {"name": LU, "password": PASSWORD},
        environ_overrides={"REMOTE_ADDR": "10.1.1.1"},
    )
    assert answer.status_code == 303


def test_empty_form_keeps_what_was_typed(app: Flask) -> None:
    answer = Visitor(app).sign_in("  someone@example.com ", "")
    assert answer.status_code == 422
    assert 'value="someone@example.com"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    wrong = Visitor(app).sign_in(LU, "my secret guess")
    assert "my secret guess" not in wrong.text


def test_old_hash_is_renewed_at_sign_in(app: Flask) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    database = app.extensions["xueshi_db"]
    index = accounts.name_index(app.extensions["xueshi_vault"], LU)
    with database.writing() as session:
        session.scalars(
            select(Account).where(Account.name_index == index)
        ).one().password_hash = old
    assert Visitor(app).sign_in(LU).status_code == 303
    with database.reading() as session:
        renewed = session.scalars(select(Account).where(Account.name_index == index)).one()
        assert not passwords.is_outdated(renewed.password_hash)


def test_signing_up_makes_an_account_and_leads_to_the_registration(app: Flask) -> None:
    visitor = Visitor(app)
    answer = visitor.post(
        "/people/sign-up",
        {
            "name": "+86 139 0000 0001",
            "password": PASSWORD,
            "repeat": PASSWORD,
            "next": "/catalogue/",
        },
    )
    assert answer.status_code == 303
    assert answer.location == "/people/register?next=/catalogue/"
    assert is_signed_in(visitor)
    assert Visitor(app).sign_in("13900000001").status_code == 303


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"name": "worker"}, 422),
        ({"repeat": "another password"}, 422),
        ({"password": "short", "repeat": "short"}, 422),
        ({"password": "13900000001x", "repeat": "13900000001x"}, 422),
        ({"name": LU}, 409),
    ],
)
def test_signing_up_says_what_is_wrong(app: Flask, changes: dict[str, str], status: int) -> None:
    data = {"name": "13900000001", "password": PASSWORD, "repeat": PASSWORD, **changes}
    answer = Visitor(app).post("/people/sign-up", data)
    assert answer.status_code == status
    assert 'class="error-summary"' in answer.text
    assert data["name"] in answer.text
    assert data["password"] not in answer.text.replace(data["name"], "")


def test_demonstration_accounts_show_only_in_a_demonstration(app: Flask) -> None:
    assert "13800000018" not in Visitor(app).get("/people/sign-in").text


def test_signed_in_pages_are_kept_nowhere(lu: Visitor) -> None:
    assert lu.get("/people/account").headers["Cache-Control"] == "no-store"
    assert "private" in lu.get("/").headers["Cache-Control"]


def test_files_ask_nothing_of_the_database(
    app: Flask, lu: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.people import gate

    def refuse(*_args: object, **_more: object) -> None:
        raise AssertionError("looked up")

    monkeypatch.setattr(gate, "look_up", refuse)
    assert lu.get("/static/favicon.svg").status_code == 200


def test_one_query_recognises_the_visitor(app: Flask, lu: Visitor) -> None:
    from sqlalchemy import event

    statements: list[str] = []
    engine = app.extensions["xueshi_db"].engine
    event.listen(
        engine, "before_cursor_execute", lambda _c, _cu, sql, *_more: statements.append(sql)
    )
    assert lu.get("/components").status_code == 200
    asked = [sql for sql in statements if sql.lstrip().upper().startswith("SELECT")]
    assert len(asked) == 1
