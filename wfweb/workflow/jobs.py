"""Doors of outbox messages about workflows: a state or an instance took too long."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from wfweb.identity import queries as people
from wfweb.kernel.db import session
from wfweb.kernel.settings import get_settings
from wfweb.kernel.tenancy import Company
from wfweb.notifications import notify
from wfweb.workflow.models import WorkflowInstance

OPERATORS = "operations.retry"


def tell_timed_out(payload: dict[str, Any]) -> None:
    """Tell who started it, and for an escalation their manager, that a state lasts too long.

    Without somebody who started it, those who keep work flowing are told.
    """
    instance = session().get_one(WorkflowInstance, UUID(str(payload["target_id"])))
    told = {instance.started_by_id} - {None}
    if payload.get("action") == "escalate" and instance.started_by_id:
        told |= {manager.id for manager in people.manager_chain(instance.started_by_id, 1)}
    if not told:
        told = {user.id for user in people.users_with_permission(OPERATORS)}
    company = session().scalars(select(Company).where(Company.id == instance.company_id)).one()
    label = str(payload.get("target_label", ""))
    notify(
        {person for person in told if person is not None},
        "workflow_mail",
        {
            "subject": f"{label} is waiting",
            "text": f"It has been in its state for more than {payload.get('hours', 0):g} hours.",
            "company": company.name,
            "path": "/notifications",
            "url": f"{get_settings().public_url}/notifications",
        },
        subject=("workflow_instance", instance.id),
        key=str(payload["message_id"]),
        thread=str(instance.id),
    )
