"""Replaying a definition with approvals: answers go through the decision verb."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import ValidationFailed
from wfweb.replay import runner, selection
from wfweb.replay.cases import Case, LogEvent
from wfweb.replay.results import Results
from wfweb.workflow.definitions import read_body

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
BODY: dict[str, Any] = {
    "code": "claim",
    "name": "Claim",
    "timeout_hours": None,
    "states": [
        {"code": "new", "name": "New", "type": "start"},
        {
            "code": "asked",
            "name": "Asked",
            "type": "approval",
            "approval": {
                "amount_field": "amount",
                "levels": [
                    {"name": "Both", "approvers": [{"role": "boss"}], "quorum": "all"},
                ],
            },
        },
        {"code": "big", "name": "Big", "final": True},
        {"code": "paid", "name": "Paid", "type": "end"},
        {"code": "refused", "name": "Refused", "type": "end"},
    ],
    "transitions": [
        {"code": "submit", "from": "new", "to": "asked", "role": "clerk"},
        {"code": "ok", "from": "asked", "to": "paid", "trigger": "approval"},
        {"code": "no", "from": "asked", "to": "refused", "trigger": "rejection", "event": "nay"},
        {
            "code": "flag",
            "from": "new",
            "to": "big",
            "trigger": "condition",
            "condition": {"field": "amount", "operator": ">", "value": 1000},
        },
    ],
}


def case(name: str, amount: str, *events: tuple[str, str, str]) -> Case:
    made = [
        LogEvent(START + timedelta(minutes=n), activity, role=role, resource=person)
        for n, (activity, role, person) in enumerate(events)
    ]
    return Case(name, {"Amount": amount}, made)


SUBMIT = ("submit", "CLERK", "Rui")
CASES = [
    case("both", "10", SUBMIT, ("Approved", "BOSS", "Ada"), ("Approved", "BOSS", "Mia")),
    case("twice", "10", SUBMIT, ("Approved", "BOSS", "Ada"), ("Approved", "BOSS", "Ada")),
    case("nay", "10", SUBMIT, ("nay", "BOSS", "Mia"), ("Approved", "BOSS", "Ada")),
    case("stranger", "10", SUBMIT, ("Approved", "CLERK", "Rui"), ("fly", "BOSS", "Ada")),
    case("big", "5000.50", SUBMIT),
]
WANTED = {
    "both": ("111", "Paid"),
    "twice": ("110", "Asked"),
    "nay": ("110", "Refused"),
    "stranger": ("100", "Asked"),
    "big": ("0", "Big"),
}


def run(body: dict[str, Any], cases: list[Case], **options: Any) -> Results:
    definition = read_body(body)
    chosen = selection.choose(definition, cases)
    return runner.replay(definition, cases, chosen, runner.Options(**options))


@pytest.mark.parametrize("options", [{}, {"keep": True}, {"commit_each": True}])
def test_answers_are_decided_by_the_people_of_the_log(
    rollback: None, options: dict[str, Any]
) -> None:
    found = run(BODY, CASES, **options)
    assert {c.id: (c.flags, c.state) for c in found.cases.values()} == WANTED
    if not options:
        return
    with transaction(system=True):
        query = text("select id from companies where name = 'Trial run'")
        company = session().execute(query).scalar_one()
        unsent = text("select count(*) from outbox_messages where state <> 'done'")
        assert session().execute(unsent).scalar_one() == 0
    with transaction(company_id=company):
        decided = text("select decision, user_name from approval_decisions order by at, user_name")
        assert [tuple(row) for row in session().execute(decided)] == [
            ("approve", "Ada"), ("approve", "Ada"), ("reject", "Mia"), ("approve", "Mia"),
        ]  # fmt: skip


def test_a_definition_that_names_people_of_the_company_cannot_be_tried(rollback: None) -> None:
    levels = [{"approvers": [{"user": "ada@kestrel.example"}]}]
    states = [*BODY["states"]]
    states[1] = {**states[1], "approval": {"levels": levels}}
    with pytest.raises(ValidationFailed, match="nobody active has the address"):
        run({**BODY, "states": states}, CASES)
