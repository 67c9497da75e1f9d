"""Who had the work: counted again from what was done to the orders, by the hours of the office."""

import csv
import io
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from tests.approvals.counting import statements
from tests.people import People, Person
from tests.sla.board_world import HOUR, define, ended, running
from tests.sla.conftest import World, promise
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.records import service as records
from wfweb.records.models import Record
from wfweb.sla import by_hand, definitions, spent
from wfweb.sla.reports import Period, last_months

Open = Callable[[Person | None], FlaskClient]
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
Stretch = tuple[datetime, UUID | None, bool]
"""From when on, whose, and whether the clock runs."""


def period(months: int = 3, zone: str = "Europe/Berlin") -> Period:
    return last_months(months, date(2026, 11, 25), zone)


def office_seconds(start: datetime, end: datetime) -> int:
    """Seconds from nine to five on weekdays in Berlin, day by day."""
    total, day = 0, start.astimezone(BERLIN).date()
    while day <= end.astimezone(BERLIN).date():
        if day.weekday() < 5:
            opens = datetime(day.year, day.month, day.day, 9, tzinfo=BERLIN)
            closes = datetime(day.year, day.month, day.day, 17, tzinfo=BERLIN)
            low, high = max(start, opens), min(end, closes)
            total += max(0, int((high.astimezone(UTC) - low.astimezone(UTC)).total_seconds()))
        day += timedelta(days=1)
    return total


def by_hand_of(story: list[Stretch], end: datetime, zone: ZoneInfo) -> dict[Any, list[int]]:
    """Business and wall seconds by month and owner of what was done to one order."""
    found: dict[Any, list[int]] = {}
    following = [one[0] for one in story[1:]] + [end]
    for (start, owner, runs), until in zip(story, following, strict=True):
        at = start
        while at < until:
            local = at.astimezone(zone)
            month = date(local.year, local.month, 1)
            then = (month + timedelta(days=32)).replace(day=1)
            edge = min(until, datetime(then.year, then.month, 1, tzinfo=zone).astimezone(UTC))
            sums = found.setdefault((month, owner), [0, 0])
            sums[0] += office_seconds(at, edge) if runs else 0
            sums[1] += int((edge - at).total_seconds())
            at = edge
    return found


class Orders:
    """Orders to which something happens at random, and what the test remembers of it."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.dice = world, random.Random(seed)
        self.people = [world.people.rui, world.people.ada, world.people.otto]

    def live(self, moves: bool) -> tuple[list[Stretch], datetime]:
        """Let one order live; returns its story and when it ended, or now."""
        at = datetime(2026, 9, 1, tzinfo=UTC) + timedelta(seconds=self.dice.randrange(40 * 86_400))
        order = self.world.order(at, phase="open")
        (made,) = self.world.clocks(order)
        story: list[Stretch] = [(at, made.owner_id, True)]
        for _ in range(6):
            at += timedelta(seconds=self.dice.randrange(1, 14 * 86_400))
            if at > NOW:
                break
            _, owner, runs = story[-1]
            with clock.at(at):
                if self.dice.random() < 0.5:
                    owner = self.give(order)
                else:
                    self.turn(made.id, runs=runs)
                    runs = not runs
            story.append((at, owner, runs))
        return story, self.end(made.id, at, moves)

    def give(self, order: UUID) -> UUID:
        owner = self.dice.choice(self.people).id
        with transaction(actor=self.world.people.alma.actor):
            version = session().get_one(Record, order, populate_existing=True).version
            records.set_owner(order, owner, version=version)
        return owner

    def turn(self, clock_id: UUID, *, runs: bool) -> None:
        with transaction(actor=self.world.people.otto.actor):
            by_hand.pause(clock_id, "Strike") if runs else by_hand.resume(clock_id)

    def end(self, clock_id: UUID, at: datetime, moves: bool) -> datetime:
        """Count some anew by another version, cancel some, and leave the others running."""
        at += timedelta(hours=5)
        if at >= NOW or self.dice.random() < 0.4:
            return NOW
        with clock.at(at), transaction(actor=self.world.people.alma.actor):
            if moves:
                by_hand.move(clock_id, 2)
            by_hand.cancel(clock_id, "Enough")
        return at


def test_every_second_agrees_with_counting_by_hand(world: World) -> None:
    """Over the end of summer time, in months of another zone than the server's."""
    world.define(pause=[], stop=None, cancel=None)
    orders, expected = Orders(world, 21), dict[Any, list[int]]()
    with transaction(actor=world.people.alma.actor):
        definitions.save_definition(promise(pause=[], stop=None, cancel=None, target=80))
    for number in range(24):
        story, end = orders.live(moves=number % 2 == 0)
        for key, sums in by_hand_of(story, end, BERLIN).items():
            both = expected.setdefault(key, [0, 0])
            both[0], both[1] = both[0] + sums[0], both[1] + sums[1]
    within = NOW + timedelta(microseconds=700_000)
    with transaction(actor=world.people.alma.actor):
        made = definitions.find("decide_order").id
        counted = spent.time_by_owner(period(), [made], None, within)
    assert {
        (one.month, one.owner_id): [one.business_seconds, one.wall_seconds] for one in counted
    } == expected
    assert len({one.month for one in counted}) == 3
    assert sum(one.business_seconds for one in counted) > 0


def test_a_team_a_definition_and_nobody_are_told_apart(people: People) -> None:
    first, second = define(people.alma), define(people.alma, "repair")
    running(people.alma, first, used=20, now=NOW, team="approver", owner_id=people.ada.id)
    running(people.alma, first, used=30, now=NOW)
    running(people.alma, second, used=10, now=NOW, team="approver", owner_id=people.ada.id)
    with transaction(actor=people.alma.actor):
        every = spent.time_by_owner(period(1), [first, second], None, NOW)
        team = spent.time_by_owner(period(1), [first, second], "approver", NOW)
        none = spent.time_by_owner(period(1), [first], "", NOW)
    assert {(o.definition_id, o.team, o.owner_id, o.business_seconds // HOUR) for o in every} == {
        (first, "approver", people.ada.id, 2),
        (first, "", None, 3),
        (second, "approver", people.ada.id, 1),
    }
    assert {one.definition_id for one in team} == {first, second}
    assert [(one.owner_id, one.clocks) for one in none] == [(None, 1)]


def test_a_clock_had_twice_in_a_month_is_one_clock(world: World) -> None:
    world.define(pause=[], stop=None, cancel=None)
    at = datetime(2026, 11, 2, 9, tzinfo=UTC)
    order = world.order(at)
    for hour, person in enumerate((world.people.ada, world.people.rui, world.people.ada), 1):
        with clock.at(at + timedelta(hours=hour)), transaction(actor=world.people.alma.actor):
            version = session().get_one(Record, order, populate_existing=True).version
            records.set_owner(order, person.id, version=version)
    with transaction(actor=world.people.alma.actor):
        made = definitions.find("decide_order").id
        found = spent.time_by_owner(period(1), [made], None, at + timedelta(hours=4))
    assert {one.owner_id: (one.clocks, one.business_seconds) for one in found} == {
        world.people.rui.id: (1, 2 * HOUR),
        world.people.ada.id: (1, 2 * HOUR),
    }


def table(client: FlaskClient, path: str) -> list[dict[str, str]]:
    answer = client.get(path)
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_page_and_file_say_the_same_to_the_second(people: People, client_of: Open) -> None:
    made = define(people.alma, name="First answer")
    with clock.at(NOW):
        running(people.alma, made, used=10, owner_id=people.ada.id, team="approver")
        running(people.alma, made, used=30, paused=True, owner_id=people.rui.id)
        client = client_of(people.ada)
        page = client.get("/sla/report").text
        rows = table(client, "/sla/report/owners.csv?months=3")
    assert "Who had the work" in page
    assert "1 h" in page
    assert "/sla/report/owners.csv?months=6" in page
    (ada,) = [row for row in rows if row["owner"] == "Ada Approves"]
    assert [ada[name] for name in ("definition", "team", "month", "clocks")] == [
        "answer", "approver", "2026-11", "1",
    ]  # fmt: skip
    assert (ada["business_seconds"], ada["wall_seconds"]) == ("3600", "3600")
    assert ada["owner_id"] == str(people.ada.id)


def test_those_who_had_it_longest_come_first_and_the_others_are_counted(
    people: People, client_of: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wfweb.sla.views.report.MOST_PEOPLE", 1)
    made = define(people.alma)
    with clock.at(NOW):
        running(people.alma, made, used=10, owner_id=people.ada.id)
        running(people.alma, made, used=50, owner_id=people.rui.id)
        page = client_of(people.ada).get("/sla/report").text
    owners = page.partition('id="owners"')[2].partition("</table>")[0]
    assert "Rui Requests" in owners
    assert "Ada Approves" not in owners
    assert "1 more are in the file" in page


def test_nobody_sees_whose_the_work_of_another_company_was(people: People, client_of: Open) -> None:
    made = define(people.alma)
    with clock.at(NOW):
        running(people.alma, made, used=10, owner_id=people.ada.id)
        assert table(client_of(people.eve), "/sla/report/owners.csv") == []
        assert "Who had the work" not in client_of(people.eve).get("/sla/report").text


def test_it_is_one_question_however_many_clocks_there_are(people: People) -> None:
    made = define(people.alma)

    def asked() -> int:
        with transaction(actor=people.alma.actor), statements() as seen:
            spent.time_by_owner(period(), [made], None, NOW)
        return len(seen)

    running(people.alma, made, used=10, now=NOW)
    one = asked()
    for number in range(30):
        ended(people.alma, made, took=HOUR, at=NOW - timedelta(days=number))
    assert asked() == one
