"""One of everything that watches and blocks: a metric, its alert and lock, a clock, a task."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from wfweb.alerts import catalogue, hooks_admin, metrics, rules_admin, service, silencing
from wfweb.alerts.models import Alert
from wfweb.kernel import clock
from wfweb.kernel.actor import Actor
from wfweb.kernel.db import session, transaction
from wfweb.locks import permits
from wfweb.locks import types as lock_types
from wfweb.locks.models import WorkflowLock
from wfweb.records.queries import record_by_id
from wfweb.sla import definitions
from wfweb.sla import service as sla
from wfweb.sla.models import SlaClock
from wfweb.tasks import service as tasks
from wfweb.webhooks import service as webhooks

METRIC = "temperature"


def furnish(administrator: Actor, record_id: UUID) -> dict[str, str]:
    """Add one of each about a record that nothing else happens to; return what addresses name."""
    with transaction(actor=administrator):
        record = record_by_id(record_id)
        kind, key = record.type_code, record.key
        catalogue.save_metric(METRIC, "Temperature", unit="°C")
        rules_admin.save_rule(_rule(kind))
        lock_types.save_type(_lock_type(kind))
        definitions.save_definition(_deadline(kind))
    with transaction(actor=administrator):
        metrics.ingest([{"record": key, "metric": METRIC, "value": "9.5"}])
        sla.evaluate({("record", record_id): ()})
    with transaction(actor=administrator):
        alert = session().scalars(select(Alert).where(Alert.record_id == record_id)).one()
        service.note(alert.id, "The door stood open")
        until = clock.now() + timedelta(days=1)
        silence = silencing.silence(record_id=record_id, until=until, reason="Being repaired")
        found = {
            "alert_key": alert.key,
            "alert_ref": alert.key,
            "silence_id": str(silence.id),
            "lock_id": str(session().scalars(_lock_of(record_id)).one()),
            "permit_id": str(permits.issue(record_by_id(record_id), "edit").id),
            "clock_id": str(session().scalars(_clock_of(record_id)).one()),
            "hook_id": str(hooks_admin.create_endpoint("Sensors", "metrics").id),
            "metric": METRIC,
            "record_id": str(record_id),
            "action": "sell",
            "locked_ref": key,
        }
    return found | work(administrator, record_id)


def work(administrator: Actor, record_id: UUID) -> dict[str, str]:
    """Add a webhook with a message, and a task; return what addresses name."""
    with transaction(actor=administrator):
        endpoint = webhooks.create_endpoint("erp", "ERP", "https://erp.example.com/hooks")
        call_id = webhooks.call("erp", "order.approved", {"key": "ORD-1"}, key="1")
        task = tasks.create_task(
            "Close the door", assignee_id=administrator.id, record_id=record_id
        )
        return {
            "endpoint_id": str(endpoint.id),
            "call_id": str(call_id),
            "task_id": str(task.id),
            "task_key": task.key,
        }


def _clock_of(record_id: UUID) -> Any:
    return select(SlaClock.id).where(
        SlaClock.subject_id == record_id, SlaClock.definition_code == "answer"
    )


def _lock_of(record_id: UUID) -> Any:
    return select(WorkflowLock.id).where(WorkflowLock.record_id == record_id)


def _rule(kind: str) -> dict[str, Any]:
    return {
        "code": "too_warm",
        "name": "Too warm",
        "type": "threshold",
        "record_type": kind,
        "metric": METRIC,
        "operator": ">",
        "raise_at": "8",
        "clear_at": "7",
        "severity": "critical",
        "recipients": [{"role": "administrator"}],
        "channels": ["in_app"],
    }


def _lock_type(kind: str) -> dict[str, Any]:
    return {
        "code": "warm_hold",
        "name": "Not sold warm",
        "record_type": kind,
        "causes": [METRIC],
        "blocked_actions": ["sell"],
    }


def _deadline(kind: str) -> dict[str, Any]:
    return {
        "code": "answer",
        "name": "Answer in a week",
        "metric": "resolution_time",
        "subject_type": "record",
        "record_type": kind,
        "unit": "days",
        "target": 7,
    }
