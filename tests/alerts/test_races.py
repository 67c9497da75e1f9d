"""Real threads with real commits: one open alert, nothing lost between two halves of a rule."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.alerts.conftest import Works, low, make_works
from tests.conftest import make_company
from tests.people import make_people
from tests.support.together import together
from wfweb.alerts import metrics, service
from wfweb.app import create_app
from wfweb.kernel.db import db, transaction
from wfweb.kernel.errors import Refusal
from wfweb.kernel.settings import load_settings

pytestmark = pytest.mark.committed


@pytest.fixture
def crowd(committed_app: Flask) -> Works:
    return make_works(make_people(make_company()))


def sending(works: Works, *items: dict[str, Any]) -> Callable[[], Any]:
    def act() -> Any:
        with transaction(actor=works.people.otto.actor):
            return metrics.ingest(items)

    return act


def test_two_readings_of_one_record_raise_one_alert(committed_app: Flask, crowd: Works):
    crowd.rule()
    for number in range(10):
        tank = str(crowd.tank(f"T{number}"))
        send = sending(crowd, {"record": tank, "metric": "level", "value": 5})
        results = together(committed_app, [send] * 6)
        assert [one for one in results if isinstance(one, Exception)] == []
        (alert,) = [one for one in crowd.alerts() if str(one.record_id) == tank]
        # Whoever began earlier but came second brought old news, which is kept and judges nothing.
        assert alert.occurrences == 6 - sum(one.late for one in results)


def test_two_halves_of_a_rule_that_come_together_are_seen_together(
    committed_app: Flask, crowd: Works
):
    crowd.rule(
        {
            "code": "days",
            "name": "Days",
            "type": "inventory",
            "check": "days_of_stock",
            "raise_at": "7",
            "recipients": [{"role": "operator"}],
        }
    )
    tanks = [str(crowd.tank(f"T{number}")) for number in range(10)]
    for tank in tanks:
        halves = [
            sending(crowd, {"record": tank, "metric": "on_hand", "value": 10}),
            sending(crowd, {"record": tank, "metric": "usage", "value": 300}),
        ]
        results = together(committed_app, halves)
        assert [one for one in results if isinstance(one, Exception)] == []
    assert len(crowd.alerts()) == len(tanks)


def test_batches_over_the_same_records_in_other_orders_do_not_wait_in_a_circle(
    committed_app: Flask, crowd: Works
):
    crowd.rule()
    crowd.rule(low(code="other", raise_at="15", clear_at="16"))
    tanks = [str(crowd.tank(f"T{number}")) for number in range(40)]
    down = [{"record": tank, "metric": "level", "value": 5} for tank in tanks]
    up = [{"record": tank, "metric": "level", "value": 50} for tank in reversed(tanks)]
    acts = [sending(crowd, *down), sending(crowd, *up), sending(crowd, *down[::-1])] * 2
    results = together(committed_app, acts)
    assert [one for one in results if isinstance(one, Exception)] == []
    open_pairs = [(one.rule_id, one.record_id) for one in crowd.alerts() if one.is_open]
    assert len(open_pairs) == len(set(open_pairs))


def test_of_two_who_take_an_alert_one_gets_it(committed_app: Flask, crowd: Works):
    crowd.rule()
    tank = crowd.tank()
    crowd.measure(tank, 5)
    alert_id = crowd.alert(tank).id

    def take(person: Any) -> Callable[[], Any]:
        def act() -> Any:
            with transaction(actor=person.actor):
                return service.acknowledge(alert_id, version=1).owner_id

        return act

    results = together(committed_app, [take(crowd.people.otto), take(crowd.people.alma)])
    refused = [one for one in results if isinstance(one, Refusal)]
    taken = [one for one in results if not isinstance(one, Exception)]
    assert (len(refused), len(taken)) == (1, 1)
    assert crowd.alert(tank).owner_id == taken[0]


def test_resolving_while_readings_come_leaves_rule_and_alert_agreed(
    committed_app: Flask, crowd: Works
):
    rule = crowd.rule()
    for number in range(8):
        tank = crowd.tank(f"T{number}")
        crowd.measure(tank, 5)
        (alert_id,) = [one.id for one in crowd.alerts() if one.record_id == tank]

        def resolve(alert_id: Any = alert_id) -> Any:
            with transaction(actor=crowd.people.otto.actor):
                service.resolve(alert_id, "Known")

        send = sending(crowd, {"record": str(tank), "metric": "level", "value": 4})
        results = together(committed_app, [resolve, send, send])
        assert [one for one in results if isinstance(one, Exception)] == []
        (alert,) = [one for one in crowd.alerts() if one.record_id == tank]
        assert alert.status == "resolved"
        assert crowd.state(rule, tank).closed_by_hand_at is not None


def test_cap_and_cooldown_survive_a_restart(committed_app: Flask, crowd: Works):
    rule, tank = crowd.rule(low(daily_cap=1, cooldown_minutes=0)), crowd.tank()
    crowd.measure(tank, 5)
    crowd.measure(tank, 50)
    url = committed_app.config["SQLALCHEMY_DATABASE_URI"]
    restarted = create_app(load_settings(database_url=url))
    with restarted.app_context():
        crowd.measure(tank, 5)
        db.session.remove()
        db.engine.dispose()
    assert crowd.alert(tank).held_back == "daily_cap"
    assert crowd.state(rule, tank).told_count == 1
