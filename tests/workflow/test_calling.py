"""The action that tells another system by webhook, once and after the step."""

import pytest
from sqlalchemy import select

from tests.people import People
from tests.workflow.test_telling import run
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import ValidationFailed
from wfweb.webhooks import service as webhooks
from wfweb.webhooks.models import WebhookCall
from wfweb.workflow.errors import ActionFailed

ACTION = {
    "action": "call_webhook",
    "endpoint": "erp",
    "event": "ticket.closed",
    "data": {"subject": "{{record.subject}}", "by": "{{actor.name}}"},
}


def add_endpoint(people: People) -> None:
    with transaction(actor=people.alma.actor):
        webhooks.create_endpoint("erp", "ERP", "https://erp.example.com/hooks")


def test_the_step_leaves_a_message_with_record_and_data(people: People):
    add_endpoint(people)
    run(people, ACTION)
    with transaction(company_id=people.rui.company_id):
        (call,) = session().scalars(select(WebhookCall)).all()
    assert (call.event, call.state) == ("ticket.closed", "pending")
    assert call.payload["data"] == {"subject": "Cold room 3", "by": people.rui.name}
    assert call.payload["record"]["key"] == "TKT-1001"
    assert (call.payload["workflow"], call.payload["step"]) == ("ticketing", "close")


def test_an_endpoint_that_is_not_there_refuses_the_step_by_name(people: People):
    with pytest.raises(ActionFailed, match="webhook endpoint “erp”"):
        run(people, ACTION)


def test_wrong_parameters_are_refused_when_saved(people: People):
    with pytest.raises(ValidationFailed, match="endpoint"):
        run(people, {"action": "call_webhook", "endpoint": "Not a code"})
