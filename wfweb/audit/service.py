"""Writing entries: one for every event, in the event's own transaction."""

from typing import Any

from wfweb.audit.models import AuditEvent
from wfweb.audit.redaction import redact
from wfweb.events import Event
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.context import correlation_id, request_info
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Forbidden
from wfweb.kernel.journal import journal

_TABLE: Any = AuditEvent.__table__
LONGEST_USER_AGENT = 400


def record(event: Event) -> None:
    """Write the entry of an event; the first now-reaction of all of them.

    An event with an empty ``audit_type`` is part of another one that has its entry.
    """
    if not event.audit_type:
        return
    extra = (event.details or {}).get("pii_fields", ())
    before = redact(event.before, extra)
    after = redact(event.after, extra)
    _write(
        type=event.audit_type,
        name=event.name,
        target_type=event.target_type,
        target_id=event.target_id,
        target_label=event.target_label,
        old_values=before,
        new_values=after,
        changed_fields=sorted({*(before or {}), *(after or {})}),
        details=redact(event.details, extra),
        instance_id=event.instance_id,
        request_id=event.request_id,
        risk=event.risk,
    )


def record_refusal(refusal: Forbidden, *, action: str, target: str) -> None:
    """Write that an attempt was refused, in a transaction of its own (ID-1).

    :param action: what was tried, e.g. ``POST /admin/users``.
    :param target: what it was tried on, as far as it is known.
    """
    if current_actor().company_id is None:
        return
    with transaction():
        _write(
            type="PERMISSION_DENIED",
            name="permission.denied",
            target_type="route",
            target_id=None,
            target_label=target,
            old_values=None,
            new_values=None,
            changed_fields=[],
            details={
                "permission": refusal.permission,
                "action": action,
                "detail": refusal.detail,
                "code": refusal.extra.get("reason", refusal.code),
            },
            risk=refusal.risk,
        )


def _write(**values: Any) -> None:
    actor, info = current_actor(), request_info()
    journal().insert(
        _TABLE,
        {
            "at": clock.now(),
            "company_id": actor.company_id,
            "actor_kind": actor.kind,
            "actor_id": actor.id,
            "actor_name": actor.name,
            "on_behalf_of_id": actor.on_behalf_of,
            "channel": actor.channel,
            "ip": info.ip,
            "user_agent": (info.user_agent or "")[:LONGEST_USER_AGENT] or None,
            "session_id": info.session_id,
            "correlation_id": correlation_id(),
            **values,
        },
    )
