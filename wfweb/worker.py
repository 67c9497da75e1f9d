"""The processes behind the web: RQ worker, relay and timers.

A worker listens to one queue only: with two, RQ takes a job off the list before it is
marked started and a crash in between loses it (reference: libraries 1.4). Its job class
runs one function and nothing else, because whoever can write to Valkey could otherwise
name any function (reliability fact 6).
"""

import signal
import time
from collections.abc import Sequence
from types import FrameType
from typing import Any
from uuid import UUID

import redis
import structlog
from flask import Flask
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer

from wfweb import schedule, wiring
from wfweb.events import delivery, recurring, relay, timers
from wfweb.kernel.db import db
from wfweb.kernel.queue import NUDGE, connect
from wfweb.kernel.settings import get_settings

log = structlog.get_logger()

ENTRY_POINT = "wfweb.worker.deliver"
JOB_SECONDS = 120
SWEEP_EVERY_SECONDS = 5.0
TIMERS_EVERY_SECONDS = 0.5

_app: Flask | None = None


class RefusedJob(Exception):  # noqa: N818 - somebody else's job, not our error
    """A job that names anything but the one entry point."""


class DeliveryJob(Job):
    """An RQ job that can only deliver outbox messages."""

    def perform(self) -> Any:
        """Run the job.

        :raises RefusedJob: when it names another function.
        """
        if self.func_name != ENTRY_POINT:
            raise RefusedJob(self.func_name)
        return super().perform()


def deliver(message_ids: list[str]) -> int:
    """RQ's door: deliver the messages with these ids; those already delivered are skipped."""
    if _app is None:
        message = "deliver() runs inside a worker process"
        raise RuntimeError(message)
    with _app.app_context():
        return delivery.deliver([UUID(i) for i in message_ids], wiring.handlers())


def _queue(lane: str, connection: "redis.Redis") -> Queue:
    return Queue(
        lane,
        connection=connection,
        job_class=DeliveryJob,
        serializer=JSONSerializer,
        default_timeout=JOB_SECONDS,
    )


def run_worker(app: Flask, lane: str, *, burst: bool = False) -> None:
    """Work on one lane until told to stop; jobs run inside this process."""
    global _app  # noqa: PLW0603 - RQ calls a function by name, it needs the application
    _app = app
    connection = connect(get_settings().redis_url, None)
    worker = SimpleWorker(
        [_queue(lane, connection)],
        connection=connection,
        job_class=DeliveryJob,
        serializer=JSONSerializer,
        maintenance_interval=15,
        worker_ttl=30,
    )
    worker.work(burst=burst, logging_level="WARNING", with_scheduler=False)


class Stop:
    """A polite end: SIGTERM and SIGINT let the running step finish."""

    def __init__(self) -> None:
        self.wanted = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self.wanted = True


def _push(lane: str, ids: Sequence[UUID]) -> None:
    connection = connect(get_settings().redis_url)
    _queue(lane, connection).enqueue(
        ENTRY_POINT, [str(i) for i in ids], result_ttl=0, failure_ttl=3600
    )


def run_relay(app: Flask) -> None:
    """Hand outbox rows to the queue: at once when nudged, by a sweep when not."""
    stop = Stop()
    next_sweep = 0.0
    handlers = wiring.handlers()
    while not stop.wanted:
        try:
            with app.app_context():
                if time.monotonic() >= next_sweep:
                    relay.take_back_expired()
                    next_sweep = time.monotonic() + SWEEP_EVERY_SECONDS
                handed_over = relay.relay_once(_push, handlers.lane)
            if not handed_over:
                connect(get_settings().redis_url, 5).brpop([NUDGE], timeout=0.5)
        except Exception:  # PostgreSQL or Valkey is away; the rows wait
            log.exception("relay_failed")
            time.sleep(0.5)


def run_timers(app: Flask) -> None:
    """Fire due moments and recurring jobs; any number of these processes may run."""
    stop = Stop()
    registered = False
    while not stop.wanted:
        fired = 0
        try:
            with app.app_context():
                if not registered:
                    recurring.register(schedule.RECURRING)
                    registered = True
                fired = timers.fire_due(wiring.TIMERS)
                fired += sum(sweep() for sweep in wiring.SWEEPS)
                recurring.run_due(schedule.RECURRING)
                db.session.remove()
        except Exception:  # PostgreSQL is away; the moments wait
            log.exception("timers_failed")
        if not fired:
            time.sleep(TIMERS_EVERY_SECONDS)
