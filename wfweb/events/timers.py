"""Moments that fall due: armed and cancelled with their cause, fired once by any process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text

from wfweb.events.models import Timer
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor, system_actor
from wfweb.kernel.context import bind
from wfweb.kernel.db import session, transaction
from wfweb.kernel.journal import journal

log = structlog.get_logger()
_TABLE: Any = Timer.__table__

MAXIMUM_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Due:
    """A timer as its handler sees it."""

    id: UUID
    company_id: UUID
    kind: str
    subject_type: str
    subject_id: UUID
    due_at: datetime
    payload: Mapping[str, Any]


Handler = Callable[[Due], None]


def arm(
    kind: str,
    subject_type: str,
    subject_id: UUID,
    due_at: datetime,
    *,
    fire_key: str = "",
    payload: Mapping[str, Any] | None = None,
) -> None:
    """Remember that something falls due for a subject; one moment per kind and fire key."""
    journal().insert(
        _TABLE,
        {
            "company_id": current_actor().company_id,
            "kind": kind,
            "subject_type": subject_type,
            "subject_id": subject_id,
            "due_at": due_at,
            "fire_key": fire_key or due_at.isoformat(),
            "payload": payload or {},
        },
    )


# A moment that is firing right now is left alone: its handler waits for the row that we hold,
# finds its cause gone and does nothing. Waiting for it here would be a deadlock.
_CANCEL = (
    "update timers set state = 'cancelled' where id in (select id from timers"
    " where subject_id = %s and state = 'armed' and kind = coalesce(%s, kind)"
    " for update skip locked)"
)


def cancel(*subject_ids: UUID, kind: str | None = None) -> None:
    """Disarm what is armed for subjects, in the transaction that makes it pointless.

    What is armed after this, for the same subject and in the same act, stays armed.
    """
    for row in journal().unsent(_TABLE):
        if row["subject_id"] in subject_ids and kind in {None, row["kind"]}:
            row["state"] = "cancelled"
    for subject_id in subject_ids:
        journal().call(_CANCEL, (subject_id, kind))


_DUE = text(
    "select id, company_id from timers where state = 'armed' and due_at <= :now"
    " order by due_at limit :limit"
)
# Claimed by being marked as fired: a handler that fails takes the mark back with everything else.
_CLAIM = text(
    "update timers set state = 'fired', fired_at = :now where id = (select id from timers"
    " where id = :id and state = 'armed' and due_at <= :now for update skip locked)"
    " returning id, company_id, kind, subject_type, subject_id, due_at, payload"
)
_FAILED = text(
    "update timers set attempts = attempts + 1, last_error = :error,"
    " due_at = :again, state = case when attempts + 1 >= :maximum then 'dead' else 'armed' end"
    " where id = :id and state = 'armed'"
)


def fire_due(handlers: Mapping[str, Handler], *, limit: int = 100) -> int:
    """Fire what is due, each moment in a transaction of its own; return how many were due.

    Any number of processes may do this at once: a timer that another one holds is skipped.
    """
    with transaction(system=True):
        due = session().execute(_DUE, {"now": clock.now(), "limit": limit}).all()
    for timer_id, company_id in due:
        _fire(timer_id, company_id, handlers)
    return len(due)


def _fire(timer_id: UUID, company_id: UUID, handlers: Mapping[str, Handler]) -> None:
    actor = system_actor(company_id, channel="timer")
    try:
        with bind(), transaction(actor=actor):
            row = session().execute(_CLAIM, {"id": timer_id, "now": clock.now()}).one_or_none()
            if row is None:
                return
            due = Due(*row)
            handlers[due.kind](due)
    except Exception as error:
        log.exception("timer_failed", timer_id=str(timer_id))
        _put_off(timer_id, company_id, error)


def _put_off(timer_id: UUID, company_id: UUID, error: Exception) -> None:
    with transaction(company_id=company_id):
        attempts = session().get_one(Timer, timer_id).attempts
        session().execute(
            _FAILED,
            {
                "id": timer_id,
                "error": f"{type(error).__name__}: {error}"[:2000],
                "again": clock.now() + timedelta(seconds=2 ** min(attempts + 1, 10)),
                "maximum": MAXIMUM_ATTEMPTS,
            },
        )
