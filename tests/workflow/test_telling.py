"""Actions of a workflow that tell people: the right ones, once, and never holding up a step."""

import pytest
from sqlalchemy import select

from tests.people import People
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import ValidationFailed
from wfweb.kernel.journal import journal
from wfweb.notifications.models import Delivery, Notification
from wfweb.records import service as records
from wfweb.records import types
from wfweb.workflow import definitions
from wfweb.workflow import service as workflow

TICKET = {
    "code": "ticket",
    "key_prefix": "TKT",
    "name": "Ticket",
    "fields": [{"code": "subject", "label": "Subject", "type": "text"}],
    "title_template": "{subject}",
}


def workflow_with(action: dict[str, object]) -> dict[str, object]:
    return {
        "code": "ticketing",
        "name": "Ticketing",
        "record_type": "ticket",
        "states": [
            {"code": "new", "name": "New", "type": "start"},
            {"code": "done", "name": "Done", "type": "end", "on_enter": [action]},
        ],
        "transitions": [{"code": "close", "from": "new", "to": "done"}],
    }


def run(people: People, action: dict[str, object]) -> None:
    with transaction(company_id=people.rui.company_id):
        types.create_type(TICKET)
        definitions.save_draft(workflow_with(action))
        definitions.publish("ticketing", comment="First")
    with transaction(actor=people.rui.actor):
        record = records.create_record("ticket", {"subject": "Cold room 3"})
        started = workflow.start("ticketing", record.id)
        journal().flush()
        workflow.fire(started.id, "close")


def test_a_mail_goes_to_roles_requester_and_people_by_name(people: People):
    run(
        people,
        {
            "action": "send_email",
            "to": {"requester": True, "roles": ["approver"], "users": ["cleo@kestrel.example"]},
            "subject": "{{record.title}} is closed",
            "text": "By {{actor.name}}",
        },
    )
    with transaction(company_id=people.rui.company_id):
        mails = session().scalars(select(Delivery).order_by(Delivery.address)).all()
        assert [m.address.split("@")[0] for m in mails] == ["ada", "cleo", "rui"]
        assert mails[0].context["subject"] == "Cold room 3 is closed"
        assert mails[0].context["text"] == "By Rui Requests"
        assert len(session().scalars(select(Notification)).all()) == 3


def test_a_notice_sends_no_mail(people: People):
    run(people, {"action": "notify", "to": {"roles": ["approver"]}, "subject": "Closed"})
    with transaction(company_id=people.rui.company_id):
        assert session().scalars(select(Delivery)).all() == []
        assert session().scalars(select(Notification)).one().user_id == people.ada.id


def test_a_record_is_given_to_somebody(people: People):
    run(people, {"action": "assign", "to": "mia@kestrel.example"})
    with transaction(company_id=people.rui.company_id):
        from wfweb.records.models import Record

        assert session().scalars(select(Record)).one().owner_id == people.mia.id


@pytest.mark.parametrize(
    "action",
    [
        {"action": "send_email", "subject": "Nobody named"},
        {"action": "send_email", "to": {}, "subject": "Nobody named"},
        {"action": "notify", "to": {"everybody": True}, "subject": "x"},
        {"action": "notify", "to": {"requester": True}},
        {"action": "assign"},
        {"action": "launch_rocket"},
    ],
)
def test_wrong_parameters_are_refused_before_anything_runs(people: People, action):
    with pytest.raises(ValidationFailed), transaction(company_id=people.rui.company_id):
        types.create_type(TICKET)
        definitions.save_draft(workflow_with(action))
        definitions.publish("ticketing", comment="First")
