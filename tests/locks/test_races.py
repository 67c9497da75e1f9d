"""Locks at the same moment as everything else: real threads, real commits."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.conftest import make_company
from tests.locks.conftest import Estate, approval_workflow, make_estate
from tests.locks.interleaving import race
from tests.people import make_people
from tests.support.together import together
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Locked
from wfweb.locks import permits, service
from wfweb.locks.errors import LockEndedAlready, PermitRefused
from wfweb.workflow import service as workflows

SEED = 20261121
TRIALS = 40


@pytest.fixture
def busy(committed_app: Flask) -> Estate:
    return make_estate(make_people(make_company()))


def test_a_lock_between_check_and_act(committed_app: Flask, busy: Estate):
    """The sample of the ten thousand interleavings that the benchmark runs in whole."""
    found = race(committed_app, busy, TRIALS, SEED)
    assert found.wrong == []
    for side in ("edit done", "edit refused", "redeem done", "redeem refused"):
        assert found.counted[side] > 0, f"no trial had {side}: {found.counted}"


def test_twenty_alerts_of_one_rule_make_one_lock(committed_app: Flask, busy: Estate):
    record, lock = busy.locked()
    busy.override(lock.id)

    def again() -> Any:
        with busy.system:
            return service.lock_for_alert(lock.alert_id)

    outcomes = together(committed_app, [again] * 20)
    assert len(set(outcomes)) == 1
    assert [one.status for one in busy.locks(record)].count("locked") == 1


def test_it_is_ended_once(committed_app: Flask, busy: Estate):
    record, lock = busy.locked()

    def override() -> Any:
        with transaction(actor=busy.people.alma.actor):
            return service.override(lock.id, "I have a very good reason")

    def release() -> Any:
        with busy.system:
            return service.release(lock.alert_id, busy.people.cleo.id, "So decided", [lock.id])

    outcomes = together(committed_app, [override, release] * 6)
    ended = [one for one in outcomes if one == 1 or hasattr(one, "status_code") or is_row(one)]
    assert len(ended) == 1, outcomes
    assert all(one == 0 or isinstance(one, LockEndedAlready) or one in ended for one in outcomes), (
        outcomes
    )
    assert len(busy.entries("lock.ended")) == 1
    assert [look[1] for look in busy.looks(lock.id)] == ["locked", "unlocked"]
    assert not busy.flag(record)


def is_row(outcome: Any) -> bool:
    return hasattr(outcome, "lock_type")


def test_two_locks_that_end_in_one_moment_free_the_record(committed_app: Flask, busy: Estate):
    for number in range(8):
        record = busy.property(f"Quay {number}")
        busy.measure(record, "1.0")
        busy.measure(record, "40", "occupancy")

        def end(lock_id: Any) -> Callable[[], Any]:
            def act() -> Any:
                with transaction(actor=busy.people.alma.actor):
                    return service.override(lock_id, "I have a very good reason")

            return act

        together(committed_app, [end(one.id) for one in busy.locks(record)])
        assert not busy.flag(record)


def test_a_permit_is_used_once_by_twenty(committed_app: Flask, busy: Estate):
    record = busy.property()
    from wfweb.kernel.db import session
    from wfweb.records.models import Record

    with transaction(actor=busy.people.rui.actor):
        permit = permits.issue(session().get_one(Record, record), "refinance").id

    def use() -> Any:
        with transaction(actor=busy.people.rui.actor):
            return permits.redeem(permit, action="refinance", record_id=record).status

    outcomes = together(committed_app, [use] * 20)
    assert outcomes.count("redeemed") == 1
    assert sum(isinstance(one, PermitRefused) for one in outcomes) == 19


def test_a_step_and_the_metric_that_locks(committed_app: Flask, busy: Estate):
    """Whoever is first: the step was taken before the lock, or it was refused."""
    busy.publish(approval_workflow("refinance"))
    outcomes: list[str] = []
    for number in range(12):
        record = busy.property(f"Quay {number}")
        instance = busy.begin("refinance", record)

        def step(instance: Any = instance) -> Any:
            with transaction(actor=busy.people.rui.actor):
                return workflows.fire(instance, "refinance").state

        def breach(record: Any = record) -> Any:
            busy.measure(record, "1.0")

        stepped, breached = together(committed_app, [step, breach])
        assert breached is None, breached
        lock = busy.lock(record)
        taken = busy.sql(
            "select at from workflow_history where instance_id = :i"
            " and transition_code = 'refinance'",
            i=instance,
        )
        if isinstance(stepped, Locked):
            assert taken is None
            outcomes.append("refused")
        else:
            assert stepped == "asked", stepped
            assert taken <= lock.locked_at
            outcomes.append("taken")
    assert len(outcomes) == 12


def test_expiry_by_two_workers(committed_app: Flask, busy: Estate):
    from datetime import timedelta

    from wfweb.kernel import clock

    locks = [busy.locked()[1] for _ in range(6)]
    later = locks[-1].locked_at + timedelta(days=91)

    def expire() -> Any:
        with clock.at(later), busy.system:
            return service.expire()

    outcomes = together(committed_app, [expire] * 4)
    assert sum(outcomes) == 6
    assert len(busy.entries("lock.ended")) == 6
