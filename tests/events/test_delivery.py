"""Outbox: at least once outside, exactly once inside, nobody forgotten, nobody stuck."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from wfweb.events import delivery, relay
from wfweb.events.models import OutboxMessage
from wfweb.events.outbox import enqueue
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.context import correlation_id
from wfweb.kernel.db import session, transaction
from wfweb.kernel.ids import next_key


def message(company: UUID, message_id: UUID) -> OutboxMessage:
    with transaction(company_id=company):
        return session().get_one(OutboxMessage, message_id)


def send(company: UUID, kind: str = "test.kind", **payload: object) -> UUID:
    with transaction(company_id=company):
        return enqueue(kind, payload)


def inside(function) -> delivery.Handlers:
    return delivery.Handlers(inside={"test.kind": function}, outside={})


def outside(function) -> delivery.Handlers:
    return delivery.Handlers(inside={}, outside={"test.kind": function})


def test_a_handler_runs_once_as_the_system_of_the_company(company: UUID):
    seen = []
    message_id = send(company, n=1)

    def handler(payload):
        seen.append((payload["n"], current_actor().kind, current_actor().company_id))

    assert delivery.deliver([message_id, message_id], inside(handler)) == 1
    assert seen == [(1, "system", company)]
    assert message(company, message_id).state == "done"


def test_the_correlation_of_the_cause_goes_along(company: UUID):
    seen = []
    with transaction(company_id=company):
        cause = correlation_id()
        message_id = enqueue("test.kind", {})
    delivery.deliver([message_id], inside(lambda _p: seen.append(correlation_id())))
    assert seen == [cause]


def test_what_a_failing_handler_wrote_is_undone_and_it_is_tried_again(company: UUID):
    message_id = send(company)

    def handler(_payload):
        next_key("LOST")
        raise ValueError("not today")

    assert delivery.deliver([message_id], inside(handler)) == 0
    row = message(company, message_id)
    assert (row.state, row.attempts, row.unfinished_claims) == ("pending", 1, 0)
    assert "not today" in (row.last_error or "")
    assert row.next_at > clock.now()
    with transaction(company_id=company):
        assert next_key("LOST") == "LOST-1001"


def test_a_message_that_fails_for_good_is_dead_and_stays_visible(company: UUID):
    def handler(_payload):
        raise delivery.Undeliverable("no such address")

    message_id = send(company)
    delivery.deliver([message_id], outside(handler))
    assert message(company, message_id).state == "dead"


def test_an_unknown_kind_is_dead_not_executed(company: UUID):
    message_id = send(company, "os.system")
    delivery.deliver([message_id], inside(lambda _p: None))
    assert message(company, message_id).state == "dead"


def test_a_worker_paused_past_its_lease_changes_nothing(company: UUID):
    message_id = send(company)
    done_by_other = []

    def slow(_payload):
        with clock.at(clock.now() + timedelta(seconds=delivery.LEASE_SECONDS + 1)):
            relay.take_back_expired()
            delivery.deliver([message_id], outside(lambda _p: done_by_other.append(1)))

    assert delivery.deliver([message_id], outside(slow)) == 0
    assert done_by_other == [1]
    assert message(company, message_id).attempts == 2


def test_a_message_that_kills_three_workers_is_set_aside(company: UUID):
    message_id = send(company)
    start = clock.now()
    for n in range(delivery.MAXIMUM_UNFINISHED_CLAIMS):
        with clock.at(start + timedelta(minutes=n)):
            assert delivery.claim(message_id) is not None
        with clock.at(start + timedelta(minutes=n, seconds=delivery.LEASE_SECONDS + 1)):
            assert relay.take_back_expired() == 1
    assert message(company, message_id).state == "quarantined"


def test_the_relay_hands_over_again_what_the_queue_lost(company: UUID):
    message_id = send(company)
    pushed = []

    def push(_lane, ids):
        pushed.extend(ids)

    assert relay.relay_once(push, lambda _k: "inside") == 1
    assert relay.relay_once(push, lambda _k: "inside") == 0
    with clock.at(clock.now() + timedelta(seconds=relay.HAND_OVER_AGAIN_SECONDS + 1)):
        assert relay.relay_once(push, lambda _k: "inside") == 1
    assert pushed == [message_id, message_id]


def test_a_delayed_message_waits(company: UUID):
    with transaction(company_id=company):
        enqueue("test.kind", {}, delay_seconds=60)
    assert relay.relay_once(lambda _l, _i: None, lambda _k: "inside") == 0
    with clock.at(clock.now() + timedelta(seconds=61)):
        assert relay.relay_once(lambda _l, _i: None, lambda _k: "inside") == 1


def test_a_key_makes_a_message_unique(company: UUID):
    with pytest.raises(Exception, match="uq_outbox_messages_key"), transaction(company_id=company):
        enqueue("test.kind", {}, key="one")
        enqueue("test.kind", {}, key="one")
    with transaction(company_id=company):
        assert session().scalar(select(func.count()).select_from(OutboxMessage)) == 0


def test_idle_polls_use_their_index(company: UUID):
    with transaction(system=True):
        session().execute(text("set local enable_seqscan = off"))
        plan = session().execute(
            text(
                "explain select id from outbox_messages"
                " where state = 'pending' and next_at <= now()"
            )
        )
        assert "ix_outbox_messages_due" in " ".join(line for (line,) in plan)
