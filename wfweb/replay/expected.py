"""Comparing a run with what is expected: one line a case, or a summary of counts."""

import gzip
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from wfweb.replay import clock_results
from wfweb.replay.cases import BrokenExpectation
from wfweb.replay.results import Results

SHOWN = 20


@dataclass(slots=True)
class Comparison:
    """How many cases differ, and the first of them in words."""

    differences: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, sentence: str, count: int = 1) -> None:
        """Count a difference and keep the first ones to be shown."""
        self.differences += count
        if len(self.examples) < SHOWN:
            self.examples.append(sentence)


Expectation = list[Mapping[str, Any]] | Mapping[str, Any]


def read_expected(path: Path) -> Expectation:
    """Read a ``per_case.jsonl`` (also gzipped) as a list, or a ``summary.json`` as an object.

    :raises BrokenExpectation: naming the line where known, and for a file that states nothing.
    """
    raw = _content(path)
    lines = raw.splitlines()
    first = _json(lines[0], 1, path) if lines and lines[0].rstrip().endswith(b"}") else None
    if isinstance(first, dict) and "case" in first:
        return list(_lines(lines, path))
    whole = _json(raw, None, path)
    if not isinstance(whole, dict):
        raise BrokenExpectation(f"{path.name} is neither one case a line nor a summary")
    if not _states_something(whole):
        # Comparing with nothing would find no difference, which reads as a proof.
        known = ", ".join(("final_states", *_COUNTS))
        raise BrokenExpectation(f"{path.name} states nothing to compare with, such as {known}")
    return whole


def _states_something(wanted: Mapping[str, Any]) -> bool:
    """Tell whether a summary holds at least one number that a run is compared with."""
    quantiles = [wanted.get(name) for name in _QUANTILES]
    return (
        any(wanted.get(name) is not None for name in _COUNTS)
        or any(bool(wanted.get(name)) for name in _LISTS)
        or any(value is not None for found in quantiles if found for value in found.values())
    )


def compare(results: Results, found: Mapping[str, Any], expected: Expectation) -> Comparison:
    """Compare a run with what is expected of it; ``found`` is the run's own summary."""
    if isinstance(expected, list):
        return _per_case(results, expected)
    return _summary(found, expected)


def _content(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if path.name.endswith(".gz") else raw
    except FileNotFoundError:
        raise BrokenExpectation(f"there is no file {path}") from None
    except (OSError, EOFError, ValueError) as error:
        raise BrokenExpectation(f"{path.name} cannot be read: {error}") from None


def _json(raw: bytes, line: int | None, path: Path) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        place = f"{path.name} line {line}" if line else path.name
        raise BrokenExpectation(f"{place} is not JSON: {error}") from None


def _lines(lines: list[bytes], path: Path) -> Iterator[Mapping[str, Any]]:
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        data = _json(text, number, path)
        if not isinstance(data, dict) or not {"case", "accepted", "final_state"} <= set(data):
            raise BrokenExpectation(f"{path.name} line {number} has no case, accepted, final_state")
        yield data


def _per_case(results: Results, expected: Iterable[Mapping[str, Any]]) -> Comparison:
    comparison, left = Comparison(), dict(results.cases)
    for wanted in expected:
        case = left.pop(str(wanted["case"]), None)
        if case is None:
            comparison.add(f"{wanted['case']}: expected, but not in the log")
        elif (case.flags, case.state) != (wanted["accepted"], wanted["final_state"]):
            comparison.add(
                f"{case.id}: {case.flags} in “{case.state}”, expected"
                f" {wanted['accepted']} in “{wanted['final_state']}”"
            )
        elif results.watch is not None:
            shown = results.watch.figures(case.id)
            sentence = clock_results.case_difference(case, shown, wanted)
            if sentence is not None:
                comparison.add(sentence)
    for case_id in left:
        comparison.add(f"{case_id}: in the log, but not expected")
    return comparison


_COUNTS = {
    "cases": "cases",
    "documents": "cases",
    "events": "events",
    "events_accepted": "events_accepted",
    "events_refused": "events_refused",
    "cases_without_refusal": "cases_without_refusal",
    "documents_without_refusal": "cases_without_refusal",
    "submissions_per_document": "submissions_per_document",
    "approvals_total": "approvals_total",
    "rejections_total": "rejections_total",
}
_LISTS = ("final_states", "refusals_by_state_and_activity", "top_refusals")
_QUANTILES = ("first_to_last_event_s", "elapsed_first_submission_to_last_approval_s")


def _summary(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> Comparison:
    """Compare the numbers both sides have; a case in another final state counts once."""
    comparison = Comparison()
    finals = Counter(wanted.get("final_states") or {})
    if finals:
        missing = finals - Counter(found["final_states"])
        extra = Counter(found["final_states"]) - finals
        wrong = max(sum(missing.values()), sum(extra.values()))
        if wrong:
            comparison.add(f"final states: {dict(extra)} instead of {dict(missing)}", wrong)
    for name, ours in _COUNTS.items():
        if name in wanted and wanted[name] != found[ours]:
            comparison.add(f"{name}: {found[ours]}, expected {wanted[name]}")
    for name in _QUANTILES:
        for place, value in (wanted.get(name) or {}).items():
            if value is not None and found[name].get(place) != value:
                comparison.add(f"{name} {place}: {found[name].get(place)}, expected {value}")
    _refusals(found, wanted, comparison)
    if "sla" in found:
        for sentence in clock_results.summary_differences(found["sla"], wanted):
            comparison.add(sentence)
    return comparison


def _refusals(found: Mapping[str, Any], wanted: Mapping[str, Any], comparison: Comparison) -> None:
    counts = {(r["state"], r["activity"]): r["count"] for r in found["refusals"]}
    for row in wanted.get("refusals_by_state_and_activity") or wanted.get("top_refusals") or ():
        key = (row["state"], row.get("activity") or row.get("step"))
        if counts.get(key) != row["count"]:
            comparison.add(f"refused {key[1]} in {key[0]}: {counts.get(key)}, not {row['count']}")
