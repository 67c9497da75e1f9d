"""Naughty strings and XSS payloads wherever people type: kept as typed, shown as text, never run.

Payloads are packed: a comment holds thousands of characters, so all of them pass through the
places that people, mails and the audit read. Forms get a rotating choice in every field.
"""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.security.test_doors import form_token
from tests.security.world import World, tell
from tests.support.client import PageClient
from tests.support.pages import Node, fields, problems, read, resolves
from wfweb.approvals.models import ApprovalRequest
from wfweb.kernel.db import session, transaction
from wfweb.notifications.models import Delivery
from wfweb.notifications.rendering import kind_of, render
from wfweb.records import talk
from wfweb.records.service import create_record

PACKED = 9_000  # characters; a comment takes 10,000
SHORT = 190
ROUNDS = 3
# Attributes and elements that only a payload can have brought.
FOREIGN = {"iframe", "object", "embed", "marquee", "math", "audio", "video", "isindex", "frameset"}
TEXTS = frozenset({"text", "search", "email", "url", "tel", "number", "", "date", "password"})


def storable(text: str) -> bool:
    return text.isprintable() or all(c in "\n\t" or ord(c) > 31 for c in text)


@pytest.fixture(scope="module")
def payloads(texts: Path) -> list[str]:
    """All strings that others collected to break programs like this one."""
    naughty = json.loads((texts / "blns.json").read_text(encoding="utf-8"))
    packed = gzip.decompress((texts / "xss_payloads.json.gz").read_bytes())
    return [text for text in [*naughty, *json.loads(packed)] if text.strip()]


def packs(payloads: list[str]) -> Iterator[str]:
    """Yield all storable payloads, many a text."""
    held: list[str] = []
    for one in payloads:
        if not storable(one) or len(one) > PACKED:
            continue
        if sum(map(len, held)) + len(held) + len(one) > PACKED:
            yield "\n".join(held)
            held = []
        held.append(one)
    yield "\n".join(held)


def is_harmless(html: str, world: World, path: str) -> None:
    """Fail when anything in a page could have come from a payload and be run."""
    faults = problems(html, world.app.url_map, path)
    assert faults == [], f"{path}:\n" + "\n".join(faults[:5])
    for node in read(html).nodes:
        assert node.name not in FOREIGN, f"{path} holds {node}"
        for name in node.attributes:
            assert re.fullmatch(r"[a-z][a-z0-9:_.-]*", name) or inside_drawing(node), str(node)


def inside_drawing(node: Node) -> bool:
    return node.name == "svg" or any(up.name == "svg" for up in node.ancestors())


def said(html: str) -> str:
    """Return all that people wrote on a page, spaces joined."""
    return " ".join(node.text() for node in read(html).nodes if "usertext" in node.get("class"))


def words(text: str) -> str:
    return " ".join(text.split())


def test_comments_hold_every_payload_as_text(world: World, payloads: list[str]):
    """On the record's page, its timeline and in the audit; stored exactly as typed."""
    author, record_id = world.people["rui"], world.order[1]
    page = f"/records/{world.values['type_code']}/{world.order[0]}"
    for text in packs(payloads):
        with world.undone():
            with transaction(actor=author.actor):
                stored = talk.comment("record", record_id, text).body
            assert words(stored) == words(text)
            for path in (page, f"{page}/timeline"):
                html = world.client("rui").get(path).text
                is_harmless(html, world, path)
                assert words(stored) in said(html)
    with world.undone():
        with transaction(actor=author.actor):
            for text in list(packs(payloads))[:12]:
                talk.comment("record", record_id, text)
        path = f"/audit/record/{record_id}"
        is_harmless(world.client("auditor").get(path).text, world, path)


def mails(world: World, kinds: set[str]) -> list[tuple[str, str, str]]:
    """Return subject, text and HTML of the mails that wait, as they would be sent."""
    tell(world)
    with transaction(company_id=world.company):
        rows = session().scalars(select(Delivery).where(Delivery.state == "pending")).all()
        made = [render(kind_of(row.kind), row.context) for row in rows if row.kind in kinds]
    return [(mail.subject, mail.text, mail.html) for mail in made]


def test_questions_reach_pages_and_mails_as_text(world: World, payloads: list[str]):
    from wfweb.approvals.service import ask

    page = f"/requests/{world.waiting[0]}"
    with transaction(company_id=world.company):
        request = session().get_one(ApprovalRequest, world.waiting[1])
        seat_holder = first_asked(request.id)
    asker = next(p for p in world.people.values() if p.id == seat_holder)
    for text in list(packs(payloads))[::2]:
        with world.undone():
            with transaction(actor=asker.actor):
                ask(world.waiting[1], text)
            for path in (page, f"{page}/pane"):
                html = world.client(name_of(world, asker.id)).get(path).text
                is_harmless(html, world, path)
                assert words(text)[:3000] in said(html) or words(text)[:300] in words_of(html)
            sent = mails(world, {"approval_question"})
            assert sent
            for subject, _text, html in sent:
                assert "\n" not in subject
                harmless_mail(html)


def first_asked(request_id: UUID) -> UUID:
    from wfweb.approvals.models import ApprovalAssignment

    asked = ApprovalAssignment.request_id == request_id
    pending = ApprovalAssignment.status == "pending"
    return session().scalars(select(ApprovalAssignment.user_id).where(asked, pending)).first()


def name_of(world: World, user_id: UUID) -> str:
    return next(name for name, person in world.people.items() if person.id == user_id)


def words_of(html: str) -> str:
    return words(" ".join(node.text() for node in read(html).nodes if node.name == "body"))


def harmless_mail(html: str) -> None:
    """Mails have inline styles; anything else that could act is somebody's payload."""
    for node in read(html).nodes:
        assert node.name not in FOREIGN | {"script", "form", "input", "img", "svg", "link"}, node
        assert not any(name.startswith(("on", "hx-")) for name in node.attributes), node
        assert node.get("href")[:4] in {"", "http"}, node


def test_names_of_everything_are_text_everywhere(world: World, payloads: list[str]):
    """A person, a role, a customer and an order that are called like attacks, seen by all."""
    chosen = [p for p in payloads if 10 < len(p) < SHORT and storable(p) and "\n" not in p]
    for start in range(0, len(chosen), len(chosen) // 6):
        name = chosen[start].strip()
        with world.undone():
            paths = rename(world, name)
            for who, path in paths:
                html = world.client(who).get(path).text
                is_harmless(html, world, path)


def rename(world: World, name: str) -> list[tuple[str, str]]:
    from wfweb.identity import queries, service

    with transaction(actor=world.people["alma"].actor):
        service.update_user(
            world.people["rui"].id,
            {"name": name, "title": name},
            version=queries.user_by_id(world.people["rui"].id).version,
        )
        service.create_role("odd", name, description=name)
    with transaction(actor=world.people["rui"].actor):
        data = {"name": name, "city": name, "segment": "retail"}
        customer = create_record("customer", data).key
    record = f"/records/{world.values['type_code']}/{world.order[0]}"
    return [
        ("rui", "/account"),
        ("rui", f"/records/customer/{customer}"),
        ("rui", "/records/customer"),
        ("ada", f"/requests/{world.waiting[0]}"),
        ("ada", "/inbox"),
        ("ada", record),
        ("alma", "/admin/users"),
        ("alma", "/admin/roles"),
        ("alma", f"/admin/users/{world.people['rui'].id}"),
        ("auditor", f"/audit/user/{world.people['rui'].id}"),
        ("alma", "/search?q=" + "img"),
    ]


START = ("/", "/account", "/account/tokens", "/admin/users/new", "/admin/roles/new",
         "/admin/messages/approval_assigned", "/record-types/new", "/record-types/customer",
         "/workflows/import", "/records/sales_order/new", "/records/customer/new", "/forgot",
         "/sign-in", "/matrices/new", "/inbox", "/confirm-password")  # fmt: skip


def all_forms(world: World, client: PageClient) -> Iterator[tuple[str, Node]]:
    """Yield the different POST forms of the pages that an administrator can reach."""
    pages = [*START, f"/records/{world.values['type_code']}/{world.order[0]}"]
    pages += [f"/requests/{world.waiting[0]}", f"/admin/users/{world.values['user_id']}"]
    pages += [f"/workflows/instances/{world.values['instance_id']}"]
    pages += [f"/records/{world.values['type_code']}/{world.order[0]}/edit"]
    seen = set()
    for path in pages:
        for form in read(client.get(path, follow_redirects=True).text).forms():
            match = world.app.url_map.bind("localhost").match
            action = urlsplit(form.get("action")).path
            if form.get("method") != "post" or not resolves(world.app.url_map, "POST", action):
                continue
            names = frozenset(node.get("name") for node in form.walk() if node.get("name"))
            kind = (match(action, "POST")[0], names)
            if kind not in seen and "sign_out" not in kind[0]:
                seen.add(kind)
                yield path, form


def typed_into(form: Node, texts: Iterator[str]) -> dict[str, str]:
    """Fill every field that takes free text."""
    sent = fields(form)
    for node in form.walk():
        free = node.name == "textarea" or (node.name == "input" and node.get("type") in TEXTS)
        if free and node.get("name") in sent and "hidden" not in node.attributes:
            sent[node.get("name")] = next(texts)
    return sent


def test_every_field_of_every_form_takes_payloads_as_text(world: World, payloads: list[str]):
    """Each answer and the page after it show text; what was refused is still in its field."""
    client = world.client("alma")
    chosen = [p for p in payloads if len(p) < SHORT]
    turn = 0
    found = list(all_forms(world, client))
    assert len(found) > 15
    for path, form in found:
        for _ in range(ROUNDS):
            turn += 37
            texts = (chosen[(turn + n * 101) % len(chosen)] for n in range(1000))
            sent = typed_into(form, texts)
            with world.undone():
                sent["csrf_token"] = form_token(client, "/account")
                answer = client.post(form.get("action"), data=sent)
                check_answer(world, client, answer, path)


def check_answer(world: World, client: PageClient, answer: TestResponse, page: str) -> None:
    where = f"{answer.request.path} of {page}"
    assert answer.status_code < 500, where
    if answer.status_code in {301, 302, 303}:
        answer = client.get(urlsplit(answer.location).path)
        assert answer.status_code < 500, where
    if answer.mimetype == "text/html" and answer.text:
        is_harmless(answer.text, world, answer.request.path)


def test_what_was_typed_survives_a_refusal(world: World):
    """A wrong field loses none of the right ones, on every form that says 422."""
    client = world.client("alma")
    kept, forms = 0, 0
    for _path, form in all_forms(world, client):
        words_typed = iter(f"typed <b>{n}</b> & kept" for n in range(1000))
        sent = typed_into(form, words_typed)
        with world.undone():
            sent["csrf_token"] = form_token(client, "/account")
            answer = client.post(form.get("action"), data=sent)
            if answer.status_code not in {409, 422}:
                continue
        secret = {n.get("name") for n in form.walk() if n.get("type") == "password"}
        shown = [fields(one) for one in read(answer.text).forms()]
        for name, value in sent.items():
            if value.startswith("typed") and name not in secret:
                typed = words(value).lower()  # keys are shown in capitals
                again = any(words(one.get(name, "")).lower() == typed for one in shown)
                assert again, f"{form.get('action')} lost {name}"
                kept += 1
        forms += 1
    assert forms > 5
    assert kept > 10


def test_message_templates_fill_in_and_nothing_else(world: World, payloads: list[str]):
    """Values with braces, tags and payloads stay words in the mail."""
    hostile = ["{{7*7}}", "{% raw %}", "{{ config }}", "${7*7}", "<script>alert(1)</script>"]
    chosen = hostile + [p for p in payloads if len(p) < SHORT and storable(p)][::40]
    for text in chosen:
        values = dict.fromkeys(("title", "company", "requester", "amount"), text)
        lists = {"facts": [(text, text)], "notes": [text], "comments": []}
        context = {**values, **lists, "url": "http://localhost/"}
        made = render(kind_of("approval_assigned"), context)
        harmless_mail(made.html)
        assert words(text) in words(made.text)
        assert "49" not in made.html or "49" in text
