"""Rows of a form and conditions: what is shown is what is kept, whatever it is."""

import orjson
import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

from tests.conditions.test_conditions_properties import CONDITIONS, readable
from wfweb import conditions
from wfweb.conditions import FieldTypes, from_fields
from wfweb.conditions.builder import builder, field_groups
from wfweb.conditions.rows import Row, Rows, condition_of, place, press, read_rows, rows_of
from wfweb.kernel.jsontext import dumps

FIELDS = from_fields(
    [
        {"code": "amount", "type": "money", "label": "Amount"},
        {"code": "code", "type": "text", "label": "Code"},
        {"code": "due", "type": "date", "label": "Due"},
        {"code": "urgent", "type": "boolean", "label": "Urgent"},
        {"code": "ratio", "type": "number", "label": "Ratio"},
        {"code": "count", "type": "integer", "label": "Count"},
        {
            "code": "grade", "type": "choice", "label": "Grade",
            "choices": [
                {"value": "a", "label": "First"},
                {"value": "b", "label": "Second, late"},
                {"value": "First", "label": "a"},
            ],
        },
        {
            "code": "lines", "type": "lines", "label": "Lines",
            "fields": [
                {"code": "quantity", "type": "number", "label": "Quantity"},
                {"code": "sort", "type": "text", "label": "Sort"},
            ],
        },
    ]
)  # fmt: skip
TYPES = FieldTypes(FIELDS)
RELAXED = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def stored(condition):
    """Return a condition as JSON keeps it; whatever cannot be kept is no condition of ours."""
    try:
        return orjson.loads(dumps(condition))
    except (TypeError, orjson.JSONEncodeError):
        reject()


def posted(rows: Rows, name: str = "only") -> dict[str, str]:
    """Return what a browser sends of drawn rows: lines end as forms end them."""
    form = {f"{name}.match": rows.match, "other.0.field": "x"}
    for number, row in enumerate(rows.rows):
        at = f"{name}.{number}"
        if row.text is not None:
            form[f"{at}.text"] = row.text.replace("\n", "\r\n")
        else:
            form |= {
                f"{at}.field": row.field, f"{at}.operator": row.operator,
                f"{at}.value": row.value.replace("\n", ""), f"{at}.until": row.until,
            }  # fmt: skip
    return form


@RELAXED
@given(CONDITIONS)
def test_a_condition_that_nobody_touched_comes_back_as_it_was(condition):
    condition = stored(condition)
    assume(readable(condition))

    typed = read_rows(posted(rows_of(condition, TYPES)), "only")

    assert condition_of(typed, TYPES, condition) == condition


@RELAXED
@given(CONDITIONS)
def test_rows_mean_what_the_condition_means(condition):
    """Also without the condition before: every part is there, in its order, with its value."""
    condition = stored(condition)
    assume(readable(condition))
    typed = read_rows(posted(rows_of(condition, TYPES)), "only")

    made = condition_of(typed, TYPES)

    sole = next(iter(condition.values()))
    wanted = sole[0] if isinstance(sole, list) and len(sole) == 1 else condition
    assert conditions.describe(made, TYPES) == conditions.describe(wanted, TYPES)


WORDS = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters=","), min_size=1, max_size=5
)
TYPED_ROWS = st.one_of(
    st.builds(Row, st.just("code"), st.sampled_from(["=", "!=", "contains"]), WORDS),
    st.builds(
        Row, st.sampled_from(["code", "grade"]), st.sampled_from(["in", "not in"]),
        st.lists(WORDS, min_size=1, max_size=4).map(", ".join),
    ),
    st.builds(
        Row, st.sampled_from(["amount", "ratio", "sum(lines.quantity)", "count(lines)"]),
        st.sampled_from(["=", ">", "<="]), st.integers(-(10**20), 10**20).map(str),
    ),
    st.builds(
        Row, st.just("ratio"), st.just("between"),
        st.decimals(-9, 0, places=2).map(lambda n: f"{n:f}"), st.integers(1, 9).map(str),
    ),
    st.builds(
        Row, st.sampled_from(["code", "due", "lines"]), st.sampled_from(["is set", "is empty"])
    ),
)  # fmt: skip


@RELAXED
@given(st.sampled_from(["all", "any"]), st.lists(TYPED_ROWS, min_size=2, max_size=5))
def test_rows_are_shown_again_as_they_were_saved(match, rows):
    made = condition_of(Rows(match, tuple(rows)), TYPES)

    shown = rows_of(made, TYPES)

    assert shown.match == match
    assert all(row.text is None for row in shown.rows)
    assert condition_of(shown, TYPES) == made
    assert rows_of(condition_of(shown, TYPES), TYPES) == shown


@pytest.mark.parametrize(
    ("row", "value"),
    [
        (Row("amount", ">", "1,000"), 1000),
        (Row("amount", ">", "1,234.50"), "1234.5"),
        (Row("amount", ">", "0,5"), "0,5"),  # no number in English: refused, never fifty
        (Row("amount", "=", "900 EUR"), {"amount": "900", "currency": "EUR"}),
        (Row("amount", "=", "many EUR"), "many EUR"),
        (Row("ratio", "<", "0.50"), "0.5"),
        (Row("count", "=", "12345678901234567890"), "12345678901234567890"),
        (Row("urgent", "=", "Yes"), True),
        (Row("urgent", "=", "perhaps"), "perhaps"),
        (Row("grade", "=", "second, late"), "b"),
        (Row("grade", "=", "First"), "First"),
        (Row("code", "in", " x, y ,,"), ["x", "y"]),
        (Row("code", "in", "{{requester.roles}}"), "{{requester.roles}}"),
        (Row("code", "in", "{{title}}"), ["{{title}}"]),
        (Row("due", "<=", "{{clock.today}}"), "{{clock.today}}"),
        (Row("count", "between", "1", "5"), [1, 5]),
        (Row("nowhere", "=", "7"), 7),
        (Row("nowhere", "=", "007"), "007"),
    ],
)
def test_what_is_typed_is_read_by_the_kind_of_its_field(row, value):
    made = condition_of(Rows("all", (row,)), TYPES)
    assert made == {"field": row.field, "operator": row.operator, "value": value}
    assert type(made["value"]) is type(value)


@pytest.mark.parametrize(
    "part",
    [
        {"not": {"field": "code", "operator": "=", "value": "x"}},
        {"any": [{"field": "code", "operator": "is set"}, {"field": "due", "operator": "is set"}]},
        {"field": "lines", "aggregate": "any", "where": {"field": "sort", "operator": "is set"}},
        {"field": "code", "operator": "in", "value": ["a, b"]},
        {"field": "code", "operator": "=", "value": 5},
        {"field": "code", "operator": "=", "value": " x"},
        {"field": "count", "operator": "=", "value": True},
        {"field": "code", "operator": "=", "value": "two\nlines"},
        {},
    ],
)
def test_what_no_row_can_hold_is_kept_as_text_beside_rows(part):
    simple = {"field": "amount", "operator": ">", "value": 5}
    shown = rows_of({"all": [simple, part]}, TYPES)
    assert [row.text is None for row in shown.rows] == [True, False]
    more = press(shown, "only.add", "only")
    assert more is not None
    row = Row("code", "=", "x")
    typed = Rows("all", (*more.rows[:2], row))
    assert condition_of(read_rows(posted(typed), "only"), TYPES) == {
        "all": [simple, part, {"field": "code", "operator": "=", "value": "x"}]
    }


def test_values_written_in_another_way_still_have_a_row():
    for value in ("1000.00", 1000.0, "1000", 1000):
        condition = {"field": "amount", "operator": ">", "value": value}
        (row,) = rows_of(condition, TYPES).rows
        assert row.text is None
        assert condition_of(Rows("all", (row,)), TYPES, condition) == condition


def test_buttons_add_write_and_remove_and_leave_the_rest():
    rows = Rows("any", (Row("code", "=", "x"), Row("due", "is set")))
    assert press(rows, "only.add", "only") == Rows("any", (*rows.rows, Row()))
    assert press(rows, "only.write", "only") == Rows("any", (*rows.rows, Row(text="")))
    assert press(rows, "only.remove.0", "only") == Rows("any", rows.rows[1:])
    assert press(rows, "only.remove.7", "only") == rows
    assert press(rows, "only.redraw", "only") == rows
    for act in ("", "preview", "other.add", "only.remove.x", "only.remove.-1", "only.", "only"):
        assert press(rows, act, "only") is None


def test_blank_rows_say_nothing_and_half_filled_ones_are_named():
    blank = Rows("any", (Row(), Row(text="")))
    assert condition_of(blank, TYPES) is None
    half = Rows("all", (Row(), Row(value="5"), Row(text="{no json"), Row(text='{"a": "\\u0000"}')))
    with pytest.raises(conditions.MalformedConditionError) as refused:
        condition_of(half, TYPES)
    assert [one.path for one in refused.value.problems] == ["1.field", "2.text", "3.text"]


def test_a_fault_is_found_where_it_was_typed():
    rows = Rows(
        "all",
        (
            Row(),
            Row("amount", "contains", "x"),
            Row("count", "between", "1", "many"),
            Row("code", "in", ""),
            Row(text='{"any": [{"field": "gone", "operator": "is set"}]}'),
            Row("gone", "=", "x"),
        ),
    )
    problems = conditions.validate(condition_of(rows, TYPES), TYPES)
    assert [place(rows, one.path) for one in problems] == [
        "3.value", "1.operator", "2.until", "4.text", "5.field"
    ]  # fmt: skip
    alone = Rows("all", (Row(), Row("urgent", "=", "perhaps")))
    (problem,) = conditions.validate(condition_of(alone, TYPES), TYPES)
    assert place(alone, problem.path) == "1.value"
    assert place(rows, "all[77].value") == ""
    assert place(rows, "") == ""


def test_strange_forms_are_read_and_not_believed():
    form = {"only.match": "none", "only.x.field": "a", "only.9999.field": "a", "only.²": "b"}
    assert read_rows(form, "only") == Rows()
    (row,) = read_rows({"only.3.field": "co\0de", "only.3.value": "\0"}, "only").rows
    assert row == Row("code")


def test_fields_are_offered_in_groups_with_lines_by_what_is_asked_of_them():
    groups = dict(field_groups(TYPES, ("", "clock")))
    assert list(groups) == ["Record", "Lines", "Time"]
    assert ("amount.currency", "Amount (currency)") in groups["Record"]
    assert groups["Lines"] == [
        ("count(lines)", "Number of lines"),
        ("sum(lines.quantity)", "Total of quantity"),
        ("min(lines.quantity)", "Lowest quantity"),
        ("max(lines.quantity)", "Highest quantity"),
        ("any(lines.quantity)", "Quantity of at least one"),
        ("all(lines.quantity)", "Quantity of every one"),
        ("any(lines.sort)", "Sort of at least one"),
        ("all(lines.sort)", "Sort of every one"),
    ]
    for code, _label in [one for options in groups.values() for one in options]:
        (row,) = (Row(code, "is set"),)
        made = condition_of(Rows("all", (row,)), TYPES)
        assert conditions.validate(made, TYPES) == [], f"{code} is offered and refused"


def test_a_line_offers_what_suits_its_field_first():
    rows = Rows(
        "all", (Row("due", ">", ""), Row("urgent", "="), Row("gone", "="), Row("code", "changed"))
    )
    due, urgent, gone, code = builder("only", rows, TYPES).lines
    assert (">", "is after") in due.fits
    assert ("contains", "contains") in due.others
    assert due.suggestions == ["{{clock.today}}", "{{clock.now}}"]
    assert urgent.suggestions == ["yes", "no"]
    assert (gone.unknown, gone.others) == ("Gone", [])
    assert all(one != "changed" for one, _words in due.fits + due.others)
    assert ("changed", "has changed") in code.others
    written = builder(
        "only", Rows("all", (Row(text='{"not": {"field": "due", "operator": "is set"}}'),)), TYPES
    )
    assert written.lines[0].words == "Not (Due has a value)"
    assert builder("only", Rows("all", (Row(text="{"),)), TYPES).lines[0].words == ""
