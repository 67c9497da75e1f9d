"""An edit while approval is pending: refused, asked again, or asked where it matters (REC-4)."""

from io import BytesIO
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.approvals.conftest import World, body, level
from wfweb.approvals import service as approvals
from wfweb.approvals.models import ApprovalLevel, ApprovalRequest
from wfweb.approvals.rows import Case
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Conflict, Forbidden, Stale
from wfweb.records import files, talk
from wfweb.records import service as records
from wfweb.workflow import service as workflow

MORE = {"amount": "9900.00", "currency": "EUR"}


def latest(world: World, case: Case) -> Case:
    return world.case_of(case.request.instance_id)


def test_an_edit_of_what_is_asked_is_refused_by_default(world: World) -> None:
    case = world.ask(level("ada"))
    with pytest.raises(Conflict, match=f"{case.request.key} waits for approval"):
        world.edit(case, amount=MORE)
    assert world.record(case).data["amount"]["amount"] == "1200.00"


def test_other_fields_stay_free(world: World) -> None:
    case = world.ask(level("ada"))
    world.edit(case, note="Call first")
    assert world.now(case).request.record_version == 2
    assert world.decide(world.people.ada, case).request_status == "approved"


@pytest.mark.parametrize("mode", ["refuse", "restart", "affected"])
def test_what_was_approved_never_changes_silently(world: World, mode: str) -> None:
    case = world.ask(level("ada"), on_edit=mode)
    world.decide(world.people.ada, case)
    with pytest.raises(Conflict, match=f"{case.request.key} was approved as it is"):
        world.edit(case, amount=MORE)
    assert world.record(case).data["amount"]["amount"] == "1200.00"
    world.edit(case, note="Call first")


def test_what_was_rejected_may_change(world: World) -> None:
    case = world.ask(level("ada"))
    world.decide(world.people.ada, case, "reject")
    world.edit(case, amount=MORE)


def test_a_new_draft_of_what_was_approved_may_change(world: World) -> None:
    case = world.ask(level("ada"))
    world.decide(world.people.ada, case)
    with transaction(actor=world.people.rui.actor):
        workflow.start("order_approval", case.request.record_id)
    world.edit(case, amount=MORE)


def test_a_record_under_approval_cannot_be_archived(world: World) -> None:
    case = world.ask(level("ada"), on_edit="affected")
    with pytest.raises(Conflict), transaction(actor=world.people.rui.actor):
        records.archive_record(case.request.record_id, version=1)


def test_an_approved_record_is_archived_only_when_the_work_is_over(world: World) -> None:
    going_on = body([level("ada")])
    going_on["states"][2]["type"] = "normal"
    going_on["states"].append({"code": "delivered", "name": "Delivered", "type": "end"})
    going_on["transitions"].append({"code": "deliver", "from": "approved", "to": "delivered"})
    world.publish(going_on)
    case = world.submit()
    world.decide(world.people.ada, case)
    record_id, version = case.request.record_id, world.record(case).version
    with (
        pytest.raises(Conflict, match=f"{case.request.key} was approved .* to archive it"),
        transaction(actor=world.people.rui.actor),
    ):
        records.archive_record(record_id, version=version)
    assert world.record(case).archived_at is None
    with transaction(actor=world.people.rui.actor):
        assert case.request.instance_id is not None
        workflow.fire(case.request.instance_id, "deliver")
    version = world.record(case).version
    with transaction(actor=world.people.rui.actor):
        records.archive_record(record_id, version=version)
    assert world.record(case).archived_at is not None


def test_a_rejected_record_may_be_archived(world: World) -> None:
    case = world.ask(level("ada"))
    world.decide(world.people.ada, case, "reject")
    version = world.record(case).version
    with transaction(actor=world.people.rui.actor):
        records.archive_record(case.request.record_id, version=version)
    assert world.record(case).archived_at is not None


def test_restart_asks_everybody_again_in_a_new_round(world: World) -> None:
    case = world.ask(level("ada"), level("mia"), on_edit="restart")
    world.decide(world.people.ada, case)
    world.edit(case, amount=MORE)
    assert world.now(case).request.outcome_reason == "edited"
    again = latest(world, case)
    assert (again.request.key, again.request.round) == (case.request.key, 2)
    assert world.asked(again) == ["Ada"]
    assert again.request.amount == 9900


def test_votes_of_the_old_round_never_count(world: World) -> None:
    case = world.ask(level("ada", "mia", quorum="all"), on_edit="restart")
    world.decide(world.people.ada, case)
    world.edit(case, amount=MORE)
    again = latest(world, case)
    world.decide(world.people.mia, again)
    assert world.state(again)[0] == "pending"


def test_affected_keeps_an_approval_whose_rule_reads_nothing_of_it(world: World) -> None:
    rule = {"name": "Tiny", "when": {"field": "amount", "operator": "<", "value": 5}}
    case = world.ask(level("ada"), level("mia", auto_approve=rule), on_edit="affected")
    world.decide(world.people.ada, case)
    world.edit(case, amount=MORE)
    again = latest(world, case)
    assert again.request.round == 2
    assert world.asked(again) == ["Mia"]
    assert again.levels[1].status == "approved"
    with transaction(actor=world.people.alma.actor):
        kept = session().scalar(
            select(ApprovalLevel.kept_from_id).where(ApprovalLevel.id == again.levels[1].id)
        )
    assert kept == case.levels[1].id
    world.decide(world.people.mia, again)
    assert world.state(again) == ("approved", "approved")


def test_affected_asks_again_whom_the_edit_concerns(world: World) -> None:
    rule = {"name": "Tiny", "when": {"field": "amount", "operator": "<", "value": 5}}
    case = world.ask(level("ada", auto_approve=rule), level("mia"), on_edit="affected")
    world.decide(world.people.ada, case)
    world.edit(case, amount=MORE)
    assert world.asked(latest(world, case)) == ["Ada"]


def test_an_edit_that_no_rule_reads_stays_in_the_round_and_is_shown(world: World) -> None:
    case = world.ask(level("ada"), level("mia"), on_edit="affected")
    world.decide(world.people.ada, case)
    world.edit(case, subject="Steel beams")
    now = latest(world, case)
    assert (now.request.id, now.request.round) == (case.request.id, 1)
    assert now.request.digest != case.request.digest
    with pytest.raises(Stale):
        world.decide(world.people.mia, case)


def test_whoever_edits_meanwhile_may_not_decide(world: World) -> None:
    case = world.ask(level("ada", "mia", quorum="all"), on_edit="affected")
    world.edit(case, who=world.people.ada, subject="Steel beams")
    assert world.asked(case) == ["Mia"]
    now = world.now(case)
    with pytest.raises(Forbidden, match="you changed what is asked"):
        world.decide(world.people.ada, now)
    assert world.decide(world.people.mia, now).request_status == "approved"


def test_an_editor_who_was_the_only_approver_puts_it_at_risk(world: World) -> None:
    case = world.ask(level("ada"), on_edit="affected")
    world.edit(case, who=world.people.ada, subject="Steel beams")
    assert world.now(case).request.at_risk


def test_the_rule_of_a_round_never_changes(world: World) -> None:
    case = world.ask(level("ada"))
    before = pinned(world, case.request.id)
    content = world.body_of(level("mia"))
    world.publish(content)
    assert pinned(world, case.request.id) == before
    assert world.asked(case) == ["Ada"]


def pinned(world: World, request_id: UUID) -> object:
    with transaction(actor=world.people.alma.actor):
        return session().get_one(ApprovalRequest, request_id).rule_snapshot


def test_changed_since_you_looked(world: World) -> None:
    case = world.ask(level("ada"), on_edit="affected")
    with transaction(actor=world.people.ada.actor):
        assert approvals.mark_seen(case.request.id).at is None
    world.edit(case, subject="Steel beams")
    with transaction(actor=world.people.ada.actor):
        (change,) = approvals.mark_seen(case.request.id).changed
        assert (change["label"], change["was"], change["now"]) == (
            "Subject",
            "Steel",
            "Steel beams",
        )
    with transaction(actor=world.people.ada.actor):
        assert approvals.mark_seen(case.request.id).changed == []


def attach(world: World, case: Case) -> None:
    file = files.received(BytesIO(b"%PDF-1.7 x"), "quote.pdf")
    with file as received, transaction(actor=world.people.rui.actor):
        talk.attach_to_record(case.request.record_id, received)


def test_a_file_attached_after_a_vote_restarts(world: World) -> None:
    case = world.ask(level("ada"), level("mia"), on_edit="restart")
    world.decide(world.people.ada, case)
    attach(world, case)
    again = latest(world, case)
    assert (again.request.round, world.asked(again)) == (2, ["Ada"])


def test_a_file_is_refused_where_edits_are(world: World) -> None:
    case = world.ask(level("ada"))
    with pytest.raises(Conflict, match="waits for approval"):
        attach(world, case)
    assert world.now(case).request.digest == case.request.digest


def test_a_file_that_no_rule_reads_keeps_votes_and_is_shown(world: World) -> None:
    case = world.ask(level("ada"), level("mia"), on_edit="affected")
    world.decide(world.people.ada, case)
    attach(world, case)
    now = latest(world, case)
    assert (now.request.id, world.asked(now)) == (case.request.id, ["Mia"])
    assert now.request.digest != case.request.digest


def test_a_file_may_join_what_was_approved(world: World) -> None:
    case = world.ask(level("ada"))
    world.decide(world.people.ada, case)
    attach(world, case)
    assert world.now(case).request.digest == case.request.digest
