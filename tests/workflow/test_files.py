"""Definition files: what is read, what is refused with its line, what comes out again."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflow.conftest import body
from wfweb.workflow import exchange, plain, texts
from wfweb.workflow.diff import changes, text_diff
from wfweb.workflow.problems import BrokenFile
from wfweb.workflow.schemas import DefinitionBody, json_schema

MACHINE = {
    "name": "Loan",
    "initial": "new",
    "states": ["new", "SRM: In Transfer", "In/Transfer", "paid", "closed"],
    "final": ["paid"],
    "transitions": [
        {"from": "new", "on": "Ask", "role": "BUDGET OWNER", "to": "paid"},
        {"from": "new", "on": "Tick", "role": "UNDEFINED", "to": "In/Transfer"},
        {"from": "paid", "on": "Undo", "to": "new"},
        {"from": "In/Transfer", "on": "Go", "to": "closed"},
        {"from": "In/Transfer", "on": "Go back", "to": "SRM: In Transfer"},
        {"from": "SRM: In Transfer", "on": "Go", "to": "closed"},
    ],
}


def model(**changed: Any) -> DefinitionBody:
    return DefinitionBody.model_validate(body(**changed))


def test_yaml_comes_out_as_it_went_in_byte_for_byte() -> None:
    rich = model(
        description="on: off\n1e5",
        timeout_hours=1.5,
        trigger="on_condition",
        record_type="order",
        trigger_condition={"field": "amount", "operator": ">", "value": "1e5"},
    )
    text = exchange.export_yaml(rich)
    again, problems = exchange.parse(exchange.read(text))
    assert problems == []
    assert again == rich
    assert exchange.export_yaml(again) == text
    assert exchange.digest(again) == exchange.digest(rich)


def test_json_and_yaml_say_the_same() -> None:
    one = exchange.parse(exchange.read(exchange.export_json(model())))[0]
    assert one == exchange.parse(exchange.read(exchange.export_yaml(model())))[0]


SCALARS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30),
    st.integers(-(10**12), 10**12),
    st.booleans(),
    st.none(),
    st.sampled_from(["on", "no", "~", "1e5", "0x1f", "1_000", "2026-01-01", "<<", "*a", "&b"]),
)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), SCALARS, max_size=5))
def test_any_value_of_an_action_survives_the_file(values: dict[str, Any]) -> None:
    values.pop("action", None)
    call = {"action": "note", "given": values}
    content = body()
    content["transitions"][0]["actions"] = [call]
    written = DefinitionBody.model_validate(content)
    again, problems = exchange.parse(exchange.read(exchange.export_yaml(written)))
    assert problems == []
    assert again == written


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x 1\nb: *x", "line 1: anchors"),
        ("a: 1\nb:\n  - *x", "line 3: aliases"),
        ("a: !!python/object:os.system 1", "line 1: tags"),
        ("a: 1\na: 2", "line 2: “a” is written twice"),
        ('{"a": 1, "a": 2}', "“a” is written twice"),
        ("a: [1, 2", "did not find expected"),
        ("{", "line 1"),
        ("- 1", "is not an object"),
        ("[1]", "is not an object"),
        ("a: 1\n---\nb: 2", "holds 2 documents"),
        ("", "is empty"),
        ("1: x", "line 1: a name has to be text"),
        ("a: 0.10000000000000000000001", "line 1: 0.1000"),
        ('{"a": 1e400}', "more digits"),
        ('{"a": NaN}', "not a number of JSON"),
        ("a: " + "9" * 5000, "integer"),
        ("a: \x00", "zero byte"),
        ("a: " + "[" * 30 + "]" * 30, "nested deeper"),
        ('{"a":' * 30 + "1" + "}" * 30, "nested deeper"),
        ('{"a": ' + "[" * 100_000, "nested deeper"),
        ("a: [" + "1, " * 70_000 + "1]", "more than 60000 values"),
        ('{"a": [' + "1, " * 70_000 + "1]}", "more than 60000 values"),
        ("a: '" + "x" * 1_000_001 + "'", "larger than 1,000,000 bytes"),
    ],
)
def test_a_file_that_is_not_read_says_why(text: str, message: str) -> None:
    with pytest.raises(BrokenFile) as broken:
        exchange.read(text)
    assert message in str(broken.value)


def test_a_file_that_is_not_text_names_the_line() -> None:
    with pytest.raises(BrokenFile, match="line 2: is not UTF-8"):
        exchange.read(b"a: 1\nb: \xff")


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    try:
        exchange.parse(exchange.read(raw))
    except BrokenFile:
        return


def test_a_plain_machine_becomes_a_definition() -> None:
    assert plain.is_plain(MACHINE)
    content, problems = plain.convert(MACHINE)
    assert problems == []
    made = DefinitionBody.model_validate(content)
    kinds = {state.name: (state.type, state.final) for state in made.states}
    assert kinds["new"] == ("start", False)
    assert kinds["paid"] == ("normal", True)
    assert kinds["closed"] == ("end", False)
    assert len({state.code for state in made.states}) == 5
    assert [way.role for way in made.transitions][:2] == ["budget_owner", "system"]
    assert made.transitions[0].event == "Ask"
    assert made.timeout_hours is None


def test_without_final_states_a_case_may_rest_anywhere() -> None:
    content, _problems = plain.convert({k: v for k, v in MACHINE.items() if k != "final"})
    rests = [state["name"] for state in content["states"] if state["final"]]
    assert rests == [name for name in MACHINE["states"] if name != "new"]


def test_a_wrong_plain_machine_names_its_places() -> None:
    wrong = {**MACHINE, "initial": "nowhere", "transitions": [{"from": "new", "on": "", "to": "x"}]}
    _content, problems = plain.convert(wrong)
    assert [problem.path for problem in problems] == ["/transitions/0", "/initial"]


def test_differences_are_told_in_words_and_as_text() -> None:
    old, content = model(), body(name="Order check 2")
    content["states"][1]["timeout_hours"] = 5
    content["states"].append({"code": "extra", "name": "Extra", "final": True})
    del content["transitions"][1]
    new = DefinitionBody.model_validate(content)
    told = [(change.mark, change.what) for change in changes(old, new)]
    assert told == [
        ("changed", "Workflow “Order check 2”"),
        ("changed", "State “Checked”"),
        ("added", "State “Extra”"),
        ("removed", "Step “back”"),
    ]
    assert "+name: Order check 2\n" in text_diff(old, new)
    assert text_diff(old, old) == ""
    assert changes(old, old) == []


def test_the_published_schema_accepts_what_is_exported() -> None:
    import jsonschema_rs

    validator = jsonschema_rs.validator_for(json_schema())
    assert validator.is_valid(json.loads(exchange.export_json(model())))
    assert not validator.is_valid({**body(), "colour": "red"})


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{record.title}} for {{ requester.name }}", "Steel for Rui"),
        ("{{record.amount}}", "12.50 EUR"),
        ("{{record.lines.0.name}}{{record.lines.9.name}}", "Bolt"),
        ("{{record.nothing.here}}!", "!"),
        ("{{record.__class__}}", ""),
        ("{{ record.ok }}", "yes"),
        ("{% for x in y %}{{7*7}}", "{% for x in y %}{{7*7}}"),
    ],
)
def test_texts_name_values_and_do_nothing_else(template: str, text: str) -> None:
    values = {
        "record": {
            "title": "Steel",
            "amount": {"amount": "12.50", "currency": "EUR"},
            "lines": [{"name": "Bolt"}],
            "ok": True,
        },
        "requester": {"name": "Rui"},
    }
    assert texts.render(template, values) == text


@pytest.mark.parametrize(
    "template", ["{{7*7}}", "{% if x %}", "{{config.secret}}", "{{ }}", "{# x"]
)
def test_a_text_with_logic_is_refused_when_saved(template: str) -> None:
    assert texts.problems_in(template)
