"""Doors of outbox messages about workflows: a state or an instance took too long."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from wfweb.identity import queries as people
from wfweb.kernel.db import session
from wfweb.kernel.settings import get_settings
from wfweb.kernel.tenancy import Company
from wfweb.notifications import notify
from wfweb.workflow.events import InstanceTimedOut
from wfweb.workflow.models import WorkflowInstance

OPERATORS = "operations.retry"


def tell_timed_out(payload: dict[str, Any]) -> None:
    """Tell who started it, and for an escalation their manager, that a state lasts too long.

    Without somebody who started it, those who keep work flowing are told.
    """
    instance = _instance(payload)
    told = {instance.started_by_id} - {None}
    if payload.get("action") == "escalate" and instance.started_by_id:
        told |= {manager.id for manager in people.manager_chain(instance.started_by_id, 1)}
    if not told:
        told = {user.id for user in people.users_with_permission(OPERATORS)}
    hours = f"{payload.get('hours', 0):g}"
    label = str(payload.get("target_label", ""))
    _tell(
        payload,
        instance,
        {person for person in told if person is not None},
        subject=f"{label} is waiting",
        text=f"It has been in its state for more than {hours} hours.",
    )


def tell_instance_timed_out(payload: dict[str, Any]) -> None:
    """Tell those who keep work flowing that an instance was not finished in time."""
    instance = _instance(payload)
    hours = f"{payload.get('hours', 0):g}"
    place = f"“{payload.get('state_name', '')}”"
    stopped = payload.get("event") == InstanceTimedOut.name
    after = "It is stopped and waits for you." if stopped else "Its approval is still being asked."
    _tell(
        payload,
        instance,
        {user.id for user in people.users_with_permission(OPERATORS)},
        subject=f"{payload.get('target_label', '')} was not finished in time",
        text=f"It had {hours} hours and is in {place}. {after}",
    )


def _instance(payload: dict[str, Any]) -> WorkflowInstance:
    # The target of the event is the record, where there is one.
    return session().get_one(WorkflowInstance, UUID(str(payload["instance_id"])))


def _tell(
    payload: dict[str, Any],
    instance: WorkflowInstance,
    told: set[UUID],
    *,
    subject: str,
    text: str,
) -> None:
    company = session().scalars(select(Company).where(Company.id == instance.company_id)).one()
    notify(
        told,
        "workflow_mail",
        {
            "subject": subject,
            "text": text,
            "company": company.name,
            "path": "/notifications",
            "url": f"{get_settings().public_url}/notifications",
        },
        subject=("workflow_instance", instance.id),
        key=str(payload["message_id"]),
        thread=str(instance.id),
    )
