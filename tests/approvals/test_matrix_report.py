"""Gaps, overlaps, rows without effect and levels without people are told before saving."""

import pytest

from wfweb.approvals.hit_policy import HitPolicy
from wfweb.approvals.matrix import LevelSpec, Matrix, MatrixRow, rows_from_bands
from wfweb.approvals.matrix_report import check_data, report
from wfweb.approvals.rules import LevelRule, Quorum
from wfweb.conditions import FieldType, FieldTypes

FIELDS = FieldTypes(
    {
        "amount": FieldType("money", "Amount"),
        "quantity": FieldType("integer", "Quantity"),
        "category": FieldType("choice", "Category", choices={"it": "IT", "travel": "Travel"}),
        "urgent": FieldType("boolean", "Urgent"),
        "due": FieldType("date", "Due"),
        "note": FieldType("text", "Note"),
        "lines": FieldType("lines", "Lines", lines={"qty": FieldType("integer", "Quantity")}),
    }
)
LEVELS = (LevelSpec("Head", ({"role": "head"},)),)


def t(field, operator, value, **more):
    return {"field": field, "operator": operator, "value": value, **more}


def every(*parts):
    return {"all": list(parts)}


def messages(*whens, policy=HitPolicy.FIRST):
    rows = tuple(MatrixRow(str(n), f"Row {n}", when, LEVELS) for n, when in enumerate(whens, 1))
    return [finding.message for finding in report(Matrix(rows, policy), FIELDS)]


EUR_100 = {"amount": "100", "currency": "EUR"}
MORE_THAN_BEFORE = t("amount", ">", "{{previous.amount}}")
CASES = {
    "a gap between two bands": (
        [every(t("amount", ">=", 0), t("amount", "<=", 250)), t("amount", ">=", 1000)],
        ["Between 250.00 and 1,000.00 no row matches"],
    ),
    "a gap of one value": (
        [t("amount", "<", 250), t("amount", ">", 250)],
        ["At exactly 250.00 no row matches"],
    ),
    "a gap at the start and the end": (
        [t("amount", "between", [100, 200])],
        ["From 0.00 to under 100.00 no row matches", "Over 200.00 no row matches"],
    ),
    "an overlap": (
        [t("amount", "<", 100), t("amount", "between", [100, 250]), t("amount", ">=", 100)],
        ["Rows 2 and 3 both match from 100.00 to 250.00; row 2 wins"],
    ),
    "three rows at once": (
        [t("amount", "<=", 9), t("amount", "<=", 9.5), t("amount", ">=", 0)],
        [
            "Rows 1, 2 and 3 all match from 0.00 to 9.00; row 1 wins",
            "Rows 2 and 3 both match over 9.00 to 9.50; row 2 wins",
        ],
    ),
    "a gap at some values of another field": (
        [every(t("amount", ">", 100), t("category", "=", "it")), t("category", "=", "travel")],
        ["From 0.00 to 100.00 when Category is IT no row matches"],
    ),
    "a choice nobody thought of": (
        [t("category", "in", ["travel"])],
        ["When Category is IT no row matches"],
    ),
    "yes and no": ([t("urgent", "=", value=True)], ["When Urgent is no no row matches"]),
    "an open list of texts": (
        [t("requester.title", "=", "IT")],
        ["When Title of the requester is something else no row matches"],
    ),
    "a catch-all at the end is no overlap": ([t("amount", ">", 100), {}], []),
    "a row after a catch-all": (
        [{}, t("amount", ">", 100)],
        ["Row 2 is never used: row 1 comes first wherever it matches"],
    ),
    "a row that several others cover": (
        [t("amount", "<", 9), t("amount", ">=", 9), t("category", "=", "it")],
        [
            "Row 3 is never used: rows 1 and 2 come first wherever it matches",
            "Rows 1 and 3 both match from 0.00 to under 9.00 when Category is IT; row 1 wins",
            "Rows 2 and 3 both match from 9.00 when Category is IT; row 2 wins",
        ],
    ),
    "conditions that exclude each other": (
        [every(t("amount", ">", 100), t("amount", "<", 50)), {}],
        ["Row 1 can never match: its conditions exclude each other"],
    ),
    "whole numbers leave no room between neighbours": (
        [t("quantity", "<=", 4), t("quantity", ">=", 5)],
        [],
    ),
    "days likewise": ([t("due", "<=", "2026-01-31"), t("due", ">=", "2026-02-01")], []),
    "a gap of days": (
        [t("due", "<", "2026-01-31"), t("due", ">=", "2026-02-02")],
        ["From 2026-01-31 to under 2026-02-02 no row matches"],
    ),
    "the last day there is": (
        [t("due", "<=", "9999-12-31"), t("due", ">", "0001-01-01")],
        [
            "Row 2 is never used: row 1 comes first wherever it matches",
            "Rows 1 and 2 both match over 0001-01-01; row 1 wins",
        ],
    ),
    "another currency": (
        [t("amount", "<", EUR_100), t("amount", ">=", EUR_100)],
        ["From 0.00 when Amount (currency) is something else no row matches"],
    ),
    "an amount under zero that a row wants": ([t("amount", "<", 0), t("amount", ">=", 0)], []),
    "sums over lines": (
        [t("lines.qty", "<", 9, aggregate="sum")],
        ["From 9 no row matches"],
    ),
    "a comparison with another field, and its opposite": (
        [MORE_THAN_BEFORE, {"not": MORE_THAN_BEFORE}],
        [],
    ),
    "a comparison with another field alone": (
        [MORE_THAN_BEFORE],
        ["When not (Amount is over amount before the change) no row matches"],
    ),
    "empty asked for": (
        [{"field": "amount", "operator": "is set"}],
        ["When Amount is empty no row matches"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_findings_say_where(name):
    whens, expected = CASES[name]

    assert messages(*whens) == expected


def test_collect_wants_overlaps():
    assert messages(t("amount", ">=", 0), t("amount", ">", 9), policy=HitPolicy.COLLECT) == []


def test_bands_without_a_hole_have_no_findings():
    bands = [{"from": "0", "below": "50", "levels": 0}, {"from": "50", "below": None, "levels": 1}]

    assert report(Matrix(rows_from_bands(bands, "amount", LEVELS)), FIELDS) == []


def row(**more):
    return Matrix((MatrixRow("a", "A", {}, **more),))


@pytest.mark.parametrize(
    ("matrix", "kind"),
    [
        (Matrix(()), "gap"),
        (row(), "no_levels"),
        (row(levels=LEVELS, auto_approve=True), "auto_approve"),
        (row(levels=(LevelSpec("Head"),)), "no_approver"),
        (row(levels=LEVELS * 11), "too_many_levels"),
        (
            row(levels=(LevelSpec("Two", ({"user": "ada"},), LevelRule(Quorum.N_OF_M, 2)),)),
            "too_few",
        ),
        (
            Matrix((*row(levels=LEVELS).rows, MatrixRow("a", "B", t("amount", ">", 1), LEVELS))),
            "duplicate_id",
        ),
        (Matrix(row(levels=LEVELS).rows, HitPolicy.UNIQUE), "hit_policy"),
        (
            Matrix((MatrixRow("b", "B", t("nope", ">", 1), LEVELS), *row(levels=LEVELS).rows)),
            "condition",
        ),
    ],
)
def test_errors_come_first(matrix, kind):
    finding = report(matrix, FIELDS)[0]

    assert (finding.kind, finding.severity) == (kind, "error")


def test_rows_that_together_ask_for_too_many_levels_when_collected():
    many = [tuple(LevelSpec(f"{n}{m}", ({"role": "x"},)) for m in range(6)) for n in "ab"]
    rows = (MatrixRow("1", "A", {}, many[0]), MatrixRow("2", "B", t("amount", ">", 9), many[1]))

    finding = report(Matrix(rows, HitPolicy.COLLECT), FIELDS)[0]

    assert (
        finding.message
        == "Rows 1 and 2 together ask for 12 levels over 9.00; at most 10 are possible"
    )


def test_too_many_combinations_are_said_not_to_be_checked():
    rows = [every(*(t(f"requester.{n}", "=", str(n)) for n in range(20)))]

    assert messages(*rows)[-1].startswith("The conditions combine in too many ways")


def test_data_that_cannot_be_read_is_told_with_its_place():
    data = {"rows": [{"when": {"field": "amount", "operator": ">"}, "levels": []}]}

    assert [(f.path, f.severity) for f in check_data(data, FIELDS)] == [
        ("rows[0].when.value", "error")
    ]
    good = {"when": {}, "levels": [{"name": "x", "quorum": "some", "approvers": [{"role": "x"}]}]}
    assert check_data({"rows": [good]}, FIELDS)[0].kind == "data"
    assert (
        check_data({"rows": [{**good, "levels": [{"approvers": [{"role": "x"}]}]}]}, FIELDS) == []
    )
    for wrong in (
        {"rows": 5},
        {"rows": ["x"]},
        {"rows": [{**good, "levels": 5}]},
        {"rows": [{**good, "levels": [{"approvers": [5]}]}]},
        {"rows": [{**good, "levels": [{"due_hours": "soon"}]}]},
        {"rows": [], "valid_from": "soon"},
    ):
        assert [finding.kind for finding in check_data(wrong, FIELDS)] == ["data"]
    late = {"rows": [], "valid_from": "2026-02-01", "valid_to": "2026-01-01"}
    assert "dates" in [finding.kind for finding in check_data(late, FIELDS)]
