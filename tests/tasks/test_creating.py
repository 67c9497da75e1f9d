"""The action that gives somebody a task."""

import pytest
from sqlalchemy import select

from tests.people import People
from tests.workflow.test_telling import run
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import ValidationFailed
from wfweb.tasks.models import Task
from wfweb.workflow.errors import ActionFailed


def tasks(people: People) -> list[Task]:
    with transaction(company_id=people.rui.company_id):
        return list(session().scalars(select(Task)))


def test_a_step_gives_the_requester_a_task_about_the_record(people: People):
    run(
        people,
        {
            "action": "create_task",
            "title": "Check {{record.subject}}",
            "to": "{{requester.id}}",
            "priority": "high",
            "due_hours": 8,
        },
    )
    (task,) = tasks(people)
    assert (task.title, task.assignee_id, task.priority) == (
        "Check Cold room 3",
        people.rui.id,
        "high",
    )
    assert task.record_id is not None
    assert task.due_at is not None


def test_a_step_gives_a_role_a_task(people: People):
    run(people, {"action": "create_task", "title": "Look", "role": "approver"})
    (task,) = tasks(people)
    assert (task.assignee_id, task.role_code) == (None, "approver")


def test_nobody_of_that_name_refuses_the_step(people: People):
    with pytest.raises(ActionFailed, match="nobody “ghost@"):
        run(people, {"action": "create_task", "title": "Look", "to": "ghost@kestrel.example"})


@pytest.mark.parametrize(
    "given", [{"title": "Look"}, {"title": "Look", "role": "x", "priority": "panic"}, {"role": "x"}]
)
def test_wrong_parameters_are_refused_when_saved(people: People, given):
    with pytest.raises(ValidationFailed):
        run(people, {"action": "create_task", **given})
