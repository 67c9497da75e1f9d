"""The door of outbox messages about tasks: tell who has something to do."""

from typing import Any
from uuid import UUID

from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound
from wfweb.kernel.settings import get_settings
from wfweb.kernel.tenancy import Company
from wfweb.notifications import notify
from wfweb.tasks import queries
from wfweb.tasks.models import Task

TASK = "task"


def tell_task(payload: dict[str, Any]) -> None:
    """Tell people that a task waits for them; nobody, when it was closed meanwhile."""
    task = queries.by_id(UUID(str(payload["target_id"])))
    told = [UUID(str(person)) for person in payload["told_ids"]]
    if task.status != "open" or not told:
        return
    path = f"/tasks/{task.key}"
    notify(
        told,
        "task_waiting",
        {
            "key": task.key,
            "title": task.title,
            "text": task.description,
            "company": session().get_one(Company, task.company_id).name,
            "path": path,
            "url": get_settings().public_url + path,
        },
        subject=(TASK, task.id),
        key=str(payload["message_id"]),
        thread=str(task.id),
    )


def still_wanted(task_id: UUID, _user_id: UUID) -> bool:
    """Tell whether a task still waits, asked just before a mail about it leaves."""
    try:
        task: Task = queries.by_id(task_id)
    except NotFound:
        return False
    return task.status == "open"
