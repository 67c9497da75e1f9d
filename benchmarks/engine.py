"""Steps without approval, conditions, due moments, and handing effects to the queue.

Run ``python -m benchmarks.engine``.
"""

import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from benchmarks.common import Figure, command, milliseconds, percentile, rate, times, took
from benchmarks.decision_stage import Stage, staged

DUE = 20_000
LOOP: dict[str, Any] = {
    "code": "bench_loop",
    "name": "There and back",
    "record_type": "order",
    "type": "process",
    "states": [
        {"code": "here", "name": "Here", "type": "start"},
        {"code": "there", "name": "There", "type": "normal"},
        {"code": "gone", "name": "Gone", "type": "end"},
    ],
    "transitions": [
        {
            "code": "go",
            "from": "here",
            "to": "there",
            "condition": {"field": "amount", "operator": ">", "value": 100},
        },
        {"code": "back", "from": "there", "to": "here"},
        {"code": "leave", "from": "there", "to": "gone"},
    ],
}


def transitions(stage: Stage, count: int) -> list[Figure]:
    """One act each: load, lock, condition, move, history, audit, commit."""
    from tests.approvals.conftest import World
    from tests.people import People, person_of
    from wfweb.identity import queries
    from wfweb.identity.access import actor_for
    from wfweb.kernel.db import transaction
    from wfweb.records import service as records
    from wfweb.workflow import service as workflow

    with transaction(company_id=stage.company_id):
        named = {
            name: person_of(found)
            for name in ("ada", "rui", "mia", "otto", "cleo", "alma")
            if (found := queries.user_by_email(f"{name}@kestrel.example")) is not None
        }
    people = People(eve=named["alma"], **named)
    World(people).publish(LOOP)
    actor = actor_for(people.rui.id)
    with transaction(actor=actor):
        order = {"subject": "Steel", "amount": {"amount": "1200.00", "currency": "EUR"}}
        record = records.create_record("order", order)
        instance: UUID = workflow.start("bench_loop", record.id).id

    def step(number: int) -> None:
        with transaction(actor=actor):
            workflow.fire(instance, "back" if number % 2 else "go")

    def nothing(_number: int) -> None:
        with transaction(actor=actor) as session:
            session.connection()

    times(step, 50)
    spent = times(step, count)
    empty = percentile(times(nothing, count), 0.5)
    p99, middle = percentile(spent, 0.99), percentile(spent, 0.5)
    return [
        Figure(
            "step without approval, p99",
            milliseconds(p99),
            f"p50 {milliseconds(middle)}, empty transaction {milliseconds(empty)}",
            f"{middle / empty:.1f}",
            "below 30 ms",
            p99 < 0.03,
        ),
        Figure("steps, one process", rate(count, sum(spent))),
    ]


def evaluations(count: int) -> list[Figure]:
    """A compiled condition of three parts against the same written in Python."""
    from wfweb import conditions

    test = conditions.compile(
        {
            "all": [
                {"field": "amount", "operator": ">", "value": 1000},
                {"field": "department", "operator": "in", "value": ["fresh", "dry"]},
                {
                    "any": [
                        {"field": "urgent", "operator": "=", "value": True},
                        {"field": "quantity", "operator": ">=", "value": 10},
                    ]
                },
            ]
        }
    )
    record = {"amount": 1200, "department": "fresh", "urgent": False, "quantity": 12}
    context = conditions.make_context(record, now=datetime(2026, 11, 21, tzinfo=UTC))

    def python() -> None:
        for _ in range(count):
            assert record["amount"] > 1000
            assert record["department"] in {"fresh", "dry"}
            assert record["urgent"] or record["quantity"] >= 10

    def ours() -> None:
        for _ in range(count):
            assert test(context)

    spent, plain = took(ours), took(python)
    return [
        Figure(
            "conditions of four comparisons",
            rate(count, spent),
            f"{rate(count, plain)} in plain Python",
            f"{plain / spent:.3f}",
        )
    ]


def due_moments(stage: Stage, count: int) -> list[Figure]:
    """Moments that all fell due during an outage, fired by one process."""
    from wfweb.events import timers

    with stage.owner() as connection:
        connection.execute(
            "insert into timers (id, company_id, kind, subject_type, subject_id, due_at,"
            " fire_key, payload, state, attempts, created_at)"
            " select uuidv7(), %s, 'bench', 'bench', uuidv7(),"
            " now() - n * interval '1 second', n::text, '{}', 'armed', 0, now()"
            " from generate_series(1, %s) n",
            (stage.company_id, count),
        )
        connection.execute("analyze timers")
    fired: list[UUID] = []
    begun = time.perf_counter()
    while timers.fire_due({"bench": lambda due: fired.append(due.id)}):
        pass
    spent = time.perf_counter() - begun
    assert len(fired) == count
    assert len(set(fired)) == count
    at_goal = DUE * spent / count
    return [
        Figure(
            f"{count:,} due moments, none twice",
            rate(count, spent),
            f"20,000 in {at_goal:.0f} s",
            "",
            "within 60 s",
            at_goal < 60,
        )
    ]


def handing_over(stage: Stage, count: int) -> list[Figure]:
    """Pending effects given to RQ, and taken by one worker that has nothing to do."""
    from wfweb import worker
    from wfweb.events import delivery, relay

    with stage.owner() as connection:
        connection.execute(
            "insert into outbox_messages (id, company_id, kind, payload, state, attempts,"
            " unfinished_claims, created_at, next_at, correlation_id, actor_name)"
            " select uuidv7(), %s, 'bench', '{}', 'pending', 0, 0, now(), now(), uuidv7(), ''"
            " from generate_series(1, %s) n",
            (stage.company_id, count),
        )
        connection.execute("analyze outbox_messages")
        ids = [
            row[0]
            for row in connection.execute("select id from outbox_messages where kind = 'bench'")
        ]
    begun = time.perf_counter()
    given = 0
    while more := relay.relay_once(worker._push, lambda _kind: "inside"):  # noqa: SLF001 - the relay's own
        given += more
    relayed = time.perf_counter() - begun
    assert given >= count
    work = delivery.Handlers(inside={"bench": lambda _payload: None}, outside={})
    some = ids[: count // 5]
    spent = took(lambda: delivery.deliver(some, work))
    return [
        Figure(f"{count:,} effects handed to the queue", rate(count, relayed)),
        Figure(
            "effects claimed, done and marked, one worker",
            rate(len(some), spent),
            "276/s RQ without the outbox (reference)",
        ),
    ]


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - its only choice
    """Everything in one installation."""
    few = 5 if quick else 1
    figures = evaluations(100_000 // few)
    with staged() as stage:
        figures += transitions(stage, 1000 // few)
        figures += due_moments(stage, DUE // few)
        figures += handing_over(stage, 10_000 // few)
    return figures


if __name__ == "__main__":
    command("Engine and events", measure)
