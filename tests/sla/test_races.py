"""Real threads and processes at once: each level once, one clock a subject, nothing half done."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from tests.conftest import ROOT, make_company
from tests.people import make_people
from tests.sla.conftest import MONDAY, World, furnish, hours
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Refusal
from wfweb.sla import by_hand, service, sweeping

pytestmark = [pytest.mark.committed, pytest.mark.slow]
PATIENCE = 60


@pytest.fixture
def busy(committed_app: Flask) -> World:
    made = furnish(make_people(make_company()))
    made.define(pause=[])
    return made


def at_once(app: Flask, *acts: Callable[[], Any]) -> None:
    """Run acts in threads of their own, all beginning in the same moment; none may fail."""
    barrier = threading.Barrier(len(acts))
    failures: list[BaseException] = []

    def run(act: Callable[[], Any]) -> None:
        with app.app_context():
            barrier.wait(PATIENCE)
            try:
                act()
            except BaseException as error:  # noqa: BLE001 - told by the test
                failures.append(error)
            finally:
                session().close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "stuck"
    assert failures == []


def many(world: World, count: int) -> list[UUID]:
    """Make clocks by the hundred: copies of one that the verbs made."""
    row = world.clock(world.order())
    with transaction(actor=world.people.alma.actor):
        return list(
            session().scalars(
                text(
                    "insert into sla_clocks select (jsonb_populate_record(c, jsonb_build_object("
                    "'id', uuidv7(), 'subject_id', uuidv7()))).* from sla_clocks c,"
                    " generate_series(1, :count) where c.id = :id returning id"
                ),
                {"count": count, "id": row.id},
            )
        )


def crossed(world: World) -> Counter[tuple[UUID, str]]:
    with transaction(actor=world.people.alma.actor):
        found = session().execute(text("select clock_id, level from sla_crossings"))
        return Counter((clock_id, level) for clock_id, level in found)


def told(world: World) -> int:
    with transaction(actor=world.people.alma.actor):
        statement = "select count(*) from outbox_messages where kind = 'sla.act_on_level'"
        return int(session().execute(text(statement)).scalar_one())


def test_four_sweeps_cross_each_level_once(busy: World, committed_app: Flask):
    ids = many(busy, 200)

    def sweep() -> None:
        with clock.at(MONDAY + hours(5)):
            while sweeping.sweep(limit=20):
                pass

    at_once(committed_app, sweep, sweep, sweep, sweep)
    found = crossed(busy)
    assert set(found.values()) == {1}
    assert {clock_id for clock_id, _level in found} >= set(ids)
    assert told(busy) == len(found) == 201


def test_a_pause_and_the_sweep_cross_a_level_once(busy: World, committed_app: Flask):
    ids = many(busy, 60)

    def pause() -> None:
        for clock_id in ids:
            with clock.at(MONDAY + hours(5)), transaction(actor=busy.people.otto.actor):
                by_hand.pause(clock_id, "Strike")

    def sweep() -> None:
        for _ in range(40):
            with clock.at(MONDAY + hours(5)):
                sweeping.sweep(limit=5)

    at_once(committed_app, pause, sweep, sweep)
    found = crossed(busy)
    assert {found[clock_id, "YELLOW"] for clock_id in ids} == {1}
    with transaction(actor=busy.people.alma.actor):
        statement = text("select status, elapsed_seconds from sla_clocks where id = any(:ids)")
        rows = session().execute(statement, {"ids": ids}).all()
    assert {tuple(row) for row in rows} == {("paused", 5 * 3600)}


def test_two_people_pause_and_one_is_told_it_is_paused(busy: World, committed_app: Flask):
    (clock_id,) = many(busy, 1)
    refused: list[Refusal] = []

    def pause() -> None:
        try:
            with transaction(actor=busy.people.otto.actor):
                by_hand.pause(clock_id, "Strike")
        except Refusal as refusal:
            refused.append(refusal)

    at_once(committed_app, pause, pause)
    assert len(refused) == 1


def test_a_subject_seen_twice_at_once_gets_one_clock(busy: World, committed_app: Flask):
    order = busy.order(phase="decided")
    busy.define(code="late_start", name="Late start", stop=None, pause=[], cancel=None)

    def look() -> None:
        with transaction(actor=busy.people.alma.actor):
            service.evaluate({("record", order): ()})

    at_once(committed_app, look, look, look, look)
    assert [row.definition_code for row in busy.clocks(order)] == ["late_start"]


def timers(app: Flask) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "WFWEB_DATABASE_URL": app.config["WFWEB"].database_url}
    return subprocess.Popen([sys.executable, "-m", "wfweb", "timers"], cwd=ROOT, env=environment)


@pytest.mark.timeout(120)
def test_a_killed_process_loses_and_doubles_nothing(busy: World, committed_app: Flask):
    ids = many(busy, 3000)
    with transaction(actor=busy.people.alma.actor):
        moved = "now() - interval '5 hours'"
        statement = (
            f"update sla_clocks set started_at = {moved}, segment_started_at = {moved},"
            " calendar_version_id = null, next_check_at = now()"
        )
        session().execute(text(statement))
    first = timers(committed_app)
    until = time.monotonic() + PATIENCE
    while not crossed(busy) and time.monotonic() < until:
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    first.wait()
    seen = len(crossed(busy))
    second = timers(committed_app)
    while len(crossed(busy)) < len(ids) + 1 and time.monotonic() < until:
        time.sleep(0.1)
    second.terminate()
    second.wait()
    found = crossed(busy)
    assert 0 < seen <= len(ids) + 1
    assert set(found.values()) == {1}
    assert len(found) == told(busy) == len(ids) + 1
