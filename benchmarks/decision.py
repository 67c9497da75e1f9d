"""Decisions a second: the verb with everything on, against one PL/pgSQL call for the same rows.

Run ``python -m benchmarks.decision``. Ratios of one run count; absolute numbers drift with
the machine. The verb is measured with the application's full fan-out (every wired reaction)
and with audit and two outbox messages only, each beside the limit with as many rows.
"""

import argparse
import json
import multiprocessing
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.decision_stage import Stage, application, staged

Seat = tuple[UUID, UUID]
LIMIT = (Path(__file__).parent / "sql" / "decide.sql").read_text()


def decide_all(stage: Stage, seats: Sequence[Seat]) -> list[float]:
    """Decide through the verb, one transaction each; return seconds of each."""
    from wfweb.approvals import service as approvals
    from wfweb.identity.access import actor_for
    from wfweb.kernel.db import transaction

    with transaction(company_id=stage.company_id):
        actor = actor_for(stage.ada_id)
    took = []
    for _request, seat in seats:
        begun = time.perf_counter()
        with transaction(actor=actor):
            approvals.decide(seat, "approve", digest=stage.digest)
        took.append(time.perf_counter() - begun)
    return took


def limit_all(stage: Stage, seats: Sequence[Seat], audit: int, outbox: int) -> list[float]:
    """Decide by the PL/pgSQL function as the application's role; return seconds of each."""
    details = json.dumps({"comment": None, "digest": stage.digest, "level_name": "Level 1"})
    took = []
    with stage.owner() as connection:
        connection.execute("set role wfweb_app")
        connection.autocommit = False
        for request, _seat in seats:
            begun = time.perf_counter()
            row = connection.execute(
                "select bench_decide(%s, %s, %s, 'Ada Approves', %s, %s, %s::jsonb)",
                (stage.company_id, request, stage.ada_id, audit, outbox, details),
            ).fetchone()
            connection.commit()
            took.append(time.perf_counter() - begun)
            assert row == ("approved",)
    return took


def rows_of_one(stage: Stage) -> tuple[int, int]:
    """Return how many audit entries and outbox messages one decision writes."""
    ((request, seat),) = stage.clones(1)
    count = "select count(*) from {} where {}"
    with stage.owner() as connection:
        before = connection.execute("select count(*) from outbox_messages").fetchone()
        decide_all(stage, [(request, seat)])
        audit = connection.execute(
            count.format(
                "audit_events",
                "request_id = %(r)s or instance_id ="
                " (select instance_id from approval_requests where id = %(r)s)",
            ),
            {"r": request},
        ).fetchone()
        after = connection.execute("select count(*) from outbox_messages").fetchone()
    assert before is not None
    assert after is not None
    assert audit is not None
    return audit[0], after[0] - before[0]


def compare(stage: Stage, size: int) -> dict[str, Any]:
    """Interleave verb and limit on fresh requests; return rates and their ratio.

    They take turns every ten decisions, so that whatever else the machine does meets both.
    """
    audit, outbox = rows_of_one(stage)
    verb: list[float] = []
    limit: list[float] = []
    seats = stage.clones(2 * size)
    for start in range(0, 2 * size, 20):
        limit += limit_all(stage, seats[start : start + 10], audit, outbox)[1:]
        verb += decide_all(stage, seats[start + 10 : start + 20])[1:]
    return {
        "audit_rows": audit,
        "outbox_rows": outbox,
        "verb_per_second": round(1 / statistics.median(verb)),
        "limit_per_second": round(1 / statistics.median(limit)),
        "verb_p99_ms": round(sorted(verb)[int(len(verb) * 0.99)] * 1000, 2),
        "ratio": round(statistics.median(limit) / statistics.median(verb), 3),
    }


def only_audit_and_two_messages() -> None:
    """Leave audit, the engine's continuation and two outbox messages of the wiring."""
    from wfweb import audit, events
    from wfweb.approvals import reactions
    from wfweb.approvals.events import DecisionRecorded, RequestApproved
    from wfweb.workflow.events import InstanceMoved, StateEntered

    events.clear()
    events.subscribe_now(events.Event, audit.record)
    events.subscribe_now(StateEntered, reactions.on_state_entered)
    events.subscribe_now(InstanceMoved, reactions.on_instance_moved)
    events.subscribe_later(DecisionRecorded, "bench")
    events.subscribe_later(RequestApproved, "bench")


def by_threads(stage: Stage, workers: int, size: int) -> int:
    """Return decisions a second by threads of one process, on different requests."""
    seats = stage.clones(size)
    gate = threading.Barrier(workers + 1)

    def work(mine: Sequence[Seat]) -> None:
        with stage.app.app_context():
            gate.wait()
            decide_all(stage, mine)

    threads = [
        threading.Thread(target=work, args=(seats[number::workers],)) for number in range(workers)
    ]
    for thread in threads:
        thread.start()
    gate.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    return round(size / (time.perf_counter() - begun))


def _process(
    values: dict[str, Any], seats: Sequence[Seat], gate: Any, done: Any, call: str
) -> None:
    app = application(values["url"], 4)
    stage = Stage(app=app, **values)
    with app.app_context():
        work: Callable[[], object] = (
            (lambda: decide_all(stage, seats))
            if call == "verb"
            else (lambda: limit_all(stage, seats, 5, 2))
        )
        gate.wait()
        work()
        done.wait()


def by_processes(stage: Stage, workers: int, size: int, call: str) -> int:
    """Return decisions a second by processes, through the verb or by the limit."""
    context = multiprocessing.get_context("spawn")
    gate, done = context.Barrier(workers + 1), context.Barrier(workers + 1)
    seats = stage.clones(size)
    values = {
        "url": stage.url,
        "company_id": stage.company_id,
        "ada_id": stage.ada_id,
        "request_id": stage.request_id,
        "digest": stage.digest,
    }
    processes = [
        context.Process(target=_process, args=(values, seats[n::workers], gate, done, call))
        for n in range(workers)
    ]
    for process in processes:
        process.start()
    gate.wait()
    begun = time.perf_counter()
    done.wait()
    took = time.perf_counter() - begun
    for process in processes:
        process.join()
    return round(size / took)


def bulk(stage: Stage, size: int) -> dict[str, Any]:
    """Return how long one bulk takes, and the same number one by one."""
    from wfweb.approvals import service as approvals
    from wfweb.identity.access import actor_for
    from wfweb.kernel.db import transaction

    with transaction(company_id=stage.company_id):
        actor = actor_for(stage.ada_id)
    took = []
    for _round in range(3):
        ids = [request for request, _seat in stage.clones(size)]
        begun = time.perf_counter()
        with transaction(actor=actor):
            results = approvals.decide_many(
                ids, "approve", digests=dict.fromkeys(ids, stage.digest)
            )
        took.append(time.perf_counter() - begun)
        assert all(result.refusal is None for result in results)
    single = sum(decide_all(stage, stage.clones(size)))
    best = statistics.median(took)
    return {
        "items": size,
        "bulk_seconds": round(best, 3),
        "one_by_one_seconds": round(single, 3),
        "times_faster": round(single / best, 1),
        "items_per_second": round(size / best),
    }


def main() -> None:
    """Measure and print; ``--json`` prints one object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    chosen = parser.parse_args()
    scale = 10 if chosen.quick else 1
    with staged() as stage:
        with stage.owner() as connection:
            connection.execute(LIMIT)
            connection.execute("grant execute on all functions in schema public to wfweb_app")
        stage.clones(2000 // scale)
        decide_all(stage, stage.clones(50))
        found: dict[str, Any] = {"full_fan_out": compare(stage, 1000 // scale)}
        found["threads"] = {n: by_threads(stage, n, 600 // scale) for n in (1, 4, 16)}
        found["processes"] = {
            call: {n: by_processes(stage, n, 800 // scale, call) for n in (1, 2, 4)}
            for call in ("verb", "limit")
        }
        found["bulk"] = bulk(stage, 500)
        only_audit_and_two_messages()
        found["audit_and_two_messages"] = compare(stage, 1000 // scale)
    print(json.dumps(found, indent=None if chosen.json else 2))


if __name__ == "__main__":
    main()
