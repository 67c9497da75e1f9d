"""The pages of calendars: read, edit without JavaScript, preview, publish, delete."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from tests.calendars.conftest import OFFICE, office, published
from tests.people import People, Person, post
from wfweb.calendars import forms, queries, service, showing, usage
from wfweb.calendars.hours import read_hours
from wfweb.kernel import clock
from wfweb.kernel.db import transaction

ClientOf = Callable[[Person | None], FlaskClient]
EDIT = "/calendars/office/edit"


@pytest.fixture(autouse=True)
def in_november(rollback: None) -> Iterator[None]:
    with clock.at(datetime(2026, 11, 20, 9, 0, tzinfo=UTC)):
        yield


def fields_of(body: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What a browser posts for a calendar's form."""
    form = forms.form_of(body)
    found: dict[str, Any] = {"tz": form["tz"], "name": "Office", **more}
    found |= {f"weekly.{day}": text for day, text in form["weekly"].items()}
    found |= {f"source.{name}": text for name, text in form["source"].items()}
    for table in forms.TABLES:
        for number, row in enumerate(form[table]):
            found |= {f"{table}.{number}.{name}": text for name, text in row.items() if text}
    return found


def save(client: FlaskClient, people: People, **fields: Any) -> Any:
    with transaction(actor=people.alma.actor):
        version = queries.find_calendar("office").version
    return post(client, EDIT, {"version": version, **fields})


def draft_of(people: People) -> dict[str, Any] | None:
    with transaction(actor=people.alma.actor):
        return queries.find_calendar("office").draft


def test_the_list_says_what_is_in_force(people: People, client_of: ClientOf):
    published(people)
    with transaction(actor=people.alma.actor):
        service.set_default("office")
        service.save_calendar("plant", office(tz="Asia/Tokyo"), name="Plant")
    shown = client_of(people.alma).get("/calendars").text
    assert "Europe/Berlin" in shown
    assert "Asia/Tokyo" in shown
    assert "Default" in shown
    reader = client_of(people.rui).get("/calendars").text
    assert "Office" in reader
    assert "Plant" not in reader
    assert "New calendar" not in reader


def test_a_calendar_reads_in_words(people: People, client_of: ClientOf):
    published(people, weekly={"mon": [["08:00", "12:00"], ["13:00", "18:00"]]})
    shown = client_of(people.rui).get("/calendars/office").text
    assert "08:00 to 12:00, 13:00 to 18:00" in shown
    assert "Christmas Day" in shown
    assert "Edit the draft" not in shown


def test_trying_it_gives_the_same_answer_as_the_api(people: People, client_of: ClientOf):
    published(people)
    shown = client_of(people.rui).get("/calendars/office?from=2026-12-24T17:00&hours=2").text
    assert "Mon 28 Dec 2026, 09:00 CET" in shown
    assert "Christmas Day (25 December 2026)" in shown


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=soon&hours=2", "Choose a day and a time"),
        ("from=2026-12-24T17:00&hours=many", "Write hours such as 8 or 1.5"),
        ("from=2026-12-24T17:00&hours=1e99", "Write hours such as 8 or 1.5"),
        ("from=2026-12-24T17:00&hours=-1", "not less than nothing"),
        ("from=2026-12-24T17:00&hours=900000", "ten years"),
        ("from=0001-01-01T00:00&hours=1", "1900"),
        ("from=9999-12-31T23:59&hours=1", "1900"),
    ],
)
def test_a_try_that_cannot_be_answered_says_so(
    people: People, client_of: ClientOf, query: str, words: str
):
    published(people)
    answer = client_of(people.rui).get(f"/calendars/office?{query}")
    assert answer.status_code == 200
    assert words in answer.text


def test_a_new_calendar_begins_with_office_hours(people: People, client_of: ClientOf):
    client = client_of(people.alma)
    assert "09:00-17:00" in client.get("/calendars/new").text
    fields = fields_of(OFFICE, code="office")
    answer = post(client, "/calendars/new", fields)
    assert answer.status_code == 303
    assert answer.location == "/calendars/office?version=draft"
    assert draft_of(people) == OFFICE
    assert "Nothing counts by it yet" in client.get(answer.location).text
    taken = post(client, "/calendars/new", fields)
    assert taken.status_code == 422
    assert "There is a calendar with this code" in taken.text


def test_the_form_brings_back_what_it_was_given():
    body = office(
        overrides={
            "2026-12-24": [["08:00", "12:00"]],
            "2026-12-31": {"windows": [], "name": "Stocktaking"},
        },
        breaks={"2026-11-26": [["12:00", "12:30"], ["15:00", "15:15"]]},
        yearly_holidays=[{"date": "12-26", "name": ""}],
        holiday_data={"country": "DE", "version": "holidays 1"},
    )
    posted: MultiDict[str, str] = MultiDict(fields_of(body))
    assert forms.to_body(forms.read_form(posted)) == body


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("08:00-12:00, 13:00-18:00", [["08:00", "12:00"], ["13:00", "18:00"]]),
        ("8-12 and 13.30 – 18", [["08:00", "12:00"], ["13:30", "18:00"]]),
        ("22:00 to 06:00", [["22:00", "06:00"]]),
        ("", []),
    ],
)
def test_hours_are_read_as_people_type_them(typed: str, meant: list[list[str]]):
    assert read_hours(typed) == meant


@pytest.mark.parametrize("typed", ["morning", "8-12-18", "08:00", "1-2" * 300])
def test_what_are_no_hours_is_refused(typed: str):
    with pytest.raises(ValueError, match="Write hours as"):
        read_hours(typed)


@pytest.mark.parametrize(
    ("field", "value", "place"),
    [
        ("weekly.tue", "morning", "f-weekly-tue"),
        ("weekly.tue", "25:00-26:00", "f-weekly-tue"),
        ("weekly.tue", "08:00-08:00", "f-weekly-tue"),
        ("weekly.tue", "08:00-12:00, 11:00-13:00", "f-weekly-tue"),
        ("tz", "Mars/Olympus", "f-tz"),
        ("holidays.7.date", "2026-12-25", "f-holidays-1-date"),
        ("yearly.0.date", "13-01", "f-yearly-0-date"),
        ("overrides.0.hours", "noon", "f-overrides-0-hours"),
        ("breaks.0.date", "2026-02-30", "f-breaks-0-date"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_lost(
    people: People, client_of: ClientOf, field: str, value: str, place: str
):
    published(people)
    fields = fields_of(office(), description="Typed words") | {field: value}
    fields.setdefault("breaks.0.hours", "10:00-10:15" if "breaks" in field else "")
    answer = save(client_of(people.alma), people, **fields)
    assert answer.status_code == 422
    assert f'href="#{place}"' in answer.text
    assert f'id="{place}-error"' in answer.text
    assert "Typed words" in answer.text
    if field != "tz":
        assert value in answer.text
    assert draft_of(people) is None


def test_rows_are_added_and_removed_without_saving(people: People, client_of: ClientOf):
    published(people)
    client = client_of(people.alma)
    fields = fields_of(office(), _act="add.overrides")
    more = save(client, people, **fields)
    assert more.status_code == 200
    assert 'name="overrides.0.date"' in more.text
    fewer = save(client, people, **(fields | {"_act": "remove.holidays.0"}))
    assert "Christmas Day" not in fewer.text
    same = save(client, people, **(fields | {"_act": "copy", "weekly.mon": "06:00-07:00"}))
    assert same.text.count("06:00-07:00") == 5
    assert draft_of(people) is None


def test_holidays_of_a_country_come_as_rows_with_their_switch(people: People, client_of: ClientOf):
    published(people)
    client = client_of(people.alma)
    asked = {"import.country": "DE", "import.part": "be", "import.years": "2026-2027"}
    fields = fields_of(office()) | {"holidays.0.off": "true"}
    shown = save(client, people, **fields, **asked, _act="import")
    assert "Women&#39;s Day" in shown.text
    assert "German Unity Day" in shown.text
    assert shown.text.count('value="2026-12-25"') == 1
    assert draft_of(people) is None
    wrong = save(client, people, **fields, **(asked | {"import.years": "soon"}), _act="import")
    assert wrong.status_code == 422
    assert "Write years as 2026 or 2026-2028" in wrong.text


def test_the_preview_follows_what_is_typed(people: People, client_of: ClientOf):
    published(people)
    client = client_of(people.alma)
    asked = {"preview.from": "2026-12-24T17:00", "preview.hours": "2"}
    fields = fields_of(office(holidays=[])) | asked
    shown = post(client, "/calendars/preview", fields, form=EDIT)
    assert "Fri 25 Dec 2026, 09:00 CET" in shown.text
    assert "<html" not in shown.text
    wrong = post(client, "/calendars/preview", fields | {"weekly.mon": "no"}, form=EDIT)
    assert (wrong.status_code, "Write hours as" in wrong.text) == (200, True)
    whole = save(client, people, **fields, _act="preview")
    assert "Fri 25 Dec 2026, 09:00 CET" in whole.text
    assert draft_of(people) is None


def test_the_slower_of_two_keeps_what_was_typed(people: People, client_of: ClientOf):
    published(people)
    client = client_of(people.alma)
    stale = fields_of(office(), version=1, description="Mine")
    answer = post(client, EDIT, stale)
    assert answer.status_code == 409
    assert "What you typed is still here" in answer.text
    assert "Mine" in answer.text
    assert "Save mine over version 2" in answer.text
    assert post(client, EDIT, stale | {"over": "2"}).status_code == 303


def test_publishing_says_first_what_changes_and_that_nothing_moves(
    people: People, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
):
    published(people)
    monkeypatch.setitem(usage._counters, "running clocks", lambda _code: 12)
    with transaction(actor=people.alma.actor):
        service.save_calendar("office", office(holidays=[], tz="Europe/Paris"))
    client = client_of(people.alma)
    shown = client.get("/calendars/office?version=draft").text
    for words in (
        "Europe/Paris",
        "Holiday 2026-12-25",
        "1 day has other hours",
        "running clocks: 12",
        "do not move",
    ):
        assert words in shown
    answer = post(
        client,
        "/calendars/office/publish",
        {"effective_from": "2026-12-01", "comment": "Moved to Paris", "version": "3"},
        form="/calendars/office?version=draft",
    )
    assert answer.status_code == 303
    after = client.get("/calendars/office").text
    assert "Moved to Paris" in after
    assert "1 Dec 2026" in after
    assert "What version 2 changed" in after


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"effective_from": "soon", "version": "3"}, 422, "Choose a day"),
        ({"effective_from": "2999-01-01", "version": "3"}, 422, "Choose a day from"),
        ({"version": "2"}, 409, "Somebody else changed"),
    ],
)
def test_a_publication_that_is_refused_says_why(
    people: People, client_of: ClientOf, fields: dict[str, str], status: int, words: str
):
    published(people)
    with transaction(actor=people.alma.actor):
        service.save_calendar("office", office(tz="Europe/Paris"))
    answer = post(
        client_of(people.alma),
        "/calendars/office/publish",
        fields,
        form="/calendars/office?version=draft",
    )
    assert answer.status_code == status
    assert words in answer.text


def test_default_and_deleting_from_the_page(people: People, client_of: ClientOf):
    published(people)
    client = client_of(people.alma)
    page = "/calendars/office"
    post(client, f"{page}/default", {"is_default": "true"}, form=page)
    used = post(client, f"{page}/delete", {}, form=page)
    assert used.status_code == 409
    assert "default of the company" in used.text
    post(client, f"{page}/default", {"is_default": "false"}, form=page)
    assert post(client, f"{page}/delete", {}, form=page).location == "/calendars"
    assert client.get(page).status_code == 404


def test_a_draft_is_dropped_from_its_page(people: People, client_of: ClientOf):
    published(people)
    with transaction(actor=people.alma.actor):
        service.save_calendar("office", office(tz="Europe/Paris"))
    client = client_of(people.alma)
    post(client, "/calendars/office/discard", {}, form="/calendars/office?version=draft")
    assert draft_of(people) is None


def test_a_draft_and_the_editor_are_not_for_everybody(people: People, client_of: ClientOf):
    published(people)
    with transaction(actor=people.alma.actor):
        service.save_calendar("office", office(tz="Europe/Paris"))
    client = client_of(people.rui)
    assert client.get("/calendars/office?version=draft").status_code == 404
    refused = client.get(EDIT)
    assert refused.status_code == 403
    assert people.alma.name in refused.text
    assert client_of(people.eve).get("/calendars/office").status_code == 404
    away = client_of(None).get("/calendars/office")
    assert (away.status_code, "/sign-in" in away.location) == (303, True)


def test_a_night_shift_is_drawn_on_both_its_days():
    week = showing.week_of({"tz": "UTC", "weekly": {"mon": [["22:00", "06:00"]]}})
    assert [(bar.left, bar.width) for bar in week[0].bars] == [(91.67, 8.33)]
    assert [(bar.left, bar.width) for bar in week[1].bars] == [(0.0, 25.0)]
    assert week[1].hours == "closed"
