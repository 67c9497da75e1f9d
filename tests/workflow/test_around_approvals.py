"""Nothing gets round an approval, even in versions published before such ways were refused."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from tests.people import People
from tests.workflow.test_moments import MONDAY, ask, asking, fire_at, statuses
from tests.workflow.test_steps import row
from wfweb.kernel.db import transaction
from wfweb.workflow import checks, service
from wfweb.workflow.errors import StepNotPossible

Publish = Callable[..., str]
Order = Callable[..., UUID]


@pytest.fixture(autouse=True)
def published_long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish as before the checks of today."""
    monkeypatch.setattr(checks, "_CHECKS", ())


def still_asked(people: People, instance: UUID) -> bool:
    return (row(people, instance).state, statuses(people)) == ("asked", ["pending"])


def test_no_step_of_a_person_approves(world: People, published: Publish, order: Order) -> None:
    content = asking()
    content["transitions"].append({"code": "skip", "from": "asked", "to": "yes"})
    instance = ask(world, published(**content), order())
    with transaction(actor=world.rui.actor):
        loaded = service.load(instance)
        assert service.available(loaded) == []
        with pytest.raises(StepNotPossible, match="not possible in “Asked”"):
            service.fire(instance, "skip")
    assert still_asked(world, instance)


def test_no_condition_approves(world: People, published: Publish, order: Order) -> None:
    content = asking()
    way = {"code": "skip", "from": "asked", "to": "yes", "trigger": "condition"}
    content["transitions"].append(way)
    assert still_asked(world, ask(world, published(**content), order()))


@pytest.mark.parametrize("step", ["ok", "nok"])
def test_no_action_answers(world: People, published: Publish, order: Order, step: str) -> None:
    content = asking()
    content["transitions"][0]["actions"] = [{"action": "transition", "transition": step}]
    assert still_asked(world, ask(world, published(**content), order()))


@pytest.mark.parametrize("change", [{}, {"code": "skip", "trigger": "timeout"}])
def test_no_wait_answers(
    world: People, published: Publish, order: Order, change: dict[str, Any]
) -> None:
    content = asking()
    if change:
        content["transitions"].append({"from": "asked", "to": "yes", **change})
    wait = {"action": "wait", "hours": 1, "transition": change.get("code", "ok")}
    content["states"][1]["on_enter"] = [wait]
    instance = ask(world, published(**content), order())
    assert fire_at(MONDAY.replace(hour=11)) == 1
    assert still_asked(world, instance)
