"""Ninety days and after: what time alone ends, what stays, and what somebody says in words."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.locks.conftest import Estate, make_scene
from tests.support.stage import shared
from wfweb.alerts import rules_admin
from wfweb.alerts import service as alerts
from wfweb.kernel import clock
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Conflict, Forbidden
from wfweb.locks import jobs, queries, service
from wfweb.locks.errors import LockEndedAlready
from wfweb.records import service as records

stage, rollback, estate = shared(make_scene)

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WORDS = "The board accepts the risk until the refit is done"


def after(days: float) -> datetime:
    return START + timedelta(days=days)


def locked(estate: Estate, metric: str = "dscr", value: str = "1.1"):
    with clock.at(START):
        return estate.locked(metric, value)


def measured(estate: Estate, at: datetime, record, value: str, metric: str = "dscr") -> None:
    with clock.at(at):
        estate.measure(record, value, metric)


def test_it_ends_after_exactly_ninety_days(estate: Estate):
    record, lock = locked(estate)
    assert estate.expire(after(90) - SECOND) == 0
    assert estate.lock(record).status == "locked"
    assert estate.expire(after(90)) == 1
    ended = estate.lock(record)
    assert ended.status == "expired"
    assert ended.unlocked_at == after(90)
    assert ended.lock_duration_hours == 90 * 24
    assert ended.unlocked_by is None
    assert not estate.flag(record)
    assert estate.looks(lock.id)[-1] == ("expiry", "expired", True), "what it was is stored"


def test_running_late_or_twice_ends_it_once(estate: Estate):
    _record, _lock = locked(estate)
    assert estate.expire(after(137)) == 1
    assert estate.expire(after(138)) == 0
    assert len(estate.entries("lock.ended")) == 1


def test_days_in_which_clocks_change_are_as_long_as_others(estate: Estate):
    with clock.at(datetime(2026, 3, 28, 23, 30, tzinfo=UTC)):
        record, _lock = estate.locked()
    estate.sql("select set_config('timezone', 'Europe/Berlin', true)")
    assert estate.expire(datetime(2026, 6, 26, 23, 29, 59, tzinfo=UTC)) == 0
    assert estate.expire(datetime(2026, 6, 26, 23, 30, tzinfo=UTC)) == 1
    assert estate.lock(record).status == "expired"


def test_a_kind_has_its_own_days(estate: Estate):
    estate.kind("refinance_block", expiry_days=30)
    record, _lock = locked(estate)
    assert estate.expire(after(30) - SECOND) == 0
    assert estate.expire(after(30)) == 1
    assert estate.lock(record).status == "expired"


def test_a_client_shortens_no_days_that_a_kind_has_fixed(estate: Estate):
    estate.kind("refinance_block", expiry_days=90)
    record, _lock = locked(estate)
    with clock.at(after(40)), estate.system:
        assert service.expire(1) == 0
    assert estate.lock(record).status == "locked"


def test_without_days_of_its_own_a_client_says_how_many(estate: Estate):
    record, _lock = locked(estate)
    with clock.at(after(40)), estate.system:
        assert service.expire(30) == 1
    assert estate.lock(record).status == "expired"


def test_a_stricter_kind_renews_while_the_cause_holds(estate: Estate):
    record, lock = locked(estate, "occupancy", "40")
    assert estate.expire(after(90)) == 0
    assert estate.lock(record).status == "locked"
    assert estate.looks(lock.id)[-1] == ("expiry", "kept", True)
    with estate.system:
        (row,) = queries.of_record(record)
    assert row.expires_at == after(180)
    assert estate.expire(after(91)) == 0
    assert len(estate.looks(lock.id)) == 2, "looked at once a period"
    measured(estate, after(100), record, "95", "occupancy")
    assert estate.expire(after(179)) == 0
    assert estate.expire(after(180)) == 1
    assert estate.looks(lock.id)[-1] == ("expiry", "expired", False)
    assert len(estate.messages("locks.tell_kept")) == 1


def test_the_strictest_kind_stays_until_somebody_accepts_in_words(estate: Estate):
    estate.kind("refinance_block", on_expiry="accept")
    record, lock = locked(estate)
    assert estate.expire(after(90)) == 0
    assert estate.looks(lock.id)[-1] == ("expiry", "asked", True)
    assert estate.entries("lock.kept")
    with clock.at(after(95)):
        with pytest.raises(Forbidden), transaction(actor=estate.people.rui.actor):
            service.accept_risk(lock.id, WORDS)
        with transaction(actor=estate.people.alma.actor):
            service.accept_risk(lock.id, WORDS)
    ended = estate.lock(record)
    assert (ended.status, ended.unlock_reason) == ("unlocked", WORDS)
    assert ended.unlocked_by == estate.people.alma.id
    assert estate.looks(lock.id)[-1] == ("accepted", "unlocked", True)


def test_nobody_answers_and_it_stays(estate: Estate):
    estate.kind("refinance_block", on_expiry="accept")
    record, _lock = locked(estate)
    for day in (90, 91, 120, 400):
        assert estate.expire(after(day)) == 0
    assert estate.lock(record).status == "locked"


def test_accepting_is_for_locks_whose_time_is_over(estate: Estate):
    estate.kind("refinance_block", on_expiry="accept")
    record, lock = locked(estate)
    alma = estate.people.alma.actor
    with clock.at(after(10)), pytest.raises(Conflict), transaction(actor=alma):
        service.accept_risk(lock.id, WORDS)
    assert estate.lock(record).status == "locked"


@pytest.mark.parametrize("on_expiry", ["renew", "accept"])
def test_a_cure_lets_a_strict_lock_expire(estate: Estate, on_expiry: str):
    estate.kind("refinance_block", on_expiry=on_expiry)
    record, lock = locked(estate)
    measured(estate, after(60), record, "1.8")
    assert estate.lock(record).status == "locked", "a cure alone ends nothing before its time"
    assert estate.expire(after(90)) == 1
    assert estate.looks(lock.id)[-1] == ("expiry", "expired", False)


def test_a_cause_nobody_can_measure_is_not_cured(estate: Estate):
    estate.kind("refinance_block", on_expiry="renew")
    record, lock = locked(estate)
    estate.sql("delete from metric_latest where record_id = :r returning 1", r=record)
    assert estate.expire(after(90)) == 0
    assert estate.looks(lock.id)[-1] == ("expiry", "kept", None)


def test_somebody_renews_in_words(estate: Estate):
    record, lock = locked(estate)
    with clock.at(after(80)), transaction(actor=estate.people.alma.actor):
        service.renew(lock.id, "The covenant is tested again in autumn")
    assert estate.expire(after(90)) == 0
    assert estate.expire(after(170) - SECOND) == 0
    assert estate.expire(after(170)) == 1
    with pytest.raises(LockEndedAlready), transaction(actor=estate.people.alma.actor):
        service.renew(lock.id, "The covenant is tested again in autumn")
    assert estate.lock(record).status == "expired"


def test_expiry_during_the_vote_leaves_one_end(estate: Estate):
    record, lock = locked(estate)
    instance = estate.ask(lock.id)
    assert estate.expire(after(90)) == 1
    estate.decide(instance, "approve")
    assert estate.lock(record).status == "expired"
    assert len(estate.entries("lock.ended")) == 1


def test_expiry_during_the_vote_opens_nothing_while_a_strict_cause_holds(estate: Estate):
    estate.kind("refinance_block", on_expiry="accept")
    record, lock = locked(estate)
    instance = estate.ask(lock.id)
    estate.expire(after(90))
    assert estate.sql("select is_action_blocked(:r, 'refinance')", r=record) is True
    estate.decide(instance, "approve", "Agreed until autumn")
    assert estate.lock(record).unlock_reason == "Agreed until autumn"


def test_a_clock_that_went_back_shortens_nothing(estate: Estate):
    record, lock = locked(estate)
    with clock.at(START - timedelta(hours=2)):
        estate.override(lock.id)
    ended = estate.lock(record)
    assert ended.unlocked_at == ended.locked_at
    assert ended.lock_duration_hours == 0


def test_the_job_goes_through_all_companies(estate: Estate):
    record, _lock = locked(estate)
    with clock.at(after(90)):
        assert jobs.expire_due() >= 1
    assert estate.lock(record).status == "expired"


def test_ninety_days_of_metrics(estate: Estate):
    """From breach to breach over half a year: no path from not cured to free without a decision."""
    estate.kind("refinance_block", on_expiry="accept")
    record, _lock = locked(estate)
    values = {20: "1.28", 45: "1.1", 70: "1.31", 85: "1.2", 89: "1.29"}
    for day in range(1, 120):
        if day in values:
            measured(estate, after(day), record, values[day])
        estate.expire(after(day))
    (lock,) = estate.locks(record)
    assert lock.status == "locked", "within the band at the ninetieth day the cause holds"
    measured(estate, after(130), record, "1.4")
    assert estate.expire(after(131)) == 1
    assert estate.lock(record).status == "expired"


def test_ending_the_alert_of_an_event_by_hand_cures_nothing(estate: Estate):
    kind = {"causes": [], "fallback": True, "on_expiry": "accept"}
    estate.kind("disposition_block", **kind)
    reported = {
        "code": "reported",
        "name": "Changed",
        "type": "event",
        "severity": "critical",
        "record_type": "property",
        "event": "record.changed",
        "recipients": [{"role": "operator"}],
    }
    with transaction(actor=estate.people.alma.actor):
        rules_admin.save_rule(reported)
    record = estate.property()
    with transaction(actor=estate.people.rui.actor):
        records.update_record(record, {"note": "Roof is leaking"}, version=1)
    estate.deliver("alerts.event_happened")
    lock = estate.lock(record)
    with transaction(actor=estate.people.alma.actor):
        alerts.resolve(lock.alert_id, "Looked at it")
    estate.expire(lock.locked_at + timedelta(days=91))
    assert estate.lock(record).status == "locked"
    assert estate.looks(lock.id)[-1][:2] == ("expiry", "asked")
