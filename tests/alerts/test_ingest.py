"""Taking readings in: bad ones are named, late ones change nothing, wrong clocks do no harm."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.alerts.conftest import Works, make_scene
from tests.conftest import make_company
from tests.support.stage import shared
from wfweb.alerts import metrics
from wfweb.alerts.models import MetricLatest, MetricReading
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Forbidden, ValidationFailed
from wfweb.records import service as records

stage, rollback, works = shared(make_scene)


def stored(works: Works) -> int:
    with works.system:
        return session().scalar(select(func.count()).select_from(MetricReading)) or 0


def latest(works: Works, tank) -> Decimal | None:
    with works.system:
        return session().scalar(select(MetricLatest.value).where(MetricLatest.record_id == tank))


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"value": float("nan")}, "value", "number"),
    ({"value": float("inf")}, "value", "number"),
    ({"value": Decimal("NaN")}, "value", "number"),
    ({"value": "1e400"}, "value", "number"),
    ({"value": 10**28}, "value", "too_large"),
    ({"value": 1e300}, "value", "too_large"),
    ({"value": "much"}, "value", "number"),
    ({"value": "١٢"}, "value", "number"),
    ({"value": True}, "value", "number"),
    ({"value": None}, "value", "number"),
    ({"value": [1]}, "value", "number"),
    ({"record": "TNK-9999"}, "record", "unknown_record"),
    ({"record": None}, "record", "unknown_record"),
    ({"record": "x\x00"}, "record", "unknown_record"),
    ({"record": {"id": 1}}, "record", "unknown_record"),
    ({"metric": "colour"}, "metric", "unknown_metric"),
    ({"metric": 7}, "metric", "unknown_metric"),
    ({"at": "yesterday"}, "at", "moment"),
    ({"at": "2026-11-20T08:00:00"}, "at", "zone"),
    ({"at": "1969-12-31T23:59:59Z"}, "at", "moment"),
    ({"at": "0001-01-01T00:00:00+14:00"}, "at", "moment"),
    ({"at": "9999-12-31T23:59:59-14:00"}, "at", "moment"),
    ({"at": 12}, "at", "moment"),
    ({"ref": ""}, "ref", "ref"),
    ({"ref": "x" * 201}, "ref", "ref"),
    ({"colour": "blue"}, "colour", "unknown"),
]


@pytest.mark.parametrize(("wrong", "member", "code"), BAD)
def test_a_bad_reading_is_named_and_nothing_is_stored(works: Works, wrong, member, code):
    tank = works.tank()
    good = {"record": str(tank), "metric": "level", "value": 5}
    with pytest.raises(ValidationFailed) as refusal:
        works.send([good, {**good, **wrong}])
    (error,) = refusal.value.errors
    assert (error.pointer, error.code) == (f"/readings/1/{member}", code)
    assert stored(works) == 0


def test_every_bad_reading_is_named_and_partial_keeps_the_good(works: Works):
    works.rule()
    tank = works.tank()
    items: list[Any] = [
        {"record": "TNK-1001", "metric": "level", "value": 5},
        {"record": "TNK-1001", "metric": "level", "value": "NaN"},
        "nothing",
        {"record": str(tank), "metric": "warmth", "value": "4.25"},
    ]
    done = works.send(items, partial=True)
    assert (done.stored, [e.pointer for e in done.faults]) == (
        2,
        ["/readings/1/value", "/readings/2"],
    )
    assert len(done.outcome.raised) == 1


def test_values_are_kept_exactly_to_ten_digits(works: Works):
    tank = works.tank()
    works.measure(tank, "-1234567890123456789012345678.0123456789")
    assert latest(works, tank) == Decimal("-1234567890123456789012345678.0123456789")
    works.measure(tank, 0.1)
    assert latest(works, tank) == Decimal("0.1")


def test_an_archived_record_is_measured_no_more(works: Works):
    tank = works.tank()
    with transaction(actor=works.people.alma.actor):
        records.archive_record(tank, version=1)
    with pytest.raises(ValidationFailed, match="is archived"):
        works.measure(tank, 5)


def test_a_late_reading_is_kept_but_judges_nothing(works: Works):
    works.rule()
    tank = works.tank()
    works.measure(tank, 50)
    before = (clock.now() - timedelta(hours=1)).isoformat()
    done = works.measure(tank, 5, at=before)
    assert (done.stored, done.late, done.outcome.raised) == (1, 1, [])
    assert latest(works, tank) == 50


def test_of_many_readings_of_one_metric_only_the_newest_judges(works: Works):
    works.rule()
    tank = works.tank()
    moments = [(clock.now() - timedelta(minutes=m)).isoformat() for m in (30, 10, 20)]
    items = [
        {"record": str(tank), "metric": "level", "value": value, "at": at}
        for value, at in zip((5, 50, 5), moments, strict=True)
    ]
    assert works.send(items).outcome.raised == []
    assert latest(works, tank) == 50


def test_a_clock_ahead_counts_as_now_and_far_ahead_is_refused(works: Works):
    tank = works.tank()
    works.measure(tank, 50, at=(clock.now() + timedelta(minutes=4)).isoformat())
    works.measure(tank, 51)
    assert latest(works, tank) == 51
    with pytest.raises(ValidationFailed, match="ahead of our clock"):
        works.measure(tank, 52, at=(clock.now() + timedelta(minutes=6)).isoformat())


def test_the_same_reading_sent_twice_is_kept_once(works: Works):
    works.rule()
    tank = works.tank()
    first = works.measure(tank, 5, ref="probe-1")
    second = works.measure(tank, 5, ref="probe-1")
    assert (first.stored, second.stored, second.duplicates) == (1, 0, 1)
    assert works.alert(tank).occurrences == 1


def test_sending_needs_the_right(works: Works):
    tank = works.tank()
    with pytest.raises(Forbidden) as refusal:
        works.send([{"record": str(tank), "metric": "level", "value": 5}], who=works.people.rui)
    assert refusal.value.permission == "metrics.write"


def test_a_record_of_another_company_does_not_exist(works: Works):
    tank = works.tank()
    other = make_company("Osprey Mills Two")
    refused = pytest.raises(ValidationFailed, match="There is no record")
    with refused, transaction(company_id=other):
        metrics.ingest([{"record": str(tank), "metric": "level", "value": 5}])


def test_more_than_ten_thousand_at_once_are_too_many(works: Works):
    with pytest.raises(ValidationFailed, match="at most 10000"):
        works.send([{}] * 10_001)
