"""What the layer lets in, and how it says no."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from tests.api.conftest import Program, token_for
from tests.api.probe import KNOWN
from tests.people import People
from wfweb.audit.models import AuditEvent
from wfweb.events.models import OutboxMessage
from wfweb.identity.models import ApiToken
from wfweb.identity.service import revoke_token
from wfweb.kernel.db import session, transaction

Probe = Callable[..., Program]


def effects(people: People) -> int:
    with transaction(actor=people.rui.actor):
        return session().scalar(select(func.count()).select_from(OutboxMessage)) or 0


def is_problem(answer, status: int, code: str) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    body = answer.get_json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"].startswith("urn:wfweb:problem:")
    assert body["reference"] == answer.headers["X-Request-Id"]
    assert body["title"]
    assert body["detail"]
    return body


def test_a_model_goes_in_and_a_model_comes_out(probe: Probe, people: People):
    answer = probe(people.rui).post("/things", {"name": "Lamp"})
    assert answer.status_code == 201
    body = answer.get_json()
    assert body["name"] == "Lamp"
    assert body["worth"] == {"amount": "184600.00", "currency": "EUR"}
    assert answer.headers["Location"] == f"/api/v1/things/{body['id']}"
    assert answer.headers["ETag"].startswith('"7-')
    assert effects(people) == 1


def test_without_a_token_nothing_is_told(probe: Probe, people: People):
    answer = probe().get(f"/things/{KNOWN}")
    is_problem(answer, 401, "sign_in_required")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header", ["Bearer wfp_nonsense", "Bearer", "Basic YTpi", "Bearer  ", "wfp_x"]
)
def test_what_is_no_token_of_ours_is_none(probe: Probe, people: People, header: str):
    answer = probe().get("/numbers", headers={"Authorization": header})
    is_problem(answer, 401, "sign_in_required")


def test_a_revoked_token_ends_at_once(probe: Probe, people: People):
    program = probe(people.rui)
    assert program.get("/numbers").status_code == 200
    with transaction(actor=people.rui.actor):
        revoke_token(session().scalars(select(ApiToken.id)).one())
    is_problem(program.get("/numbers"), 401, "sign_in_required")


def test_a_token_in_the_address_is_refused(probe: Probe, people: People):
    program = probe(people.rui)
    is_problem(program.get(f"/numbers?access_token={program.token}"), 400, "bad_request")


def test_a_session_cookie_opens_nothing(probe: Probe, people: People, probe_app):
    from tests.people import sign_in

    client = sign_in(probe_app.test_client(), people.rui)
    assert client.get("/api/v1/numbers").status_code == 401


@pytest.mark.parametrize(
    ("scopes", "method", "path", "status"),
    [
        (("read",), "GET", "/numbers", 200),
        (("write",), "GET", "/numbers", 200),
        (("admin",), "GET", "/numbers", 200),
        (("read",), "POST", "/things", 403),
        (("write",), "POST", "/things", 201),
        (("read", "write"), "POST", "/things/administer", 403),
        (("admin",), "POST", "/things/administer", 200),
    ],
)
def test_a_token_does_only_what_it_was_made_for(
    probe: Probe, people: People, *, scopes: tuple[str, ...], method: str, path: str, status: int
):
    body = {"json": {"name": "x"}} if path == "/things" else {}
    answer = probe(people.alma, *scopes).call(method, path, **body)
    assert answer.status_code == status, answer.text
    if status == 403:
        assert is_problem(answer, 403, "scope_missing")["scope"] in {"write", "admin"}


def test_a_missing_permission_names_who_has_it_and_is_audited(probe: Probe, people: People):
    body = is_problem(probe(people.rui).post("/things/administer"), 403, "not_allowed")
    assert body["who_can"] == ["Alma Administers"]
    with transaction(actor=people.rui.actor):
        entry = (
            session()
            .scalars(select(AuditEvent).where(AuditEvent.type == "PERMISSION_DENIED"))
            .one()
        )
    assert (entry.channel, entry.risk) == ("api", "CRITICAL")
    assert str(entry.correlation_id) == body["reference"]


BAD_BODIES: list[tuple[bytes, int, str]] = [
    (b"", 422, ""),
    (b"{", 400, ""),
    (b'{"name": "a",}', 400, ""),
    (b"[]", 422, ""),
    (b"null", 422, ""),
    (b'"text"', 422, ""),
    (b'{"name": "a", "name": "b"}', 422, "/name"),
    (b'{"name": "a", "parts": [{"b": 1, "c": {"d": 1, "d": 2}}]}', 422, "/parts/0/c/d"),
    (b'{"name": "a", "count": NaN}', 422, "/count"),
    (b'{"name": "a", "count": -Infinity}', 422, "/count"),
    (b'{"name": "a", "count": 1e400}', 422, "/count"),
    (b'{"name": "a", "count": ' + b"9" * 1_000_000 + b"}", 422, "/count"),
    (b'{"name": "a", "parts": [{"x": 0.12345678901234567890123}]}', 422, "/parts/0/x"),
    (b'{"name": "a\\u0000b"}', 422, "/name"),
    (b'{"name": "\\ud800"}', 422, "/name"),
    (b'{"name": "a", "parts": [{"\\ud800": 1}]}', 422, "/parts/0/�"),
    (b'{"name": "\xff"}', 400, ""),
    (b'{"name": ' + b"[" * 70 + b"]" * 70 + b"}", 422, "/name" + "/0" * 63),
    (b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 422, ""),
    (b'{"name": "a", "colour": "red"}', 422, "/colour"),
    (b'{"name": 1}', 422, "/name"),
    (b'{"name": "a", "count": "1"}', 422, "/count"),
    (b'{"name": "a", "count": true}', 422, "/count"),
    (b'{"name": "a", "count": 1.5}', 422, "/count"),
    (b'{"name": null}', 422, "/name"),
    (b'{"count": 3}', 422, "/name"),
    (b'{"name": "a", "parts": [' + b"1," * 300_000 + b"1]}", 422, None),
]


@pytest.mark.parametrize(("raw", "status", "pointer"), BAD_BODIES)
def test_a_doubtful_body_is_refused_with_its_place(
    probe: Probe, people: People, raw: bytes, status: int, pointer: str | None
):
    answer = probe(people.rui).post("/things", raw)
    code = "bad_request" if status == 400 else "validation_failed"
    body = is_problem(answer, status, code)
    if status == 422 and pointer is not None:
        assert pointer in [error["pointer"] for error in body["errors"]]
    assert effects(people) == 0


def test_a_huge_body_is_refused_before_it_is_read(probe: Probe, people: People):
    answer = probe(people.rui).post("/things", b'{"name": "' + b"a" * 10_000_000 + b'"}')
    assert is_problem(answer, 413, "too_large")["limit_bytes"] == 1024 * 1024


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "text/json"])
def test_only_json_is_read(probe: Probe, people: People, kind: str):
    answer = probe(people.rui).call("POST", "/things", data=b'{"name": "a"}', content_type=kind)
    assert is_problem(answer, 415, "unsupported_media_type")["accepted"] == ["application/json"]


def test_an_operation_without_body_takes_none(probe: Probe, people: People):
    answer = probe(people.alma).post("/things/administer", {"name": "x"})
    is_problem(answer, 422, "validation_failed")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("colour=red", "/colour"),
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("limit=1000000000", "/limit"),
        ("limit=ten", "/limit"),
        ("limit=1&limit=2", "/limit"),
        ("after=nonsense", "/after"),
        ("after=" + "x" * 501, "/after"),
        ("filter=1", "/filter"),
        ("filter[a][b]=1", "/filter[a][b]"),
        ("filter[a]=%00", "/filter[a]"),
        ("fields=colour", "/fields"),
        ("fields=colour&filter[at_least]=1000", "/fields"),
        ("filter[a]=%ff", ""),
        ("%ff=1", ""),
    ],
)
def test_a_doubtful_query_is_refused_with_its_place(
    probe: Probe, people: People, query: str, pointer: str
):
    body = is_problem(probe(people.rui).get(f"/numbers?{query}"), 422, "validation_failed")
    assert [error["pointer"] for error in body["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/things/not-an-id", 404, "not_found"),
        ("DELETE", "/numbers", 405, "method_not_allowed"),
        ("POST", "/nowhere", 404, "not_found"),
    ],
)
def test_an_unknown_address_is_a_problem_document(
    probe: Probe, people: People, *, method: str, path: str, status: int, code: str
):
    answer = probe(people.rui).call(method, path)
    is_problem(answer, status, code)
    if status == 405:
        assert "GET" in answer.headers["Allow"]


def test_an_accident_tells_nothing_and_keeps_nothing(probe: Probe, people: People):
    answer = probe(people.rui).post("/things/break", headers={"Idempotency-Key": "once"})
    body = is_problem(answer, 500, "internal_error")
    assert "ZeroDivision" not in json.dumps(body)
    assert effects(people) == 0


def test_a_call_carries_the_id_that_the_client_gave_it(probe: Probe, people: People):
    program, mine = probe(people.rui), "0199c1de-0000-7000-8000-00000000abcd"
    answer = program.post("/things", {"name": "a"}, headers={"X-Request-Id": mine})
    assert answer.headers["X-Request-Id"] == mine
    with transaction(actor=people.rui.actor):
        message = session().scalars(select(OutboxMessage)).one()
    assert str(message.correlation_id) == mine
    other = program.get("/numbers", headers={"X-Request-Id": "x\r\nSet-Cookie: a"[:1] + "junk"})
    assert other.headers["X-Request-Id"] not in {mine, "xjunk"}


def test_answers_say_how_many_calls_are_left(probe: Probe, people: People, probe_app):
    program = probe(people.rui)
    first, second = program.get("/numbers"), program.get("/numbers")
    assert '"calls";q=12000;w=60' in first.headers["RateLimit-Policy"]
    left = [int(a.headers["RateLimit"].split("r=")[1].split(";")[0]) for a in (first, second)]
    assert left[0] - left[1] == 1 or left[1] == 11_999


def test_too_many_calls_are_told_when_to_come_back(probe: Probe, people: People, probe_app):
    settings = probe_app.config["WFWEB"]
    probe_app.config["WFWEB"] = settings.model_copy(update={"api_calls_per_minute": 2})
    try:
        program = probe(people.rui)
        answers = [program.get("/numbers") for _ in range(5)]
    finally:
        probe_app.config["WFWEB"] = settings
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= 2  # a window may have begun in between
    body = is_problem(refused[-1], 429, "rate_limited")
    assert 1 <= int(refused[-1].headers["Retry-After"]) <= 60
    assert body["retry_after"] == int(refused[-1].headers["Retry-After"])
    assert "r=0" in refused[-1].headers["RateLimit"]


def test_tokens_have_limits_of_their_own(probe: Probe, people: People, probe_app):
    first = probe(people.rui)
    second = Program(probe_app, token_for(people.rui))
    first.get("/numbers")
    assert "r=11999" in second.get("/numbers").headers["RateLimit"]
