"""Who may do what to a task: one table."""

from collections.abc import Callable, Mapping

from wfweb.identity.policy import denied
from wfweb.kernel.actor import Actor, current_actor
from wfweb.tasks.models import Task

MANAGE = "tasks.manage"
Who = Callable[[Actor, Task], bool]


def _assignee(actor: Actor, task: Task) -> bool:
    return actor.id is not None and actor.id == task.assignee_id


def _of_the_role(actor: Actor, task: Task) -> bool:
    return task.assignee_id is None and task.role_code in actor.roles


def _maker(actor: Actor, task: Task) -> bool:
    return actor.id is not None and actor.id == task.created_by_id


def _manager(actor: Actor, _task: Task) -> bool:
    return actor.may(MANAGE) or actor.kind == "system"


RULES: Mapping[str, tuple[Who, ...]] = {
    "view": (_assignee, _of_the_role, _maker, _manager),
    "take": (_of_the_role, _manager),
    "complete": (_assignee, _of_the_role, _manager),
    "give": (_assignee, _manager),
    "cancel": (_maker, _manager),
}
_WORDS = {
    "view": "This task is somebody else's",
    "take": "Only people of the role can take this task",
    "complete": "Only who has the task can report it done",
    "give": "Only who has the task can give it to somebody else",
    "cancel": "Only who made the task can cancel it",
}


def may(act: str, task: Task) -> bool:
    """Tell whether the current actor may do something to a task."""
    actor = current_actor()
    return any(rule(actor, task) for rule in RULES[act])


def may_take_at_all(task: Task) -> bool:
    """Tell whether the actor could take a task if nobody had it: is of its role, or manages."""
    actor = current_actor()
    return task.role_code in actor.roles or _manager(actor, task)


def require(act: str, task: Task) -> None:
    """Check that the current actor may do something to a task.

    :raises Forbidden: in words, and audited.
    """
    if not may(act, task):
        raise denied(MANAGE, detail=f"{_WORDS[act]}: {task.key}")
