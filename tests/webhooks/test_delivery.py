"""What leaves, what comes back, and what never leaves."""

import json
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.people import People
from tests.webhooks.receiver import receiving
from wfweb.events import delivery
from wfweb.events.models import OutboxMessage
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.settings import load_settings
from wfweb.webhooks import jobs, queries, sending, service, signing

HANDLERS = delivery.Handlers(inside={}, outside={service.DELIVER: jobs.deliver})


@pytest.fixture
def near(monkeypatch):
    """The receiver of the test stands on this machine."""
    monkeypatch.setattr(
        sending, "get_settings", lambda: load_settings(webhook_private_addresses=True)
    )


def send(people: People, url: str, key: str = "1") -> tuple[UUID, UUID, UUID]:
    """Return ids of endpoint, call and outbox message."""
    with transaction(actor=people.alma.actor):
        known = queries.by_code("erp")
        endpoint_id = (known or service.create_endpoint("erp", "ERP", url)).id
        call_id = service.call("erp", "order.approved", {"key": "ORD-1"}, key=key)
    with transaction(company_id=people.alma.company_id):
        newest = select(OutboxMessage.id).where(OutboxMessage.kind == service.DELIVER)
        message_id = session().scalars(newest.order_by(OutboxMessage.id.desc())).first()
    assert call_id is not None
    assert message_id is not None
    return endpoint_id, call_id, message_id


def deliver(people: People, message_id: UUID) -> int:
    with transaction(company_id=people.alma.company_id):
        session().get_one(OutboxMessage, message_id).next_at = clock.now()
    return delivery.deliver([message_id], HANDLERS)


def state(people: People, call_id: UUID):
    with transaction(company_id=people.alma.company_id):
        found = queries.call(call_id)
        session().refresh(found)
        return found.state, found.answer_status, found.attempts


def test_a_message_arrives_signed(people: People, near):
    with receiving(204) as receiver:
        endpoint_id, call_id, message_id = send(people, receiver.url)
        assert deliver(people, message_id) == 1
    assert state(people, call_id) == ("delivered", 204, 1)
    ((headers, body),) = receiver.got
    with transaction(company_id=people.alma.company_id):
        secret = queries.endpoint(endpoint_id).secret
        assert signing.verify(secret, headers, body, clock.now()) == f"msg_{call_id}"
    told = json.loads(body)
    assert (told["type"], told["data"]) == ("order.approved", {"key": "ORD-1"})


def test_it_is_tried_again_under_the_same_id(people: People, near):
    with receiving(500, 200) as receiver:
        _endpoint, call_id, message_id = send(people, receiver.url)
        assert deliver(people, message_id) == 0
        assert state(people, call_id) == ("pending", 500, 1)
        assert deliver(people, message_id) == 1
    assert state(people, call_id) == ("delivered", 200, 2)
    first, second = receiver.got
    assert first[0]["webhook-id"] == second[0]["webhook-id"]


def test_who_is_gone_is_told_nothing_more(people: People, near):
    with receiving(410) as receiver:
        endpoint_id, call_id, message_id = send(people, receiver.url)
        deliver(people, message_id)
    assert state(people, call_id) == ("failed", 410, 1)
    with transaction(actor=people.alma.actor):
        endpoint = queries.endpoint(endpoint_id)
        session().refresh(endpoint)
        assert not endpoint.active
        assert "410" in endpoint.stopped_because
        with pytest.raises(LookupError, match="switched on"):
            service.call("erp", "order.approved", {}, key="2")


def test_redirects_are_not_followed(people: People, near):
    with receiving(200) as elsewhere, receiving(302, location=elsewhere.url) as receiver:
        _endpoint, call_id, message_id = send(people, receiver.url)
        assert deliver(people, message_id) == 0
    assert elsewhere.got == []
    assert state(people, call_id)[0] == "pending"


def test_private_addresses_are_refused(people: People):
    with receiving(200) as receiver:
        _endpoint, call_id, message_id = send(people, receiver.url)
        assert deliver(people, message_id) == 0
    assert receiver.got == []
    assert state(people, call_id) == ("pending", None, 1)


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f000001", "2130706433", "[::ffff:127.0.0.1]", "169.254.169.254"]
)
def test_private_addresses_are_refused_however_written(host):
    message = sending.Outgoing(f"http://{host}:9/", signing.new_secret(), "m", b"{}")
    with pytest.raises(sending.Refused):
        sending.post(message, clock.now())


def test_telling_twice_under_one_key_tells_once(people: People, near):
    with receiving(200) as receiver:
        send(people, receiver.url)
        with transaction(actor=people.alma.actor):
            assert service.call("erp", "order.approved", {}, key="1") is None


def test_what_was_given_up_can_be_sent_again(people: People, near):
    from wfweb.events import retry

    with receiving(410, 200) as receiver:
        endpoint_id, call_id, message_id = send(people, receiver.url)
        deliver(people, message_id)
        with transaction(actor=people.alma.actor):
            version = queries.endpoint(endpoint_id).version
            service.update_endpoint(endpoint_id, version=version, active=True)
            service.send_again(call_id, retry.retry_message)
        assert deliver(people, message_id) == 1
    assert state(people, call_id)[0] == "delivered"
