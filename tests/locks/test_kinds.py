"""Which kind of lock a cause leads to, and many alerts at once."""

import pytest
from sqlalchemy import text

from tests.locks.conftest import Estate, kind, make_scene
from tests.support.stage import shared
from wfweb.alerts import metrics
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Forbidden, ValidationFailed
from wfweb.locks import types

stage, rollback, estate = shared(make_scene)


def chosen(estate: Estate, metric: str | None, record_type: str = "property") -> str | None:
    """Ask as the owner of the tables; the application has no need to."""
    with estate.system:
        role = session().execute(text("select current_user")).scalar()
        session().execute(text("reset role"))
        found = session().execute(
            text("select locks_type_for(:c, :m, :r)"),
            {"c": estate.company_id, "m": metric, "r": record_type},
        )
        answer: str | None = found.scalar()
        session().execute(text(f"set role {role}"))
        return answer


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("dscr", "refinance_block"),
        ("DSCR", "refinance_block"),
        ("dscr_stressed", "disposition_block"),
        ("occupancy", "sale_hold"),
        ("occupancy_by_area", "sale_hold"),
        ("occupied", "disposition_block"),
        ("loan_to_value", "disposition_block"),
        (None, "disposition_block"),
        ("occupan%", "sale_hold"),
        ("_scr", "disposition_block"),
    ],
)
def test_exactly_then_by_its_beginning_then_the_fallback(
    estate: Estate, metric: str | None, expected: str
):
    assert chosen(estate, metric) == expected


def test_the_longer_beginning_and_the_exact_name_win(estate: Estate):
    estate.kind("by_area", causes=["occupancy_*"])
    estate.kind("exact", causes=["occupancy_by_area"])
    assert chosen(estate, "occupancy_net") == "by_area"
    assert chosen(estate, "occupancy_by_area") == "exact"
    assert chosen(estate, "occupancy") == "sale_hold"


def test_a_kind_is_for_its_type_of_record_and_may_be_switched_off(estate: Estate):
    assert chosen(estate, "dscr", "product") is None
    estate.kind("anything", causes=["loan_to_value", "dscr"], record_type=None)
    assert chosen(estate, "dscr", "product") == "anything"
    assert chosen(estate, "dscr") == "refinance_block", "the one made for it first"
    estate.kind("refinance_block", active=False)
    assert chosen(estate, "dscr") == "anything"


def test_a_fallback_names_its_type_of_records(estate: Estate):
    with pytest.raises(ValidationFailed, match="every pack"):
        estate.kind("anything", causes=[], fallback=True, record_type=None)


def test_an_alert_without_a_kind_locks_nothing_and_is_no_failure(estate: Estate):
    estate.kind("disposition_block", active=False)
    record = estate.property()
    estate.measure(record, "99", "loan_to_value")
    assert estate.alert(record).severity == "critical"
    assert estate.locks(record) == []
    assert not estate.flag(record)


def test_many_records_in_one_call_are_locked_in_its_transaction(estate: Estate):
    found = [estate.property(f"Quay {number}") for number in range(30)]
    readings = [
        {"record": str(one), "metric": metric, "value": value}
        for one in found
        for metric, value in (("dscr", "1.0"), ("occupancy", "40"))
    ]
    with transaction(actor=estate.people.otto.actor):
        metrics.ingest(readings)
        inside = session().execute(text("select count(*) from workflow_locks")).scalar()
    assert inside == 60
    assert all(estate.flag(one) for one in found)
    assert len(estate.entries("lock.created")) == 60
    assert len(estate.messages("locks.ask_committee")) == 60


def test_a_changed_kind_leaves_standing_locks_as_they_are(estate: Estate):
    record, _lock = estate.locked()
    estate.kind("refinance_block", blocked_actions=["dispose"])
    assert estate.lock(record).blocked_actions == ["refinance"]


def test_saving_the_same_changes_nothing_and_needs_the_permission(estate: Estate):
    with estate.system:
        before = types.get("refinance_block").version
    estate.kind("refinance_block")
    with estate.system:
        assert types.get("refinance_block").version == before
    with pytest.raises(Forbidden) as refusal, transaction(actor=estate.people.rui.actor):
        types.save_type(kind("refinance_block", name="Mine"))
    assert refusal.value.permission == "locks.manage"


def test_every_wrong_place_of_a_kind_is_named(estate: Estate):
    wrong = kind("refinance_block", expiry_days=0, on_expiry="never", blocked_actions=[])
    with pytest.raises(ValidationFailed) as refusal, transaction(actor=estate.people.alma.actor):
        types.save_type(wrong)
    assert {error.pointer for error in refusal.value.errors} == {
        "/expiry_days",
        "/on_expiry",
        "/blocked_actions",
    }
