"""The examples of the administrator guide are read by the application's own readers."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from tests.docs.pages import BY_NAME, ROOT, blocks
from wfweb import conditions
from wfweb.alerts.body import RuleBody
from wfweb.alerts.rules import band_is_sound
from wfweb.approvals.matrix_report import check_data
from wfweb.locks.models import IN_FLIGHT, ON_EXPIRY
from wfweb.locks.types import read_type
from wfweb.records.definition import Definition, read_definition
from wfweb.records.fields import TYPES
from wfweb.records.models import RecordType
from wfweb.records.types import fields_for_conditions
from wfweb.replay.logs import read_log
from wfweb.sla import checking
from wfweb.sla.body import Action, DefinitionBody
from wfweb.workflow import definitions
from wfweb.workflow.actions import registered
from wfweb.workflow.checks import validate_body
from wfweb.workflow.schemas import Approval, State, Transition

PACK = "wfweb/packs/commerce"
GUIDE = BY_NAME["administrator-guide.md"]


def _example(kind: str) -> Any:
    marked = f"# example: {kind}\n"
    (text,) = [block for block in blocks(GUIDE, "yaml") if block.startswith(marked)]
    return yaml.safe_load(text)


def _record_type() -> Definition:
    return read_definition(_example("record type"))


def _fields(definition: Definition) -> dict[str, conditions.FieldType]:
    columns = {"code": definition.code, **definition.as_columns()}
    return fields_for_conditions(RecordType(**columns))


def test_the_record_type_is_fine_and_shows_every_kind_of_field() -> None:
    shown = {field.type for field in _record_type().fields}
    assert shown == set(TYPES)


def test_the_workflow_is_fine() -> None:
    body = definitions.read_body(yaml.safe_dump(_example("workflow")).encode())
    assert validate_body(body) == []


def test_the_workflow_shows_what_the_words_explain() -> None:
    body = definitions.read_body(yaml.safe_dump(_example("workflow")).encode())
    assert {state.type for state in body.states} == {"start", "normal", "approval", "end", "error"}
    text = GUIDE.read_text()
    for model, member in ((State, "type"), (Transition, "trigger"), (Approval, "on_edit")):
        for value in model.model_fields[member].annotation.__args__:  # type: ignore[union-attr]
            assert f"`{value}`" in text


def test_every_action_is_named(app: object) -> None:
    del app  # connects the actions
    text = GUIDE.read_text()
    assert [code for code in registered() if f"`{code}`" not in text] == []


def test_the_condition_is_fine_and_every_operator_is_explained() -> None:
    sales_order = yaml.safe_load((ROOT / PACK / "record_types" / "sales_order.yaml").read_text())
    fields = conditions.FieldTypes(_fields(read_definition(sales_order)))
    assert conditions.validate(_example("condition"), fields) == []
    text = GUIDE.read_text()
    from wfweb.conditions.model import AGGREGATES, OPERATORS

    assert [word for word in (*OPERATORS, *AGGREGATES) if f"`{word}`" not in text] == []


def test_the_alert_rule_is_fine_and_every_kind_and_check_is_explained() -> None:
    rule = RuleBody.model_validate(_example("alert rule"))
    assert band_is_sound(rule.band)
    text = GUIDE.read_text()
    for member in ("type", "check"):
        given = RuleBody.model_fields[member].annotation
        words = [one for part in (given, *get_args(given)) for one in get_args(part)]
        assert [word for word in words if isinstance(word, str) and word not in text] == []


def test_the_kind_of_lock_is_fine_and_says_all_there_is() -> None:
    assert read_type(_example("lock type")).release_workflow == "release_by_investment_committee"
    text = GUIDE.read_text()
    assert [word for word in (*ON_EXPIRY, *IN_FLIGHT) if word not in text] == []


def test_the_matrix_is_complete() -> None:
    fields = conditions.FieldTypes(_fields(_record_type()))
    assert [finding.message for finding in check_data(_example("matrix"), fields)] == []


def test_the_deadline_is_read_and_every_word_of_it_is_explained() -> None:
    body = checking.read(_example("deadline"))
    assert body.shares()["RED"] == Fraction(95, 100)
    text = GUIDE.read_text()
    words = [*DefinitionBody.model_fields, *Action.model_fields["do"].annotation.__args__]  # type: ignore[union-attr]
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize(
    ("condition", "record", "holds"),
    [
        ({"field": "amount", "operator": "!=", "value": 5}, {}, False),
        ({"not": {"field": "amount", "operator": "=", "value": 5}}, {}, True),
        ({"field": "l.q", "aggregate": "sum", "operator": ">", "value": 0},
         {"l": [{"q": 1}, {}]}, False),
        ({"field": "l.q", "aggregate": "sum", "operator": "=", "value": 0}, {"l": []}, True),
        ({"field": "l", "aggregate": "count", "operator": "=", "value": 0}, {"l": []}, True),
        ({"field": "l.q", "aggregate": "all", "operator": ">", "value": 0}, {"l": []}, False),
        ({"field": "x", "operator": "between", "value": [1, 5]}, {"x": 5}, True),
        ({"field": "x", "operator": "contains", "value": "AB"}, {"x": "cab"}, True),
        ({"field": "x", "operator": "=", "value": "AB"}, {"x": "ab"}, False),
        ({"field": "m", "operator": ">", "value": {"amount": 5, "currency": "USD"}},
         {"m": {"amount": "6", "currency": "EUR"}}, False),
    ],
)  # fmt: skip
def test_missing_values_and_comparisons_are_as_the_guide_says(
    condition: dict[str, Any], record: dict[str, Any], *, holds: bool
) -> None:
    assert conditions.evaluate(condition, {"record": record}) is holds


def test_the_log_can_be_read(tmp_path: Path) -> None:
    (text,) = blocks(GUIDE, "json")
    json.loads(text)
    file = tmp_path / "cases.jsonl"
    file.write_text(text)
    (case,) = list(read_log(file))
    assert [event.activity for event in case.events] == ["submit", "approve"]


def test_the_page_of_libraries_is_what_the_tool_writes() -> None:
    import importlib.util

    spec = importlib.util.spec_from_file_location("licences", ROOT / "tools" / "licences.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert (ROOT / "docs" / "libraries.md").read_text() == tool.page()
