"""Alerts: readings taken in against fifty rules with locks, and from a reading to its mail.

Run ``python -m benchmarks.alerts``. Readings come in batches of 10,000 about 10,000 records and
ten metrics; each metric has five rules, one of them critical, whose alerts lock their record in
the same transaction. Beside it: the same readings without any rule.
"""

import json
import random
import signal
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from uuid import UUID

from benchmarks.common import Figure, command, milliseconds, percentile
from benchmarks.decision_stage import Stage, staged
from tests.reliability.installation import House, eventually
from tests.reliability.sink import Sink

RECORDS = 10_000
METRICS = 10
BATCH = 10_000
GOAL_A_MINUTE = 100_000
ALERTS_A_MINUTE = 1000
LOW = 5
"""Share of readings, in percent, that lie below the limits; half of those below the critical."""

CLONE = (
    "insert into records select (jsonb_populate_record(r, jsonb_build_object('id', uuidv7(),"
    " 'key', 'BENCH-' || n))).* from generate_series(1, %(count)s) n, records r"
    " where r.id = %(first)s"
)


def prepare(stage: Stage) -> tuple[Any, list[str]]:
    """Add metrics, a tank and its clones; return who sends, and the keys of the records."""
    from tests.alerts.conftest import TANK
    from wfweb.alerts import catalogue
    from wfweb.identity.access import actor_for
    from wfweb.kernel.actor import system_actor
    from wfweb.kernel.db import session, transaction
    from wfweb.locks import types as lock_types
    from wfweb.records import service as records
    from wfweb.records import types

    actor = system_actor(stage.company_id)
    with transaction(actor=actor):
        types.create_type(TANK)
        for number in range(METRICS):
            catalogue.save_metric(f"metric_{number}", f"Metric {number}")
        lock_types.save_type({"code": "block", "name": "Block", "blocked_actions": ["sell"],
                            "record_type": "tank", "fallback": True})  # fmt: skip
        first: UUID = records.create_record("tank", {"name": "Cream"}).id
        session().flush()
        assert actor_for(stage.ada_id).company_id == stage.company_id
    with stage.owner() as connection:
        connection.execute(CLONE, {"count": RECORDS, "first": first})
        connection.execute("vacuum analyze records")
        rows = connection.execute("select key from records where key like 'BENCH-%'").fetchall()
    return actor, sorted(row[0] for row in rows)


def add_rules(actor: Any) -> None:
    """Five rules a metric: three early warnings, a late one, and a critical one."""
    from wfweb.alerts import rules_admin
    from wfweb.kernel.db import transaction

    with transaction(actor=actor):
        for number in range(METRICS):
            for place, limit in enumerate((10, 8, 6, 5, 4)):
                rules_admin.save_rule(
                    {
                        "code": f"rule_{number}_{place}",
                        "name": f"Metric {number} below {limit}",
                        "type": "threshold",
                        "severity": "critical" if limit == 4 else "warning",
                        "metric": f"metric_{number}",
                        "operator": "<",
                        "raise_at": str(limit),
                        "clear_at": str(limit + 2),
                        "recipients": [{"role": "operator"}],
                    }
                )


def readings(keys: list[str], number: int, seed: int) -> list[dict[str, Any]]:
    """One reading of each record; a few lie low, and one in a hundred of these comes back."""
    chance = random.Random(seed)
    found = []
    for key in keys:
        low = chance.randrange(100) < LOW
        value = chance.uniform(0, 8) if low else chance.uniform(20, 90)
        found.append(
            {"record": key, "metric": f"metric_{number % METRICS}", "value": round(value, 3)}
        )
    return found


def take_in(actor: Any, batches: list[list[dict[str, Any]]]) -> tuple[float, int, list[float]]:
    """Take batches in; return readings a minute, alerts raised, and the seconds of each batch."""
    from wfweb.alerts import metrics
    from wfweb.kernel.db import transaction

    raised, took = 0, []
    for batch in batches:
        begun = time.perf_counter()
        with transaction(actor=actor):
            done = metrics.ingest(batch)
        took.append(time.perf_counter() - begun)
        raised += len(done.outcome.raised)
        assert done.stored == len(batch)
    return sum(map(len, batches)) / sum(took) * 60, raised, took


def ingestion(quick: bool) -> list[Figure]:  # noqa: FBT001 - its only choice
    """Readings a minute with fifty rules and locks, beside the same without a rule."""
    count = 3 if quick else 2 * METRICS
    with staged() as stage:
        actor, keys = prepare(stage)
        bare, _none, _took = take_in(actor, [readings(keys, n, n) for n in range(count)])
        add_rules(actor)
        ruled, raised, took = take_in(actor, [readings(keys, n, 1000 + n) for n in range(count)])
        with stage.owner() as connection:
            locks = connection.execute("select count(*) from workflow_locks").fetchone()
        assert locks is not None
        assert locks[0] > 0
    return [
        Figure(
            "readings a minute against 50 rules, locks in the same transaction",
            f"{ruled:,.0f}",
            f"{bare:,.0f} without rules",
            f"{ruled / bare:.2f}",
            f"at least {GOAL_A_MINUTE:,}",
            ruled >= GOAL_A_MINUTE,
        ),
        Figure(
            "one batch of 10,000",
            milliseconds(percentile(took, 0.5)),
            f"worst {milliseconds(max(took))}",
        ),
        Figure("alerts raised, records locked on the way", f"{raised:,}", f"{locks[0]:,} locks"),
    ]


LATENESS = (
    "select d.id::text as id, extract(epoch from a.raised_at) as at from deliveries d"
    " join alerts a on a.id = d.subject_id"
    " where d.company_id = %s and d.kind = 'alert_raised' and d.state = 'sent'"
)


def send(house: House, token: str, key: str) -> None:
    """Send one reading that raises an alert, over HTTP."""
    body = json.dumps({"metric": "level", "value": 5}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    address = f"http://127.0.0.1:{house.port}/api/v1/records/{key}/metrics"
    with urlopen(Request(address, body, headers, method="POST"), timeout=20) as answer:
        assert json.loads(answer.read())["raised"] == 1


def mail(house: House, sink: Sink, count: int) -> Figure:
    """A thousand alerts a minute about records of a hundred owners, who are told of each."""
    world = house.seed("alerts", str(count))
    waiting = "select count(*) from outbox_messages where state in ('pending', 'claimed')"
    eventually(lambda: house.value(waiting) == 0, 120, "first messages sent")
    begun = time.monotonic()
    for number, key in enumerate(world["keys"]):
        due = begun + number * 60 / ALERTS_A_MINUTE
        time.sleep(max(0.0, due - time.monotonic()))
        send(house, world["tokens"][number % len(world["tokens"])], key)
    eventually(lambda: house.value(waiting) == 0, 120, "mails sent")
    arrived = {key.strip("<>").split("@")[0]: at for key, at in sink.when.items()}
    late = [arrived[row["id"]] - float(row["at"]) for row in house.rows(LATENESS, world["company"])]
    assert len(late) == count, (len(late), count)
    p99 = percentile(late, 0.99)
    return Figure(
        "reading over HTTP to mail accepted, 1000 alerts a minute, p99",
        f"{p99:.2f} s",
        f"p50 {percentile(late, 0.5):.2f} s",
        "",
        "below 5 s",
        p99 < 5,
    )


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - its only choice
    """Ingestion on a stage, then mails of a whole installation."""
    figures = ingestion(quick)
    sink = Sink()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        mail_settings = {"WFWEB_SMTP_HOST": "127.0.0.1", "WFWEB_SMTP_PORT": str(sink.port)}
        house = House(folder, WFWEB_DEMO="false", WFWEB_LOG_LEVEL="ERROR", **mail_settings)
        house.start()
        try:
            figures.append(mail(house, sink, 200 if quick else 1000))
        finally:
            house.stop(signal.SIGTERM)
    sink.close()
    return figures


if __name__ == "__main__":
    command("Alerts", measure)
