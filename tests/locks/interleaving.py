"""A lock, an act and a permit at the same moment, over and over, with real threads and commits.

Each trial puts a lock on a record while somebody edits it and somebody else redeems a permit,
each after a moment drawn from the seed. Instants are read while the row is held, so they are in
the order of the commits; afterwards nothing that the lock blocks may be later than the lock.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import text

from tests.locks.conftest import Estate
from wfweb.kernel.db import attempt, session, transaction
from wfweb.kernel.errors import Gone, Locked
from wfweb.locks import permits, service
from wfweb.records import service as records
from wfweb.records.models import Record

JITTER = 0.008


@dataclass
class Trials:
    """What came of the trials: how often each side was first, and everything that must not be."""

    counted: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


@dataclass
class Race:
    """One record that is locked and freed again, and who races for it."""

    app: Flask
    estate: Estate
    record: UUID
    alert: UUID
    random: random.Random
    pool: ThreadPoolExecutor

    def run(self, count: int) -> Trials:
        """Race so often; every thread has its own connection."""
        found = Trials()
        for number in range(count):
            self._trial(number, found)
        return found

    def _trial(self, number: int, found: Trials) -> None:
        with transaction(actor=self.estate.people.rui.actor):
            record = session().get_one(Record, self.record, populate_existing=True)
            version = record.version
            permit = permits.issue(record, "refinance").id
        gate = threading.Barrier(3)
        acts = (
            # An edit has more to do before it takes the row: the lock waits longer on average.
            (self._lock, 2 * JITTER),
            (lambda: self._edit(number, version), JITTER),
            (lambda: self._redeem(permit), JITTER),
        )
        running = [
            self.pool.submit(self._together, gate, act, self.random.random() * within)
            for act, within in acts
        ]
        locked_at, edited_at, redeemed_at = (one.result(30) for one in running)
        self._judge(found, locked_at, edited_at, redeemed_at, permit)
        self._free()

    def _together(
        self, gate: threading.Barrier, act: Callable[[], Any], moment: float
    ) -> datetime | None:
        with self.app.app_context():
            gate.wait(20)
            time.sleep(moment)
            try:
                return attempt(act)
            except (Locked, Gone):
                return None

    def _lock(self) -> datetime:
        with self.estate.system:
            lock_id = service.lock_for_alert(self.alert)
            return instant("select locked_at from workflow_locks where id = :id", id=lock_id)

    def _edit(self, number: int, version: int) -> datetime:
        with transaction(actor=self.estate.people.rui.actor):
            records.update_record(self.record, {"note": f"Trial {number}"}, version=version)
            session().flush()
            return instant("select clock_timestamp()")

    def _redeem(self, permit: UUID) -> datetime:
        with transaction(actor=self.estate.people.rui.actor):
            used = permits.redeem(permit, action="refinance", record_id=self.record)
            assert used.redeemed_at is not None
            return used.redeemed_at

    def _judge(
        self,
        found: Trials,
        locked_at: datetime | None,
        edited_at: datetime | None,
        redeemed_at: datetime | None,
        permit: UUID,
    ) -> None:
        assert locked_at is not None
        for name, done_at in (("edit", edited_at), ("redeem", redeemed_at)):
            found.counted[f"{name} {'done' if done_at else 'refused'}"] += 1
            if done_at is not None and done_at >= locked_at:
                found.wrong.append(f"{name} at {done_at}, locked at {locked_at}")
        with self.estate.system:
            status = session().execute(
                text("select status from action_permits where id = :id"), {"id": permit}
            )
            expected = "redeemed" if redeemed_at else "revoked"
            if status.scalar_one() != expected:
                found.wrong.append(f"the permit is not {expected}")

    def _free(self) -> None:
        with self.estate.system:
            session().execute(
                text("select unlock_from_alert_resolution(:a, :u, 'For the next trial')"),
                {"a": self.alert, "u": self.estate.people.cleo.id},
            )


def instant(statement: str, **values: Any) -> datetime:
    found: datetime = session().execute(text(statement), values).scalar_one()
    return found


def race(app: Flask, estate: Estate, count: int, seed: int) -> Trials:
    """Set a record up and race for it ``count`` times."""
    estate.kind("refinance_block", blocked_actions=["refinance", "edit"])
    record, lock = estate.locked()
    with ThreadPoolExecutor(3) as pool:
        racing = Race(app, estate, record, lock.alert_id, random.Random(seed), pool)
        racing._free()
        found = racing.run(count)
        done: list[Future[Any]] = [pool.submit(dispose, app) for _ in range(3)]
        for one in done:
            one.result(10)
    return found


def dispose(app: Flask) -> None:
    """Give a thread's connection back."""
    with app.app_context():
        session().close()
