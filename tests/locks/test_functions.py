"""The seven functions of the database: what they answer, and how they refuse nonsense."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.locks.conftest import Estate, make_scene
from tests.support.stage import shared
from wfweb.kernel.db import session, transaction
from wfweb.kernel.ids import new_id

stage, rollback, estate = shared(make_scene)


def state_of(error: pytest.ExceptionInfo[DBAPIError]) -> str:
    return str(getattr(error.value.orig, "sqlstate", ""))


def refused(estate: Estate, statement: str, **values: object) -> str:
    """Return the state with which a call is refused."""
    with pytest.raises(DBAPIError) as error:
        estate.sql(statement, **values)
    return state_of(error)


def test_a_critical_alert_locks_by_its_cause_in_the_same_act(estate: Estate):
    record, lock = estate.locked()
    assert (lock.lock_type, lock.blocked_actions) == ("refinance_block", ["refinance"])
    assert (lock.status, lock.lock_severity) == ("locked", "critical")
    assert lock.alert_id == estate.alert(record).id
    assert "1.1" in estate.alert(record).context["value"]
    assert estate.flag(record)


@pytest.mark.parametrize(
    ("metric", "value", "expected"),
    [
        ("dscr", "1.0", "refinance_block"),
        ("occupancy", "40", "sale_hold"),
        ("loan_to_value", "99", "disposition_block"),
    ],
)
def test_the_cause_decides_the_kind(estate: Estate, metric: str, value: str, expected: str):
    _record, lock = estate.locked(metric, value)
    assert lock.lock_type == expected


def test_is_action_blocked(estate: Estate):
    record, _lock = estate.locked()
    ask = "select is_action_blocked(:record, :action)"
    assert estate.sql(ask, record=record, action="refinance") is True
    assert estate.sql(ask, record=record, action="sell") is False
    assert estate.sql(ask, record=new_id(), action="refinance") is False


def test_active_locks_and_blocked_actions(estate: Estate):
    record, lock = estate.locked()
    estate.measure(record, "50", "occupancy")
    with estate.system:
        found = session().execute(text("select id from get_active_locks(:r)"), {"r": record})
        ids = list(found.scalars())
    assert ids[0] == lock.id
    assert len(ids) == 2
    blocked = "select get_blocked_actions_for_property(:record)"
    assert estate.sql(blocked, record=record) == ["refinance", "sell"]
    assert estate.sql(blocked, record=new_id()) == []


def test_the_summary_counts(estate: Estate):
    record, lock = estate.locked()
    estate.measure(record, "50", "occupancy")
    estate.override(lock.id)
    summary = estate.sql("select get_lock_summary(:record)", record=record)
    assert summary["total_locks"] == 2
    assert summary["active_locks"] == 1
    assert summary["critical_locks"] == 1
    assert summary["all_blocked_actions"] == ["sell"]
    assert summary["avg_lock_duration_hours"] >= 0
    nothing = estate.sql("select get_lock_summary(:record)", record=new_id())
    assert nothing["total_locks"] == 0
    assert nothing["avg_lock_duration_hours"] is None


def test_creating_twice_makes_one(estate: Estate):
    record, lock = estate.locked()
    again = estate.sql("select create_lock_from_alert(:a)", a=estate.alert(record).id)
    assert again == lock.id
    assert len(estate.locks(record)) == 1


def test_actions_of_ones_own_make_another_lock(estate: Estate):
    record, _lock = estate.locked()
    made = estate.sql(
        "select create_lock_from_alert(:a, array['sell', 'sell'])", a=estate.alert(record).id
    )
    (other,) = [one for one in estate.locks(record) if one.id == made]
    assert other.blocked_actions == ["sell"]


def test_unlocking_by_an_alert_counts(estate: Estate):
    record, lock = estate.locked()
    call = "select unlock_from_alert_resolution(:a, :u, :r)"
    values = {"a": lock.alert_id, "u": estate.people.cleo.id, "r": "The committee agreed"}
    assert estate.sql(call, **values) == 1
    assert estate.sql(call, **values) == 0
    ended = estate.lock(record)
    assert (ended.status, ended.unlocked_by) == ("unlocked", estate.people.cleo.id)
    assert ended.unlock_reason == "The committee agreed"
    assert not estate.flag(record)
    assert estate.sql(call, **{**values, "a": new_id()}) == 0


NONSENSE = [
    ("select is_action_blocked(null, 'sell')", "22004"),
    ("select is_action_blocked(gen_random_uuid(), null)", "22004"),
    ("select get_active_locks(null)", "22004"),
    ("select get_lock_summary(null)", "22004"),
    ("select get_blocked_actions_for_property(null)", "22004"),
    ("select create_lock_from_alert(null)", "22004"),
    ("select create_lock_from_alert(gen_random_uuid())", "P0002"),
    ("select unlock_from_alert_resolution(null, gen_random_uuid(), 'x')", "22004"),
    ("select unlock_from_alert_resolution(gen_random_uuid(), null, 'x')", "22004"),
    ("select unlock_from_alert_resolution(gen_random_uuid(), gen_random_uuid(), null)", "22004"),
    ("select expire_old_locks(null)", "22023"),
    ("select locks_end('{}', 'expiry', gen_random_uuid(), 'Over')", "22023"),
    ("select locks_end('{}', null, gen_random_uuid(), 'Over')", "22023"),
    ("select locks_end('{}', 'override', null, 'Over')", "22004"),
    ("select expire_old_locks(0)", "22023"),
    ("select expire_old_locks(-90)", "22023"),
    ("select expire_old_locks(2147483647)", "22023"),
]


@pytest.mark.parametrize(("statement", "state"), NONSENSE)
def test_nonsense_is_refused_with_words(estate: Estate, statement: str, state: str):
    assert refused(estate, statement) == state


@pytest.mark.parametrize("actions", ["{}", "{NULL}", "{sell,NULL}", '{""}', '{"drop table"}'])
def test_actions_that_are_none_are_refused(estate: Estate, actions: str):
    record, _lock = estate.locked()
    call = "select create_lock_from_alert(:a, cast(:actions as text[]))"
    assert refused(estate, call, a=estate.alert(record).id, actions=actions) == "22023"
    assert len(estate.locks(record)) == 1


@pytest.mark.parametrize("reason", ["", "   ", "\n\t"])
def test_a_blank_reason_or_a_stranger_ends_nothing(estate: Estate, reason: str):
    record, lock = estate.locked()
    call = "select unlock_from_alert_resolution(:a, :u, :r)"
    assert refused(estate, call, a=lock.alert_id, u=estate.people.cleo.id, r=reason) == "22023"
    stranger = estate.people.eve.id
    assert refused(estate, call, a=lock.alert_id, u=stranger, r="I want to") == "P0002"
    assert estate.lock(record).status == "locked"


def test_an_alert_that_ended_locks_nothing(estate: Estate):
    record, lock = estate.locked()
    estate.override(lock.id)
    estate.measure(record, "2.0")
    assert refused(estate, "select create_lock_from_alert(:a)", a=lock.alert_id) == "22023"


def test_without_a_company_nothing_is_answered(estate: Estate):
    record, _lock = estate.locked()
    with pytest.raises(DBAPIError) as error, transaction(system=True):
        session().execute(text("select set_config('app.company_id', '', true)"))
        session().execute(text("select is_action_blocked(:r, 'refinance')"), {"r": record})
    assert state_of(error) == "42501"
    with pytest.raises(DBAPIError) as error, transaction(system=True):
        session().execute(text("select set_config('app.company_id', 'kestrel', true)"))
        session().execute(text("select get_active_locks(:r)"), {"r": record})
    assert state_of(error) == "22023"


@pytest.mark.parametrize(
    "statement",
    [
        "select * from locks_causes",
        "select * from locks_dates",
        "select locks_type_for(gen_random_uuid(), 'dscr', 'property')",
        "insert into lock_evaluations (lock_id) values (gen_random_uuid())",
        "insert into workflow_locks (lock_type) values ('refinance_block')",
        "delete from workflow_locks",
    ],
)
def test_what_is_behind_the_functions_is_closed(estate: Estate, statement: str):
    assert refused(estate, statement) == "42501"


def test_another_company_sees_and_ends_nothing(estate: Estate):
    record, lock = estate.locked()
    with transaction(company_id=estate.people.eve.company_id):

        def value(statement: str, **values: object) -> object:
            return session().execute(text(statement), values).scalar()

        assert value("select is_action_blocked(:r, 'refinance')", r=record) is False
        assert value("select count(*) from get_active_locks(:r)", r=record) == 0
        call = "select unlock_from_alert_resolution(:a, :u, 'because I say so')"
        eve = estate.people.eve.id
        assert value(call, a=lock.alert_id, u=eve) == 0
        end = "select locks_end(array[:l]::uuid[], 'override', :u, 'because')"
        assert value(end, l=str(lock.id), u=eve) is None
        cause = "select (locks_cause(:c, :a)).metric"
        assert value(cause, c=estate.company_id, a=lock.alert_id) is None
        assert value("select expire_old_locks(1)") == 0
    assert estate.lock(record).status == "locked"
