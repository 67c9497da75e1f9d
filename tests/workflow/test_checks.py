"""Checking a definition: every problem is found and names its place (ENG-8)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.workflow.conftest import body
from wfweb.workflow.catalogue import Catalogue
from wfweb.workflow.checks import validate
from wfweb.workflow.problems import Problem

Change = Callable[[dict[str, Any]], None]
KNOWN = Catalogue(
    roles={"approver": 2, "empty": 0},
    people=frozenset({"ada@kestrel.example"}),
    permissions=frozenset({"records.edit"}),
    record_types={"order": {"amount": "money", "buyer": "person", "note": "text"}},
    matrices=frozenset({"amounts"}),
    definitions=frozenset({"other"}),
    actions={
        "note": {
            "type": "object",
            "properties": {"text": {"type": "string"}},
            "required": ["text"],
            "additionalProperties": False,
        },
        "wait": {"type": "object"},
        "start_workflow": {"type": "object"},
        "update_field": {"type": "object"},
        "transition": {"type": "object"},
    },
    condition=lambda condition, _type: (
        [] if condition.get("field") == "amount" else [("all[1].field", "There is no such field")]
    ),
)


def approval(**config: Any) -> dict[str, Any]:
    """A definition with one approval state, number 1."""
    levels = [{"approvers": [{"role": "approver"}]}]
    return body(
        record_type="order",
        states=[
            {"code": "new", "name": "New", "type": "start"},
            {
                "code": "asked",
                "name": "Asked",
                "type": "approval",
                "approval": {"levels": levels, **config},
            },
            {"code": "yes", "name": "Yes", "type": "end"},
            {"code": "no", "name": "No", "type": "end"},
        ],
        transitions=[
            {"code": "ask", "from": "new", "to": "asked"},
            {"code": "ok", "from": "asked", "to": "yes", "trigger": "approval"},
            {"code": "nok", "from": "asked", "to": "no", "trigger": "rejection"},
        ],
    )


def found(content: dict[str, Any]) -> list[Problem]:
    return validate(content, KNOWN)


def test_sound_definitions_have_no_problems() -> None:
    assert found(body()) == []
    assert found(approval()) == []
    assert found(approval(matrix="amounts", levels=[])) == []


def set_in(*path: Any, value: Any) -> Change:
    def change(content: dict[str, Any]) -> None:
        inner: Any = content
        for part in path[:-1]:
            inner = inner[part]
        if value is None:
            del inner[path[-1]]
        else:
            inner[path[-1]] = value

    return change


def append(*path: Any, value: Any) -> Change:
    def change(content: dict[str, Any]) -> None:
        inner: Any = content
        for part in path:
            inner = inner[part]
        inner.append(value)

    return change


def both(*changes: Change) -> Change:
    def change(content: dict[str, Any]) -> None:
        for one in changes:
            one(content)

    return change


def state(code: str, **members: Any) -> dict[str, Any]:
    return {"code": code, "name": code.capitalize(), **members}


def way(code: str, start: str, end: str, **members: Any) -> dict[str, Any]:
    return {"code": code, "from": start, "to": end, **members}


BROKEN: list[tuple[str, Change, str]] = [
    ("no_start", set_in("states", 0, "type", value="normal"), "/states"),
    ("second_start", set_in("states", 1, "type", value="start"), "/states/1/type"),
    ("no_end", set_in("states", 2, "type", value="normal"), "/states"),
    ("end_unreachable", set_in("transitions", 2, value=None), "/states"),
    ("unreachable", append("states", value=state("island", final=True)), "/states/3"),
    (
        "dead_end",
        both(
            append("states", value=state("trap")),
            append("transitions", value=way("fall", "new", "trap")),
        ),
        "/states/3",
    ),
    (
        "no_way_to_end",
        both(
            append("states", value=state("trap")),
            append("transitions", value=way("fall", "new", "trap")),
            append("transitions", value=way("again", "trap", "trap")),
        ),
        "/states/3",
    ),
    ("unknown_state", set_in("transitions", 0, "to", value="nowhere"), "/transitions/0/to"),
    ("leaves_end", append("transitions", value=way("x", "done", "new")), "/transitions/3/from"),
    ("duplicate", set_in("states", 1, "code", value="new"), "/states/1/code"),
    ("duplicate", set_in("transitions", 1, "code", value="check"), "/transitions/1/code"),
    ("unknown_role", set_in("transitions", 2, "role", value="boss"), "/transitions/2/role"),
    (
        "unknown_permission",
        set_in("transitions", 0, "permission", value="x.y"),
        "/transitions/0/permission",
    ),
    ("unknown_record_type", set_in("record_type", value="car"), "/record_type"),
    (
        "condition",
        set_in("transitions", 0, "condition", value={"field": "wheels", "operator": "is set"}),
        "/transitions/0/condition/all/1/field",
    ),
    (
        "condition",
        set_in("trigger_condition", value={"field": "x"}),
        "/trigger_condition/all/1/field",
    ),
    (
        "unknown_action",
        set_in("states", 0, "on_exit", value=[{"action": "fly"}]),
        "/states/0/on_exit/0/action",
    ),
    (
        "action_parameter",
        set_in("transitions", 0, "actions", value=[{"action": "note", "text": 5}]),
        "/transitions/0/actions/0/text",
    ),
    (
        "template",
        set_in("transitions", 0, "actions", value=[{"action": "note", "text": "{{a + b}}"}]),
        "/transitions/0/actions/0/text",
    ),
    (
        "unknown_workflow",
        set_in(
            "states", 1, "on_enter", value=[{"action": "start_workflow", "workflow": "none_such"}]
        ),
        "/states/1/on_enter/0/workflow",
    ),
    (
        "unknown_step",
        set_in("states", 1, "on_enter", value=[{"action": "transition", "transition": "fly"}]),
        "/states/1/on_enter/0/transition",
    ),
    (
        "wait_place",
        set_in(
            "states", 1, "on_exit", value=[{"action": "wait", "hours": 1, "transition": "check"}]
        ),
        "/states/1/on_exit/0/action",
    ),
    ("timeout", set_in("states", 1, "timeout_hours", value=5), "/states/1/timeout_hours"),
    ("timeout", set_in("states", 1, "timeout_action", value="notify"), "/states/1/timeout_action"),
    ("schedule", set_in("trigger", value="scheduled"), "/schedule"),
    ("schedule", set_in("schedule", value={"cron": "0 8 * * *"}), "/schedule"),
    ("trigger", set_in("trigger", value="on_condition"), "/trigger_condition"),
    ("trigger", set_in("trigger", value="on_write"), "/record_type"),
    (
        "shadowed",
        append("transitions", value=way("again", "new", "done", event="Check")),
        "/transitions/3",
    ),
]


@pytest.mark.parametrize(("code", "change", "place"), BROKEN)
def test_each_problem_names_its_place(code: str, change: Change, place: str) -> None:
    content = body()
    change(content)
    assert (code, place) in [(problem.code, problem.path) for problem in found(content)]


APPROVALS: list[tuple[str, Change, str]] = [
    ("no_approval_exit", set_in("transitions", 1, value=None), "/states/1"),
    ("no_rejection_exit", set_in("transitions", 2, value=None), "/states/1"),
    ("no_approver", set_in("states", 1, "approval", value=None), "/states/1/approval"),
    ("no_approver", set_in("states", 1, "approval", "levels", value=[]), "/states/1/approval"),
    (
        "no_approver",
        set_in("states", 1, "approval", "levels", 0, "approvers", value=[]),
        "/states/1/approval/levels/0/approvers",
    ),
    (
        "too_many_levels",
        set_in(
            "states", 1, "approval", "levels", value=[{"approvers": [{"role": "approver"}]}] * 11
        ),
        "/states/1/approval/levels",
    ),
    (
        "unknown_role",
        set_in("states", 1, "approval", "levels", 0, "approvers", 0, "role", value="boss"),
        "/states/1/approval/levels/0/approvers/0/role",
    ),
    (
        "unknown_person",
        append("states", 1, "approval", "levels", 0, "approvers", value={"user": "eve@x.example"}),
        "/states/1/approval/levels/0/approvers/1/user",
    ),
    (
        "unknown_field",
        append("states", 1, "approval", "levels", 0, "approvers", value={"field": "record.boss"}),
        "/states/1/approval/levels/0/approvers/1/field",
    ),
    (
        "field_type",
        append("states", 1, "approval", "levels", 0, "approvers", value={"field": "note"}),
        "/states/1/approval/levels/0/approvers/1/field",
    ),
    (
        "field_type",
        set_in("states", 1, "approval", "amount_field", value="note"),
        "/states/1/approval/amount_field",
    ),
    ("approval", set_in("states", 1, "type", value="normal"), "/states/1/approval"),
    ("trigger", set_in("states", 1, "type", value="normal"), "/transitions/1/trigger"),
    (
        "unknown_role",
        set_in("states", 1, "approval", "levels", 0, "escalate_to", value=[{"role": "boss"}]),
        "/states/1/approval/levels/0/escalate_to/0/role",
    ),
    (
        "timeout",
        set_in("states", 1, "approval", "levels", 0, "timeout_action", value="escalate"),
        "/states/1/approval/levels/0/timeout_action",
    ),
    (
        "condition",
        set_in(
            "states",
            1,
            "approval",
            "levels",
            0,
            "auto_approve",
            value={"name": "Small", "when": {"field": "x"}},
        ),
        "/states/1/approval/levels/0/auto_approve/when/all/1/field",
    ),
    (
        "approval",
        set_in("states", 1, "approval", "matrix", value="amounts"),
        "/states/1/approval/levels",
    ),
]


@pytest.mark.parametrize(("code", "change", "place"), APPROVALS)
def test_approvals_need_somebody_to_ask_and_two_ways_out(
    code: str, change: Change, place: str
) -> None:
    content = approval()
    change(content)
    assert (code, place) in [(problem.code, problem.path) for problem in found(content)]


def test_a_matrix_has_to_exist() -> None:
    problems = found(approval(matrix="none_such", levels=[]))
    assert [(p.code, p.path) for p in problems] == [("unknown_matrix", "/states/1/approval/matrix")]


def test_a_role_nobody_holds_is_only_a_hint() -> None:
    content = approval()
    content["states"][1]["approval"]["levels"][0]["approvers"] = [{"role": "empty"}]
    assert [(p.code, p.severity) for p in found(content)] == [("empty_role", "warning")]


def test_time_alone_must_not_go_round_for_ever() -> None:
    content = body()
    for number in (0, 1):
        content["states"][number]["timeout_hours"] = 5
    content["transitions"] += [
        way("later", "new", "checked", trigger="timeout"),
        way("again", "checked", "new", trigger="timeout"),
    ]
    problems = [problem for problem in found(content) if problem.code == "endless_loop"]
    assert len(problems) == 1
    assert "“New” → “Checked” → “New”" in problems[0].message
    content["transitions"][-1]["condition"] = {"field": "amount", "operator": "is set"}
    assert not [problem for problem in found(content) if problem.code == "endless_loop"]


@pytest.mark.parametrize("action", ["auto_approve", "auto_reject"])
def test_the_clock_of_a_state_answers_no_approval(action: str) -> None:
    content = approval()
    content["states"][1] |= {"timeout_hours": 4, "timeout_action": action}
    (problem,) = found(content)
    assert (problem.path, problem.severity) == ("/states/1/timeout_action", "error")
    assert f"due_hours and timeout_action: {action} instead" in problem.message
    content["states"][1]["approval"]["levels"][0] |= {"due_hours": 4, "timeout_action": action}
    del content["states"][1]["timeout_hours"], content["states"][1]["timeout_action"]
    assert found(content) == []


def test_time_may_end_an_approval_but_not_take_the_way_of_the_approved() -> None:
    content = approval()
    content["states"][1]["timeout_hours"] = 4
    content["transitions"].append(way("lapse", "asked", "no", trigger="timeout"))
    assert found(content) == []
    content["transitions"][3]["to"] = "yes"
    (problem,) = found(content)
    assert (problem.code, problem.path) == ("around_approval", "/transitions/3/trigger")


def test_a_step_out_of_an_approval_leads_to_an_end_or_is_a_withdrawal() -> None:
    content = approval()
    content["transitions"].append(way("drop", "asked", "no"))
    assert found(content) == []
    content["transitions"][3] = way("back", "asked", "new")
    (problem,) = found(content)
    assert (problem.code, problem.path) == ("around_approval", "/transitions/3/trigger")
    assert problem.severity == "error"
    assert "trigger: rejection with event: withdraw" in problem.message
    content["transitions"][3] = way("back", "asked", "new", trigger="rejection", event="withdraw")
    assert found(content) == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (set_in("states", 0, "type", value="finish"), "/states/0/type"),
        (set_in("colour", value="red"), "/colour"),
        (set_in("code", value="Order Check"), "/code"),
        (set_in("states", value=[]), "/states"),
        (set_in("timeout_hours", value=-1), "/timeout_hours"),
        (set_in("name", value="x" * 121), "/name"),
        (set_in("transitions", 0, "from", value=None), "/transitions/0/from"),
        (set_in("states", 0, "name", value="a\x00b"), "/states/0/name"),
    ],
)
def test_a_wrong_form_names_its_place(change: Change, place: str) -> None:
    content = body()
    change(content)
    assert place in [problem.path for problem in found(content)]


@pytest.mark.parametrize("cron", ["0 8 * *", "61 8 * * *", "0 0 30 2 *", "* * * * * *", "x"])
def test_a_schedule_that_never_comes_is_found(cron: str) -> None:
    content = body(trigger="scheduled", schedule={"cron": cron + " " * (9 - len(cron))})
    assert "/schedule/cron" in [problem.path for problem in found(content)]


def test_a_time_zone_has_to_exist() -> None:
    schedule = {"cron": "0 8 * * *", "time_zone": "Europe/Nowhere"}
    content = body(trigger="scheduled", schedule=schedule)
    assert [problem.path for problem in found(content)] == ["/schedule/time_zone"]
