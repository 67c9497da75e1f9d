"""Record types: created, changed with a version, installed again, and edited on their page."""

import json
import re
from html import unescape

import pytest

from tests.people import People
from tests.records.conftest import CUSTOMER, ORDER, definition_of_order
from tests.records.test_pages import post, text_of
from wfweb.conditions.schema import FieldTypes
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Conflict, Forbidden, NotFound, ValidationFailed
from wfweb.records.models import RecordType
from wfweb.records.types import (
    create_type,
    definition_of,
    fields_for_conditions,
    get_type,
    install_type,
    shape_of,
    update_type,
)


def test_a_type_keeps_its_definition_and_derives_its_schema(
    order_type: RecordType, people: People
) -> None:
    with transaction(actor=people.rui.actor):
        found = get_type("order")
        assert definition_of(found)["title_template"] == "{customer} {amount}"
        assert found.json_schema["$schema"].endswith("2020-12/schema")
        assert found.json_schema["additionalProperties"] is False
        quantity = found.json_schema["properties"]["lines"]["items"]["properties"]["quantity"]
        assert quantity["title"] == "Quantity"
        assert (found.amount_field, found.version) == ("amount", 1)


def test_types_need_their_permission_and_a_free_code(
    order_type: RecordType, people: People
) -> None:
    with transaction(actor=people.rui.actor), pytest.raises(Forbidden):
        create_type({**CUSTOMER, "code": "other", "key_prefix": "OTH"})
    with transaction(actor=people.alma.actor), pytest.raises(ValidationFailed) as caught:
        create_type(CUSTOMER)
    assert caught.value.errors[0].pointer == "/code"
    with pytest.raises(ValidationFailed) as caught, transaction(actor=people.alma.actor):
        create_type({**CUSTOMER, "code": "other"})
    assert caught.value.errors[0].pointer == "/key_prefix"


def test_two_companies_have_types_of_the_same_code(order_type: RecordType, people: People) -> None:
    with transaction(actor=people.eve.actor):
        with pytest.raises(NotFound):
            get_type("order")
        create_type(CUSTOMER)
        assert shape_of(get_type("customer")).by_code["name"].label == "Name"


def test_a_change_raises_the_version_and_a_stale_one_is_refused(
    order_type: RecordType, people: People
) -> None:
    with transaction(actor=people.alma.actor):
        changed = update_type("order", definition_of_order(name="Purchase"), version=1)
        assert (changed.version, changed.name) == (2, "Purchase")
        assert shape_of(changed).name == "Purchase"
    with transaction(actor=people.alma.actor), pytest.raises(Conflict) as caught:
        update_type("order", definition_of_order(), version=1)
    assert caught.value.current_version == 2


def test_code_prefix_and_kinds_of_fields_stay(order_type: RecordType, people: People) -> None:
    other_kind = definition_of_order()
    other_kind["fields"][3] = {"code": "wanted_on", "type": "text"}
    for change, place in (
        (definition_of_order(code="ordre"), "/code"),
        (definition_of_order(key_prefix="ORX"), "/key_prefix"),
        (other_kind, "/fields/3/type"),
    ):
        with transaction(actor=people.alma.actor), pytest.raises(ValidationFailed) as caught:
            update_type("order", change, version=1)
        assert caught.value.errors[0].pointer == place


def test_installing_twice_changes_nothing(order_type: RecordType, people: People) -> None:
    with transaction(actor=people.alma.actor):
        assert install_type(ORDER).version == 1
        assert install_type({**ORDER, "plural": "All orders"}).version == 2


def test_what_conditions_may_read(order_type: RecordType, people: People) -> None:
    with transaction(actor=people.rui.actor):
        found = get_type("order")
        types = FieldTypes(fields_for_conditions(found))
        assert types["record.amount.currency"].kind == "text"
        assert types["record.lines.quantity"].kind == "number"
        assert types["record.state"].kind == "text"


def form_of(page: str) -> dict[str, str]:
    """Return the values of the inputs of a page's type form, as a browser would send them."""
    form = re.findall(r'<form class="form" id="type-form".*?</form>', page, re.DOTALL)[0]
    values: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        found = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if found.get("type") != "checkbox" or re.search(r"\schecked", tag):
            values[found["name"]] = unescape(found.get("value", ""))
    for name, body in re.findall(
        r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL
    ):
        chosen = re.findall(r'<option value="([^"]*)" selected', body)
        values[name] = unescape(chosen[0]) if chosen else ""
    for name, body in re.findall(
        r'<textarea[^>]*name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL
    ):
        values[name] = unescape(body).replace("\n", "\r\n")
    return values


def test_the_page_saves_what_it_shows_without_changing_it(
    client_of, order_type: RecordType, people: People
) -> None:
    client = client_of(people.alma)
    form = form_of(text_of(client.get("/record-types/order")))
    response = post(client, "/record-types/order", form)
    assert response.status_code == 303
    with transaction(actor=people.alma.actor):
        assert get_type("order").version == 1, "nothing was changed by showing and saving"


def test_fields_are_added_moved_and_removed_without_script(
    client_of, order_type: RecordType, people: People
) -> None:
    client = client_of(people.alma)
    url = "/record-types/order"
    form = form_of(text_of(client.get(url)))
    page = text_of(post(client, url, {**form, "_act": "add"}))
    form = form_of(page)
    form |= {"fields.9.code": "extra", "fields.9.label": "Extra", "fields.9.type": "text"}
    form = form_of(text_of(post(client, url, {**form, "_act": "up:9"})))
    assert form["fields.8.code"] == "extra"
    form = form_of(text_of(post(client, url, {**form, "_act": "remove:0"})))
    assert form["fields.7.code"] == "extra"
    form = form_of(text_of(post(client, url, {**form, "_act": "add:5"})))
    form |= {"fields.5.fields.3.code": "note", "fields.5.fields.3.label": "Note"}
    form["title_template"] = "{amount}"
    assert "Preview of the form" in text_of(post(client, url, {**form, "_act": "preview"}))
    assert post(client, url, form).status_code == 303
    with transaction(actor=people.alma.actor):
        shape = shape_of(get_type("order"))
        assert [f.code for f in shape.fields][7] == "extra"
        assert [f.code for f in shape.by_code["lines"].fields][3] == "note"
        assert "customer" not in shape.by_code


def test_mistakes_and_conflicts_keep_what_was_typed(
    client_of, order_type: RecordType, people: People
) -> None:
    client = client_of(people.alma)
    url = "/record-types/order"
    form = form_of(text_of(client.get(url)))
    wrong = post(client, url, {**form, "fields.2.choices": "", "name": "Kept name"})
    assert wrong.status_code == 422
    assert 'href="#f-fields-2-choices"' in text_of(wrong)
    assert 'value="Kept name"' in text_of(wrong)
    with transaction(actor=people.alma.actor):
        update_type("order", definition_of_order(name="Theirs"), version=1)
    stale = post(client, url, {**form, "name": "Mine"})
    assert stale.status_code == 409
    assert 'value="Mine"' in text_of(stale)
    assert "version 2" in text_of(stale)


def test_a_new_type_by_page_and_json(client_of, order_type: RecordType, people: People) -> None:
    client = client_of(people.alma)
    form = form_of(text_of(client.get("/record-types/new")))
    form |= {
        "name": "Trip",
        "code": "trip",
        "key_prefix": "TRP",
        "fields.0.code": "place",
        "fields.0.label": "Place",
        "title_template": "{place}",
    }
    made = post(client, "/record-types/new", form)
    assert made.status_code == 303
    assert made.location.endswith("/record-types/trip")
    page = text_of(client.get("/record-types/trip/json"))
    text = re.findall(r"<textarea[^>]*>\n?(.*?)</textarea>", page, re.DOTALL)[0]
    definition = json.loads(text)
    definition["description"] = "By <JSON>"
    saved = post(
        client,
        "/record-types/trip/json",
        {"definition": json.dumps(definition), "version": "1"},
    )
    assert saved.status_code == 303
    for bad in ("{", "[]", '{"fields": 1}', "1" * 500_000):
        answer = post(client, "/record-types/trip/json", {"definition": bad, "version": "2"})
        assert answer.status_code == 422
    stale = post(
        client, "/record-types/trip/json", {"definition": json.dumps(definition), "version": "1"}
    )
    assert stale.status_code == 409
