"""What a subject is called and where its page is, for features below that only know its id."""

from collections.abc import Callable
from uuid import UUID

from wfweb.alerts.models import Alert, AlertRule
from wfweb.approvals.models import ApprovalMatrix, ApprovalRequest
from wfweb.calendars.models import BusinessCalendar
from wfweb.identity.models import Role, User
from wfweb.kernel.db import session
from wfweb.kernel.ports import Label
from wfweb.locks.models import LockType
from wfweb.records.models import Record, RecordType
from wfweb.sla.models import SlaClock, SlaDefinition
from wfweb.tasks.models import Task
from wfweb.workflow.models import WorkflowDefinition, WorkflowInstance


def label_of(subject_type: str, subject_id: UUID) -> Label:
    """Return the label of a subject; its type and id when it is nothing we have pages for."""
    name = _NAMES.get(subject_type)
    found = name(subject_id) if name else None
    return found or Label(f"{subject_type.replace('_', ' ')} {subject_id}", None)


def _record(subject_id: UUID) -> Label | None:
    found = session().get(Record, subject_id)
    return (
        Label(f"{found.key} {found.title}".strip(), f"/records/{found.type_code}/{found.key}")
        if found
        else None
    )


def _request(subject_id: UUID) -> Label | None:
    found = session().get(ApprovalRequest, subject_id)
    return Label(f"{found.key} {found.title}", f"/requests/{found.key}") if found else None


def _instance(subject_id: UUID) -> Label | None:
    found = session().get(WorkflowInstance, subject_id)
    if found is None:
        return None
    about = _record(found.record_id) if found.record_id else None
    text = f"{found.definition_code} of {about.text}" if about else found.definition_code
    return Label(text, about.url if about else f"/workflows/{found.definition_code}")


def _definition(subject_id: UUID) -> Label | None:
    found = session().get(WorkflowDefinition, subject_id)
    return Label(found.name, f"/workflows/{found.code}") if found else None


def _matrix(subject_id: UUID) -> Label | None:
    found = session().get(ApprovalMatrix, subject_id)
    return Label(found.name, f"/matrices/{found.code}") if found else None


def _calendar(subject_id: UUID) -> Label | None:
    found = session().get(BusinessCalendar, subject_id)
    return Label(found.name, f"/calendars/{found.code}") if found else None


def _type(subject_id: UUID) -> Label | None:
    found = session().get(RecordType, subject_id)
    return Label(found.name, f"/record-types/{found.code}") if found else None


def _task(subject_id: UUID) -> Label | None:
    found = session().get(Task, subject_id)
    return Label(f"{found.key} {found.title}", f"/tasks/{found.key}") if found else None


def _user(subject_id: UUID) -> Label | None:
    found = session().get(User, subject_id)
    return Label(found.name, f"/admin/users/{found.id}") if found else None


def _role(subject_id: UUID) -> Label | None:
    found = session().get(Role, subject_id)
    return Label(found.name, f"/admin/roles/{found.id}") if found else None


def _clock(subject_id: UUID) -> Label | None:
    found = session().get(SlaClock, subject_id)
    return Label(found.title, f"/sla/{found.id}") if found else None


def _promise(subject_id: UUID) -> Label | None:
    found = session().get(SlaDefinition, subject_id)
    return Label(found.name, f"/sla/definitions/{found.code}") if found else None


def _alert(subject_id: UUID) -> Label | None:
    found = session().get(Alert, subject_id)
    return Label(f"{found.key} {found.title}", f"/alerts/{found.key}") if found else None


def _alert_rule(subject_id: UUID) -> Label | None:
    found = session().get(AlertRule, subject_id)
    return Label(found.name, f"/alert-rules/{found.code}") if found else None


def _lock_type(subject_id: UUID) -> Label | None:
    found = session().get(LockType, subject_id)
    return Label(found.name, f"/locks?lock_type={found.code}") if found else None


_NAMES: dict[str, Callable[[UUID], Label | None]] = {
    "record": _record,
    "alert": _alert,
    "alert_rule": _alert_rule,
    "lock_type": _lock_type,
    "approval_request": _request,
    "workflow_instance": _instance,
    "workflow_definition": _definition,
    "approval_matrix": _matrix,
    "business_calendar": _calendar,
    "record_type": _type,
    "task": _task,
    "user": _user,
    "role": _role,
    "sla_clock": _clock,
    "sla_definition": _promise,
}
