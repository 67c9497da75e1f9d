"""Webhooks in: signed messages of other systems, taken once, within five minutes of their time."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from wfweb.alerts import metrics, subjects
from wfweb.alerts.events import HookReceived
from wfweb.alerts.models import HookEndpoint, HookReceipt
from wfweb.events import emit
from wfweb.kernel import clock
from wfweb.kernel.actor import Actor
from wfweb.kernel.api.strictjson import read_json
from wfweb.kernel.db import attempt, session, transaction
from wfweb.kernel.errors import FieldError, NotFound, Refusal, ValidationFailed
from wfweb.kernel.ids import new_id
from wfweb.kernel.tenancy import Company
from wfweb.webhooks import signing

LONGEST_ID: Final = 200
KEPT_DAYS: Final = 7
_KIND = re.compile(r"[A-Za-z0-9_.:/-]{1,100}")


class NotSigned(Refusal):
    """The message is not from the one who shares the secret, or not from now."""

    status: ClassVar[int] = 401
    code: ClassVar[str] = "signature"
    title: ClassVar[str] = "The signature does not fit"


@dataclass(frozen=True, slots=True)
class _Door:
    id: UUID
    company_id: UUID
    name: str
    purpose: str
    secret: str


def receive(endpoint_id: UUID, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Take a message in; sent again, it changes nothing and is answered as before.

    Opens its own transactions, because nobody has signed in: the signature says who it is.

    :param headers: by name in lower case.
    :raises NotFound: when there is no such endpoint, or it is switched off.
    :raises NotSigned: for a wrong signature, and for a message more than 5 minutes old or ahead.
    :raises ValidationFailed: when it cannot be read; nothing of it is kept.
    """
    door, now = _find(endpoint_id)
    try:
        message_id = signing.verify(door.secret, headers, body, now)
    except signing.BadSignature as wrong:
        _note_refusal(door, str(wrong))
        raise NotSigned(f"The message was refused: {wrong}") from wrong
    if len(message_id) > LONGEST_ID or "\0" in message_id:
        raise ValidationFailed.at("/webhook-id", f"Use at most {LONGEST_ID} characters", "too_long")
    sent_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    actor = Actor(
        kind="service",
        name=f"Webhook {door.name}",
        company_id=door.company_id,
        permissions=frozenset({metrics.WRITE}),
        channel="api",
    )
    return attempt(lambda: _take(door, actor, message_id, sent_at, body))


def _find(endpoint_id: UUID) -> tuple[_Door, datetime]:
    with transaction(system=True):
        columns = (
            HookEndpoint.id, HookEndpoint.company_id, HookEndpoint.name, HookEndpoint.purpose,
            HookEndpoint.secret,
        )  # fmt: skip
        wanted = select(*columns).where(HookEndpoint.id == endpoint_id, HookEndpoint.active)
        row = session().execute(wanted).one_or_none()
        now = clock.now()
    if row is None:
        raise NotFound
    return _Door(row.id, row.company_id, row.name, row.purpose, row.secret), now


def _note_refusal(door: _Door, why: str) -> None:
    """Show operators why messages are refused; unsigned ones leave no more trace than this."""
    with transaction(company_id=door.company_id):
        session().execute(
            update(HookEndpoint)
            .where(HookEndpoint.id == door.id, HookEndpoint.last_refusal.is_distinct_from(why))
            .values(last_refusal=why, updated_at=HookEndpoint.updated_at)
        )


def _take(
    door: _Door, actor: Actor, message_id: str, sent_at: datetime, body: bytes
) -> dict[str, Any]:
    with transaction(actor=actor):
        receipt_id = new_id()
        row = {
            "id": receipt_id,
            "company_id": door.company_id,
            "endpoint_id": door.id,
            "message_id": message_id,
            "sent_at": sent_at,
            "received_at": clock.now(),
            "answer": {},
        }
        taken = insert(HookReceipt).values(row).on_conflict_do_nothing().returning(HookReceipt.id)
        if session().scalar(taken) is None:
            return _answered(door, message_id)
        answer = _act(door, body)
        session().execute(
            update(HookReceipt).where(HookReceipt.id == receipt_id).values(answer=answer)
        )
        session().execute(
            update(HookEndpoint)
            .where(HookEndpoint.id == door.id)
            .values(
                received_count=HookEndpoint.received_count + 1,
                last_received_at=clock.now(),
                last_refusal=None,
                updated_at=HookEndpoint.updated_at,
            )
        )
        return answer


def _answered(door: _Door, message_id: str) -> dict[str, Any]:
    answer = session().scalar(
        select(HookReceipt.answer).where(
            HookReceipt.endpoint_id == door.id, HookReceipt.message_id == message_id
        )
    )
    return {**(answer or {}), "repeated": True}


def _act(door: _Door, body: bytes) -> dict[str, Any]:
    value = read_json(body)
    if not isinstance(value, dict):
        raise ValidationFailed.at("", "Send a JSON object", "object")
    return _readings(door, value) if door.purpose == "metrics" else _happened(door, value)


def _readings(door: _Door, value: Mapping[str, Any]) -> dict[str, Any]:
    inside = value.get("data") if isinstance(value.get("data"), dict) else value
    given = inside.get("readings") if isinstance(inside, dict) else None
    if not isinstance(given, list):
        raise ValidationFailed.at("/readings", "Send a list of readings", "required")
    partial = isinstance(inside, dict) and inside.get("partial") is True
    done = metrics.ingest(given, source=f"hook.{door.id}", partial=partial)
    return {
        "accepted": True,
        "stored": done.stored,
        "duplicates": done.duplicates,
        "errors": [
            {"pointer": one.pointer, "message": one.message, "code": one.code}
            for one in done.faults
        ],
    }


def _happened(door: _Door, value: Mapping[str, Any]) -> dict[str, Any]:
    kind, record, data = value.get("type"), value.get("record"), value.get("data", {})
    problems = []
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        problems.append(FieldError("/type", "Name what happened, such as pump.stopped", "type"))
    if not isinstance(data, dict):
        problems.append(FieldError("/data", "Send an object", "object"))
    record_id = _record(record, problems)
    if problems:
        raise ValidationFailed(problems)
    emit(
        HookReceived(
            target_type="hook_endpoint",
            target_id=door.id,
            target_label=door.name,
            kind=str(kind),
            endpoint=door.name,
            record_id=record_id,
            data=data,
            details={"type": kind, "record": record},
        )
    )
    return {"accepted": True}


def _record(given: Any, problems: list[FieldError]) -> UUID | None:
    if given is None:
        return None
    found = subjects.find([], [given])[0] if isinstance(given, str) and given else []
    if not found:
        problems.append(FieldError("/record", "There is no record with this key", "unknown"))
        return None
    return found[0].id


def tidy() -> int:
    """Forget messages that are too old to be sent again; return how many."""
    with transaction(system=True):
        companies = list(session().scalars(select(Company.id)))
    count = 0
    for company_id in companies:
        with transaction(company_id=company_id):
            before = clock.now() - timedelta(days=KEPT_DAYS)
            gone = delete(HookReceipt).where(HookReceipt.received_at < before)
            count += session().execute(gone).rowcount  # type: ignore[attr-defined]
    return count
