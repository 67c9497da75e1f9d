"""The forecast: counted again by hand, honest about what it did not know, and about itself."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient

from tests.people import People, Person
from tests.sla.board_world import HOUR, crossed, define, ended, running
from wfweb.kernel import clock
from wfweb.kernel.db import transaction
from wfweb.sla import board, foretelling
from wfweb.sla.forecast import ENOUGH, Chance, Past, Trial, experience, look_back

Open = Callable[[Person | None], FlaskClient]
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
KIND, OTHER = uuid4(), uuid4()


def past(
    took: int, *, team: str = "", kind: UUID = KIND, days: int = 10, target: int = 100
) -> Past:
    return Past(kind, team, NOW - timedelta(days=days), took, target)


def by_hand(known: list[Past], kind: UUID, team: str, used: float) -> Chance | None:
    """The rule as the page says it, written the slow way."""
    for of_team in (True, False):
        mine = [p for p in known if p.definition_id == kind and (p.team == team or not of_team)]
        if of_team and not team:
            continue
        longer = [p for p in mine if p.took / p.target > used]
        if len(longer) >= ENOUGH:
            return Chance(sum(p.took >= p.target for p in longer), len(longer), of_team)
    return None


def test_chances_agree_with_counting_by_hand() -> None:
    dice = random.Random(5)
    known = [
        past(
            dice.randrange(1, 180),
            team=dice.choice(["a", "b", ""]),
            kind=dice.choice([KIND, OTHER]),
        )
        for _ in range(400)
    ]
    learnt = experience(known)
    for _ in range(300):
        kind, team, used = (
            dice.choice([KIND, OTHER]),
            dice.choice(["a", "b", "c", ""]),
            dice.random(),
        )
        assert learnt.chance(kind, team, used) == by_hand(known, kind, team, used)


def test_with_too_little_experience_nothing_is_said() -> None:
    assert experience([past(150)] * (ENOUGH - 1)).chance(KIND, "", 0.5) is None
    assert experience([past(150)] * ENOUGH).chance(KIND, "", 0.5) == Chance(ENOUGH, ENOUGH, False)
    assert experience([past(150)] * ENOUGH).chance(OTHER, "", 0.5) is None


def test_exactly_the_whole_target_is_a_breach_and_of_those_over_it_nothing_is_said() -> None:
    known = experience([past(99)] * 10 + [past(100)] * 10)
    chance = known.chance(KIND, "", 0.5)
    assert chance == Chance(10, 20, False)
    assert chance.likely
    assert known.chance(KIND, "", 1.0) is None


def test_a_team_with_enough_of_its_own_is_compared_with_itself() -> None:
    known = experience([past(50, team="fast")] * 20 + [past(150, team="slow")] * 20)
    slow, fast = known.chance(KIND, "slow", 0.1), known.chance(KIND, "fast", 0.1)
    assert slow == Chance(20, 20, True)
    assert fast == Chance(0, 20, True)
    assert known.chance(KIND, "new", 0.1) == Chance(20, 40, False)


def test_looking_back_knows_only_what_had_ended_by_then() -> None:
    """All past clocks breached, but ended after the moment asked about: nothing was known."""
    after = [past(150, days=1) for _ in range(50)]
    trial = Trial(KIND, "", NOW - timedelta(days=5), 0.6, breached=True)
    rate = look_back(after, [trial])
    assert (rate.tried, rate.silent) == (0, 1)
    before = [past(150, days=9) for _ in range(50)]
    rate = look_back([*after, *before], [trial])
    assert (rate.tried, rate.announced, rate.right, rate.missed) == (1, 1, 1, 0)


def test_hits_and_misses_agree_with_counting_by_hand() -> None:
    dice = random.Random(8)
    known = [past(dice.randrange(40, 160), days=dice.randrange(1, 90)) for _ in range(300)]
    trials = [
        Trial(KIND, "", NOW - timedelta(days=dice.randrange(0, 80)), dice.choice([0.6, 0.8]),
              breached=dice.random() < 0.5)
        for _ in range(200)
    ]  # fmt: skip
    rate = look_back(known, trials)
    said = [(by_hand([p for p in known if p.ended_at < t.at], KIND, "", t.used), t) for t in trials]
    told = [(chance, t) for chance, t in said if chance is not None]
    assert rate.silent == len(said) - len(told)
    assert rate.tried == len(told)
    assert rate.announced == sum(c.likely for c, _ in told)
    assert rate.right == sum(c.likely and t.breached for c, t in told)
    assert rate.missed == sum(not c.likely and t.breached for c, t in told)
    assert rate.hits == sum(c.likely == t.breached for c, t in told)
    assert rate.tried > 50


@pytest.fixture
def history(people: People) -> UUID:
    """Of the clocks that got to 60 %, eight of ten breached; most were done long before."""
    made = define(people.alma)
    for number in range(40):
        at = NOW - timedelta(days=100 + number)
        ended(people.alma, made, took=(11 if number % 5 else 7) * HOUR, at=at)
    for number in range(100):
        ended(people.alma, made, took=2 * HOUR, at=NOW - timedelta(days=150 + number))
    return made


def test_a_clock_that_has_used_much_is_likely_and_a_fresh_one_is_not(
    people: People, client_of: Open, history: UUID
) -> None:
    soon = running(people.alma, history, used=65, title="Late soon", now=NOW)
    running(people.alma, history, used=5, title="Just begun", now=NOW)
    running(people.alma, history, used=120, title="Late already", now=NOW)
    with clock.at(NOW), transaction(actor=people.ada.actor):
        found = foretelling.foretell(board.Filters(), board.visible_definitions(), NOW)
    assert [one.id for one in found.likely] == [soon]
    assert found.likely[0].chance == Chance(32, 40, False)
    assert found.asked == 2
    assert found.expected == pytest.approx(32 / 40 + 32 / 140)
    with clock.at(NOW):
        page = client_of(people.ada).get("/sla/forecast?scope=everyone").text
    assert "32 of 40 past ones" in page
    assert "Late soon" in page
    assert "Just begun" not in page


def test_its_own_hit_rate_stands_beside_it(people: People, client_of: Open, history: UUID) -> None:
    for number in range(20):
        started = NOW - timedelta(days=2 + number)
        took = 12 * HOUR if number % 4 else 7 * HOUR
        done = ended(people.alma, history, took=took, at=started + timedelta(seconds=took))
        crossed(people.alma, done, "YELLOW", started + timedelta(hours=6))
    with clock.at(NOW):
        page = client_of(people.ada).get("/sla/forecast?scope=everyone").text
    assert "the forecast was right 75.0 % of the time" in page
    assert "would have been right 25.0 %" in page
    assert "75.0 % of its warnings came true" in page


def test_without_a_past_it_says_that_it_does_not_know(people: People, client_of: Open) -> None:
    made = define(people.alma)
    running(people.alma, made, used=90, now=NOW)
    with clock.at(NOW):
        page = client_of(people.ada).get("/sla/forecast?scope=everyone").text
    assert "not known yet" in page
    assert "which is so for 1 of those that run now" in page


def test_cancelled_clocks_teach_nothing_unless_they_had_breached(people: People) -> None:
    made = define(people.alma)
    at = NOW - timedelta(days=9)
    for took in (2, 9, 12):
        late = ended(people.alma, made, took=took * HOUR, at=at, status="cancelled")
        crossed(people.alma, late, "YELLOW", at - timedelta(hours=1))
    with transaction(actor=people.alma.actor):
        assert [one.took for one in foretelling.past_clocks([made], NOW)] == [12 * HOUR]
        assert [one.breached for one in foretelling.trials([made], NOW)] == [True]
