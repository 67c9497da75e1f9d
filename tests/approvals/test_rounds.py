"""Withdraw, send back, resubmit; handing seats over; the work moving on."""

import pytest

from tests.approvals.conftest import World, level
from tests.people import Person
from tests.support.talk import said_about
from wfweb.approvals import service as approvals
from wfweb.approvals.rows import Case, Seat
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import AlreadyDecided, Conflict, Forbidden, Gone, ValidationFailed
from wfweb.workflow import service as workflow


def seat_of(world: World, case: Case, who: Person) -> Seat:
    return next(seat for seat in world.now(case).seats() if seat.user_id == who.id and seat.is_open)


def delegate(world: World, case: Case, giver: Person, taker: Person) -> None:
    seat = seat_of(world, case, giver)
    with transaction(actor=giver.actor):
        approvals.delegate(seat.id, taker.id, comment="On leave")


def test_the_requester_withdraws(world: World) -> None:
    case = world.ask(level("ada"))
    with transaction(actor=world.people.rui.actor):
        approvals.withdraw(case.request.id, comment="Wrong supplier")
    assert world.state(case) == ("cancelled", "asked")
    assert world.asked(case) == []
    with pytest.raises(AlreadyDecided, match="withdrawn"):
        world.decide(world.people.ada, case)


def test_nobody_else_withdraws(world: World) -> None:
    case = world.ask(level("ada"))
    with pytest.raises(Forbidden), transaction(actor=world.people.ada.actor):
        approvals.withdraw(case.request.id)


def test_withdrawing_twice_says_that_it_has_ended(world: World) -> None:
    case = world.ask(level("ada"))
    with transaction(actor=world.people.rui.actor):
        approvals.withdraw(case.request.id)
    with pytest.raises(Gone), transaction(actor=world.people.rui.actor):
        approvals.withdraw(case.request.id)


def test_sent_back_changed_and_asked_again(world: World) -> None:
    case = world.ask(level("ada"))
    world.decide(world.people.ada, case, "send_back", comment="Cheaper, please")
    world.edit(case, amount={"amount": "800.00", "currency": "EUR"})
    with transaction(actor=world.people.rui.actor):
        approvals.resubmit(case.request.id)
    again = world.case_of(case.request.instance_id)
    assert (again.request.key, again.request.round) == (case.request.key, 2)
    assert world.now(case).request.outcome_reason == "sent_back"
    assert world.decide(world.people.ada, again).request_status == "approved"
    assert world.state(again) == ("approved", "approved")


def test_the_old_rounds_seat_does_not_decide_the_new_round(world: World) -> None:
    case = world.ask(level("ada"))
    old = seat_of(world, case, world.people.ada)
    world.decide(world.people.ada, case, "send_back", comment="Cheaper")
    with transaction(actor=world.people.rui.actor):
        approvals.resubmit(case.request.id)
    again = world.case_of(case.request.instance_id)
    with pytest.raises(AlreadyDecided):
        world.decide(world.people.ada, again, target=old.id)
    assert world.state(again)[0] == "pending"


def test_a_send_back_exit_moves_the_instance(world: World) -> None:
    content = world.body_of(level("ada"))
    content["transitions"].append(
        {
            "code": "again",
            "from": "asked",
            "to": "draft",
            "trigger": "rejection",
            "event": "send_back",
        }
    )
    world.publish(content)
    case = world.submit()
    world.decide(world.people.ada, case, "send_back", comment="Cheaper")
    assert world.state(case) == ("cancelled", "draft")
    with pytest.raises(Conflict, match="is in “Draft” now"):
        resubmit(world, case)
    with transaction(actor=world.people.rui.actor):
        workflow.fire(case.request.instance_id, "submit")
    assert world.case_of(case.request.instance_id).request.round == 2


def resubmit(world: World, case: Case) -> None:
    with transaction(actor=world.people.rui.actor):
        approvals.resubmit(case.request.id)


def test_an_open_request_cannot_be_asked_again(world: World) -> None:
    case = world.ask(level("ada"))
    with pytest.raises(Conflict, match="already"):
        resubmit(world, case)


def test_an_approved_request_cannot_be_asked_again(world: World) -> None:
    case = world.ask(level("ada"))
    world.decide(world.people.ada, case)
    with pytest.raises(Conflict):
        resubmit(world, case)


def test_when_the_instance_moves_on_the_question_is_closed(world: World) -> None:
    case = world.ask(level("ada"))
    with transaction(actor=world.people.rui.actor):
        workflow.fire(case.request.instance_id, "drop")
    assert world.state(case) == ("cancelled", "dropped")
    assert world.now(case).request.outcome_reason == "moved_on"


def test_when_the_instance_is_cancelled_the_question_is_closed(world: World) -> None:
    case = world.ask(level("ada"))
    with transaction(actor=world.people.rui.actor):
        workflow.cancel(case.request.instance_id, "Not needed")
    assert world.now(case).request.outcome_reason == "instance_cancelled"


def test_a_delegate_decides_for_somebody(world: World) -> None:
    case = world.ask(level("ada", "mia", quorum="all"))
    delegate(world, case, world.people.ada, world.people.otto)
    assert world.asked(case) == ["Mia", "Otto"]
    with pytest.raises(AlreadyDecided):
        world.decide(world.people.ada, case)
    world.decide(world.people.otto, case)
    made = next(s.made for s in world.now(case).seats() if s.user_id == world.people.otto.id)
    assert made is not None
    assert made.on_behalf_of_id == world.people.ada.id
    world.decide(world.people.mia, case)
    assert world.state(case)[0] == "approved"


@pytest.mark.parametrize(
    ("taker", "words"),
    [
        ("rui", "asked for it"),
        ("ada", "holds this question already"),
        ("mia", "decides at this level already"),
        ("eve", "somebody of your company"),
    ],
)
def test_not_everybody_can_be_a_delegate(world: World, taker: str, words: str) -> None:
    case = world.ask(level("ada", "mia", quorum="all"))
    with pytest.raises(ValidationFailed, match=words):
        delegate(world, case, world.people.ada, getattr(world.people, taker))


def test_an_inactive_person_cannot_be_a_delegate(world: World) -> None:
    ben = world.join("Ben")
    world.deactivate(ben)
    case = world.ask(level("ada"))
    with pytest.raises(ValidationFailed, match="cannot decide"):
        delegate(world, case, world.people.ada, ben)


def test_an_editor_cannot_be_a_delegate(world: World) -> None:
    order = world.order()
    world.edit_record(order, world.people.otto, subject="Steel beams")
    world.publish_levels(level("ada"))
    case = world.submit(order)
    with pytest.raises(ValidationFailed, match="changed what is asked"):
        delegate(world, case, world.people.ada, world.people.otto)


def test_what_was_handed_over_is_not_handed_on(world: World) -> None:
    case = world.ask(level("ada"))
    delegate(world, case, world.people.ada, world.people.otto)
    with pytest.raises(Forbidden, match="cannot be handed on again"):
        delegate(world, case, world.people.otto, world.people.mia)


def test_a_definition_can_forbid_delegation(world: World) -> None:
    case = world.ask(level("ada"), allow_delegate=False)
    with pytest.raises(Forbidden):
        delegate(world, case, world.people.ada, world.people.otto)


def test_nobody_hands_over_what_is_not_theirs(world: World) -> None:
    case = world.ask(level("ada"))
    seat = seat_of(world, case, world.people.ada)
    with pytest.raises(Forbidden), transaction(actor=world.people.mia.actor):
        approvals.delegate(seat.id, world.people.otto.id)


def test_who_may_repair_gives_a_seat_to_somebody_else(world: World) -> None:
    case = world.ask(level("ada"))
    seat = seat_of(world, case, world.people.ada)
    with pytest.raises(Forbidden), transaction(actor=world.people.mia.actor):
        approvals.reassign(seat.id, world.people.cleo.id)
    with transaction(actor=world.people.otto.actor):
        approvals.reassign(seat.id, world.people.cleo.id, comment="Ada is ill")
    assert world.asked(case) == ["Cleo"]
    made = next(s.made for s in world.now(case).seats() if s.user_id == world.people.cleo.id)
    assert made is None
    assert world.decide(world.people.cleo, case).request_status == "approved"


def test_reassigning_does_not_get_round_segregation_of_duties(world: World) -> None:
    case = world.ask(level("ada"))
    seat = seat_of(world, case, world.people.ada)
    with pytest.raises(ValidationFailed), transaction(actor=world.people.otto.actor):
        approvals.reassign(seat.id, world.people.rui.id)


def test_a_delegated_seat_keeps_its_turn(world: World) -> None:
    case = world.ask(level("ada", "mia", quorum="all", ordering="sequential"))
    delegate(world, case, world.people.ada, world.people.otto)
    assert world.asked(case) == ["Otto"]


def test_a_question_changes_nobodys_turn(world: World) -> None:
    case = world.ask(level("ada"))
    with transaction(actor=world.people.ada.actor):
        approvals.ask(case.request.id, "Which site is it for?")
    with transaction(actor=world.people.rui.actor):
        approvals.ask(case.request.id, "The north site")
        said = said_about(case.request.id)
        session().expire_all()
    assert said == ["Which site is it for?", "The north site"]
    assert world.asked(case) == ["Ada"]


def test_a_stranger_cannot_ask(world: World) -> None:
    case = world.ask(level("ada"))
    with pytest.raises(Forbidden), transaction(actor=world.people.cleo.actor):
        approvals.ask(case.request.id, "What is this?")


def test_a_leaver_among_several_does_not_hold_up_the_rest(world: World) -> None:
    ben = world.join("Ben", "approver")
    case = world.ask(level({"role": "approver"}, quorum="all"))
    world.decide(world.people.ada, case)
    assert world.asked(case) == ["Ben"]
    world.deactivate(ben)
    assert world.state(case) == ("approved", "approved")


def test_a_vote_given_before_leaving_stays(world: World) -> None:
    ben = world.join("Ben", "approver")
    case = world.ask(level({"role": "approver"}, quorum="all"))
    world.decide(ben, case)
    world.deactivate(ben)
    assert world.decide(world.people.ada, case).request_status == "approved"


def two_states(world: World) -> dict:
    """asked (Ada), then checked (Ada again), then approved."""
    content = world.body_of(level("ada"))
    second = {**content["states"][1], "code": "checked", "name": "Checked"}
    content["states"].append(second)
    content["transitions"][1]["to"] = "checked"
    content["transitions"] += [
        {"code": "yes2", "from": "checked", "to": "approved", "trigger": "approval"},
        {"code": "no2", "from": "checked", "to": "rejected", "trigger": "rejection"},
    ]
    return content


def test_whoever_answered_one_approval_may_answer_the_next(world: World) -> None:
    world.publish(two_states(world))
    first = world.submit()
    world.decide(world.people.ada, first)
    second = world.case_of_state(first, "checked")
    assert world.asked(second) == ["Ada"]
    assert second.request.key != first.request.key
    assert world.decide(world.people.ada, second).request_status == "approved"
    assert world.state(second) == ("approved", "approved")


def test_whoever_submits_for_somebody_else_may_not_decide(world: World) -> None:
    world.publish_levels(level("ada", "mia"))
    order = world.order()
    with transaction(actor=world.people.rui.actor):
        instance_id = workflow.start("order_approval", order).id
    with transaction(actor=world.people.mia.actor):
        workflow.fire(instance_id, "submit")
    case = world.case_of(instance_id)
    assert world.asked(case) == ["Ada"]
    with pytest.raises(Forbidden):
        world.decide(world.people.mia, case)


@pytest.mark.parametrize("words", ["x" * 4001, "a\x00b"])
def test_a_comment_that_cannot_be_kept_whole_is_refused(world: World, words: str) -> None:
    case = world.ask(level("ada", "mia"))
    seat, cleo = seat_of(world, case, world.people.ada), world.people.cleo.id
    acts = [
        (world.people.rui, lambda: approvals.withdraw(case.request.id, comment=words)),
        (world.people.ada, lambda: approvals.delegate(seat.id, cleo, comment=words)),
        (world.people.otto, lambda: approvals.reassign(seat.id, cleo, comment=words)),
        (world.people.otto, lambda: approvals.add_approver(case.request.id, cleo, comment=words)),
    ]
    for who, act in acts:
        with pytest.raises(ValidationFailed) as refused, transaction(actor=who.actor):
            act()
        assert [error.pointer for error in refused.value.errors] == ["/comment"]
    assert world.asked(case) == ["Ada", "Mia"]


def test_a_long_comment_is_kept_whole(world: World) -> None:
    case = world.ask(level("ada"))
    with transaction(actor=world.people.rui.actor):
        approvals.withdraw(case.request.id, comment="x" * 3998 + "\r\ny")
    assert world.now(case).request.outcome_comment == "x" * 3998 + "\ny"
