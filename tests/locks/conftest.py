"""Properties that are measured, the rules over them, kinds of locks, and their committee."""

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import pytest
from sqlalchemy import select, text

from tests.conftest import make_company
from tests.people import People, make_people
from wfweb.alerts import catalogue, metrics, rules_admin
from wfweb.alerts.models import Alert
from wfweb.approvals import service as approvals
from wfweb.approvals.models import ApprovalRequest
from wfweb.audit.models import AuditEvent
from wfweb.events.models import OutboxMessage
from wfweb.kernel import clock
from wfweb.kernel.actor import acting_as, system_actor
from wfweb.kernel.db import session, transaction
from wfweb.locks import service, types
from wfweb.locks.models import LockEvaluation, WorkflowLock
from wfweb.records import service as records
from wfweb.records import types as record_types
from wfweb.wiring import handlers
from wfweb.workflow import definitions
from wfweb.workflow import service as workflows
from wfweb.workflow.models import WorkflowInstance

T = TypeVar("T")

PROPERTY: dict[str, Any] = {
    "code": "property",
    "name": "Property",
    "plural": "Properties",
    "key_prefix": "PRP",
    "title_template": "{name}",
    "actions": [
        {"code": "refinance", "label": "Refinance"},
        {"code": "sell", "label": "Sell"},
        {"code": "dispose", "label": "Dispose"},
    ],
    "fields": [
        {"code": "name", "label": "Name", "type": "text", "required": True},
        {"code": "note", "label": "Note", "type": "text"},
    ],
}
METRICS = ("dscr", "occupancy", "loan_to_value")
LIMITS = {"dscr": ("<", "1.25", "1.30"), "occupancy": ("<", "80", "85")}
KINDS: dict[str, dict[str, Any]] = {
    "refinance_block": {"causes": ["dscr"], "blocked_actions": ["refinance"]},
    "sale_hold": {"causes": ["occupan*"], "blocked_actions": ["sell"], "on_expiry": "renew"},
    "disposition_block": {"fallback": True, "blocked_actions": ["sell", "dispose"]},
}


def rule(metric: str, **more: Any) -> dict[str, Any]:
    """A critical rule over one metric."""
    operator, raise_at, clear_at = LIMITS.get(metric, (">", "75", "70"))
    return {
        "code": f"{metric}_rule",
        "name": f"{metric} out of bounds",
        "type": "threshold",
        "severity": "critical",
        "record_type": "property",
        "metric": metric,
        "operator": operator,
        "raise_at": raise_at,
        "clear_at": clear_at,
        "recipients": [{"role": "operator"}],
        **more,
    }


def kind(code: str, **more: Any) -> dict[str, Any]:
    """A kind of lock that the committee releases."""
    return {
        "code": code,
        "name": code.replace("_", " ").capitalize(),
        "record_type": "property",
        "release_workflow": "release_lock",
        **KINDS.get(code, {"causes": ["dscr"], "blocked_actions": ["refinance"]}),
        **more,
    }


def approval_workflow(code: str, **more: Any) -> dict[str, Any]:
    """A workflow of one question to the committee."""
    return {
        "code": code,
        "name": code.replace("_", " ").capitalize(),
        "record_type": "property",
        "states": [
            {"code": "start", "name": "Prepared", "type": "start"},
            {
                "code": "asked",
                "name": "With the committee",
                "type": "approval",
                "approval": {
                    "title": "Decide about {{record.title}}",
                    "levels": [{"name": "Committee", "approvers": [{"role": "committee"}]}],
                },
            },
            {"code": "agreed", "name": "Agreed"},
            {"code": "done", "name": "Done", "type": "end"},
            {"code": "refused", "name": "Refused", "type": "end"},
        ],
        "transitions": [
            {"code": code, "from": "start", "to": "asked"},
            {"code": "approved", "from": "asked", "to": "agreed", "trigger": "approval"},
            {"code": "rejected", "from": "asked", "to": "refused", "trigger": "rejection"},
            {"code": f"complete_{code}", "from": "agreed", "to": "done"},
        ],
        **more,
    }


def release_workflow(code: str = "release_lock") -> dict[str, Any]:
    """The workflow by which the committee releases locks."""
    body = approval_workflow(code, allow_parallel=True)
    body["states"][2] = {
        "code": "agreed",
        "name": "Released",
        "type": "end",
        "on_enter": [{"action": "release_locks"}],
    }
    del body["states"][3]
    body["transitions"][0]["trigger"] = "condition"
    body["transitions"][0]["condition"] = {}
    del body["transitions"][3]
    return body


def kept(rows: Iterable[T]) -> list[T]:
    """Return rows as they are now; later acts do not change them."""
    found = list(rows)
    for row in found:
        session().expunge(row)
    return found


@dataclass
class Estate:
    """The cast and what the tests do; every act is a transaction of its own."""

    people: People

    @property
    def company_id(self) -> UUID:
        return self.people.ada.company_id

    @property
    def system(self) -> Any:
        return transaction(company_id=self.company_id)

    def property(self, name: str = "Harbour Street 4") -> UUID:
        with transaction(actor=self.people.rui.actor):
            return records.create_record("property", {"name": name}).id

    def kind(self, code: str, **more: Any) -> None:
        with transaction(actor=self.people.alma.actor):
            types.save_type(kind(code, **more))

    def publish(self, body: dict[str, Any]) -> None:
        with transaction(actor=self.people.alma.actor):
            definitions.save_draft(body)
            definitions.publish(body["code"], comment="For the test")

    def measure(self, record: UUID, value: Any, metric: str = "dscr") -> None:
        with transaction(actor=self.people.otto.actor):
            metrics.ingest([{"record": str(record), "metric": metric, "value": value}])

    def locked(self, metric: str = "dscr", value: str = "1.1") -> tuple[UUID, WorkflowLock]:
        """A property with one lock."""
        record = self.property()
        self.measure(record, value, metric)
        return record, self.lock(record)

    def locks(self, record: UUID | None = None) -> list[WorkflowLock]:
        with self.system:
            query = select(WorkflowLock).order_by(WorkflowLock.locked_at, WorkflowLock.id)
            if record:
                query = query.where(WorkflowLock.record_id == record)
            return kept(session().scalars(query.execution_options(populate_existing=True)))

    def lock(self, record: UUID) -> WorkflowLock:
        (found,) = self.locks(record)
        return found

    def alert(self, record: UUID) -> Alert:
        with self.system:
            query = select(Alert).where(Alert.record_id == record).order_by(Alert.raised_at)
            return kept(session().scalars(query.execution_options(populate_existing=True)))[-1]

    def looks(self, lock_id: UUID) -> list[tuple[str, str, bool | None]]:
        with self.system:
            query = select(LockEvaluation).where(LockEvaluation.lock_id == lock_id)
            found = session().scalars(query.order_by(LockEvaluation.id)).all()
            return [(one.why, one.outcome, one.holds) for one in found]

    def sql(self, statement: str, **values: Any) -> Any:
        """Call the database as any client of the company does; one value."""
        with self.system:
            return session().execute(text(statement), values).scalar()

    def flag(self, record: UUID) -> bool:
        return bool(
            self.sql("select has_active_alerts from records where id = :record", record=record)
        )

    def ask(self, lock_id: UUID) -> UUID:
        with transaction(actor=self.people.otto.actor):
            return service.ask_for_release(lock_id)

    def request_of(self, instance: UUID) -> ApprovalRequest:
        with self.system:
            query = select(ApprovalRequest).where(ApprovalRequest.instance_id == instance)
            (found,) = kept(session().scalars(query.execution_options(populate_existing=True)))
            return found

    def decide(self, instance: UUID, decision: str, comment: str = "So decided") -> None:
        request = self.request_of(instance)
        with transaction(actor=self.people.cleo.actor):
            approvals.decide(request.id, decision, digest=request.digest, comment=comment)

    def begin(self, code: str, record: UUID) -> UUID:
        with transaction(actor=self.people.rui.actor):
            return workflows.start(code, record).id

    def fire(self, instance: UUID, step: str) -> None:
        with transaction(actor=self.people.rui.actor):
            workflows.fire(instance, step)

    def state(self, instance: UUID) -> str:
        with self.system:
            return session().get_one(WorkflowInstance, instance, populate_existing=True).state

    def override(self, lock_id: UUID, reason: str = "The bank has agreed in writing") -> None:
        with transaction(actor=self.people.alma.actor):
            service.override(lock_id, reason)

    def expire(self, at: datetime | None = None) -> int:
        with clock.at(at) if at else nullcontext(), self.system:
            return service.expire()

    def entries(self, name: str) -> list[AuditEvent]:
        with self.system:
            query = select(AuditEvent).where(AuditEvent.name == name).order_by(AuditEvent.at)
            return kept(session().scalars(query))

    def messages(self, kind: str) -> Sequence[dict[str, Any]]:
        with self.system:
            query = select(OutboxMessage).where(OutboxMessage.kind == kind)
            return [
                {**one.payload, "message_id": str(one.id)}
                for one in session().scalars(query.order_by(OutboxMessage.id))
            ]

    def deliver(self, kind: str) -> int:
        """Run the door of one kind for every message that waits."""
        doors = handlers()
        found = self.messages(kind)
        for payload in found:
            with acting_as(system_actor(self.company_id)), transaction():
                doors.inside[kind](payload)
        return len(found)


def make_estate(people: People) -> Estate:
    with transaction(actor=people.alma.actor):
        record_types.create_type(PROPERTY)
        for code in METRICS:
            catalogue.save_metric(code, code.capitalize())
        for code in METRICS:
            rules_admin.save_rule(rule(code))
    estate = Estate(people)
    estate.publish(release_workflow())
    for code in KINDS:
        estate.kind(code)
    return estate


def make_scene() -> Estate:
    """What files whose tests all begin alike share."""
    return make_estate(make_people(make_company()))


@pytest.fixture
def estate(people: People) -> Estate:
    return make_estate(people)
