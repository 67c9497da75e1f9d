"""A hundred thousand running clocks: a sweep that finds nothing, and twenty thousand crossings.

Two timers processes share the crossings; one of them is killed in the middle and started again.
Lateness is from the exact instant of a level until somebody else can read the committed row.
Run ``python -m benchmarks.sla``.
"""

import signal
import subprocess
import sys
import time
from typing import Any

from benchmarks.common import Figure, command, milliseconds, percentile, rate, times
from benchmarks.decision_stage import ROOT, Stage, staged

CLOCKS, DUE, SECONDS = 100_000, 20_000, 20
READY = 3  # seconds from arming to the first crossing
PROMISE = {
    "code": "bench_promise",
    "name": "Ten hours",
    "unit": "hours",
    "target": 10,
    "start": {"when": {"field": "key", "operator": "=", "value": "never by itself"}},
}
FILL = """
insert into sla_clocks (id, company_id, definition_id, version_id, definition_code, metric,
    subject_type, subject_id, title, status, level, target_seconds, started_at, due_at,
    segment_started_at, segment_seq, elapsed_seconds, wall_seconds, next_check_at, paused_by_hand,
    round, version)
select uuidv7(), d.company_id, d.id, d.live_version_id, d.code, 'resolution_time', 'record',
    uuidv7(), 'Order ' || n, 'active', 'GREEN', 36000, s, s + interval '10 hours', s, 1, 0, 0,
    s + interval '6 hours', false, 1, 1
from sla_definitions d, (select n, date_trunc('second', now()) - random() * interval '5 hours' as s
    from generate_series(1, %s) n) x where d.code = 'bench_promise'
"""
SOON = """
update sla_clocks c set started_at = x.due - interval '6 hours',
    segment_started_at = x.due - interval '6 hours', due_at = x.due + interval '4 hours',
    next_check_at = x.due
from (select id, date_trunc('second', clock_timestamp())
        + (%(after)s + row_number() over () %% %(seconds)s) * interval '1 second' as due
    from sla_clocks where next_check_at > now() + interval '10 minutes' limit %(count)s) x
where x.id = c.id returning c.next_check_at
"""
SEEN = (
    "select id, at from sla_crossings where noticed_at > clock_timestamp() - interval '8 seconds'"
)


def fill(stage: Stage, count: int) -> None:
    """Start as many clocks as a large company has, none of them due for an hour."""
    from wfweb.kernel.db import transaction
    from wfweb.sla import definitions

    with transaction(company_id=stage.company_id):
        definitions.save_definition(PROMISE)
    with stage.owner() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(FILL, (count,))
        connection.execute("vacuum analyze sla_clocks")
        connection.execute("checkpoint")


def nothing_due(count: int) -> Figure:
    """The sweep that every timers process does twice a second."""
    from wfweb.sla.sweeping import sweep

    for _ in range(5):
        assert sweep() == 0
    spent = times(lambda _n: sweep(), 100)
    median = percentile(spent, 0.5)
    return Figure(
        f"sweep of {count:,} clocks that finds nothing, median",
        milliseconds(median),
        f"p95 {milliseconds(percentile(spent, 0.95))}",
        "",
        "below 5 ms",
        median < 0.005,
    )


def timers() -> "subprocess.Popen[bytes]":
    """Start a timers process, as an installation has them."""
    return subprocess.Popen([sys.executable, "-m", "wfweb", "timers"], cwd=ROOT)


def two_timers(stage: Stage) -> "list[subprocess.Popen[bytes]]":
    """Start two timers processes and wait until both look for clocks."""
    connected = (
        "select count(*) from pg_stat_activity where datname = current_database()"
        " and pid <> pg_backend_pid() and backend_start > %s"
    )
    with stage.owner() as connection:
        (begun,) = connection.execute("select clock_timestamp()").fetchone() or (None,)
        processes = [timers(), timers()]
        until = time.time() + 120
        while (connection.execute(connected, (begun,)).fetchone() or (0,))[0] < 2:
            assert time.time() < until, "the timers did not start"
            time.sleep(0.05)
    return processes


def observe(
    stage: Stage,
    processes: "list[subprocess.Popen[bytes]]",
    count: int,
    until: float,
    kill_at: float,
) -> tuple[list[float], float]:
    """Watch the crossings become visible; kill one of the two processes half-way, start another.

    Returns the lateness of each in seconds, and when one was killed.
    """
    late: dict[Any, float] = {}
    killed = 0.0
    with stage.owner() as connection:
        while len(late) < count and time.time() < until:
            now = time.time()
            if not killed and now > kill_at:
                processes[0].send_signal(signal.SIGKILL)
                processes[0].wait()
                processes.append(timers())
                killed = now
            for row_id, at in connection.execute(SEEN):
                late.setdefault(row_id, now - at.timestamp())
            time.sleep(0.05)
    for process in processes[1:]:
        process.terminate()
        process.wait()
    return list(late.values()), killed


def crossings(stage: Stage, count: int, seconds: int) -> list[Figure]:
    """So many levels reached, spread evenly over some seconds."""
    values = {"after": READY, "seconds": seconds, "count": count}
    processes = two_timers(stage)
    with stage.owner() as connection:
        armed = connection.execute(SOON, values).fetchall()
        begins = min(row[0] for row in armed).timestamp()
    ends = begins + seconds
    late, killed = observe(stage, processes, count, ends + 60, begins + seconds / 2)
    with stage.owner() as connection:
        rows, distinct, told, missed = connection.execute(
            "select count(*), count(distinct clock_id),"
            " (select count(*) from outbox_messages where kind = 'sla.act_on_level'),"
            " (select count(*) from sla_clocks where next_check_at <= now()) from sla_crossings"
        ).fetchone() or (0, 0, 0, 0)
    exactly = rows == distinct == told == count and missed == 0
    p99 = percentile(late, 0.99)
    return [
        Figure(
            f"{count:,} crossings in {seconds} s, two processes, one killed",
            f"{rows:,} rows",
            f"{told:,} events, {count - distinct:,} missing, {rows - distinct:,} twice",
            "",
            "each exactly once",
            exactly,
        ),
        Figure(
            "lateness of a crossing until it is committed, p99",
            f"{p99:.2f} s",
            f"p50 {percentile(late, 0.5):.2f} s, longest {max(late):.2f} s",
            "",
            "below 2 s",
            p99 < 2 and killed > 0,
        ),
    ]


def burst(stage: Stage, count: int) -> Figure:
    """What an outage leaves behind: all due at once, one process."""
    from wfweb.sla.sweeping import sweep

    with stage.owner() as connection:
        connection.execute(
            "update sla_clocks set started_at = started_at - interval '6 hours',"
            " segment_started_at = segment_started_at - interval '6 hours',"
            " due_at = due_at - interval '6 hours', next_check_at = next_check_at"
            " - interval '6 hours' where id in (select id from sla_clocks"
            " where next_check_at > now() + interval '10 minutes' and level = 'GREEN' limit %s)",
            (count,),
        )
    begun = time.perf_counter()
    done = 0
    while found := sweep():
        done += found
    spent = time.perf_counter() - begun
    return Figure(
        f"{done:,} crossings due at once, one process",
        rate(done, spent),
        f"{spent:.1f} s",
        "",
        "caught up within a minute",
        spent < 60,
    )


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - its only choice
    """One installation after another state: nothing due, crossings in time, an outage."""
    clocks, due, seconds = (20_000, 2_000, 5) if quick else (CLOCKS, DUE, SECONDS)
    with staged() as stage:
        fill(stage, clocks)
        figures = [nothing_due(clocks)]
        figures += crossings(stage, due, seconds)
        figures.append(burst(stage, due))
    return figures


if __name__ == "__main__":
    command("Deadlines", measure)
