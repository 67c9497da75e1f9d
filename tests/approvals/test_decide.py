"""The one verb: who may decide, what it needs, what follows from it."""

from typing import Any

import pytest
from sqlalchemy import select

from tests.approvals.conftest import World, level
from wfweb.approvals import service as approvals
from wfweb.approvals.models import ApprovalDecision, ApprovalRequest
from wfweb.audit.models import AuditEvent
from wfweb.kernel.actor import system_actor
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import AlreadyDecided, Forbidden, NotFound, Stale, ValidationFailed

REASONS = [
    {"code": "price", "label": "Too expensive", "comment_required": True},
    {"code": "twice", "label": "Ordered twice"},
]


def test_the_only_approver_approves_and_the_instance_goes_on(world: World) -> None:
    case = world.ask(level("ada"))
    outcome = world.decide(world.people.ada, case, comment="Good price")
    assert outcome.request_status == "approved"
    assert world.state(case) == ("approved", "approved")
    assert world.history(case) == [
        (None, "draft", "transition"),
        ("draft", "asked", "transition"),
        ("asked", "approved", "approval"),
    ]


def test_a_rejection_takes_the_other_exit_and_keeps_the_reason(world: World) -> None:
    case = world.ask(level("ada"), reject_reasons=REASONS)
    world.decide(world.people.ada, case, "reject", reason_code="twice", comment="")
    assert world.state(case) == ("rejected", "rejected")
    assert world.now(case).request.outcome_reason == "twice"


@pytest.mark.parametrize(
    ("reasons", "given", "place"),
    [
        (REASONS, {"reason_code": None, "comment": "No"}, "/reason_code"),
        (REASONS, {"reason_code": "mood", "comment": "No"}, "/reason_code"),
        (REASONS, {"reason_code": "price", "comment": ""}, "/comment"),
        (REASONS, {"reason_code": "price", "comment": " \u200b\u2060\n\u2800"}, "/comment"),
        ([], {"comment": ""}, "/comment"),
        ([], {"comment": "\u200b"}, "/comment"),
    ],
)
def test_a_rejection_says_why(
    world: World, reasons: list[dict[str, Any]], given: dict[str, Any], place: str
) -> None:
    case = world.ask(level("ada"), reject_reasons=reasons)
    with pytest.raises(ValidationFailed) as refused:
        world.decide(world.people.ada, case, "reject", **given)
    assert [error.pointer for error in refused.value.errors] == [place]
    assert world.state(case) == ("pending", "asked")


def test_sending_back_says_what_has_to_change(world: World) -> None:
    case = world.ask(level("ada"))
    with pytest.raises(ValidationFailed):
        world.decide(world.people.ada, case, "send_back", comment=" \u200b ")
    world.decide(world.people.ada, case, "send_back", comment="Split it by site")
    assert world.state(case) == ("cancelled", "asked")
    assert world.now(case).request.outcome_reason == "sent_back"
    assert world.now(case).request.outcome_comment == "Split it by site"


def test_a_decision_names_what_was_shown(world: World) -> None:
    case = world.ask(level("ada"))
    world.decide(world.people.ada, case)
    with transaction(actor=world.people.ada.actor):
        decision = session().scalars(select(ApprovalDecision)).one()
        assert decision.digest == case.request.digest
        assert decision.record_version == 1
        assert decision.request_status == "approved"


def test_a_decision_on_another_content_is_refused_with_the_difference(world: World) -> None:
    case = world.ask(level("ada"), on_edit="affected")
    world.edit(case, amount={"amount": "1900.00", "currency": "EUR"})
    with pytest.raises(Stale) as refused:
        world.decide(world.people.ada, case)
    (change,) = refused.value.difference
    assert (change["label"], change["was"]["amount"], change["now"]["amount"]) == (
        "Amount",
        "1200.00",
        "1900.00",
    )
    still_yes = world.decide(world.people.ada, case, digest=refused.value.current_digest)
    assert still_yes.request_status == "approved"


def test_the_difference_names_lines_by_place_and_column(world: World) -> None:
    lines = [{"item": "Beam"}, {"item": "Bolt"}]
    world.publish_levels(level("ada"), on_edit="affected")
    case = world.submit(lines=lines)
    shown = world.record(case).data["lines"]
    world.edit(case, lines=[shown[0], {**shown[1], "item": "Nut"}])
    with pytest.raises(Stale) as refused:
        world.decide(world.people.ada, case)
    assert [(c["label"], c["was"], c["now"]) for c in refused.value.difference] == [
        ("Lines, line 2, Item", "Bolt", "Nut")
    ]


def test_the_requester_may_not_decide_even_in_the_role(world: World) -> None:
    world.give_role(world.people.rui, "approver")
    case = world.ask(level({"role": "approver"}))
    assert world.asked(case) == ["Ada"]
    with pytest.raises(Forbidden) as refused:
        world.decide(world.people.rui, case)
    assert refused.value.extra["reason"] == "segregation_of_duties"
    assert refused.value.risk == "HIGH"


def test_a_role_given_later_does_not_let_the_requester_in(world: World) -> None:
    case = world.ask(level({"role": "approver"}))
    world.give_role(world.people.rui, "approver")
    with transaction(actor=world.people.alma.actor):
        approvals.re_resolve(case.request.id)
    assert world.asked(case) == ["Ada"]


def test_whoever_wrote_what_is_asked_counts_as_requester(world: World) -> None:
    order = world.order(by=world.people.rui)
    world.edit_record(order, world.people.ada, subject="Steel beams")
    world.publish_levels(level("ada", "mia"))
    case = world.submit(order)
    assert world.asked(case) == ["Mia"]
    with pytest.raises(Forbidden, match="you changed what is asked"):
        world.decide(world.people.ada, case)


def test_writing_a_note_is_no_editing_of_what_is_asked(world: World) -> None:
    order = world.order(by=world.people.rui)
    world.edit_record(order, world.people.ada, note="Seen")
    world.publish_levels(level("ada"))
    assert world.asked(world.submit(order)) == ["Ada"]


def test_self_approval_where_the_definition_allows_it(world: World) -> None:
    case = world.ask(level("rui", self_approval=True))
    assert world.decide(world.people.rui, case).request_status == "approved"


def test_a_stranger_is_told_who_was_asked(world: World) -> None:
    case = world.ask(level("ada"))
    with pytest.raises(Forbidden) as refused:
        world.decide(world.people.otto, case)
    assert refused.value.who_can == ["Ada Approves"]


def test_another_company_sees_nothing(world: World) -> None:
    case = world.ask(level("ada"))
    with pytest.raises(NotFound):
        world.decide(world.people.eve, case)


def test_a_machine_cannot_decide(world: World) -> None:
    case = world.ask(level("ada"))
    with (
        pytest.raises(Forbidden, match="Only a person"),
        transaction(actor=system_actor(world.people.ada.company_id)),
    ):
        approvals.decide(case.request.id, "approve", digest=case.request.digest)


def test_who_left_the_role_can_no_longer_decide(world: World) -> None:
    case = world.ask(level({"role": "approver"}, "mia", quorum="all"))
    world.give_role(world.people.ada, None)
    with pytest.raises(AlreadyDecided, match="no longer in the role"):
        world.decide(world.people.ada, case)
    assert world.decide(world.people.mia, case).request_status == "approved"


def test_somebody_named_in_person_keeps_the_seat_without_the_role(world: World) -> None:
    case = world.ask(level({"role": "approver"}, "ada"))
    world.give_role(world.people.ada, None)
    assert world.decide(world.people.ada, case).request_status == "approved"


def test_the_later_of_two_people_hears_who_was_faster(world: World) -> None:
    case = world.ask(level("ada", "mia"))
    world.decide(world.people.mia, case)
    with pytest.raises(AlreadyDecided, match="Mia Manages already approved"):
        world.decide(world.people.ada, case)


def test_the_same_post_again_gives_the_same_answer(world: World) -> None:
    case = world.ask(level("ada", "mia", quorum="all"))
    seat = next(seat for seat in case.seats() if seat.user_id == world.people.ada.id)
    first = world.decide(world.people.ada, case, target=seat.id)
    again = world.decide(world.people.ada, case, target=seat.id)
    assert again.repeated
    assert again.decision_id == first.decision_id
    assert again.request_status == first.request_status == "pending"


def test_an_idempotency_key_means_one_decision(world: World) -> None:
    case = world.ask(level("ada"), level("mia"), level("ada"))
    first = world.decide(world.people.ada, case, idempotency_key="k1")
    world.decide(world.people.mia, case)
    again = world.decide(world.people.ada, case, idempotency_key="k1")
    assert (again.repeated, again.decision_id, again.level) == (True, first.decision_id, 1)
    assert world.state(case)[0] == "pending"
    with pytest.raises(ValidationFailed, match="used for another decision"):
        world.decide(world.people.ada, case, "reject", idempotency_key="k1")


def test_an_idempotency_key_belongs_to_one_request(world: World) -> None:
    first = world.ask(level("ada"))
    second = world.submit()
    world.decide(world.people.ada, first, idempotency_key="k1")
    with pytest.raises(ValidationFailed, match="used for another decision"):
        world.decide(world.people.ada, second, idempotency_key="k1")


def test_nobody_decides_twice(world: World) -> None:
    case = world.ask(level("ada", "mia", quorum="all"))
    world.decide(world.people.ada, case)
    with pytest.raises(AlreadyDecided):
        world.decide(world.people.ada, case, "reject")


def test_an_unknown_request_is_not_found(world: World) -> None:
    case = world.ask(level("ada"))
    with pytest.raises(NotFound):
        world.decide(world.people.ada, case, target=world.people.ada.id)


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"decision": "maybe"}, "/decision"),
        ({"comment": "x" * 4001}, "/comment"),
        ({"comment": "a\x00b"}, "/comment"),
        ({"idempotency_key": "k" * 201}, "/idempotency_key"),
    ],
)
def test_a_wrong_post_names_its_place(world: World, wrong: dict[str, Any], place: str) -> None:
    case = world.ask(level("ada"))
    with pytest.raises(ValidationFailed) as refused:
        world.decide(world.people.ada, case, wrong.pop("decision", "approve"), **wrong)
    assert refused.value.errors[0].pointer == place


def test_decision_and_audit_entry_are_one_act(world: World) -> None:
    case = world.ask(level("ada"))
    world.decide(world.people.ada, case, comment="Fine")
    with transaction(actor=world.people.alma.actor):
        entries = session().scalars(
            select(AuditEvent).where(AuditEvent.request_id == case.request.id)
        )
        by_name = {entry.name: entry for entry in entries}
    assert {"approval.requested", "approval.decided", "approval.approved"} <= by_name.keys()
    assert by_name["approval.decided"].actor_id == world.people.ada.id
    assert by_name["approval.decided"].details["comment"] == "Fine"
    assert by_name["approval.approved"].new_values == {"status": "approved"}


def test_a_failing_step_of_the_instance_undoes_the_decision(world: World) -> None:
    content = world.body_of(level("ada"))
    content["transitions"][1]["condition"] = {"field": "note", "operator": "is set"}
    world.publish(content)
    case = world.submit()
    with pytest.raises(Exception, match="no way out"):
        world.decide(world.people.ada, case)
    assert world.state(case) == ("pending", "asked")
    assert world.asked(case) == ["Ada"]


def test_a_deactivated_approver_is_out_of_the_count(world: World) -> None:
    case = world.ask(level("ada", "mia", quorum="all"))
    world.decide(world.people.mia, case)
    world.deactivate(world.people.ada)
    assert world.state(case) == ("approved", "approved")


def test_a_request_without_its_only_approver_is_at_risk(world: World) -> None:
    case = world.ask(level("ada"))
    world.deactivate(world.people.ada)
    now = world.now(case)
    assert (now.request.status, now.request.at_risk) == ("pending", True)
    assert "Nobody was found who could decide" in (now.request.at_risk_reason or "")


def test_the_version_rises_once_an_act(world: World) -> None:
    case = world.ask(level("ada", "mia", quorum="all"))
    world.decide(world.people.ada, case)
    with transaction(actor=world.people.ada.actor):
        version = session().get_one(ApprovalRequest, case.request.id).version
    assert version == case.request.version + 1
