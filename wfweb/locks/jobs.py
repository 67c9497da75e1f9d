"""Doors of time and of outbox messages: expiry, asking the committee, telling people."""

from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text

from wfweb.kernel.actor import acting_as, current_actor, system_actor
from wfweb.kernel.db import attempt, session, transaction
from wfweb.kernel.errors import Conflict, NotFound, ValidationFailed
from wfweb.kernel.settings import get_settings
from wfweb.kernel.tenancy import Company
from wfweb.locks import announcing, queries, service
from wfweb.locks.errors import LockEndedAlready
from wfweb.locks.models import ActionPermit
from wfweb.notifications import notify


def expire_due() -> int:
    """End locks whose time is over, company by company; return how many ended.

    Missed for a week or run twice, the result is the same: a lock is due by its own row.
    """
    with transaction(system=True):
        companies = list(session().scalars(select(Company.id)))
    return sum(attempt(partial(_expire, company_id)) for company_id in companies)


def _expire(company_id: UUID) -> int:
    with transaction(actor=system_actor(company_id, channel="timer")):
        return service.expire()


def sweep_permits() -> None:
    """Remove permits that were of use long ago; the audit keeps what was done with them."""
    with transaction(system=True):
        old = text("now() - interval '30 days'")
        session().execute(delete(ActionPermit).where(ActionPermit.expires_at < old))


def announce(payload: dict[str, Any]) -> None:
    """Tell of a lock that a database client made or ended; once, whoever comes first."""
    lock_id = UUID(str(payload["lock_id"]))
    announcing.created([lock_id])
    announcing.ended([lock_id])


def ask_committee(payload: dict[str, Any]) -> None:
    """Ask the committee of a new lock at once, where its kind says so."""
    found = queries.by_ids([UUID(str(payload["lock_id"]))])
    if not found or not found[0].is_active or not found[0].ask_at_once:
        return
    lock = found[0]
    if lock.release_workflow is None:
        return
    with acting_as(system_actor(current_actor().company_id)):
        try:
            service.ask_for_release(lock.id)
        except (Conflict, LockEndedAlready, NotFound, ValidationFailed):
            # Somebody was faster, or there is no such workflow for this type of record: the
            # page of the lock says so and offers to ask again.
            return


def tell_created(payload: dict[str, Any]) -> None:
    """Tell the owner of a record what is blocked on it, and why."""
    _tell(payload, "{record} is locked: {actions}", "{reason} {release}")


def tell_ended(payload: dict[str, Any]) -> None:
    """Tell the owner of a record that a lock ended, and how."""
    how = {"release": "The committee released it", "expiry": "Its time was over"}.get(
        str(payload.get("how")), "It was overridden"
    )
    _tell(payload, "{record} is no longer locked: {actions}", f"{how}. {{said}}")


def tell_kept(payload: dict[str, Any]) -> None:
    """Tell the owner that a lock stays, or that somebody has to accept the risk in words."""
    asks = "Renew it or accept the risk in words." if payload.get("asked") else "It stays."
    _tell(payload, "The time of a lock on {record} is over: {actions}", f"{{reason}} {asks}")


def _tell(payload: dict[str, Any], subject: str, body: str) -> None:
    found = queries.by_ids([UUID(str(payload["lock_id"]))])
    if not found or found[0].owner_id is None:
        return
    lock = found[0]
    owner: UUID = found[0].owner_id
    release = queries.who_can_release([lock])[lock.id]
    words = {
        "record": f"{lock.record_key} {lock.record_title}".strip(),
        "actions": ", ".join(lock.actions),
        "reason": lock.reason,
        "said": lock.unlock_reason or "",
        "release": release.sentence,
    }
    notify(
        [owner],
        "lock_changed",
        {
            "subject": subject.format(**words),
            "text": body.format(**words).strip(),
            "company": session().get_one(Company, current_actor().company_id).name,
            "path": lock.url,
            "url": f"{get_settings().public_url}{lock.url}",
        },
        subject=("record", lock.record_id),
        key=str(payload["message_id"]),
        thread=str(lock.id),
    )
