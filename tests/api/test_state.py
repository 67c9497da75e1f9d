"""What is answered about a record is what stands after the act: also its workflow's state."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.conftest import Program
from tests.people import People
from tests.records.conftest import CUSTOMER
from tests.records.test_pages import post
from wfweb.kernel.db import session, transaction
from wfweb.records.types import create_type
from wfweb.workflow import definitions

CARE = """
code: customer_care
name: Customer care
record_type: customer
trigger: TRIGGER
states:
  - {code: being_checked, name: Being checked, type: start}
  - {code: known, name: Known, type: end}
transitions:
  - {code: accept, label: Accept, from: being_checked, to: known}
"""


@pytest.fixture
def care(people: People) -> Callable[[str], None]:
    """Return a function: customers are followed by a workflow that starts by a trigger."""

    def publish(trigger: str) -> None:
        with transaction(actor=people.alma.actor):
            create_type(CUSTOMER)
            definitions.import_definition(CARE.replace("TRIGGER", trigger))
            session().flush()
            definitions.publish("customer_care", comment="First version")

    return publish


def test_a_new_record_is_answered_in_the_state_it_stands_in(
    api: Callable[..., Program], care: Callable[[str], None], people: People
):
    care("on_create")
    rui = api(people.rui)
    made = rui.post("/record-types/customer/records", {"data": {"name": "Elm Bakery"}})
    assert made.status_code == 201, made.text
    body: dict[str, Any] = made.get_json()
    assert body["state"] == "being_checked"
    read = rui.get(made.headers["Location"])
    assert read.get_json() == body
    assert read.headers["ETag"] == made.headers["ETag"]


def test_a_changed_record_is_answered_in_the_state_the_change_brought(
    api: Callable[..., Program], care: Callable[[str], None], people: People
):
    care("on_write")
    rui = api(people.rui)
    made = rui.post("/record-types/customer/records", {"data": {"name": "Elm Bakery"}})
    assert made.get_json()["state"] is None
    changed = rui.patch(made.headers["Location"], {"data": {"city": "Delft"}, "version": 1})
    assert changed.get_json()["state"] == "being_checked"
    assert rui.get(made.headers["Location"]).get_json() == changed.get_json()


def test_the_page_of_a_new_record_shows_its_state(
    client_of: Callable[..., FlaskClient], care: Callable[[str], None], people: People
):
    care("on_create")
    client = client_of(people.rui)
    form = client.get("/records/customer/new").text
    assert "Being checked" not in form
    made = post(client, "/records/customer/new", {"name": "Elm Bakery"})
    assert made.status_code == 303
    assert "Being checked" in client.get(made.location).text
