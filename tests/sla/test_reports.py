"""How deadlines were kept: counted again by hand from the same clocks."""

import csv
import io
import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from tests.approvals.counting import statements
from tests.people import People, Person
from tests.sla.board_world import HOUR, define, ended, running
from wfweb.kernel import clock, csvfiles
from wfweb.kernel.db import session, transaction
from wfweb.sla import by_hand, plots, reports
from wfweb.sla.cards import NAMES
from wfweb.sla.models import SlaClock
from wfweb.sla.reports import Period, Tally, last_months, month_after

Open = Callable[[Person | None], FlaskClient]
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
BERLIN = "Europe/Berlin"


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    with clock.at(NOW):
        yield


def period(months: int = 6, zone: str = "UTC") -> Period:
    return last_months(months, date(2026, 11, 25), zone)


def test_months_are_whole_and_end_with_this_one() -> None:
    assert month_after(date(2026, 11, 25), -11) == date(2025, 12, 1)
    assert month_after(date(2026, 12, 31), 1) == date(2027, 1, 1)
    assert period(3).all_months() == [date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)]
    assert period(1, BERLIN).begins == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert period(1, BERLIN).ends == datetime(2026, 11, 30, 23, tzinfo=UTC)


def test_every_number_agrees_with_counting_by_hand(people: People) -> None:
    """Three hundred random clocks in two definitions and three teams, some open, some cancelled."""
    dice = random.Random(11)
    made = [define(people.alma), define(people.alma, "repair")]
    teams = ["approver", "committee", None]
    for _ in range(300):
        at = NOW - timedelta(seconds=dice.randrange(240 * 86_400))
        values: dict[str, Any] = {"team": dice.choice(teams), "at": at}
        if dice.random() < 0.1:
            values |= {"status": "cancelled"}
        took = dice.randrange(1, 14 * HOUR)
        ended(people.alma, dice.choice(made), took=took, **values)
    for used in (10, 130, 900):
        running(people.alma, made[0], used=used, now=NOW, team="approver")
    wanted = period(zone=BERLIN)
    with transaction(actor=people.alma.actor):
        lines = reports.adherence(wanted, made)
        half = reports.durations(wanted, made)
        clocks = list(session().query(SlaClock))
    expected: Counter[Any] = Counter()
    took_by: dict[Any, list[int]] = {}
    for one in clocks:
        fate = one.breached_at or one.completed_at
        if fate is None:
            continue
        local = fate.astimezone(ZoneInfo(BERLIN))
        if not datetime(2026, 6, 1, tzinfo=ZoneInfo(BERLIN)) <= local:
            continue
        month = local.date().replace(day=1)
        place = (one.definition_id, one.team or "", month)
        cancelled = one.status == "cancelled"
        if cancelled and one.breached_at is None:
            expected[*place, "withdrawn"] += 1
            continue
        expected[*place, one.level] += 1
        expected[*place, "cancelled late"] += cancelled
        if one.completed_at is not None and not cancelled:
            took_by.setdefault(one.definition_id, []).append(one.elapsed_seconds)
    counted = {
        (line.definition_id, line.team, line.month, level): count
        for line in lines
        for level, count in [
            *line.tally.levels.items(),
            ("cancelled late", line.tally.cancelled_late),
            ("withdrawn", line.tally.withdrawn),
        ]
        if count
    }
    assert counted == +expected
    assert {what for *_place, what in counted} >= {"cancelled late", "withdrawn"}
    assert {key: found.half for key, found in half.items()} == {
        key: median(values) for key, values in took_by.items()
    }


def test_what_is_late_and_not_done_counts_as_missed_already(people: People) -> None:
    made = define(people.alma)
    running(people.alma, made, used=150, now=NOW)
    with transaction(actor=people.alma.actor):
        (line,) = reports.adherence(period(), [made])
    assert (line.tally.total, line.tally.late) == (1, 1)


def test_a_late_one_counts_in_the_month_it_breached_not_when_it_ended(people: People) -> None:
    made = define(people.alma)
    ended(people.alma, made, took=40 * 24 * HOUR, at=datetime(2026, 11, 20, tzinfo=UTC))
    with transaction(actor=people.alma.actor):
        (line,) = reports.adherence(period(), [made])
    assert line.month == date(2026, 10, 1)


def cancelled(people: People, definition_id: UUID, used: int, at: datetime, **values: Any) -> UUID:
    """A clock that was cancelled after so many percent of its time."""
    took = 10 * HOUR * used // 100
    return ended(people.alma, definition_id, took=took, at=at, status="cancelled", **values)


def test_a_breach_stays_in_the_report_when_the_clock_is_cancelled(people: People) -> None:
    made = define(people.alma)
    late = running(people.alma, made, used=150, now=NOW)
    fine = running(people.alma, made, used=70, now=NOW)
    with transaction(actor=people.alma.actor):
        (before,) = reports.adherence(period(), [made])
    for clock_id in (late, fine):
        with transaction(actor=people.alma.actor):
            by_hand.cancel(clock_id, "Opened by mistake")
    with transaction(actor=people.alma.actor):
        (after,) = reports.adherence(period(), [made])
        assert reports.durations(period(), [made]) == {}
    assert (before.tally.total, before.tally.late) == (1, 1)
    assert (after.tally.total, after.tally.late, after.tally.cancelled_late) == (1, 1, 1)
    assert after.tally.withdrawn == 1


def test_what_was_cancelled_after_its_breach_counts_in_the_month_of_the_breach(
    people: People,
) -> None:
    made = define(people.alma)
    cancelled(people, made, 40 * 24 * 10, datetime(2026, 11, 20, tzinfo=UTC))
    with transaction(actor=people.alma.actor):
        (line,) = reports.adherence(period(), [made])
    assert (line.month, line.tally.cancelled_late) == (date(2026, 10, 1), 1)


def test_page_and_files_say_what_was_cancelled_before_and_after_its_breach(
    people: People, client_of: Open
) -> None:
    made = define(people.alma)
    ended(people.alma, made, took=HOUR, at=NOW)
    cancelled(people, made, 120, NOW)
    for _ in range(2):
        cancelled(people, made, 50, NOW)
    client = client_of(people.ada)
    page = client.get("/sla/report").text
    assert "1 of them breached, then cancelled" in page
    assert "2 cancelled before they were late are not judged" in page
    (row,) = table(client, "/sla/report.csv")
    names = ("clocks", "in_time", "breached", "breached_then_cancelled", "cancelled_not_judged")
    assert [row[name] for name in names] == ["2", "1", "1", "1", "2"]
    each = table(client, "/sla/report/clocks.csv")
    assert Counter(row["counts_as"] for row in each) == {
        "in time": 1,
        "breached, then cancelled": 1,
        "cancelled, not judged": 2,
    }


def test_a_month_of_nothing_but_cancelled_clocks_has_no_percentage(
    people: People, client_of: Open
) -> None:
    made = define(people.alma)
    cancelled(people, made, 50, NOW)
    client = client_of(people.ada)
    (row,) = table(client, "/sla/report.csv")
    assert (row["clocks"], row["in_time_percent"], row["cancelled_not_judged"]) == ("0", "", "1")
    page = client.get("/sla/report").text
    assert "1 cancelled before it was late is not judged" in page


def test_an_hour_before_midnight_in_berlin_is_still_this_month(people: People) -> None:
    made = define(people.alma)
    ended(people.alma, made, took=60, at=datetime(2026, 10, 31, 23, 30, tzinfo=UTC))
    with transaction(actor=people.alma.actor):
        (utc,) = reports.adherence(period(), [made])
        (berlin,) = reports.adherence(period(zone=BERLIN), [made])
    assert (utc.month, berlin.month) == (date(2026, 10, 1), date(2026, 11, 1))


def table(client: FlaskClient, path: str) -> list[dict[str, str]]:
    answer = client.get(path)
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_page_table_and_file_have_the_same_numbers(people: People, client_of: Open) -> None:
    made = define(people.alma, name="First answer")
    for number in range(12):
        ended(people.alma, made, took=9 * HOUR, at=NOW - timedelta(days=number), team="approver")
    ended(people.alma, made, took=11 * HOUR, at=NOW - timedelta(days=2))
    client = client_of(people.ada)
    page = client.get("/sla/report").text
    rows = table(client, "/sla/report.csv")
    each = table(client, "/sla/report/clocks.csv")
    assert "92.3 %" in page
    assert "12 of 13" in page
    assert "First answer" in page
    assert sum(int(row["clocks"]) for row in rows) == len(each) == 13
    assert sum(int(row["breached"]) for row in rows) == 1
    assert {row["team"] for row in rows} == {"approver", ""}
    assert next(row for row in each if row["status"] == "breached")["business_seconds"] == "39600"
    only = table(client, "/sla/report.csv?team=-")
    assert [(row["clocks"], row["in_time_percent"]) for row in only] == [("1", "0.0")]


def test_a_percentage_of_few_is_not_shown(people: People, client_of: Open) -> None:
    made = define(people.alma)
    ended(people.alma, made, took=HOUR, at=NOW)
    page = client_of(people.ada).get("/sla/report").text
    assert "1 of 1" in page
    assert "too few" in page
    assert "100.0 %" not in page


def test_a_file_of_more_than_one_batch_has_every_clock_once(
    people: People, client_of: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "BATCH", 7)
    made = define(people.alma)
    ids = {str(ended(people.alma, made, took=HOUR, at=NOW)) for _ in range(21)}
    rows = table(client_of(people.ada), "/sla/report/clocks.csv")
    assert {row["id"] for row in rows} == ids
    assert len(rows) == 21


def test_no_cell_is_computed_by_a_spreadsheet(people: People, client_of: Open) -> None:
    made = define(people.alma)
    ended(people.alma, made, took=HOUR, at=NOW, title='=HYPERLINK("http://evil","x")')
    (row,) = table(client_of(people.ada), "/sla/report/clocks.csv")
    assert row["title"].startswith("'=")
    assert csvfiles.safe_cell(-3) == "-3"
    assert [csvfiles.safe_cell(text) for text in ("+1", "@x", "a-b")] == ["'+1", "'@x", "a-b"]


def test_the_report_is_of_the_own_company_alone(people: People, client_of: Open) -> None:
    made = define(people.alma)
    ended(people.alma, made, took=HOUR, at=NOW)
    assert table(client_of(people.eve), "/sla/report/clocks.csv") == []
    assert "No deadline was kept or missed" in client_of(people.eve).get("/sla/report").text


@pytest.mark.parametrize(
    "query", ["months=5", "months=x", "team=%00", "definition=%27", "team=nobody"]
)
def test_a_strange_address_is_answered(people: People, client_of: Open, query: str) -> None:
    define(people.alma)
    assert client_of(people.ada).get(f"/sla/report?{query}").status_code == 200


def test_the_report_asks_as_much_for_fifty_clocks_as_for_one(
    people: People, client_of: Open
) -> None:
    made = define(people.alma)
    client = client_of(people.ada)
    ended(people.alma, made, took=HOUR, at=NOW, team="approver")
    assert client.get("/sla/report").status_code == 200
    with statements() as one:
        client.get("/sla/report")
    for number in range(49):
        at = NOW - timedelta(days=number)
        ended(people.alma, made, took=number * HOUR, at=at, team="approver")
    with statements() as many:
        client.get("/sla/report")
    assert len(one) == len(many) < 30


def tally(**levels: int) -> Tally:
    made = Tally()
    for level, count in levels.items():
        made.add(level.upper(), count)
    return made


def test_bars_stand_on_the_axis_and_are_as_high_as_their_counts() -> None:
    drawn = plots.stacked([("Oct", tally(green=6, breached=4)), ("Nov", tally())], dict(NAMES))
    green, late = drawn.bars[0].parts
    assert green.y + green.height == pytest.approx(plots.BOTTOM)
    assert late.y + late.height == pytest.approx(green.y)
    assert green.height / late.height == pytest.approx(1.5)
    assert drawn.bars[0].head == "60.0 %"
    assert drawn.bars[1].parts == []
    assert drawn.bars[1].head == ""
    assert drawn.rules[-1].number >= 10


@pytest.mark.parametrize(
    ("most", "scale"), [(1, (1, 1)), (5, (5, 1)), (7, (8, 2)), (23, (25, 5)), (998, (1000, 200))]
)
def test_scales_are_round_and_have_five_lines_at_most(most: int, scale: tuple[int, int]) -> None:
    assert plots.scale_of(most) == scale
