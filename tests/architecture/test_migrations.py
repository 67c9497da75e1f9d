"""The schema the migrations make is the schema the models describe, and all of it is guarded."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import create_engine, text

from tests.conftest import ROOT, Servers
from wfweb.cli.migrate import head
from wfweb.models import METADATA

APPEND_ONLY = {
    "audit_events",
    "workflow_history",
    "approval_decisions",
    "sla_definition_versions",
    "sla_segments",
    "sla_crossings",
}


@pytest.fixture
def migrated(servers: Servers, template: str):
    engine = create_engine(servers.url_of(template))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_models_and_migrations_agree(migrated):
    context = MigrationContext.configure(
        migrated,
        opts={
            "compare_type": True,
            "include_object": lambda _o, name, kind, _r, _c: (
                not (kind == "table" and (name or "").startswith(("audit_events_", "alembic")))
            ),
        },
    )
    assert compare_metadata(context, METADATA) == []


def test_checks_of_models_and_migrations_agree(migrated):
    stored = set(
        migrated.execute(
            text(
                "select c.conname from pg_constraint c join pg_class t on t.oid = c.conrelid"
                " where c.contype = 'c' and not t.relispartition"
            )
        ).scalars()
    )
    from sqlalchemy import CheckConstraint

    described = {
        str(constraint.name)
        for table in METADATA.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    assert stored == described


def test_every_table_of_a_company_is_guarded_by_row_level_security(migrated):
    unguarded = migrated.execute(
        text(
            "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " join pg_attribute a on a.attrelid = c.oid and a.attname = 'company_id'"
            " where n.nspname = 'public' and c.relkind in ('r', 'p')"
            " and not (c.relrowsecurity and (c.relforcerowsecurity or c.relispartition))"
        )
    ).scalars()
    assert list(unguarded) == []


def test_append_only_tables_refuse_change_to_the_application(migrated):
    tables = set(METADATA.tables) & APPEND_ONLY
    for table in tables:
        for right in ("UPDATE", "DELETE", "TRUNCATE"):
            allowed = migrated.execute(
                text("select has_table_privilege('wfweb_app', :table, :right)"),
                {"table": table, "right": right},
            ).scalar()
            assert not allowed, f"wfweb_app may {right} {table}"


def test_the_application_role_is_weak(migrated):
    row = migrated.execute(
        text(
            "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles"
            " where rolname = 'wfweb_app'"
        )
    ).one()
    assert not any(row)
    owned = migrated.execute(
        text("select count(*) from pg_class where relowner = 'wfweb_app'::regrole")
    ).scalar()
    assert owned == 0


def test_down_to_nothing_and_up_again(servers: Servers, template: str):
    name = f"wfweb_updown_{os.getpid()}"
    engine = create_engine(servers.create(name, template))
    config = Config(str(Path(ROOT) / "migrations" / "alembic.ini"))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        connection.commit()
        left = connection.execute(
            text(
                "select relname from pg_class where relnamespace = 'public'::regnamespace"
                " and relkind in ('r', 'p') and relname <> 'alembic_version'"
            )
        ).scalars()
        assert list(left) == []
        connection.commit()
        command.upgrade(config, "head")
        connection.commit()
    engine.dispose()
    servers.drop(name)


@pytest.mark.parametrize(
    ("wanted", "answer"),
    [("heads", f"{head()} (head)"), ("check", "No new upgrade operations detected.")],
)
def test_developers_write_migrations_by_the_commands_of_flask(app: Flask, wanted: str, answer: str):
    """``flask --app wsgi db`` finds the chain of ``wfweb migrate``, and no change to write."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", wanted]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, answer), done.stderr
