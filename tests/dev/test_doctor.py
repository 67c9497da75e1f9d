"""The doctor finds what is wrong, and only that."""

import json

import pytest
from sqlalchemy import text

from wfweb.cli import findings
from wfweb.kernel.db import db
from wfweb.kernel.settings import Settings


@pytest.fixture
def settings(committed_app) -> Settings:
    found = committed_app.config["WFWEB"]
    assert isinstance(found, Settings)
    return found


def run(statement: str) -> None:
    """Change the database as its owner, behind the application's back."""
    with db.engine.connect() as connection:
        connection.execute(text("RESET ROLE"))
        connection.execute(text(statement))
        connection.commit()
        connection.invalidate()


def states(settings: Settings) -> dict[str, str]:
    return {finding.part: finding.state for finding in findings.examine(settings)}


def details(settings: Settings, part: str) -> str:
    return next(found.detail for found in findings.examine(settings) if found.part == part)


def test_a_fresh_installation_has_nothing_wrong(settings):
    assert {part: state for part, state in states(settings).items() if state == "wrong"} == {}


def test_a_company_s_table_without_row_level_security_is_named(settings):
    run("CREATE TABLE leaky (company_id uuid)")
    assert states(settings)["tenancy"] == "wrong"
    assert details(settings, "tenancy") == "no row-level security on leaky"
    run("ALTER TABLE leaky ENABLE ROW LEVEL SECURITY")
    assert states(settings)["tenancy"] == "wrong"
    run("ALTER TABLE leaky FORCE ROW LEVEL SECURITY")
    run("CREATE POLICY leaky_company ON leaky USING (false)")
    assert states(settings)["tenancy"] == "fine"


def test_an_application_role_that_owns_a_table_is_wrong(settings):
    run("CREATE TABLE owned (id int)")
    run("ALTER TABLE owned OWNER TO wfweb_app")
    assert states(settings)["role"] == "wrong"


def test_a_database_behind_the_code_is_wrong(settings):
    run("UPDATE alembic_version SET version_num = '0001_kernel'")
    assert states(settings)["migrations"] == "wrong"


def test_effects_that_wait_too_long_are_wrong_and_given_up_ones_are_shown(settings):
    insert = (
        "INSERT INTO companies (id, name, currency, time_zone, locale, created_at) VALUES"
        " (gen_random_uuid(), 'Kestrel', 'EUR', 'UTC', 'en', now());"
        "INSERT INTO outbox_messages (id, company_id, kind, payload, state, attempts,"
        " unfinished_claims, created_at, next_at, correlation_id, actor_name)"
        " SELECT gen_random_uuid(), id, 'mail.deliver', '{}', '%s', 0, 0, now(),"
        " now() - interval '90 seconds', gen_random_uuid(), 'Ada' FROM companies"
    )
    run(insert % "dead")
    assert states(settings)["outbox"] == "watch"
    run("UPDATE outbox_messages SET state = 'pending'")
    assert states(settings)["outbox"] == "wrong"
    assert "is the relay running?" in details(settings, "outbox")


def test_servers_that_do_not_answer_are_findings_not_failures(settings):
    away = settings.model_copy(
        update={
            "database_url": "postgresql+psycopg://x@127.0.0.1:1/x",
            "redis_url": "redis://127.0.0.1:1/0",
        }
    )
    found = states(away)
    assert {found[part] for part in ("database", "role", "tenancy", "migrations", "queue")} == {
        "wrong"
    }
    assert json.dumps([finding._asdict() for finding in findings.examine(away)])
