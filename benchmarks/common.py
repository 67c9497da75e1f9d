"""What all benchmarks share: a table of figures with their goals, many clones, percentiles.

A figure is printed beside a limit or peer of the same run, because absolute times drift with
the machine; the goal beside it is the one of the table in docs/operator-guide.md.
"""

import argparse
import json
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.decision_stage import CLONES, MAP, Stage


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; ``met`` is None where the goal needs another machine to be judged."""

    what: str
    value: str
    peer: str = ""
    ratio: str = ""
    goal: str = ""
    met: bool | None = None


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of values, share between 0 and 1."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def milliseconds(seconds: float) -> str:
    """A duration for the table."""
    return f"{seconds * 1000:.1f} ms"


def rate(count: float, seconds: float, unit: str = "s") -> str:
    """So many a second, rounded as honestly as they were measured."""
    return f"{count / seconds:,.0f}/{unit}"


def took(act: Callable[[], object]) -> float:
    """Seconds that an act takes."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def times(act: Callable[[int], object], count: int) -> list[float]:
    """Seconds of each of ``count`` runs."""
    return [took(lambda n=n: act(n)) for n in range(count)]  # type: ignore[misc]


def memory_mb(pid: int) -> float:
    """Resident memory of a process in MB (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def show(title: str, figures: Sequence[Figure], seconds: float, *, as_json: bool) -> None:
    """Print the table of one benchmark, or one JSON object a figure."""
    if as_json:
        for figure in figures:
            print(json.dumps({"benchmark": title, **asdict(figure)}))
        return
    table = Table(title=f"{title} ({seconds:.0f} s)", title_justify="left")
    for name in ("what", "measured", "beside it", "ratio", "goal", ""):
        table.add_column(name)
    for figure in figures:
        mark = {True: "met", False: "MISSED", None: ""}[figure.met]
        table.add_row(figure.what, figure.value, figure.peer, figure.ratio, figure.goal, mark)
    Console(width=160).print(table)


def command(title: str, measure: Callable[[bool], list[Figure]]) -> None:
    """The main function of a benchmark: ``--quick`` for the short form, ``--json`` for programs."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--json", action="store_true", help="one JSON object a figure")
    parser.add_argument("--quick", action="store_true", help="the short form of `make bench`")
    chosen = parser.parse_args()
    begun = time.perf_counter()
    figures = measure(chosen.quick)
    show(title, figures, time.perf_counter() - begun, as_json=chosen.json)


def many_clones(stage: Stage, count: int, *, at_once: int = 10_000) -> None:
    """Add open requests by the tens of thousands; foreign keys of exact copies go unchecked."""
    with stage.owner() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("set synchronous_commit = off")
        for _ in range(0, count, at_once):
            with connection.transaction():
                connection.execute(MAP, {"count": min(at_once, count)})
                for statement in CLONES:
                    connection.execute(statement, {"request": stage.request_id})
                connection.execute("drop table clone_map")
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")


def hand_over(stage: Stage, people: int) -> None:
    """Share all open requests out: Ada keeps one in so many, colleagues have the others."""
    with stage.owner() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "create temporary table crowd as select n, uuidv7() id from generate_series(1, %s) n",
            (people - 1,),
        )
        connection.execute(
            "insert into users select (jsonb_populate_record(u, jsonb_build_object('id', c.id,"
            " 'email', c.id || '@kestrel.example'))).* from crowd c, users u where u.id = %s",
            (stage.ada_id,),
        )
        connection.execute(
            "update approval_assignments a set user_id = c.id from crowd c, (select id,"
            " row_number() over (order by id) %% %s as n from approval_assignments"
            " where status = 'pending') s where s.id = a.id and c.n = s.n",
            (people,),
        )
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")
