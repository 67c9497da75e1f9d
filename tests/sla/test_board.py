"""The board: columns from Breached to Green, what cards say, filters, caps, polls."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.approvals.counting import statements
from tests.people import People, Person
from tests.sla.board_world import HOUR, NOON, define, running
from tests.sla.conftest import World
from tests.support.pages import read
from wfweb.kernel import clock
from wfweb.sla.cards import bare_title

Open = Callable[[Person | None], FlaskClient]


@pytest.fixture(autouse=True)
def noon() -> Any:
    with clock.at(NOON):
        yield


def columns(html: str) -> dict[str, list[str]]:
    """Return the titles of the cards by column, in the order of the page."""
    found = {}
    for section in read(html).nodes:
        if section.name == "section" and "colm" in section.get("class").split():
            titles = [n.text() for n in section.walk() if "ti" in n.get("class").split()]
            found[section.get("id")] = titles
    return found


def test_columns_run_from_breached_to_green(people: People, client_of: Open) -> None:
    made = define(people.alma)
    for used in (10, 59, 60, 79, 80, 94, 95, 99, 100, 140):
        running(people.alma, made, used=used)
    seen = columns(client_of(people.ada).get("/sla?scope=everyone").text)
    assert list(seen) == [
        "level-breached", "level-red", "level-orange", "level-yellow", "level-green",
    ]  # fmt: skip
    assert seen["level-breached"] == ["Work at 140 %", "Work at 100 %"]
    assert seen["level-red"] == ["Work at 99 %", "Work at 95 %"]
    assert seen["level-orange"] == ["Work at 94 %", "Work at 80 %"]
    assert seen["level-yellow"] == ["Work at 79 %", "Work at 60 %"]
    assert seen["level-green"] == ["Work at 59 %", "Work at 10 %"]


def test_a_card_says_what_is_left_who_has_it_and_which_promise(
    people: People, client_of: Open
) -> None:
    made = define(people.alma, name="First answer")
    running(people.alma, made, used=80, owner_id=people.ada.id)
    text = client_of(people.ada).get("/sla").text
    assert "2 h left" in text
    assert "Ada Approves" in text
    assert "First answer" in text
    assert 'data-left="7200"' in text
    assert "80 %" in text


def test_over_a_working_day_the_due_moment_stands_instead_of_a_countdown(
    people: People, client_of: Open
) -> None:
    made = define(people.alma)
    running(people.alma, made, used=10, target=100 * HOUR, owner_id=people.ada.id)
    text = client_of(people.ada).get("/sla").text
    assert "data-left" not in text
    assert "90.0 h of work time left" in text


def test_a_paused_card_stays_in_its_level_and_says_why(people: People, client_of: Open) -> None:
    made = define(people.alma)
    running(people.alma, made, used=84, paused=True, owner_id=people.ada.id)
    with clock.at(NOON + timedelta(days=7)):
        text = client_of(people.ada).get("/sla").text
    assert columns(text)["level-orange"] == ["Work at 84 %"]
    assert "Paused 7 d" in text
    assert "Paused at 84 %, waiting for the vendor" in text
    assert "data-left" not in text


def test_my_teams_are_my_roles_and_my_own(people: People, client_of: Open) -> None:
    made = define(people.alma)
    running(people.alma, made, used=10, title="Of Adas team", team="approver")
    running(people.alma, made, used=11, title="Adas own", owner_id=people.ada.id)
    running(people.alma, made, used=12, title="Of others", team="committee")
    client = client_of(people.ada)
    assert set(columns(client.get("/sla").text)["level-green"]) == {"Of Adas team", "Adas own"}
    assert columns(client.get("/sla?scope=mine").text)["level-green"] == ["Adas own"]
    assert len(columns(client.get("/sla?scope=everyone").text)["level-green"]) == 3


@pytest.mark.parametrize(
    ("filters", "titles"),
    [
        ("definition=answer", {"Pump", "Valve"}),
        ("definition=repair", {"Motor"}),
        ("level=red", {"Valve"}),
        ("q=pum", {"Pump"}),
        ("q=%25", set()),
        ("q=nothing", set()),
        ("definition=unknown", set()),
        ("level=purple&scope=nobody&view=cloud", {"Pump", "Valve", "Motor"}),
    ],
)
def test_filters_are_in_the_address(
    people: People, client_of: Open, filters: str, titles: set[str]
) -> None:
    answer, repair = define(people.alma), define(people.alma, "repair")
    own = {"owner_id": people.ada.id}
    running(people.alma, answer, used=10, title="Pump", **own)
    running(people.alma, answer, used=96, title="Valve", **own)
    running(people.alma, repair, used=10, title="Motor", **own)
    client = client_of(people.ada)
    found = columns(client.get(f"/sla?{filters}").text)
    assert {title for column in found.values() for title in column} == titles
    table = client.get(f"/sla?view=table&{filters}").text
    assert {title for title in ("Pump", "Valve", "Motor") if title in table} == titles or (
        "view=cloud" in filters
    )


@pytest.mark.parametrize("view", ["board", "table"])
def test_words_find_what_belongs_to_a_record_by_its_key(
    world: World, people: People, client_of: Open, view: str
) -> None:
    made, order = define(people.alma), world.order()
    running(people.alma, made, used=10, subject_type="request", record_id=order, title="Sign")
    running(people.alma, made, used=20, subject_type="request", title="Other")
    page = client_of(people.ada).get(f"/sla?scope=everyone&q=ord-&view={view}").text
    assert "Sign" in page
    assert "Other" not in page


def test_a_column_holds_twenty_and_leads_to_the_rest(people: People, client_of: Open) -> None:
    made = define(people.alma)
    for number in range(63):
        running(people.alma, made, used=10, title=f"Work {number:02d}", owner_id=people.ada.id)
    client = client_of(people.ada)
    text = client.get("/sla").text
    assert len(columns(text)["level-green"]) == 20
    assert "Show 43 more" in text
    rest = client.get("/sla?level=GREEN").text
    first = columns(rest)
    assert list(first) == ["level-green"]
    assert len(first["level-green"]) == 60
    following = next(n.get("href") for n in read(rest).nodes if n.get("rel") == "next")
    second = columns(client.get(following).text)["level-green"]
    assert len(second) == 3
    assert not set(second) & set(first["level-green"])


def test_a_poll_without_news_is_empty_and_one_with_news_brings_the_board(
    people: People, client_of: Open
) -> None:
    made = define(people.alma)
    running(people.alma, made, used=10, owner_id=people.ada.id)
    client = client_of(people.ada)
    board = next(n for n in read(client.get("/sla").text).nodes if n.get("id") == "board")
    assert client.get(board.get("hx-get")).status_code == 204
    running(people.alma, made, used=96, owner_id=people.ada.id)
    news = client.get(board.get("hx-get"))
    assert news.status_code == 200
    assert len(columns(news.text)["level-red"]) == 1
    assert news.text.lstrip().startswith('<div id="board"')


def test_levels_that_nobody_checked_are_admitted(people: People, client_of: Open) -> None:
    made = define(people.alma)
    late = NOON - timedelta(minutes=5)
    running(people.alma, made, used=59, owner_id=people.ada.id, next_check_at=late)
    assert "Levels are behind" in client_of(people.ada).get("/sla").text


def test_another_company_sees_nothing(people: People, client_of: Open) -> None:
    made = define(people.alma)
    mine = running(people.alma, made, used=10)
    client = client_of(people.eve)
    assert "Work at" not in client.get("/sla?scope=everyone").text
    assert client.get(f"/sla/{mine}").status_code == 404


def test_clocks_about_records_of_a_hidden_type_are_hidden(people: People, client_of: Open) -> None:
    from wfweb.kernel.db import transaction
    from wfweb.records import types

    with transaction(actor=people.alma.actor):
        types.create_type(
            {
                "code": "secret", "name": "Secret", "plural": "Secrets", "key_prefix": "SEC",
                "fields": [{"code": "title", "label": "Title", "type": "text"}],
                "title_template": "{title}", "permissions": {"view": "committee"},
            }
        )  # fmt: skip
    made = define(people.alma, record_type="secret")
    hidden = running(people.alma, made, used=10, title="Hush")
    assert "Hush" not in client_of(people.rui).get("/sla?scope=everyone").text
    assert client_of(people.rui).get(f"/sla/{hidden}").status_code == 404
    assert "Hush" in client_of(people.cleo).get("/sla?scope=everyone").text


def test_the_board_asks_as_much_for_fifty_clocks_as_for_one(
    people: People, client_of: Open
) -> None:
    made = define(people.alma)
    client = client_of(people.ada)
    running(people.alma, made, used=10, owner_id=people.ada.id, team="approver")
    client.get("/sla")
    with statements() as one:
        client.get("/sla")
    for number in range(49):
        running(people.alma, made, used=number * 3, owner_id=people.mia.id, team="approver")
    with statements() as many:
        client.get("/sla")
    assert len(many) == len(one) < 30
    with statements() as poll:
        client.get("/sla/cards")
    assert len(poll) <= len(many)


def test_a_title_leaves_out_the_key_that_stands_beside_it() -> None:
    assert bare_title("ORD-7 Steel", "ORD-7") == "Steel"
    assert bare_title("APR-3 ORD-7 Steel: Finance", "ORD-7") == "APR-3 Steel: Finance"
    assert bare_title("Call the supplier", "") == "Call the supplier"
    assert bare_title("ORD-7", "ORD-7") == "ORD-7"
