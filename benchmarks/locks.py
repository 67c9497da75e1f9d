"""The guard at a million locks, the expiry of ten thousand, and ten thousand interleavings.

Run ``python -m benchmarks.locks``.
"""

import http.client
import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from werkzeug.serving import WSGIRequestHandler, make_server

from benchmarks.common import Figure, command, milliseconds, percentile, rate, times, took
from benchmarks.decision_stage import Stage, staged

LOCKS, RECORDS, DUE, TRIALS = 1_000_000, 200_000, 10_000, 10_000
CHECK_LIMIT, HTTP_LIMIT, EXPIRY_LIMIT = 0.002, 0.010, 10.0
SEED = 20261121
FILL_RECORDS = """
insert into records select (jsonb_populate_record(r, jsonb_build_object(
    'id', uuidv7(), 'key', 'B-' || n, 'has_active_alerts', true))).*
from records r, generate_series(1, %(count)s) n where r.id = %(record)s
"""
FILL_LOCKS = """
insert into workflow_locks (id, company_id, record_id, alert_id, lock_type, lock_reason,
    lock_severity, locked_at, unlocked_at, lock_duration_hours, status, unlocked_by,
    unlock_reason, blocked_actions, lock_notification_sent, unlock_notification_sent, updated_at)
select gen_random_uuid(), r.company_id, r.id, %(alert)s, 'refinance_block', 'Coverage is 1.1',
    'critical', now() - interval '30 days' - s.n * interval '1 hour',
    case when s.n > 1 then now() end, case when s.n > 1 then 720 end,
    case when s.n > 1 then 'unlocked' else 'locked' end, null,
    case when s.n > 1 then 'So decided' end, array['refinance'], true, true, now()
from records r, generate_series(1, %(each)s) s(n) where r.key like 'B-%%'
"""
MAKE_DUE = """
update workflow_locks set locked_at = now() - interval '91 days' where id in (
    select id from workflow_locks where status = 'locked' limit %(count)s)
"""


def fill(stage: Stage, estate: Any, locks: int, records: int) -> list[UUID]:
    """Spread locks over records, one standing on each; return some of the records."""
    record, lock = estate.locked()
    with stage.owner() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("set synchronous_commit = off")
        connection.execute(FILL_RECORDS, {"count": records, "record": record})
        each = {"alert": lock.alert_id, "each": locks // records}
        connection.execute(FILL_LOCKS, each)
        connection.execute("vacuum analyze workflow_locks")
        connection.execute("vacuum analyze records")
        connection.execute("checkpoint")
        rows = connection.execute(
            "select id from records where key like 'B-%' order by random() limit 2000"
        )
        return [row[0] for row in rows]


def figure(what: str, spent: list[float], limit: float) -> Figure:
    """The slowest of a hundred, beside the median."""
    p99 = percentile(spent, 0.99)
    return Figure(
        f"{what}, p99",
        milliseconds(p99),
        f"median {milliseconds(percentile(spent, 0.5))}",
        "",
        f"below {limit * 1000:.0f} ms",
        p99 < limit,
    )


def in_process(estate: Any, records: list[UUID], count: int) -> list[Figure]:
    """The question and the guard itself, within an act that is under way."""
    from wfweb.kernel.db import transaction
    from wfweb.locks import database, guard

    some = random.Random(SEED)
    with transaction(actor=estate.people.rui.actor):
        for record in records[:50]:
            guard.require(record, "sell")
        free = times(lambda _n: guard.check(some.choice(records), "sell"), count)
        held = times(lambda _n: guard.require(some.choice(records), "sell"), count)
        yes = times(lambda _n: database.is_blocked(some.choice(records), "refinance"), count)
        names = times(lambda _n: guard.check(some.choice(records), "refinance"), count // 4)
    return [
        figure("check of a free action", free, CHECK_LIMIT),
        figure("guard before an act, holding the record", held, CHECK_LIMIT),
        figure("check of a blocked action", yes, CHECK_LIMIT),
        figure("refusal with reasons and who can release", names, HTTP_LIMIT),
    ]


class Quiet(WSGIRequestHandler):
    """A server that says nothing about each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@contextmanager
def served(stage: Stage) -> Iterator[int]:
    """The application behind a real socket; yields the port."""
    server = make_server("127.0.0.1", 0, stage.app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()


def ask_for(port: int, address: str, headers: dict[str, str]) -> Any:
    """What is answered to a GET, which has to be 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", address, headers=headers)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    assert answer.status == 200, body
    connection.close()
    return body


def over_http(stage: Stage, estate: Any, records: list[UUID], count: int) -> list[Figure]:
    """``GET .../check-action`` of a program with a token, beside the cheapest call there is."""
    from tests.api.conftest import token_for
    from wfweb.kernel import api

    headers = {"Authorization": f"Bearer {token_for(estate.people.alma)}", "Host": "localhost"}
    some = random.Random(SEED)
    with served(stage) as port:

        def ask(_n: int) -> None:
            address = f"{api.PREFIX}/records/{some.choice(records)}/check-action?action=sell"
            assert ask_for(port, address, headers)["allowed"] is True

        def nothing(_n: int) -> None:
            ask_for(port, f"{api.PREFIX}/lock-types", headers)

        times(ask, 20)
        spent, least = times(ask, count), times(nothing, count)
    return [
        figure("GET check-action through HTTP", spent, HTTP_LIMIT),
        figure("GET of a short list through HTTP, for comparison", least, HTTP_LIMIT),
    ]


def expiry(stage: Stage, due: int) -> Figure:
    """What the worker does at the hour at which so many locks are over."""
    from wfweb.locks import jobs

    with stage.owner() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(MAKE_DUE, {"count": due})
        connection.execute("analyze workflow_locks")
    ended = 0

    def run() -> None:
        nonlocal ended
        ended = jobs.expire_due()

    seconds = took(run)
    assert ended == due, ended
    return Figure(
        f"expiry of {due:,} locks, audited and told",
        f"{seconds:.1f} s",
        rate(due, seconds),
        "",
        f"below {EXPIRY_LIMIT:.0f} s",
        seconds < EXPIRY_LIMIT,
    )


def interleavings(stage: Stage, estate: Any, count: int) -> Figure:
    """A lock, an edit and a permit at the same moment: nothing blocked is later than the lock."""
    from tests.locks.interleaving import race

    seconds = 0.0
    found: Any = None

    def run() -> None:
        nonlocal found
        found = race(stage.app, estate, count, SEED)

    seconds = took(run)
    sides = ", ".join(f"{name} {number:,}" for name, number in sorted(found.counted.items()))
    return Figure(
        f"{count:,} interleavings of lock, edit and permit",
        f"{len(found.wrong)} wrong",
        sides,
        rate(count, seconds),
        "0 wrong",
        not found.wrong,
    )


def settled(stage: Stage) -> Any:
    """The people of the stage, with properties, rules, kinds of locks and a committee."""
    from tests.locks.conftest import make_estate
    from tests.people import People, person_of
    from wfweb.identity import queries
    from wfweb.kernel.db import transaction

    with transaction(company_id=stage.company_id):
        named = {
            name: person_of(found)
            for name in ("ada", "rui", "mia", "otto", "cleo", "alma")
            if (found := queries.user_by_email(f"{name}@kestrel.example")) is not None
        }
    return make_estate(People(eve=named["alma"], **named))


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - what the common command hands over
    """All of it; the short form has a twentieth of the locks."""
    share = 20 if quick else 1
    with staged() as stage:
        estate = settled(stage)
        races = interleavings(stage, estate, 100 if quick else TRIALS)
        records = fill(stage, estate, LOCKS // share, RECORDS // share)
        count = 400 if quick else 4000
        return [
            *in_process(estate, records, count),
            *over_http(stage, estate, records, min(count, 500)),
            expiry(stage, DUE // share),
            races,
        ]


if __name__ == "__main__":
    command("Locks", measure)
