"""A delegate decides by the right of the one who handed the seat over, and no longer than that."""

from collections.abc import Callable

import pytest
from sqlalchemy import update

from tests.approvals.conftest import World, level
from tests.approvals.counting import statements
from wfweb.approvals import service as approvals
from wfweb.approvals.rows import Case
from wfweb.identity.models import User
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Forbidden, Refusal


def handed_over(world: World, *approvers: dict[str, str], quorum: str = "any") -> Case:
    """Ada, asked through her role, lets Otto decide."""
    case = world.ask(level(*approvers, quorum=quorum))
    ada, otto = world.people.ada, world.people.otto
    seat = next(one for one in world.now(case).seats() if one.user_id == ada.id)
    with transaction(actor=ada.actor):
        approvals.delegate(seat.id, otto.id)
    return case


def leave_role(world: World) -> None:
    world.give_role(world.people.ada)


def leave_company(world: World) -> None:
    world.deactivate(world.people.ada)


@pytest.mark.parametrize("leave", [leave_role, leave_company])
def test_a_delegates_seat_ends_with_the_right_of_who_gave_it(
    world: World, leave: Callable[[World], None]
) -> None:
    case = handed_over(world, {"role": "approver"})
    assert world.asked(case) == ["Otto"]
    leave(world)
    now = world.now(case)
    assert world.asked(case) == []
    assert now.request.at_risk
    with pytest.raises(Refusal):
        world.decide(world.people.otto, case)
    assert world.state(case) == ("pending", "asked")


def test_the_right_is_looked_at_again_when_the_delegate_decides(world: World) -> None:
    case = handed_over(world, {"role": "approver"})
    with transaction(actor=world.people.alma.actor):  # nobody was told of this departure
        session().execute(update(User).where(User.id == world.people.ada.id).values(active=False))
    with pytest.raises(Forbidden, match="who handed this over, is no longer active"):
        world.decide(world.people.otto, case)
    assert world.state(case) == ("pending", "asked")


def test_a_delegate_need_not_be_in_the_role(world: World) -> None:
    case = handed_over(world, {"role": "approver"})
    with statements() as seen:
        assert world.decide(world.people.otto, case).request_status == "approved"
    assert len([one for one in seen if "SAVEPOINT" not in one]) + 1 <= 9


def test_somebody_named_in_person_may_leave_a_role(world: World) -> None:
    case = handed_over(world, {"user": "ada@kestrel.example"})
    leave_role(world)
    assert world.decide(world.people.otto, case).request_status == "approved"


def test_the_rest_goes_on_when_a_delegators_seat_is_released(world: World) -> None:
    ben = world.join("Ben", "approver")
    case = handed_over(world, {"role": "approver"}, quorum="all")
    world.decide(ben, case)
    assert world.state(case)[0] == "pending"
    leave_role(world)
    assert world.state(case) == ("approved", "approved")
