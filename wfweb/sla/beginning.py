"""Starting a clock: from when it counts, what pauses it inherits, and how it is written once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.ids import new_id
from wfweb.sla import checking, loading, pinning, receipts, telling
from wfweb.sla.clocks import CLOCKS, Held, Row, project, settle, tell
from wfweb.sla.definitions import Version
from wfweb.sla.judging import Judge
from wfweb.sla.ledger import Happening, whole


def start(version: Version, judge: Judge, others: Sequence[Row]) -> Held | None:
    """Start a clock unless its stop or cancel condition holds; nothing when it has no beginning.

    What is created paused never runs until it is resumed. A retroactive definition counts from
    the beginning and keeps the pauses of the clock it takes over from.
    """
    body = version.body
    hours = pinning.hours_for(body, judge.subject, judge.calendars)
    stops = body.stop is not None and judge.ends(body.stop, hours.calendar) is not None
    if stops or judge.cancels(body):
        return None
    begins = judge.begins(body, hours.calendar)
    if begins is None:
        return None
    terms = checking.terms_of(body, hours.calendar)
    held = Held(_row(version, judge, hours, begins, terms.target), terms, hours.calendar)
    for one in _story(held.row, judge, others if body.retroactive else ()):
        tell(held, one)
    reason = judge.pauses(body)
    if reason is None and held.row.status == "paused":
        tell(held, Happening(judge.now, "resume"))
    elif reason is not None:
        tell(held, Happening(judge.now, "pause", reason=reason))
    settle(held, judge.now) if held.row.status != "paused" else project(held)
    return held if _write(held) else None


def _row(
    version: Version, judge: Judge, hours: pinning.Hours, begins: datetime, target: int
) -> Row:
    subject, body = judge.subject, version.body
    company_id = current_actor().company_id
    assert company_id is not None  # noqa: S101 - nothing happens outside a company
    return Row(
        id=new_id(),
        company_id=company_id,
        definition_id=version.definition_id,
        version_id=version.id,
        definition_code=body.code,
        metric=body.metric,
        subject_type=subject.type,
        subject_id=subject.id,
        record_id=subject.record_id,
        title=subject.title,
        url=subject.url,
        target_seconds=target,
        started_at=whole(begins),
        segment_started_at=whole(begins),
        owner_id=subject.owner_id,
        team=body.team or subject.team,
        calendar_version_id=hours.version_id,
        time_zone=hours.zone,
    )


def _story(row: Row, judge: Judge, others: Sequence[Row]) -> list[Happening]:
    """Return the pauses and turns that a retroactive clock takes over from an earlier one."""
    earlier = [one for one in others if one.metric == row.metric]
    if not earlier:
        return []
    last = max(earlier, key=lambda one: (one.completed_at is None, one.segment_started_at))
    ledger = loading.ledgers([last])[last.id]
    told: list[Happening] = []
    for segment in ledger.segments:
        if segment.end is not None and segment.end <= row.started_at:
            continue
        at = max(segment.start, row.started_at)
        told.append(Happening(at, "owner", owner=segment.owner))
        if segment.kind == "pause":
            told.append(Happening(at, "pause", reason=segment.reason))
            if segment.end is not None:
                told.append(Happening(segment.end, "resume"))
    told.append(Happening(judge.now, "owner", owner=judge.subject.owner_id))
    return told


def _write(held: Held) -> bool:
    """Write the row, unless somebody else started the same clock in this moment."""
    held.row.change(receipt=receipts.receipt(held))
    values: dict[str, Any] = held.row.values()
    statement = insert(CLOCKS).values(values).on_conflict_do_nothing().returning(CLOCKS.c.id)
    if session().execute(statement).scalar_one_or_none() is None:
        return False
    held.row.before = {}
    telling.started(held)
    return True
