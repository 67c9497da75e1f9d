"""``wfweb user`` and ``wfweb token``: from an empty database to a token that works."""

import json
from contextlib import nullcontext
from uuid import UUID

import pytest
from click.testing import CliRunner
from flask import request

from tests.people import PASSWORD
from wfweb.cli import token as token_command
from wfweb.cli import user as user_command
from wfweb.identity import access, doors, queries
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import NotFound, Refusal


@pytest.fixture
def run(app, rollback, monkeypatch):
    """Run a command inside the test's transaction; return the JSON of its last line."""
    for module in (user_command, token_command):
        monkeypatch.setattr(module, "application", lambda: nullcontext(app))

    def call(group, *words, **more):
        result = CliRunner().invoke(group.command, [*words, "--json"], **more)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout.splitlines()[-1])

    return call


def begin(run):
    return run(
        user_command,
        *("create", "first@heron.example", "--name", "First Person", "--company", "Heron Ltd"),
        *("--password", PASSWORD),
    )


def test_the_first_account_begins_a_company_and_administers_it(run):
    made = begin(run)
    assert made["roles"] == ["administrator"]
    outcome = doors.sign_in("first@heron.example", PASSWORD, None)
    assert outcome.session is not None
    assert access.actor_for(UUID(made["id"])).may("roles.manage")


def test_the_second_account_is_a_member_with_a_manager(run):
    begin(run)
    made = run(
        user_command,
        *("create", "second@heron.example", "--name", "Second", "--company", "Heron Ltd"),
        *("--manager", "first@heron.example", "--password-stdin"),
        input=PASSWORD + "\n",
    )
    assert made["roles"] == ["member"]
    listed = run(user_command, "list", "--company", "Heron Ltd")
    assert [row["email"] for row in listed] == ["first@heron.example", "second@heron.example"]
    user_id, company_id = user_command.account("second@heron.example")
    with transaction(company_id=company_id):
        assert queries.manager_chain(user_id)[0].email == "first@heron.example"


def test_a_token_made_by_the_command_opens_the_api(run, app):
    begin(run)
    made = run(token_command, "create", "--user", "first@heron.example")
    assert made["token"].startswith("wfp_")
    header = {"Authorization": f"Bearer {made['token']}"}
    with app.test_request_context("/api/v1/me", headers=header):
        assert access._find(request).email == "first@heron.example"
    [listed] = run(token_command, "list", "--user", "first@heron.example")
    assert listed["id"] == made["id"]
    run(token_command, "revoke", made["id"], "--user", "first@heron.example")
    assert run(token_command, "list", "--user", "first@heron.example") == []
    with app.test_request_context("/api/v1/me", headers=header):
        assert access._find(request) is None


def test_a_token_of_somebody_else_is_not_revoked_by_mistake(run):
    begin(run)
    words = ("create", "bot@heron.example", "--name", "Bot", "--company", "Heron Ltd", "--service")
    run(user_command, *words)
    made = run(token_command, "create", "--user", "bot@heron.example", "--scope", "read")
    assert made["scopes"] == ["read"]
    with pytest.raises(NotFound):
        run(token_command, "revoke", made["id"], "--user", "first@heron.example")
    assert len(run(token_command, "list", "--user", "bot@heron.example")) == 1


def test_passwords_and_closing(run):
    begin(run)
    words = ("create", "x@heron.example", "--name", "X Y", "--company", "Heron Ltd")
    run(user_command, *words, "--no-password")
    assert doors.sign_in("x@heron.example", PASSWORD, None).session is None
    run(user_command, "set-password", "x@heron.example", "--password", PASSWORD)
    assert doors.sign_in("x@heron.example", PASSWORD, None).session is not None
    run(user_command, "deactivate", "x@heron.example")
    assert doors.sign_in("x@heron.example", PASSWORD, None).session is None


@pytest.mark.parametrize(
    "words",
    [
        ("list", "--company", "Nobody Ltd"),
        ("set-password", "nobody@heron.example", "--password", PASSWORD),
        ("create", "bad", "--name", "B", "--company", "Heron Ltd", "--password", PASSWORD),
        ("create", "b@heron.example", "--name", "B", "--company", "Heron Ltd", "--password", "x"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(run, words):
    begin(run)
    with pytest.raises(Refusal) as refusal:
        run(user_command, *words)
    assert refusal.value.detail
