"""Behaviours that other systems' tests assert: the executable ones run, all are considered."""

import json
import re
from pathlib import Path

import pytest

from wfweb.approvals.rules import (
    Decider,
    LevelRule,
    Outcome,
    Quorum,
    Seat,
    SeatStatus,
    Separation,
    asked,
    carried_over,
    may_decide,
    outcome,
)

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data" / "approvals" / "approval_semantics.json"
DOCUMENT = ROOT / "docs" / "approval-behaviours.md"
BEHAVIOURS = json.loads(DATA.read_text()) if DATA.exists() else []
SCENARIOS = {entry["id"]: entry["scenario"] for entry in BEHAVIOURS if "scenario" in entry}

# Where we decided otherwise (docs/approval-behaviours.md says why), what happens instead.
OURS = {"AP-013": ["approved", "refused", "refused"]}


class Chain:
    """A request as the rules see it: levels one after the other, no database."""

    def __init__(self, scenario):
        self.levels = scenario["levels"]
        requester = frozenset({scenario["requester"]})
        self.separation = Separation(requester, self_approval=scenario.get("self_approval", False))
        self.status = "pending"
        self.number, self.seats = -1, []
        self._next_level()

    @property
    def rule(self):
        level = self.levels[self.number]
        if level["need"] == "all":
            return LevelRule(Quorum.ALL)
        waits = level.get("on_reject") == "wait"
        return LevelRule(Quorum.N_OF_M if waits else Quorum.ANY, level["need"])

    def _next_level(self):
        self.number += 1
        people = [p for p in self.levels[self.number]["of"] if p not in self.separation.barred()]
        carried = carried_over(self.seats, people)
        self.seats = [
            Seat(n, p, n, SeatStatus.APPROVED if p in carried else SeatStatus.PENDING)
            for n, p in enumerate(people)
        ]
        self._follow()

    def _follow(self):
        settled = outcome(self.rule, self.seats)
        if settled is Outcome.REJECTED:
            self.status = "rejected"
        elif settled is Outcome.APPROVED and self.number + 1 == len(self.levels):
            self.status = "approved"
        elif settled is Outcome.APPROVED:
            self._next_level()

    def answer(self, person, decision):
        is_open = self.status == "pending"
        if may_decide(
            self.rule, self.seats, Decider(person), self.separation, request_open=is_open
        ):
            return "refused"
        (seat,) = (seat for seat in asked(self.rule, self.seats) if seat.user_id == person)
        status = SeatStatus.APPROVED if decision == "approve" else SeatStatus.REJECTED
        self.seats[self.seats.index(seat)] = Seat(seat.assignment_id, person, seat.sequence, status)
        self._follow()
        return self.status


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name):
    scenario = SCENARIOS[name]
    chain = Chain(scenario)

    answers = [chain.answer(*event) for event in scenario["events"]]

    assert answers == OURS.get(name, scenario["expect"])


@pytest.mark.skipif(not BEHAVIOURS, reason="../shared/data/approvals is not here")
def test_all_behaviours_are_here():
    assert (len(BEHAVIOURS), len(SCENARIOS)) == (99, 19)
    assert set(OURS) <= set(SCENARIOS)


def considered():
    found = re.findall(r"^\| (AP-\d{3}) \| (.+?) \| (test|differs|elsewhere): (.+?) \|$",
                       DOCUMENT.read_text(), re.MULTILINE)  # fmt: skip
    return {name: (kind, text) for name, _, kind, text in found}


@pytest.mark.skipif(not BEHAVIOURS, reason="../shared/data/approvals is not here")
def test_every_behaviour_is_considered():
    assert set(considered()) == {entry["id"] for entry in BEHAVIOURS}


def test_every_scenario_and_every_named_test_exists():
    written = "\n".join(path.read_text() for path in ROOT.glob("tests/**/test_*.py"))
    entries = considered()

    for name, (kind, text) in entries.items():
        if kind == "test":
            for function in re.findall(r"`(test_\w+)`", text) or [f"no test named for {name}"]:
                assert f"def {function}(" in written
    for name in SCENARIOS:
        assert entries[name][0] == ("differs" if name in OURS else "test")
