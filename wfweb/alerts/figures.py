"""What rules measure, fetched for many records at once and only once an act."""

from collections.abc import Collection, Iterable, Mapping, MutableMapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from wfweb.alerts import rules, subjects
from wfweb.alerts.body import RuleBody
from wfweb.alerts.compiled import Rule
from wfweb.alerts.rules import Measured, Stock
from wfweb.alerts.subjects import Subject
from wfweb.conditions.values import as_number, normalise
from wfweb.kernel import clock
from wfweb.kernel.db import session

_LATEST = text(
    "select record_id, metric, value from metric_latest"
    " where record_id = any(cast(:ids as uuid[])) and metric = any(cast(:metrics as text[]))"
)
# Without an upper end: none is ahead of our clock when it is stored, but whoever waited for the
# record's lock has an older instant than the readings that came in meanwhile.
_USED = text(
    "select record_id, sum(value) from metric_readings"
    " where record_id = any(cast(:ids as uuid[])) and metric = :metric"
    " and at > :since group by record_id"
)
_EVERY_SUBJECT = text(
    "select m.record_id from metric_latest m join records r on r.id = m.record_id"
    " where m.company_id = :company and m.metric = :metric and r.archived_at is null"
    " and r.type_code = coalesce(cast(:type as text), r.type_code)"
    " order by m.record_id limit :limit"
)


class Figures:
    """The newest values, the usage of 30 days and the facts of records, each fetched once."""

    def __init__(self, known: Mapping[tuple[UUID, str], Decimal] | None = None) -> None:
        # By metric first: a rule looks at ten thousand records of one metric, and hashing costs.
        self._latest: dict[str, dict[UUID, Decimal]] = {}
        for (record_id, metric), value in (known or {}).items():
            self._latest.setdefault(metric, {})[record_id] = value
        self._used: dict[tuple[UUID, str], Decimal | None] = {}
        self._facts: MutableMapping[UUID, Mapping[str, Any]] = {}

    def latest(self, record_id: UUID, metric: str | None) -> Decimal | None:
        """Return the newest value of a metric of a record that was fetched."""
        return self._latest.get(metric, {}).get(record_id) if metric else None

    def facts(self, record_id: UUID) -> Mapping[str, Any]:
        """Return what conditions see of a record that was fetched."""
        return self._facts.get(record_id, {})

    def fetch_facts(self, ids: Iterable[UUID]) -> None:
        """Fetch the facts of records that are not there yet."""
        self._facts.update(subjects.facts_of(set(ids) - set(self._facts)))

    def measure(self, rule: Rule, about: Collection[Subject]) -> dict[UUID, Measured]:
        """Return what a rule measures of each subject; those it cannot answer are left out."""
        body = rule.body
        ids = [subject.id for subject in about]
        if body.type == "threshold":
            self._fetch(ids, body.reads)
            band, values = body.band, self._latest.get(body.metric or "", {})
            found = ((one, values.get(one)) for one in ids)
            return {one: Measured(value, band) for one, value in found if value is not None}
        if body.type == "inventory" and body.check is not None:
            return self._measure_stock(body, ids)
        return {}

    def _measure_stock(self, body: RuleBody, ids: list[UUID]) -> dict[UUID, Measured]:
        sources, check, found = body.stock, body.check, {}
        assert check is not None  # noqa: S101 - asked for by the caller
        self._fetch(ids, [one for one in body.reads if one != sources.usage])
        needs_point = check in {"reorder_point", "percentage"}
        if check == "days_of_stock":
            self._fetch_used(ids, sources.usage)
        if needs_point and sources.reorder_field:
            self.fetch_facts(ids)
        for one in ids:
            stock = Stock(
                on_hand=self.latest(one, sources.on_hand),
                on_order=self.latest(one, sources.on_order) or Decimal(0),
                used=self._used.get((one, sources.usage)) or Decimal(0),
                reorder_point=self._reorder_point(body, one) if needs_point else None,
            )
            measured = rules.measure_stock(check, stock, body.band)
            if measured is not None:
                found[one] = measured
        return found

    def _reorder_point(self, body: RuleBody, record_id: UUID) -> Decimal | None:
        measured = self.latest(record_id, body.stock.reorder_point)
        if measured is not None or body.stock.reorder_field is None:
            return measured
        point = as_number(normalise(self.facts(record_id).get(body.stock.reorder_field)))
        return None if point is None else Decimal(point)

    def _fetch(self, ids: list[UUID], metrics: list[str]) -> None:
        missing: set[UUID] = set()
        for metric in metrics:
            known = self._latest.setdefault(metric, {})
            missing.update(one for one in ids if one not in known)
        if not missing:
            return
        rows = session().execute(_LATEST, {"ids": list(missing), "metrics": metrics})
        for record_id, metric, value in rows:
            self._latest[metric][record_id] = value

    def _fetch_used(self, ids: list[UUID], metric: str) -> None:
        missing = [one for one in ids if (one, metric) not in self._used]
        if not missing:
            return
        since = clock.now() - timedelta(days=rules.USAGE_DAYS)
        self._used.update(dict.fromkeys((one, metric) for one in missing))
        values = {"ids": missing, "metric": metric, "since": since}
        for record_id, used in session().execute(_USED, values):
            self._used[record_id, metric] = used


def every_subject(company_id: UUID, rule: Rule, limit: int) -> list[Subject]:
    """Return the records that a rule over metrics could be about now, at most ``limit``."""
    body = rule.body
    metric = body.metric if body.type == "threshold" else body.stock.on_hand
    values = {"company": company_id, "metric": metric, "type": body.record_type, "limit": limit}
    ids = session().execute(_EVERY_SUBJECT, values).scalars().all()
    return subjects.find(ids)[0]
