"""Whatever happens to an order, in any sequence, its clock and its ledger say the same (I-29)."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
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

from tests.sla.conftest import MONDAY, World, promise
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Refusal
from wfweb.records import service as records
from wfweb.records.models import Record
from wfweb.sla import by_hand, definitions, loading, receipts, rules
from wfweb.sla.clocks import Row, elapsed_at
from wfweb.sla.models import SlaClock, SlaCrossing, SlaSegment

PHASES = st.sampled_from(["waiting", "held", "back", "decided", "dropped"])
MINUTES = st.sampled_from([0, 1, 7, 60, 240, 480, 1440, 4000])
PAUSES = [
    {"reason": "Waiting", "when": {"field": "phase", "operator": "=", "value": "waiting"}},
    {"reason": "Held", "when": {"field": "phase", "operator": "=", "value": "held"}},
]


class Story(RuleBasedStateMachine):
    """Hours pass, people and conditions pause and resume, definitions change, sweeps come."""

    world: ClassVar[World]

    @initialize(hours=st.integers(1, 30), pauses=st.booleans())
    def begins(self, hours: int, pauses: bool) -> None:
        self.now = MONDAY + timedelta(hours=3, microseconds=123_456)
        self.ranks: dict[tuple[Any, int], int] = {}
        self.world.define(target=hours, pause=PAUSES if pauses else [])
        self.order = self.world.order(self.now)
        self.clock_id = self.world.clock(self.order).id

    @rule(minutes=MINUTES, seconds=st.integers(0, 59))
    def time_passes(self, minutes: int, seconds: int) -> None:
        self.now += timedelta(minutes=minutes, seconds=seconds)

    @rule(minutes=st.integers(1, 90))
    def the_clock_of_the_machine_is_set_back(self, minutes: int) -> None:
        self.now -= timedelta(minutes=minutes)

    @rule()
    def the_sweep_comes(self) -> None:
        self.world.sweep(self.now)

    @rule(phase=PHASES)
    def the_order_changes(self, phase: str) -> None:
        self.world.edit(self.order, self.now, phase=phase)

    @rule(who=st.sampled_from(["ada", "rui", "mia"]))
    def it_changes_hands(self, who: str) -> None:
        with clock.at(self.now), transaction(actor=self.world.people.rui.actor):
            version = session().get_one(Record, self.order, populate_existing=True).version
            owner = getattr(self.world.people, who).id
            records.set_owner(self.order, owner, version=version)

    @rule(name=st.sampled_from(["pause", "resume"]))
    def somebody_holds_it_by_hand(self, name: str) -> None:
        actor = self.world.people.otto.actor
        with contextlib.suppress(Refusal), clock.at(self.now), transaction(actor=actor):
            if name == "pause":
                by_hand.pause(self.clock_id, "Strike")
            else:
                by_hand.resume(self.clock_id)

    @rule(hours=st.integers(1, 60))
    def it_is_moved_to_another_version(self, hours: int) -> None:
        with clock.at(self.now), transaction(actor=self.world.people.alma.actor):
            content = promise(target=hours, pause=PAUSES)
            number = definitions.save_definition(content).current_version
        actor = self.world.people.alma.actor
        with contextlib.suppress(Refusal), clock.at(self.now), transaction(actor=actor):
            by_hand.move(self.clock_id, number)

    @invariant()
    def the_row_says_what_the_ledger_says(self) -> None:
        if not hasattr(self, "order"):
            return
        with transaction(actor=self.world.people.alma.actor):
            session().expire_all()
            (row,) = loading.rows(loading.clocks().where(SlaClock.id == self.clock_id))
            held, ledger = loading.hold(row), loading.ledgers([row])[row.id]
            moment = max(self.now, row.segment_started_at)
            shown = rules.read(held.terms, ledger, held.calendar, moment)
            assert elapsed_at(held, moment) == shown.elapsed
            assert row.elapsed_seconds == sum(self._spent(row))
            if row.completed_at is not None:
                assert (row.status, row.level) == (shown.status, shown.level)
                assert (row.elapsed_seconds, row.wall_seconds) == (shown.elapsed, shown.wall)
            elif row.status != "paused":
                assert row.due_at == shown.due
                assert receipts.recompute(row.receipt or {}) == row.due_at
            if row.breached_at is not None:
                assert row.breached_at == shown.breached_at
            self._levels_go_forward(row, shown)
            if row.next_check_at is not None and row.next_check_at > moment:
                assert shown.level == row.level, "the next check comes too late"

    @staticmethod
    def _spent(row: Row) -> Iterator[int]:
        query = select(SlaSegment.business_seconds).where(
            SlaSegment.clock_id == row.id, SlaSegment.round == row.round
        )
        yield from session().scalars(query)

    def _levels_go_forward(self, row: Row, shown: rules.Reading) -> None:
        rank = rules.LEVELS.index(row.level)
        assert rank >= self.ranks.get((row.id, row.round), 0)
        assert rank <= rules.LEVELS.index(shown.level)
        self.ranks[row.id, row.round] = rank
        query = select(SlaCrossing).where(
            SlaCrossing.clock_id == row.id, SlaCrossing.round == row.round
        )
        written = sorted(
            (one.at, rules.LEVELS.index(one.level)) for one in session().scalars(query)
        )
        reached = [(one.at, rules.LEVELS.index(one.level)) for one in shown.crossings]
        assert written == sorted(reached)[:rank]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_whatever_happens_the_clock_says_what_its_ledger_says(world: World) -> None:
    Story.world = world
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=20,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
