"""Chains: order, quorum, who is asked when, and who is not asked twice."""

import pytest

from tests.approvals.conftest import World, level
from wfweb.approvals import service as approvals
from wfweb.approvals.queries import explanation
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import AlreadyDecided, Forbidden


def test_levels_are_asked_one_after_the_other(world: World) -> None:
    case = world.ask(level("ada"), level("mia"))
    assert world.asked(case) == ["Ada"]
    outcome = world.decide(world.people.ada, case)
    assert (outcome.request_status, outcome.waiting_for) == ("pending", ("Mia Manages",))
    assert world.asked(case) == ["Mia"]
    assert world.decide(world.people.mia, case).request_status == "approved"


def test_the_second_level_cannot_act_before_its_turn(world: World) -> None:
    case = world.ask(level("ada"), level("mia"))
    with pytest.raises(Forbidden):
        world.decide(world.people.mia, case)


def test_one_rejection_on_any_level_ends_the_request(world: World) -> None:
    case = world.ask(level("ada"), level("mia", "otto", quorum="all"), level("cleo"))
    world.decide(world.people.ada, case)
    world.decide(world.people.mia, case, "reject")
    assert world.state(case) == ("rejected", "rejected")
    now = world.now(case)
    assert {n: one.status for n, one in now.levels.items()} == {
        1: "approved",
        2: "rejected",
        3: "skipped",
    }
    assert world.asked(case) == []


def test_any_needs_as_many_as_it_says(world: World) -> None:
    case = world.ask(level("ada", "mia", "otto", min_approvers=2))
    world.decide(world.people.ada, case)
    assert world.state(case)[0] == "pending"
    world.decide(world.people.otto, case)
    assert world.state(case)[0] == "approved"


def test_a_majority_ends_as_soon_as_it_cannot_change(world: World) -> None:
    case = world.ask(level("ada", "mia", "otto", "cleo", "alma", quorum="majority"))
    for who in ("ada", "mia"):
        world.decide(getattr(world.people, who), case)
    assert world.state(case)[0] == "pending"
    world.decide(world.people.otto, case)
    assert world.state(case)[0] == "approved"
    seats = {seat.user_name.split()[0]: seat for seat in world.now(case).seats()}
    assert seats["Cleo"].status == seats["Alma"].status == "skipped"
    with pytest.raises(AlreadyDecided, match="Otto Operates already approved"):
        world.decide(world.people.cleo, case)


def test_a_tie_rejects(world: World) -> None:
    case = world.ask(level("ada", "mia", quorum="majority"))
    world.decide(world.people.ada, case)
    world.decide(world.people.mia, case, "reject")
    assert world.state(case)[0] == "rejected"


def test_sequential_asks_in_the_written_order(world: World) -> None:
    case = world.ask(level("otto", "ada", "mia", quorum="all", ordering="sequential"))
    assert world.asked(case) == ["Otto"]
    with pytest.raises(Forbidden, match="Otto Operates decides first"):
        world.decide(world.people.ada, case)
    for who in ("otto", "ada", "mia"):
        assert world.state(case)[0] == "pending"
        world.decide(getattr(world.people, who), case)
    assert world.state(case)[0] == "approved"


def test_the_same_person_on_the_next_level_is_asked_once(world: World) -> None:
    case = world.ask(level("ada"), level("ada"), level("mia"))
    outcome = world.decide(world.people.ada, case)
    assert outcome.waiting_for == ("Mia Manages",)
    carried = world.now(case).levels[2].seats[0].made
    assert carried is not None
    assert carried.user_id == world.people.ada.id


def test_the_same_person_is_asked_again_when_somebody_was_in_between(world: World) -> None:
    case = world.ask(level("ada"), level("mia"), level("ada"))
    world.decide(world.people.ada, case)
    world.decide(world.people.mia, case)
    assert world.asked(case) == ["Ada"]


def test_a_carried_approval_counts_toward_all(world: World) -> None:
    case = world.ask(level("ada"), level("ada", "mia", quorum="all"))
    world.decide(world.people.ada, case)
    assert world.asked(case) == ["Mia"]
    world.decide(world.people.mia, case)
    assert world.state(case)[0] == "approved"


def test_ten_levels(world: World) -> None:
    who = ["ada", "mia"] * 5
    case = world.ask(*(level(one) for one in who))
    for one in who:
        world.decide(getattr(world.people, one), case)
    assert world.state(case) == ("approved", "approved")


def test_duplicates_collapse_and_say_all_reasons(world: World) -> None:
    case = world.ask(level("ada", {"role": "approver"}, {"user": "ADA@kestrel.example"}))
    (seat,) = case.seats()
    why = explanation_of(world, case)["levels"][0]["people"][0]["why"]
    assert seat.role_id is None
    assert why == ["named in the rule", "in the role Approver", "named in the rule"]


def explanation_of(world: World, case: object) -> dict:
    with transaction(actor=world.people.alma.actor):
        return explanation(case.request.id)


def test_the_manager_of_the_requester(world: World) -> None:
    case = world.ask(level({"manager_chain": 1}))
    assert world.asked(case) == ["Mia"]


def test_a_circle_of_managers_stops_and_is_named(world: World) -> None:
    from wfweb.identity.models import User
    from wfweb.kernel.db import session

    with transaction(actor=world.people.alma.actor):
        session().get_one(User, world.people.mia.id).manager_id = world.people.rui.id
    case = world.ask(level({"manager_chain": 3}, quorum="all"))
    assert world.asked(case) == ["Mia"]
    notes = explanation_of(world, case)["levels"][0]["notes"]
    assert notes == ["The chain of managers runs in a circle at Mia Manages; it was cut there"]


def test_a_field_of_the_record_names_the_approver(world: World) -> None:
    world.publish_levels(level({"field": "record.buyer"}))
    case = world.submit(buyer=str(world.people.otto.id))
    assert world.asked(case) == ["Otto"]


def test_an_empty_field_names_nobody_and_is_at_risk(world: World) -> None:
    case = world.ask(level({"field": "record.buyer"}))
    assert case.request.at_risk
    assert "record.buyer names nobody" in (case.request.at_risk_reason or "")


def test_the_manager_without_a_field_is_the_requesters(world: World) -> None:
    case = world.ask(level({"field": "record.manager"}))
    assert world.asked(case) == ["Mia"]


def test_only_the_requester_in_the_role_is_at_risk_not_approved(world: World) -> None:
    world.give_role(world.people.ada, None)
    world.give_role(world.people.rui, "approver")
    case = world.ask(level({"role": "approver"}))
    assert (case.request.status, case.request.at_risk) == ("pending", True)
    assert "asked for it" in (case.request.at_risk_reason or "")
    assert world.state(case) == ("pending", "asked")


def test_too_few_people_for_the_rule_is_at_risk(world: World) -> None:
    case = world.ask(level("ada", "mia", quorum="n_of_m", min_approvers=3))
    assert case.request.at_risk
    assert world.asked(case) == []
    with pytest.raises(Forbidden, match="waits for an administrator"):
        world.decide(world.people.ada, case)


def test_an_administrator_adds_somebody_and_the_risk_is_over(world: World) -> None:
    case = world.ask(level("ada", "mia", quorum="n_of_m", min_approvers=3))
    with transaction(actor=world.people.alma.actor):
        approvals.add_approver(case.request.id, world.people.cleo.id)
    now = world.now(case)
    assert not now.request.at_risk
    assert world.asked(case) == ["Ada", "Cleo", "Mia"]


def test_looking_again_finds_who_joined_the_role(world: World) -> None:
    world.give_role(world.people.ada, None)
    case = world.ask(level({"role": "approver"}))
    assert case.request.at_risk
    world.give_role(world.people.otto, "approver")
    assert world.asked(case) == []
    with transaction(actor=world.people.alma.actor):
        approvals.re_resolve(case.request.id)
    assert world.asked(case) == ["Otto"]
    assert not world.now(case).request.at_risk


def test_the_electorate_is_frozen_when_the_level_opens(world: World) -> None:
    case = world.ask(level({"role": "approver"}, quorum="all"))
    world.give_role(world.people.otto, "approver")
    assert world.asked(case) == ["Ada"]
    with pytest.raises(Forbidden):
        world.decide(world.people.otto, case)
    assert world.decide(world.people.ada, case).request_status == "approved"


def test_a_later_level_is_looked_up_when_it_opens(world: World) -> None:
    case = world.ask(level("mia"), level({"role": "approver"}, quorum="all"))
    world.give_role(world.people.otto, "approver")
    world.decide(world.people.mia, case)
    assert world.asked(case) == ["Ada", "Otto"]


def test_a_level_approved_by_a_named_rule_says_so(world: World) -> None:
    rule = {"name": "Small orders", "when": {"field": "amount", "operator": "<", "value": 5000}}
    case = world.ask(level("ada", auto_approve=rule), level("mia"))
    assert world.asked(case) == ["Mia"]
    told = explanation_of(world, case)
    assert told["levels"][0]["approved_by_rule"] == "Small orders"
    assert told["levels"][0]["conditions"]["result"] is True
    assert "Small orders" in told["automatic"][0]["by"]


def test_all_levels_by_rules_end_the_request_at_once(world: World) -> None:
    rule = {"name": "Small orders", "when": {"field": "amount", "operator": "<", "value": 5000}}
    case = world.ask(level("ada", auto_approve=rule))
    assert world.state(case) == ("approved", "approved")
    assert [step[2] for step in world.history(case)] == ["transition", "transition", "approval"]


def test_inactive_people_and_machines_get_no_seat(world: World) -> None:
    ben = world.join("Ben")
    world.publish_levels(level("ben", "ada", quorum="all"))
    world.deactivate(ben)
    case = world.submit()
    assert world.asked(case) == ["Ada"]
    left_out = explanation_of(world, case)["levels"][0]["left_out"]
    assert [(one["name"], one["reason"]) for one in left_out] == [("Ben Joins", "is not active")]
