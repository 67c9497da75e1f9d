"""Permits: leave to do one action once, soon, that a lock arriving in between takes back.

For systems that ask first and act elsewhere. Issuing, redeeming and locking all hold the row
of the record, so they come one after the other.
"""

import re
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import DateTime, func, select

from wfweb.events import emit
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import Gone, NotFound, ValidationFailed
from wfweb.kernel.ids import new_id
from wfweb.locks import database, guard, known
from wfweb.locks.errors import PermitRefused
from wfweb.locks.events import PermitIssued, PermitRedeemed
from wfweb.locks.models import ActionPermit
from wfweb.records.models import Record

SECONDS: Final = 60
ACTION: Final = re.compile(r"^[a-z][a-z0-9_]{0,62}$")
DIGEST: Final = re.compile(r"^[A-Za-z0-9+/=_:.-]{0,128}$")


def checked_action(action: str) -> str:
    """Return the code of an action.

    :raises ValidationFailed: when it is none.
    """
    if not ACTION.match(action):
        message = "Name the action by its code, such as refinance"
        raise ValidationFailed.at("/action", message, "pattern")
    return action


def issue(record: Record, action: str, arguments_digest: str = "") -> ActionPermit:
    """Give leave for an action that no lock blocks now, for :data:`SECONDS` seconds.

    :param arguments_digest: whatever stands for the arguments of the action; redeeming has to
        name the same.
    :raises Locked: when a lock blocks it.
    :raises ValidationFailed: when action or digest are none, or nothing names the action.
    """
    checked_action(action)
    _check_digest(arguments_digest)
    known.require_known(record.id, action)
    guard.require(record.id, action)
    now = _now()
    permit = ActionPermit(
        id=new_id(),
        record_id=record.id,
        action=action,
        arguments_digest=arguments_digest,
        status="issued",
        issued_at=now,
        expires_at=now + timedelta(seconds=SECONDS),
    )
    session().add(permit)
    emit(
        PermitIssued(
            target_type="record",
            target_id=record.id,
            target_label=record.label,
            permit_id=permit.id,
            action=action,
            details={"action": action, "permit": str(permit.id)},
        )
    )
    return permit


def redeem(
    permit_id: UUID, *, action: str, record_id: UUID, arguments_digest: str = ""
) -> ActionPermit:
    """Use a permit: from here on the action counts as done.

    :raises NotFound: when it does not exist or was given to somebody else.
    :raises PermitRefused: for another action, record or arguments than it was given for, or
        when it was used before.
    :raises Gone: when its time is over, or a lock took it back.
    :raises Locked: when a lock blocks the action; the lock says since when.
    """
    found = session().scalar(
        select(ActionPermit.record_id).where(
            ActionPermit.id == permit_id,
            ActionPermit.company_id == current_actor().company_id,
            ActionPermit.issued_to == current_actor().id,
        )
    )
    if found is None:
        raise NotFound
    # The record first, as a lock does; what is read after this stands until the commit.
    blocked = database.blocking(found, action)
    permit = session().get_one(
        ActionPermit, permit_id, with_for_update=True, populate_existing=True
    )
    if (permit.action, permit.record_id, permit.arguments_digest) != (
        action,
        record_id,
        arguments_digest,
    ):
        raise PermitRefused("It was given for something else.", reason="other")
    if permit.status == "redeemed":
        raise PermitRefused("It was used before; ask for another one.", reason="used")
    if blocked or permit.status == "revoked":
        guard.require(found, action)
        raise Gone("A lock took it back. The lock has ended; ask again.", reason="revoked")
    now = _now()
    if now >= permit.expires_at:
        raise Gone(f"It was good for {SECONDS} seconds; ask again.", reason="expired")
    permit.status, permit.redeemed_at = "redeemed", now
    emit(
        PermitRedeemed(
            target_type="record",
            target_id=permit.record_id,
            permit_id=permit.id,
            action=action,
            details={"action": action, "permit": str(permit.id)},
        )
    )
    return permit


def _check_digest(digest: str) -> None:
    if not DIGEST.match(digest):
        message = "Use at most 128 letters, digits and + / = _ : . -"
        raise ValidationFailed.at("/arguments_digest", message, "pattern")


def _now() -> datetime:
    """Return the instant while the record is held, so that instants are in the order of commits."""
    now = func.locks_now(type_=DateTime(timezone=True))
    return session().execute(select(now)).scalar_one()
