"""The one verb: who may decide, what it needs, what follows from it."""

import pytest

from tests.approvals.conftest import World, level
from wfweb.kernel.errors import AlreadyDecided, Forbidden, Stale, ValidationFailed


def test_the_only_approver_approves_and_the_instance_goes_on(world: World) -> None:
    case = world.ask(level("ada"))
    outcome = world.decide(world.people.ada, case)
    assert outcome.request_status == "approved"
    assert world.state(case) == ("approved", "approved")
    assert world.history(case) == [
        (None, "draft", "transition"),
        ("draft", "asked", "transition"),
        ("asked", "approved", "approval"),
    ]
