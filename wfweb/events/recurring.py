"""Recurring jobs: what ``schedule.py`` lists, run by whichever timers process comes first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from wfweb.events.models import RecurringJob
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Recurring:
    """A job and how often it runs, in seconds; it advances what is due, at most so much."""

    name: str
    every_seconds: int
    job: Callable[[], object]


_CLAIM = text(
    "update recurring_jobs set last_at = :now, next_at = :again where name ="
    " (select name from recurring_jobs where name = :name and next_at <= :now"
    " for update skip locked) returning name"
)
_ERROR = text("update recurring_jobs set last_error = :error where name = :name")


def run_due(jobs: Sequence[Recurring]) -> int:
    """Run each job whose moment has come; a job missed many times runs once."""
    return sum(_run(job) for job in jobs)


def register(jobs: Sequence[Recurring]) -> None:
    """Give every job a row; new ones are due at once."""
    with transaction(system=True):
        for job in jobs:
            statement = insert(RecurringJob).values(name=job.name, next_at=clock.now())
            session().execute(statement.on_conflict_do_nothing())


def _run(job: Recurring) -> bool:
    with transaction(system=True):
        again = clock.now() + timedelta(seconds=job.every_seconds)
        values = {"now": clock.now(), "again": again, "name": job.name}
        if session().execute(_CLAIM, values).one_or_none() is None:
            return False
    error = None
    try:
        job.job()
    except Exception as problem:
        log.exception("recurring_job_failed", job=job.name)
        error = f"{type(problem).__name__}: {problem}"[:2000]
    with transaction(system=True):
        session().execute(_ERROR, {"error": error, "name": job.name})
    return True
