"""Whatever is measured and done, in any order: I-30, one open alert, hysteresis as modelled."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any, ClassVar

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
from sqlalchemy import select

from tests.alerts.conftest import Works, deliver, low
from wfweb.alerts import lapsing, rules_admin, service, silencing
from wfweb.alerts.models import OPEN_STATUSES, Alert, AlertState
from wfweb.events import timers
from wfweb.events.models import OutboxMessage, Timer
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Refusal
from wfweb.wiring import TIMERS

COOLDOWN, CAP = timedelta(minutes=10), 2
STEPS = [
    {"after_minutes": 20, "recipients": [{"role": "approver"}]},
    {"after_minutes": 90, "severity": "critical", "recipients": [{"role": "committee"}]},
]


class Tanks(RuleBasedStateMachine):
    """Two tanks, one rule, and time that passes."""

    works: ClassVar[Works]
    round: ClassVar[int] = 0

    @initialize(auto=st.booleans(), again=st.sampled_from([None, 2]))
    def begin(self, auto: bool, again: int | None) -> None:
        Tanks.round += 1
        self.now = clock.now().replace(hour=9) + timedelta(days=2 * Tanks.round)
        more = {"auto_resolve": auto, "raise_again_hours": again, "expires_hours": 30}
        self.code = f"low_{Tanks.round}"
        with clock.at(self.now):
            self.rule_id = self.works.rule(
                low(code=self.code, cooldown_minutes=10, daily_cap=CAP, escalation=STEPS, **more)
            )
            self.tanks = [self.works.tank(f"T{Tanks.round}-{number}") for number in range(2)]
        self.raised = [False, False]

    @rule(
        tank=st.integers(0, 1),
        value=st.sampled_from([10, 19, 20, 25, 29, 30, 50]),
        wait=st.integers(0, 40),
    )
    def measure(self, tank: int, value: int, wait: int) -> None:
        self.now += timedelta(minutes=wait, seconds=1)
        with clock.at(self.now):
            self.works.measure(self.tanks[tank], value)
        self.raised[tank] = value < 20 or (self.raised[tank] and value < 30)

    @rule(tank=st.integers(0, 1), waits=st.lists(st.integers(0, 12), min_size=3, max_size=6))
    def hover(self, tank: int, waits: list[int]) -> None:
        for number, wait in enumerate(waits):
            self.measure(tank, 50 if number % 2 else 10, wait)

    @rule(hours=st.integers(0, 14))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours, minutes=1)
        with clock.at(self.now):
            lapsing.expire_due()
            timers.fire_due(TIMERS, limit=500)

    @rule(tank=st.integers(0, 1), verb=st.sampled_from(["acknowledge", "resolve", "remind"]))
    def somebody_acts(self, tank: int, verb: str) -> None:
        with self.works.system:
            alert_id = session().scalar(
                select(Alert.id).where(
                    Alert.record_id == self.tanks[tank], Alert.status.in_(OPEN_STATUSES)
                )
            )
        if alert_id is None:
            return
        acts: dict[str, Any] = {
            "acknowledge": lambda: service.acknowledge(alert_id),
            "resolve": lambda: service.resolve(alert_id, "Known"),
            "remind": lambda: service.remind(alert_id, 45),
        }
        who = self.works.people.otto.actor
        with contextlib.suppress(Refusal), clock.at(self.now), transaction(actor=who):
            acts[verb]()

    @rule(tank=st.integers(0, 1), hours=st.integers(1, 5))
    def silence(self, tank: int, hours: int) -> None:
        until = self.now + timedelta(hours=hours)
        with clock.at(self.now), transaction(actor=self.works.people.otto.actor):
            silencing.silence(record_id=self.tanks[tank], until=until, reason="Repairs")

    @rule()
    def messages_leave(self) -> None:
        with clock.at(self.now):
            deliver(self.works)

    @invariant()
    def everything_agrees(self) -> None:
        if not hasattr(self, "raised"):
            return
        with self.works.system:
            session().expire_all()
            alerts = list(session().scalars(select(Alert).where(Alert.rule_id == self.rule_id)))
            self._one_open_alert(alerts)
            self._nothing_waits_for_what_has_ended(alerts)
            self._messages_keep_their_distance()
            for number, tank in enumerate(self.tanks):
                state = session().get(AlertState, (self.rule_id, tank))
                assert (state is not None and state.raised) == self.raised[number]

    def _one_open_alert(self, alerts: list[Alert]) -> None:
        for number, tank in enumerate(self.tanks):
            mine = [one for one in alerts if one.record_id == tank]
            open_ones = [one for one in mine if one.is_open]
            assert len(open_ones) <= 1
            if not self.raised[number]:
                assert all(one.holds is False for one in open_ones)

    def _nothing_waits_for_what_has_ended(self, alerts: list[Alert]) -> None:
        ended = [one.id for one in alerts if not one.is_open]
        assert all(one.next_escalation_at is None for one in alerts if not one.is_open)
        waiting = select(Timer.id).where(Timer.subject_id.in_(ended), Timer.state == "armed")
        assert list(session().scalars(waiting)) == []

    def _messages_keep_their_distance(self) -> None:
        """Of one rule and record: a cooldown between two, and never more than the cap a day."""
        sent = list(
            session().execute(
                select(OutboxMessage.created_at, OutboxMessage.payload)
                .where(OutboxMessage.kind == "alerts.tell")
                .order_by(OutboxMessage.created_at)
            )
        )
        for tank in self.tanks:
            mine = select(Alert.id).where(Alert.rule_id == self.rule_id, Alert.record_id == tank)
            ids = {str(one) for one in session().scalars(mine)}
            moments = [
                row.created_at
                for row in sent
                if row.payload["kind"] == "raised" and ids & set(row.payload["alert_ids"])
            ]
            gaps = [later - before for before, later in pairwise(moments)]
            assert all(gap >= COOLDOWN for gap in gaps), gaps
            days = Counter(one.date() for one in moments)
            assert all(count <= CAP for count in days.values()), days

    def teardown(self) -> None:
        if hasattr(self, "code"):
            with transaction(actor=self.works.people.alma.actor):
                version = rules_admin.rule_by_code(self.code).version
                rules_admin.set_active(self.code, active=False, version=version)


@pytest.fixture
def machine(works: Works) -> Iterator[type[Tanks]]:
    Tanks.works, Tanks.round = works, 0
    yield Tanks
    del Tanks.works


@pytest.mark.slow
def test_alerts_in_any_order(machine: type[Tanks]):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
