"""Adding an endpoint, changing it, and what nonsense meets."""

import pytest
from sqlalchemy import select

from tests.people import People, post
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Conflict, Forbidden
from wfweb.webhooks import service
from wfweb.webhooks.models import WebhookEndpoint

GOOD = {"name": "Warehouse", "code": "warehouse", "url": "https://warehouse.example.com/hooks"}


def made(people: People) -> WebhookEndpoint:
    with transaction(actor=people.alma.actor):
        return session().scalars(select(WebhookEndpoint)).one()


def test_an_administrator_adds_an_endpoint_and_sees_its_secret(people, client_of):
    alma = client_of(people.alma)
    answer = post(alma, "/admin/webhooks", GOOD)
    assert answer.status_code == 303
    shown = alma.get(answer.location).text
    assert made(people).secret in shown
    assert "Warehouse" in alma.get("/admin/webhooks").text


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("code", "Ware House", "small letters"),
        ("name", "", "Enter a name"),
        ("url", "ftp://example.com", "whole address"),
        ("url", "https://user:pw@example.com", "signed instead"),
        ("url", "https://exa mple.com", "without blanks"),
        ("url", "http://[", "whole address"),
        ("url", "https://example.com:99999", "whole address"),
    ],
)
def test_nonsense_is_told_at_its_field_and_stays_typed(people, client_of, field, value, complaint):
    answer = post(client_of(people.alma), "/admin/webhooks", GOOD | {field: value})
    assert answer.status_code == 422
    assert complaint in answer.text
    assert "Warehouse" in answer.text or field == "name"


def test_a_code_is_given_once(people, client_of):
    alma = client_of(people.alma)
    post(alma, "/admin/webhooks", GOOD)
    answer = post(alma, "/admin/webhooks", GOOD)
    assert (answer.status_code, "Another endpoint" in answer.text) == (422, True)


def test_switching_off_and_a_new_secret(people, client_of):
    alma = client_of(people.alma)
    page = post(alma, "/admin/webhooks", GOOD).location
    secret = made(people).secret
    assert post(alma, page, {"act": "off", "version": "1"}).status_code == 303
    assert post(alma, page, {"act": "secret", "version": "2"}).status_code == 303
    endpoint = made(people)
    assert (endpoint.active, endpoint.secret != secret) == (False, True)
    assert post(alma, page, {"act": "explode", "version": "3"}).status_code == 422


def test_two_administrators_at_once(people, client_of):
    alma = client_of(people.alma)
    page = post(alma, "/admin/webhooks", GOOD).location
    post(alma, page, GOOD | {"act": "save", "version": "1"})
    answer = post(alma, page, GOOD | {"act": "save", "name": "Depot", "version": "1"})
    assert (answer.status_code, "Depot" in answer.text) == (409, True)
    with transaction(actor=people.alma.actor), pytest.raises(Conflict):
        service.update_endpoint(made(people).id, version=1, active=False)


def test_others_may_not(people, client_of):
    assert client_of(people.rui).get("/admin/webhooks").status_code == 403
    with transaction(actor=people.rui.actor), pytest.raises(Forbidden):
        service.create_endpoint("erp", "ERP", "https://erp.example.com")
