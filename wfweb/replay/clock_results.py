"""What the clocks of a replay showed, as counts, and where that is not what is expected."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from wfweb.replay.clocks import Figures, Watch
from wfweb.replay.results import CaseResult, Results, quantiles
from wfweb.sla.rules import LEVELS

DAY_SECONDS = 86_400


def sla_summary(results: Results, watch: Watch) -> dict[str, Any]:
    """Return levels, outcomes and times of the clocks, under the names of expected summaries.

    Levels and quantiles are those of approved documents; without any, of all clocks that ended.
    """
    shown = {case_id: watch.figures(case_id) for case_id in results.cases}
    clocks = {case_id: one for case_id, one in shown.items() if one is not None}
    ended = {case_id: one for case_id, one in clocks.items() if one.ended}
    approved = [one for one in results.cases.values() if one.approved_at is not None]
    counted = [clocks[one.id] for one in approved if one.id in clocks] or list(ended.values())
    levels = Counter(one.level for one in counted)
    missed = [one for one in ended.values() if one.breached_at is not None]
    report: dict[str, Any] = {
        "definition": watch.clock.body.code,
        "target_business_seconds": None if watch.clock.deadline else watch.clock.terms.target,
        "clocks": {
            "met": len(ended) - len(missed),
            "missed": len(missed),
            "open": len(clocks) - len(ended),
        },
        "levels_of_approved_documents": {name: levels[name] for name in LEVELS if levels[name]},
        "clock_quantiles_s": quantiles(one.elapsed for one in counted),
        "late_s": quantiles(one.late for one in missed),
    }
    if watch.clock.takes is not None:
        report["taken"] = _taken(watch)
    return report


def _taken(watch: Watch) -> dict[str, Any]:
    """Count the steps that clocks took by themselves, and after how many days."""
    fired = [one for one in watch.clocks.values() if one.taken_at is not None]
    days = Counter(
        (one.taken_at - one.began).total_seconds() / DAY_SECONDS for one in fired if one.taken_at
    )
    return {
        "step": watch.clock.takes,
        "started": len(watch.clocks),
        "fired": len(fired),
        "accepted": sum(one.took for one in fired),
        "days_from_start": {f"{day:g}": days[day] for day in sorted(days)},
    }


def case_difference(
    case: CaseResult, found: Figures | None, wanted: Mapping[str, Any]
) -> str | None:
    """Return how the clock of a case differs from what its line expects; nothing when it agrees."""
    if "clock_business_s" not in wanted:
        return None
    level = found.level if found is not None and case.approved_at is not None else None
    ours = (
        found.elapsed if found else 0,
        level,
        found.breached_at if found else None,
        [list(one) for one in found.pauses] if found else [],
    )
    theirs = (
        wanted["clock_business_s"] or 0,
        wanted.get("level"),
        _instant(wanted.get("breached_at")),
        [[_instant(start), _instant(end)] for start, end in wanted.get("pauses") or ()],
    )
    names = ("clock_business_s", "level", "breached_at", "pauses")
    wrong = [
        f"{name} {mine}, expected {other}"
        for name, mine, other in zip(names, ours, theirs, strict=True)
        if mine != other
    ]
    return f"{case.id}: {'; '.join(wrong)}" if wrong else None


def summary_differences(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Return where the ``sla``, ``deadline`` or ``timer`` of an expected summary differs."""
    sla, deadline = wanted.get("sla") or {}, wanted.get("deadline") or {}
    timer, taken = wanted.get("timer") or {}, found.get("taken") or {}
    counts = deadline.get("counts") or {}
    pairs: list[tuple[str, Any, Any]] = [
        (name, found[name], sla[name])
        for name in ("target_business_seconds", "levels_of_approved_documents", "clock_quantiles_s")
        if name in sla
    ]
    pairs += [
        (word, found["clocks"][name], counts[word])
        for word, name in (("met", "met"), ("missed", "missed"), ("no end date", "open"))
        if word in counts
    ]
    if timer and taken:
        days = timer.get("days_from_notification_to_penalty")
        pairs += [("notified", taken["started"], timer.get("notified"))]
        pairs += [("days", taken["days_from_start"], days)]
    return [f"{name}: {ours}, expected {theirs}" for name, ours, theirs in pairs if ours != theirs]


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
