"""Pages: what waits for me, one task, and reporting it done."""

from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for

from wfweb.identity import queries as people
from wfweb.identity.access import signed_in, user_or_none
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Conflict, ValidationFailed
from wfweb.kernel.ports import ports
from wfweb.kernel.web import page, respond, whole_number
from wfweb.records.models import Record
from wfweb.tasks import policy, queries, service
from wfweb.tasks.models import Task

bp = Blueprint("tasks", __name__)
MOST_SHOWN = 200


@bp.get("/tasks")
@signed_in
def index() -> Response:
    """Show my tasks, those of my roles, or what is done."""
    view = request.args.get("view", "mine")
    if view not in queries.VIEWS:
        raise ValidationFailed.at("/view", f"Use one of {', '.join(queries.VIEWS)}")
    tasks = queries.listed(view, limit=MOST_SHOWN)
    return page(
        "tasks/index.html",
        tasks=tasks,
        view=view,
        counts=queries.counts(),
        people=people.people_by_ids(task.assignee_id for task in tasks if task.assignee_id),
    )


@bp.get("/tasks/<key>")
@signed_in
def show(key: str) -> Response:
    """Show one task with what can be done about it."""
    return _show(queries.by_key(key))


@bp.post("/tasks/<uuid:task_id>/take")
@signed_in
def take(task_id: UUID) -> Response:
    """Take a task of my role."""
    with transaction():
        task = service.take(task_id)
    return respond(url_for("tasks.show", key=task.key), say="It is yours now")


@bp.post("/tasks/<uuid:task_id>/give")
@signed_in
def give(task_id: UUID) -> Response:
    """Give a task to the person of an address."""
    address = request.form.get("email", "").strip()
    person = people.user_by_email(address) if address else None
    try:
        if person is None:
            raise ValidationFailed.at("/email", "Nobody here has this address")
        with transaction():
            task = service.give(task_id, person.id, version=_seen())
    except (ValidationFailed, Conflict) as refusal:
        return _again(task_id, refusal)
    return respond(url_for("tasks.show", key=task.key), say=f"{person.name} has it now")


@bp.post("/tasks/<uuid:task_id>/close")
@signed_in
def close(task_id: UUID) -> Response:
    """Report a task done, or cancel it; what was typed is never lost."""
    close_it = service.cancel if request.form.get("act") == "cancel" else service.complete
    try:
        with transaction():
            outcome = request.form.get("outcome", "")
            task = close_it(task_id, outcome=outcome, version=_seen())
    except (ValidationFailed, Conflict) as refusal:
        return _again(task_id, refusal)
    return respond(url_for("tasks.show", key=task.key), say=f"{task.key} is {task.status}")


def record_side(record: Record) -> str:
    """Return the card with what is still to be done about a record."""
    if user_or_none() is None:
        return ""
    tasks = queries.open_of_record(record.id)
    if not tasks:
        return ""
    known = people.people_by_ids(task.assignee_id for task in tasks if task.assignee_id)
    seen = {task.id for task in tasks if policy.may("view", task)}
    return render_template("tasks/_side.html", tasks=tasks, people=known, seen=seen)


def _seen() -> int | None:
    return whole_number(request.form.get("version"))


def _again(task_id: UUID, refusal: ValidationFailed | Conflict) -> Response:
    """Draw the task as it is now, with what was typed and what is wrong with it."""
    task = queries.by_id(task_id)
    if isinstance(refusal, Conflict):
        return _show(task, changed=refusal.detail or refusal.title, status=refusal.status)
    messages = {error.pointer.strip("/"): error.message for error in refusal.errors}
    return _show(task, messages=messages, status=refusal.status)


def _show(
    task: Task, *, messages: dict[str, str] | None = None, changed: str = "", status: int = 200
) -> Response:
    policy.require("view", task)
    about = ports.subject_label("record", task.record_id) if task.record_id else None
    ids = [person for person in (task.assignee_id, task.closed_by_id) if person]
    return page(
        "tasks/show.html",
        status=status,
        task=task,
        about=about,
        people=people.people_by_ids(ids),
        messages=messages or {},
        changed=changed,
        typed=request.form,
        may_do={act: policy.may(act, task) for act in policy.RULES},
    )
