"""The inbox in a company with 100,000 open requests: the page, its queries, and decisions.

Run ``python -m benchmarks.inbox``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from benchmarks.common import (
    Figure,
    command,
    hand_over,
    many_clones,
    milliseconds,
    percentile,
    rate,
    times,
)
from benchmarks.decision import LIMIT, decide_all, limit_all
from benchmarks.decision_stage import Stage, staged

OPEN = 100_000
PEOPLE = 50  # who share them: 2,000 wait for Ada
MOST_QUERIES = 7
# Each transaction begins with one statement of the house's own (tenant and clock).
SCOPE = "set_config('app.company_id'"


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the statements that go to the database."""
    from wfweb.kernel.db import db

    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if SCOPE not in statement:
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def signed_in(stage: Stage) -> Any:
    """A browser of Ada, whose inbox it is."""
    from wfweb.identity import access, queries
    from wfweb.identity.service.sign_in import begin_session
    from wfweb.kernel.db import transaction

    client = stage.app.test_client()
    with transaction(actor=access.actor_for(stage.ada_id)):
        begun = begin_session(queries.user_by_id(stage.ada_id))
    client.set_cookie(access.cookie_name(), begun.token, domain="localhost")
    return client


def get(client: Any, path: str) -> bytes:
    """The page, which has to come."""
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status)
    return bytes(answer.data)


def pages(stage: Stage, count: int, name: str = "", *, goal: bool = True) -> list[Figure]:
    """The page as a person gets it, through the whole application."""
    client = signed_in(stage)
    found = []
    for path, what in (
        ("/inbox", f"{name}inbox page"),
        ("/inbox?q=Order+77", f"{name}inbox page, filtered by a text"),
    ):
        for _ in range(5):
            get(client, path)
        with counted() as seen:
            size = len(get(client, path))
        spent = times(lambda _n, path=path: get(client, path), count)
        p95 = percentile(spent, 0.95)
        found += [
            Figure(
                f"{what}, p95",
                milliseconds(p95),
                f"p50 {milliseconds(percentile(spent, 0.5))}",
                "",
                "below 60 ms" if goal and path == "/inbox" else "",
                p95 < 0.06 if goal and path == "/inbox" else None,
            ),
            Figure(
                f"{what}, queries",
                str(len(seen)),
                f"{size // 1024} KB",
                "",
                f"at most {MOST_QUERIES}",
                len(seen) <= MOST_QUERIES,
            ),
        ]
        if goal and path == "/inbox":
            found.append(Figure("inbox pages, one process", rate(count, sum(spent))))
    return found


def reads(stage: Stage, count: int) -> list[Figure]:
    """The queries below the page, and the plainest lookup beside them."""
    from sqlalchemy import text

    from wfweb.approvals import queries
    from wfweb.identity.access import actor_for
    from wfweb.kernel.db import session, transaction

    actor = actor_for(stage.ada_id)
    by_key = text("select id from approval_requests where id = :id")

    def list_once(_n: int) -> None:
        with transaction(actor=actor):
            assert len(queries.waiting_for(stage.ada_id).rows) == 50

    def count_once(_n: int) -> None:
        with transaction(actor=actor):
            queries.counts(stage.ada_id)

    def lookup(_n: int) -> None:
        session().execute(by_key, {"id": stage.request_id}).one()

    listed, counts = times(list_once, count), times(count_once, count)
    with transaction(actor=actor):
        key = percentile(times(lookup, count * 10), 0.99)
    return [
        Figure("50 rows of who can act now, p95", milliseconds(percentile(listed, 0.95))),
        Figure("numbers on the tabs, p95", milliseconds(percentile(counts, 0.95))),
        Figure("lookup by key, p99", milliseconds(key), "", "", "below 2 ms", key < 0.002),
    ]


def against_limit(stage: Stage, size: int) -> tuple[float, float]:
    """Decisions a second by the verb, and its share of one PL/pgSQL call at the same moment."""
    verb: list[float] = []
    limit: list[float] = []
    for _round in range(4):
        limit += limit_all(stage, stage.clones(size), 5, 2)
        verb += decide_all(stage, stage.clones(size))
    middle = percentile(verb, 0.5)
    return 1 / middle, percentile(limit, 0.5) / middle


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - its only choice
    """Decide with few and with many open requests, then look at the inbox."""
    size = 40 if quick else 150
    with staged() as stage:
        with stage.owner() as connection:
            connection.execute(LIMIT)
            connection.execute("grant execute on all functions in schema public to wfweb_app")
        stage.clones(1000)
        against_limit(stage, 10)
        few, few_share = against_limit(stage, size)
        many_clones(stage, OPEN)
        against_limit(stage, 10)
        many, many_share = against_limit(stage, size)
        ratio = many_share / few_share
        figures = [
            Figure(
                "decisions with 100,000 open, share of the limit",
                f"{many_share:.2f} ({many:,.0f}/s)",
                f"{few_share:.2f} ({few:,.0f}/s) with 1,000 open",
                f"{ratio:.2f}",
                "at least 0.90",
                ratio >= 0.9,
            ),
        ]
        if not quick:
            figures += pages(stage, 20, "100,000 in one inbox: ", goal=False)
        hand_over(stage, PEOPLE)
        figures += reads(stage, 50 if quick else 300)
        return figures + pages(stage, 60 if quick else 300)


if __name__ == "__main__":
    command("Inbox with 100,000 open requests", measure)
