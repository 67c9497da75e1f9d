"""Which levels a matrix asks for, and that it never approves by accident."""

import gzip
import json
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from wfweb.approvals.hit_policy import HitPolicy
from wfweb.approvals.matrix import (
    LevelSpec,
    Matrix,
    MatrixRow,
    MatrixStatus,
    choose,
    rows_from_bands,
)
from wfweb.approvals.rules import LevelRule, Ordering, Quorum
from wfweb.conditions.values import total

LOGS = Path(__file__).parents[3] / "shared" / "data" / "logs"
HEAD, FINANCE, DIRECTORS = (
    LevelSpec("Head", ({"field": "record.manager"},)),
    LevelSpec("Finance", ({"role": "finance"},), due_hours=Decimal(8)),
    LevelSpec("Directors", ({"role": "director"},), LevelRule(Quorum.MAJORITY)),
)
BANDS = (
    {"from": "0", "below": "50", "levels": 0},
    {"from": "50", "below": "250", "levels": 1},
    {"from": "250", "below": "1000", "levels": 2},
    {"from": "1000", "below": None, "levels": 3},
)
ROWS = rows_from_bands(BANDS, "amount", [HEAD, FINANCE, DIRECTORS])


def chosen(amount, matrix=Matrix(ROWS)):  # noqa: B008 - a matrix is frozen
    return choose(matrix, {"record": {"amount": amount}})


@pytest.mark.parametrize(
    ("amount", "levels"),
    [("0", 0), ("49.999", 0), ("50", 1), ("250", 2), ("999.99", 2), (1000, 3), ("1e400", None)],
)
def test_the_lower_edge_belongs_to_the_band(amount, levels):
    result = chosen({"amount": amount, "currency": "EUR"})

    assert len(result.levels) == (levels or 0)
    assert result.auto_approved is (levels == 0)


@pytest.mark.parametrize("amount", ["-0.01", None, "much", {"amount": "x", "currency": "EUR"}])
def test_without_a_row_nothing_is_approved(amount):
    result = chosen(amount)

    assert (result.status, result.levels) == (MatrixStatus.NO_ROW, ())
    assert not result.auto_approved
    assert result.explanation["text"] == "No row matches"


@pytest.mark.parametrize("policy", [HitPolicy.FIRST, HitPolicy.COLLECT])
def test_a_row_without_levels_approves_only_when_it_says_so(policy):
    silent = Matrix((MatrixRow("1", "Nothing", {}),), policy)
    by_name = Matrix((MatrixRow("1", "Small", {}, auto_approve=True),), policy)

    assert chosen(1, silent).status is MatrixStatus.NO_LEVELS
    assert chosen(1, by_name).status is MatrixStatus.AUTO_APPROVED


def test_collect_joins_the_levels_of_all_matching_rows_once():
    rows = (
        MatrixRow("1", "All", {}, (HEAD, FINANCE)),
        MatrixRow(
            "2", "Large", {"field": "amount", "operator": ">", "value": 9}, (FINANCE, DIRECTORS)
        ),
        MatrixRow("3", "Never", {"field": "no", "operator": "is set"}, (HEAD,)),
        MatrixRow("4", "Cheap to approve", {}, auto_approve=True),
    )

    first, collected = (chosen(10, Matrix(rows, p)) for p in (HitPolicy.FIRST, HitPolicy.COLLECT))

    assert first.levels == (HEAD, FINANCE)
    assert collected.levels == (HEAD, FINANCE, DIRECTORS)
    assert [row.id for row in collected.rows] == ["1", "2", "4"]
    assert collected.status is MatrixStatus.LEVELS


def test_more_than_ten_levels_are_refused_not_cut():
    levels = tuple(LevelSpec(f"Level {n}", ({"role": "x"},)) for n in range(11))

    result = chosen(1, Matrix((MatrixRow("1", "Many", {}, levels),)))

    assert (result.status, result.levels) == (MatrixStatus.TOO_MANY_LEVELS, ())
    assert len(chosen(1, Matrix((MatrixRow("1", "Ten", {}, levels[:10]),))).levels) == 10


def test_effective_dates_include_both_days():
    matrix = Matrix(ROWS, valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31))
    context = {"record": {"amount": 10}}

    for day, status in (
        (date(2025, 12, 31), MatrixStatus.NOT_IN_FORCE),
        (date(2026, 1, 1), MatrixStatus.AUTO_APPROVED),
        (date(2026, 12, 31), MatrixStatus.AUTO_APPROVED),
        (date(2027, 1, 1), MatrixStatus.NOT_IN_FORCE),
    ):
        assert choose(matrix, context, on=day).status is status
    assert choose(Matrix(ROWS), context, on=date(1999, 1, 1)).auto_approved


def test_a_choice_explains_itself_with_rule_and_condition():
    told = chosen("100").explanation

    assert told["text"] == "“From 50 below 250” asks for 1 level"
    assert told["rows"][0]["why"]["children"][0]["text"] == "Amount is at least 50"
    assert told["rows"][0]["why"]["children"][0]["detail"] == "Amount is 100"
    assert json.loads(json.dumps(told)) == told
    assert chosen("1").explanation["text"] == "“From 0 below 50” approves automatically"


def test_a_matrix_survives_its_plain_form():
    ordered = LevelSpec(
        "Both",
        ({"user": "ada@example.com"}, {"manager_chain": 2}),
        LevelRule(Quorum.ALL, 2, Ordering.SEQUENTIAL),
        self_approval=True,
    )
    matrix = Matrix(
        (*ROWS, MatrixRow("5", "Else", {}, (ordered,))),
        HitPolicy.COLLECT,
        date(2026, 1, 1),
        date(2026, 6, 30),
    )

    assert Matrix.from_data(json.loads(json.dumps(matrix.to_data()))) == matrix
    with pytest.raises(ValueError, match="needs min_approvers"):
        LevelSpec.from_data({"name": "x", "quorum": "n_of_m"})


def test_a_band_cannot_ask_for_more_levels_than_there_are():
    with pytest.raises(ValueError, match="band 1 asks for 3 levels"):
        rows_from_bands([{"levels": 3}], "amount", [HEAD])
    assert rows_from_bands([{"levels": 0}], "amount", [])[0].name == "Any amount"


@pytest.mark.parametrize("log", ["bpi2020_domestic_declarations", "bpi2020_prepaid_travel_cost"])
def test_the_amounts_of_a_real_organisation(log):
    source = LOGS / f"{log}.jsonl.gz"
    if not source.exists():
        pytest.skip("../shared/data/logs is not here")
    expected = json.loads((LOGS / "expected" / f"{log}__amount_matrix.json").read_text())
    name = expected["attribute"]
    chain = [HEAD, FINANCE, DIRECTORS]
    matrix = Matrix(rows_from_bands(expected["matrix"]["bands"], name, chain))
    with gzip.open(source, "rt") as lines:
        records = [json.loads(line)["attrs"] for line in lines]

    results = [choose(matrix, {"record": record}) for record in records]

    counts = Counter(f"{len(result.levels)} levels" for result in results)
    assert counts == expected["documents"]
    assert (
        sum(len(result.levels) for result in results) == expected["approval_steps_needed_in_total"]
    )
    assert all(result.auto_approved == (not result.levels) for result in results)
    assert total([Decimal(record[name]) for record in records]) == Decimal(
        expected["sum_of_amounts"]
    )
