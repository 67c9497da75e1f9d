"""Verbs: create, take, give to somebody, report done, cancel."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from wfweb.events import emit
from wfweb.identity import queries as people
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import Conflict, FieldError, ValidationFailed
from wfweb.kernel.ids import next_key
from wfweb.tasks import policy, queries
from wfweb.tasks.events import TaskClosed, TaskCreated, TaskGiven
from wfweb.tasks.models import PRIORITIES, Task

KEY_PREFIX = "TSK"
LONGEST_TITLE, LONGEST_TEXT = 200, 4000


def create_task(
    title: str,
    *,
    description: str = "",
    assignee_id: UUID | None = None,
    role_code: str | None = None,
    priority: str = "normal",
    due_at: datetime | None = None,
    record_id: UUID | None = None,
    instance_id: UUID | None = None,
    cause: str | None = None,
) -> Task:
    """Make a task for a person, or for a role of which one takes it.

    :param cause: what it comes from; a second task of one cause is not made, the first returned.
    :raises ValidationFailed: naming each wrong field.
    """
    if cause is not None and (known := _of_cause(cause)) is not None:
        return known
    title = title.strip()
    _check(title, description, priority, assignee_id, role_code)
    with session().begin_nested() as numbering:
        key = next_key(KEY_PREFIX)  # from here on, others who make tasks wait for us
        if cause is not None and (known := _of_cause(cause)) is not None:
            numbering.rollback()
            return known
    task = Task(
        key=key,
        title=title,
        description=description.strip(),
        assignee_id=assignee_id,
        role_code=role_code,
        priority=priority,
        due_at=due_at,
        record_id=record_id,
        instance_id=instance_id,
        cause=cause,
    )
    session().add(task)
    session().flush()
    emit(
        TaskCreated(
            **_about(task),
            after={"title": title, "priority": priority, "due_at": due_at},
            told_ids=_to_tell(task),
        )
    )
    return task


def take(task_id: UUID) -> Task:
    """Take a task that waits for one's role; who has it already keeps it.

    :raises Conflict: when somebody else took it first, or it is closed.
    """
    task = queries.by_id(task_id, lock=True)
    me = current_actor().id
    if task.assignee_id not in {None, me} and policy.may_take_at_all(task):
        raise Conflict(f"{task.key} was taken already.", current_version=task.version)
    _require("view", task)
    if task.assignee_id == me:
        return task
    policy.require("take", task)
    return _give(task, me)


def give(task_id: UUID, assignee_id: UUID, *, version: int | None = None) -> Task:
    """Give a task to somebody else.

    :param version: what was seen, for whoever wants to be told of changes since.
    :raises Conflict: when it is closed, or is not as it was seen any more.
    :raises ValidationFailed: when there is nobody of that id who works here.
    """
    task = queries.by_id(task_id, lock=True)
    _require("give", task, version)
    _check(task.title, task.description, task.priority, assignee_id, None)
    return _give(task, assignee_id)


def complete(task_id: UUID, *, outcome: str = "", version: int | None = None) -> Task:
    """Report a task done, with a word on what came out of it.

    :raises Conflict: when it is closed, or is not as it was seen any more.
    """
    return _close(task_id, "complete", "done", outcome, version)


def cancel(task_id: UUID, *, outcome: str, version: int | None = None) -> Task:
    """Take a task back that is not wanted any more.

    :raises Conflict: when it is closed, or is not as it was seen any more.
    :raises ValidationFailed: without a reason.
    """
    if not outcome.strip():
        raise ValidationFailed.at("/outcome", "Say why it is not wanted any more")
    return _close(task_id, "cancel", "cancelled", outcome, version)


def _close(task_id: UUID, act: str, status: str, outcome: str, version: int | None) -> Task:
    task = queries.by_id(task_id, lock=True)
    _require(act, task, version)
    if len(outcome) > LONGEST_TEXT:
        raise ValidationFailed.at("/outcome", f"Use at most {LONGEST_TEXT} characters")
    before = {"status": task.status}
    task.status, task.outcome = status, outcome.strip()
    task.closed_at, task.closed_by_id = clock.now(), current_actor().id
    task.version += 1
    after = {"status": status, "outcome": task.outcome}
    emit(TaskClosed(**_about(task), before=before, after=after))
    return task


def _give(task: Task, assignee_id: UUID | None) -> Task:
    before = {"assignee_id": task.assignee_id}
    task.assignee_id = assignee_id
    task.version += 1
    told = _to_tell(task) if assignee_id != current_actor().id else []
    emit(
        TaskGiven(**_about(task), before=before, after={"assignee_id": assignee_id}, told_ids=told)
    )
    return task


def _require(act: str, task: Task, version: int | None = None) -> None:
    """Check that a locked task is open, as it was seen, and one's own; in this order of telling.

    Who may not see a task learns nothing of it. Who may, is told first that it changed: that
    somebody else has it now is the reason why an act is refused, and worth more than the refusal.
    """
    policy.require("view", task)
    if task.status != "open":
        detail = f"{task.key} is {task.status} already."
        raise Conflict(detail, current_version=task.version, your_version=version)
    if version not in {None, task.version}:
        raise Conflict(current_version=task.version, your_version=version)
    policy.require(act, task)


def _of_cause(cause: str) -> Task | None:
    return session().scalar(select(Task).where(Task.cause == cause))


def _to_tell(task: Task) -> list[UUID]:
    if task.assignee_id is not None:
        return [task.assignee_id]
    holders = people.users_with_roles([task.role_code or ""]).get(task.role_code or "", ())
    return [person.id for person in holders]


def _about(task: Task) -> dict[str, Any]:
    label = f"{task.key} {task.title}"
    return {"target_type": "task", "target_id": task.id, "target_label": label}


def _check(
    title: str, description: str, priority: str, assignee_id: UUID | None, role_code: str | None
) -> None:
    errors = []
    if not 0 < len(title) <= LONGEST_TITLE:
        errors.append(FieldError("/title", f"Use 1 to {LONGEST_TITLE} characters", "length"))
    if len(description) > LONGEST_TEXT:
        errors.append(
            FieldError("/description", f"Use at most {LONGEST_TEXT} characters", "length")
        )
    if priority not in PRIORITIES:
        errors.append(FieldError("/priority", f"Use one of {', '.join(PRIORITIES)}", "unknown"))
    if assignee_id is None and not role_code:
        errors.append(FieldError("/assignee_id", "Name a person or a role", "missing"))
    if assignee_id is not None and not people.active_people([assignee_id]):
        errors.append(FieldError("/assignee_id", "Nobody of that id works here", "unknown"))
    if role_code and not people.roles_by_code([role_code]):
        errors.append(FieldError("/role_code", f"There is no role {role_code[:80]}", "unknown"))
    if errors:
        raise ValidationFailed(errors)
