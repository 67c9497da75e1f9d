"""Buttons that are pressed while everything else goes on: polls, sweeps, edits, deletions."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import make_company
from tests.people import make_people, post, sign_in
from tests.sla.conftest import World, furnish, promise
from tests.sla.test_races import at_once
from wfweb.calendars import service as calendars
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Refusal
from wfweb.records import service as records
from wfweb.records.models import Record
from wfweb.sla import definitions, sweeping

pytestmark = [pytest.mark.committed, pytest.mark.slow]
PRESSES = 24


class Bustle:
    """An order with a short deadline, and what people and processes do to it at once."""

    def __init__(self, app: Flask) -> None:
        self.world: World = furnish(make_people(make_company()))
        self.world.define(target=2, unit="seconds", calendar=None)
        self.order: UUID = self.world.order()
        self.page = f"/sla/{self.world.clock(self.order).id}"
        self.answers: Counter[int] = Counter()
        self.over = threading.Event()
        self.clients = [sign_in(app.test_client(), self.world.people.otto) for _ in range(3)]

    def press(self, client: FlaskClient) -> None:
        try:
            for turn in range(PRESSES):
                form = {"act": "resume" if turn % 2 else "pause", "reason": "Strike"}
                self.answers[post(client, f"{self.page}/hold", form).status_code] += 1
        finally:
            self.over.set()

    def going_on(self) -> Iterator[int]:
        for number in range(10_000):
            if self.over.is_set():
                return
            yield number

    def poll(self) -> None:
        for _ in self.going_on():
            for path in ("/sla?scope=everyone", self.page):
                self.answers[self.clients[2].get(path).status_code] += 1

    def sweep(self) -> None:
        for _ in self.going_on():
            sweeping.sweep()

    def edit(self) -> None:
        for number in self.going_on():
            with transaction(actor=self.world.people.rui.actor):
                record = session().get_one(Record, self.order, populate_existing=True)
                data = {"phase": ("waiting", "open")[number % 2]}
                records.update_record(self.order, data, version=record.version)


@pytest.mark.timeout(120)
def test_pausing_and_resuming_never_fails_whatever_else_goes_on(committed_app: Flask):
    bustle = Bustle(committed_app)
    first, second, _ = bustle.clients
    at_once(
        committed_app,
        lambda: bustle.press(first),
        lambda: bustle.press(second),
        bustle.poll,
        bustle.sweep,
        bustle.edit,
    )
    assert set(bustle.answers) <= {200, 303, 409}, bustle.answers
    assert bustle.answers[303] > 0
    levels = [one.level for one in bustle.world.crossings(bustle.world.clock(bustle.order))]
    assert len(levels) == len(set(levels))


def test_a_calendar_is_not_deleted_while_a_definition_takes_it(committed_app: Flask):
    world = furnish(make_people(make_company()))
    alma = world.people.alma.actor
    ends: list[str] = []

    def save() -> None:
        try:
            with transaction(actor=alma):
                definitions.save_definition(promise())
                time.sleep(0.2)
        except Refusal:
            ends.append("no definition")

    def delete() -> None:
        time.sleep(0.1)
        try:
            with transaction(actor=alma):
                calendars.delete_calendar("office")
        except Refusal:
            ends.append("no deletion")

    at_once(committed_app, save, delete)
    assert ends == ["no deletion"]
