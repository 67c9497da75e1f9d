"""Matrices as kept: versions, what applies when, automatic approval by a named row."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.approvals.conftest import World, level
from wfweb.approvals import service as approvals
from wfweb.approvals.models import ApprovalDecision, ApprovalRequest
from wfweb.approvals.queries import explanation
from wfweb.audit.models import AuditEvent
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Conflict, Forbidden, NotFound, ValidationFailed

SMALL = {"field": "amount", "operator": "<", "value": 500}
BODY: dict[str, Any] = {
    "rows": [
        {"name": "Up to 500", "when": SMALL, "auto_approve": True},
        {
            "name": "Up to 5,000",
            "when": {"field": "amount", "operator": "<", "value": 5000},
            "levels": [level("ada", name="Finance", remind_hours=[4])],
        },
        {
            "name": "Above",
            "when": {"field": "amount", "operator": ">=", "value": 5000},
            "levels": [level("ada", name="Finance"), level("cleo", name="Committee")],
        },
    ]
}


def keep(world: World, body: dict[str, Any] | None = None, **publish: Any) -> None:
    with transaction(actor=world.people.alma.actor):
        approvals.save_matrix("orders", body or BODY, name="Orders", record_type_code="order")
        approvals.publish_matrix("orders", **publish)


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


@pytest.fixture
def ruled(world: World) -> World:
    keep(world)
    world.publish(world.body_of(matrix="orders"))
    return world


def test_the_amount_chooses_the_levels(ruled: World) -> None:
    case = ruled.submit(amount=money("7000.00"))
    assert ruled.asked(case) == ["Ada"]
    ruled.decide(ruled.people.ada, case)
    assert ruled.asked(case) == ["Cleo"]
    assert ruled.decide(ruled.people.cleo, case).request_status == "approved"


def test_a_named_row_approves_and_the_audit_says_which(ruled: World) -> None:
    case = ruled.submit(amount=money("499.99"))
    assert ruled.state(case) == ("approved", "approved")
    with transaction(actor=ruled.people.alma.actor):
        decision = (
            session()
            .scalars(select(ApprovalDecision).where(ApprovalDecision.request_id == case.request.id))
            .one()
        )
        entry = (
            session()
            .scalars(
                select(AuditEvent).where(
                    AuditEvent.request_id == case.request.id, AuditEvent.name == "approval.decided"
                )
            )
            .one()
        )
        assert (decision.user_id, decision.assignment_id) == (None, None)
        assert decision.user_name == "wfweb: Orders version 1: Up to 500"
        assert entry.actor_kind == "system"
        assert entry.details["rule"] == "Orders version 1: Up to 500"
        assert session().get_one(ApprovalRequest, case.request.id).outcome_reason == "auto_approved"


def test_the_edge_belongs_to_the_next_row(ruled: World) -> None:
    assert ruled.submit(amount=money("500.00")).request.status == "pending"


def test_the_explanation_names_matrix_version_and_row(ruled: World) -> None:
    case = ruled.submit()
    with transaction(actor=ruled.people.ada.actor):
        told = explanation(case.request.id)
    assert told["rule"]["sentence"] == "Orders version 1: “Up to 5,000” asks for 1 level"
    assert told["rule"]["rows"][0]["why"]["result"] is True
    assert told["levels"][0]["rule"] == "Any one of: ada@kestrel.example"
    assert told["levels"][0]["reads"] == ["amount"]
    assert told["barred"][0]["why"] == "asked for it"


def test_levels_of_a_matrix_keep_their_reminders(ruled: World) -> None:
    case = ruled.submit()
    assert case.levels[1].spec["remind_hours"] == [4]


def test_no_row_is_at_risk_and_a_repaired_rule_is_asked_anew(world: World) -> None:
    keep(world, {"rows": [BODY["rows"][0]]})
    world.publish(world.body_of(matrix="orders"))
    case = world.submit()
    assert case.request.at_risk
    assert "No row matches" in (case.request.at_risk_reason or "")
    keep(world)
    with transaction(actor=world.people.alma.actor):
        fresh = approvals.re_resolve(case.request.id)
    again = world.case_of(case.request.instance_id)
    assert (again.request.id, again.request.round) == (fresh, 2)
    assert world.asked(again) == ["Ada"]


def test_a_retired_matrix_answers_nothing_and_approves_nothing(ruled: World) -> None:
    with transaction(actor=ruled.people.alma.actor):
        approvals.retire_matrix("orders")
    case = ruled.submit(amount=money("10.00"))
    assert case.request.at_risk
    assert ruled.state(case) == ("pending", "asked")


def test_open_requests_keep_the_version_they_were_told(ruled: World) -> None:
    case = ruled.submit()
    keep(ruled, {"rows": [{**BODY["rows"][1], "levels": [level("otto")]}]})
    assert ruled.asked(case) == ["Ada"]
    assert ruled.asked(ruled.submit()) == ["Otto"]


def test_a_version_applies_from_its_date(ruled: World) -> None:
    start = clock.now() + timedelta(days=10)
    changed = {"rows": [{**BODY["rows"][1], "levels": [level("otto")]}]}
    keep(ruled, changed, effective_from=start)
    assert ruled.asked(ruled.submit()) == ["Ada"]
    with clock.at(start + timedelta(minutes=1)):
        assert ruled.asked(ruled.submit()) == ["Otto"]


def test_a_version_ends_on_its_date(world: World) -> None:
    keep(world, effective_to=clock.now() + timedelta(days=1))
    world.publish(world.body_of(matrix="orders"))
    assert not world.submit().request.at_risk
    with clock.at(clock.now() + timedelta(days=2)):
        assert world.submit().request.at_risk


def test_an_amount_raised_across_a_band_adds_the_missing_level(world: World) -> None:
    keep(world)
    world.publish(world.body_of(matrix="orders", on_edit="affected"))
    case = world.submit()
    world.edit(case, amount=money("9000.00"))
    again = world.case_of(case.request.instance_id)
    assert again.request.levels_total == 2
    assert again.request.round == 2


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ({"when": {"field": "amuont", "operator": "<", "value": 5}}, "/rows/0/when/field"),
        ({"when": {"field": "amount", "operator": "~", "value": 5}}, "/rows/0/when/operator"),
        ({"when": SMALL, "levels": []}, "/rows/0/levels"),
        ({"when": SMALL, "levels": [{"approvers": []}]}, "/rows/0/levels/0/approvers"),
        ({"when": SMALL, "levels": [level("ada", quorum="few")]}, "/rows/0/levels/0/quorum"),
        ({"when": SMALL, "levels": [level("ada", colour="red")]}, "/rows/0/levels/0/colour"),
    ],
)
def test_a_faulty_row_names_its_place(world: World, row: dict[str, Any], place: str) -> None:
    whole = {"levels": [level("ada")], **row}
    with pytest.raises(ValidationFailed) as refused:
        keep(world, {"rows": [whole]})
    assert refused.value.errors[0].pointer == place


def test_a_published_version_is_never_written_again(ruled: World) -> None:
    with transaction(actor=ruled.people.alma.actor):
        draft = approvals.save_matrix("orders", BODY)
        assert (draft.number, draft.status) == (2, "draft")


def test_a_stale_draft_is_a_conflict(ruled: World) -> None:
    with transaction(actor=ruled.people.alma.actor):
        approvals.save_matrix("orders", BODY)
    with pytest.raises(Conflict), transaction(actor=ruled.people.alma.actor):
        approvals.save_matrix("orders", BODY, expected_version=9)


def test_matrices_need_their_permission(world: World) -> None:
    with pytest.raises(Forbidden) as refused, transaction(actor=world.people.ada.actor):
        approvals.save_matrix("orders", BODY)
    assert refused.value.risk == "CRITICAL"


def test_publishing_needs_a_draft(ruled: World) -> None:
    with pytest.raises(NotFound), transaction(actor=ruled.people.alma.actor):
        approvals.publish_matrix("orders")
