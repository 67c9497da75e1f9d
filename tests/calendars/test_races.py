"""Races with real threads: one publication of a draft, one default, whoever comes first."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from tests.calendars.conftest import office, published
from tests.conftest import make_company
from tests.people import People, make_people
from wfweb.calendars import queries, service
from wfweb.kernel.db import attempt, db, transaction
from wfweb.kernel.errors import Conflict, NotFound

pytestmark = pytest.mark.committed
THREADS = 6


@pytest.fixture
def people(committed_app: Flask) -> People:
    return make_people(make_company())


def together(app: Flask, people: People, act: Callable[[int], Any]) -> list[str]:
    """What became of an act that many do at one moment."""
    gate = Barrier(THREADS)

    def run(number: int) -> str:
        def whole() -> str:
            with transaction(actor=people.alma.actor):
                act(number)
                return "done"

        with app.app_context():
            gate.wait(10)
            try:
                return attempt(whole)
            except (Conflict, NotFound) as refusal:
                return refusal.code
            finally:
                db.session.remove()

    with ThreadPoolExecutor(THREADS) as pool:
        return sorted(pool.map(run, range(THREADS)))


def test_a_draft_is_published_once(committed_app: Flask, people: People) -> None:
    published(people)
    with transaction(actor=people.alma.actor):
        service.save_calendar("office", office(tz="Europe/Paris"))
    results = together(committed_app, people, lambda _n: service.publish("office"))
    assert results == ["done"] + ["not_found"] * (THREADS - 1)
    with transaction(actor=people.alma.actor):
        versions = queries.versions_of(queries.find_calendar("office"))
        assert [one.number for one in versions] == [2, 1]


def test_of_many_who_save_what_they_saw_one_wins(committed_app: Flask, people: People) -> None:
    published(people)
    with transaction(actor=people.alma.actor):
        seen = queries.find_calendar("office").version

    def save(_number: int) -> None:
        service.save_calendar("office", office(), expected_version=seen)

    results = together(committed_app, people, save)
    assert results == ["CONCURRENCY_ERROR"] * (THREADS - 1) + ["done"]


def test_one_calendar_is_the_default_however_many_are_chosen(
    committed_app: Flask, people: People
) -> None:
    codes = [f"plant_{number}" for number in range(THREADS)]
    for code in codes:
        published(people, code)
    with transaction(actor=people.alma.actor):
        service.set_default(codes[0])
    results = together(committed_app, people, lambda n: service.set_default(codes[n]))
    assert set(results) <= {"done", "CONCURRENCY_ERROR"}
    assert "done" in results
    with transaction(actor=people.alma.actor):
        assert sum(one.is_default for one in queries.calendars()) == 1
