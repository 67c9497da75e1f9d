"""Several workers and one message: one POST, or two of one id, and what was taken stays taken."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete, update

from tests.conftest import make_company
from tests.people import make_people
from tests.webhooks.conftest import Post
from tests.webhooks.receiver import receiving
from wfweb.events import relay
from wfweb.events.models import OutboxMessage
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.webhooks import service
from wfweb.webhooks.models import WebhookEndpoint

pytestmark = [pytest.mark.committed, pytest.mark.slow]


@pytest.fixture
def mail(committed_app: Flask, near: None) -> Iterator[Post]:
    with committed_app.app_context():
        yield Post(make_people(make_company()))


def worker(app: Flask, act: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        with app.app_context():
            act()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


class Held:
    """Keeps the receiver from answering its first message until somebody says go."""

    def __init__(self) -> None:
        self.arrived, self.go = threading.Event(), threading.Event()

    def __call__(self) -> None:
        if not self.arrived.is_set():
            self.arrived.set()
            assert self.go.wait(20)


def lease_runs_out(mail: Post, message_id: UUID) -> None:
    with transaction(system=True):
        mine = OutboxMessage.id == message_id
        long_ago = clock.now() - timedelta(minutes=1)
        session().execute(update(OutboxMessage).where(mine).values(lease_until=long_ago))
    assert relay.take_back_expired() == 1


def test_one_message_handed_to_many_workers_is_posted_once(committed_app: Flask, mail: Post):
    with receiving(200) as receiver:
        mail.endpoint(receiver.url)
        call_id = mail.write()
        gate = threading.Barrier(8)
        done: list[int] = []

        def take() -> None:
            gate.wait(20)
            done.append(mail.deliver(call_id))

        workers = [worker(committed_app, take) for _ in range(8)]
        for one in workers:
            one.join(30)
    assert sorted(done) == [0] * 7 + [1]
    assert receiver.ids == [f"msg_{call_id}"]


@pytest.mark.parametrize(("first", "second"), [(200, 200), (500, 200), (200, 500), (410, 200)])
def test_a_worker_too_late_for_its_lease_costs_one_post_more_and_unsays_nothing(
    committed_app: Flask, mail: Post, first: int, second: int
):
    held = Held()
    with receiving(first, second, before=held) as receiver:
        mail.endpoint(receiver.url)
        call_id = mail.write()
        late = worker(committed_app, lambda: mail.deliver(call_id))
        assert held.arrived.wait(20)
        lease_runs_out(mail, mail.message(call_id).id)
        mail.deliver(call_id)
        held.go.set()
        late.join(20)
    assert receiver.ids == [f"msg_{call_id}"] * 2
    assert mail.call(call_id).state == "delivered"
    assert mail.call(call_id).attempts == 2
    assert mail.message(call_id).state == ("done" if second == 200 else "pending")


def test_while_an_endpoint_fails_one_worker_at_a_time_tries_it(committed_app: Flask, mail: Post):
    """The others do not wait as well for who may not be there, and lose no try."""
    held = Held()
    held.arrived.set()
    with receiving(503, 200, before=held) as receiver:
        mail.endpoint(receiver.url)
        first, other = mail.write(), mail.write(key="2")
        mail.deliver(first)
        moment = mail.message(first).next_at
        held.arrived.clear()

        def try_again() -> None:
            with clock.at(moment):
                mail.deliver(first)

        trying = worker(committed_app, try_again)
        assert held.arrived.wait(20)
        with clock.at(moment):
            assert mail.deliver(other) == 0
        held.go.set()
        trying.join(20)
        assert len(receiver.got) == 2
        assert (mail.call(first).state, mail.call(other).attempts) == ("delivered", 0)
        assert mail.deliver_when_due(other)
    assert mail.call(other).state == "delivered"


@pytest.mark.parametrize("status", [200, 500, 410])
def test_an_endpoint_taken_away_while_its_message_is_under_way_is_no_failure(
    committed_app: Flask, mail: Post, status: int
):
    held, done = Held(), list[int]()
    with receiving(status, before=held) as receiver:
        endpoint_id = mail.endpoint(receiver.url)
        call_id = mail.write()
        trying = worker(committed_app, lambda: done.append(mail.deliver(call_id)))
        assert held.arrived.wait(20)
        with transaction(actor=mail.people.alma.actor):
            session().execute(delete(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id))
        held.go.set()
        trying.join(20)
    assert (done, mail.message(call_id).state) == ([1], "done")


def test_who_switches_it_off_is_not_waited_for_and_not_undone(committed_app: Flask, mail: Post):
    """What is under way arrives; an endpoint that fails then stays as its keeper left it."""
    held = Held()

    def switch_off() -> None:
        with transaction(actor=mail.people.alma.actor):
            service.update_endpoint(endpoint_id, version=1, active=False)

    with receiving(410, before=held) as receiver:
        endpoint_id = mail.endpoint(receiver.url)
        call_id = mail.write()
        trying = worker(committed_app, lambda: mail.deliver(call_id))
        assert held.arrived.wait(20)
        switch_off()
        held.go.set()
        trying.join(20)
    stopped = mail.to(endpoint_id)
    assert (stopped.active, stopped.stopped_because, stopped.version) == (False, "", 2)
    assert mail.call(call_id).state == "failed"
