"""``wfweb replay``: run an event log through a definition and compare what comes out."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from wfweb.cli.outcome import REFUSED, USAGE, answer, json_option, progress
from wfweb.cli.running import application

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wfweb.replay.cases import Case
    from wfweb.replay.results import Results
    from wfweb.workflow.schemas import DefinitionBody

FILE: Final = click.Path(dir_okay=False, path_type=Path)
SHOWN: Final = 10


@click.command("replay")
@click.option("--definition", type=FILE, required=True, help="YAML or JSON; plain machines too.")
@click.option("--log", "log_file", type=FILE, required=True, help=".jsonl or .xes, also .gz.")
@click.option("--expect", type=FILE, help="per_case.jsonl(.gz) or summary.json to compare with.")
@click.option("--matrix", type=FILE, help="Amount bands or an approval matrix to count with.")
@click.option("--sla", type=FILE, help="An SLA definition: its clock runs beside every case.")
@click.option("--amount", help="Attribute of a case that holds its amount.")
@click.option("--as-of", "instants", multiple=True, help="Count states then; repeatable.")
@click.option("--only", help="Count only steps that begin so, instead of the automatic choice.")
@click.option("--lifecycle", default="auto", help="Phase that counts: auto (complete), all, start…")
@click.option("--time-zone", default="UTC", help="Zone of times that name none.")
@click.option("--batch", type=click.IntRange(1, 100_000), default=1000, help="Events a write.")
@click.option("--commit-each", is_flag=True, help="One transaction an event; the rows stay.")
@click.option("--keep", is_flag=True, help="Keep the trial company instead of taking it back.")
@json_option
def command(
    definition: Path,
    log_file: Path,
    expect: Path | None,
    matrix: Path | None,
    *,
    as_json: bool,
    **settings: Any,
) -> None:
    """Try a definition on your own past.

    Every case of the log becomes an instance in a trial company, every event a step by the
    role it names, with the clock set to the log's. Nothing is sent; everything is rolled back
    at the end. Exit 0 without differences, 1 with, 2 when a file cannot be read.
    """
    from wfweb.replay.cases import BrokenExpectation, BrokenLog

    try:
        report = _report(definition, log_file, expect, matrix, settings)
    except (BrokenLog, BrokenExpectation) as broken:
        raise SystemExit(_usage(f"{_named(broken, log_file)}{broken}")) from None
    if as_json:
        click.echo(_words(report), err=True)
    answer(report, as_json=as_json, text=_words(report))
    if report["differences"] or report.get("matrix", {}).get("differences"):
        sys.exit(REFUSED)


def _named(broken: Exception, log_file: Path) -> str:
    """A log's complaint names a line; put the file before it."""
    return f"{log_file.name} " if type(broken).__name__ == "BrokenLog" else ""


def _usage(sentence: str) -> int:
    click.echo(sentence, err=True)
    return USAGE


def _report(
    definition: Path,
    log_file: Path,
    expect: Path | None,
    matrix: Path | None,
    settings: dict[str, Any],
) -> dict[str, Any]:
    from wfweb.replay import amounts, clock_file, clock_results, expected, logs, results

    body = _definition(definition)
    zone = _zone(settings["time_zone"])
    instants = [_instant(text) for text in settings["instants"]]
    table = amounts.read_matrix(matrix, settings["amount"]) if matrix else None
    wanted = expected.read_expected(expect) if expect else None
    settings["clock"] = clock_file.read_clock(settings["sla"]) if settings["sla"] else None
    cases = list(logs.read_log(log_file, zone))
    found = _run(body, cases, settings)
    report = results.summary(found, instants)
    report["seconds"] = round(found.seconds, 3)
    report["events_per_second"] = round(report["events"] / found.seconds) if found.seconds else 0
    report["events_left_out"] = found.left_out
    report["notes"] = found.notes
    report["accepted"], report["refused"] = report["events_accepted"], report["events_refused"]
    if found.watch is not None:
        report["sla"] = clock_results.sla_summary(found, found.watch)
    comparison = expected.Comparison()
    if wanted is not None:
        comparison = expected.compare(found, report, wanted)
    report["differences"], report["examples"] = comparison.differences, comparison.examples
    if table is not None:
        counted = amounts.count(cases, table).to_data()
        report["matrix"] = {
            **counted,
            "differences": amounts.differences(counted, table.expected),
        }
    return report


def _definition(path: Path) -> DefinitionBody:
    from wfweb.kernel.errors import ValidationFailed
    from wfweb.workflow import definitions

    try:
        return definitions.read_body(path.read_bytes())
    except OSError as error:
        raise SystemExit(_usage(f"{path} cannot be read: {error.strerror}")) from None
    except ValidationFailed as wrong:
        lines = [f"{item.pointer or '/'}: {item.message}" for item in wrong.errors[:SHOWN]]
        raise SystemExit(_usage("\n".join([f"{path.name} is no definition:", *lines]))) from None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise SystemExit(_usage(f"“{name}” is no time zone")) from None


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise SystemExit(_usage(f"“{text}” is no instant; write 2018-07-15T12:00+02:00")) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _run(body: DefinitionBody, cases: Sequence[Case], settings: dict[str, Any]) -> Results:
    from wfweb.kernel.errors import ValidationFailed
    from wfweb.replay import runner, selection

    chosen = selection.choose(body, cases, only=settings["only"], lifecycle=settings["lifecycle"])
    options = runner.Options(
        batch=settings["batch"],
        commit_each=settings["commit_each"],
        keep=settings["keep"],
        clock=settings["clock"],
    )
    steps = sum(chosen.name_of(event) is not None for case in cases for event in case.events)
    try:
        with application(), progress("Replaying", steps) as advance:
            return runner.replay(body, cases, chosen, options, advance)
    except ValidationFailed as wrong:
        lines = [f"{item.pointer or '/'}: {item.message}" for item in wrong.errors[:SHOWN]]
        sentence = "\n".join(["The definition cannot be published:", *lines])
        raise SystemExit(_usage(sentence)) from None


def _words(report: dict[str, Any]) -> str:
    head = (
        f"{report['cases']:,} cases, {report['events']:,} events:"
        f" {report['accepted']:,} accepted, {report['refused']:,} refused,"
        f" {report['seconds']:.1f} s ({report['events_per_second']:,} events/s)"
    )
    lines = [head, *(f"note: {note}" for note in report["notes"])]
    lines += [f"  {count:>8,}  end in {state}" for state, count in report["final_states"].items()]
    lines += [
        f"  {row['count']:>8,}  refused: {row['activity']} in {row['state']}"
        for row in report["refusals"][:SHOWN]
    ]
    for instant, states in report["open_documents_as_of"].items():
        shown = ", ".join(f"{count:,} {state}" for state, count in states.items())
        lines.append(f"  at {instant}: {shown}")
    if "sla" in report:
        lines += _clock_words(report["sla"])
    if "matrix" in report:
        matrix = report["matrix"]
        shown = ", ".join(f"{count:,} need {name}" for name, count in matrix["documents"].items())
        lines.append(f"  matrix: {shown}; sum {matrix['sum_of_amounts']}")
        lines += [f"  matrix differs: {sentence}" for sentence in matrix["differences"]]
    lines += [f"  differs: {sentence}" for sentence in report["examples"]]
    lines.append(f"{report['differences']:,} differences")
    return "\n".join(lines)


def _clock_words(sla: dict[str, Any]) -> list[str]:
    counts = ", ".join(f"{count:,} {word}" for word, count in sla["clocks"].items())
    levels = ", ".join(
        f"{count:,} {level}" for level, count in sla["levels_of_approved_documents"].items()
    )
    lines = [f"  clock {sla['definition']}: {counts}", f"  levels: {levels}"]
    if "taken" in sla:
        taken = sla["taken"]
        after = ", ".join(
            f"{count:,} on day {day}" for day, count in taken["days_from_start"].items()
        )
        lines.append(f"  {taken['step']} by itself: {taken['accepted']:,} accepted; {after}")
    return lines
