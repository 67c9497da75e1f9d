"""Programs that call the API as the people of the tests, and a feature made only for tests."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.people import Person
from tests.support.client import PageClient
from wfweb.identity.service import create_token
from wfweb.kernel.db import transaction


@dataclass
class Program:
    """A script with somebody's token."""

    app: Flask
    token: str | None
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {**self.headers, **options.pop("headers", {})}
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        address = path if path.startswith("/api/") else f"/api/v1{path}"
        return self.app.test_client().open(address, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.call("POST", path, **_with(body), **options)

    def put(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.call("PUT", path, **_with(body), **options)

    def patch(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.call("PATCH", path, **_with(body), **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.call("DELETE", path, **options)


def _with(body: Any) -> dict[str, Any]:
    if isinstance(body, bytes):
        return {"data": body, "content_type": "application/json"}
    return {} if body is None else {"json": body}


def token_for(person: Person, *scopes: str) -> str:
    with transaction(actor=person.actor):
        _row, token = create_token(person.id, "tests", scopes=scopes or ("read", "write", "admin"))
        return token


def program_of(app: Flask, person: Person | None, *scopes: str) -> Program:
    return Program(app, token_for(person, *scopes) if person else None)


@pytest.fixture
def api(app: Flask, rollback: None) -> Callable[..., Program]:
    """Return ``api(people.ada, "read")``: a program with a token of that person."""

    def make(person: Person | None = None, *scopes: str) -> Program:
        assert app.test_client_class is PageClient
        return program_of(app, person, *scopes)

    return make


@pytest.fixture(scope="session")
def probe_app(app: Flask) -> Iterator[Flask]:
    """A second application on the same database, with a feature that only tests have."""
    from tests.api.probe import add_probe
    from wfweb.app import create_app
    from wfweb.kernel.db import db

    application = create_app()
    application.test_client_class = PageClient
    application.config["TESTING"] = True
    application.config["PROPAGATE_EXCEPTIONS"] = False
    add_probe(application)
    with application.app_context():
        yield application
        db.engine.dispose()


@pytest.fixture
def probe(probe_app: Flask, rollback: None) -> Callable[..., Program]:
    """Like ``api``, for the feature that only tests have."""
    return lambda person=None, *scopes: program_of(probe_app, person, *scopes)
