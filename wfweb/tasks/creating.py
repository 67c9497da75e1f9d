"""The action that makes a task, for workflows and whatever else uses the action registry."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from wfweb.calendars import queries as calendars
from wfweb.calendars import rules as business_time
from wfweb.identity import queries as people
from wfweb.kernel import clock
from wfweb.tasks import service
from wfweb.tasks.models import PRIORITIES
from wfweb.workflow import actions
from wfweb.workflow.actions import ActionContext

SECONDS_AN_HOUR = 3600
_TASK = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "minLength": 1, "maxLength": 300},
        "description": {"type": "string", "maxLength": 4000},
        "to": {"type": "string", "minLength": 1, "maxLength": 254},
        "role": {"type": "string", "maxLength": 63},
        "priority": {"enum": list(PRIORITIES)},
        "due_hours": {"type": "number", "exclusiveMinimum": 0, "maximum": 10_000},
    },
    "required": ["title"],
    "anyOf": [{"required": ["to"]}, {"required": ["role"]}],
    "additionalProperties": False,
}


def register_all() -> None:
    """Offer this action; called by ``wiring.connect()``."""
    actions.register("create_task", "Give somebody a task", _TASK, create_task)


def create_task(scene: ActionContext, given: Mapping[str, Any]) -> None:
    """Make a task about the record: for ``to`` (an address or a place) or for a role.

    ``due_hours`` are working hours of the company's calendar, plain hours where it has none.

    :raises LookupError: when ``to`` names nobody.
    """
    loaded = scene.loaded
    service.create_task(
        scene.text(given["title"])[: service.LONGEST_TITLE],
        description=scene.text(given.get("description", "")),
        assignee_id=_person(scene.value(given["to"])) if "to" in given else None,
        role_code=given.get("role"),
        priority=given.get("priority", "normal"),
        due_at=_due(given.get("due_hours")),
        record_id=loaded.record_id,
        instance_id=loaded.id,
        cause=f"{loaded.id}:{loaded.steps}:{given['title']}",
    )


def _due(hours: float | None) -> datetime | None:
    if hours is None:
        return None
    calendar = calendars.current(None).calendar
    return business_time.add(calendar, clock.now(), round(hours * SECONDS_AN_HOUR))


def _person(value: object) -> UUID:
    text = str(value or "").strip()
    if "@" in text:
        user = people.user_by_email(text)
        if user is not None and user.active:
            return user.id
    else:
        try:
            return UUID(text)
        except ValueError:
            pass
    message = f"there is nobody “{text[:80]}” to give the task to"
    raise LookupError(message)
