"""Which rule applies: the levels of a definition, or what its approval matrix says.

The answer is pinned with the request (I-17): levels as plain specifications, and an
explanation that names the rule, its version and every condition that led to it (APP-10).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wfweb.approvals import matrix_answers
from wfweb.approvals.matrix import record_fields
from wfweb.approvals.rules import MAX_LEVELS
from wfweb.approvals.wording import rule_text

Spec = dict[str, Any]


@dataclass(slots=True)
class Route:
    """The levels to ask, or the rule that needs nobody, or what is wrong."""

    levels: list[Spec] = field(default_factory=list)
    explanation: dict[str, Any] = field(default_factory=dict)
    automatic: dict[str, Any] | None = None
    problem: str | None = None


def route(approval: Mapping[str, Any], facts: Mapping[str, Any], source: str) -> Route:
    """Return the levels that a state's approval configuration asks for.

    :param facts: what conditions look at (record, requester, instance, clock).
    :param source: the definition and its version in words, for the explanation.
    """
    if approval.get("matrix"):
        return _by_matrix(str(approval["matrix"]), approval, facts)
    levels = [level_spec(level, number, approval) for number, level in _numbered(approval)]
    made = Route(levels=levels)
    made.explanation = {
        "kind": "levels",
        "source": source,
        "sentence": f"{source} asks {_count(len(levels))}",
        "levels": [{"name": s["name"], "rule": s["rule_text"]} for s in levels],
    }
    if not levels:
        made.problem = f"{source} names nobody to ask"
    return made


def _numbered(approval: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    return list(enumerate(approval.get("levels") or (), start=1))


def _count(number: int) -> str:
    return "one level" if number == 1 else f"{number} levels"


def level_spec(level: Mapping[str, Any], number: int, approval: Mapping[str, Any]) -> Spec:
    """Return one level written out: nothing about it has to be looked up again."""
    spec: Spec = {
        "name": level.get("name") or f"Level {number}",
        "approvers": [_approver(one) for one in level.get("approvers") or ()],
        "quorum": level.get("quorum") or "any",
        "min_approvers": level.get("min_approvers"),
        "ordering": level.get("ordering") or "parallel",
        "due_hours": level.get("due_hours"),
        "remind_hours": list(level.get("remind_hours") or ()),
        "timeout_action": level.get("timeout_action"),
        "escalate_to": [_approver(one) for one in level.get("escalate_to") or ()],
        "auto_approve": level.get("auto_approve"),
        "self_approval": bool(level.get("self_approval") or approval.get("self_approval")),
    }
    calendar = level.get("calendar") or approval.get("calendar")
    if calendar:
        spec["calendar"] = calendar
    spec["reads"] = sorted({*fields_of(spec), *(level.get("reads") or ())})
    spec["rule_text"] = rule_text(spec)
    return spec


def _approver(one: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in one.items() if value is not None}


def fields_of(spec: Mapping[str, Any]) -> set[str]:
    """Return the record's fields that a level's rule reads, for edits that touch them."""
    found = {
        str(one["field"]).removeprefix("record.").partition(".")[0]
        for one in (*spec["approvers"], *spec["escalate_to"])
        if one.get("field")
    }
    automatic = spec.get("auto_approve")
    if automatic:
        found |= record_fields(automatic["when"])
    return found


def _by_matrix(code: str, approval: Mapping[str, Any], facts: Mapping[str, Any]) -> Route:
    answer = matrix_answers.ask(code, facts)
    made = Route(explanation=answer.explanation, automatic=answer.automatic)
    made.problem = answer.problem
    levels = [
        level_spec(level, number, approval) for number, level in enumerate(answer.levels, start=1)
    ]
    for spec in levels:
        # The whole table is read to find the row, so all its inputs belong to each level.
        spec["reads"] = sorted({*spec["reads"], *answer.reads})
    made.levels = levels[:MAX_LEVELS]
    if len(levels) > MAX_LEVELS:
        made.problem = f"{answer.explanation['sentence']}: {len(levels)} levels are too many"
    if not made.levels and made.automatic is None and made.problem is None:
        made.problem = f"No rule of the matrix {code} applies"
    return made
