"""Nothing gets round an approval: refused when published, never taken where it once was."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from tests.people import People
from tests.workflow.test_checks import approval, found, way
from tests.workflow.test_moments import MONDAY, ask, asking, fire_at, statuses
from tests.workflow.test_steps import row
from wfweb.kernel.db import transaction
from wfweb.workflow import checks, service
from wfweb.workflow.errors import StepNotPossible
from wfweb.workflow.loading import load

Publish = Callable[..., str]
Order = Callable[..., UUID]


@pytest.fixture
def published_long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish as before the checks of today."""
    monkeypatch.setattr(checks, "_CHECKS", ())


@pytest.mark.parametrize("trigger", ["user_action", "condition", "timeout"])
def test_nothing_but_an_approval_leads_where_an_approval_leads(trigger: str) -> None:
    content = approval()
    content["states"][1] |= {"timeout_hours": 5} if trigger == "timeout" else {}
    content["transitions"].append(way("skip", "asked", "yes", trigger=trigger))
    (problem,) = found(content)
    assert (problem.code, problem.path) == ("around_approval", "/transitions/3/trigger")
    assert "“Yes”" in problem.message


def test_a_condition_does_not_take_a_request_from_whom_it_asks() -> None:
    content = approval()
    holds = {"field": "amount", "operator": ">", "value": 5}
    content["transitions"].append(way("back", "asked", "new", trigger="condition", condition=holds))
    (problem,) = found(content)
    assert (problem.code, problem.path) == ("around_approval", "/transitions/3/trigger")
    content["transitions"][3]["to"] = "no"
    assert found(content) == []


@pytest.mark.parametrize("step", ["ok", "nok"])
@pytest.mark.parametrize(
    "call", [{"action": "transition"}, {"action": "wait", "hours": 1}], ids=["step", "wait"]
)
def test_an_action_gives_no_answer_of_an_approval(call: dict[str, Any], step: str) -> None:
    content = approval()
    content["states"][1]["on_enter"] = [{**call, "transition": step}]
    (problem,) = found(content)
    place = "/states/1/on_enter/0/transition"
    assert (problem.code, problem.path) == ("around_approval", place)


def still_asked(people: People, instance: UUID) -> bool:
    return (row(people, instance).state, statuses(people)) == ("asked", ["pending"])


@pytest.mark.usefixtures("published_long_ago")
def test_no_step_of_a_person_approves(world: People, published: Publish, order: Order) -> None:
    content = asking()
    content["transitions"].append({"code": "skip", "from": "asked", "to": "yes"})
    instance = ask(world, published(**content), order())
    with transaction(actor=world.rui.actor):
        loaded = load(instance)
        assert service.available(loaded) == []
        with pytest.raises(StepNotPossible, match="not possible in “Asked”"):
            service.fire(instance, "skip")
    assert still_asked(world, instance)


@pytest.mark.usefixtures("published_long_ago")
def test_no_condition_approves(world: People, published: Publish, order: Order) -> None:
    content = asking()
    way = {"code": "skip", "from": "asked", "to": "yes", "trigger": "condition"}
    content["transitions"].append(way)
    assert still_asked(world, ask(world, published(**content), order()))


@pytest.mark.usefixtures("published_long_ago")
@pytest.mark.parametrize("step", ["ok", "nok"])
def test_no_action_answers(world: People, published: Publish, order: Order, step: str) -> None:
    content = asking()
    content["transitions"][0]["actions"] = [{"action": "transition", "transition": step}]
    assert still_asked(world, ask(world, published(**content), order()))


@pytest.mark.usefixtures("published_long_ago")
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
