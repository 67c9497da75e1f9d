"""Hours of a level are hours of a business calendar, and the receipt says which."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.approvals.conftest import World, body, level
from tests.calendars.conftest import office, published
from tests.people import Person
from wfweb.approvals import jobs
from wfweb.approvals import service as approvals
from wfweb.approvals.api_shapes import shown_request
from wfweb.approvals.models import ApprovalLevel, ApprovalRequest
from wfweb.approvals.queries import request_page
from wfweb.approvals.rows import Case
from wfweb.calendars import receipts
from wfweb.calendars import service as calendars
from wfweb.calendars.errors import InUse
from wfweb.events import timers
from wfweb.events.models import Timer
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import ValidationFailed
from wfweb.wiring import TIMERS
from wfweb.workflow import definitions

THURSDAY = datetime(2026, 12, 24, 16, 0, tzinfo=UTC)  # an hour before closing in Berlin
CLOSED = datetime(2026, 12, 26, 12, 0, tzinfo=UTC)
MONDAY = datetime(2026, 12, 28, 8, 0, tzinfo=UTC)  # 25 December is a holiday, then a weekend


@pytest.fixture(autouse=True)
def on_christmas_eve(rollback: None) -> Iterator[None]:
    with clock.at(THURSDAY):
        yield


def level_of(world: World, case: Case, number: int = 1) -> ApprovalLevel:
    with transaction(actor=world.people.alma.actor):
        return (
            session()
            .scalars(
                select(ApprovalLevel).where(
                    ApprovalLevel.request_id == case.request.id, ApprovalLevel.number == number
                )
            )
            .one()
        )


def calendar_of(found: ApprovalLevel) -> dict[str, Any]:
    assert found.receipt is not None
    assert receipts.recompute(found.receipt) == found.due_at
    named: dict[str, Any] = found.receipt["calendar"]
    return named


def test_without_a_calendar_every_hour_counts(world: World) -> None:
    found = level_of(world, world.ask(level("ada", due_hours=2)))
    assert found.due_at == datetime(2026, 12, 24, 18, 0, tzinfo=UTC)
    assert calendar_of(found)["code"] == ""


def test_the_default_calendar_counts_where_none_is_named(world: World) -> None:
    published(world.people)
    with transaction(actor=world.people.alma.actor):
        calendars.set_default("office")
    case = world.ask(level("ada", due_hours=2))
    found = level_of(world, case)
    assert found.due_at == MONDAY
    assert (calendar_of(found)["code"], calendar_of(found)["version"]) == ("office", 1)
    with transaction(actor=world.people.alma.actor):
        assert session().get_one(ApprovalRequest, case.request.id).due_at == MONDAY


def test_the_levels_own_calendar_comes_before_that_of_the_approval(world: World) -> None:
    published(world.people, "office")
    published(world.people, "plant", weekly={"thu": [["16:00", "24:00"]]})
    case = world.ask(
        level("ada", due_hours=2), level("mia", due_hours=2, calendar="plant"), calendar="office"
    )
    assert level_of(world, case).due_at == MONDAY
    world.decide(world.people.ada, case)
    second = level_of(world, case, 2)
    assert second.due_at == datetime(2026, 12, 24, 18, 0, tzinfo=UTC)
    assert calendar_of(second)["code"] == "plant"


def test_a_new_version_moves_nothing_that_runs(world: World) -> None:
    published(world.people)
    case = world.ask(level("ada", due_hours=2), level("mia", due_hours=2), calendar="office")
    with transaction(actor=world.people.alma.actor):
        calendars.save_calendar("office", office(holidays=["2026-12-28"]))
        calendars.publish("office")
    found = level_of(world, case)
    assert (found.due_at, calendar_of(found)["version"]) == (MONDAY, 1)
    world.decide(world.people.ada, case)
    second = level_of(world, case, 2)
    assert calendar_of(second)["version"] == 2
    # Friday is no holiday any more: one hour is left today, the other is Friday's first.
    assert second.due_at == datetime(2026, 12, 25, 8, 0, tzinfo=UTC)


def test_reminders_wait_for_working_hours_too(world: World) -> None:
    published(world.people)
    case = world.ask(level("ada", due_hours=4, remind_hours=[2]), calendar="office")
    with transaction(actor=world.people.alma.actor):
        moments = session().scalars(
            select(Timer.due_at)
            .where(Timer.subject_id == level_of(world, case).id)
            .order_by(Timer.due_at)
        )
        assert list(moments) == [MONDAY, datetime(2026, 12, 28, 10, 0, tzinfo=UTC)]


def test_an_escalation_counts_from_its_own_moment(world: World) -> None:
    published(world.people)
    world.ask(
        level("ada", due_hours=2, timeout_action="escalate", escalate_to=[{"role": "committee"}]),
        calendar="office",
    )
    with clock.at(MONDAY):
        timers.fire_due(TIMERS)
    with transaction(actor=world.people.alma.actor):
        found = session().scalars(select(ApprovalLevel)).one()
        assert found.due_at == datetime(2026, 12, 28, 10, 0, tzinfo=UTC)
        assert found.receipt is not None
        assert datetime.fromisoformat(found.receipt["start"]) == MONDAY


def test_a_step_up_while_the_office_is_closed_may_be_due_at_the_same_moment(world: World) -> None:
    published(world.people)
    world.join("Ben", manager=world.people.cleo)
    with clock.at(CLOSED):
        case = world.ask(level("ben", due_hours=2), calendar="office")
        before = level_of(world, case).due_at
        with transaction(actor=world.people.otto.actor):
            approvals.escalate(case.request.id, reason="The supplier waits")
        assert (level_of(world, case).due_at, world.asked(case)) == (before, ["Cleo"])


def test_a_calendar_that_is_not_there_is_refused_with_its_place(world: World) -> None:
    published(world.people)
    content = body([level("ada", due_hours=2, calendar="nowhere")], calendar="office")
    with transaction(actor=world.people.alma.actor):
        definitions.save_draft(content)
        with pytest.raises(ValidationFailed) as refused:
            definitions.publish("order_approval", comment="Wrong")
    places = [error.pointer for error in refused.value.errors]
    assert places == ["/states/1/approval/levels/0/calendar"]


def test_a_calendar_is_not_deleted_while_approvals_need_it(world: World) -> None:
    published(world.people)
    world.ask(level("ada", due_hours=2, calendar="office"))
    with transaction(actor=world.people.alma.actor), pytest.raises(InUse) as refused:
        calendars.delete_calendar("office")
    assert refused.value.users == [
        {"what": "workflow definitions", "count": 1},
        {"what": "approval levels that are open", "count": 1},
    ]


def test_page_mail_and_api_say_how_it_was_counted(
    world: World, client_of: Callable[[Person | None], FlaskClient]
) -> None:
    published(world.people)
    case = world.ask(level("ada", due_hours=2), calendar="office")
    words = "Christmas Day (25 December 2026)"
    page = client_of(world.people.ada).get(f"/requests/{case.request.key}").text
    assert "Why is it due then?" in page
    assert words in page
    why = client_of(world.people.ada).get(f"/requests/{case.request.key}/explanation").text
    assert "Why it is due" in why
    assert "17:00 to 18:00" in why
    with transaction(actor=world.people.ada.actor):
        shown = shown_request(request_page(case.request.key))
        assert words in (shown.levels[0].due_text or "")
        assert receipts.recompute(shown.levels[0].receipt or {}) == MONDAY
        request = session().get_one(ApprovalRequest, case.request.id)
        facts = jobs._context(request, level=level_of(world, case))["facts"]
        assert words in dict(facts)["How it was counted"]


@pytest.mark.parametrize(
    ("now", "percent", "tone"),
    [
        ("2026-12-24T16:30:00+00:00", 25, "green"),
        ("2026-12-27T20:00:00+00:00", 50, "green"),  # three nights and a weekend use nothing
        ("2026-12-28T07:30:00+00:00", 75, "yellow"),
        ("2026-12-28T08:00:00+00:00", 100, "breached"),
    ],
)
def test_the_time_that_is_used_is_working_time(
    world: World,
    client_of: Callable[[Person | None], FlaskClient],
    now: str,
    percent: int,
    tone: str,
) -> None:
    published(world.people)
    case = world.ask(level("ada", due_hours=2), calendar="office")
    with clock.at(datetime.fromisoformat(now)):
        page = client_of(world.people.ada).get(f"/requests/{case.request.key}").text
        inbox = client_of(world.people.ada).get("/inbox").text
    assert f"<strong>{percent} %</strong>" in page
    assert f'class="meter {tone}"' in page
    assert f'class="sla {tone}"' in inbox


def ask_and_look(
    world: World, client_of: Callable[[Person | None], FlaskClient], at: datetime
) -> dict[str, str]:
    """Return every page on which a request that Ada has decided shows its due time."""
    case = world.ask(level("ada", "mia", due_hours=2, quorum="all"), calendar="office")
    world.decide(world.people.ada, case)
    with clock.at(at):
        ada, rui, mia = (client_of(getattr(world.people, name)) for name in ("ada", "rui", "mia"))
        return {
            "waiting on others": ada.get("/inbox?view=waiting").text,
            "decided": ada.get("/inbox?view=decided").text,
            "my requests": rui.get("/my-requests").text,
            "asked": mia.get("/inbox").text,
            "page": mia.get(f"/requests/{case.request.key}").text,
        }


def test_every_list_counts_the_working_time_that_is_used(
    world: World, client_of: Callable[[Person | None], FlaskClient]
) -> None:
    """Three nights and a weekend use nothing: by the wall clock it would be almost late."""
    published(world.people)
    pages = ask_and_look(world, client_of, datetime(2026, 12, 27, 20, 0, tzinfo=UTC))
    tones = dict.fromkeys(pages, "green")
    assert {name: tone_of(text) for name, text in pages.items()} == tones


def test_every_list_counts_an_escalation_from_its_own_moment(
    world: World, client_of: Callable[[Person | None], FlaskClient]
) -> None:
    published(world.people)
    case = world.ask(
        level("ada", due_hours=2, timeout_action="escalate", escalate_to=[{"role": "committee"}]),
        calendar="office",
    )
    with clock.at(MONDAY):
        timers.fire_due(TIMERS)
    with clock.at(datetime(2026, 12, 28, 8, 30, tzinfo=UTC)):
        mine = client_of(world.people.rui).get("/my-requests").text
        page = client_of(world.people.rui).get(f"/requests/{case.request.key}").text
    assert (tone_of(mine), tone_of(page)) == ("green", "green")
    assert "25 % used" in mine


def tone_of(page: str) -> str:
    return page.partition('class="sla ')[2].partition('"')[0]


def test_a_matrix_keeps_the_calendar_of_its_levels(world: World) -> None:
    from wfweb.approvals import service as approvals

    published(world.people)
    rows = [{"when": {}, "levels": [level("ada", due_hours=2, calendar="office")]}]
    with transaction(actor=world.people.alma.actor):
        approvals.save_matrix("orders", {"rows": rows}, record_type_code="order")
        approvals.publish_matrix("orders")
    case = world.ask(matrix="orders")
    assert level_of(world, case).due_at == MONDAY
    with transaction(actor=world.people.alma.actor), pytest.raises(InUse) as refused:
        calendars.delete_calendar("office")
    assert {"what": "approval matrices", "count": 1} in refused.value.users
