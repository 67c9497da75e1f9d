"""SLA clocks beside a replay: judged by a definition, counted to the second, acting on time."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from tests.replay.conftest import MACHINE
from tests.replay.test_logs import jsonl
from tests.replay.test_replay import CLOCK_FILES, run
from wfweb.cli.replay import command
from wfweb.kernel.errors import ValidationFailed
from wfweb.replay import clock_results
from wfweb.replay.cases import BrokenExpectation, Case, LogEvent
from wfweb.replay.clock_file import ClockFile, clock_of, read_clock
from wfweb.replay.logs import read_log
from wfweb.replay.results import Results

ASKED = {"field": "instance.state", "operator": "=", "value": "asked"}
BACK = {"field": "instance.state", "operator": "=", "value": "new"}
DONE = {"field": "instance.state", "operator": "in", "value": ["granted", "refused"]}
HOURS = {"tz": "Europe/Amsterdam", "weekly": {"mon": [["08:00", "18:00"]]}}
MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # nine o'clock in Amsterdam
AGAIN: dict[str, Any] = {
    **MACHINE,
    "transitions": [
        *MACHINE["transitions"],
        {"from": "asked", "on": "Loan RETURNED by BOSS", "role": "BOSS", "to": "new"},
        {"from": "granted", "on": "Loan ASKED by CLERK", "role": "CLERK", "to": "asked"},
    ],
    "final": ["refused"],
}


def clock(**changes: Any) -> ClockFile:
    body = {
        "code": "decide",
        "name": "Decide",
        "unit": "minutes",
        "target": 30,
        "start": {"when": ASKED},
        "pause": [{"reason": "Returned", "when": BACK}],
        "stop": {"when": DONE},
        "calendar": HOURS,
        **changes,
    }
    return clock_of({name: value for name, value in body.items() if value is not None})


def case(*events: tuple[float, str], **attributes: Any) -> Case:
    """A case of events at minutes after nine on a Monday."""
    made = [
        LogEvent(MONDAY + timedelta(minutes=minute), what, what.rpartition(" by ")[2] or None)
        for minute, what in events
    ]
    return Case("a", attributes, made)


ASK, GRANT, RETURN = "Loan ASKED by CLERK", "Loan GRANTED by BOSS", "Loan RETURNED by BOSS"


def figures(found: Results) -> clock_results.Figures:
    assert found.watch is not None
    shown = found.watch.figures("a")
    assert shown is not None
    return shown


def test_a_clock_runs_while_the_definition_lets_it(rollback: None) -> None:
    log = [case((0, ASK), (10, RETURN), (40, ASK), (50, GRANT))]
    shown = figures(run(AGAIN, log, clock=clock()))
    assert (shown.ended, shown.elapsed, shown.level, shown.breached_at) == (
        True,
        20 * 60,
        "YELLOW",
        None,
    )
    (pause,) = shown.pauses
    assert [(at - MONDAY).total_seconds() / 60 for at in pause] == [10, 40]


def test_the_instant_of_breach_is_exact_and_lies_in_working_time(rollback: None) -> None:
    evening = 8 * 60 + 50  # ten minutes before closing; the next opening is a week later
    log = [case((evening, ASK), (evening + 7 * 24 * 60, GRANT))]
    shown = figures(run(MACHINE, log, clock=clock()))
    assert shown.breached_at == datetime(2026, 3, 9, 7, 20, tzinfo=UTC)
    assert (shown.level, shown.elapsed) == ("BREACHED", (10 + 9 * 60 + 50) * 60)
    assert shown.late == shown.elapsed - 30 * 60


@pytest.mark.parametrize(("repeat", "elapsed"), [(False, 20), (True, 35)])
def test_rounds_are_summed_where_the_definition_begins_again(
    rollback: None, repeat: bool, elapsed: int
) -> None:
    log = [case((0, ASK), (20, GRANT), (60, ASK), (75, GRANT))]
    shown = figures(run(AGAIN, log, clock=clock(repeat=repeat)))
    assert shown.elapsed == elapsed * 60
    assert shown.breached_at == (MONDAY + timedelta(minutes=70) if repeat else None)
    assert shown.pauses == []


def test_a_refused_step_moves_no_clock(rollback: None) -> None:
    log = [case((0, GRANT), (5, ASK), (6, ASK), (15, GRANT))]
    assert figures(run(MACHINE, log, clock=clock())).elapsed == 10 * 60


@pytest.mark.parametrize(
    ("end", "outcome"),
    [("2026-03-02T10:29:59+01:00", "met"), ("2026-03-02T10:31+01:00", "missed"), (None, "open")],
)
def test_a_case_may_bring_its_own_deadline_and_end(
    rollback: None, end: str | None, outcome: str
) -> None:
    file = clock(
        deadline="record.deadline",
        start={"field": "record.begun"},
        stop={"field": "record.done"},
        calendar=None,
        pause=[],
    )
    attributes = {"begun": "2026-03-02T09:00+01:00", "deadline": "2026-03-02T10:30+01:00"}
    log = [case((5, ASK), (200, GRANT), **attributes, **({"done": end} if end else {}))]
    found = run(MACHINE, log, clock=file)
    assert found.watch is not None
    told = clock_results.sla_summary(found, found.watch)
    assert told["clocks"] == {"met": 0, "missed": 0, "open": 0, outcome: 1}
    assert figures(found).pauses == []


@pytest.mark.parametrize("commit_each", [False, True])
def test_what_falls_due_by_itself_is_done_at_its_instant(rollback: None, commit_each: bool) -> None:
    other = Case("b", {}, [LogEvent(MONDAY + timedelta(minutes=99), ASK, "CLERK")])
    log = [case((0, ASK), (45, GRANT)), other]
    found = run(MACHINE, log, clock=clock(takes="Close"), commit_each=commit_each)
    one = found.cases["a"]
    assert (one.flags, one.state) == ("10", "refused")
    assert one.moves[-1] == (MONDAY + timedelta(minutes=30), "refused")
    assert found.cases["b"].state == "asked"
    assert found.watch is not None
    taken = clock_results.sla_summary(found, found.watch)["taken"]
    assert (taken["fired"], taken["accepted"]) == (1, 1)


def test_a_decision_in_the_instant_of_the_deadline_is_in_time(rollback: None) -> None:
    log = [case((0, ASK), (30, GRANT), (99, "Close"))]
    found = run(MACHINE, log, clock=clock(takes="Close"))
    assert (found.cases["a"].flags, found.cases["a"].state) == ("110", "granted")


def test_the_logs_own_step_is_answered_and_not_done_twice(rollback: None) -> None:
    log = [case((0, ASK), (30, "Close"))]
    found = run(MACHINE, log, clock=clock(takes="Close"))
    assert (found.cases["a"].flags, found.cases["a"].state) == ("11", "refused")
    early = run(MACHINE, [case((0, ASK), (29, "Close"))], clock=clock(takes="Close"))
    assert (early.cases["a"].flags, early.cases["a"].state) == ("10", "asked")


@pytest.mark.slow
def test_every_fine_grows_on_day_sixty(rollback: None, logs: Path) -> None:
    """Some people pay before they are notified; the frequent steps alone leave those out."""
    name = "traffic_fines_sample10k"
    machine = json.loads((logs / "definitions" / f"{name}__frequent_steps.json").read_text())
    notified = "Insert Fine Notification"
    machine["transitions"].append({"from": "Payment", "on": notified, "to": notified})
    cases = [
        one
        for one in read_log(logs / f"{name}.jsonl.gz")
        if any(event.activity == notified for event in one.events)
    ]
    found = run(machine, cases, clock=read_clock(CLOCK_FILES / "penalty.yaml"))
    assert found.watch is not None
    told = clock_results.sla_summary(found, found.watch)
    assert told["taken"]["accepted"] == 4635
    expected = json.loads((logs / "expected" / f"{name}__frequent_steps.summary.json").read_text())
    assert clock_results.summary_differences(told, expected) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"name": None}, "is no SLA definition"),
        ({"target": "soon"}, "/target"),
        ({"calendar": "office"}, "/calendar: Write the working hours"),
        ({"calendar": {"tz": "Mars"}}, "clock.yaml is no SLA definition"),
        ({"deadline": 5}, "/deadline: Write a name"),
        ({"takes": " "}, "/takes: Write a name"),
        ({"colour": "red"}, "/colour"),
        ({"start": {"when": {"field": "a", "operator": "like", "value": 1}}}, "/start/when"),
    ],
)
def test_a_file_that_is_no_clock_says_where(
    tmp_path: Path, content: dict[str, Any], message: str
) -> None:
    path = tmp_path / "clock.yaml"
    path.write_text(json.dumps({"code": "x", "name": "X", "target": 1, **content}))
    with pytest.raises(BrokenExpectation) as broken:
        read_clock(path)
    assert message in str(broken.value)
    with pytest.raises(BrokenExpectation):
        read_clock(tmp_path / "absent.yaml")
    with pytest.raises(ValidationFailed):
        clock_of({})


def test_the_command_shows_clocks_and_their_differences(app: Flask, tmp_path: Path) -> None:
    definition, file, wanted = (tmp_path / name for name in ("d.json", "c.json", "per_case.jsonl"))
    definition.write_text(json.dumps(MACHINE))
    body = {"code": "decide", "name": "Decide", "unit": "minutes", "target": 60}
    file.write_text(json.dumps({**body, "start": {"when": ASKED}, "stop": {"when": DONE}}))
    rows = [
        {"case": "a", "accepted": "11", "final_state": "granted", "clock_business_s": 1799},
        {"case": "b", "accepted": "0101", "final_state": "refused", "clock_business_s": 120},
    ]
    wanted.write_text("\n".join(json.dumps(row) for row in rows))
    words = ["--definition", definition, "--log", jsonl(tmp_path), "--sla", file]
    done = CliRunner().invoke(command, [*map(str, words), "--expect", str(wanted), "--json"])
    assert done.exit_code == 1, done.output
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["sla"]["clocks"] == {"met": 2, "missed": 0, "open": 0}
    assert report["differences"] == 1
    assert "a: clock_business_s 1800, expected 1799" in report["examples"][0]
    assert "clock decide: 2 met, 0 missed, 0 open" in done.stderr
