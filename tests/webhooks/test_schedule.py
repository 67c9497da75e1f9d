"""When a message is tried again, when an endpoint rests, when it is switched off: days at once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.webhooks.conftest import Post
from tests.webhooks.receiver import receiving
from wfweb.events import delivery, relay
from wfweb.events.models import OutboxMessage
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.notifications.models import Delivery, Notification
from wfweb.webhooks import rules, sending, service
from wfweb.wiring import handlers
from wfweb.worker import JOB_SECONDS

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
# 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h
RECOMMENDED = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)


def tell_keepers(mail: Post) -> int:
    """Let the inside messages about stopped endpoints be handled; return how many there were."""
    with transaction(company_id=mail.people.alma.company_id):
        named = OutboxMessage.kind == "home.tell_webhook_stopped"
        ids = session().scalars(select(OutboxMessage.id).where(named)).all()
    return delivery.deliver(ids, handlers())


def switch_on(mail: Post, endpoint_id: UUID) -> None:
    with transaction(actor=mail.people.alma.actor):
        version = mail.to(endpoint_id).version
        service.update_endpoint(endpoint_id, version=version, active=True)


def test_a_message_is_tried_ten_times_within_about_three_days(mail: Post):
    with receiving(500) as receiver:
        endpoint_id = mail.endpoint(receiver.url)
        call_id = mail.write()
        moments = [mail.deliver_when_due(call_id) for _try in range(10)]
    waits = [(later - earlier).total_seconds() for earlier, later in pairwise(moments)]
    for wait, recommended in zip(waits, RECOMMENDED, strict=True):
        assert recommended <= wait <= recommended * (1 + delivery.JITTER) + 1
    assert receiver.ids == [f"msg_{call_id}"] * 10
    assert (mail.message(call_id).state, mail.call(call_id).state) == ("dead", "failed")
    assert mail.call(call_id).attempts == 10
    assert not mail.to(endpoint_id).active


def test_an_endpoint_that_fails_for_days_is_switched_off_and_its_keepers_are_told(
    mail: Post, client_of: Callable[..., FlaskClient]
):
    with receiving(500) as receiver:
        endpoint_id = mail.endpoint(receiver.url)
        first, waiting = mail.write(), mail.write(key="2")
        moment = mail.deliver_when_due(first)
        while mail.to(endpoint_id).active:
            moment = mail.deliver_when_due(first)
        assert moment - mail.message(first).created_at >= rules.PATIENCE
        told = len(receiver.got)
        with clock.at(moment):
            assert tell_keepers(mail) == 1
            mail.deliver(waiting)
        assert len(receiver.got) == told
    assert mail.call(waiting).error == "the endpoint is switched off"
    with transaction(company_id=mail.people.alma.company_id):
        notices = session().scalars(select(Notification)).all()
        assert [one.user_id for one in notices] == [mail.people.alma.id]
        assert notices[0].kind == "webhook_stopped"
        (sent,) = session().scalars(select(Delivery)).all()
        assert sent.address == mail.people.alma.email
    page = client_of(mail.people.alma).get(f"/admin/webhooks/{endpoint_id}").text
    assert "It has taken nothing since" in page
    assert "answered 500" in page


def test_who_switched_it_on_again_meanwhile_is_not_told(mail: Post):
    with receiving(410) as receiver:
        endpoint_id = mail.endpoint(receiver.url)
        mail.deliver(mail.write())
    switch_on(mail, endpoint_id)
    assert tell_keepers(mail) == 1
    with transaction(company_id=mail.people.alma.company_id):
        assert session().scalars(select(Notification)).all() == []


def test_one_message_that_arrives_ends_the_count(mail: Post):
    """A message that is refused for days beside others that are taken stops nothing."""
    with receiving(400) as receiver:
        endpoint_id = mail.endpoint(receiver.url)
        poison = mail.write()
        for _try in range(7):
            moment = mail.deliver_when_due(poison)
        assert mail.to(endpoint_id).failing_since is not None
        receiver.statuses = [200]
        good = mail.write(key="2")
        with clock.at(moment):
            assert mail.deliver(good) == 1
        assert mail.to(endpoint_id).failing_since is None
        receiver.statuses = [400]
        for _try in range(3):
            mail.deliver_when_due(poison)
    assert mail.call(poison).state == "failed"
    assert mail.to(endpoint_id).active


def test_switching_on_or_another_address_is_a_new_beginning(mail: Post):
    with receiving(503) as receiver, receiving(200) as elsewhere:
        endpoint_id = mail.endpoint(receiver.url)
        mail.deliver(mail.write())
        assert mail.to(endpoint_id).rests_until is not None
        switch_on(mail, endpoint_id)
        assert mail.to(endpoint_id).rests_until is None
        mail.deliver(mail.write(key="2"))
        assert mail.to(endpoint_id).failing_since is not None
        with transaction(actor=mail.people.alma.actor):
            version = mail.to(endpoint_id).version
            service.update_endpoint(endpoint_id, version=version, url=elsewhere.url)
        assert mail.deliver(mail.write(key="3")) == 1
    assert len(elsewhere.got) == 1


@pytest.mark.parametrize(
    ("status", "asked"), [(429, "3600"), (503, "Sat, 21 Nov 2026 09:00:00 GMT")]
)
def test_who_asks_for_time_is_given_it_with_all_messages(mail: Post, status, asked):
    with receiving(status, 200, headers={"Retry-After": asked}) as receiver:
        endpoint_id = mail.endpoint(receiver.url)
        with clock.at(NOW):
            first, second = mail.write(), mail.write(key="2")
            mail.deliver(first, second)
        assert len(receiver.got) == 1
        assert mail.to(endpoint_id).rests_until == NOW + timedelta(hours=1)
        for waits in (first, second):
            assert mail.message(waits).next_at >= NOW + timedelta(hours=1)
        assert (mail.call(first).attempts, mail.call(second).attempts) == (1, 0)
        assert (mail.message(first).attempts, mail.message(second).attempts) == (1, 0)
        mail.deliver_when_due(first)
        mail.deliver_when_due(second)
    assert mail.call(first).state == mail.call(second).state == "delivered"


def test_an_endpoint_that_does_not_answer_costs_one_wait_not_one_a_message(mail: Post):
    """Another company's message, and another endpoint's, go on at once."""
    with receiving(200) as quick:
        mail.endpoint("http://127.0.0.1:9/nobody-is-here")
        mail.endpoint(quick.url, code="shop")
        dead = [mail.write(key=str(n)) for n in range(4)]
        alive = mail.write("shop")
        with clock.at(NOW + timedelta(days=30)):
            assert mail.deliver(*dead, alive) == 1
    assert [mail.call(one).attempts for one in dead] == [1, 0, 0, 0]
    assert mail.call(alive).state == "delivered"


@pytest.mark.parametrize(
    ("status", "failing", "rests"),
    [
        (None, 0, 4),
        (None, 400, 100),
        (503, 86400, 3600),
        (429, 0, 4),
        (500, 86400, 0),
        (400, 86400, 0),
    ],
)
def test_how_long_an_endpoint_rests(status, failing, rests):
    since = NOW - timedelta(seconds=failing)
    assert rules.rest(status, since, NOW, None) == timedelta(seconds=rests)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("999999999999", 86400),
        ("Sat, 21 Nov 2026 08:00:30 GMT", 30),
        ("Sat, 21 Nov 2026 08:00:30 -0000", 30),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("²", None),
        ("", None),
        ("Sat, 99 Nov 2026 08:00:30 GMT", None),
    ],
)
def test_how_retry_after_is_read(text, seconds):
    read = rules.retry_after(text, NOW)
    assert read == (None if seconds is None else NOW + timedelta(seconds=seconds))


def test_a_slow_receiver_leaves_the_worker_to_others():
    assert rules.rest_of_slow(1) == timedelta(0)
    assert rules.rest_of_slow(10) == timedelta(seconds=30)


def test_the_page_tells_that_it_fails_and_when_the_next_try_is(
    mail: Post, client_of: Callable[..., FlaskClient]
):
    alma = client_of(mail.people.alma)
    with receiving(503) as receiver:
        endpoint_id = mail.endpoint(receiver.url)
        call_id = mail.write()
        address = f"/admin/webhooks/{endpoint_id}"
        assert "It takes nothing" not in alma.get(address).text
        mail.deliver(call_id)
    page = alma.get(address).text
    assert "It takes nothing" in page
    assert "It is left alone until" in page
    assert f'datetime="{mail.message(call_id).next_at:%Y-%m-%dT%H:%M}' in page
    assert "Send again" not in page
    with transaction(company_id=mail.people.alma.company_id):
        session().get_one(OutboxMessage, mail.message(call_id).id).state = "quarantined"
    assert "Send again" in alma.get(address).text


def test_slow_receivers_neither_outlast_the_lease_nor_the_time_of_a_job(mail: Post):
    longest = sending.CONNECT_SECONDS + sending.ANSWER_SECONDS
    assert longest < delivery.LEASE_SECONDS
    mail.endpoint("https://erp.example.com/hooks")
    for number in range(7):
        mail.write(key=str(number))
    jobs: list[int] = []
    relay.relay_once(
        lambda lane, ids: jobs.append(len(ids)) if lane == "outside" else None, handlers().lane
    )
    assert sum(jobs) == 7
    assert max(jobs) * longest < JOB_SECONDS
