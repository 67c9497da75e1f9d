"""What locks say on the page of a record: the banner, blocked steps, the history."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from flask import g, render_template
from sqlalchemy import ColumnElement, select

from wfweb.alerts.models import Alert
from wfweb.approvals.models import ApprovalRequest
from wfweb.identity.access import user_or_none
from wfweb.locks import queries
from wfweb.locks.rows import LockRow
from wfweb.locks.views.presenting import STATUS, listed, shown
from wfweb.records.models import Record
from wfweb.sla.models import SlaClock
from wfweb.tasks.models import Task
from wfweb.workflow.models import WorkflowInstance

WORK: Final[Mapping[str, Any]] = {
    "alert": Alert,
    "approval_request": ApprovalRequest,
    "sla_clock": SlaClock,
    "task": Task,
    "workflow_instance": WorkflowInstance,
}


def record_banner(record: Record) -> str:
    """Return the banner of a record; without locks an empty place that a poll fills."""
    if user_or_none() is None:
        return ""
    return render_template("locks/_banner.html", **banner_context(record, standing(record)))


def about_banner(record_id: UUID | None) -> str:
    """Return the banner of a record on a page that is about it: of a request, task, clock, ..."""
    return _elsewhere(record_id) if record_id else ""


def story_banner(target_type: str, target_id: UUID) -> str:
    """Return the banner of the record that somebody reads the story of, or of work about it."""
    if target_type == "record":
        return _elsewhere(target_id)
    work = WORK.get(target_type)
    if work is None:
        return ""
    return _elsewhere(select(work.record_id).where(work.id == target_id).scalar_subquery())


def _elsewhere(record_id: UUID | ColumnElement[UUID]) -> str:
    found = queries.about(record_id) if user_or_none() else None
    if found is None:
        return ""
    return render_template("locks/_banner.html", **banner_context(*found, elsewhere=True))


def banner_context(
    record: Record, rows: Sequence[LockRow], *, elsewhere: bool = False
) -> dict[str, Any]:
    """Return what the banner is drawn from.

    :param elsewhere: it stands on a page that shows no steps of the record.
    """
    actions = list(dict.fromkeys(action for row in rows for action in row.actions))
    return {
        "record": record,
        "locks": shown(rows),
        "blocked": listed(actions),
        "single": len(actions) == 1,
        "version": version_of(rows),
        "poll": True,
        "elsewhere": elsewhere,
    }


def version_of(rows: Sequence[LockRow]) -> str:
    """Return a text that changes when the banner does."""
    found = queries.who_can_release(rows) if rows else {}
    parts = [f"{row.id.hex[-8:]}.{found[row.id].request_key or ''}" for row in rows]
    return "_".join(parts) or "none"


def record_action(record: Record, action: str, label: str) -> str:
    """Return a blocked step as a link to its reason; empty for one that nothing blocks."""
    if not any(action in row.blocked_actions for row in standing(record)):
        return ""
    return render_template("locks/_action.html", record=record, action=action, label=label)


def record_main(record: Record) -> str:
    """Return the card with every lock a record ever had; empty when there was none."""
    if user_or_none() is None:
        return ""
    rows = queries.of_record(record.id, ended=True)
    if not rows:
        return ""
    return render_template(
        "locks/_history.html",
        record=record,
        rows=list(reversed(rows)),
        summary=queries.summary(record.id),
        status=STATUS,
    )


def alert_main(alert: Alert) -> str:
    """Return the card with the locks that an alert made; empty when it made none."""
    rows = queries.of_alert(alert.id)
    return render_template("locks/_of_alert.html", locks=shown(rows), status=STATUS) if rows else ""


def standing(record: Record) -> list[LockRow]:
    """Return the locks of a record; banner and steps read them once a request."""
    known: dict[Any, list[LockRow]] = g.setdefault("wfweb_locks_of", {})
    if record.id not in known:
        known[record.id] = queries.of_record(record.id)
    return known[record.id]
