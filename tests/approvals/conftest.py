"""An order that is approved: the definition that the tests of approvals vary."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.people import People, Person, add_person
from wfweb.approvals import loading
from wfweb.approvals import service as approvals
from wfweb.approvals.models import ApprovalRequest
from wfweb.approvals.rows import Case
from wfweb.identity import service as identity
from wfweb.kernel.db import session, transaction
from wfweb.records import service as records
from wfweb.records import types
from wfweb.records.models import Record
from wfweb.workflow import definitions
from wfweb.workflow import service as workflow
from wfweb.workflow.models import HistoryEntry, WorkflowInstance

ORDER_TYPE: dict[str, Any] = {
    "code": "order",
    "name": "Order",
    "plural": "Orders",
    "key_prefix": "ORD",
    "title_template": "{subject}",
    "amount_field": "amount",
    "material_fields": ["subject", "amount", "lines"],
    "fields": [
        {"code": "subject", "label": "Subject", "type": "text", "required": True},
        {"code": "amount", "label": "Amount", "type": "money", "currency": "EUR"},
        {"code": "note", "label": "Note", "type": "text"},
        {"code": "buyer", "label": "Buyer", "type": "person"},
        {"code": "manager", "label": "Manager", "type": "person"},
        {
            "code": "lines",
            "label": "Lines",
            "type": "lines",
            "fields": [
                {"code": "item", "label": "Item", "type": "text"},
                {"code": "price", "label": "Price", "type": "money", "currency": "EUR"},
            ],
        },
    ],
}


def level(*approvers: dict[str, Any] | str, **more: Any) -> dict[str, Any]:
    """A level; a text names a person of the cast by the part before the @."""
    named = [
        {"user": f"{one}@kestrel.example"} if isinstance(one, str) else one for one in approvers
    ]
    return {"approvers": named, **more}


def body(levels: Sequence[dict[str, Any]], **approval: Any) -> dict[str, Any]:
    """draft -> asked (approval) -> approved or rejected."""
    asked = {"levels": list(levels)} if levels else {}
    return {
        "code": "order_approval",
        "name": "Order approval",
        "record_type": "order",
        "type": "approval",
        "states": [
            {"code": "draft", "name": "Draft", "type": "start"},
            {
                "code": "asked",
                "name": "Asked",
                "type": "approval",
                "approval": {**asked, **approval},
            },
            {"code": "approved", "name": "Approved", "type": "end"},
            {"code": "rejected", "name": "Rejected", "type": "end"},
            {"code": "dropped", "name": "Dropped", "type": "end"},
        ],
        "transitions": [
            {"code": "submit", "from": "draft", "to": "asked"},
            {"code": "yes", "from": "asked", "to": "approved", "trigger": "approval"},
            {"code": "no", "from": "asked", "to": "rejected", "trigger": "rejection"},
            {"code": "drop", "from": "asked", "to": "dropped"},
        ],
    }


@dataclass
class World:
    """The cast and what the tests do with them; every act is a transaction of its own."""

    people: People

    def publish(self, content: dict[str, Any]) -> None:
        with transaction(actor=self.people.alma.actor):
            definitions.save_draft(content)
            definitions.publish(content["code"], comment="For the test")

    def order(self, by: Person | None = None, **data: Any) -> UUID:
        values = {"subject": "Steel", "amount": {"amount": "1200.00", "currency": "EUR"}, **data}
        with transaction(actor=(by or self.people.rui).actor):
            return records.create_record("order", values).id

    def submit(self, record_id: UUID | None = None, by: Person | None = None, **data: Any) -> Case:
        """Start and submit an order; return its open request, if one was left open."""
        wanted = record_id or self.order(by, **data)
        with transaction(actor=(by or self.people.rui).actor):
            loaded = workflow.start("order_approval", wanted)
            workflow.fire_loaded(loaded, "submit")
            instance_id = loaded.id
        return self.case_of(instance_id)

    def ask(self, *levels: dict[str, Any], by: Person | None = None, **approval: Any) -> Case:
        """Publish an approval of these levels and submit one order to it."""
        self.publish(body(levels, **approval))
        return self.submit(by=by)

    def case_of(self, instance_id: UUID) -> Case:
        """The latest round of an instance."""
        with transaction(actor=self.people.alma.actor):
            request_id = session().scalar(
                select(ApprovalRequest.id)
                .where(ApprovalRequest.instance_id == instance_id)
                .order_by(ApprovalRequest.round.desc())
            )
            assert request_id is not None
            return loading.lock_one(request_id)

    def case_of_state(self, case: Case, state: str) -> Case:
        """The request that the same instance asks in another state."""
        with transaction(actor=self.people.alma.actor):
            request_id = (
                session()
                .scalars(
                    select(ApprovalRequest.id).where(
                        ApprovalRequest.instance_id == case.request.instance_id,
                        ApprovalRequest.state == state,
                    )
                )
                .one()
            )
            return loading.lock_one(request_id)

    def now(self, case: Case) -> Case:
        """The same request, as it is now."""
        with transaction(actor=self.people.alma.actor):
            return loading.lock_one(case.request.id)

    def publish_levels(self, *levels: dict[str, Any], **approval: Any) -> None:
        self.publish(body(levels, **approval))

    def body_of(self, *levels: dict[str, Any], **approval: Any) -> dict[str, Any]:
        return body(levels, **approval)

    def give_role(self, who: Person, *codes: str | None) -> None:
        """Set somebody's roles: member and these."""
        with transaction(actor=self.people.alma.actor):
            identity.set_roles(who.id, ["member", *(code for code in codes if code)], version=None)

    def deactivate(self, who: Person) -> None:
        with transaction(actor=self.people.alma.actor):
            identity.deactivate_user(who.id, version=None)

    def record(self, case: Case) -> Record:
        with transaction(actor=self.people.alma.actor):
            return session().get_one(Record, case.request.record_id)

    def edit_record(self, record_id: UUID, who: Person, **data: Any) -> None:
        with transaction(actor=who.actor):
            version = session().get_one(Record, record_id).version
            records.update_record(record_id, data, version=version)

    def decide(self, who: Person, case: Case, decision: Any = "approve", **more: Any) -> Any:
        values = {"digest": case.request.digest, **more}
        target = values.pop("target", case.request.id)
        if decision != "approve":
            values.setdefault("comment", "Too expensive")
        with transaction(actor=who.actor):
            return approvals.decide(target, decision, **values)

    def state(self, case: Case) -> tuple[str, str]:
        """Status of the request and state of the instance."""
        with transaction(actor=self.people.alma.actor):
            found = session().get_one(WorkflowInstance, case.request.instance_id)
            return loading.lock_one(case.request.id).request.status, found.state

    def asked(self, case: Case) -> list[str]:
        """First names of those who can decide now."""
        return sorted(s.user_name.split()[0] for s in self.now(case).seats() if s.is_asked)

    def history(self, case: Case) -> list[tuple[str | None, str, str]]:
        with transaction(actor=self.people.alma.actor):
            rows = session().scalars(
                select(HistoryEntry)
                .where(HistoryEntry.instance_id == case.request.instance_id)
                .order_by(HistoryEntry.seq)
            )
            return [(row.from_state, row.to_state, row.kind) for row in rows]

    def edit(self, case: Case, who: Person | None = None, **data: Any) -> None:
        self.edit_record(case.request.record_id, who or self.people.rui, **data)

    def join(self, name: str, *roles: str, manager: Person | None = None) -> Person:
        """Hire somebody: ``join("Ben", "approver")``."""
        return add_person(
            self.people.ada.company_id,
            f"{name.lower()}@kestrel.example",
            f"{name} Joins",
            *("member", *roles),
            manager_id=manager.id if manager else None,
        )


@pytest.fixture
def world(people: People) -> World:
    with transaction(actor=people.alma.actor):
        types.create_type(ORDER_TYPE)
    return World(people)
