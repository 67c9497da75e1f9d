"""Is the part of the database that keeps locks whole, and does it work: for ``wfweb doctor``.

Nothing here is left behind: what is tried is tried in a company of its own, inside a
transaction that is always rolled back.
"""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import SQLAlchemyError

from wfweb.alerts.models import Alert, AlertRule
from wfweb.identity.models import User
from wfweb.kernel.actor import acting_as, system_actor
from wfweb.kernel.db import APPLICATION_ROLE
from wfweb.kernel.ids import new_id
from wfweb.kernel.tenancy import Company
from wfweb.locks.models import LockType, WorkflowLock
from wfweb.records.models import Record, RecordType

COLUMNS: Final = {column.name for column in WorkflowLock.__table__.columns}
INDEXES: Final = {
    "ix_workflow_locks_record": "(record_id)",
    "ix_workflow_locks_alert": "(alert_id)",
    "ix_workflow_locks_status": "(status)",
    "ix_workflow_locks_locked_at": "(locked_at)",
    "ix_workflow_locks_record_status": "(record_id, status)",
    "ix_workflow_locks_type": "(lock_type)",
    "ix_workflow_locks_severity": "(lock_severity)",
}
CONSTRAINTS: Final = {
    "ck_workflow_locks_status",
    "ck_workflow_locks_lock_severity",
    "ck_workflow_locks_lock_type",
    "ck_workflow_locks_unlocked_at",
    "ck_workflow_locks_ended",
    "ck_workflow_locks_blocked_actions",
    "fk_workflow_locks_record",
    "fk_workflow_locks_alert",
    "fk_workflow_locks_lock_type",
}
TRIGGERS: Final = {
    "workflow_locks_change",
    "workflow_locks_duration",
    "workflow_locks_updated_at",
    "workflow_locks_flag_insert",
    "workflow_locks_flag_update",
    "workflow_locks_flag_delete",
    "workflow_locks_permits",
    "workflow_locks_no_truncate",
    "workflow_history_locks",
    "workflow_instances_locks",
}
FUNCTIONS: Final = (
    "is_action_blocked(uuid, text)",
    "get_active_locks(uuid)",
    "create_lock_from_alert(uuid, text[])",
    "unlock_from_alert_resolution(uuid, uuid, text)",
    "expire_old_locks(integer)",
    "get_lock_summary(uuid)",
    "get_blocked_actions_for_property(uuid)",
)


def missing(connection: Connection) -> list[str]:
    """Return what the table of locks lacks: columns, indexes, constraints, triggers, functions."""
    return [
        *_lacking(connection, "column", COLUMNS, _COLUMNS),
        *_indexes(connection),
        *_lacking(connection, "constraint", CONSTRAINTS, _CONSTRAINTS),
        *_lacking(connection, "trigger", TRIGGERS, _TRIGGERS),
        *[f"function {one}" for one in FUNCTIONS if not _there(connection, one)],
    ]


_COLUMNS = "select column_name from information_schema.columns where table_name = 'workflow_locks'"
_CONSTRAINTS = (
    "select conname from pg_constraint where conrelid = to_regclass('workflow_locks')"
    " and convalidated"
)
_TRIGGERS = "select tgname from pg_trigger where not tgisinternal and tgenabled <> 'D'"
_INDEXES = (
    "select c.relname, pg_get_indexdef(i.indexrelid) from pg_index i"
    " join pg_class c on c.oid = i.indexrelid"
    " where i.indrelid = to_regclass('workflow_locks') and i.indisvalid"
)


def _lacking(connection: Connection, what: str, wanted: set[str], statement: str) -> list[str]:
    found = set(connection.execute(text(statement)).scalars())
    return [f"{what} {name}" for name in sorted(wanted - found)]


def _indexes(connection: Connection) -> list[str]:
    found: dict[str, str] = {row[0]: row[1] for row in connection.execute(text(_INDEXES))}
    return [
        f"index {name}" for name, over in INDEXES.items() if not found.get(name, "").endswith(over)
    ]


def _there(connection: Connection, signature: str) -> bool:
    statement = text("select to_regprocedure(:signature) is not null")
    return bool(connection.execute(statement, {"signature": signature}).scalar())


def exercise(connection: Connection) -> list[str]:
    """Create, block, unblock, measure, expire and tamper, then roll back; return what failed.

    :raises SQLAlchemyError: when a step cannot be taken at all.
    """
    if connection.in_transaction():
        connection.rollback()
    begun = connection.begin()
    try:
        return list(_steps(connection, _world(connection)))
    finally:
        begun.rollback()


def _world(connection: Connection) -> dict[str, Any]:
    company = new_id()
    _set(connection, "app.company_id", str(company))
    _set(connection, "app.scope", "system")
    _set(connection, "app.announces_locks", "on")
    ids = {name: new_id() for name in ("user", "kind", "record", "rule", "alert", "type")}
    kept: list[tuple[Any, dict[str, Any]]] = [
        (Company, {"id": company, "name": "wfweb doctor"}),
        (User, {"id": ids["user"], "email": f"{company}@doctor.invalid", "name": "Doctor"}),
        (
            RecordType,
            {"id": ids["kind"], "code": "patient", "name": "Patient", "plural": "Patients"}
            | {"key_prefix": "PAT", "fields": [], "json_schema": {}},
        ),
        (
            Record,
            {"id": ids["record"], "type_id": ids["kind"], "type_code": "patient"}
            | {"key": "PAT-1", "title": "Patient", "data": {}, "version": 1},
        ),
        (
            AlertRule,
            {"id": ids["rule"], "code": "fever", "name": "Fever", "type": "threshold"}
            | {"severity": "critical", "body": {}, "triggered_count": 0},
        ),
        (
            Alert,
            {"id": ids["alert"], "key": "ALT-1", "rule_id": ids["rule"], "title": "Fever"}
            | {"subject_id": ids["record"], "record_id": ids["record"], "severity": "critical"}
            | {"escalation_level": 0, "record_type_code": "patient"},
        ),
        (
            LockType,
            {"id": ids["type"], "code": "rest", "name": "Rest", "fallback": True}
            | {"blocked_actions": ["work"]},
        ),
    ]
    with acting_as(system_actor(company)):
        for model, values in kept:
            connection.execute(insert(model), values)
    connection.execute(text(f"set local role {APPLICATION_ROLE}"))
    _set(connection, "app.scope", "company")
    return ids


def _steps(connection: Connection, ids: dict[str, Any]) -> Iterator[str]:
    def value(statement: str) -> Any:
        return connection.execute(text(statement), ids).scalar()

    blocked = "select is_action_blocked(:record, 'work')"
    flag = "select has_active_alerts from records where id = :record"
    ids["lock"] = value("select create_lock_from_alert(:alert)")
    if not (value(blocked) and value("select count(*) from get_active_locks(:record)") == 1):
        yield "a lock blocks nothing"
    if not value(flag):
        yield "the record's flag does not follow a new lock"
    if value("select unlock_from_alert_resolution(:alert, :user, 'Examined')") != 1:
        yield "a decision ends no lock"
    if value(blocked) or value(flag):
        yield "the action stays blocked, or the flag stays, after the end of the lock"
    if value("select lock_duration_hours from workflow_locks where id = :lock") is None:
        yield "no duration is computed"
    _set(connection, "app.now", value("select (now() - interval '100 days')::text"))
    ids["old"] = value("select create_lock_from_alert(:alert)")
    _set(connection, "app.now", "")
    if value("select expire_old_locks(90)") != 1:
        yield "nothing expires"
    if value("select get_lock_summary(:record) ->> 'total_locks'") != "2":
        yield "the summary counts wrongly"
    yield from _tampering(connection, ids)


def _tampering(connection: Connection, ids: dict[str, Any]) -> Iterator[str]:
    connection.execute(text("reset role"))
    for statement in (
        "update workflow_locks set status = 'locked', unlocked_at = null where id = :old",
        "delete from workflow_locks where id = :old",
    ):
        nested = connection.begin_nested()
        try:
            connection.execute(text(statement), ids)
        except SQLAlchemyError:
            nested.rollback()
        else:
            nested.rollback()
            yield "history can be changed directly"


def _set(connection: Connection, name: str, value: str) -> None:
    statement = text("select set_config(:name, :value, true)")
    connection.execute(statement, {"name": name, "value": value})
