"""Rules of definitions as tables: every wrong field of a record type is named."""

from typing import Any

import pytest

from tests.records.conftest import ORDER, definition_of_order
from tests.records.test_checks import places
from wfweb.kernel.errors import ValidationFailed
from wfweb.records.definition import read_definition
from wfweb.records.field_reading import read_fields
from wfweb.records.titles import check_template


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ({"code": "x"}, "/fields/0/type"),
        ({"code": "x", "type": "colour"}, "/fields/0/type"),
        ({"code": "X", "type": "text"}, "/fields/0/code"),
        ({"code": "1x", "type": "text"}, "/fields/0/code"),
        ({"code": "x" * 64, "type": "text"}, "/fields/0/code"),
        ({"code": "version", "type": "integer"}, "/fields/0/code"),
        ({"code": "created_at", "type": "date"}, "/fields/0/code"),
        ({"code": "x", "type": "text", "requird": True}, "/fields/0/requird"),
        ({"code": "x", "type": "text", "choices": ["a"]}, "/fields/0/choices"),
        ({"code": "x", "type": "text", "required": "yes"}, "/fields/0/required"),
        ({"code": "x", "type": "text", "max_length": 0}, "/fields/0/max_length"),
        ({"code": "x", "type": "text", "max_length": 10**9}, "/fields/0/max_length"),
        ({"code": "x", "type": "text", "label": "a\0"}, "/fields/0/label"),
        ({"code": "x", "type": "choice"}, "/fields/0/choices"),
        ({"code": "x", "type": "choice", "choices": []}, "/fields/0/choices"),
        ({"code": "x", "type": "choice", "choices": ["a", "a"]}, "/fields/0/choices/1"),
        ({"code": "x", "type": "choice", "choices": [{"label": "A"}]}, "/fields/0/choices/0/value"),
        ({"code": "x", "type": "money", "currency": "EURO"}, "/fields/0/currency"),
        ({"code": "x", "type": "money", "currency": "ZZZ"}, "/fields/0/currency"),
        ({"code": "x", "type": "money", "currencies": ["EUR", 1]}, "/fields/0/currencies"),
        ({"code": "x", "type": "number", "minimum": "a"}, "/fields/0/minimum"),
        ({"code": "x", "type": "number", "minimum": 2, "maximum": 1}, "/fields/0/maximum"),
        ({"code": "x", "type": "number", "scale": 11}, "/fields/0/scale"),
        ({"code": "x", "type": "reference"}, "/fields/0/reference"),
        ({"code": "x", "type": "lines"}, "/fields/0/fields"),
        (
            {"code": "x", "type": "lines", "fields": [{"code": "y", "type": "lines"}]},
            "/fields/0/fields/0/type",
        ),
        (
            {
                "code": "x",
                "type": "lines",
                "maximum": 501,
                "fields": [{"code": "y", "type": "text"}],
            },
            "/fields/0/maximum",
        ),
        ("text", "/fields/0"),
    ],
)
def test_a_wrong_field_is_refused_at_its_place(field: Any, place: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        read_fields([field])
    assert place in places(caught.value)


def test_codes_are_unique_and_at_most_a_hundred() -> None:
    same = {"code": "x", "type": "text"}
    with pytest.raises(ValidationFailed) as caught:
        read_fields([same, same])
    assert places(caught.value) == {"/fields/1/code"}
    with pytest.raises(ValidationFailed) as caught:
        read_fields([{"code": f"x{n}", "type": "text"} for n in range(101)])
    assert places(caught.value) == {"/fields"}
    assert len(read_fields([{"code": f"x{n}", "type": "text"} for n in range(100)])) == 100


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"colour": 1}, "/colour"),
        ({"code": "Order"}, "/code"),
        ({"key_prefix": "ord"}, "/key_prefix"),
        ({"name": ""}, "/name"),
        ({"title_template": "{nobody}"}, "/title_template"),
        ({"title_template": "{amount"}, "/title_template"),
        ({"title_template": "{amount.__class__}"}, "/title_template"),
        ({"title_template": "{lines}"}, "/title_template"),
        ({"list_columns": ["nobody"]}, "/list_columns/0"),
        ({"searchable": ["lines"]}, "/searchable/0"),
        ({"material_fields": ["nobody"]}, "/material_fields/0"),
        ({"amount_field": "reason"}, "/amount_field"),
        ({"permissions": {"delete": "x.y"}}, "/permissions/delete"),
        ({"permissions": {"view": "A b"}}, "/permissions/view"),
        ({"actions": ["sell", "sell"]}, "/actions"),
        ({"actions": [{"label": "x"}]}, "/actions/0"),
        ({"totals": [{"field": "amount", "sum": "1 + 1"}]}, "/totals/0/sum"),
        ({"totals": [{"field": "amount", "sum": "lines.product"}]}, "/totals/0/sum"),
        ({"totals": [{"field": "reason", "sum": "lines.quantity"}]}, "/totals/0/field"),
        (
            {"totals": [{"field": "amount", "sum": "lines.unit_price * lines.unit_price"}]},
            "/totals/0/sum",
        ),
        ({"fields": []}, "/fields"),
    ],
)
def test_a_wrong_definition_is_refused_at_its_place(change: dict[str, Any], place: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        read_definition(definition_of_order(**change))
    assert place in places(caught.value)


def test_a_definition_is_read_again_as_it_was_written() -> None:
    once = read_definition(ORDER)
    assert read_definition(once.as_dict()) == once
    assert once.material_fields == ("amount", "lines")
    assert next(f for f in once.fields if f.code == "amount").material
    assert once.amount_field == "amount"


@pytest.mark.parametrize(
    ("field", "good"),
    [
        ({"type": "choice", "choices": ["a"], "default": "b"}, False),
        ({"type": "choice", "choices": ["a"], "default": "a"}, True),
        ({"type": "integer", "maximum": 3, "default": 4}, False),
        ({"type": "text", "default": 4}, False),
        ({"type": "money", "default": {"amount": "-1", "currency": "EUR"}}, False),
        ({"type": "boolean", "default": False}, True),
        ({"type": "person", "default": "x"}, False),
    ],
)
def test_defaults_must_be_values_the_field_takes(field: dict[str, Any], good: bool) -> None:
    definition = {
        "code": "t", "name": "T", "key_prefix": "TT", "fields": [{"code": "x", **field}],
    }  # fmt: skip
    if good:
        read_definition(definition)
        return
    with pytest.raises(ValidationFailed) as caught:
        read_definition(definition)
    assert places(caught.value) == {"/fields/0/default"}


def test_personal_data_never_stands_in_a_title() -> None:
    fields = read_fields([{"code": "x", "type": "text", "pii": True}])
    with pytest.raises(ValidationFailed):
        check_template("{x}", {"x": fields[0]})
