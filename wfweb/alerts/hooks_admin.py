"""Endpoints for incoming webhooks: make, change, give a new secret."""

import re
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from wfweb.alerts.events import HookSaved
from wfweb.alerts.hook_models import PURPOSES
from wfweb.alerts.models import HookEndpoint
from wfweb.events import emit
from wfweb.identity.policy import require
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import refuse_as, session
from wfweb.kernel.errors import Conflict, NotFound, ValidationFailed
from wfweb.webhooks import signing

MANAGE: Final = "webhooks.manage"
_LINE = re.compile(r"[^\x00-\x1f\x7f]{1,80}")

refuse_as(
    "uq_hook_endpoints_name",
    lambda: ValidationFailed.at("/name", "There is an endpoint of this name", "taken"),
)


def endpoints() -> list[HookEndpoint]:
    """Return the endpoints of the company by name.

    :raises Forbidden: without ``webhooks.manage``.
    """
    require(MANAGE)
    mine = HookEndpoint.company_id == current_actor().company_id
    return list(session().scalars(select(HookEndpoint).where(mine).order_by(HookEndpoint.name)))


def endpoint(hook_id: UUID, *, lock: bool = False) -> HookEndpoint:
    """Return an endpoint.

    :raises NotFound: when there is none in this company.
    :raises Forbidden: without ``webhooks.manage``.
    """
    require(MANAGE)
    mine = HookEndpoint.company_id == current_actor().company_id
    statement = select(HookEndpoint).where(mine, HookEndpoint.id == hook_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = session().scalar(statement)
    if found is None:
        raise NotFound
    return found


def create_endpoint(name: str, purpose: str, *, secret: str | None = None) -> HookEndpoint:
    """Make an endpoint, with a new secret or the one the sender has.

    :param purpose: ``metrics`` takes readings in, ``event`` tells rules what happened.
    :raises ValidationFailed: naming every wrong place.
    :raises Forbidden: without ``webhooks.manage``.
    """
    require(MANAGE)
    if purpose not in PURPOSES:
        raise ValidationFailed.at("/purpose", f"Use one of {', '.join(PURPOSES)}", "unknown")
    made = HookEndpoint(name=_name(name), purpose=purpose, secret=_secret(secret), received_count=0)
    session().add(made)
    session().flush()
    _tell(made, {"name": made.name, "purpose": purpose})
    return made


def update_endpoint(
    hook_id: UUID, *, version: int, name: str | None = None, active: bool | None = None
) -> HookEndpoint:
    """Rename an endpoint, or switch it on or off.

    :raises Conflict: when it has another version by now.
    """
    found = _seen(hook_id, version)
    changed: dict[str, Any] = {}
    if name is not None:
        changed["name"] = _name(name)
    if active is not None:
        changed["active"] = active
    for key, value in changed.items():
        setattr(found, key, value)
    found.version += 1
    session().flush()
    _tell(found, changed)
    return found


def rotate_secret(hook_id: UUID, *, version: int) -> HookEndpoint:
    """Give an endpoint a new secret; messages signed with the old one are refused at once.

    :raises Conflict: when it has another version by now.
    """
    found = _seen(hook_id, version)
    found.secret, found.version = signing.new_secret(), found.version + 1
    session().flush()
    _tell(found, {"secret": "new"})
    return found


def _seen(hook_id: UUID, version: int) -> HookEndpoint:
    found = endpoint(hook_id, lock=True)
    if found.version != version:
        message = "The endpoint has changed since you opened it"
        raise Conflict(message, current_version=found.version, your_version=version)
    return found


def _name(name: str) -> str:
    clean = name.strip()
    if not _LINE.fullmatch(clean):
        raise ValidationFailed.at("/name", "Write a name of at most 80 characters", "name")
    return clean


def _secret(given: str | None) -> str:
    if given is None:
        return signing.new_secret()
    try:
        signing.sign(given, "check", clock.now(), b"")
    except signing.BadSignature as wrong:
        message = "Use a secret such as whsec_…, as the sender shows it"
        raise ValidationFailed.at("/secret", message, "secret") from wrong
    return given


def _tell(made: HookEndpoint, after: dict[str, Any]) -> None:
    event = HookSaved(
        target_type="hook_endpoint",
        target_id=made.id,
        target_label=made.name,
        after=after,
        risk="MEDIUM",
    )
    emit(event)
