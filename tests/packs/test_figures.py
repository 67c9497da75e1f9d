"""What the rules find on the demo data equals an independent calculation from the same rows.

The calculators here read plain rows and know nothing of rules, bands or evaluations.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from wfweb.identity.service.companies import create_company
from wfweb.kernel.db import session, transaction
from wfweb.kernel.ids import new_id
from wfweb.packs import catalogue, demo, install, read_pack, story

PRODUCTS = 1200
MINIMUMS = {"dscr": Decimal("1.25"), "occupancy": Decimal(85)}
MOST_LOAN = Decimal(75)


def company_with(pack_code: str) -> UUID:
    company, pack = new_id(), read_pack(pack_code)
    with transaction(company_id=company, system=True):
        create_company(company, "Kestrel Dairy")
        install(pack)
        demo.add_people(pack)
    return company


def rows(company: UUID, statement: str) -> Iterator[tuple]:
    with transaction(company_id=company):
        yield from [tuple(row) for row in session().execute(text(statement))]


def open_alerts(company: UUID) -> dict[str, set[str]]:
    """Return the keys of records with an open alert, by rule."""
    found: dict[str, set[str]] = defaultdict(set)
    statement = (
        "select r.code, c.key from alerts a join alert_rules r on r.id = a.rule_id"
        " join records c on c.id = a.record_id where a.status in ('active', 'acknowledged')"
    )
    for code, key in rows(company, statement):
        found[code].add(key)
    return found


@pytest.fixture(params=[PRODUCTS, pytest.param(5000, marks=pytest.mark.slow)])
def stocked(
    request: pytest.FixtureRequest, rollback: None, monkeypatch: pytest.MonkeyPatch
) -> tuple[UUID, datetime]:
    """A company with the first products of the catalogue, stocked at a known moment."""
    company, pack = company_with("commerce"), read_pack("commerce")
    stage = demo.Stage(company)
    described = {**pack.data("catalogue.yaml"), "count": request.param}
    read = type(pack).data
    smaller = {"catalogue.yaml": described}
    monkeypatch.setattr(
        type(pack), "data", lambda self, name: smaller.get(name) or read(self, name)
    )
    story.tell(pack, stage)
    return company, stage.present - timedelta(days=0.25)


def test_stock_alerts_equal_a_calculation_from_the_rows(stocked: tuple[UUID, datetime]):
    company, moment = stocked
    used: dict[str, Decimal] = defaultdict(Decimal)
    there: dict[str, Decimal] = {}
    statement = (
        "select r.key, m.metric, m.value, m.at from metric_readings m join records r"
        " on r.id = m.record_id order by m.at"
    )
    for key, metric, value, at in rows(company, statement):
        if metric == "on_hand":
            there[key] = value
        elif moment - timedelta(days=30) < at <= moment:
            used[key] += value
    products = {
        key: (Decimal(point), category)
        for key, point, category in rows(
            company,
            "select key, data->>'reorder_point', data->>'category' from records"
            " where type_code = 'product'",
        )
    }
    assert len(products) == len(there) >= PRODUCTS
    expected = {
        "stock_at_reorder_point": {k for k, (point, _c) in products.items() if there[k] <= point},
        "stock_nearly_gone": {
            k for k, (point, _c) in products.items() if there[k] * 100 / point < 25
        },
        "butter_runs_short": {
            k for k, (_p, category) in products.items() if category == "butter" and there[k] < 60
        },
        "stock_for_few_days": {k for k in products if used[k] > 0 and there[k] * 30 / used[k] < 5},
    }
    assert dict(open_alerts(company)) == expected
    assert all(expected.values()), "every check finds something, or the test says nothing"


def test_the_catalogue_is_the_same_everywhere():
    described = {**read_pack("commerce").data("catalogue.yaml"), "count": 50}
    first, second = list(catalogue.products(described)), list(catalogue.products(described))
    assert first == second
    assert first[0].data["sku"] == "KD-00001"
    assert first[0].data["name"] == "Silver Churn Chocolate milk 25 kg, no. 0001"
    assert read_pack("commerce").data("catalogue.yaml")["count"] == 5000


@pytest.mark.slow
@pytest.mark.committed
def test_threshold_alerts_and_locks_equal_a_calculation_from_the_file(committed_app: Flask):
    company, pack = company_with("property_governance"), read_pack("property_governance")
    names = [scene.get("name") for scene in pack.demo_records()]
    keys = dict(zip(names, demo.act_out(pack, company), strict=True))
    with (pack.folder / "demo_metrics.csv").open(encoding="utf-8") as lines:
        figures = sorted(csv.DictReader(lines), key=lambda row: -int(row["months_ago"]))
    assert len(figures) == 40 * 24
    low = {metric: raised(figures, keys, metric) for metric in ("dscr", "occupancy", "ltv")}
    found = open_alerts(company)
    assert found["dscr_below_minimum"] == low["dscr"]
    assert found["occupancy_too_low"] == low["occupancy"]
    assert found["loan_to_value_too_high"] == low["ltv"]
    assert all(low.values())
    locked = {
        (key, kind, status)
        for key, kind, status in rows(
            company,
            "select r.key, l.lock_type, l.status from workflow_locks l"
            " join records r on r.id = l.record_id",
        )
    }
    ended = {(keys["property20"], "sale_hold"), (keys["property27"], "refinance_block")}
    assert {(key, kind) for key, kind, status in locked if status == "unlocked"} == ended
    standing = {(key, kind) for key, kind, status in locked if status == "locked"}
    kinds = {"dscr": "refinance_block", "occupancy": "sale_hold", "ltv": "disposition_block"}
    wanted = {(key, kinds[metric]) for metric, some in low.items() for key in some}
    assert standing == wanted - ended
    waiting = rows(company, "select title from approval_requests where status = 'pending'")
    assert [title for (title,) in waiting] == ["Unlock Alder Street 14"]


def raised(figures: list[dict[str, str]], keys: dict[str, str], metric: str) -> set[str]:
    """Return which properties are over the limit, and have not come back over the clearing one."""
    clear = {"dscr": Decimal("1.30"), "occupancy": Decimal(88), "ltv": Decimal(72)}[metric]
    bad: set[str] = set()
    for row in figures:
        value, key = Decimal(row[metric]), keys[row["record"]]
        if metric == "ltv":
            over, back = value > MOST_LOAN, value <= clear
        else:
            over, back = value < MINIMUMS[metric], value >= clear
        if over:
            bad.add(key)
        elif back:
            bad.discard(key)
    return bad
