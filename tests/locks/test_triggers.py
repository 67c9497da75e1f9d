"""What keeps the table true against every client: history, duration, flag, ends, removal."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.locks.conftest import Estate, make_scene
from tests.support.stage import shared
from wfweb.kernel.db import session

stage, rollback, estate = shared(make_scene)

HISTORY = [
    "record_id = gen_random_uuid()",
    "lock_reason = 'Nothing to see'",
    "lock_severity = 'warning'",
    "locked_at = now() - interval '91 days'",
    "locked_by = gen_random_uuid()",
    "blocked_actions = array['nothing']",
    "lock_type = 'sale_hold'",
    "status = 'unlocked', unlocked_at = now()",
    "status = 'expired', unlocked_at = now(), unlock_reason = 'Over'",
    "unlock_reason = 'Not yet ended'",
    "lock_duration_hours = 1",
]


@contextmanager
def as_owner(estate: Estate) -> Iterator[None]:
    """Act as the owner of the tables, whom no right stops."""
    with estate.system:
        role = session().execute(text("select current_user")).scalar()
        session().execute(text("reset role"))
        try:
            yield
        finally:
            session().execute(text(f"set role {role}"))


def tried(estate: Estate, statement: str, **values: object) -> str:
    """Return with what words the owner's statement is refused."""
    with pytest.raises(DBAPIError) as error, as_owner(estate), session().begin_nested():
        session().execute(text(statement), values)
    assert getattr(error.value.orig, "sqlstate", "") == "42501"
    return str(error.value.orig)


@pytest.mark.parametrize("change", HISTORY)
def test_history_is_never_changed_directly(estate: Estate, change: str):
    record, lock = estate.locked()
    tried(estate, f"update workflow_locks set {change} where id = :id", id=lock.id)
    assert estate.lock(record).status == "locked"


@pytest.mark.parametrize("change", HISTORY)
def test_the_application_may_not_even_try(estate: Estate, change: str):
    _record, lock = estate.locked()
    with pytest.raises(DBAPIError) as error:
        estate.sql(f"update workflow_locks set {change} where id = :id", id=lock.id)
    assert getattr(error.value.orig, "sqlstate", "") == "42501"


def test_an_ended_lock_does_not_stand_again(estate: Estate):
    record, lock = estate.locked()
    estate.override(lock.id)
    for change in (
        "status = 'locked', unlocked_at = null, unlocked_by = null, unlock_reason = null",
        "unlock_reason = 'Somebody else did it'",
        "unlocked_at = now() + interval '1 day'",
    ):
        tried(estate, f"update workflow_locks set {change} where id = :id", id=lock.id)
    assert estate.lock(record).unlock_reason == "The bank has agreed in writing"


def test_a_lock_is_never_removed(estate: Estate):
    record, lock = estate.locked()
    assert "never removed" in tried(estate, "delete from workflow_locks where id = :id", id=lock.id)
    tried(estate, "truncate workflow_locks")
    assert estate.lock(record).id == lock.id


def test_it_goes_with_its_alert_and_the_flag_follows(estate: Estate):
    record, lock = estate.locked()
    with as_owner(estate):
        session().execute(text("delete from alerts where id = :id"), {"id": lock.alert_id})
    assert estate.locks(record) == []
    assert not estate.flag(record)
    assert estate.looks(lock.id) == [("created", "locked", True)], "what happened is kept"


def test_evaluations_are_never_changed(estate: Estate):
    _record, lock = estate.locked()
    tried(estate, "update lock_evaluations set holds = false where lock_id = :id", id=lock.id)
    tried(estate, "delete from lock_evaluations where lock_id = :id", id=lock.id)


def test_duration_and_change_are_written_by_the_table(estate: Estate):
    record, lock = estate.locked()
    assert lock.lock_duration_hours is None
    estate.override(lock.id)
    ended = estate.lock(record)
    assert ended.unlocked_at is not None
    seconds = (ended.unlocked_at - ended.locked_at).total_seconds()
    assert ended.lock_duration_hours is not None
    assert abs(float(ended.lock_duration_hours) - seconds / 3600) < 0.0001
    assert ended.updated_at > lock.updated_at


def test_the_flag_stays_while_one_lock_stands(estate: Estate):
    record, first = estate.locked()
    estate.measure(record, "40", "occupancy")
    second = next(one for one in estate.locks(record) if one.id != first.id)
    estate.override(first.id)
    assert estate.flag(record)
    estate.override(second.id)
    assert not estate.flag(record)


CHECKS = [
    ("status", "status = 'maybe', unlocked_at = now()"),
    ("lock_severity", "lock_severity = 'mild'"),
    ("lock_type", "lock_type = 'Not a code'"),
    ("unlocked_at", "unlocked_at = locked_at - interval '1 second', status = 'unlocked'"),
    ("ended", "status = 'unlocked'"),
    ("blocked_actions", "blocked_actions = '{}'"),
]


@pytest.mark.parametrize(("name", "change"), CHECKS)
def test_the_checks_hold_without_the_triggers(estate: Estate, name: str, change: str):
    _record, lock = estate.locked()
    with pytest.raises(DBAPIError) as error, as_owner(estate), session().begin_nested():
        session().execute(text("set local session_replication_role = replica"))
        statement = f"update workflow_locks set {change} where id = :id"
        session().execute(text(statement), {"id": lock.id})
    diagnosis = error.value.orig.diag  # type: ignore[union-attr]
    assert diagnosis.constraint_name == f"ck_workflow_locks_{name}"


def test_there_are_seven_indexes_besides_the_key(estate: Estate):
    with estate.system:
        found = session().execute(
            text("select indexname from pg_indexes where tablename = 'workflow_locks'")
        )
        names = set(found.scalars()) - {"pk_workflow_locks"}
    assert names == {
        f"ix_workflow_locks_{name}"
        for name in (
            "record",
            "alert",
            "status",
            "locked_at",
            "record_status",
            "type",
            "severity",
        )
    }


def test_a_type_in_use_is_not_removed(estate: Estate):
    _record, lock = estate.locked()
    with pytest.raises(DBAPIError) as error, as_owner(estate), session().begin_nested():
        session().execute(
            text("delete from lock_types where code = :code"), {"code": lock.lock_type}
        )
    assert getattr(error.value.orig, "sqlstate", "") == "23503"


def test_what_a_database_client_does_is_told_once(estate: Estate):
    record, lock = estate.locked()
    call = "select unlock_from_alert_resolution(:a, :u, 'By hand in the database')"
    with estate.system:
        session().execute(text("select set_config('app.announces_locks', '', true)"))
        session().execute(text(call), {"a": lock.alert_id, "u": estate.people.cleo.id})
    assert estate.lock(record).unlock_notification_sent is False
    assert estate.entries("lock.ended") == []
    assert estate.deliver("locks.announce") == 1
    estate.deliver("locks.announce")
    (entry,) = estate.entries("lock.ended")
    assert entry.details["how"] == "release"
    assert estate.lock(record).unlock_notification_sent is True


def owner_of(estate: Estate, record: UUID) -> UUID:
    owner = estate.sql("select owner_id from records where id = :id", id=record)
    return UUID(str(owner))


def test_the_owner_of_the_record_is_told(estate: Estate):
    record, lock = estate.locked()
    assert owner_of(estate, record) == estate.people.rui.id
    assert estate.deliver("locks.tell_created") == 1
    estate.override(lock.id)
    assert estate.deliver("locks.tell_ended") == 1
    told = "select array_agg(kind) from deliveries where user_id = :u"
    assert estate.sql(told, u=estate.people.rui.id) == ["lock_changed", "lock_changed"]
