"""What a replay found, as plain values: flags and final state of each case, and counts."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from wfweb.replay.clocks import Watch

QUANTILES = (("p50", 0.50), ("p75", 0.75), ("p90", 0.90), ("p95", 0.95), ("p99", 0.99))


@dataclass(slots=True)
class CaseResult:
    """One case: an accepted flag for each event, and the states it went through."""

    id: str
    state: str
    accepted: bytearray = field(default_factory=bytearray)
    first_at: datetime | None = None
    last_at: datetime | None = None
    moves: list[tuple[datetime, str]] = field(default_factory=list)
    submissions: int = 0
    approvals: int = 0
    rejections: int = 0
    first_submitted: datetime | None = None
    approved_at: datetime | None = None

    @property
    def flags(self) -> str:
        """The flags as text, one character an event."""
        return self.accepted.decode("ascii")


@dataclass(slots=True)
class Results:
    """A whole run."""

    cases: dict[str, CaseResult]
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: float = 0.0
    left_out: int = 0
    notes: list[str] = field(default_factory=list)
    watch: Watch | None = None


def note_move(case: CaseResult, at: datetime, step: str, before: str, after: str) -> None:
    """Count an accepted step by the words it is named with."""
    case.moves.append((at, after))
    words = step.upper()
    if "SUBMITTED" in words or "SUBMIT" in words.split():
        case.submissions += 1
        case.first_submitted = case.first_submitted or at
    if "APPROVED" in words or "APPROVE" in words.split():
        case.approvals += 1
    if after.lower() == "approved":
        case.approved_at = at
    if after.lower() == "rejected" != before.lower():
        case.rejections += 1


def quantiles(seconds: Iterable[float]) -> dict[str, int | None]:
    """Return quantiles in whole seconds: the value at place ``floor(p * (n - 1))``."""
    values = sorted(seconds)
    if not values:
        return dict.fromkeys([name for name, _share in QUANTILES] + ["max"])
    found: dict[str, int | None] = {
        name: round(values[int(share * (len(values) - 1))]) for name, share in QUANTILES
    }
    return found | {"max": round(values[-1])}


def states_as_of(cases: Iterable[CaseResult], instant: datetime) -> dict[str, int]:
    """Return how many cases were in each state at an instant; those not yet begun in none."""
    found: Counter[str] = Counter()
    for case in cases:
        state = None
        for at, after in case.moves:
            if at > instant:
                break
            state = after
        if state is not None:
            found[state] += 1
    return dict(sorted(found.items()))


def summary(results: Results, instants: Sequence[datetime] = ()) -> dict[str, Any]:
    """Return the counts of a run, under the names that expected summaries use."""
    cases = list(results.cases.values())
    events = sum(len(case.accepted) for case in cases)
    refused = sum(results.refused.values())
    finals = Counter(case.state for case in cases)
    submissions = Counter(case.submissions for case in cases)
    return {
        "cases": len(cases),
        "events": events,
        "events_accepted": events - refused,
        "events_refused": refused,
        "cases_without_refusal": sum(b"0"[0] not in case.accepted for case in cases),
        "final_states": dict(finals.most_common()),
        "refusals": [
            {"state": state, "activity": step, "count": count}
            for (state, step), count in results.refused.most_common()
        ],
        "submissions_per_document": {
            str(number): submissions[number] for number in sorted(submissions)
        },
        "approvals_total": sum(case.approvals for case in cases),
        "rejections_total": sum(case.rejections for case in cases),
        "first_to_last_event_s": quantiles(
            (case.last_at - case.first_at).total_seconds()
            for case in cases
            if case.first_at is not None and case.last_at is not None
        ),
        "elapsed_first_submission_to_last_approval_s": quantiles(
            (case.approved_at - case.first_submitted).total_seconds()
            for case in cases
            if case.approved_at is not None and case.first_submitted is not None
        ),
        "open_documents_as_of": {
            instant.isoformat(): states_as_of(cases, instant) for instant in instants
        },
    }
