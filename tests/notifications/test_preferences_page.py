"""The page and the operations with which people choose what they are told."""

import re

import pytest
from sqlalchemy import select

from tests.api.conftest import program_of
from tests.people import People, post
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.ids import new_id
from wfweb.notifications import digests, notify, preferences
from wfweb.notifications.models import Delivery
from wfweb.notifications.rules import CHANNELS, GROUPS

PAGE = "/settings/notifications"
API = "/api/v1/me/notification-preferences"
FORM = {
    **{f"channels.{group}.{channel}": "at_once" for group in GROUPS for channel in CHANNELS},
    "quiet.start": "20:00",
    "quiet.end": "07:00",
    "quiet.days": ["mon", "fri"],
    "digest.every": "day",
    "digest.at": "08:00",
    "version": "0",
}


def chosen(people: People):
    with transaction(company_id=people.ada.company_id):
        return preferences.wishes_of([people.ada.id]).get(people.ada.id)


def send(client, **changes: object):
    return post(client, PAGE, {**FORM, **changes}, form=PAGE)


def test_the_account_leads_to_the_page(people: People, client_of):
    assert f'href="{PAGE}"' in client_of(people.ada).get("/account").text
    assert client_of(people.ada).get(PAGE).status_code == 200


def test_choices_are_saved_and_shown(people: People, client_of):
    ada = client_of(people.ada)
    changes = {"channels.mentions.email": "digest", "quiet.on": "true", "digest.at": "09:15"}
    assert send(ada, **changes).status_code == 303
    wishes = chosen(people)
    assert wishes.mode("mentions", "email") == "digest"
    assert (wishes.quiet.start, wishes.quiet.end, wishes.quiet.days) == (
        "20:00",
        "07:00",
        ("mon", "fri"),
    )
    shown = ada.get(PAGE).text
    assert 'value="09:15"' in shown
    assert re.search(r'name="version" value="1"', shown)
    assert send(ada, version="1").status_code == 303
    assert chosen(people).quiet is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"channels.approvals.in_app": "off"}, "channels-approvals-in_app"),
        ({"channels.tasks.email": "loudly"}, "channels-tasks-email"),
        ({"digest.at": "25:00"}, "digest-at"),
        ({"digest.every": "month"}, "digest-every"),
        ({"quiet.on": "true", "quiet.start": ""}, "quiet-start"),
        ({"quiet.on": "true", "quiet.days": []}, "quiet-days"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field_and_nothing_is_lost(
    people: People, client_of, changes, field
):
    answer = send(client_of(people.ada), **{"digest.at": "11:11", "quiet.end": "06:06", **changes})
    assert answer.status_code == 422
    assert f'id="f-{field}-error"' in answer.text
    assert 'value="06:06"' in answer.text
    assert chosen(people) is None


def test_a_second_page_does_not_overwrite_unseen(people: People, client_of):
    ada = client_of(people.ada)
    send(ada, **{"digest.at": "09:00"})
    late = send(ada, **{"digest.at": "10:10"})
    assert late.status_code == 409
    assert 'value="10:10"' in late.text
    assert 'name="version" value="1"' in late.text
    assert chosen(people).digest.at == "09:00"


def test_each_person_has_their_own(people: People, client_of):
    send(client_of(people.ada), **{"channels.tasks.email": "off"})
    assert client_of(people.rui).get(PAGE).text.count('value="off" selected') == 0


def test_programs_read_and_replace_the_choices(app, people: People):
    ada = program_of(app, people.ada)
    first = ada.get(API)
    assert first.json["version"] == 0
    assert first.json["channels"]["alerts"] == {"in_app": "at_once", "email": "at_once"}
    assert first.json["time_zone"] == "UTC"
    body = {
        "channels": {"tasks": {"email": "digest"}},
        "quiet": {"start": "20:00", "end": "07:00", "days": ["mon"]},
    }
    assert ada.put(API, body).status_code == 428
    saved = ada.put(API, body, headers={"If-Match": first.headers["ETag"]})
    assert (saved.status_code, saved.json["version"]) == (200, 1)
    assert saved.json["channels"]["tasks"] == {"in_app": "at_once", "email": "digest"}
    assert ada.put(API, body, headers={"If-Match": first.headers["ETag"]}).status_code == 412
    known = ada.get(API, headers={"If-None-Match": saved.headers["ETag"]})
    assert known.status_code == 304
    assert ada.get(API).json["quiet"]["days"] == ["mon"]
    assert program_of(app, people.rui).get(API).json["version"] == 0


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"channels": {"gossip": {}}}, "/channels/gossip"),
        ({"channels": {"tasks": {"pigeon": "off"}}}, "/channels/tasks/pigeon"),
        ({"channels": {"tasks": {"email": "loud"}}}, "/channels/tasks/email"),
        ({"channels": {"approvals": {"in_app": "off"}}}, "/channels/approvals/in_app"),
        ({"quiet": {"start": "7", "end": "08:00", "days": ["mon"]}}, "/quiet/start"),
        ({"quiet": {"start": "20:00", "end": "08:00", "days": ["someday"]}}, "/quiet/days/0"),
        ({"digest": {"every": "day", "at": "24:00"}}, "/digest/at"),
        ({"digest": {"every": "day", "at": "T0730"}}, "/digest/at"),
        ({"digest": {"every": "day", "at": "0730Z"}}, "/digest/at"),
        ({"digest": {"every": "day", "at": "\u0660\u0667:\u0663\u0660"}}, "/digest/at"),
        ({"loud": True}, "/loud"),
    ],
)
def test_programs_are_told_the_wrong_place(app, people: People, body, pointer):
    answer = program_of(app, people.ada).put(API, {**body, "version": 0})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"].startswith(pointer)
    assert chosen(people) is None


def test_a_program_that_only_reads_changes_nothing(app, people: People):
    reader = program_of(app, people.ada, "read")
    assert reader.put(API, {"version": 0}).status_code == 403


def test_operators_see_what_waits_and_which_digest_carries_it(people: People, client_of):
    body = {**{f"channels.{group}.email": "digest" for group in GROUPS}, "digest.every": "hour"}
    assert send(client_of(people.ada), **body).status_code == 303
    with transaction(company_id=people.ada.company_id):
        notify([people.ada.id], "mentioned", {"author": "Mia"}, subject=("x", new_id()), key="1")
        part = session().scalars(select(Delivery)).one()
        part_id, due = part.id, part.not_before
    otto = client_of(people.otto)
    assert "Waits until" in otto.get("/admin/deliveries").text
    with clock.at(due):
        assert digests.send_due() == 1
    with transaction(company_id=people.ada.company_id):
        digest_id = session().scalars(select(Delivery.id).where(Delivery.kind == "digest")).one()
    shown = otto.get(f"/admin/deliveries/{part_id}").text
    assert f'href="/admin/deliveries/{digest_id}"' in shown
