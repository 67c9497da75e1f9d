"""Races with real threads: each message is in one digest, also while its reader chooses anew."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.conftest import make_company
from tests.people import People, make_people
from wfweb.events.models import OutboxMessage
from wfweb.kernel import clock
from wfweb.kernel.db import attempt, db, session, transaction
from wfweb.kernel.errors import Conflict
from wfweb.kernel.ids import new_id
from wfweb.notifications import digests, notify, preferences
from wfweb.notifications.models import Delivery
from wfweb.notifications.rules import Digest, Wishes

pytestmark = pytest.mark.committed
THREADS, MESSAGES = 6, 20
COLLECT = Wishes(channels={"tasks": {"email": "digest"}}, digest=Digest("hour"))


@pytest.fixture
def people(committed_app: Flask) -> People:
    people = make_people(make_company())
    with transaction(actor=people.ada.actor):
        preferences.save(COLLECT, version=0)
    with transaction(company_id=people.ada.company_id):
        for number in range(MESSAGES):
            notify(
                [people.ada.id], "task_waiting", {"title": f"Task {number}"},
                subject=("task", new_id()), key=str(number),
            )  # fmt: skip
    return people


def together(app: Flask, act: Callable[[int], object]) -> list[object]:
    gate = Barrier(THREADS)
    due = clock.now() + timedelta(hours=2)

    def run(number: int) -> object:
        with app.app_context(), clock.at(due):
            gate.wait(10)
            try:
                return attempt(lambda: act(number))
            except Conflict:
                return "late"
            finally:
                db.session.remove()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_many_timers_write_one_digest(committed_app: Flask, people: People):
    assert sum(together(committed_app, lambda _n: digests.send_due())) == 1
    with transaction(company_id=people.ada.company_id):
        digest = session().scalars(select(Delivery).where(Delivery.kind == "digest")).one()
        parts = select(func.count()).where(Delivery.digest_id == digest.id)
        assert session().scalar(parts) == MESSAGES


def test_choosing_anew_meanwhile_loses_and_doubles_nothing(committed_app: Flask, people: People):
    def act(number: int) -> object:
        if number % 2:
            return digests.send_due()
        with transaction(actor=people.ada.actor):
            preferences.save(Wishes(), version=1)
            return 0

    together(committed_app, act)
    with transaction(company_id=people.ada.company_id):
        rows = session().scalars(select(Delivery).where(Delivery.kind == "task_waiting")).all()
        messages = set(session().scalars(select(OutboxMessage.id)))
        ways = [(row.digest_id is not None) + (row.outbox_id in messages) for row in rows]
        assert ways == [1] * MESSAGES
