"""Pages of records: lists, forms without script, conflicts, talk, files, links."""

import re
from html import unescape
from io import BytesIO

import pytest

from tests.people import People
from tests.records.conftest import line
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Conflict, Locked, Stale
from wfweb.kernel.ports import ports
from wfweb.records.models import Record, RecordType
from wfweb.records.queries import record_by_key
from wfweb.records.service import create_record, update_record


def order_form(customer_id: str, **changes: str) -> dict[str, str]:
    return {
        "customer": customer_id,
        "buyer": "",
        "priority": "high",
        "wanted_on": "2027-02-01",
        "reason": "Two lines\r\nof text",
        "lines.0.product": "Cheese",
        "lines.0.quantity": "2",
        "lines.0.unit_price.amount": "10.50",
        "lines.0.unit_price.currency": "EUR",
        "lines.4.product": "",
        "lines.4.quantity": "",
        "lines.4.unit_price.amount": "",
        "lines.4.unit_price.currency": "EUR",
        "lines.7.product": "Bread",
        "lines.7.quantity": "1",
        "lines.7.unit_price.amount": "3",
        "lines.7.unit_price.currency": "EUR",
        **changes,
    }


@pytest.fixture
def customer_id(customer: Record, people: People) -> str:
    with transaction(actor=people.rui.actor):
        return str(customer.id)


def post(client, path: str, data: dict[str, object], *, headers=None):
    """Post as a browser does: with the token that the last page carried."""
    seen = client.get("/records").get_data(as_text=True)
    found = re.search(r'name="csrf-token" content="([^"]+)"', seen)
    assert found
    return client.post(path, data={**data, "csrf_token": found[1]}, headers=headers)


def text_of(response) -> str:
    return unescape(response.get_data(as_text=True))


def keys(page: str) -> list[str]:
    return re.findall(r'<span class="mono">(ORD-\d+)</span>', page)


def test_all_pages_answer(client_of, order: Record, people: People) -> None:
    client = client_of(people.alma)
    for path in (
        "/records",
        "/records/order",
        "/records/order/new",
        "/records/order/ORD-1001",
        "/records/order/ORD-1001/edit",
        "/records/order/ORD-1001/timeline",
        "/records/customer",
        "/pickers/people?q=ada",
        "/pickers/records/customer?q=blue",
        "/record-types",
        "/record-types/new",
        "/record-types/order",
        "/record-types/order/json",
    ):
        response = client.get(path)
        assert response.status_code == 200, (path, text_of(response)[:500])


def test_a_form_without_script_makes_a_record(client_of, customer_id: str, people: People) -> None:
    client = client_of(people.rui)
    response = post(client, "/records/order/new", order_form(customer_id))
    assert response.status_code == 303
    page = text_of(client.get(response.location))
    assert "€24.00" in page
    assert "Two lines\nof text" in page
    with transaction(actor=people.rui.actor):
        record = record_by_key("ORD-1001")
        assert [one["product"] for one in record.data["lines"]] == ["Cheese", "Bread"]


def test_pressing_create_twice_makes_one_record(
    client_of, customer_id: str, people: People
) -> None:
    client = client_of(people.rui)
    form = order_form(customer_id, _form="0b8e9c0e")
    first, second = (post(client, "/records/order/new", form) for _ in range(2))
    assert first.location == second.location
    assert client.get("/records/order/ORD-1002").status_code == 404


def test_a_refused_form_names_places_and_keeps_what_was_typed(
    client_of, customer_id: str, people: People
) -> None:
    client = client_of(people.rui)
    bad = order_form(
        customer_id, **{"lines.7.quantity": "1,000", "wanted_on": "2027-02-31", "reason": "kept"}
    )
    response = post(client, "/records/order/new", bad)
    page = text_of(response)
    assert response.status_code == 422
    assert "<title>Error: New order" in page
    # The empty line 4 is dropped, so Bread is line 1 in pointer and form alike.
    assert 'href="#f-lines-1-quantity"' in page
    assert 'id="f-lines-1-quantity"' in page
    assert 'value="1,000"' in page
    assert "kept" in page
    assert 'href="#f-wanted_on"' in page


def test_lines_are_added_and_removed_by_buttons_without_script(
    client_of, customer_id: str, people: People
) -> None:
    client = client_of(people.rui)
    page = text_of(post(client, "/records/order/new", order_form(customer_id, _act="add:lines")))
    assert page.count(".product") >= 4
    page = text_of(
        post(client, "/records/order/new", order_form(customer_id, _act="remove:lines:0"))
    )
    assert 'value="Cheese"' not in page
    assert 'value="Bread"' in page


def test_people_and_records_can_be_named_by_address_and_key(
    client_of, customer_id: str, people: People
) -> None:
    client = client_of(people.rui)
    form = order_form("cus-1001", buyer="ADA@kestrel.example")
    assert post(client, "/records/order/new", form).status_code == 303
    with transaction(actor=people.rui.actor):
        data = record_by_key("ORD-1001").data
        assert data["customer"] == customer_id
        assert data["buyer"] == str(people.ada.id)


def test_a_conflict_shows_both_versions_and_loses_nothing(
    client_of, order: Record, customer_id: str, people: People
) -> None:
    client = client_of(people.rui)
    with transaction(actor=people.mia.actor):
        update_record(order.id, {"reason": "Mia wrote this", "priority": "low"}, version=1)
    mine = order_form(customer_id, version="1", reason="Rui wrote that")
    response = post(client, "/records/order/ORD-1001/edit", mine)
    page = text_of(response)
    assert response.status_code == 409
    assert "Mia wrote this" in page
    assert "Rui wrote that" in page
    assert 'name="version" value="2"' in page
    kept = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))
    assert kept["wanted_on"] == "2027-02-01"
    assert kept["lines.1.product"] == "Bread"
    answer = {**kept, "keep.reason": "theirs", "keep.priority": "yours", "keep.wanted_on": "yours"}
    answer.pop("csrf_token", None)
    assert post(client, "/records/order/ORD-1001/edit", answer).status_code == 303
    with transaction(actor=people.rui.actor):
        data = record_by_key("ORD-1001").data
        assert data["reason"] == "Mia wrote this"
        assert data["wanted_on"] == "2027-02-01"
        assert data["priority"] == "high"
        assert data["amount"]["amount"] == "24.00"


def test_an_edit_form_without_version_changes_nothing(
    client_of, order: Record, customer_id: str, people: People
) -> None:
    response = post(client_of(people.rui), "/records/order/ORD-1001/edit", order_form(customer_id))
    assert response.status_code == 422


@pytest.mark.parametrize(
    "refusal",
    [
        Conflict("An approval of this order is pending"),
        Locked("An approval of this order is pending", locks=[]),
        Stale("An approval of this order is pending", difference=[], current_digest="x"),
    ],
)
def test_what_an_approval_refuses_is_said_above_the_form_that_keeps_its_text(
    client_of, order: Record, customer_id: str, people: People, monkeypatch, refusal
) -> None:
    def guard(_record: object, _changed: object) -> None:
        raise refusal

    client = client_of(people.rui)
    monkeypatch.setattr(ports, "edit_guard", guard)
    form = order_form(customer_id, version="1", reason="typed at length")
    response = post(client, "/records/order/ORD-1001/edit", form)
    page = text_of(response)
    assert response.status_code == refusal.status
    assert "An approval of this order is pending" in page
    assert "typed at length" in page
    assert 'name="version" value="1"' in page


def test_a_comment_mentions_and_is_shown_escaped(client_of, order: Record, people: People) -> None:
    client = client_of(people.rui)
    url = "/records/order/ORD-1001/comments"
    assert post(client, url, {"body": "Hello @ada <b>look</b>"}).status_code == 303
    page = client.get("/records/order/ORD-1001").get_data(as_text=True)
    assert "<strong>@ada</strong> &lt;b&gt;look" in page
    answer = post(client, url, {"body": "By htmx"}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "By htmx" in text_of(answer)
    assert 'id="comment-form"' in text_of(answer)
    empty = post(client, url, {"body": " "}, headers={"HX-Request": "true"})
    assert empty.status_code == 422
    assert "Write your comment" in text_of(empty)


def test_files_go_up_and_come_down_as_attachments(client_of, order: Record, people: People) -> None:
    client = client_of(people.rui)
    data = {"file": (BytesIO(b"%PDF-1.7 hello"), "../../etc/pass\u202ewd.pdf")}
    url = "/records/order/ORD-1001/attachments"
    assert post(client, url, data).status_code == 303
    page = text_of(client.get("/records/order/ORD-1001"))
    assert "passwd.pdf" in page
    assert "etc" not in re.findall(r"<bdi>([^<]*pdf)</bdi>", page)[0]
    link = re.findall(r'href="(/records/order/ORD-1001/attachments/[^"]+)"', page)[0]
    answer = client.get(link)
    assert answer.data == b"%PDF-1.7 hello"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    answer.close()
    assert client_of(people.eve).get(link).status_code == 404
    assert post(client, link + "/remove", {}).status_code == 303
    assert client.get(link).status_code == 404


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("run.exe", b"MZ\x90\0"),
        ("fake.pdf", b"MZ\x90\0"),
        ("page.html", b"<script>alert(1)</script>"),
        ("image.png", b"<svg onload=alert(1)>"),
        ("empty.pdf", b""),
        ("noextension", b"text"),
    ],
)
def test_other_files_are_refused_on_the_page(
    client_of, order: Record, people: People, name: str, content: bytes
) -> None:
    client = client_of(people.rui)
    response = post(
        client, "/records/order/ORD-1001/attachments", {"file": (BytesIO(content), name)}
    )
    assert response.status_code == 422
    assert "field" in text_of(response)


def test_a_file_field_keeps_its_upload_when_the_form_is_refused(
    client_of, customer_id: str, people: People
) -> None:
    client = client_of(people.rui)
    form = order_form(customer_id, wanted_on="never")
    response = post(
        client, "/records/order/new", {**form, "quote": (BytesIO(b"%PDF-1.4 q"), "quote.pdf")}
    )
    page = text_of(response)
    assert response.status_code == 422
    [kept] = re.findall(r'name="quote" value="([^"]+)"', page)
    assert "quote.pdf" in page
    made = post(client, "/records/order/new", order_form(customer_id, quote=kept))
    assert made.status_code == 303
    assert "quote.pdf" in text_of(client.get(made.location))


def test_links_by_key(client_of, order: Record, people: People) -> None:
    client = client_of(people.rui)
    url = "/records/order/ORD-1001/links"
    assert post(client, url, {"to": "cus-1001", "kind": "related"}).status_code == 303
    page = text_of(client.get("/records/order/ORD-1001"))
    assert "Unlink CUS-1001" in page
    assert post(client, url, {"to": "ORD-9999", "kind": "related"}).status_code == 422
    assert post(client, url, {"to": "ORD-1001", "kind": "related"}).status_code == 422
    assert post(client, url, {"to": "CUS-1001", "kind": "loves"}).status_code == 422
    remove = re.findall(r'action="(/records/[^"]+/links/[^"]+/remove)"', page)[0]
    assert post(client, remove, {}).status_code == 303
    assert "Unlink" not in text_of(client.get("/records/order/ORD-1001"))


def test_archiving_by_page(client_of, order: Record, people: People) -> None:
    client = client_of(people.rui)
    assert post(client, "/records/order/ORD-1001/archive", {"version": "1"}).status_code == 303
    assert keys(text_of(client.get("/records/order"))) == []
    assert keys(text_of(client.get("/records/order?archived=1"))) == ["ORD-1001"]
    assert post(client, "/records/order/ORD-1001/restore", {"version": "1"}).status_code == 303
    assert keys(text_of(client.get("/records/order"))) == ["ORD-1001"]


def test_a_stranger_and_somebody_signed_out_see_nothing(
    client_of, order: Record, people: People
) -> None:
    eve = client_of(people.eve)
    assert eve.get("/records/order").status_code == 404
    assert eve.get("/records/order/ORD-1001").status_code == 404
    assert client_of(None).get("/records/order").status_code == 303


def test_nobody_without_the_permission_edits_types(client_of, order_type, people: People) -> None:
    client = client_of(people.rui)
    assert client.get("/record-types").status_code == 403
    assert post(client, "/record-types/order", {"version": "1"}).status_code == 403


@pytest.fixture
def many(people: People, customer: Record, order_type: RecordType) -> None:
    with transaction(actor=people.rui.actor):
        for number in range(1, 61):
            create_record(
                "order",
                {
                    "customer": str(customer.id),
                    "lines": [line(price=str(number))],
                    "priority": "high" if number % 2 else "low",
                    "reason": f"reason {number}",
                    "buyer": str(people.ada.id) if number > 58 else None,
                },
            )


def test_lists_filter_sort_and_page_by_address(client_of, many: None, people: People) -> None:
    client = client_of(people.rui)
    page = text_of(client.get("/records/order"))
    assert len(keys(page)) == 50
    assert keys(page)[0] == "ORD-1060", "newest first"
    following = unescape(re.findall(r'href="([^"]*after=[^"]*)"', page)[0])
    assert keys(text_of(client.get(following))) == [f"ORD-{n}" for n in range(1010, 1000, -1)]

    def shown(query: str) -> list[str]:
        return keys(text_of(client.get(f"/records/order?{query}")))

    assert shown("sort=amount&limit=3") == ["ORD-1001", "ORD-1002", "ORD-1003"]
    assert shown("sort=-amount&limit=2") == ["ORD-1060", "ORD-1059"]
    assert shown("f.amount.min=118") == ["ORD-1060", "ORD-1059"]
    assert shown("f.priority=high&limit=2") == ["ORD-1059", "ORD-1057"]
    assert shown(f"f.buyer={people.ada.id}") == ["ORD-1060", "ORD-1059"]
    assert shown("f.buyer=ada@kestrel.example") == ["ORD-1060", "ORD-1059"]
    assert shown("q=reason 17") == ["ORD-1017"]
    assert shown("q=ord-1005") == ["ORD-1005"]
    assert len(shown("mine=1")) == 50
    assert shown("q=%25") == [], "a per cent sign is no wildcard"
    assert len(shown("sort=drop table&f.nothing=1&f.amount.min=abc&f.lines=x")) == 50


def test_keyset_pages_of_every_order_show_each_record_once(
    client_of, many: None, people: People
) -> None:
    client = client_of(people.rui)
    for sort in ("updated", "-updated", "title", "-title", "amount", "-amount", "state", "-state"):
        url, seen = f"/records/order?sort={sort}&limit=25", []
        while url:
            page = text_of(client.get(url))
            seen += keys(page)
            found = re.findall(r'href="([^"]*after=[^"]*)" rel="next"', page)
            url = unescape(found[0]) if found else ""
        assert len(seen) == len(set(seen)) == 60, sort


def test_a_wrong_cursor_is_a_422_not_a_500(client_of, order: Record, people: People) -> None:
    client = client_of(people.rui)
    assert client.get("/records/order?after=nonsense").status_code == 422
    assert client.get("/records/order/ORD-1001/timeline?before=never").status_code == 422
    assert client.get("/records/order/ORD-1001?before=2026-01-01").status_code == 422
    assert client.get("/records/order/ORD%00").status_code == 404
    assert client.get("/records/ord%00er").status_code == 404
