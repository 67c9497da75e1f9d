"""Replay of a real organisation's expense declarations, in batches and one act an event.

Run ``python -m benchmarks.replay``; needs the logs of ``../shared/data``.
"""

import gzip
import json
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.common import Figure, command, percentile
from wfweb.dev.servers import EmbeddedServers

LOGS = Path(__file__).parent.parent.parent / "shared" / "data" / "logs"
DEFINITION = LOGS / "definitions" / "bpi2020_domestic_declarations__declaration_v1.json"
LOG = LOGS / "bpi2020_domestic_declarations.jsonl.gz"


def run(log: Path, *words: str) -> dict[str, Any]:
    """Call ``wfweb replay`` as a person does; its report."""
    argv = [sys.executable, "-m", "wfweb", "replay", "--json", "--log", str(log)]
    argv += ["--definition", str(DEFINITION), *words]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def shortened(folder: Path, cases: int) -> Path:
    """The first cases of the log in a file of their own."""
    path = folder / "short.jsonl.gz"
    with gzip.open(LOG, "rt") as whole, gzip.open(path, "wt") as part:
        part.writelines(islice(whole, cases))
    return path


def commits_a_second(count: int) -> float:
    """One row and one durable commit at a time: what the disk allows while the replay runs."""
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedServers(Path(folder), durable=True) as servers,
        psycopg.connect(servers.database_url.replace("+psycopg", "")) as connection,
    ):
        connection.execute("create table t (n int)")
        spent = []
        for number in range(count):
            begun = time.perf_counter()
            connection.execute("insert into t values (%s)", (number,))
            connection.commit()
            spent.append(time.perf_counter() - begun)
    return 1 / percentile(spent, 0.5)


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - its only choice
    """All events in batches, then a part of them in one transaction each."""
    if not LOG.exists():
        return [Figure("skipped", "the logs are not here", "", "", str(LOG))]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        batch = run(shortened(folder, 2000) if quick else LOG)
        single = run(shortened(folder, 200 if quick else 1000), "--commit-each")
    found = []
    rates = [report["events"] / report["seconds"] for report in (batch, single)]
    for what, report, speed, goal in (
        ("events in batches", batch, rates[0], 1000),
        ("events, one transaction each", single, rates[1], 300),
    ):
        found.append(
            Figure(
                what,
                f"{speed:,.0f}/s",
                f"{report['events']:,} events",
                f"{speed / rates[0]:.2f}",
                f"above {goal:,}/s",
                speed > goal,
            )
        )
    commits = commits_a_second(200)
    found.append(
        Figure(
            "one event against one durable commit of one row",
            f"{rates[1]:,.0f}/s",
            f"{commits:,.0f} commits/s",
            f"{rates[1] / commits:.2f}",
        )
    )
    return found


if __name__ == "__main__":
    command("Replay of domestic declarations", measure)
