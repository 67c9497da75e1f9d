"""Bad luck around locks: people who leave, alerts that end and locks that come during a vote."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.locks.conftest import Estate, release_workflow
from tests.people import Person, add_person, sign_in
from wfweb.alerts import service as alerts
from wfweb.approvals import service as approvals
from wfweb.identity import service as people
from wfweb.identity.queries import user_by_id
from wfweb.kernel import clock
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Conflict, Locked, Refusal
from wfweb.locks import guard, queries, service

WORDS = "The bank carries the risk until the sale is through"


def after(days: float) -> datetime:
    return clock.now() + timedelta(days=days)


def leave(estate: Estate, person: Person) -> None:
    with transaction(actor=estate.people.alma.actor):
        people.deactivate_user(person.id, version=user_by_id(person.id).version)


def vote(estate: Estate, person: Person, instance: UUID) -> None:
    request = estate.request_of(instance)
    with transaction(actor=person.actor):
        approvals.decide(request.id, "approve", digest=request.digest, comment="Agreed")


def test_who_left_votes_no_more_and_nobody_to_ask_frees_nothing(estate: Estate):
    record, lock = estate.locked()
    instance = estate.ask(lock.id)
    leave(estate, estate.people.cleo)
    with pytest.raises(Refusal):
        vote(estate, estate.people.cleo, instance)
    assert estate.lock(record).status == "locked"
    with transaction(actor=estate.people.rui.actor), pytest.raises(Locked):
        guard.require(record, "refinance")
    with estate.system:
        (way,) = queries.who_can_release(queries.of_record(record)).values()
    assert way.waiting == []
    assert "Alma Administers can override it" in way.sentence
    assert "Alma Administers" in way.names


def test_a_vote_that_was_given_counts_when_its_voter_has_left(estate: Estate):
    ina = add_person(
        estate.company_id, "ina@kestrel.example", "Ina Inquires", "member", "committee"
    )
    estate.publish(both_of_them())
    record, lock = estate.locked()
    instance = estate.ask(lock.id)
    vote(estate, estate.people.cleo, instance)
    leave(estate, estate.people.cleo)
    assert estate.lock(record).status == "locked", "one of two is not enough"
    vote(estate, ina, instance)
    ended = estate.lock(record)
    assert (ended.status, ended.unlocked_by) == ("unlocked", ina.id)


def both_of_them() -> dict[str, Any]:
    body = release_workflow()
    body["states"][1]["approval"]["levels"][0]["quorum"] = "all"
    return body


def test_an_alert_resolved_by_hand_during_the_vote_takes_nothing_from_it(estate: Estate):
    record, lock = estate.locked()
    instance = estate.ask(lock.id)
    with transaction(actor=estate.people.otto.actor):
        alerts.resolve(lock.alert_id, "I looked at it and it is only the season")
    assert estate.lock(record).status == "locked"
    estate.decide(instance, "approve")
    ended = estate.lock(record)
    assert (ended.status, ended.unlocked_by) == ("unlocked", estate.people.cleo.id)
    assert estate.flag(record) is False


def test_a_vote_frees_no_lock_that_came_after_the_question(estate: Estate):
    """The kind blocks more since; who was asked about less has not decided about that."""
    record, lock = estate.locked()
    instance = estate.ask(lock.id)
    estate.kind("refinance_block", blocked_actions=["refinance", "sell"])
    later = estate.sql("select create_lock_from_alert(:a)", a=lock.alert_id)
    assert later != lock.id
    estate.decide(instance, "approve")
    assert {one.id: one.status for one in estate.locks(record)} == {
        lock.id: "unlocked",
        later: "locked",
    }
    assert estate.alert(record).status != "resolved", "its lock stands"
    again = estate.ask(later)
    estate.decide(again, "approve")
    assert {one.status for one in estate.locks(record)} == {"unlocked"}
    assert estate.alert(record).status == "resolved"


def test_the_worker_was_away_at_the_hour(app: Flask, estate: Estate):
    """It blocks until somebody looks; who takes the risk in words need not wait for the worker."""
    estate.kind("refinance_block", on_expiry="accept")
    record, lock = estate.locked()
    alma = estate.people.alma
    with clock.at(after(89)):
        page = sign_in(app.test_client(), alma).get(f"/locks/{lock.id}").text
        assert "Accept the risk" not in page
    with clock.at(after(97)):
        assert estate.sql("select is_action_blocked(:r, 'refinance')", r=record) is True
        page = sign_in(app.test_client(), alma).get(f"/locks/{lock.id}").text
        assert "Accept the risk" in page
        with transaction(actor=alma.actor):
            service.accept_risk(lock.id, WORDS)
    assert estate.lock(record).status == "unlocked"


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_lock_that_was_renewed_has_its_time_before_it(app: Flask, estate: Estate, by_hand: bool):
    estate.kind("refinance_block", on_expiry="accept" if by_hand else "renew")
    record, lock = estate.locked()
    alma = estate.people.alma
    estate.expire(after(90))
    if by_hand:
        with clock.at(after(91)), transaction(actor=alma.actor):
            service.renew(lock.id, WORDS)
    with clock.at(after(95)):
        page = sign_in(app.test_client(), alma).get(f"/locks/{lock.id}").text
        assert "Accept the risk" not in page
        with pytest.raises(Conflict), transaction(actor=alma.actor):
            service.accept_risk(lock.id, WORDS)
    assert estate.lock(record).status == "locked"
