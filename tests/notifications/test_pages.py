"""Pages of notices, deliveries and messages: what is shown, kept and refused."""

import pytest

from tests.people import People, post
from wfweb.kernel.db import transaction
from wfweb.kernel.ids import new_id
from wfweb.kernel.paging import encode_cursor
from wfweb.notifications import notify

CONTEXT = {
    "title": "<script>alert(1)</script>",
    "amount": "€1.00",
    "requester": "Rui",
    "key": "A-1",
}


def tell(people: People) -> None:
    with transaction(company_id=people.ada.company_id):
        notify(
            [people.ada.id], "approval_assigned", {**CONTEXT, "path": "/inbox"},
            subject=("approval_request", new_id()), key="1",
        )  # fmt: skip


def test_a_notice_is_shown_as_text_and_leads_to_its_subject(people: People, client_of):
    tell(people)
    ada = client_of(people.ada)
    seen = ada.get("/notifications").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in seen
    address = seen.split('action="/notifications/')[2].split('"')[0]
    answer = post(ada, f"/notifications/{address}", {"next": "/inbox"}, form="/notifications")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/inbox")
    assert "New</span>" not in ada.get("/notifications").text


def test_notices_of_others_cannot_be_read(people: People, client_of):
    tell(people)
    path = f"/notifications/{new_id()}/read"
    assert post(client_of(people.rui), path, {}, form="/notifications").status_code == 404
    assert "alert(1)" not in client_of(people.rui).get("/notifications").text


def test_a_forged_page_address_is_refused(people: People, client_of):
    for values in ([new_id(), 1], ["text"], [1]):
        cursor = encode_cursor(values)
        assert client_of(people.ada).get(f"/notifications?after={cursor}").status_code == 422
    assert client_of(people.ada).get("/notifications?after=%00").status_code == 422


def test_deliveries_are_found_by_state_and_words(people: People, client_of):
    tell(people)
    otto = client_of(people.otto)
    assert "ada@kestrel.example" in otto.get("/admin/deliveries?state=pending&q=ada").text
    assert "ada@kestrel.example" not in otto.get("/admin/deliveries?q=%25").text
    assert otto.get("/admin/deliveries?state=lost").status_code == 422
    assert client_of(people.rui).get("/admin/deliveries").status_code == 403


@pytest.mark.parametrize("act", ["save", "preview"])
def test_wrong_words_stay_in_the_form_with_the_place_named(people: People, client_of, act: str):
    alma = client_of(people.alma)
    path = "/admin/messages/approval_assigned"
    data = {
        "subject": "{{salary}} and what I typed",
        "heading": "H",
        "body": "B",
        "button": "Go",
        "version": "0",
        "act": act,
    }
    answer = post(alma, path, data)
    assert answer.status_code == 422
    assert "{{salary}} and what I typed" in answer.text
    assert "{{salary}} is not known here" in answer.text


def test_words_are_saved_used_and_given_back(people: People, client_of):
    alma = client_of(people.alma)
    path = "/admin/messages/approval_assigned"
    words = {"subject": "Look at {{title}}", "heading": "H", "body": "", "button": "Go"}
    assert post(alma, path, {**words, "version": "0", "act": "save"}).status_code == 303
    assert "Look at {{title}}" in alma.get("/admin/messages").text
    stale = post(alma, path, {**words, "version": "0", "act": "save"})
    assert stale.status_code == 409
    assert "Somebody else changed these words" in stale.text
    assert post(alma, path, {**words, "version": "1", "act": "restore"}).status_code == 303
    assert "Look at {{title}}" not in alma.get("/admin/messages").text
