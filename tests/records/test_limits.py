"""Queries do not grow with rows, and nothing people write is ever executed or changed."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from html.parser import HTMLParser

import pytest
from sqlalchemy import event

from tests.people import People
from tests.records.conftest import line
from tests.records.test_checks import strings
from tests.records.test_pages import post
from wfweb.kernel.db import db, transaction
from wfweb.records import talk
from wfweb.records.fields import storable
from wfweb.records.models import Record
from wfweb.records.queries import record_by_key
from wfweb.records.service import create_record, update_record


class Markup(HTMLParser):
    """What a browser would make of a page: its elements, and attributes that run something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.handlers: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.handlers += [
            (tag, name)
            for name, value in attrs
            if name.startswith("on") or name == "style" or (value or "").startswith("javascript:")
            if name not in {"value", "placeholder", "aria-label"}
        ]


@contextmanager
def counted() -> Iterator[list[str]]:
    seen: list[str] = []

    def listener(*args: object) -> None:
        seen.append(str(args[2]))

    event.listen(db.engine, "before_cursor_execute", listener)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", listener)


def queries(client, path: str) -> int:
    with counted() as seen:
        response = client.get(path)
    assert response.status_code == 200, path
    return sum(statement.lstrip().upper().startswith(("SELECT", "WITH")) for statement in seen)


def test_lists_and_pages_need_no_more_queries_for_fifty_rows(
    client_of, order: Record, customer: Record, people: People
) -> None:
    client = client_of(people.rui)
    paths = (
        "/records",
        "/records/order",
        "/records/order/ORD-1001",
        "/records/order/ORD-1001/edit",
    )
    before = {path: queries(client, path) for path in paths}
    with transaction(actor=people.rui.actor):
        reference = str(customer.id)
        for number in range(50):
            create_record(
                "order",
                {"customer": reference, "buyer": str(people.ada.id), "lines": [line()] * 3},
            )
            talk.comment("record", order.id, f"word {number} @ada")
        for number in range(1, 30):
            update_record(order.id, {"reason": f"r{number}"}, version=number)
    for path in paths:
        # A comment that mentions somebody brings one query for names; nothing else may come.
        assert queries(client, path) <= before[path] + 2, path
    assert before["/records/order"] <= 14
    # Seven of them are what watches and blocks: locks, alerts, figures, deadlines, tasks.
    assert before["/records/order/ORD-1001"] <= 27


def test_naughty_text_is_shown_escaped_and_kept_unchanged(
    client_of, new_order: Callable[..., Record], people: People
) -> None:
    texts = [text for text in strings() if text.strip() and storable(text)]
    if not texts:
        pytest.skip("the shared text data is not here")
    client = client_of(people.rui)
    plain = Markup()
    plain.feed(client.get("/records/order/new").get_data(as_text=True))
    scripts = plain.tags["script"]
    for start in range(0, len(texts), 150):
        part = texts[start : start + 150]
        lines = [line(product=text[:250].strip() or "x") for text in part]
        reason = "\n".join(part)[:9000]
        record = new_order(reason=reason, lines=lines)
        with transaction(actor=people.rui.actor):
            key = record.key
            talk.comment("record", record.id, reason)
            assert record_by_key(key).data["reason"] == reason
        for path in (f"/records/order/{key}", f"/records/order/{key}/edit"):
            page = client.get(path).get_data(as_text=True)
            found = Markup()
            found.feed(page)
            assert found.handlers == [], path
            assert found.tags["script"] == scripts, path
            assert found.tags["img"] == found.tags["iframe"] == 0
            assert unescape(page).count(part[0]) >= 1


def test_naughty_text_by_form_is_kept_unchanged(
    client_of, customer: Record, people: People
) -> None:
    texts = [t for t in strings() if t.strip() and storable(t) and "\r" not in t][:60]
    if not texts:
        pytest.skip("the shared text data is not here")
    client = client_of(people.rui)
    for text in texts:
        made = post(client, "/records/customer/new", {"name": text, "city": text, "contact": ""})
        assert made.status_code == 303
        key = made.location.rpartition("/")[2]
        with transaction(actor=people.rui.actor):
            assert record_by_key(key).data["name"] == text
        assert client.get("/records/customer", query_string={"q": text}).status_code == 200


def test_text_that_cannot_be_stored_is_a_422(client_of, customer: Record, people: People) -> None:
    client = client_of(people.rui)
    for text in ("a\0b", "\0"):
        answer = post(client, "/records/customer/new", {"name": text})
        assert answer.status_code == 422
    for path in (
        "/records/customer?q=%00",
        "/records/customer?f.name=%00",
        "/pickers/people?q=%00",
    ):
        assert client.get(path).status_code == 200
