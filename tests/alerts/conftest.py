"""Tanks that are measured, and rules over what is measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.conftest import make_company
from tests.people import People, Person, make_people
from wfweb import wiring
from wfweb.alerts import catalogue, metrics, rules_admin
from wfweb.alerts.metrics import Ingested
from wfweb.alerts.models import Alert, AlertRule, AlertState
from wfweb.events import delivery
from wfweb.events.models import OutboxMessage
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.records import service as records
from wfweb.records import types

TANK: dict[str, Any] = {
    "code": "tank",
    "name": "Tank",
    "plural": "Tanks",
    "key_prefix": "TNK",
    "title_template": "{name}",
    "fields": [
        {"code": "name", "label": "Name", "type": "text", "required": True},
        {"code": "category", "label": "Category", "type": "text"},
        {"code": "reorder_point", "label": "Reorder point", "type": "number"},
        {"code": "keeper", "label": "Keeper", "type": "person"},
    ],
}
METRICS = {
    "level": ("Fill level", "%"),
    "warmth": ("Temperature", "°C"),
    "on_hand": ("On hand", "units"),
    "on_order": ("On order", "units"),
    "usage": ("Usage", "units"),
    "reorder_point": ("Reorder point", "units"),
}


def low(**more: Any) -> dict[str, Any]:
    """A threshold rule: raised below 20, clear at 30 and above."""
    return {
        "code": "low",
        "name": "Tank runs low",
        "type": "threshold",
        "severity": "warning",
        "record_type": "tank",
        "metric": "level",
        "operator": "<",
        "raise_at": "20",
        "clear_at": "30",
        "recipients": [{"role": "operator"}],
        **more,
    }


@dataclass
class Works:
    """The cast and what the tests do with them; every act is a transaction of its own."""

    people: People

    @property
    def system(self) -> Any:
        return transaction(company_id=self.people.ada.company_id)

    def tank(self, name: str = "Cream", **data: Any) -> UUID:
        with transaction(actor=self.people.rui.actor):
            return records.create_record("tank", {"name": name, **data}).id

    def rule(self, body: dict[str, Any] | None = None, **more: Any) -> UUID:
        with transaction(actor=self.people.alma.actor):
            return rules_admin.save_rule(body or low(**more)).id

    def measure(self, record: UUID, value: Any, metric: str = "level", **more: Any) -> Ingested:
        return self.send([{"record": str(record), "metric": metric, "value": value, **more}])

    def send(
        self, items: Sequence[Any], *, who: Person | None = None, partial: bool = False
    ) -> Ingested:
        with transaction(actor=(who or self.people.otto).actor):
            return metrics.ingest(items, partial=partial)

    def alerts(self, record: UUID | None = None) -> list[Alert]:
        with self.system:
            statement = select(Alert).order_by(Alert.id)
            if record:
                statement = statement.where(Alert.record_id == record)
            return list(session().scalars(statement.execution_options(populate_existing=True)))

    def alert(self, record: UUID | None = None) -> Alert:
        (found,) = self.alerts(record)
        return found

    def state(self, rule: UUID, record: UUID) -> AlertState:
        with self.system:
            return session().get_one(AlertState, (rule, record), populate_existing=True)

    def row(self, rule: UUID) -> AlertRule:
        with self.system:
            return session().get_one(AlertRule, rule, populate_existing=True)

    def messages(self, kind: str) -> list[dict[str, Any]]:
        with self.system:
            statement = select(OutboxMessage).where(OutboxMessage.kind == kind)
            return [one.payload for one in session().scalars(statement.order_by(OutboxMessage.id))]


def make_works(people: People) -> Works:
    with transaction(actor=people.alma.actor):
        types.create_type(TANK)
        for code, (name, unit) in METRICS.items():
            catalogue.save_metric(code, name, unit=unit)
    return Works(people)


def make_scene() -> Works:
    """What files whose tests all begin alike share."""
    return make_works(make_people(make_company()))


@pytest.fixture
def works(people: People) -> Works:
    return make_works(people)


def deliver(works: Works, *kinds: str) -> int:
    """Let the workers do what waits for them now; return how many messages they had."""
    wanted = kinds or ("alerts.tell", "alerts.tell_storm", "alerts.event_happened")
    with works.system:
        statement = select(OutboxMessage.id).where(
            OutboxMessage.kind.in_(wanted),
            OutboxMessage.state == "pending",
            OutboxMessage.next_at <= clock.now(),
        )
        ids = list(session().scalars(statement.order_by(OutboxMessage.id)))
    done = delivery.deliver(ids, wiring.handlers())
    assert done == len(ids), "a message was not delivered"
    return done
