"""Buttons that are pressed while everything else goes on: polls, sweeps, edits, deletions."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.conftest import make_company
from tests.people import Person, make_people, post, sign_in
from tests.sla.conftest import OFFICE, World, furnish, promise
from tests.sla.test_races import at_once
from wfweb.calendars import service as calendars
from wfweb.kernel.db import attempt, session, transaction
from wfweb.kernel.errors import Refusal
from wfweb.records import service as records
from wfweb.records.models import Record
from wfweb.sla import by_hand, definitions, sweeping
from wfweb.sla.models import SlaClock

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


class Upheaval(Bustle):
    """The same, while rules, calendar, record and the clock itself change under the buttons."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self.refusals: Counter[str] = Counter()

    def quietly(self, person: Person, act: Callable[[], object]) -> None:
        """Do something that may be refused, and nothing worse."""
        try:
            attempt(lambda: self.once(person, act))
        except Refusal as refusal:
            self.refusals[refusal.code] += 1

    def once(self, person: Person, act: Callable[[], object]) -> None:
        with transaction(actor=person.actor):
            act()

    def newest(self) -> UUID:
        with transaction(actor=self.world.people.alma.actor):
            query = select(SlaClock.id).where(SlaClock.subject_id == self.order)
            return session().scalars(query.order_by(SlaClock.id.desc()).limit(1)).one()

    def press_newest(self, client: FlaskClient) -> None:
        try:
            for _turn in range(PRESSES // 4):
                page = f"/sla/{self.newest()}"
                for act in ("pause", "resume"):
                    answer = post(client, f"{page}/hold", {"act": act, "reason": "Strike"})
                    self.answers[answer.status_code] += 1
                for path in (page, f"{page}/hold", "/sla?scope=everyone", "/sla/report"):
                    self.answers[client.get(path).status_code] += 1
        finally:
            self.over.set()

    def rules(self) -> None:
        """Save another version of the definition and move the clock to the live one."""
        alma = self.world.people.alma
        for number in self.going_on():
            hours = ("office", None)[number % 2]
            content = promise(target=2 + number % 3, unit="seconds", calendar=hours, repeat=True)
            self.quietly(alma, lambda content=content: definitions.save_definition(content))
            self.quietly(alma, self.move)

    def move(self) -> None:
        live = definitions.find("decide_order").current_version
        by_hand.move(self.newest(), live)

    def hours(self) -> None:
        alma = self.world.people.alma
        for number in self.going_on():
            body = {**OFFICE, "holidays": [f"2026-12-{1 + number % 28:02d}"]}
            self.quietly(alma, lambda body=body: calendars.save_calendar("office", body))
            self.quietly(alma, lambda: calendars.publish("office", comment="Again"))

    def record(self) -> None:
        """Archive the order and take it back, cancel its clock, let another one start."""
        alma = self.world.people.alma
        acts = (self.archive, self.restore, self.change) * 4 + (self.cancel, self.change)
        for number in self.going_on():
            self.quietly(alma, acts[number % len(acts)])
            time.sleep(0.1)

    def found(self) -> Record:
        return session().get_one(Record, self.order, populate_existing=True)

    def archive(self) -> None:
        records.archive_record(self.order, version=self.found().version)

    def restore(self) -> None:
        records.restore_record(self.order, version=self.found().version)

    def cancel(self) -> None:
        by_hand.cancel(self.newest(), "Ordered twice")

    def change(self) -> None:
        record = self.found()
        records.update_record(self.order, {"priority": record.version}, version=record.version)


@pytest.mark.timeout(180)
def test_no_button_fails_while_rules_calendar_and_record_change(committed_app: Flask):
    bustle = Upheaval(committed_app)
    first, second, _ = bustle.clients
    at_once(
        committed_app,
        lambda: bustle.press_newest(first),
        lambda: bustle.press_newest(second),
        bustle.rules,
        bustle.hours,
        bustle.record,
        bustle.sweep,
    )
    assert set(bustle.answers) <= {200, 303, 409}, (bustle.answers, bustle.refusals)
    assert bustle.answers[303] > 0


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
