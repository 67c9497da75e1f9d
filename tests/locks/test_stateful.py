"""Anything that happens to a record's locks, in any order, leaves every invariant true."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from tests.locks.conftest import Estate
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Locked, Refusal
from wfweb.locks import service
from wfweb.records import service as records

START = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = "Written down and thought about"
VALUES = st.sampled_from(["0.9", "1.2", "1.27", "1.31", "2.0"])
SHARES = st.sampled_from(["40", "79", "82", "86", "99"])

# Every line counts rows that must not be; the names are those of the list of invariants.
WRONG = {
    "I-31 one standing lock for each record and rule": """
        select count(*) from (select 1 from workflow_locks l join alerts a on a.id = l.alert_id
        where l.status = 'locked' group by l.record_id, a.rule_id having count(*) > 1) x""",
    "I-32 an end has exactly one look at its cause": """
        select count(*) from workflow_locks l where (l.status = 'locked') = exists (
        select 1 from lock_evaluations e where e.lock_id = l.id
        and e.outcome in ('unlocked', 'expired')) or (select count(*) from lock_evaluations e
        where e.lock_id = l.id and e.outcome in ('unlocked', 'expired')) > 1""",
    "I-32 time alone ends nothing early": """
        select count(*) from workflow_locks where status = 'expired'
        and unlocked_at < locked_at + interval '2160 hours'""",
    "I-32 a strict lock ends by a cure or by somebody": """
        select count(*) from workflow_locks l join lock_types t on t.code = l.lock_type
        and t.company_id = l.company_id where t.on_expiry <> 'unlock' and l.status = 'expired'
        and not exists (select 1 from lock_evaluations e where e.lock_id = l.id
        and e.outcome = 'expired' and e.holds is false)""",
    "I-32 an unlocked one names who and why": """
        select count(*) from workflow_locks where status = 'unlocked'
        and (unlocked_by is null or coalesce(unlock_reason, '') = '')""",
    "I-20 each beginning and each end is audited once": """
        select abs((select count(*) from workflow_locks) + (select count(*) from workflow_locks
        where status <> 'locked') - (select count(*) from audit_events
        where name in ('lock.created', 'lock.ended')))""",
    "LOCK-2 the flag follows the locks": """
        select count(*) from records r where r.has_active_alerts <> exists (
        select 1 from workflow_locks l where l.record_id = r.id and l.status = 'locked')""",
    "LOCK-2 the duration is the difference": """
        select count(*) from workflow_locks where abs(coalesce(lock_duration_hours, 0)
        - coalesce(extract(epoch from unlocked_at - locked_at) / 3600, 0)) > 0.0001""",
    "BR-003 a critical alert that was just raised is locked": """
        select count(*) from alerts a where a.status = 'active' and a.severity = 'critical'
        and not exists (select 1 from workflow_locks l join alerts b on b.id = l.alert_id
        where l.record_id = a.record_id and b.rule_id = a.rule_id
        and (l.status = 'locked' or l.unlocked_at >= a.raised_at))""",
}


class Locks(RuleBasedStateMachine):
    """One property with two measured causes, its committee, and time."""

    estate: ClassVar[Estate]

    @initialize(
        first=st.sampled_from(["unlock", "renew", "accept"]),
        second=st.sampled_from(["unlock", "renew", "accept"]),
        same=st.booleans(),
    )
    def begin(self, first: str, second: str, *, same: bool) -> None:
        self.moment = START
        actions = ["refinance", "edit"] if same else ["sell"]
        self.estate.kind("refinance_block", on_expiry=first, blocked_actions=["refinance", "edit"])
        self.estate.kind("sale_hold", on_expiry=second, blocked_actions=actions)
        self.votes: list[UUID] = []
        with clock.at(self.moment):
            self.record = self.estate.property()

    @contextlib.contextmanager
    def later(self, by: timedelta = timedelta(seconds=1)) -> Iterator[None]:
        """Time only goes forward; a refusal has to change nothing, which is checked next."""
        self.moment += by
        with clock.at(self.moment), contextlib.suppress(Refusal):
            yield

    def a_lock(self, place: int) -> UUID | None:
        found = self.estate.locks(self.record)
        return found[place % len(found)].id if found else None

    @rule(value=VALUES)
    def measure_coverage(self, value: str) -> None:
        with self.later():
            self.estate.measure(self.record, value)

    @rule(value=SHARES)
    def measure_occupancy(self, value: str) -> None:
        with self.later():
            self.estate.measure(self.record, value, "occupancy")

    @rule(place=st.integers(0, 5))
    def ask(self, place: int) -> None:
        lock = self.a_lock(place)
        if lock:
            with self.later():
                self.votes.append(self.estate.ask(lock))

    @rule(decision=st.sampled_from(["approve", "reject"]))
    def vote(self, decision: str) -> None:
        if self.votes:
            with self.later():
                self.estate.decide(self.votes.pop(0), decision)

    @rule(place=st.integers(0, 5))
    def override(self, place: int) -> None:
        lock = self.a_lock(place)
        if lock:
            with self.later():
                self.estate.override(lock)

    @rule(place=st.integers(0, 5), accept=st.booleans())
    def renew_or_accept(self, place: int, *, accept: bool) -> None:
        lock = self.a_lock(place)
        if lock:
            act = service.accept_risk if accept else service.renew
            with self.later(), transaction(actor=self.estate.people.alma.actor):
                act(lock, WORDS)

    @rule(days=st.sampled_from([1, 30, 60, 90, 91]))
    def time_passes(self, days: int) -> None:
        with self.later(timedelta(days=days)):
            self.estate.expire(self.moment)

    @rule()
    def act(self) -> None:
        """An edit goes through exactly when no standing lock blocks it."""
        blocked = any(
            lock.status == "locked" and "edit" in lock.blocked_actions
            for lock in self.estate.locks(self.record)
        )
        with self.estate.system:
            version = session().execute(
                text("select version from records where id = :id"), {"id": self.record}
            )
            seen = int(version.scalar_one())
        refused = False
        self.moment += timedelta(seconds=1)
        with clock.at(self.moment):
            try:
                with transaction(actor=self.estate.people.rui.actor):
                    note: dict[str, Any] = {"note": f"At {self.moment}"}
                    records.update_record(self.record, note, version=seen)
            except Locked:
                refused = True
        assert refused == blocked

    @invariant()
    def nothing_is_wrong(self) -> None:
        if not hasattr(self, "record"):
            return
        with self.estate.system:
            for name, statement in WRONG.items():
                assert session().execute(text(statement)).scalar() == 0, name
            blocked = session().execute(
                text("select get_blocked_actions_for_property(:r)"), {"r": self.record}
            )
            told = set(blocked.scalar_one())
        standing = [one for one in self.estate.locks(self.record) if one.status == "locked"]
        assert told == {action for one in standing for action in one.blocked_actions}


@pytest.fixture
def machine(estate: Estate) -> Iterator[type[Locks]]:
    Locks.estate = estate
    yield Locks
    del Locks.estate


@pytest.mark.slow
def test_no_order_of_acts_breaks_an_invariant(machine: type[Locks]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15,
            stateful_step_count=16,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
