"""Webhooks in: signed, taken once, within five minutes; the shared vectors decide."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from tests.alerts.conftest import Works, deliver, make_scene
from tests.support.stage import shared
from wfweb.alerts import hooks, hooks_admin
from wfweb.alerts.models import HookEndpoint
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Conflict, Forbidden, ValidationFailed
from wfweb.webhooks import signing

stage, rollback, works = shared(make_scene)

VECTORS = Path(__file__).parents[3] / "shared" / "data" / "webhooks" / "standard_webhooks.json"


class Sender:
    """Another system with the secret of an endpoint."""

    def __init__(self, app: Flask, works: Works, purpose: str = "metrics") -> None:
        self.app, self.works, self.number = app, works, 0
        with transaction(actor=works.people.alma.actor):
            made = hooks_admin.create_endpoint(f"Gateway {purpose}", purpose)
            self.id, self.secret = made.id, made.secret

    def post(self, body: Any, *, message_id: str = "", ago: float = 0, **headers: str) -> Any:
        self.number += 1
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        at = datetime.now(UTC) - timedelta(seconds=ago)
        signed = signing.sign(self.secret, message_id or f"msg_{self.number}", at, content)
        return self.app.test_client().post(
            f"/api/v1/hooks/{self.id}", data=content, headers={**signed, **headers}
        )


@pytest.fixture
def gateway(app: Flask, works: Works) -> Sender:
    return Sender(app, works)


def level(tank: str = "TNK-1001", value: Any = 5) -> dict[str, Any]:
    return {"readings": [{"record": tank, "metric": "level", "value": value}]}


def test_signed_readings_are_taken_in_and_judged(works: Works, gateway: Sender):
    works.rule()
    tank = works.tank()
    answer = gateway.post(level())
    assert (answer.status_code, answer.json["stored"]) == (200, 1)
    assert works.alert(tank).status == "active"
    with works.system:
        row = session().get_one(HookEndpoint, gateway.id)
        assert (row.received_count, row.last_refusal) == (1, None)


def test_the_form_of_the_standard_is_read_as_well(works: Works, gateway: Sender):
    works.tank()
    answer = gateway.post({"type": "metrics", "data": level()})
    assert answer.json["stored"] == 1


def test_the_same_message_again_changes_nothing(works: Works, gateway: Sender):
    works.rule()
    tank = works.tank()
    for _ in range(3):
        answer = gateway.post(level(), message_id="msg_same")
    assert answer.json == {
        "accepted": True, "stored": 1, "duplicates": 0, "errors": [], "repeated": True,
    }  # fmt: skip
    assert works.alert(tank).occurrences == 1


@pytest.mark.parametrize("ago", [301, -301, 3600, -3600])
def test_an_old_or_future_message_is_refused(works: Works, gateway: Sender, ago: float):
    answer = gateway.post(level(), ago=ago)
    assert (answer.status_code, answer.json["code"]) == (401, "signature")
    with works.system:
        row = session().get_one(HookEndpoint, gateway.id)
        assert row.last_refusal == "the timestamp is too far from now"


@pytest.mark.parametrize("ago", [290, -290])
def test_within_five_minutes_it_is_taken(works: Works, gateway: Sender, ago: float):
    works.tank()
    assert gateway.post(level(), ago=ago).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": ""},
        {"webhook-id": "another"},
        {"webhook-id": ""},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": ""},
    ],
)
def test_a_wrong_header_is_refused_and_nothing_kept(works: Works, gateway: Sender, wrong):
    works.tank()
    assert gateway.post(level(), **wrong).status_code == 401
    with works.system:
        assert session().scalar(text("select count(*) from metric_readings")) == 0


def test_the_vectors_of_the_standard(works: Works):
    if not VECTORS.exists():
        pytest.skip("the shared vectors of Standard Webhooks are not here")
    vectors = json.loads(VECTORS.read_text())
    (vector,) = vectors["sign"]
    with transaction(actor=works.people.alma.actor):
        made = hooks_admin.create_endpoint("Vector", "event", secret=vector["secret"])
        hook_id = made.id
    headers = {
        "webhook-id": vector["id"],
        "webhook-timestamp": str(vector["timestamp"]),
        "webhook-signature": f"v2,x {vector['signature']}",
    }
    body = vector["payload"].encode()
    with clock.at(datetime.fromtimestamp(vector["timestamp"] + 299, UTC)):
        with pytest.raises(ValidationFailed):  # signed rightly, but names no type
            hooks.receive(hook_id, headers, body)
        (forged,) = [one["signature"] for one in vectors["verify"] if "signature" in one]
        with pytest.raises(hooks.NotSigned):
            hooks.receive(hook_id, {**headers, "webhook-signature": forged}, body)
    with (
        clock.at(datetime.fromtimestamp(vector["timestamp"] + 301, UTC)),
        pytest.raises(hooks.NotSigned),
    ):
        hooks.receive(hook_id, headers, body)


def test_a_wrong_reading_refuses_the_message_and_it_may_come_again(works: Works, gateway: Sender):
    works.tank()
    answer = gateway.post(level(value="much"), message_id="msg_1")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/readings/0/value"
    assert gateway.post(level(), message_id="msg_1").json["stored"] == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"readings": 1}', b'{"a": NaN}'])
def test_what_cannot_be_read_is_refused(works: Works, gateway: Sender, body: bytes):
    assert gateway.post(body).status_code in {400, 422}


def test_no_endpoint_no_answer(works: Works, gateway: Sender):
    with transaction(actor=works.people.alma.actor):
        hooks_admin.update_endpoint(gateway.id, version=1, active=False)
    assert gateway.post(level()).status_code == 404
    gateway.id = works.people.rui.id
    assert gateway.post(level()).status_code == 404


def test_a_new_secret_shuts_out_the_old_one(works: Works, gateway: Sender):
    works.tank()
    with transaction(actor=works.people.alma.actor):
        made = hooks_admin.rotate_secret(gateway.id, version=1)
        fresh = made.secret
    assert gateway.post(level()).status_code == 401
    gateway.secret = fresh
    assert gateway.post(level()).status_code == 200
    with pytest.raises(Conflict), transaction(actor=works.people.alma.actor):
        hooks_admin.rotate_secret(gateway.id, version=1)


def test_what_happened_elsewhere_raises_an_alert(app: Flask, works: Works):
    sender = Sender(app, works, "event")
    tank = works.tank()
    works.rule(
        {
            "code": "pump",
            "name": "Pump stopped",
            "type": "event",
            "event": "hook.received",
            "condition": {"field": "event.kind", "operator": "=", "value": "pump.stopped"},
            "recipients": [{"role": "operator"}],
        }
    )
    for kind in ("pump.started", "pump.stopped"):
        body = {"type": kind, "record": "TNK-1001", "data": {"pump": 7}}
        assert sender.post(body).json == {"accepted": True}
    deliver(works, "alerts.event_happened")
    assert works.alert(tank).context["kind"] == "pump.stopped"
    assert sender.post({"type": "x y"}).status_code == 422
    assert sender.post({"type": "x", "record": "TNK-9"}).status_code == 422


def test_only_those_who_manage_webhooks_make_endpoints(works: Works):
    with pytest.raises(Forbidden), transaction(actor=works.people.otto.actor):
        hooks_admin.create_endpoint("Gateway", "metrics")
    for name, purpose, secret in (("", "metrics", None), ("x", "tea", None), ("x", "metrics", "?")):
        with pytest.raises(ValidationFailed), transaction(actor=works.people.alma.actor):
            hooks_admin.create_endpoint(name, purpose, secret=secret)


def test_old_messages_are_forgotten(works: Works, gateway: Sender):
    works.tank()
    gateway.post(level())
    assert hooks.tidy() == 0
    with clock.at(clock.now() + timedelta(days=8)):
        assert hooks.tidy() == 1


def test_the_secret_is_not_in_the_audit(works: Works, gateway: Sender):
    with works.system:
        found = session().execute(
            text("select old_values::text, new_values::text, details::text from audit_events")
        )
        assert not [row for row in found if gateway.secret in str(row)]
        assert session().scalars(select(HookEndpoint.secret)).one() == gateway.secret
