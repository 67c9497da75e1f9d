"""The board of a company with 10,000 open clocks and 100,000 ended ones.

Run ``python -m benchmarks.sla_board``.
"""

from typing import Any

from benchmarks.common import Figure, command, milliseconds, percentile, times
from benchmarks.decision_stage import Stage, staged
from benchmarks.inbox import counted, get, signed_in

OPEN, ENDED = 10_000, 100_000
TEAMS = ("member", "approver", "committee", "operator")
OFFICE = {
    "tz": "Europe/Berlin",
    "weekly": {
        day: [["08:00", "12:00"], ["13:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")
    },
    "yearly_holidays": ["01-01", "05-01", "10-03", "12-25", "12-26"],
}
PROMISES = ("answer", "decide", "deliver")
# Every level has its share of the clocks, as a company has them that is mostly in time.
FILL = """
insert into sla_clocks (id, company_id, definition_id, version_id, definition_code, metric,
    subject_type, subject_id, title, url, status, level, target_seconds, started_at, due_at,
    breached_at, completed_at, segment_started_at, segment_seq, elapsed_seconds, wall_seconds,
    next_check_at, paused_at, pause_reason, paused_by_hand, owner_id, team, calendar_version_id,
    round, version)
select uuidv7(), d.company_id, d.id, d.live_version_id, d.code, 'resolution_time', 'record',
    uuidv7(), 'Order ' || n || ' of tubes and fittings', '/records/order/ORD-' || n,
    case when level = 'BREACHED' then 'breached' when ended then 'met'
        when n %% 20 = 0 then 'paused' else 'active' end,
    level, 36000, due - interval '3 days',
    case when n %% 20 = 0 and not ended and level <> 'BREACHED' then null else due end,
    case when level = 'BREACHED' then due end, case when ended then due + interval '1 hour' end,
    due - interval '3 days', 1,
    case when ended or n %% 20 = 0 then 20000 else 0 end, 0,
    case when ended or level = 'BREACHED' or n %% 20 = 0 then null
        else now() + interval '5 hours' end,
    case when n %% 20 = 0 and not ended and level <> 'BREACHED' then now() end,
    case when n %% 20 = 0 and not ended then 'waiting for the vendor' end, false, %(owner)s,
    (array['member', 'approver', 'committee', 'operator'])[1 + n %% 4], v.id, 1, 1
from (select n, %(ended)s as ended,
        (array['GREEN', 'GREEN', 'GREEN', 'YELLOW', 'ORANGE', 'RED', 'BREACHED'])[1 + n %% 7]
            as level,
        date_trunc('second', now())
            + case when n %% 7 = 6 or %(ended)s then -random() else random() end
            * interval '20 days' as due
    from generate_series(1, %(count)s) n) x,
    (select *, row_number() over (order by code) - 1 as place from sla_definitions) d,
    (select id from calendar_versions limit 1) v
where d.place = n %% 3
"""

# Two moments of each ended clock, for the forecast to look back at.
CROSSED = """
insert into sla_crossings (id, company_id, clock_id, round, level, at, noticed_at, overtaken)
select uuidv7(), company_id, id, round, reached, completed_at - spent, completed_at, false
from sla_clocks,
    (values ('YELLOW', interval '2 days'), ('ORANGE', interval '1 day')) as x (reached, spent)
where completed_at is not null
"""


def fill(stage: Stage, open_clocks: int, ended: int) -> None:
    """Give the company its clocks, counted in office hours."""
    from wfweb.calendars import service as calendars
    from wfweb.kernel.db import transaction
    from wfweb.sla import definitions

    with transaction(company_id=stage.company_id):
        calendars.save_calendar("office", OFFICE, name="Office")
        calendars.publish("office", comment="For measuring")
        for code in PROMISES:
            never = {"when": {"field": "key", "operator": "=", "value": "never by itself"}}
            definitions.save_definition(
                {"code": code, "name": code.title(), "target": 10, "calendar": "office",
                 "start": never}
            )  # fmt: skip
    with stage.owner() as connection:
        connection.execute("set session_replication_role = replica")
        for count, done in ((open_clocks, False), (ended, True)):
            values = {"count": count, "ended": done, "owner": stage.ada_id}
            connection.execute(FILL, values)
        connection.execute(CROSSED)
        connection.execute(
            "update roles set permissions = array_append(permissions, 'sla.view')"
            " where not 'sla.view' = any(permissions)"
        )
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")


def pages(stage: Stage, count: int, open_clocks: int) -> list[Figure]:
    """The board as a person gets it, through the whole application."""
    client = signed_in(stage)
    found = []
    for path, what, limit in (
        ("/sla?scope=everyone", "board", 0.1),
        ("/sla?scope=mine", "board of my own", 0.1),
        ("/sla?scope=everyone&view=table", "table", 0.1),
        ("/sla?scope=everyone&level=GREEN", "one level", 0.1),
        ("/sla?scope=everyone&q=Order+77", "board, filtered by a text", 0.1),
        ("/sla/report", "report of six months", None),
        ("/sla/forecast?scope=everyone", "forecast", None),
    ):
        found.append(_page(client, path, f"{what}, {open_clocks:,} open clocks", count, limit))
    found.append(_poll(client, count))
    return found


def _page(client: Any, path: str, what: str, count: int, limit: float | None) -> Figure:
    for _ in range(3):
        get(client, path)
    with counted() as seen:
        size = len(get(client, path))
    spent = times(lambda _n: get(client, path), count)
    p95 = percentile(spent, 0.95)
    return Figure(
        f"{what}, p95",
        milliseconds(p95),
        f"p50 {milliseconds(percentile(spent, 0.5))}, {len(seen)} queries, {size // 1000} kB",
        "",
        f"below {limit * 1000:.0f} ms" if limit else "",
        p95 < limit if limit else None,
    )


def _poll(client: Any, count: int) -> Figure:
    """What an open tab asks for every twenty seconds while nothing happens."""
    import re

    page = get(client, "/sla?scope=everyone").decode()
    match = re.search(r'hx-get="(/sla/cards[^"]*)"', page)
    assert match is not None
    address = match[1].replace("&amp;", "&")

    def ask(_number: int) -> None:
        assert client.get(address).status_code == 204

    spent = times(ask, count)
    p95, half = percentile(spent, 0.95), percentile(spent, 0.5)
    return Figure(
        "poll of the board without news, p95", milliseconds(p95), f"p50 {milliseconds(half)}"
    )


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - called by `command`
    """All figures."""
    open_clocks, ended = (OPEN, ENDED // 10) if quick else (OPEN, ENDED)
    with staged() as stage:
        fill(stage, open_clocks, ended)
        return pages(stage, 10 if quick else 60, open_clocks)


if __name__ == "__main__":
    command("The board", measure)
