"""An action that nothing names is no free action: a slip of the pen never reads as permission."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from tests.api.conftest import Program, program_of
from tests.locks.conftest import PROPERTY, Estate, approval_workflow, make_scene
from tests.people import sign_in
from tests.support.stage import shared
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import NotFound, ValidationFailed
from wfweb.kernel.ids import new_id
from wfweb.locks import guard, known, permits
from wfweb.locks.models import ActionPermit
from wfweb.records import service as records
from wfweb.records import types as record_types
from wfweb.records.models import Record
from wfweb.workflow import definitions

stage, rollback, estate = shared(make_scene)

SLIP = "refinanse"


def check(estate: Estate, record: UUID, action: str) -> guard.Answer:
    with transaction(actor=estate.people.rui.actor):
        return guard.check(record, action)


def test_a_slip_of_the_pen_is_refused_with_the_actions_there_are(estate: Estate):
    record, _lock = estate.locked()
    with pytest.raises(ValidationFailed) as refused:
        check(estate, record, SLIP)
    (error,) = refused.value.errors
    assert (error.pointer, error.code) == ("/action", "unknown_action")
    assert "archive, dispose, edit, refinance" in error.message
    assert refused.value.extra["known_actions"] == [
        *("approved", "archive", "dispose", "edit", "refinance", "rejected", "release_lock"),
        "sell",
    ]


@pytest.mark.parametrize("action", ["edit", "archive", "refinance", "sell", "dispose"])
def test_what_type_and_records_name_is_free(estate: Estate, action: str):
    assert check(estate, estate.property(), action).allowed


def test_workflows_name_their_code_and_their_steps_from_the_day_they_are_published(estate: Estate):
    record = estate.property()
    body = approval_workflow("lease")
    with transaction(actor=estate.people.alma.actor):
        definitions.save_draft(body)
    for action in ("lease", "complete_lease"):
        with pytest.raises(ValidationFailed):
            check(estate, record, action)
    estate.publish(body)
    assert check(estate, record, "lease").allowed
    assert check(estate, record, "complete_lease").allowed
    # A later version that names it otherwise takes nothing back: work may run on the first one.
    body["transitions"][3]["code"] = "close_lease"
    estate.publish(body)
    assert check(estate, record, "complete_lease").allowed
    assert check(estate, record, "close_lease").allowed


def test_what_is_named_for_another_type_is_unknown_here(estate: Estate):
    record = estate.property()
    estate.publish(approval_workflow("ship", record_type=None))
    assert check(estate, record, "ship").allowed, "a workflow for records of every type"
    estate.kind("paint_block", record_type=None, causes=["paint"], blocked_actions=["paint"])
    assert check(estate, record, "paint").allowed
    vessel = {**PROPERTY, "code": "vessel", "key_prefix": "VES", "actions": []}
    with transaction(actor=estate.people.alma.actor):
        record_types.create_type(vessel)
    with transaction(actor=estate.people.rui.actor):
        other = records.create_record("vessel", {"name": "Tern"}).id
        assert known.actions_of(other) == [
            *("approved", "archive", "complete_ship", "edit", "paint", "rejected", "ship")
        ]
    with pytest.raises(ValidationFailed):
        check(estate, other, "refinance")


def test_a_kind_of_lock_and_a_lock_name_what_they_block(estate: Estate):
    record, lock = estate.locked()
    with pytest.raises(ValidationFailed):
        check(estate, record, "demolish")
    estate.sql(
        "select unlock_from_alert_resolution(:alert, :user, 'Examined')",
        alert=lock.alert_id,
        user=estate.people.cleo.id,
    )
    made = "select create_lock_from_alert(:alert, array['demolish'])"
    estate.sql(made, alert=lock.alert_id)
    assert not check(estate, record, "demolish").allowed
    estate.override(estate.locks(record)[-1].id)
    assert check(estate, record, "demolish").allowed, "it was named once"
    with pytest.raises(ValidationFailed):
        check(estate, estate.property("Elsewhere"), "demolish")


def test_a_record_that_is_not_there_has_no_free_actions(estate: Estate):
    with pytest.raises(NotFound):
        check(estate, new_id(), "edit")
    record = estate.property()
    with transaction(actor=estate.people.eve.actor), pytest.raises(NotFound):
        guard.check(record, "edit")


def test_no_leave_is_given_for_what_nothing_names(estate: Estate):
    with transaction(actor=estate.people.rui.actor):
        record = session().get_one(Record, estate.property())
        with pytest.raises(ValidationFailed, match="refinance, "):
            permits.issue(record, SLIP)
        assert session().scalar(select(func.count(ActionPermit.id))) == 0


def test_the_database_answers_as_it_always_did(estate: Estate):
    record = estate.property()
    blocked = "select is_action_blocked(:record, :action)"
    assert estate.sql(blocked, record=record, action=SLIP) is False


@pytest.mark.parametrize("where", ["records", "properties"])
def test_the_question_by_api_names_the_actions_there_are(app: Any, estate: Estate, where: str):
    rui: Program = program_of(app, estate.people.rui)
    address = f"/{where}/{estate.property()}/check-action"
    refused = rui.get(f"{address}?action={SLIP}")
    assert refused.status_code == 422
    assert refused.json["errors"][0]["pointer"] == "/action"
    assert refused.json["errors"][0]["code"] == "unknown_action"
    assert "refinance" in refused.json["known_actions"]
    assert "allowed" not in refused.json
    assert rui.get(f"{address}?action=refinance").json["allowed"] is True


@pytest.mark.parametrize("permit", [True, False])
def test_leave_by_api_names_the_actions_there_are(app: Any, estate: Estate, permit: bool):
    rui: Program = program_of(app, estate.people.rui)
    address = f"/records/{estate.property()}/check-action"
    refused = rui.post(address, {"action": SLIP, "permit": permit})
    assert refused.status_code == 422
    assert "sell" in refused.json["known_actions"]


def test_no_page_calls_a_slip_free(app: Any, estate: Estate):
    record, client = estate.property(), sign_in(app.test_client(), estate.people.rui)
    for address in ("", "/dialog"):
        page = f"/locks/of/{record}/blocked"
        assert client.get(f"{page}/{SLIP}{address}").status_code == 404
        assert client.get(f"{page}/sell%00{address}").status_code == 404
        assert client.get(f"{page}/sell{address}").status_code == 200
