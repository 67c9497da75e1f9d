"""An endpoint that is sent messages by the delivery itself, at moments that a test sets."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.people import People
from wfweb.events import delivery
from wfweb.events.models import OutboxMessage
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.settings import load_settings
from wfweb.webhooks import queries, sending, service
from wfweb.webhooks.models import WebhookCall, WebhookEndpoint
from wfweb.wiring import handlers


@dataclass
class Post:
    """What a company sends, and to whom."""

    people: People

    def endpoint(self, url: str, code: str = "erp") -> UUID:
        with transaction(actor=self.people.alma.actor):
            return service.create_endpoint(code, code.upper(), url).id

    def write(self, code: str = "erp", key: str = "1") -> UUID:
        """Write a message to an endpoint; it waits to be delivered."""
        with transaction(actor=self.people.alma.actor):
            written = service.call(code, "order.approved", {"key": "ORD-1"}, key=key)
        assert written is not None
        return written

    def message(self, call_id: UUID) -> OutboxMessage:
        """The outbox row of a message, as it is now."""
        with transaction(company_id=self.people.alma.company_id):
            named = OutboxMessage.payload["call_id"].astext == str(call_id)
            rows = select(OutboxMessage).where(named).execution_options(populate_existing=True)
            return session().scalars(rows).one()

    def deliver(self, *call_ids: UUID) -> int:
        """Let a worker take messages now; those whose moment has not come stay."""
        return delivery.deliver([self.message(one).id for one in call_ids], handlers())

    def deliver_when_due(self, call_id: UUID) -> datetime:
        """Let a worker take a message at its moment; return the moment."""
        moment = self.message(call_id).next_at
        with clock.at(moment):
            self.deliver(call_id)
        return moment

    def call(self, call_id: UUID) -> WebhookCall:
        with transaction(company_id=self.people.alma.company_id):
            found = queries.call(call_id)
            session().refresh(found)
            return found

    def to(self, endpoint_id: UUID) -> WebhookEndpoint:
        with transaction(company_id=self.people.alma.company_id):
            found = queries.endpoint(endpoint_id)
            session().refresh(found)
            return found


@pytest.fixture
def mail(people: People, near: None) -> Post:
    return Post(people)


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver of the test stands on this machine."""
    monkeypatch.setattr(
        sending, "get_settings", lambda: load_settings(webhook_private_addresses=True)
    )
