"""Permits and the API: asked, given, used once, taken back by a lock that arrives."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from tests.api.conftest import Program, program_of
from tests.locks.conftest import Estate, make_scene
from tests.support.stage import shared
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Gone, Locked, NotFound, ValidationFailed
from wfweb.kernel.ids import new_id
from wfweb.locks import jobs, permits
from wfweb.locks.errors import PermitRefused
from wfweb.locks.models import ActionPermit
from wfweb.records.models import Record

stage, rollback, estate = shared(make_scene)

DIGEST = "sha256:5f1c"


def given(estate: Estate, record: UUID, action: str = "refinance", digest: str = DIGEST) -> UUID:
    with transaction(actor=estate.people.rui.actor):
        return permits.issue(session().get_one(Record, record), action, digest).id


def redeem(estate: Estate, permit: UUID, record: UUID, **other: Any) -> ActionPermit:
    wanted = {"action": "refinance", "arguments_digest": DIGEST, "record_id": record} | other
    with transaction(actor=estate.people.rui.actor):
        return permits.redeem(permit, **wanted)


def status(estate: Estate, permit: UUID) -> str:
    return str(estate.sql("select status from action_permits where id = :p", p=permit))


def test_it_is_good_once(estate: Estate):
    record = estate.property()
    permit = given(estate, record)
    redeem(estate, permit, record)
    assert status(estate, permit) == "redeemed"
    with pytest.raises(PermitRefused) as refusal:
        redeem(estate, permit, record)
    assert refusal.value.extra["reason"] == "used"
    assert len(estate.entries("permit.issued")) == len(estate.entries("permit.redeemed")) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"action": "sell"},
        {"arguments_digest": "sha256:other"},
        {"arguments_digest": ""},
        {"record_id": new_id()},
    ],
)
def test_it_is_bound_to_what_it_was_given_for(estate: Estate, other: dict[str, Any]):
    record = estate.property()
    permit = given(estate, record)
    with pytest.raises(PermitRefused) as refusal:
        redeem(
            estate,
            permit,
            **({"record": record} if "record_id" not in other else {"record": other["record_id"]})
            | other,
        )
    assert refusal.value.extra["reason"] == "other"
    assert status(estate, permit) == "issued"


def test_it_is_bound_to_who_asked(estate: Estate):
    record = estate.property()
    permit = given(estate, record)
    for person in (estate.people.mia, estate.people.eve):
        with pytest.raises(NotFound), transaction(actor=person.actor):
            permits.redeem(permit, action="refinance", record_id=record, arguments_digest=DIGEST)
    with pytest.raises(NotFound):
        redeem(estate, new_id(), record)


def test_its_time_is_short(estate: Estate):
    record = estate.property()
    permit = given(estate, record)
    estate.sql(
        "update action_permits set issued_at = issued_at - interval '61 seconds',"
        " expires_at = expires_at - interval '61 seconds' where id = :p returning id",
        p=permit,
    )
    with pytest.raises(Gone) as refusal:
        redeem(estate, permit, record)
    assert refusal.value.extra["reason"] == "expired"
    estate.sql(
        "update action_permits set issued_at = issued_at - interval '31 days',"
        " expires_at = expires_at - interval '31 days' where id = :p returning id",
        p=permit,
    )
    jobs.sweep_permits()
    assert estate.sql("select count(*) from action_permits") == 0


def test_a_lock_takes_it_back(estate: Estate):
    record = estate.property()
    permit, other = given(estate, record), given(estate, record, "sell")
    estate.measure(record, "1.0")
    assert (status(estate, permit), status(estate, other)) == ("revoked", "issued")
    with pytest.raises(Locked) as refusal:
        redeem(estate, permit, record)
    assert refusal.value.extra["locks"][0]["lock_type"] == "refinance_block"
    redeem(estate, other, record, action="sell")
    estate.override(estate.lock(record).id)
    with pytest.raises(Gone) as gone:
        redeem(estate, permit, record)
    assert gone.value.extra["reason"] == "revoked", "a lock that ended gives nothing back"


def test_a_blocked_action_gets_none(estate: Estate):
    record, _lock = estate.locked()
    with pytest.raises(Locked):
        given(estate, record)
    for action, digest in (("Refinance it", ""), ("", ""), ("sell", "a b"), ("sell", "x" * 129)):
        with pytest.raises(ValidationFailed):
            given(estate, record, action, digest)


@pytest.fixture
def program(app: Any, estate: Estate) -> Callable[..., Program]:
    return lambda person, *scopes: program_of(app, person, *scopes)


def key_of(estate: Estate, record: UUID) -> str:
    return str(estate.sql("select key from records where id = :r", r=record))


def test_the_question_by_api(estate: Estate, program: Callable[..., Program]):
    record, lock = estate.locked()
    rui = program(estate.people.rui)
    for address in (f"/records/{record}", f"/properties/{key_of(estate, record)}"):
        free = rui.get(f"{address}/check-action?action=sell").json
        assert free == {"allowed": True, "reason": free["reason"], "locks": [], "permit": None}
        blocked = rui.get(f"{address}/check-action?action=refinance").json
        assert blocked["allowed"] is False
        assert "Committee approval required" in blocked["reason"]
        assert [one["id"] for one in blocked["locks"]] == [str(lock.id)]
        assert blocked["locks"][0]["in_flight_text"] == "What was begun before stops as well."
    for query in ("", "?action=", "?action=Two%20words", "?action=sell&more=1"):
        assert rui.get(f"/records/{record}/check-action{query}").status_code == 422
    assert (
        program(estate.people.eve).get(f"/records/{record}/check-action?action=sell").status_code
        == 404
    )


def test_leave_by_api(estate: Estate, program: Callable[..., Program]):
    record = estate.property()
    rui = program(estate.people.rui)
    wanted = {"action": "refinance", "permit": True, "arguments_digest": DIGEST}
    answer = rui.post(f"/records/{record}/check-action", wanted).json
    assert "permit" in answer, answer
    permit = answer["permit"]
    assert (permit["status"], permit["arguments_digest"]) == ("issued", DIGEST)
    use = {"action": "refinance", "record_id": str(record), "arguments_digest": DIGEST}
    assert rui.post(f"/permits/{permit['id']}/redeem", {**use, "action": "sell"}).status_code == 409
    assert rui.post(f"/permits/{permit['id']}/redeem", use).json["status"] == "redeemed"
    assert rui.post(f"/permits/{permit['id']}/redeem", use).status_code == 409
    second = rui.post(f"/records/{record}/check-action", wanted).json["permit"]["id"]
    estate.measure(record, "1.0")
    refused = rui.post(f"/permits/{second}/redeem", use)
    assert refused.status_code == 403
    assert refused.json["code"] == "locked"
    assert refused.json["locks"][0]["lock_type"] == "refinance_block"
    assert rui.post(f"/records/{record}/check-action", wanted).json["permit"] is None


def test_locks_by_api(estate: Estate, program: Callable[..., Program]):
    record, lock = estate.locked()
    other, _second = estate.locked("occupancy", "40")
    otto, alma = program(estate.people.otto), program(estate.people.alma)
    page = otto.get("/locks?limit=1").json
    assert len(page["items"]) == 1
    rest = otto.get(f"/locks?limit=1&after={page['next']}").json
    assert {page["items"][0]["record_id"], rest["items"][0]["record_id"]} == {
        str(record),
        str(other),
    }
    assert rest["next"] is None
    assert otto.get("/locks/counts").json == {
        "locked": 2,
        "critical": 2,
        "records": 2,
        "unlocked": 0,
        "expired": 0,
    }
    for query, count in (
        ("lock_type=sale_hold", 1),
        ("action=refinance", 1),
        ("severity=warning", 0),
        ("status=all", 2),
        ("q=Harbour", 2),
        ("record_type=property", 2),
    ):
        assert len(otto.get(f"/locks?{query}").json["items"]) == count, query
    detail = otto.get(f"/locks/{lock.id}").json
    assert detail["cause"]["holds"] is True
    assert detail["release"]["committee"] == ["Committee"]
    assert [one["why"] for one in detail["history"]] == ["created"]
    stands = otto.get(f"/records/{record}/locks").json
    assert stands["summary"]["all_blocked_actions"] == ["refinance"]
    why = {"reason": "The lender waived the covenant"}
    assert otto.post(f"/locks/{lock.id}/override", why).status_code == 403
    assert otto.post(f"/locks/{lock.id}/ask").status_code == 201
    assert otto.post(f"/locks/{lock.id}/ask").status_code == 409
    assert alma.post(f"/locks/{lock.id}/renew", why).status_code == 200
    assert alma.post(f"/locks/{lock.id}/accept-risk", why).status_code == 409
    assert alma.post(f"/locks/{lock.id}/override", why).json["status"] == "unlocked"
    assert alma.post(f"/locks/{lock.id}/override", why).status_code == 409
    assert alma.call("DELETE", f"/locks/{lock.id}").status_code == 405
    assert alma.put(f"/locks/{lock.id}", {"expires_at": "2020-01-01"}).status_code == 405
    eve = program(estate.people.eve)
    assert eve.get(f"/locks/{lock.id}").status_code == 404
    assert eve.post(f"/locks/{lock.id}/override", why).status_code == 404


def test_kinds_by_api(estate: Estate, program: Callable[..., Program]):
    alma, rui = program(estate.people.alma), program(estate.people.rui)
    kinds = {one["code"]: one for one in alma.get("/lock-types").json["items"]}
    assert set(kinds) == {"refinance_block", "sale_hold", "disposition_block"}
    body = {"name": "No loans", "causes": ["dscr"], "blocked_actions": ["refinance", "sell"]}
    assert rui.put("/lock-types/refinance_block", body).status_code == 403
    version = kinds["refinance_block"]["version"]
    saved = alma.put("/lock-types/refinance_block", {**body, "version": version}).json
    assert (saved["version"], saved["record_type"]) == (version + 1, None)
    stale = alma.put("/lock-types/refinance_block", {**body, "name": "X", "version": version})
    assert stale.status_code == 409
    for wrong in (
        {"blocked_actions": []},
        {"causes": []},
        {"causes": ["*"]},
        {"causes": ["a b"]},
        {"blocked_actions": ["Sell it"]},
        {"on_expiry": "maybe"},
        {"expiry_days": 0},
        {"record_type": "castle"},
        {"release_workflow": "nothing"},
        {"in_flight": "explode"},
    ):
        assert alma.put("/lock-types/fresh_kind", {**body, **wrong}).status_code == 422, wrong
