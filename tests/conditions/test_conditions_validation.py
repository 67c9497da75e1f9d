"""Faulty conditions are refused when they are saved, and the place is named."""

import pytest

from wfweb import conditions
from wfweb.conditions import FieldType, FieldTypes

FIELDS = FieldTypes(
    {
        "amount": FieldType("money", "Amount"),
        "quantity": FieldType("integer", "Quantity"),
        "rate": FieldType("number", "Rate"),
        "name": FieldType("text", "Name"),
        "category": FieldType("choice", "Category", choices={"travel": "Travel", "it": "IT"}),
        "urgent": FieldType("boolean", "Urgent"),
        "due": FieldType("date", "Due"),
        "sent_at": FieldType("datetime", "Sent"),
        "manager": FieldType("person", "Manager"),
        "supplier": FieldType("reference", "Supplier"),
        "tags": FieldType("list", "Tags"),
        "scan": FieldType("file", "Scan"),
        "lines": FieldType(
            "lines",
            "Lines",
            lines={"quantity": FieldType("integer", "Quantity"), "item": FieldType("text", "Item")},
        ),
    }
)


def t(field, operator, *value, **more):
    made = {"field": field, "operator": operator, **more}
    return {**made, "value": value[0]} if value else made


GOOD = [
    None,
    {},
    t("amount", ">", 1000),
    t("record.amount", ">", "1000.50"),
    t("amount", "=", {"amount": "5", "currency": "EUR"}),
    t("amount.currency", "in", ["EUR", "USD"]),
    t("amount", "between", [1, "{{rate}}"]),
    t("quantity", "=", "5.0"),
    t("rate", "<", 0.5),
    t("rate", "=", "0.5"),
    t("rate", "=", 5.0),
    t("rate", "in", ["10", "0"]),
    t("name", "contains", "7"),
    t("category", "in", ["travel", "it"]),
    t("urgent", "=", True),
    t("due", "<=", "{{clock.today}}"),
    t("sent_at", ">", "2026-11-21T08:00:00Z"),
    t("manager", "=", "{{requester.id}}"),
    t("supplier", "is set"),
    t("tags", "contains", "new"),
    t("name", "in", "{{tags}}"),
    t("scan", "is empty"),
    t("amount", "changed"),
    t("amount", ">", "{{previous.amount}}"),
    t("lines.quantity", ">", 5, aggregate="sum"),
    t("lines", ">=", 1, aggregate="count"),
    t("lines", "=", 0, aggregate="count", where=t("item", "=", "x")),
    t("lines.item", "contains", "x", aggregate="any"),
    {"field": "lines", "aggregate": "all", "where": t("quantity", "<", "{{record.quantity}}")},
    {"all": [t("amount", ">", 1), {"any": [t("name", "is set"), {"not": t("due", "is set")}]}]},
    t("clock.weekday", "between", [1, 5]),
]

BAD = [
    ("amount > 5", ""),
    ([1], ""),
    ({"all": []}, "all"),
    ({"any": {}}, "any"),
    ({"not": []}, "not"),
    ({"not": {}}, "not"),
    ({"all": [t("amount", ">", 1)], "any": [t("amount", ">", 1)]}, "any"),
    ({"all": [t("amount", ">", 1), 7]}, "all[1]"),
    ({"all": [t("amount", ">", 1), t("amount", ">", "x")]}, "all[1].value"),
    ({"not": {"any": [t("nope", "is set")]}}, "not.any[0].field"),
    ({"operator": "=", "value": 1}, "field"),
    ({"field": 5, "operator": "=", "value": 1}, "field"),
    (t("", "=", 1), "field"),
    (t("a..b", "=", 1), "field"),
    (t("x" * 300, "=", 1), "field"),
    (t("nope", "=", 1), "field"),
    (t("amount.cents", "=", 1), "field"),
    (t("previous.nope", "=", 1), "field"),
    (t("__class__.__mro__", "=", 1), "field"),
    ({"field": "amount", "value": 1}, "operator"),
    (t("amount", "~", 1), "operator"),
    (t("amount", ["="], 1), "operator"),
    (t("amount", "contains", 1), "operator"),
    (t("name", ">", "a"), "operator"),
    (t("urgent", "in", [True]), "operator"),
    (t("tags", "=", "x"), "operator"),
    (t("scan", "=", "x"), "operator"),
    (t("lines", "=", "x"), "operator"),
    ({**t("amount", "=", 1), "colour": 1}, "colour"),
    (t("amount", "="), "value"),
    (t("amount", "=", None), "value"),
    (t("amount", "=", ""), "value"),
    (t("amount", "=", float("nan")), "value"),
    (t("amount", "=", float("inf")), "value"),
    (t("amount", "=", 10**120), "value"),
    (t("amount", "=", True), "value"),
    (t("amount", "=", {"a": 1}), "value"),
    (t("amount", "=", [1]), "value"),
    (t("amount", "between", 5), "value"),
    (t("amount", "between", [1]), "value"),
    (t("amount", "between", [9, 1]), "value"),
    (t("amount", "between", [1, "x"]), "value[1]"),
    (t("amount", "in", []), "value"),
    (t("amount", "in", 5), "value"),
    (t("amount", "in", [1, None]), "value[1]"),
    (t("name", "in", ["x"] * 501), "value"),
    (t("name", "in", "{{name}}"), "value"),
    (t("name", "=", "x" * 1001), "value"),
    (t("name", "=", 5), "value"),
    (t("quantity", "=", 1.5), "value"),
    (t("rate", "=", "5.0"), "value"),
    (t("rate", "in", ["5", "05"]), "value[1]"),
    (t("category", "=", "food"), "value"),
    (t("category", "in", ["it", "food"]), "value[1]"),
    (t("urgent", "=", "yes"), "value"),
    (t("due", ">", "tomorrow"), "value"),
    (t("due", ">", "2026-02-30"), "value"),
    (t("due", ">", "{{amount}}"), "value"),
    (t("amount", ">", "{{nope}}"), "value"),
    (t("amount", ">", "{{}}"), "value"),
    (t("amount", "is set", 1), "value"),
    (t("amount", "changed", 1), "value"),
    (t("requester.name", "changed"), "field"),
    (t("lines.quantity", ">", 1), "aggregate"),
    (t("lines.quantity", ">", 1, aggregate="avg"), "aggregate"),
    (t("lines.item", ">", 1, aggregate="sum"), "aggregate"),
    (t("lines.item", "=", 1, aggregate="max"), "aggregate"),
    (t("amount", ">", 1, aggregate="sum"), "aggregate"),
    (t("lines", ">", 1, aggregate="sum"), "field"),
    (t("lines", "=", 1, aggregate="any"), "field"),
    (t("lines.quantity", ">", "x", aggregate="sum"), "value"),
    (t("lines", "=", 1.5, aggregate="count"), "value"),
    (t("lines.quantity", "changed", aggregate="sum"), "operator"),
    ({"field": "lines", "aggregate": "any"}, "where"),
    ({"field": "lines", "aggregate": "any", "where": t("nope", "is set")}, "where.field"),
    ({"field": "lines", "aggregate": "any", "where": t("amount", ">", 1)}, "where.field"),
    (
        {"field": "lines", "aggregate": "any", "where": t("lines", ">", 1, aggregate="count")},
        "where.aggregate",
    ),
]


@pytest.mark.parametrize("condition", GOOD)
def test_a_sound_condition_has_no_problems_and_can_be_read(condition):
    assert conditions.validate(condition, FIELDS) == []
    assert conditions.evaluate(condition, {"record": {}}) in (True, False)
    assert conditions.describe(condition, FIELDS)


@pytest.mark.parametrize(("condition", "path"), BAD, ids=[str(n) for n in range(len(BAD))])
def test_a_fault_is_named_with_its_place(condition, path):
    problems = conditions.validate(condition, FIELDS)

    assert [problem.path for problem in problems] == [path]
    assert len(problems[0].message) > 10


def test_every_fault_is_told_at_once():
    condition = {"all": [t("nope", "=", 1), t("amount", "~", 1), t("urgent", "=", 5)]}

    places = {problem.path for problem in conditions.validate(condition, FIELDS)}

    assert places == {"all[0].field", "all[1].operator", "all[2].value"}


def test_depth_is_limited_to_20():
    condition = t("amount", ">", 1)
    for _ in range(19):
        condition = {"not": condition}

    assert conditions.validate(condition, FIELDS) == []
    assert "20 deep" in conditions.validate({"not": condition}, FIELDS)[0].message


def test_size_is_limited_to_200_parts():
    condition = {"all": [t("amount", ">", 1)] * 199}

    assert conditions.validate(condition, FIELDS) == []
    problems = conditions.validate({"all": [t("amount", ">", 1)] * 5000}, FIELDS)
    assert [problem.message for problem in problems] == [
        "A condition has at most 200 parts; split this one"
    ]


def test_a_bomb_of_brackets_is_refused_quickly():
    deep: dict[str, object] = {}
    for _ in range(10_000):
        deep = {"not": deep}

    assert conditions.validate(deep, FIELDS)
    with pytest.raises(conditions.MalformedConditionError):
        conditions.evaluate(deep, {})


def test_types_come_from_the_fields_of_a_record_type():
    fields = FieldTypes(
        conditions.from_fields(
            [
                {"code": "total", "type": "money", "label": "Total"},
                {"code": "why", "type": "longtext"},
                {"code": "kind", "type": "choice", "choices": [{"value": "a", "label": "Aye"}]},
                {"code": "rows", "type": "lines", "fields": [{"code": "n", "type": "integer"}]},
            ]
        )
    )

    assert fields["total"].kind == fields["record.total"].kind == "money"
    assert fields["why"].kind == "text"
    assert fields["kind"].choices == {"a": "Aye"}
    assert fields["rows.n"].kind == "integer"
    with pytest.raises(ValueError, match="unknown kind"):
        conditions.from_fields([{"code": "x", "type": "blob"}])
