"""Locks as pages and the API read them: one statement, with everything a line shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import aliased

from wfweb.alerts.models import Alert
from wfweb.identity.models import User
from wfweb.kernel.db import session
from wfweb.locks.models import DEFAULT_DAYS, LockEvaluation, LockType, WorkflowLock
from wfweb.records.models import Record, RecordType


@dataclass(frozen=True, slots=True)
class LockRow:
    """One lock with its record, its alert and its kind.

    ``expires_at`` is when it is looked at next, empty once it ended; ``actions`` names what is
    blocked in words, in the order of ``blocked_actions``.
    """

    id: UUID
    record_id: UUID
    record_key: str
    record_title: str
    record_type: str
    owner_id: UUID | None
    alert_id: UUID
    alert_key: str
    alert_status: str
    lock_type: str
    type_name: str
    type_description: str
    reason: str
    severity: str
    status: str
    locked_at: datetime
    unlocked_at: datetime | None
    duration_hours: Decimal | None
    locked_by_name: str | None
    unlocked_by_name: str | None
    unlock_reason: str | None
    blocked_actions: Sequence[str]
    actions: Sequence[str]
    expires_at: datetime | None
    on_expiry: str
    in_flight: str
    release_workflow: str | None
    ask_at_once: bool

    @property
    def is_active(self) -> bool:
        """Whether it blocks its actions now."""
        return self.status == "locked"

    @property
    def url(self) -> str:
        """The address of its page."""
        return f"/locks/{self.id}"

    @property
    def record_url(self) -> str:
        """The address of its record's page."""
        return f"/records/{self.record_type}/{self.record_key}"


_again = (
    select(LockEvaluation.next_at)
    .where(LockEvaluation.lock_id == WorkflowLock.id, LockEvaluation.next_at.is_not(None))
    .order_by(LockEvaluation.id.desc())
    .limit(1)
    .correlate(WorkflowLock)
    .scalar_subquery()
)
_days = func.coalesce(LockType.expiry_days, DEFAULT_DAYS)
due_at = func.coalesce(_again, WorkflowLock.locked_at + _days * timedelta(hours=24))


@cache
def statement() -> Select[Any]:
    """Return the read of locks with what belongs to a line; narrow and order it.

    Made once: narrowing makes a copy, and describing it takes longer than asking it.
    """
    locker, unlocker = aliased(User), aliased(User)
    return (
        select(
            WorkflowLock,
            Record.key.label("record_key"),
            Record.title.label("record_title"),
            Record.type_code.label("record_type"),
            Record.owner_id.label("record_owner_id"),
            RecordType.actions.label("type_actions"),
            Alert.key.label("alert_key"),
            Alert.status.label("alert_status"),
            LockType,
            locker.name.label("locked_by_name"),
            unlocker.name.label("unlocked_by_name"),
            due_at.label("due_at"),
        )
        .join(Record, Record.id == WorkflowLock.record_id)
        .join(RecordType, RecordType.id == Record.type_id)
        .join(Alert, Alert.id == WorkflowLock.alert_id)
        .join(
            LockType,
            (LockType.company_id == WorkflowLock.company_id)
            & (LockType.code == WorkflowLock.lock_type),
        )
        .outerjoin(locker, locker.id == WorkflowLock.locked_by)
        .outerjoin(unlocker, unlocker.id == WorkflowLock.unlocked_by)
        # Locks change behind the session's back, by the functions of the database.
        .execution_options(populate_existing=True)
    )


def fetch(query: Select[Any]) -> list[LockRow]:
    """Return the lines of a narrowed :func:`statement`."""
    return [_row(row) for row in session().execute(query)]


def action_words(codes: Sequence[str], named: Sequence[Mapping[str, Any]] | None) -> list[str]:
    """Return what actions are called: as their record type says, else by their code."""
    labels = {str(one.get("code")): str(one.get("label", "")) for one in named or ()}
    return [labels.get(code) or code.replace("_", " ").capitalize() for code in codes]


def _row(row: Row[Any]) -> LockRow:
    lock: WorkflowLock = row.WorkflowLock
    kind: LockType = row.LockType
    return LockRow(
        id=lock.id,
        record_id=lock.record_id,
        record_key=row.record_key,
        record_title=row.record_title,
        record_type=row.record_type,
        owner_id=row.record_owner_id,
        alert_id=lock.alert_id,
        alert_key=row.alert_key,
        alert_status=row.alert_status,
        lock_type=lock.lock_type,
        type_name=kind.name,
        type_description=kind.description,
        reason=lock.lock_reason,
        severity=lock.lock_severity,
        status=lock.status,
        locked_at=lock.locked_at,
        unlocked_at=lock.unlocked_at,
        duration_hours=lock.lock_duration_hours,
        locked_by_name=row.locked_by_name,
        unlocked_by_name=row.unlocked_by_name,
        unlock_reason=lock.unlock_reason,
        blocked_actions=lock.blocked_actions,
        actions=action_words(lock.blocked_actions, row.type_actions),
        expires_at=row.due_at if lock.status == "locked" else None,
        on_expiry=kind.on_expiry,
        in_flight=kind.in_flight,
        release_workflow=kind.release_workflow,
        ask_at_once=kind.ask_at_once,
    )
