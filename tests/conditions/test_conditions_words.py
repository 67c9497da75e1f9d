"""Explanations and readings in plain words."""

from wfweb import conditions
from wfweb.conditions import FieldType, FieldTypes

FIELDS = FieldTypes(
    {
        "amount": FieldType("money", "Amount"),
        "category": FieldType("choice", "Category", choices={"it": "Hardware"}),
        "due": FieldType("date", "Due date"),
        "lines": FieldType("lines", "Lines", lines={"qty": FieldType("integer", "Quantity")}),
    }
)
OVER = {"field": "amount", "operator": ">", "value": 1000}


def test_a_comparison_says_what_it_asked_and_what_it_found():
    record = {"amount": {"amount": "850.00", "currency": "EUR"}}

    node = conditions.explain(OVER, {"record": record}, FIELDS)

    assert node.text == "Amount is over 1,000.00"
    assert node.detail == "Amount is 850.00 EUR"
    assert (node.result, node.left, node.right, node.missing) == (False, record["amount"], 1000, ())


def test_a_missing_value_is_named():
    condition = {"field": "due", "operator": "<", "value": "{{clock.today}}"}

    node = conditions.explain(condition, {"record": {}}, FIELDS)

    assert node.missing == ("due", "clock.today")
    assert node.detail == "Due date has no value"
    assert node.text == "Due date is before today"


def test_combinations_keep_their_parts_with_their_results():
    condition = {"all": [OVER, {"not": {"field": "category", "operator": "=", "value": "it"}}]}

    node = conditions.explain(condition, {"record": {"amount": 5000, "category": "it"}}, FIELDS)

    assert [child.result for child in node.children] == [True, False]
    assert node.children[1].children[0].text == "Category is Hardware"
    assert node.to_json()["children"][1]["children"][0]["result"] is True


def test_lines_are_counted():
    condition = {
        "field": "lines",
        "aggregate": "all",
        "where": {"field": "qty", "operator": ">=", "value": 5},
    }

    node = conditions.explain(condition, {"record": {"lines": [{"qty": 5}, {"qty": 1}]}}, FIELDS)

    assert (node.result, node.detail) == (False, "1 of 2 lines")
    assert node.text == "Every one of lines fulfils: Quantity is at least 5"


def test_readings_for_designers():
    for condition, words in (
        ({}, "Always"),
        ({"any": [OVER, {"all": [OVER, OVER]}]},
         "Amount is over 1,000.00 or (Amount is over 1,000.00 and Amount is over 1,000.00)"),
        ({"field": "amount", "operator": "between", "value": ["0.5", 1234567]},
         "Amount is between 0.50 and 1,234,567.00"),
        ({"field": "due", "operator": ">=", "value": "2026-11-21"},
         "Due date is on or after 2026-11-21"),
        ({"field": "lines.qty", "aggregate": "sum", "operator": ">", "value": 1200},
         "The total of quantity is over 1,200"),
        ({"field": "amount", "operator": ">", "value": "{{previous.amount}}"},
         "Amount is over amount before the change"),
        ({"field": "category", "operator": "is set"}, "Category has a value"),
    ):  # fmt: skip
        assert conditions.describe(condition, FIELDS) == words
