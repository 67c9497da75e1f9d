"""Actions that tell people: a notice inside wfweb, or a mail as well.

Written in the step's transaction; mails leave through the outbox and are tried again, so a mail
server that is away never holds up a step (ENG-5).
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from wfweb.identity import queries as people
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.settings import get_settings
from wfweb.kernel.tenancy import Company
from wfweb.notifications import notify as tell
from wfweb.records import service as records
from wfweb.workflow import actions, texts
from wfweb.workflow.actions import ActionContext
from wfweb.workflow.loading import Loaded

_CODES = {"type": "array", "items": {"type": "string", "maxLength": 63}, "maxItems": 20}
_RECIPIENTS = {
    "type": "object",
    "properties": {
        "requester": {"type": "boolean"},
        "owner": {"type": "boolean"},
        "roles": _CODES,
        "users": {"type": "array", "items": {"type": "string", "maxLength": 254}, "maxItems": 50},
        "fields": {"type": "array", "items": {"type": "string", "maxLength": 200}, "maxItems": 10},
    },
    "additionalProperties": False,
    "minProperties": 1,
}
_MESSAGE = {
    "type": "object",
    "properties": {
        "to": _RECIPIENTS,
        "subject": {"type": "string", "minLength": 1, "maxLength": 300},
        "text": {"type": "string", "maxLength": 4000},
    },
    "required": ["to", "subject"],
    "additionalProperties": False,
}
_ASSIGN = {
    "type": "object",
    "properties": {"to": {"type": "string", "minLength": 1, "maxLength": 254}},
    "required": ["to"],
    "additionalProperties": False,
}


def register_all() -> None:
    """Offer these actions; called by ``wiring.connect()``."""
    actions.register("notify", "Leave people a notice", _MESSAGE, notify)
    actions.register("send_email", "Send people a mail and a notice", _MESSAGE, send_email)
    actions.register("assign", "Give the record to somebody", _ASSIGN, assign)


def notify(scene: ActionContext, given: Mapping[str, Any]) -> None:
    """Leave a notice for people inside wfweb."""
    _tell(scene, given, "workflow_notice")


def send_email(scene: ActionContext, given: Mapping[str, Any]) -> None:
    """Send people a mail, and leave a notice as well."""
    _tell(scene, given, "workflow_mail")


def assign(scene: ActionContext, given: Mapping[str, Any]) -> None:
    """Make somebody the owner of the record: an address, or a place such as ``{{requester.id}}``.

    :raises LookupError: when there is no record or nobody of that name.
    """
    loaded = scene.loaded
    person = _person(scene.value(given["to"]))
    if loaded.record is None or person is None:
        raise LookupError("there is nobody, or no record, to assign")
    records.set_owner(loaded.record.id, person, version=loaded.record.version)


def recipients(scene: ActionContext, to: Mapping[str, Any]) -> set[UUID]:
    """Return whom a message goes to; who does not exist is left out."""
    loaded = scene.loaded
    found: set[UUID | None] = set()
    if to.get("requester"):
        found.add(loaded.started_by_id)
    if to.get("owner") and loaded.record is not None:
        found.add(loaded.record.owner_id)
    for members in people.users_with_roles(to.get("roles", ())).values():
        found.update(member.id for member in members)
    found.update(_person(address) for address in to.get("users", ()))
    found.update(_person(texts.lookup(scene.facts, path)) for path in to.get("fields", ()))
    return {person for person in found if person is not None}


def _person(value: object) -> UUID | None:
    """Return the user that an address or an id stands for."""
    text = str(value or "").strip()
    if "@" in text:
        user = people.user_by_email(text)
        return user.id if user and user.active else None
    try:
        return UUID(text)
    except ValueError:
        return None


def _tell(scene: ActionContext, given: Mapping[str, Any], kind: str) -> None:
    loaded = scene.loaded
    path = _path(loaded)
    company = session().get_one(Company, current_actor().company_id)
    tell(
        recipients(scene, given["to"]),
        kind,
        {
            "subject": scene.text(given["subject"]),
            "text": scene.text(given.get("text", "")),
            "company": company.name,
            "path": path,
            "url": get_settings().public_url + path,
        },
        subject=("workflow_instance", loaded.id),
        key=f"{loaded.id}:{loaded.steps}:{scene.text(given['subject'])[:80]}",
        thread=str(loaded.id),
    )


def _path(loaded: Loaded) -> str:
    if loaded.record is not None:
        return f"/records/{loaded.record.type_code}/{loaded.record.key}"
    return f"/workflows/{loaded.definition.body.code}"
