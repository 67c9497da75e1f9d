"""A page repeats an act that the database broke off, whole, and says everything once."""

from collections.abc import Iterator
from io import BytesIO
from uuid import uuid4

import pytest
from flask import Flask, flash, get_flashed_messages, request
from sqlalchemy import text

from tests.people import People
from wfweb.kernel.application import Application
from wfweb.kernel.db import db, session, transaction
from wfweb.kernel.journal import journal

DEADLOCK = "do $$ begin raise exception 'circle' using errcode = '40P01'; end $$"
BROKEN = "do $$ begin raise exception 'broken' using errcode = '22012'; end $$"


class Page:
    """A page that fails as often as it is told to, before or after what it writes."""

    def __init__(self) -> None:
        self.failures, self.runs, self.statement = 0, 0, DEADLOCK
        self.commit_first = False
        self.read: list[bytes] = []

    def __call__(self) -> str:
        self.runs += 1
        if "file" in request.files:
            self.read.append(request.files["file"].read())
        with transaction():
            journal().call("select 1", ())
            flash("Done")
            if not self.commit_first:
                self._fail()
        with transaction():
            self._fail()
        return "|".join(get_flashed_messages())

    def _fail(self) -> None:
        if self.runs <= self.failures:
            session().execute(text(self.statement))


@pytest.fixture
def page(app: Flask, people: People) -> Iterator[tuple[Page, Application]]:
    """An application of one page on the test's own connection."""
    found, small = Page(), Application(f"small_{uuid4().hex}")
    small.config.update(
        SECRET_KEY="x" * 32, SQLALCHEMY_DATABASE_URI=app.config["SQLALCHEMY_DATABASE_URI"]
    )
    db.init_app(small)
    small.add_url_rule("/page", "page", found, methods=["POST"])
    small.add_url_rule("/api/page", "api", found, methods=["POST"])
    yield found, small
    with small.app_context():
        db.engine.dispose()


def post(page: tuple[Page, Application], path: str = "/page") -> tuple[int, str]:
    answer = page[1].test_client().post(path, data={"file": (BytesIO(b"content"), "a.txt")})
    return answer.status_code, answer.text


def test_a_deadlock_is_repeated_and_everything_said_and_read_once_more(
    page: tuple[Page, Application],
) -> None:
    page[0].failures = 2
    assert post(page) == (200, "Done")
    assert page[0].runs == 3
    assert page[0].read == [b"content"] * 3


def test_the_third_failure_is_told(page: tuple[Page, Application]) -> None:
    page[0].failures = 3
    assert post(page)[0] == 500
    assert page[0].runs == 3


def test_other_failures_are_not_repeated(page: tuple[Page, Application]) -> None:
    page[0].failures, page[0].statement = 1, BROKEN
    assert post(page)[0] == 500
    assert page[0].runs == 1


def test_what_is_committed_in_part_is_not_repeated(page: tuple[Page, Application]) -> None:
    page[0].failures, page[0].commit_first = 1, True
    assert post(page)[0] == 500
    assert page[0].runs == 1


def test_the_api_repeats_its_acts_itself(page: tuple[Page, Application]) -> None:
    page[0].failures = 1
    assert post(page, "/api/page")[0] == 500
    assert page[0].runs == 1
