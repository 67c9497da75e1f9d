"""A small company in which one of everything exists, so that every address has an object."""

from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from uuid import UUID

from sqlalchemy import select

from tests.people import People
from tests.records.conftest import CUSTOMER, line
from wfweb.approvals import matrices
from wfweb.approvals.models import ApprovalAssignment, ApprovalRequest
from wfweb.approvals.service import ask
from wfweb.calendars import service as calendars
from wfweb.kernel.db import session, transaction
from wfweb.kernel.journal import journal
from wfweb.records import files, talk
from wfweb.records.service import create_record
from wfweb.records.types import create_type
from wfweb.sla import definitions as promises
from wfweb.sla.models import SlaClock
from wfweb.sla.schemas import PROMISE
from wfweb.workflow import definitions, service
from wfweb.workflow.loading import load

ORDER: dict[str, Any] = {
    "code": "order",
    "name": "Order",
    "key_prefix": "ORD",
    "title_template": "{subject}",
    "searchable": ["subject"],
    "material_fields": ["amount", "lines"],
    "amount_field": "amount",
    "actions": [{"code": "refinance", "label": "Refinance"}],
    "fields": [
        {"code": "subject", "label": "Subject", "type": "text", "required": True},
        {"code": "amount", "label": "Amount", "type": "money", "currency": "EUR"},
        {"code": "priority", "label": "Priority", "type": "choice", "choices": ["low", "high"]},
        {"code": "wanted_on", "label": "Wanted on", "type": "date"},
        {
            "code": "lines",
            "label": "Lines",
            "type": "lines",
            "fields": [
                {"code": "product", "label": "Product", "type": "text", "required": True},
                {"code": "quantity", "label": "Quantity", "type": "number"},
                {"code": "unit_price", "label": "Price", "type": "money", "currency": "EUR"},
            ],
        },
    ],
}
APPROVAL = """
code: order_approval
name: Order approval
record_type: order
states:
  - {code: new, name: New, type: start}
  - code: asked
    name: Waiting for approval
    type: approval
    approval:
      amount_field: amount
      summary_fields: [subject, amount]
      reject_reasons:
        - {code: budget, label: No budget}
      levels:
        - name: Finance
          approvers: [{role: approver}]
  - {code: ordered, name: Ordered, type: end}
  - {code: refused, name: Refused, type: end}
transitions:
  - {code: submit, label: Ask for approval, from: new, to: asked}
  - {code: approved, from: asked, to: ordered, trigger: approval}
  - {code: rejected, from: asked, to: refused, trigger: rejection}
  - {code: again, from: asked, to: new, trigger: rejection, event: send_back}
"""

OFFICE_HOURS: dict[str, Any] = {"tz": "Europe/Berlin", "weekly": {"mon": [["08:00", "18:00"]]}}

MATRIX: dict[str, Any] = {
    "rows": [
        {
            "name": "Small",
            "when": {"field": "amount", "operator": "<=", "value": "500.00"},
            "auto_approve": True,
        },
        {"name": "All others", "levels": [{"approvers": [{"role": "approver"}]}]},
    ]
}


@dataclass
class World:
    """What there is; ``parameters`` has a value for every name in an address."""

    people: People
    record_id: UUID
    record_key: str
    instance_id: UUID
    attachment_id: UUID
    request_key: str
    assignment_id: UUID
    digest: str
    parameters: dict[str, str] = field(default_factory=dict)


def order_data(**changes: Any) -> dict[str, Any]:
    amount = {"amount": "1200.00", "currency": "EUR"}
    return {"subject": "Cheese for the fair", "amount": amount, "lines": [line()], **changes}


def make_world(people: People) -> World:
    """Add types, an order, its file, a workflow that waits for Ada."""
    with transaction(actor=people.alma.actor):
        create_type(CUSTOMER)
        create_type(ORDER)
        definitions.import_definition(APPROVAL)
        session().flush()
        definitions.publish("order_approval", comment="First version")
        matrices.save_matrix("order_matrix", MATRIX, name="Orders", record_type_code="order")
        matrices.publish_matrix("order_matrix")
        calendars.save_calendar("office", OFFICE_HOURS)
        calendars.publish("office")
        promises.save_definition(PROMISE)
    with transaction(actor=people.rui.actor):
        record = create_record("order", order_data())
        session().flush()
        key, record_id = record.key, record.id
        with files.received(BytesIO(b"%PDF-1.7 a quote"), "quote.pdf") as file:
            attachment_id = talk.attach_to_record(record_id, file).id
        talk.comment("record", record_id, "Wanted by Friday")
    with transaction(actor=people.rui.actor):
        instance_id = service.start("order_approval", record_id).id
    with transaction(actor=people.rui.actor):
        service.fire(instance_id, "submit")
        journal().flush()
        assert load(instance_id, lock=False).state == "asked"
    with transaction(actor=people.rui.actor):
        request = session().scalars(select(ApprovalRequest)).one()
        seat_id = session().scalars(select(ApprovalAssignment.id)).one()
        ask(request.id, "The quote is attached")
        found = (request.key, seat_id, request.digest)
        clock_id = session().scalars(select(SlaClock.id)).one()
    parameters = {"clock_id": str(clock_id)}
    return World(people, record_id, key, instance_id, attachment_id, *found, parameters)
