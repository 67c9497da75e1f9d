"""Reading logs: JSON lines and XES, in order, within limits, naming the line that is wrong."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.replay.conftest import LOG, MACHINE
from wfweb.replay import selection
from wfweb.replay.cases import BrokenLog, Case, LogEvent
from wfweb.replay.logs import read_log
from wfweb.replay.runner import steps_in_order
from wfweb.workflow.definitions import read_body


def line(case: str, events: list[tuple[int, str, str]]) -> str:
    made = [
        {"t": f"2026-03-02T09:{minute:02}:00+01:00", "activity": activity, "role": role}
        for minute, activity, role in events
    ]
    return json.dumps({"case": case, "attrs": {"Amount": "1.5"}, "events": made})


def jsonl(folder: Path, name: str = "log.jsonl") -> Path:
    path = folder / name
    text = "".join(line(case, events) + "\n" for case, events in LOG.items())
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def xes(folder: Path) -> Path:
    traces = []
    for case, events in LOG.items():
        inner = "".join(
            f'<event><string key="concept:name" value="{activity}"/>'
            f'<date key="time:timestamp" value="2026-03-02T09:{minute:02}:00.000+01:00"/>'
            f'<string key="org:role" value="{role}"/></event>'
            for minute, activity, role in events
        )
        traces.append(
            f'<trace><string key="concept:name" value="{case}"/>'
            f'<float key="Amount" value="1.5"/>{inner}</trace>'
        )
    path = folder / "log.xes.gz"
    text = f'<?xml version="1.0"?><log xmlns="http://www.xes-standard.org/">{"".join(traces)}</log>'
    path.write_bytes(gzip.compress(text.encode()))
    return path


def test_jsonl_gzip_and_xes_tell_the_same(tmp_path: Path) -> None:
    plain = list(read_log(jsonl(tmp_path)))
    assert plain == list(read_log(jsonl(tmp_path, "log.jsonl.gz")))
    from_xes = list(read_log(xes(tmp_path)))
    assert [case.events for case in from_xes] == [case.events for case in plain]
    assert [case.id for case in from_xes] == ["a", "b", "c"]
    assert from_xes[0].attributes["Amount"] == plain[0].attributes["Amount"]
    assert plain[0].events[0].at == datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"case":"a","events":[]}\n{', "line 2: is not JSON"),
        ("[]", "line 1: is not an object"),
        ('{"events":[]}', "line 1: is not an object with a “case”"),
        ('{"case":"a"}', "line 1: has no list"),
        ('{"case":"a","events":[{"t":"2026-01-01"}]}', "line 1: an event has no “activity”"),
        ('{"case":"a","events":[{"activity":"x"}]}', "line 1: an event has no time"),
        ('\n{"case":"a","events":[{"t":"soon","activity":"x"}]}', "line 2: “soon”"),
        ('{"case":"a","events":[]}\n{"case":"a","events":[]}', "the case “a” is there twice"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(text)
    with pytest.raises(BrokenLog) as broken:
        list(read_log(path))
    assert message in str(broken.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<log><trace>", "is not XML"),
        ("<html/>", "begins with <html>"),
        ('<!DOCTYPE log [<!ENTITY a "x">]><log>&a;</log>', "holds what is not read"),
        ('<!DOCTYPE log SYSTEM "file:///etc/passwd"><log/>', "holds what is not read"),
        ("<log><trace><event/></trace></log>", "has no concept:name"),
        (
            '<log><trace><event><string key="concept:name" value="x"/></event></trace></log>',
            "has no time:timestamp",
        ),
    ],
)
def test_broken_or_hostile_xes_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "log.xes"
    path.write_text(text)
    with pytest.raises(BrokenLog, match=message):
        list(read_log(path))


def test_files_that_are_no_logs_are_refused(tmp_path: Path) -> None:
    half = tmp_path / "log.jsonl.gz"
    half.write_bytes(gzip.compress(b'{"case":"a","events":[]}' * 100)[:40])
    for path in (half, tmp_path / "none.jsonl", tmp_path / "log.csv"):
        with pytest.raises(BrokenLog):
            list(read_log(path))


def test_times_without_a_zone_are_in_the_given_one(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    event = {"t": "29-02-2016 01:23", "activity": "x"}
    path.write_text(json.dumps({"case": "a", "events": [event]}))
    [case] = read_log(path, ZoneInfo("Europe/Amsterdam"))
    assert case.events[0].at == datetime(2016, 2, 29, 0, 23, tzinfo=UTC)


def test_time_never_goes_back_within_a_case(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    events = [{"t": f"2026-01-01T{hour}:00:00Z", "activity": str(hour)} for hour in (11, 10, 12)]
    path.write_text(json.dumps({"case": "a", "events": events}))
    [case] = read_log(path)
    assert [(event.activity, event.at.hour) for event in case.events] == [
        ("11", 11), ("10", 11), ("12", 12),
    ]  # fmt: skip


def test_events_of_all_cases_come_in_order_of_time(tmp_path: Path) -> None:
    cases = list(read_log(jsonl(tmp_path)))
    body = read_body(MACHINE)
    steps = steps_in_order(cases, selection.choose(body, cases))
    assert [(step.case.id, step.at.minute) for step in steps] == [
        ("a", 0), ("b", 10), ("b", 11), ("b", 12), ("b", 13), ("a", 30),
    ]  # fmt: skip


def events(*names: str, **members: str) -> list[Case]:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return [Case("a", {}, [LogEvent(at, name, **members) for name in names])]


def chosen(names: list[str], cases: list[Case], **options: str) -> list[str | None]:
    ways = [{"from": "s", "on": name, "to": "s"} for name in names]
    body = read_body({"name": "m", "initial": "s", "states": ["s"], "transitions": ways})
    picked = selection.choose(body, cases, **options)  # type: ignore[arg-type]
    return [picked.name_of(event) for case in cases for event in case.events]


def test_another_documents_events_are_left_out_by_their_beginning() -> None:
    cases = events("Permit ASKED", "Permit LOST", "Payment DONE")
    assert chosen(["Permit ASKED", "Permit GRANTED"], cases) == [
        "Permit ASKED", "Permit LOST", None,
    ]  # fmt: skip
    assert chosen(["A_ASKED", "A_GIVEN"], events("A_LOST", "W_ASKED")) == ["A_LOST", None]
    assert chosen(["Permit ASKED", "Permit GRANTED"], cases, only="Pay") == [
        "Permit ASKED", None, "Payment DONE",
    ]  # fmt: skip


def test_without_a_common_beginning_every_event_counts() -> None:
    assert chosen(["Ask", "Grant"], events("Ask", "Fly")) == ["Ask", "Fly"]


def test_only_complete_counts_where_phases_are_told() -> None:
    assert chosen(["Ask"], events("Ask", lifecycle="start")) == [None]
    assert chosen(["Ask"], events("Ask", lifecycle="COMPLETE")) == ["Ask"]
    assert chosen(["Ask"], events("Ask", lifecycle="start"), lifecycle="all") == ["Ask"]
    assert chosen(["Ask"], events("Ask", lifecycle="start"), lifecycle="start") == ["Ask"]


def test_sub_states_are_joined_when_the_definition_names_them_so() -> None:
    assert chosen(["Done/Closed"], events("Done", sub="Closed")) == ["Done/Closed"]
    assert chosen(["Done"], events("Done", sub="Closed")) == ["Done"]
