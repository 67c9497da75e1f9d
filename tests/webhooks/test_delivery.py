"""What leaves, what comes back, and what never leaves."""

import json
from uuid import UUID

import pytest
from sqlalchemy import delete

from tests.people import People
from tests.webhooks.conftest import Post
from tests.webhooks.receiver import receiving
from wfweb.events import delivery, retry
from wfweb.events.models import OutboxMessage
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import NotFound
from wfweb.webhooks import sending, service, signing
from wfweb.webhooks.models import WebhookCall, WebhookEndpoint
from wfweb.wiring import handlers


def state(mail: Post, call_id: UUID) -> tuple[str, int | None, int]:
    found = mail.call(call_id)
    return found.state, found.answer_status, found.attempts


def test_a_message_arrives_signed(mail: Post):
    with receiving(204) as receiver:
        endpoint_id = mail.endpoint(receiver.url)
        call_id = mail.write()
        assert mail.deliver(call_id) == 1
    assert state(mail, call_id) == ("delivered", 204, 1)
    ((headers, body),) = receiver.got
    secret = mail.to(endpoint_id).secret
    assert signing.verify(secret, headers, body, clock.now()) == f"msg_{call_id}"
    told = json.loads(body)
    assert (told["type"], told["data"]) == ("order.approved", {"key": "ORD-1"})


def test_it_is_tried_again_under_the_same_id(mail: Post):
    with receiving(500, 200) as receiver:
        mail.endpoint(receiver.url)
        call_id = mail.write()
        assert mail.deliver(call_id) == 0
        assert state(mail, call_id) == ("pending", 500, 1)
        mail.deliver_when_due(call_id)
    assert state(mail, call_id) == ("delivered", 200, 2)
    assert mail.call(call_id).error is None
    assert receiver.ids == [f"msg_{call_id}"] * 2


def test_who_is_gone_is_told_nothing_more(mail: Post):
    with receiving(410) as receiver:
        endpoint_id = mail.endpoint(receiver.url)
        call_id, waiting = mail.write(), mail.write(key="2")
        mail.deliver(call_id, waiting)
    assert len(receiver.got) == 1
    assert state(mail, call_id) == ("failed", 410, 1)
    assert state(mail, waiting) == ("failed", None, 0)
    assert mail.call(waiting).error == "the endpoint is switched off"
    assert not mail.to(endpoint_id).active
    assert "410" in mail.to(endpoint_id).stopped_because
    with pytest.raises(LookupError, match="switched on"):
        mail.write(key="3")


def test_private_addresses_are_refused(people: People):
    mail = Post(people)
    with receiving(200) as receiver:
        mail.endpoint(receiver.url)
        call_id = mail.write()
        assert mail.deliver(call_id) == 0
    assert receiver.got == []
    assert state(mail, call_id) == ("pending", None, 1)


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f000001", "2130706433", "[::ffff:127.0.0.1]", "169.254.169.254"]
)
def test_private_addresses_are_refused_however_written(host):
    message = sending.Outgoing(f"http://{host}:9/", signing.new_secret(), "m", b"{}")
    with pytest.raises(sending.Refused):
        sending.post(message, clock.now())


def test_telling_twice_under_one_key_tells_once(mail: Post):
    mail.endpoint("https://erp.example.com/")
    mail.write()
    with transaction(actor=mail.people.alma.actor):
        assert service.call("erp", "order.approved", {}, key="1") is None


@pytest.mark.parametrize("ended", ["dead", "quarantined"])
def test_what_was_given_up_can_be_sent_again(mail: Post, ended):
    """Also what killed three workers on its way: nobody noted that it failed."""
    with receiving(200) as receiver:
        mail.endpoint(receiver.url)
        call_id = mail.write()
        message_id = mail.message(call_id).id
        with transaction(actor=mail.people.alma.actor):
            session().get_one(WebhookCall, call_id).outbox_id = message_id
            with pytest.raises(NotFound):
                service.send_again(call_id, retry.retry_message)
            session().get_one(OutboxMessage, message_id).state = ended
        with transaction(actor=mail.people.alma.actor):
            service.send_again(call_id, retry.retry_message)
        assert mail.deliver(call_id) == 1
        with transaction(actor=mail.people.alma.actor), pytest.raises(NotFound):
            service.send_again(call_id, retry.retry_message)
    assert state(mail, call_id)[0] == "delivered"


def test_messages_to_an_endpoint_that_is_taken_away_go_nowhere_and_hold_nothing(mail: Post):
    with receiving(200) as receiver:
        endpoint_id = mail.endpoint(receiver.url)
        message_id = mail.message(mail.write()).id
        with transaction(actor=mail.people.alma.actor):
            session().execute(delete(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id))
        assert delivery.deliver([message_id], handlers()) == 1
    assert receiver.got == []


def test_no_endpoint_of_another_company_is_told_anything(mail: Post):
    """Two companies may use one code; each tells its own, and sees its own messages alone."""
    with receiving(200) as ours, receiving(200) as theirs:
        mail.endpoint(ours.url)
        eve = mail.people.eve.actor
        with transaction(actor=eve), pytest.raises(LookupError, match="no webhook endpoint"):
            service.call("erp", "order.approved", {}, key="1")
        with transaction(actor=eve):
            service.create_endpoint("erp", "Theirs", theirs.url)
            service.call("erp", "order.approved", {}, key="1")
        call_id = mail.write()
        with transaction(actor=eve), pytest.raises(NotFound):
            service.send_again(call_id, retry.retry_message)
        assert mail.deliver(call_id) == 1
    assert (ours.ids, theirs.got) == ([f"msg_{call_id}"], [])
