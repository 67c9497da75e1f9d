"""The main job, end to end below the pages: an order is asked for, decided, told and audited."""

from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from wfweb.approvals import service as approvals
from wfweb.approvals.models import ApprovalRequest
from wfweb.audit import queries as audit
from wfweb.events import delivery
from wfweb.events.models import OutboxMessage
from wfweb.identity import access
from wfweb.identity.models import User
from wfweb.identity.service.companies import create_company
from wfweb.kernel.actor import Actor
from wfweb.kernel.db import session, transaction
from wfweb.kernel.ids import new_id
from wfweb.notifications.models import Delivery, Notification
from wfweb.packs import demo, install, read_pack
from wfweb.records import service as records
from wfweb.records.models import Record
from wfweb.wiring import handlers
from wfweb.workflow import service as workflow
from wfweb.workflow.models import WorkflowInstance

pytestmark = pytest.mark.usefixtures("rollback")


@pytest.fixture
def dairy() -> UUID:
    """A company with the commerce pack and its people, without records."""
    company = new_id()
    pack = read_pack("commerce")
    with transaction(company_id=company, system=True):
        create_company(company, "Kestrel Dairy")
        install(pack)
        demo.add_people(pack)
    return company


def actor(company: UUID, name: str) -> Actor:
    with transaction(company_id=company):
        found = select(User.id).where(User.email == f"{name}@kestrel.example")
        user_id = session().scalars(found).one()
    return access.actor_for(user_id)


def order(company: UUID, amount: str) -> UUID:
    with transaction(actor=actor(company, "rui")):
        customer = records.create_record("customer", {"name": "Elm Bakery", "segment": "retail"})
        made = records.create_record(
            "sales_order",
            {
                "customer": str(customer.id),
                "department": "fresh",
                "delivery_date": "2026-12-24",
                "lines": [
                    {
                        "description": "Cream",
                        "quantity": "2",
                        "unit_price": {"amount": amount, "currency": "EUR"},
                    }
                ],
            },
        )
        record_id = made.id
    with transaction(actor=actor(company, "rui")):
        running = select(WorkflowInstance.id).where(WorkflowInstance.record_id == record_id)
        workflow.fire(session().scalars(running).one(), "submit")
    return record_id


def asked(record_id: UUID) -> ApprovalRequest:
    query = select(ApprovalRequest).where(ApprovalRequest.record_id == record_id)
    return session().scalars(query).one()


def decide(company: UUID, name: str, record_id: UUID, decision: str = "approve", **more) -> None:
    with transaction(actor=actor(company, name)):
        request = asked(record_id)
        approvals.decide(request.id, decision, digest=request.digest, **more)


def told(company: UUID) -> list[tuple[str, str]]:
    """Deliver what is due (mails end at the closed door of tests); return who was told what."""
    for _ in range(3):
        with transaction(company_id=company):
            inside = OutboxMessage.kind.not_in(delivery_kinds_outside())
            ids = (
                session()
                .scalars(select(OutboxMessage.id).where(OutboxMessage.state == "pending", inside))
                .all()
            )
        delivery.deliver(ids, handlers())
    with transaction(company_id=company):
        failed = select(OutboxMessage.last_error).where(OutboxMessage.last_error.is_not(None))
        assert session().scalars(failed).all() == []
        return [
            (address.split("@")[0], kind)
            for address, kind in session().execute(
                select(Delivery.address, Delivery.kind).order_by(Delivery.id)
            )
        ]


def delivery_kinds_outside() -> list[str]:
    return list(handlers().outside)


def test_an_order_is_approved_level_by_level_and_everybody_hears_of_it(dairy: UUID):
    record_id = order(dairy, "4000.00")
    assert told(dairy) == [("mia", "approval_assigned")]
    with transaction(company_id=dairy):
        facts = dict(session().scalars(select(Delivery)).one().context["facts"])
    assert facts["Customer"].endswith("Elm Bakery")
    assert facts["Payment terms"] == "30 days"
    assert facts["Why you"] == "the requester's manager"
    assert facts["Due"].endswith(("CET", "CEST")), "a mail tells time as its reader does"
    decide(dairy, "mia", record_id, comment="Fine")
    finance = [
        ("ada", "approval_assigned"),
        ("ben", "approval_assigned"),
        ("saskia", "approval_assigned"),
    ]
    assert sorted(told(dairy)[1:]) == finance
    decide(dairy, "ben", record_id)
    assert told(dairy)[-1] == ("rui", "approval_approved")
    with transaction(company_id=dairy):
        record = session().get_one(Record, record_id)
        assert record.state == "approved"
        assert record.amount == Decimal("8000.00")
        names = {entry.name for entry in audit.story(asked(record_id).id)}
    assert {"approval.requested", "approval.decided", "approval.approved"} <= names


def test_a_rejection_says_who_and_why(dairy: UUID):
    record_id = order(dairy, "1000.00")
    decide(dairy, "mia", record_id, "reject", reason_code="price", comment="Too cheap.")
    assert told(dairy)[-1] == ("rui", "approval_rejected")
    with transaction(company_id=dairy):
        assert session().get_one(Record, record_id).state == "rejected"
        last = session().scalars(select(Delivery).order_by(Delivery.id.desc()).limit(1)).one()
        assert last.context["comment"] == "Mia Sorensen: Too cheap."


def test_what_is_sent_back_comes_back_as_a_new_round(dairy: UUID):
    record_id = order(dairy, "1000.00")
    decide(dairy, "mia", record_id, "send_back", comment="Add the second date.")
    assert told(dairy)[-1] == ("rui", "approval_sent_back")
    with transaction(actor=actor(dairy, "rui")):
        approvals.resubmit(asked(record_id).id)
    with transaction(company_id=dairy):
        rounds = (
            session()
            .scalars(
                select(ApprovalRequest)
                .where(ApprovalRequest.record_id == record_id)
                .order_by(ApprovalRequest.round)
            )
            .all()
        )
        assert [(r.key, r.round, r.status) for r in rounds] == [
            (rounds[0].key, 1, "cancelled"),
            (rounds[0].key, 2, "pending"),
        ]
    assert told(dairy)[-1] == ("mia", "approval_assigned")


def test_a_small_order_needs_nobody_and_says_by_which_rule(dairy: UUID):
    record_id = order(dairy, "100.00")
    with transaction(company_id=dairy):
        assert session().get_one(Record, record_id).state == "approved"
        entries = audit.story(asked(record_id).id)
    assert any("Small orders need nobody" in str(entry.new_values) for entry in entries)
    assert told(dairy)[-1] == ("rui", "approval_approved")


def test_what_is_withdrawn_is_a_draft_again_and_can_be_asked_anew(dairy: UUID):
    record_id = order(dairy, "1000.00")
    with transaction(actor=actor(dairy, "rui")):
        approvals.withdraw(asked(record_id).id, comment="The customer changed their mind.")
    told(dairy)
    with transaction(company_id=dairy):
        kinds = select(Notification.kind).order_by(Notification.id)
        assert session().scalars(kinds).all() == ["approval_assigned", "approval_withdrawn"]
    with transaction(company_id=dairy):
        assert session().get_one(Record, record_id, populate_existing=True).state == "draft"
    with transaction(actor=actor(dairy, "rui")):
        running = select(WorkflowInstance.id).where(WorkflowInstance.record_id == record_id)
        workflow.fire(session().scalars(running).one(), "submit")
    with transaction(company_id=dairy):
        states = select(ApprovalRequest.status).where(ApprovalRequest.record_id == record_id)
        assert sorted(session().scalars(states)) == ["cancelled", "pending"]
