"""The doctor finds what the part of the database that keeps locks lacks, and leaves nothing."""

import pytest
from sqlalchemy import text

from tests.dev.test_doctor import details, run, settings, states
from wfweb.kernel.db import db

__all__ = ["settings"]
BROKEN = {
    "column": (
        "alter table workflow_locks drop column unlock_notification_sent cascade",
        "column unlock_notification_sent",
    ),
    "index": ("drop index ix_workflow_locks_severity", "index ix_workflow_locks_severity"),
    "other index": (
        (
            "drop index ix_workflow_locks_alert;"
            " create index ix_workflow_locks_alert on workflow_locks (updated_at)"
        ),
        "index ix_workflow_locks_alert",
    ),
    "check": (
        "alter table workflow_locks drop constraint ck_workflow_locks_status",
        "constraint ck_workflow_locks_status",
    ),
    "trigger": (
        "alter table workflow_locks disable trigger workflow_locks_change",
        "trigger workflow_locks_change",
    ),
    "step trigger": (
        "drop trigger workflow_history_locks on workflow_history",
        "trigger workflow_history_locks",
    ),
    "function": (
        "drop function get_lock_summary(uuid)",
        "function get_lock_summary(uuid)",
    ),
    "flag": (
        (
            "create or replace function locks_sync_flag() returns trigger language plpgsql"
            " as $$ begin return null; end $$"
        ),
        "the record's flag does not follow",
    ),
    "duration": (
        (
            "create or replace function locks_set_duration() returns trigger language plpgsql"
            " as $$ begin return new; end $$"
        ),
        "no duration is computed",
    ),
    "history": (
        (
            "create or replace function locks_refuse_direct_change() returns trigger"
            " language plpgsql as $$ begin return coalesce(new, old); end $$"
        ),
        "history can be changed directly",
    ),
    "blocking": (
        (
            "create or replace function is_action_blocked(record uuid, action text) returns boolean"
            " language sql as $$ select false $$"
        ),
        "a lock blocks nothing",
    ),
}


def test_what_is_whole_is_fine_and_nothing_stays_behind(settings):
    assert states(settings)["locks"] == "fine"
    assert details(settings, "locks") == "complete; create, block, unblock and expire work"
    with db.engine.connect() as connection:
        connection.execute(text("reset role"))
        for table in ("companies", "workflow_locks", "lock_evaluations", "alerts"):
            count = connection.execute(text(f"select count(*) from {table}")).scalar()
            assert count == 0, table
        connection.invalidate()


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named(settings, name: str):
    statement, words = BROKEN[name]
    run(statement)
    assert states(settings)["locks"] == "wrong"
    assert words in details(settings, "locks")
