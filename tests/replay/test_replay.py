"""Replaying: the engine's verbs on a log, compared with what others computed."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.replay.conftest import DEFINITIONS, EXPECTED, LOGS, MACHINE
from tests.replay.test_logs import jsonl
from wfweb.kernel.db import session, transaction
from wfweb.replay import amounts, clock_results, expected, results, runner, selection
from wfweb.replay.cases import Case
from wfweb.replay.clock_file import ClockFile, read_clock
from wfweb.replay.logs import read_log
from wfweb.replay.results import CaseResult, Results
from wfweb.workflow.definitions import read_body

# The largest logs are replayed in a sample, so that all tests stay within minutes.
SAMPLED = {
    "bpi2019_one_trace_per_variant__frequent_steps": 12,
    "bpi2012_loan_applications_application__frequent_steps": 5,
    "traffic_fines_sample10k__frequent_steps": 4,
}
CLOCK_FILES = Path(__file__).parent / "clocks"
CLOCKS = {
    "bpi2020": "approval.yaml",
    "receipt_environmental_permit": "permit.yaml",
    "traffic_fines": "penalty.yaml",
}


def log_of(definition: Path) -> Path:
    return next(p for p in LOGS.glob("*.jsonl.gz") if definition.name.startswith(p.name[:-9]))


def clock_for(definition: Path) -> ClockFile | None:
    """The SLA clock that the expected files tell of, written as a definition."""
    name = next((name for start, name in CLOCKS.items() if definition.name.startswith(start)), None)
    return read_clock(CLOCK_FILES / name) if name else None


def run(definition: Any, cases: list[Case], **options: Any) -> Results:
    body = read_body(definition)
    return runner.replay(body, cases, selection.choose(body, cases), runner.Options(**options))


@pytest.fixture
def small(rollback: None, tmp_path: Path) -> list[Case]:
    return list(read_log(jsonl(tmp_path)))


def count(table: str) -> int:
    with transaction(system=True):
        return int(session().execute(text(f"select count(*) from {table}")).scalar_one())


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda path: path.stem)
def test_logs_of_others_come_out_as_they_computed(
    rollback: None, logs: Path, definition: Path
) -> None:
    every = SAMPLED.get(definition.stem, 1)
    cases = [case for n, case in enumerate(read_log(log_of(definition))) if n % every == 0]
    wanted = expected.read_expected(logs / "expected" / f"{definition.stem}.per_case.jsonl.gz")
    if every > 1:
        kept = {case.id for case in cases}
        wanted = [row for row in wanted if row["case"] in kept]  # type: ignore[index]
    found = run(definition.read_bytes(), cases, clock=clock_for(definition))
    told = results.summary(found)
    if found.watch is not None:
        told["sla"] = clock_results.sla_summary(found, found.watch)
    assert expected.compare(found, told, wanted).examples == []
    if every == 1:
        whole = expected.read_expected(logs / "expected" / f"{definition.stem}.summary.json")
        assert expected.compare(found, told, whole).examples == []
        check_instants(found, whole)


def check_instants(found: Results, whole: Any) -> None:
    """Compare the states at each instant.

    The expected files count a case that moved twice in one second in the state whose name
    comes later in the alphabet; wfweb counts it in the state it was left in, which is also
    the final state that the same files expect.
    """
    for at, states in whole.get("open_documents_as_of", {}).items():
        instant = datetime.fromisoformat(at)
        ties = [case for case in found.cases.values() if tied(case, instant)]
        rest = [case for case in found.cases.values() if not tied(case, instant)]
        counted = dict(results.states_as_of(rest, instant))
        for case in ties:
            state = max(move for move in case.moves if move[0] <= instant)[1]
            counted[state] = counted.get(state, 0) + 1
        assert dict(sorted(counted.items())) == states
        assert len(ties) <= 5


def tied(case: CaseResult, instant: datetime) -> bool:
    past = [move for move in case.moves if move[0] <= instant]
    return len(past) > 1 and past[-1][0] == past[-2][0] and max(past)[1] != past[-1][1]


def test_a_small_log_is_accepted_and_refused_step_by_step(small: list[Case]) -> None:
    found = run(MACHINE, small)
    assert {case.id: (case.flags, case.state) for case in found.cases.values()} == EXPECTED
    assert dict(found.refused) == {
        ("new", "Loan GRANTED by BOSS"): 1,
        ("asked", "Loan GRANTED by BOSS"): 1,
    }
    assert found.left_out == 2


def test_nothing_of_a_trial_remains(small: list[Case]) -> None:
    tables = ("companies", "users", "workflow_instances", "audit_events", "outbox_messages")
    before = {table: count(table) for table in tables}
    run(MACHINE, small)
    assert {table: count(table) for table in tables} == before


@pytest.mark.parametrize(
    "options", [{"keep": True}, {"commit_each": True}, {"batch": 1, "keep": True}]
)
def test_however_it_is_written_it_is_the_same(small: list[Case], options: dict[str, Any]) -> None:
    found = run(MACHINE, small, **options)
    assert {case.id: (case.flags, case.state) for case in found.cases.values()} == EXPECTED
    with transaction(system=True):
        company = (
            session()
            .execute(text("select id from companies where name = 'Trial run'"))
            .scalar_one()
        )
        unsent = text("select count(*) from outbox_messages where state = 'pending'")
        assert session().execute(unsent).scalar_one() == 0
    with transaction(company_id=company):
        rows = (
            session()
            .execute(
                text(
                    "select i.state, i.status, i.steps, h.kind, h.actor_kind, h.actor_name, h.at"
                    " from workflow_instances i join workflow_history h on h.instance_id = i.id"
                    " where h.seq = i.steps order by i.id"
                )
            )
            .all()
        )
    assert [tuple(row[:6]) for row in rows] == [
        ("granted", "completed", 3, "transition", "user", "BOSS"),
        ("refused", "completed", 3, "transition", "system", "wfweb"),
    ]
    assert rows[0].at == datetime.fromisoformat("2026-03-02T09:30:00+01:00")


def test_every_accepted_step_is_in_history_and_audit(small: list[Case]) -> None:
    run(MACHINE, small, keep=True)
    with transaction(system=True):
        company = (
            session()
            .execute(text("select id from companies where name = 'Trial run'"))
            .scalar_one()
        )
    with transaction(company_id=company):
        moved = text("select count(*) from audit_events where name = 'workflow.moved'")
        stepped = text("select count(*) from workflow_history where from_state is not null")
        assert session().execute(moved).scalar_one() == 4
        assert session().execute(stepped).scalar_one() == 4


def test_versions_are_told_apart(rollback: None, logs: Path) -> None:
    name = "bpi2020_prepaid_travel_cost"
    cases = list(read_log(logs / f"{name}.jsonl.gz"))[:400]
    one, two = (
        run((logs / "definitions" / f"{name}__permit_v{n}.json").read_bytes(), cases)
        for n in (1, 2)
    )
    differing = [i for i, case in one.cases.items() if case.flags != two.cases[i].flags]
    assert differing
    assert all(
        flag_one <= flag_two
        for i in one.cases
        for flag_one, flag_two in zip(one.cases[i].flags, two.cases[i].flags, strict=True)
    )


@pytest.mark.parametrize("name", ["bpi2020_domestic_declarations", "bpi2020_prepaid_travel_cost"])
def test_amounts_are_counted_and_summed_exactly(logs: Path, name: str) -> None:
    table = amounts.read_matrix(logs / "expected" / f"{name}__amount_matrix.json")
    counted = amounts.count(read_log(logs / f"{name}.jsonl.gz"), table).to_data()
    assert amounts.differences(counted, table.expected) == []
    assert counted["sum_of_amounts"] == table.expected["sum_of_amounts"]


def test_amounts_that_are_none_are_counted_apart(tmp_path: Path) -> None:
    bands = [{"from": "0", "below": "50", "levels": 0}, {"from": "50", "levels": 2}]
    path = tmp_path / "matrix.json"
    path.write_text(json.dumps({"attribute": "Sum", "matrix": {"bands": bands}}))
    values: list[Any] = ["49.999999999999999999999", "50", "-1", "many", None, "NaN", "1e2"]
    cases = [Case(str(n), {"Sum": value}) for n, value in enumerate(values)]
    counted = amounts.count(cases, amounts.read_matrix(path)).to_data()
    assert counted["documents"] == {"0 levels": 1, "2 levels": 2}
    assert (counted["unmatched"], counted["without_amount"]) == (1, 3)
    assert counted["sum_of_amounts"] == "198.999999999999999999999"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[1]", "is not an object"),
        ("a: *b", "line 1: aliases"),
        ("matrix: {bands: []}", "does not name the attribute"),
        ("attribute: Sum\nmatrix: {rows: [{levels: [{quorum: few}]}]}", "is no matrix"),
        ("attribute: Sum\nmatrix: {bands: [{from: x, levels: 1}]}", "is no matrix"),
    ],
)
def test_a_matrix_that_is_none_says_why(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "matrix.yaml"
    path.write_text(content)
    with pytest.raises(expected.BrokenExpectation, match=message):
        amounts.read_matrix(path)


def differing(**changes: Any) -> Iterator[dict[str, Any]]:
    for case, (flags, state) in EXPECTED.items():
        yield {"case": case, "accepted": flags, "final_state": state} | changes.get(case, {})


@pytest.mark.parametrize(
    ("changes", "differences"),
    [
        ({}, 0),
        ({"a": {"final_state": "refused"}}, 1),
        ({"a": {"accepted": "10"}, "b": {"accepted": "1111"}}, 2),
        ({"a": {"case": "z"}}, 2),
    ],
)
def test_cases_that_differ_are_counted(
    small: list[Case], changes: dict[str, Any], differences: int
) -> None:
    found = run(MACHINE, small)
    told = results.summary(found)
    comparison = expected.compare(found, told, list(differing(**changes)))
    assert comparison.differences == differences
    assert len(comparison.examples) == differences
