"""Conditions against arbitrary contexts: no exception, explanations that agree, exact numbers."""

import json
from decimal import Decimal
from fractions import Fraction

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from wfweb import conditions
from wfweb.conditions import FieldType, FieldTypes

NAMES = ("amount", "code", "due", "tags", "lines", "lines.quantity", "manager.id", "unheard_of")
PATHS = st.sampled_from(
    [*NAMES, *(f"{root}.{name}" for root in conditions.ROOTS for name in NAMES[:3])]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(max_size=6),
    st.sampled_from(["2026-11-21", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"]),
    st.sampled_from(["2026-02-30", "5", "-0.5", "P1D", "PT36H", "P1M", "007", "1e5", "NaN"]),
    st.dates(),
    st.datetimes(),
    st.fixed_dictionaries({"amount": st.text(max_size=4), "currency": st.text(max_size=3)}),
    st.fixed_dictionaries(
        {"amount": st.decimals(), "currency": st.sampled_from(["EUR", "USD"])},
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["id", "quantity", "amount", "currency", "x"]), inner),
    ),
    max_leaves=8,
)
RECORDS = st.dictionaries(st.sampled_from([n for n in NAMES if "." not in n] + ["manager"]), VALUES)
CONTEXTS = st.one_of(
    VALUES, st.dictionaries(st.sampled_from(conditions.ROOTS), st.one_of(RECORDS, VALUES))
)
LITERALS = st.one_of(
    SCALARS.filter(lambda value: value not in (None, "")),
    PATHS.map(lambda path: "{{" + path + "}}"),
)


@st.composite
def triples(draw):
    operator = draw(st.sampled_from(conditions.OPERATORS))
    made = {"field": draw(PATHS), "operator": operator}
    if operator == "between":
        made["value"] = [draw(LITERALS), draw(LITERALS)]
    elif operator in ("in", "not in"):
        made["value"] = draw(st.lists(LITERALS, min_size=1, max_size=3))
    elif operator not in ("is set", "is empty", "changed"):
        made["value"] = draw(LITERALS)
    if operator != "changed" and draw(st.booleans()):
        made["aggregate"] = draw(st.sampled_from(conditions.AGGREGATES))
        if draw(st.booleans()):
            made["where"] = {"field": "quantity", "operator": ">", "value": draw(st.integers())}
    return made


CONDITIONS = st.recursive(
    triples(),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=5,
)
RELAXED = settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def readable(condition):
    try:
        conditions.compile(condition)
    except conditions.MalformedConditionError:
        return False
    return True


@RELAXED
@given(CONDITIONS, CONTEXTS)
def test_no_context_raises_and_the_explanation_agrees(condition, context):
    assume(readable(condition))

    result = conditions.evaluate(condition, context)
    explanation = conditions.explain(condition, context)

    assert result is explanation.result
    assert json.loads(json.dumps(explanation.to_json(), allow_nan=False))["result"] is result
    assert conditions.describe(condition)
    assert conditions.fields_read(condition)


@RELAXED
@given(VALUES)
def test_no_condition_raises_anything_but_its_own_refusal(condition):
    problems = conditions.validate(condition, FieldTypes({}))

    assert all(isinstance(problem, conditions.Problem) for problem in problems)
    readable(condition)


@RELAXED
@given(triples(), RECORDS)
def test_a_comparison_with_a_missing_left_side_is_false(triple, record):
    assume(triple["operator"] != "is empty" and "aggregate" not in triple)
    triple["field"] = "nowhere"
    assume(readable(triple))

    assert conditions.evaluate(triple, {"record": record, "previous": record}) is False


exact = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40, places=20
)


@given(exact, exact)
def test_numbers_compare_as_exactly_as_fractions(left, right):
    context = {"record": {"n": format(left, "f")}}
    for operator, expected in (
        (">", Fraction(left) > Fraction(right)),
        ("<=", Fraction(left) <= Fraction(right)),
        ("=", Fraction(left) == Fraction(right)),
        ("!=", Fraction(left) != Fraction(right)),
    ):
        condition = {"field": "n", "operator": operator, "value": right}
        assert conditions.evaluate(condition, context) is expected


@given(st.lists(exact, min_size=1, max_size=8))
def test_sums_are_exact(values):
    rows = [{"n": {"amount": format(value, "f"), "currency": "EUR"}} for value in values]
    whole = sum(int(value.scaleb(20, context=_WIDE)) for value in values)
    expected = Decimal(whole).scaleb(-20, context=_WIDE)
    condition = {"field": "rows.n", "aggregate": "sum", "operator": "=", "value": expected}

    assert conditions.evaluate(condition, {"record": {"rows": rows}}) is True


_WIDE = __import__("decimal").Context(prec=200)


def test_tenths_add_up():
    context = {"record": {"rows": [{"n": 0.1}, {"n": 0.2}]}}
    condition = {"field": "rows.n", "aggregate": "sum", "operator": "=", "value": 0.3}

    assert conditions.evaluate(condition, context) is True


FIELDS = FieldTypes(
    {
        "amount": FieldType("money"),
        "code": FieldType("text"),
        "due": FieldType("date"),
        "lines": FieldType("lines", lines={"quantity": FieldType("integer")}),
    }
)
SOUND = st.recursive(
    st.sampled_from(
        [
            {"field": "amount", "operator": ">", "value": 5},
            {"field": "code", "operator": "contains", "value": "x"},
            {"field": "due", "operator": "<", "value": "{{clock.today}}"},
            {"field": "lines.quantity", "aggregate": "sum", "operator": ">", "value": 5},
        ]
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=6,
)
FAULTS = [
    ({"field": "amuont", "operator": ">", "value": 5}, "field"),
    ({"field": "amount", "operator": "=>", "value": 5}, "operator"),
    ({"field": "amount", "operator": ">", "value": "much"}, "value"),
    ({"field": "due", "operator": ">", "value": 5}, "value"),
    ({"field": "amount", "operator": "between", "value": [1]}, "value"),
    ({"field": "amount", "operator": "=", "value": 5, "else": 1}, "else"),
    ({"field": "lines.quantity", "operator": ">", "value": 5}, "aggregate"),
    ({"any": []}, "any"),
]


def places(condition, path=""):
    yield path
    for index, part in enumerate(condition.get("all", ())):
        yield from places(part, f"{path}.all[{index}]".lstrip("."))
    if "not" in condition:
        yield from places(condition["not"], f"{path}.not".lstrip("."))


def planted(condition, path, fault):
    if not path:
        return fault
    step, _, rest = path.partition(".")
    if step == "not":
        return {"not": planted(condition["not"], rest, fault)}
    index = int(step[4:-1])
    parts = list(condition["all"])
    parts[index] = planted(parts[index], rest, fault)
    return {"all": parts}


@RELAXED
@given(SOUND, st.sampled_from(FAULTS), st.data())
def test_every_planted_fault_is_found_at_its_place(condition, seeded, data):
    assert conditions.validate(condition, FIELDS) == []
    fault, step = seeded
    place = data.draw(st.sampled_from(list(places(condition))))

    problems = conditions.validate(planted(condition, place, fault), FIELDS)

    assert [problem.path for problem in problems] == [f"{place}.{step}".lstrip(".")]
