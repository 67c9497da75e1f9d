"""The receipt of a clock: everything its due time depends on, kept with the row.

It is the calendar's receipt of the start, the target and the pauses: adding up what it says was
counted gives the due time again, whatever is edited later.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from wfweb.calendars import pauses as calendar_pauses
from wfweb.calendars import receipts
from wfweb.calendars import rules as business
from wfweb.sla import loading, pinning, rules
from wfweb.sla.clocks import Held
from wfweb.sla.ledger import Ledger, Segment


def receipt(held: Held) -> dict[str, Any] | None:
    """Return the receipt of a clock as it stands in this act.

    Nothing for a due time beyond what calendars know.
    """
    row = held.row
    source = pinning.source_of(row.calendar_version_id, row.time_zone)
    try:
        return receipts.receipt(
            held.calendar,
            row.started_at,
            row.target_seconds,
            pauses_of(_stretches(held)),
            code=source.code,
            name=source.name,
            number=source.number,
        )
    except business.TooFar:
        return None


def receipt_of(
    terms: rules.Terms, ledger: Ledger, calendar: business.Calendar
) -> dict[str, Any] | None:
    """Return the receipt of a ledger that belongs to no clock, for trials."""
    if not ledger.segments:
        return None
    start = ledger.segments[0].start
    return receipts.receipt(calendar, start, terms.target, pauses_of(ledger.segments))


def recompute(receipt: dict[str, Any]) -> datetime | None:
    """Return the due time, added up from a stored receipt alone.

    :raises ReceiptMismatchError: when it was changed after it was written.
    """
    return receipts.recompute(receipt)


def pauses_of(stretches: Iterable[Segment]) -> list[calendar_pauses.Pause]:
    """Return the pauses of a ledger; stretches that follow each other for one reason are one."""
    found: list[calendar_pauses.Pause] = []
    for one in stretches:
        if one.kind != "pause":
            continue
        last = found[-1] if found else None
        reason = one.reason or ""
        if last is not None and (last.end, last.reason) == (one.start, reason):
            found[-1] = calendar_pauses.Pause(last.start, one.end, reason)
        else:
            found.append(calendar_pauses.Pause(one.start, one.end, reason))
    return found


def _stretches(held: Held) -> list[Segment]:
    """Return the whole ledger, with what this act has closed and not yet written."""
    row = held.row
    written = row.segment_seq - 1 - len(held.rolled)
    known = loading.ledgers([row])[row.id].segments[:written] if written > 0 else ()
    rolled = [
        Segment(one["kind"], one["started_at"], one["ended_at"], one["reason"], one["owner_id"])
        for one in held.rolled
    ]
    going = [] if row.completed_at is not None else [held.stretch]
    return [*known, *rolled, *going]
