"""Anything people do to a request, in any order, leaves every invariant true (I-01..I-19)."""

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

from tests.approvals import invariants
from tests.approvals.conftest import World, body, level
from tests.people import Person
from wfweb.approvals import service as approvals
from wfweb.approvals.models import ApprovalRequest
from wfweb.events import timers
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Refusal
from wfweb.wiring import TIMERS

NAMES = ("ada", "mia", "otto", "cleo", "alma")
EVERYBODY = (*NAMES, "rui")
PEOPLE = st.sampled_from(EVERYBODY)
APPROVERS = st.one_of(
    st.sampled_from(NAMES),
    st.sampled_from(
        [
            {"role": "approver"},
            {"role": "committee"},
            {"field": "record.buyer"},
            {"manager_chain": 1},
        ]
    ),
)
LEVELS = st.fixed_dictionaries(
    {
        "approvers": st.lists(APPROVERS, min_size=1, max_size=4),
        "quorum": st.sampled_from(["any", "all", "majority", "n_of_m"]),
        "min_approvers": st.integers(1, 3),
        "ordering": st.sampled_from(["parallel", "sequential"]),
        "self_approval": st.booleans(),
        "timeout_action": st.sampled_from(["notify", "escalate", "auto_reject", "auto_approve"]),
    }
)


def written(drawn: dict[str, Any]) -> dict[str, Any]:
    more = dict(drawn)
    named = more.pop("approvers")
    if more["quorum"] in {"all", "majority"}:
        more["min_approvers"] = None
    return level(*named, due_hours=1, **more)


class Requests(RuleBasedStateMachine):
    """One instance under approval and everybody around it."""

    world: ClassVar[World]

    @initialize(
        levels=st.lists(LEVELS, min_size=1, max_size=3),
        on_edit=st.sampled_from(["refuse", "restart", "affected"]),
        buyer=st.sampled_from([*NAMES, None]),
    )
    def submit(self, levels: list[dict[str, Any]], on_edit: str, buyer: str | None) -> None:
        self.world.publish(body([written(one) for one in levels], on_edit=on_edit))
        data = {"buyer": str(self.person(buyer).id)} if buyer else {}
        self.moment = clock.now()
        with clock.at(self.moment):
            self.case = self.world.submit(**data)
        self.pinned = {self.case.request.id: self.rule_of(self.case.request.id)}

    def person(self, name: str) -> Person:
        return getattr(self.world.people, name)

    def rule_of(self, request_id: Any) -> Any:
        with transaction(actor=self.person("alma").actor):
            return session().get_one(ApprovalRequest, request_id).rule_snapshot

    def attempt(self, who: str, act: Any) -> None:
        """Let somebody try something; a refusal must change nothing, which is checked next."""
        try:
            # Time only goes forward, a second an act and two hours where it passes.
            self.moment += timedelta(seconds=1)
            with clock.at(self.moment), transaction(actor=self.person(who).actor):
                act()
        except Refusal:
            pass
        self.case = self.world.case_of(self.case.request.instance_id)
        self.pinned.setdefault(self.case.request.id, self.rule_of(self.case.request.id))

    @rule(who=PEOPLE, decision=st.sampled_from(["approve", "approve", "reject", "send_back"]))
    def decide(self, who: str, decision: Any) -> None:
        request = self.case.request
        self.attempt(
            who,
            lambda: approvals.decide(
                request.id, decision, digest=request.digest, comment="Because"
            ),
        )

    @rule(decision=st.sampled_from(["approve", "approve", "approve", "reject"]))
    def whoever_is_asked_decides(self, decision: Any) -> None:
        asked = [seat for seat in self.case.seats() if seat.is_asked]
        for name in EVERYBODY:
            if asked and self.person(name).id == asked[0].user_id:
                self.decide(name, decision)

    @rule(giver=PEOPLE, taker=PEOPLE)
    def delegate(self, giver: str, taker: str) -> None:
        for seat in self.case.seats():
            if seat.user_id == self.person(giver).id and seat.is_open:
                to, seat_id = self.person(taker).id, seat.id
                self.attempt(giver, lambda: approvals.delegate(seat_id, to))  # noqa: B023
                return

    @rule(taker=PEOPLE)
    def reassign(self, taker: str) -> None:
        for seat in self.case.seats():
            if seat.is_open:
                to, seat_id = self.person(taker).id, seat.id
                self.attempt("otto", lambda: approvals.reassign(seat_id, to))  # noqa: B023
                return

    @rule(taker=PEOPLE)
    def add_approver(self, taker: str) -> None:
        to = self.person(taker).id
        self.attempt("alma", lambda: approvals.add_approver(self.case.request.id, to))

    @rule()
    def look_again(self) -> None:
        self.attempt("alma", lambda: approvals.re_resolve(self.case.request.id))

    @rule()
    def withdraw(self) -> None:
        self.attempt("rui", lambda: approvals.withdraw(self.case.request.id))

    @rule()
    def resubmit(self) -> None:
        self.attempt("rui", lambda: approvals.resubmit(self.case.request.id))

    @rule(who=PEOPLE, field=st.sampled_from(["subject", "buyer", "note"]))
    def edit(self, who: str, field: str) -> None:
        value = str(self.person(who).id) if field == "buyer" else f"Changed by {who}"
        with contextlib.suppress(Refusal), clock.at(self.moment):
            self.world.edit(self.case, self.person(who), **{field: value})
        self.attempt("alma", lambda: None)

    @rule(who=st.sampled_from(["ada", "cleo"]), member=st.booleans())
    def change_roles(self, who: str, member: bool) -> None:
        code = "approver" if who == "ada" else "committee"
        with clock.at(self.moment):
            self.world.give_role(self.person(who), code if member else None)
        self.attempt("alma", lambda: None)

    @rule()
    def time_passes(self) -> None:
        self.moment += timedelta(hours=2)
        with clock.at(self.moment):
            timers.fire_due(TIMERS)
        self.attempt("alma", lambda: None)

    @invariant()
    def every_invariant_holds(self) -> None:
        if not hasattr(self, "case"):
            return
        with transaction(actor=self.person("alma").actor):
            session().expire_all()
            invariants.check(self.case.request.instance_id)
            rules = session().execute(
                select(ApprovalRequest.id, ApprovalRequest.rule_snapshot).where(
                    ApprovalRequest.instance_id == self.case.request.instance_id
                )
            )
            for request_id, rule_snapshot in rules:
                assert self.pinned.get(request_id, rule_snapshot) == rule_snapshot, "I-17"

    def teardown(self) -> None:
        self.world.give_role(self.person("ada"), "approver")
        self.world.give_role(self.person("cleo"), "committee")


@pytest.fixture
def machine(world: World) -> Iterator[type[Requests]]:
    Requests.world = world
    yield Requests
    del Requests.world


@pytest.mark.slow
def test_no_order_of_acts_breaks_an_invariant(machine: type[Requests]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=20,
            stateful_step_count=14,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
