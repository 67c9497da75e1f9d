"""Values nobody expects, through every door: told about in words, never an accident."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from werkzeug.test import TestResponse, encode_multipart

from tests.api.conftest import token_for
from tests.api.test_every_operation import example_of
from tests.security.doors import address, doors, filled
from tests.security.test_doors import form_token, not_ready
from tests.security.world import World
from wfweb.kernel.api import Operation, operations

MB = 1024 * 1024
QUERIES = (
    "q=%00&after=%00&limit=%00&sort=%00&version=%00&panel=%00&round=%00&back=%00",
    "after=x&limit=-1&sort=amount;drop table users&f.amount=NaN&min=NaN&max=1e400",
    "limit=99999999999999999999&page=-1&round=-1&f.nothing=1&sort=nothing&due=never&view=nothing",
    "after=" + "A" * 3000 + "&q=" + "%25" * 3000 + "&f.state=" + "x" * 3000,
    "q[]=1&q[a]=1&f[]=1&=&&&a=b=c&%FF=%FE&sort=-&sort=%2d%2d&min=" + "9" * 40,
    "older=x&before=x&from=x&to=x&type=x&target_id=x&subject_id=x&id=x&ver=x&open=x&form=x",
    "q=%F0%9F%92%A9%E2%80%AE%00%0d%0a&requester=%00&type=%00&status=%00&kind=%00",
)
WRONG: tuple[Any, ...] = (
    None, [], {}, True, -1, 0, 1.5, 10**40, "", " ", "x" * 20_000, "\x00", "\ud83d", "\u202e\u200b",
    "NaN", "1e400", "-1", {"amount": "-1", "currency": "EUR"},
    {"amount": "9" * 40, "currency": "EUR"},
    {"amount": "NaN", "currency": "EUR"}, {"amount": "1e400", "currency": "EUR"},
    {"amount": "1", "currency": "???"}, [[[[[[]]]]]], [{}] * 50, {"$ne": None}, "{{7*7}}",
    "../../x",
)  # fmt: skip
AMOUNTS = (
    "NaN", "sNaN", "Infinity", "-Infinity", "1e400", "1e309", "1E+99", "9" * 40, "-" + "9" * 40,
    "0x10", "1.", ".5.", "1,2,3.4.5", "١٢٣", "1_000", " ", "\x00", "1" + "0" * 5000, "--1",
    "1e-400", "0." + "1" * 40,
)  # fmt: skip


def told(answer: TestResponse, what: str) -> None:
    """Fail unless the answer is one that a person or program can act on."""
    assert answer.status_code < 500 or not_ready(answer), f"{what}: {answer.status_code}"


@pytest.mark.parametrize("query", QUERIES)
def test_no_query_is_an_accident(world: World, query: str):
    client = world.client("administrator")
    bearer = {"Authorization": f"Bearer {token_for(world.people['administrator'])}"}
    for door in doors(world.app, "GET"):
        path = address(door, world)
        joined = f"{path}{'&' if '?' in path else '?'}{query}"
        with client.get(joined, headers=bearer if door.is_api else {}) as answer:
            told(answer, f"{door.name}?{query[:60]}")


def bodies(op: Operation) -> Iterator[tuple[str, str]]:
    """Yield wrong bodies for an operation: wrong as a whole, and in one place each."""
    good = example_of(op)
    yield from (("whole", raw) for raw in ("", "[]", "null", "1", '"x"', "{", '{"a":1}', "NaN"))
    yield "deep", "[" * 3000 + "]" * 3000
    yield "twice", '{"a":1,"a":2}'
    yield "unknown", json.dumps({**good, "not_a_field": 1})
    yield "number", json.dumps(good)[:-1] + (", " if good else "") + '"n": 1e400}'
    yield "digits", json.dumps(good)[:-1] + (", " if good else "") + f'"n": {"9" * 10000}}}'
    for name in good:
        for wrong in WRONG:
            yield f"{name}={str(wrong)[:30]!a}", json.dumps({**good, name: wrong})


def test_no_body_is_an_accident(world: World):
    """Each operation, each of its fields, each wrong value: 2xx or a problem that names a place."""
    client = world.client(None)
    secret = token_for(world.people["administrator"])
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    by_path = {(door.method, door.rule): door for door in doors(world.app) if door.is_api}
    for op in (op for op in operations() if op.request is not None and not op.upload):
        door = next(
            d
            for (method, _r), d in by_path.items()
            if method == op.method and same(d.rule, op.path)
        )
        path = address(door, world)
        with world.undone():
            for what, raw in bodies(op):
                answer = client.open(path, method=op.method, data=raw, headers=headers)
                told(answer, f"{op.name} {what}")
                if answer.status_code >= 400:
                    assert answer.mimetype == "application/problem+json"
                    assert answer.get_json()["detail"], f"{op.name} {what} says nothing"


def same(rule: str, path: str) -> bool:
    """Tell whether a rule of the router is the path of an operation."""
    import re

    bare = re.sub(r"<(?:[^:>]+:)?(\w+)>", r"{\1}", rule)
    return bare == (path if path.startswith("/api/") else f"/api/v1{path}")


def test_bodies_that_are_too_large_are_refused_at_the_door(world: World):
    client = world.client("administrator")
    token = form_token(client, "/account")
    large = b"csrf_token=" + token.encode() + b"&comment=" + b"x" * (11 * MB)
    many = {"csrf_token": token} | {f"field{n}": "x" for n in range(5000)}
    kind = "application/x-www-form-urlencoded"
    secret = token_for(world.people["administrator"])
    bearer = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    for door in doors(world.app, "POST"):
        path = address(door, world)
        with world.undone():
            if door.is_api:
                big = b'{"a": "' + b"x" * (11 * MB) + b'"}'
                answer = client.post(path, data=big, headers=bearer)
            else:
                answer = client.post(path, data=large, content_type=kind)
            assert answer.status_code in {413, 415}, f"{door.name} took 11 MB: {answer.status_code}"
    path = f"/records/{world.values['type_code']}/new"
    boundary, parts = encode_multipart(many)
    as_parts = {"data": parts, "content_type": f"multipart/form-data; boundary={boundary}"}
    for sent in ({"data": many}, as_parts):
        told(client.post(path, **sent), "5000 parts")
    assert client.post(path, **as_parts).status_code == 413


@pytest.mark.parametrize("amount", AMOUNTS)
def test_amounts_that_are_none_are_told_about_at_their_field(world: World, amount: str):
    client = world.client("rui")
    new = "/records/sales_order/new"
    token = form_token(client, new)
    sent = {
        "csrf_token": token,
        "department": "fresh",
        "lines.0.description": "Cream of the crop",
        "lines.0.quantity": "2",
        "lines.0.unit_price.amount": amount,
        "lines.0.unit_price.currency": "EUR",
        "notes": "typed with care",
    }
    with world.undone():
        answer = client.post(new, data=sent)
    assert answer.status_code == 422
    assert "typed with care" in answer.text
    assert "Cream of the crop" in answer.text


def test_files_with_hostile_names_are_kept_under_names_of_ours(world: World):
    client = world.client("rui")
    page = f"/records/{world.values['type_code']}/{world.order[0]}"
    token = form_token(client, page)
    names = (
        "../../etc/passwd.pdf", "a\x00b.pdf", "a" * 5000 + ".pdf", "con.pdf", "x\r\nX-Boo: 1.pdf",
        '"><img src=x onerror=alert(1)>.pdf', "\u202efdp.exe", "..", "", "%2e%2e%2f.pdf",
        "a/b\\c.pdf",
        "💩.pdf", "a.html", "a.svg",
    )  # fmt: skip
    for name in names:
        with world.undone():
            sent = {"csrf_token": token, "file": (BytesIO(b"%PDF-1.7 x"), name)}
            answer = client.post(f"{page}/attachments", data=sent, follow_redirects=True)
            told(answer, f"a file called {name[:40]!a}")
            assert "X-Boo" not in answer.headers


def test_forms_of_an_earlier_release_are_told_about(world: World):
    """Fields that no longer exist, doubled fields and empty forms: words, never an accident."""
    client = world.client("administrator")
    token = form_token(client, "/account")
    shapes: tuple[Any, ...] = (
        {},
        {
            "was": "x",
            "old_field": "y",
            "lines.x.y": "1",
            "lines.-1.a": "1",
            "lines.99999999.a": "1",
        },
        dict.fromkeys(filled(world), "\x00"),
        dict.fromkeys(filled(world), "x" * 100000),
        {"version": "9" * 30, "number": ["-1", "2"], "id": ["x"] * 1500, "all": "1", "target": "x"},
    )
    for door in doors(world.app, "POST"):
        if door.is_api or door.rule == "/sign-out":
            continue
        for shape in shapes:
            with world.undone():
                sent = {**shape, "csrf_token": token}
                told(client.post(address(door, world), data=sent), f"{door.name} {list(shape)[:3]}")
