"""Which tasks wait for whom."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, or_, select

from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound
from wfweb.tasks import policy
from wfweb.tasks.models import Task

VIEWS = ("mine", "roles", "done", "all")


def visible() -> Select[Task]:
    """Return the selection of the tasks the current actor may see."""
    actor = current_actor()
    if actor.may(policy.MANAGE):
        return select(Task)
    return select(Task).where(
        or_(Task.assignee_id == actor.id, Task.created_by_id == actor.id, _for_my_roles())
    )


def of_view(view: str) -> Select[Task]:
    """Return the tasks of a tab: mine, open for my roles, done by me or for me, all I may see."""
    actor = current_actor()
    is_open = Task.status == "open"
    chosen = {
        "mine": and_(is_open, Task.assignee_id == actor.id),
        "roles": and_(is_open, _for_my_roles()),
        "done": and_(~is_open, or_(Task.assignee_id == actor.id, Task.closed_by_id == actor.id)),
        "all": is_open,
    }[view]
    return visible().where(chosen)


def listed(view: str, *, limit: int) -> Sequence[Task]:
    """Return the tasks of a tab, most urgent first; what is done, newest first."""
    order = (
        (Task.closed_at.desc(), Task.id.desc())
        if view == "done"
        else (Task.due_at.asc().nulls_last(), Task.id)
    )
    return session().scalars(of_view(view).order_by(*order).limit(limit)).all()


def counts() -> dict[str, int]:
    """Return how many open tasks are in the tabs ``mine`` and ``roles``."""
    actor = current_actor()
    query = select(
        func.count().filter(Task.assignee_id == actor.id), func.count().filter(_for_my_roles())
    ).where(Task.status == "open", or_(Task.assignee_id == actor.id, _for_my_roles()))
    mine, roles = session().execute(query).one()
    return {"mine": mine, "roles": roles}


def open_for_me() -> ScalarSelect[int]:
    """Return the count of open tasks of the actor or their roles, as part of a statement."""
    mine = or_(Task.assignee_id == current_actor().id, _for_my_roles())
    return select(func.count(Task.id)).where(Task.status == "open", mine).scalar_subquery()


def by_key(key: str) -> Task:
    """Return a task.

    :raises NotFound: when there is none.
    """
    return _found(select(Task).where(Task.key == key))


def by_id(task_id: UUID, *, lock: bool = False) -> Task:
    """Return a task, locked for a change when asked.

    :raises NotFound: when there is none.
    """
    query = select(Task).where(Task.id == task_id).execution_options(populate_existing=lock)
    return _found(query.with_for_update() if lock else query)


def open_of_record(record_id: UUID) -> Sequence[Task]:
    """Return what is still to be done about a record."""
    query = select(Task).where(Task.record_id == record_id, Task.status == "open")
    return session().scalars(query.order_by(Task.due_at.asc().nulls_last(), Task.id)).all()


def _found(query: Select[Task]) -> Task:
    found = session().scalar(query)
    if found is None:
        raise NotFound
    return found


def _for_my_roles() -> ColumnElement[bool]:
    return and_(Task.assignee_id.is_(None), Task.role_code.in_(current_actor().roles))
