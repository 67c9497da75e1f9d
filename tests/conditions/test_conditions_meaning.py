"""What every operator means, one row a rule."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest

from wfweb import conditions

EUR = {"amount": "1000.00", "currency": "EUR"}
RECORD = {
    "amount": {"amount": "1000.00", "currency": "EUR"},
    "quantity": 5,
    "price": 0.1,
    "huge": "1234567890123456789012345678901234567890.01",
    "code": "A-7",
    "note": "Needs a CRANE on site",
    "blank": "",
    "nothing": None,
    "urgent": True,
    "due": "2026-11-21",
    "sent_at": "2026-11-21T08:00:00+01:00",
    "tags": ["new", "big"],
    "no_tags": [],
    "reorder_point": 4,
    "manager": {"id": "6f0a", "name": "Mia"},
    "budget": {"amount": "900", "currency": "USD"},
    "lines": [
        {"quantity": 5, "price": {"amount": "10.10", "currency": "EUR"}, "kind": "wood"},
        {"quantity": 7, "price": {"amount": "0.20", "currency": "EUR"}, "kind": "steel"},
    ],
    "torn": [{"quantity": 5}, {"quantity": None}],
    "mixed": [{"price": EUR}, {"price": {"amount": "1", "currency": "USD"}}],
    "rates": [{"r": "1.5"}, {"r": "12"}],
    "no_lines": [],
}
CONTEXT = conditions.make_context(
    RECORD,
    now=datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
    requester={"id": "6f0a", "department": "Operations"},
    instance={"state": "review"},
    previous={**RECORD, "quantity": 4, "price": Decimal("0.10"), "urgent": False},
)


def triple(field, operator, value=None, **more):
    made = {"field": field, "operator": operator, **more}
    return made if value is None else {**made, "value": value}


TRUE = [
    ("equal number", triple("quantity", "=", 5)),
    ("equal number written with decimals", triple("quantity", "=", "5.00")),
    ("money and plain number compare amounts", triple("amount", "=", 1000)),
    ("money at its edge", triple("amount", ">=", "1000.00")),
    ("money of the same currency", triple("amount", "<", {"amount": "1000.01", "currency": "EUR"})),
    ("part of money", triple("amount.currency", "=", "EUR")),
    ("a float stands for its shortest decimal", triple("price", "=", "0.1")),
    ("forty digits and cents are exact", triple("huge", ">", "1" + RECORD["huge"][1:-1] + "0")),
    ("text letter by letter", triple("code", "=", "A-7")),
    ("other text", triple("code", "!=", "a-7")),
    ("contains ignores case", triple("note", "contains", "crane")),
    ("lacks a part", triple("note", "not contains", "lift")),
    ("member of a list", triple("tags", "contains", "big")),
    ("not a member", triple("tags", "not contains", "old")),
    ("an empty list holds nothing", triple("no_tags", "not contains", "old")),
    ("one of", triple("code", "in", ["B-1", "A-7"])),
    ("none of", triple("code", "not in", ["B-1"])),
    ("one of a list in the record", triple("code", "not in", "{{tags}}")),
    ("one of numbers", triple("quantity", "in", [4, "5.0"])),
    ("between includes the low end", triple("quantity", "between", [5, 9])),
    ("between includes the high end", triple("quantity", "between", [1, 5])),
    ("between another field and a number", triple("quantity", "between", ["{{reorder_point}}", 9])),
    ("yes", triple("urgent", "=", value=True)),
    ("set", triple("code", "is set")),
    ("empty text is empty", triple("blank", "is empty")),
    ("null is empty", triple("nothing", "is empty")),
    ("no field is empty", triple("unheard_of", "is empty")),
    ("an empty list is empty", triple("no_tags", "is empty")),
    ("day after day", triple("due", ">", "2026-11-20")),
    ("day equals the clock's day", triple("due", "=", "{{clock.today}}")),
    ("instants in different zones", triple("sent_at", "=", "2026-11-21T07:00:00Z")),
    ("an instant before now", triple("sent_at", "<", "{{clock.now}}")),
    ("a day against an instant", triple("sent_at", "=", "2026-11-21")),
    ("another field", triple("quantity", ">", "{{reorder_point}}")),
    ("a person stands for their id", triple("manager", "=", "{{requester.id}}")),
    ("requester", triple("requester.department", "in", ["Operations"])),
    ("instance", triple("instance.state", "=", "review")),
    ("clock", triple("clock.weekday", "=", 6)),
    ("changed", triple("quantity", "changed")),
    ("changed truth", triple("urgent", "changed")),
    ("larger than before", triple("quantity", ">", "{{previous.quantity}}")),
    ("sum", triple("lines.quantity", "=", 12, aggregate="sum")),
    ("sum of money is exact", triple("lines.price", "=", "10.30", aggregate="sum")),
    ("count", triple("lines", "=", 2, aggregate="count")),
    ("count of some", triple("lines", "=", 1, aggregate="count", where=triple("quantity", ">", 5))),
    ("count of values there", triple("torn.quantity", "=", 1, aggregate="count")),
    ("sum of nothing", triple("no_lines.quantity", "=", 0, aggregate="sum")),
    ("min", triple("lines.quantity", "=", 5, aggregate="min")),
    ("min of numbers kept as texts", triple("rates.r", "=", "1.50", aggregate="min")),
    ("max of money", triple("lines.price", ">", 10, aggregate="max")),
    ("any", {"field": "lines", "aggregate": "any", "where": triple("kind", "=", "steel")}),
    ("all", {"field": "lines", "aggregate": "all", "where": triple("quantity", ">=", 5)}),
    ("any with an operator", triple("lines.quantity", ">", 6, aggregate="any")),
    (
        "all with where",
        triple("lines.quantity", "=", 7, aggregate="all", where=triple("kind", "=", "steel")),
    ),
    (
        "a line against the record",
        triple("lines.quantity", ">", "{{reorder_point}}", aggregate="all"),
    ),
    (
        "where reaches the record by its name",
        {
            "field": "lines",
            "aggregate": "any",
            "where": triple("quantity", "=", "{{record.quantity}}"),
        },
    ),
    ("nothing asked", {}),
    ("null asked", None),
    ("not", {"not": triple("quantity", "=", 6)}),
    ("all of", {"all": [triple("quantity", "=", 5), triple("code", "is set")]}),
    ("any of", {"any": [triple("quantity", "=", 6), triple("code", "is set")]}),
    ("not turns a missing value round", {"not": triple("nothing", ">", 5)}),
]

FALSE = [
    ("money of another currency is not equal", triple("amount", "=", "{{budget}}")),
    ("money of another currency is not unequal either", triple("amount", "!=", "{{budget}}")),
    ("money of another currency is not over", triple("amount", ">", "{{budget}}")),
    ("text is no number", triple("code", ">", 5)),
    ("text is not unequal to a number", triple("code", "!=", 5)),
    ("yes is not one", triple("urgent", "=", 1)),
    ("yes has no order", triple("urgent", ">", value=False)),
    ("a whole list is not one value", triple("tags", "=", "new")),
    ("not a valid day", triple("due", ">", "2026-02-31")),
    ("changed without a difference", triple("code", "changed")),
    ("0.10 for 0.1 is no change", triple("price", "changed")),
    ("sum with an unknown part", triple("torn.quantity", ">", 0, aggregate="sum")),
    ("sum over two currencies", triple("mixed.price", ">", 0, aggregate="sum")),
    ("max over two currencies", triple("mixed.price", ">", 0, aggregate="max")),
    ("max of nothing", triple("no_lines.quantity", "<", 10, aggregate="max")),
    (
        "all over no lines",
        {"field": "no_lines", "aggregate": "all", "where": triple("quantity", ">", 0)},
    ),
    (
        "any over no lines",
        {"field": "no_lines", "aggregate": "any", "where": triple("quantity", ">", 0)},
    ),
    ("all over lines not there", triple("unheard_of.quantity", ">", 0, aggregate="all")),
    ("not in with an unknown member", triple("code", "not in", ["B-1", "{{nothing}}"])),
    ("between with an unknown end", triple("quantity", "between", ["{{nothing}}", 9])),
    ("between over the end", triple("quantity", "between", [1, "4.99"])),
]

MISSING_OPERATORS = [
    *(("=", 5), ("!=", 5), (">", 5), (">=", 5), ("<", 5), ("<=", 5), ("in", [5, "x"])),
    *(("not in", [5, "x"]), ("contains", "x"), ("not contains", "x"), ("between", [1, 9])),
    *(("=", "2026-11-21"), ("!=", "x"), ("!=", "{{quantity}}"), ("is set", None)),
]


@pytest.mark.parametrize(("name", "condition"), TRUE, ids=[name for name, _ in TRUE])
def test_holds(name, condition):
    assert conditions.evaluate(condition, CONTEXT) is True


@pytest.mark.parametrize(("name", "condition"), FALSE, ids=[name for name, _ in FALSE])
def test_does_not_hold(name, condition):
    assert conditions.evaluate(condition, CONTEXT) is False


@pytest.mark.parametrize(("operator", "value"), MISSING_OPERATORS)
@pytest.mark.parametrize("field", ["nothing", "blank", "unheard_of", "code.deeper", "requester.x"])
def test_a_missing_value_never_makes_a_comparison_true(field, operator, value):
    assert conditions.evaluate(triple(field, operator, value), CONTEXT) is False


@pytest.mark.parametrize("operator", ["=", "!=", ">", ">=", "<", "<=", "contains", "not contains"])
def test_a_missing_value_on_the_right_is_false_too(operator):
    assert conditions.evaluate(triple("code", operator, "{{nothing}}"), CONTEXT) is False
    assert conditions.evaluate(triple("quantity", operator, "{{nothing}}"), CONTEXT) is False


def test_nothing_has_changed_when_nothing_came_before():
    context = conditions.make_context(RECORD, now=datetime(2026, 11, 21, tzinfo=UTC))

    assert conditions.evaluate(triple("quantity", "changed"), context) is False


def test_a_value_that_appears_or_vanishes_has_changed():
    now = datetime(2026, 11, 21, tzinfo=UTC)
    for before, after in (({}, {"code": "x"}), ({"code": "x"}, {"code": ""})):
        context = conditions.make_context(after, now=now, previous=before)
        assert conditions.evaluate(triple("code", "changed"), context) is True


def test_the_clock_shows_the_day_of_its_own_zone():
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC).astimezone(timezone(timedelta(hours=1)))

    assert conditions.clock(late) == {
        "now": late,
        "today": date(2026, 11, 22),
        "weekday": 7,
        "hour": 0,
    }
    with pytest.raises(ValueError, match="zone"):
        conditions.clock(datetime(2026, 11, 21, 9, 0))  # noqa: DTZ001 - the fault under test


def test_values_of_python_compare_like_their_json_forms():
    record = {
        "id": UUID(int=7),
        "price": Decimal("10.50"),
        "due": date(2026, 11, 21),
        "at": datetime(2026, 11, 21, 8, tzinfo=UTC),
        "cost": conditions.Money(Decimal(7), "EUR"),
    }
    context = {"record": record}
    for condition in (
        triple("id", "=", str(UUID(int=7))),
        triple("price", "between", ["10.5", 10.5]),
        triple("due", "<=", "2026-11-21"),
        triple("at", "=", "2026-11-21T09:00:00+01:00"),
        triple("cost", "=", {"amount": "7.0", "currency": "EUR"}),
    ):
        assert conditions.evaluate(condition, context) is True
    for number in (Decimal("NaN"), Decimal("sNaN"), float("inf"), 10**400, Decimal("1e400")):
        assert conditions.evaluate(triple("n", ">", 0), {"record": {"n": number}}) is False


def test_a_condition_without_structure_is_refused_and_not_guessed():
    for faulty in ("amount > 5", [1], {"all": []}, {"field": "x", "operator": "~", "value": 1}):
        with pytest.raises(conditions.MalformedConditionError):
            conditions.evaluate(faulty, CONTEXT)


def test_reading_the_fields_of_a_condition():
    condition = {
        "all": [
            triple("record.amount", ">", "{{previous.amount}}"),
            {"not": triple("requester.department", "in", ["IT", "{{code}}"])},
            {"field": "lines", "aggregate": "any", "where": triple("kind", "=", "{{record.note}}")},
            triple("lines.quantity", ">", 5, aggregate="sum", where=triple("price", ">", 1)),
        ]
    }

    assert conditions.fields_read(condition) == {
        *("amount", "previous.amount", "requester.department", "code", "note"),
        *("lines", "lines.kind", "lines.quantity", "lines.price"),
    }


def test_a_context_is_only_looked_at_where_the_condition_looks():
    looked = []

    class Lazy(Mapping):
        def __getitem__(self, root):
            looked.append(root)
            return {"record": RECORD}[root]

        def __iter__(self):
            return iter(("record", "requester"))

        def __len__(self):
            return 2

    condition = {"field": "lines", "aggregate": "any", "where": triple("quantity", ">", 6)}

    assert conditions.evaluate(condition, Lazy()) is True
    assert conditions.evaluate(triple("requester.name", "=", "Rui"), Lazy()) is False
    assert set(looked) == {"record", "requester"}
    assert looked.count("requester") == 1
