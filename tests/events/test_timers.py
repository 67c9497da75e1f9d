"""Due moments: fired once, in the transaction of their effect, never after being cancelled."""

import threading
from datetime import timedelta
from uuid import UUID

from flask import Flask
from sqlalchemy import func, select

from tests.conftest import make_company
from wfweb.events import recurring, timers
from wfweb.events.models import Timer
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.ids import new_id, next_key


def arm(company: UUID, subject: UUID, seconds: float = 60) -> None:
    with transaction(company_id=company):
        timers.arm("test.due", "thing", subject, clock.now() + timedelta(seconds=seconds))


def later(seconds: float = 61):
    return clock.at(clock.now() + timedelta(seconds=seconds))


def test_it_fires_when_due_and_only_once(company: UUID):
    fired = []
    arm(company, subject := new_id())
    handlers = {"test.due": lambda due: fired.append(due.subject_id)}
    assert timers.fire_due(handlers) == 0
    with later():
        assert timers.fire_due(handlers) == 1
        assert timers.fire_due(handlers) == 0
    assert fired == [subject]


def test_a_cancelled_moment_never_fires(company: UUID):
    arm(company, subject := new_id())
    with transaction(company_id=company):
        timers.cancel(subject)
    with later():
        assert timers.fire_due({}) == 0


def test_a_failing_handler_is_undone_put_off_and_finally_dead(company: UUID):
    def handler(_due):
        next_key("LOST")
        raise ValueError("broken")

    arm(company, new_id())
    for n in range(timers.MAXIMUM_ATTEMPTS + 2):
        with later(100 + n * 3600):
            timers.fire_due({"test.due": handler})
    with transaction(company_id=company):
        row = session().scalars(select(Timer)).one()
        assert (row.state, row.attempts) == ("dead", timers.MAXIMUM_ATTEMPTS)
        assert next_key("LOST") == "LOST-1001"


def test_many_processes_fire_each_moment_once(committed_app: Flask):
    company = make_company()
    with transaction(company_id=company):
        for _ in range(200):
            timers.arm("test.due", "thing", new_id(), clock.now())

    def handler(due):
        next_key("FIRED")

    def run():
        with committed_app.app_context():
            while timers.fire_due({"test.due": handler}, limit=50):
                pass

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with transaction(company_id=company):
        fired = select(func.count()).select_from(Timer).where(Timer.state == "fired")
        assert session().scalar(fired) == 200
        assert next_key("FIRED") == f"FIRED-{1001 + 200}"


def test_a_recurring_job_runs_once_for_all_processes_and_once_after_an_outage(rollback: None):
    runs = []
    jobs = [recurring.Recurring("test.job", 60, lambda: runs.append(clock.now()))]
    recurring.register(jobs)
    recurring.register(jobs)
    recurring.run_due(jobs)
    recurring.run_due(jobs)
    assert len(runs) == 1
    with later(6 * 3600):
        recurring.run_due(jobs)
        recurring.run_due(jobs)
    assert len(runs) == 2
