"""The story of a demo after its records are there: figures come in, people act on what they raise.

Each act goes through the verb that a person's click would call, with the clock set to its moment.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import select

from wfweb.alerts import metrics
from wfweb.alerts import queries as alert_queries
from wfweb.alerts import service as alert_service
from wfweb.alerts.reading import MOST_READINGS
from wfweb.approvals import service as approvals
from wfweb.approvals.models import ApprovalRequest
from wfweb.kernel import clock
from wfweb.kernel.actor import Actor
from wfweb.kernel.context import bind
from wfweb.kernel.db import session, transaction
from wfweb.locks import queries as lock_queries
from wfweb.locks import service as lock_service
from wfweb.packs import catalogue
from wfweb.packs.reading import Pack
from wfweb.records.many import create_many

MONTH: Final = timedelta(days=30)
SOURCE: Final = "demo"
Act = Mapping[str, Any]


class Stage(Protocol):
    """Who is who, what is called what, and what time it is."""

    present: datetime

    def actor(self, name: str) -> Actor:
        """Return somebody of the demo, by first name."""

    def record(self, name: str) -> UUID:
        """Return a record of the demo, by the name its scene gave it."""


def tell(pack: Pack, stage: Stage) -> None:
    """Play the story of a pack, in one transaction an act."""
    for act in pack.story():
        if "catalogue" in act:
            _fill_catalogue(pack, stage, act)
        elif "figures" in act:
            _bring_figures(pack, stage, act)
        else:
            kind = next(name for name in _ACTS if name in act)
            with _at(stage, act), bind(), transaction(actor=stage.actor(act["by"])):
                _ACTS[kind](stage.record(act[kind]), act)


def _at(stage: Stage, act: Act) -> Any:
    return clock.at(stage.present - timedelta(days=act["days_ago"]))


def _bring_figures(pack: Pack, stage: Stage, act: Act) -> None:
    """Take months of a file in at once; only the newest of each figure can raise anything."""
    with (pack.folder / act["figures"]).open(encoding="utf-8", newline="") as lines:
        rows = [
            row
            for row in csv.DictReader(lines)
            if act["to_month"] <= int(row["months_ago"]) <= act["from_month"]
        ]
    moment = stage.present - timedelta(days=act["days_ago"])
    readings = list(_readings(rows, stage, moment, act["to_month"]))
    _ingest(stage, act, readings)


def _readings(
    rows: Sequence[Mapping[str, str]], stage: Stage, moment: datetime, newest: int
) -> Iterator[dict[str, Any]]:
    for row in rows:
        at = moment - MONTH * (int(row["months_ago"]) - newest)
        for name, value in row.items():
            if name not in {"record", "months_ago"}:
                record = stage.record(row["record"])
                yield {"record": record, "metric": name, "value": value, "at": at}


def _ingest(stage: Stage, act: Act, readings: Sequence[Mapping[str, Any]]) -> None:
    for start in range(0, len(readings), MOST_READINGS):
        with _at(stage, act), bind(), transaction(actor=stage.actor(act["by"])):
            metrics.ingest(readings[start : start + MOST_READINGS], source=SOURCE)


def _fill_catalogue(pack: Pack, stage: Stage, act: Act) -> None:
    """Make the products of a catalogue, what was taken from stock, and what is there now.

    What was taken comes first: without what is there, no rule over stock has anything to say.
    """
    described = pack.data(act["catalogue"])
    found = catalogue.products(described)
    moment = stage.present - timedelta(days=act["days_ago"])
    while part := list(islice(found, MOST_READINGS // 10)):
        with _at(stage, act), bind(), transaction(actor=stage.actor(act["by"])):
            ids = create_many(described["record_type"], [one.data for one in part])
            taken = [
                {"record": record_id, "metric": "usage", "value": quantity, "at": at}
                for record_id, one in zip(ids, part, strict=True)
                for at, quantity in one.taken_readings(moment)
            ]
            there = [
                {"record": record_id, "metric": "on_hand", "value": one.on_hand, "at": moment}
                for record_id, one in zip(ids, part, strict=True)
            ]
            metrics.ingest(taken, source=SOURCE)
            metrics.ingest(there, source=SOURCE)


def _acknowledge(record_id: UUID, act: Act) -> None:
    for alert in alert_queries.open_alerts_of(record_id):
        if alert.status == "active":
            alert_service.acknowledge(alert.id, note=act.get("note", ""))


def _ask(record_id: UUID, _act: Act) -> None:
    lock_service.ask_for_release(_lock_of(record_id))


def _override(record_id: UUID, act: Act) -> None:
    lock_service.override(_lock_of(record_id), act["reason"])


def _vote(record_id: UUID, act: Act) -> None:
    waiting = (ApprovalRequest.record_id == record_id) & (ApprovalRequest.status == "pending")
    request = session().scalars(select(ApprovalRequest).where(waiting)).one()
    approvals.decide(
        request.id,
        act.get("decide", "approve"),
        digest=request.digest,
        reason_code=act.get("reason"),
        comment=act.get("comment", ""),
    )


def _lock_of(record_id: UUID) -> UUID:
    return lock_queries.of_record(record_id)[0].id


_ACTS: Final[dict[str, Callable[[UUID, Act], None]]] = {
    "acknowledge": _acknowledge,
    "ask": _ask,
    "override": _override,
    "vote": _vote,
}
