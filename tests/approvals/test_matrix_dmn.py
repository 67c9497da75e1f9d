"""The decision tables of DMN's compatibility kit, through matrix rows and conditions."""

import json
from pathlib import Path

import pytest

from tests.approvals import dmn_cells
from wfweb.approvals.decision_table import DecisionTable, decide_table
from wfweb.approvals.hit_policy import HitConflictError, HitPolicy
from wfweb.approvals.matrix import MatrixRow

DATA = Path(__file__).parents[3] / "shared" / "data" / "dmn" / "decision_tables.json"
TABLES = json.loads(DATA.read_text()) if DATA.exists() else []
CASES = [(table, case) for table in TABLES for case in table["tests"]]


@pytest.mark.skipif(not TABLES, reason="../shared/data/dmn is not here")
def test_all_tables_are_here():
    assert (len(TABLES), len(CASES)) == (21, 50)


@pytest.mark.parametrize(
    ("table", "case"),
    CASES,
    ids=[f"{table['decision']}-{number}" for number, (table, _) in enumerate(CASES)],
)
def test_table(table, case):
    answer = decide_table(dmn_cells.table_of(table), {"record": case["inputs"]})

    assert answer == case["expected"]


def rows(*outputs):
    return tuple(
        MatrixRow(str(n), f"Row {n}", {"field": "x", "operator": ">", "value": n}, outputs={"y": y})
        for n, y in enumerate(outputs)
    )


def decide(policy, x, *outputs, **more):
    table = DecisionTable(rows(*outputs), ("y",), policy, **more)
    return decide_table(table, {"record": {"x": x}})


def test_each_policy_keeps_its_rows():
    order = {"y": ["high", "low"]}

    assert decide(HitPolicy.FIRST, 5, "low", "high") == "low"
    assert decide(HitPolicy.PRIORITY, 5, "low", "high", output_values=order) == "high"
    assert decide(HitPolicy.COLLECT, 5, "low", "high") == ["low", "high"]
    assert decide(HitPolicy.RULE_ORDER, 5, "low", "high") == ["low", "high"]
    assert decide(HitPolicy.OUTPUT_ORDER, 5, "low", "high", output_values=order) == ["high", "low"]
    assert decide(HitPolicy.ANY, 5, "low", "low") == "low"
    assert decide(HitPolicy.UNIQUE, 1, "low", "high") == "low"
    assert decide(HitPolicy.FIRST, 0, "low") is None


def test_a_broken_policy_is_a_conflict_and_no_guess():
    with pytest.raises(HitConflictError):
        decide(HitPolicy.UNIQUE, 5, "low", "low")
    with pytest.raises(HitConflictError):
        decide(HitPolicy.ANY, 5, "low", "high")
    with pytest.raises(ValueError, match="possible values"):
        decide(HitPolicy.PRIORITY, 5, "low", "high")


def test_aggregations_are_exact():
    for name, expected in (("sum", "0.3"), ("min", "0.1"), ("max", "0.2"), ("count", "2")):
        answer = decide(HitPolicy.COLLECT, 5, 0.1, "0.2", aggregation=name)
        assert str(answer) == expected
    with pytest.raises(ValueError, match="numbers"):
        decide(HitPolicy.COLLECT, 5, "a", aggregation="sum")
