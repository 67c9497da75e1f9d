"""Writing what happened to a clock: stretches, crossings, the row, its receipt, and events."""

from typing import Any

from wfweb.events import emit
from wfweb.kernel import clock
from wfweb.kernel.journal import journal
from wfweb.sla import receipts, rules
from wfweb.sla.clocks import Held, Row, write_ledger
from wfweb.sla.events import (
    ClockCancelled,
    ClockPaused,
    ClockResumed,
    ClockStarted,
    ClockStopped,
    LevelCrossed,
)
from wfweb.sla.models import SlaCrossing

CROSSINGS: Any = SlaCrossing.__table__
_AUDITED = ("status", "level", "due_at", "elapsed_seconds")
_RISKS = {"RED": "LOW", rules.BREACHED: "MEDIUM"}


def started(held: Held) -> None:
    """Tell of a new clock, whose row is written, and of levels it had reached already."""
    row = held.row
    write_ledger([held])
    after = {
        "definition": row.definition_code,
        "started_at": row.started_at.isoformat(),
        "due_at": row.due_at.isoformat() if row.due_at else None,
        "status": row.status,
    }
    emit(ClockStarted(**about(row), after=after))
    crossings(held)


def record(held: Held) -> None:
    """Write what changed in a clock in this act, and tell of it; nothing when nothing did."""
    row = held.row
    before = dict(row.before)
    turned = bool(held.rolled) or "paused_at" in before or "completed_at" in before
    if turned:
        row.change(receipt=receipts.receipt(held))
    write_ledger([held])
    crossings(held)
    # One that was late keeps its status when it is done.
    if {"status", "pause_reason", "completed_at"} & before.keys():
        _tell_status(row, before)
    row.save()


def rewritten(held: Held, *, silent: bool) -> None:
    """Write a clock that was counted anew: its ledger, levels and receipt of the new round."""
    held.row.change(receipt=receipts.receipt(held))
    write_ledger([held])
    crossings(held, silent=silent)


def crossings(held: Held, *, silent: bool = False) -> None:
    """Write the levels that were reached, each once; only the gravest of them is worth telling.

    :param silent: none of them is news, because the same was told in an earlier round.
    """
    last = rules.newest(held.crossed)
    for one in held.crossed:
        overtaken = silent or one is not last
        journal().insert(
            CROSSINGS,
            {
                "company_id": held.row.company_id,
                "clock_id": held.row.id,
                "round": held.row.round,
                "level": one.level,
                "at": one.at,
                "noticed_at": clock.now(),
                "overtaken": overtaken,
            },
        )
        emit(
            LevelCrossed(
                **{**about(held.row), "level": one.level},
                after={"level": one.level},
                details={"at": one.at.isoformat(), "overtaken": overtaken},
                at=one.at,
                round=held.row.round,
                overtaken=overtaken,
                risk=_RISKS.get(one.level),
            )
        )
    held.crossed.clear()


def _tell_status(row: Row, before: dict[str, Any]) -> None:
    told: dict[str, Any] = {
        **about(row),
        "before": plain({name: before[name] for name in _AUDITED if name in before}),
        "after": plain({name: getattr(row, name) for name in _AUDITED if name in before}),
    }
    if row.status == "cancelled":
        emit(ClockCancelled(**told, reason=row.end_reason or ""))
    elif row.completed_at is not None:
        emit(ClockStopped(**told))
    elif row.status == "paused":
        emit(ClockPaused(**told, reason=row.pause_reason or ""))
    elif before.get("status") == "paused":
        emit(ClockResumed(**told))


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return columns as plain values for the audit."""
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in values.items()
    }


def about(row: Row) -> dict[str, Any]:
    """Return what every event of a clock says."""
    return {
        "target_type": "sla_clock",
        "target_id": row.id,
        "target_label": row.title,
        "definition_code": row.definition_code,
        "subject_type": row.subject_type,
        "subject_id": row.subject_id,
        "record_id": row.record_id,
        "level": row.level,
        "status": row.status,
    }
