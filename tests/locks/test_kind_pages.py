"""Pages of the kinds of locks: who sees them, who changes them, what is refused."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.locks.conftest import Estate
from tests.people import People, post, sign_in
from wfweb.kernel.db import session
from wfweb.locks import types
from wfweb.locks.models import LockType

Client = Callable[[str], FlaskClient]
NEW: dict[str, Any] = {
    "code": "rent_hold",
    "name": "Rents on hold",
    "record_type": "property",
    "causes": "loan_to_value, rent*",
    "blocked_actions": "refinance, sell",
    "in_flight": "finish",
    "on_expiry": "accept",
    "expiry_days": "30",
    "release_workflow": "release_lock",
    "active": "true",
}


@pytest.fixture
def client(app: Flask, people: People) -> Client:
    """A function that returns a page client signed in as one of the cast."""
    return lambda name: sign_in(app.test_client(), getattr(people, name))


def kind(estate: Estate, code: str = "rent_hold") -> LockType | None:
    with estate.system:
        session().expire_all()
        return types.find(code)


@pytest.mark.usefixtures("estate")
def test_the_list_says_what_leads_where(client: Client):
    page = client("mia").get("/lock-types").text
    assert "Refinance block" in page
    assert "everything no other kind names" in page
    assert "Sell and dispose" in page
    assert "Dscr" in page, "the figure by its name, not by its code"
    assert page.count('data-label="Release">Release lock<') == 3
    assert re.search(r'href="/locks"[^>]* aria-current="page"', page), "the list it belongs to"
    assert "New kind" not in page


def test_a_kind_is_made_and_changed(estate: Estate, client: Client):
    alma = client("alma")
    assert post(alma, "/lock-types/new", NEW).status_code == 303
    made = kind(estate)
    assert made is not None
    assert (made.causes, made.blocked_actions) == (
        ["loan_to_value", "rent*"],
        ["refinance", "sell"],
    )
    assert (made.expiry_days, made.on_expiry, made.in_flight) == (30, "accept", "finish")
    assert (made.ask_at_once, made.active, made.fallback) == (False, True, False)
    address = "/lock-types/rent_hold/edit"
    shown = alma.get(address).text
    version = re.search(r'name="version" value="(\d+)"', shown)
    assert version
    assert 'value="loan_to_value, rent*"' in shown
    assert "There are: dscr, loan_to_value, occupancy" in shown
    changed = {**NEW, "blocked_actions": "sell", "expiry_days": "", "version": version[1]}
    assert post(alma, address, changed).status_code == 303
    later = kind(estate)
    assert later is not None
    assert (later.blocked_actions, later.expiry_days) == (["sell"], None)
    stale = post(alma, address, changed)
    assert stale.status_code == 409
    assert "was changed meanwhile" in stale.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"code": "refinance_block"}, "There is a kind of lock with this code"),
        ({"code": "Rent Hold"}, "Use small letters, digits and _"),
        ({"name": " "}, "Give it a name"),
        ({"causes": ""}, "Name the metrics"),
        ({"causes": "1; drop"}, "no metric code"),
        ({"blocked_actions": ""}, "Name at least one action"),
        ({"blocked_actions": "Sell it"}, "no code of an action"),
        ({"record_type": "", "fallback": "true"}, "names its type of records"),
        ({"record_type": "spaceship"}, "There is no record type"),
        ({"release_workflow": "nowhere"}, "There is no workflow"),
        ({"expiry_days": "1e400"}, "a whole number of days"),
        ({"expiry_days": "0"}, "from 1 to 3650"),
        ({"on_expiry": "never"}, "Use unlock, renew or accept"),
        ({"description": "x" * 2001}, "at most 2000"),
        ({"name": "a\0b"}, "Give it a name"),
    ],
)
def test_what_is_wrong_is_named_and_kept(
    estate: Estate, client: Client, change: dict[str, str], words: str
):
    answer = post(client("alma"), "/lock-types/new", {**NEW, **change})
    assert answer.status_code == 422
    assert words in answer.text
    assert kind(estate) is None


@pytest.mark.usefixtures("estate")
def test_only_who_may_changes_kinds(client: Client):
    mia = client("mia")
    for path in ("/lock-types/new", "/lock-types/refinance_block/edit"):
        assert mia.get(path).status_code == 403
        assert post(mia, path, NEW, form="/locks").status_code == 403
    assert client("alma").get("/lock-types/nowhere/edit").status_code == 404
