"""Tasks: what is to be done, by whom, and reporting it done."""

from uuid import UUID

from wfweb.kernel.api import PREFIX, Answer, ApiBlueprint, endpoint, page_of
from wfweb.kernel.errors import Conflict
from wfweb.records import queries as records
from wfweb.tasks import policy, queries, service
from wfweb.tasks.models import Task
from wfweb.tasks.schemas import TaskClose, TaskGive, TaskIn, TaskOut, TaskPage, TaskQuery

bp = ApiBlueprint("tasks", __name__, title="Tasks", about="Work for people, one piece each.")


@endpoint(bp, "GET", "/tasks", response=TaskPage, query=TaskQuery, summary="List tasks")
def list_tasks(query: TaskQuery) -> TaskPage:
    """Return the tasks that the token's owner may see, oldest first."""
    return page_of(TaskPage, queries.of_view(query.view), [Task.id], query)


@endpoint(
    bp,
    "POST",
    "/tasks",
    request=TaskIn,
    response=TaskOut,
    status=201,
    permission="records.edit",
    summary="Make a task",
)
def create_task(body: TaskIn) -> Answer:
    """Make a task for a person or a role."""
    if body.record_id is not None:
        records.record_by_id(body.record_id)
    task = service.create_task(**body.model_dump())
    return Answer(model=TaskOut.model_validate(task), location=f"{PREFIX}/tasks/{task.id}")


@endpoint(bp, "GET", "/tasks/<uuid:task_id>", response=TaskOut, summary="Get a task")
def get_task(task_id: UUID) -> TaskOut:
    """Return one task."""
    task = queries.by_id(task_id)
    policy.require("view", task)
    return TaskOut.model_validate(task)


@endpoint(
    bp,
    "POST",
    "/tasks/<uuid:task_id>/take",
    response=TaskOut,
    errors=[Conflict],
    summary="Take a task of one's role",
)
def take_task(task_id: UUID) -> TaskOut:
    """Make the token's owner the one who does it."""
    return TaskOut.model_validate(service.take(task_id))


@endpoint(
    bp,
    "POST",
    "/tasks/<uuid:task_id>/give",
    request=TaskGive,
    response=TaskOut,
    versioned="optional",
    summary="Give a task to somebody",
)
def give_task(task_id: UUID, body: TaskGive, version: int | None) -> TaskOut:
    """Give a task to somebody else."""
    return TaskOut.model_validate(service.give(task_id, body.assignee_id, version=version))


@endpoint(
    bp,
    "POST",
    "/tasks/<uuid:task_id>/close",
    request=TaskClose,
    response=TaskOut,
    versioned="optional",
    summary="Report a task done, or cancel it",
)
def close_task(task_id: UUID, body: TaskClose, version: int | None) -> TaskOut:
    """End a task."""
    end = service.complete if body.status == "done" else service.cancel
    return TaskOut.model_validate(end(task_id, outcome=body.outcome, version=version))
