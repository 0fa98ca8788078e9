"""Visitors of the pages and of the API: who sends forms as a browser does, with the page's own token."""

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from courses.people.passwords import hash_of

PASSWORD = "correct horse battery"
PASSWORD_HASH = hash_of(PASSWORD)  # once a test process: hashing is meant to be slow
TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


class Visitor:
    """A browser without a window, with a token for every form it sends."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()

    def token(self) -> str:
        """The CSRF token of this session, from a page that everybody may read."""
        found = TOKEN.search(self.client.get("/people/consent").text)
        assert found is not None
        return found[1]

    def get(self, url: str, **more: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(url, **more)

    def post(self, url: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        """Send a form."""
        return self.client.post(url, data={"csrf_token": self.token(), **(data or {})}, **more)

    def send(self, method: str, url: str, **more: Any) -> TestResponse:
        """Send what a script of our pages would: any method, the token in a header."""
        headers = {"X-CSRFToken": self.token(), **more.pop("headers", {})}
        return self.client.open(url, method=method, headers=headers, **more)

    def sign_in(self, name: str, password: str = PASSWORD, **more: str) -> TestResponse:
        """Sign in by the form."""
        return self.post("/people/sign-in", {"name": name, "password": password, **more})

    def cookie(self) -> str:
        """The session cookie as the browser keeps it."""
        found = self.client.get_cookie("xueshi")
        return found.value if found else ""


class ApiClient:
    """A program with a bearer token and no cookies."""

    def __init__(self, app: Flask, name: str = "", password: str = PASSWORD) -> None:
        self.client = app.test_client(use_cookies=False)
        self.headers: dict[str, str] = {}
        if name:
            answer = self.client.post(
                "/api/v1/tokens", json={"account": name, "password": password}
            )
            assert answer.status_code == 201, answer.text
            self.headers = {"Authorization": f"Bearer {answer.json['token']}"}

    def call(self, method: str, path: str, **more: Any) -> TestResponse:
        """Call `/api/v1` + path."""
        headers = {**self.headers, **more.pop("headers", {})}
        return self.client.open("/api/v1" + path, method=method, headers=headers, **more)
