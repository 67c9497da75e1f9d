"""Bulk decisions: the same rules for each, set-based, all or what works."""

from uuid import UUID

import pytest
from sqlalchemy import select

from tests.approvals.conftest import World, level
from wfweb.approvals import service as approvals
from wfweb.approvals.rows import Case
from wfweb.audit.models import AuditEvent
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import AlreadyDecided, Forbidden, NotFound, Refusal, ValidationFailed


def shown(*cases: Case) -> dict[UUID, str]:
    """The digests of what somebody was shown."""
    return {case.request.id: case.request.digest for case in cases}


def test_what_can_be_decided_is_and_the_rest_says_why(world: World) -> None:
    world.publish_levels(level("ada"))
    open_one, decided, own = world.submit(), world.submit(), world.submit(by=world.people.ada)
    world.decide(world.people.ada, decided, "reject")
    ids = [own.request.id, open_one.request.id, decided.request.id, world.people.ada.id]
    with transaction(actor=world.people.ada.actor):
        results = approvals.decide_many(
            ids, "approve", digests=shown(own, open_one, decided), comment="Month end"
        )
    assert [result.target_id for result in results] == ids
    assert [type(result.refusal) for result in results] == [
        Forbidden,
        type(None),
        AlreadyDecided,
        NotFound,
    ]
    assert results[1].outcome is not None
    assert results[1].outcome.request_status == "approved"
    assert world.state(open_one) == ("approved", "approved")
    assert world.state(decided)[0] == "rejected"


def test_what_one_may_not_decide_is_audited_for_each(world: World) -> None:
    world.publish_levels(level("ada"))
    cases = [world.submit(by=world.people.ada), world.submit(), world.submit(by=world.people.ada)]
    with transaction(actor=world.people.ada.actor):
        approvals.decide_many([case.request.id for case in cases], "approve", digests=shown(*cases))
    with transaction(actor=world.people.alma.actor):
        query = select(AuditEvent).where(AuditEvent.name == "permission.denied")
        entries = session().scalars(query).all()
    own = [str(cases[0].request.id), str(cases[2].request.id)]
    assert sorted(one.target_label.rsplit("/", 1)[1] for one in entries) == sorted(own)
    assert {(one.actor_id, one.risk) for one in entries} == {(world.people.ada.id, "HIGH")}


def test_all_or_nothing(world: World) -> None:
    world.publish_levels(level("ada"))
    first, own = world.submit(), world.submit(by=world.people.ada)
    with pytest.raises(Forbidden), transaction(actor=world.people.ada.actor):
        approvals.decide_many(
            [first.request.id, own.request.id],
            "approve",
            digests=shown(first, own),
            rollback_on_error=True,
        )
    assert world.state(first) == ("pending", "asked")


def test_a_bulk_decides_what_was_shown(world: World) -> None:
    world.publish_levels(level("ada"), on_edit="affected")
    same, changed, unseen = world.submit(), world.submit(), world.submit()
    seen = shown(same, changed)
    world.edit(changed, subject="Gold")
    with transaction(actor=world.people.ada.actor):
        results = approvals.decide_many(
            [same.request.id, changed.request.id, unseen.request.id], "approve", digests=seen
        )
    codes = [result.refusal.code if result.refusal else None for result in results]
    assert codes == [None, "stale", "stale"]


def test_rejecting_many_needs_a_reason_too(world: World) -> None:
    world.publish_levels(level("ada"))
    case = world.submit()
    with transaction(actor=world.people.ada.actor):
        (result,) = approvals.decide_many([case.request.id], "reject", digests=shown(case))
    assert isinstance(result.refusal, ValidationFailed)
    assert world.state(case)[0] == "pending"


def test_a_step_that_cannot_be_taken_undoes_only_its_own_item(world: World) -> None:
    content = world.body_of(level("ada"))
    content["transitions"][1]["condition"] = {"field": "note", "operator": "is set"}
    world.publish(content)
    good, bad, better = world.submit(note="Yes"), world.submit(), world.submit(note="Yes")
    ids = [good.request.id, bad.request.id, better.request.id]
    with transaction(actor=world.people.ada.actor):
        results = approvals.decide_many(ids, "approve", digests=shown(good, bad, better))
    assert [isinstance(result.refusal, Refusal) for result in results] == [False, True, False]
    assert world.state(good)[0] == world.state(better)[0] == "approved"
    assert world.state(bad) == ("pending", "asked")
    assert world.asked(bad) == ["Ada"]


def test_a_step_that_cannot_be_taken_undoes_everything_when_asked_to(world: World) -> None:
    content = world.body_of(level("ada"))
    content["transitions"][1]["condition"] = {"field": "note", "operator": "is set"}
    world.publish(content)
    good, bad = world.submit(note="Yes"), world.submit()
    with pytest.raises(Refusal), transaction(actor=world.people.ada.actor):
        approvals.decide_many(
            [good.request.id, bad.request.id],
            "approve",
            digests=shown(good, bad),
            rollback_on_error=True,
        )
    assert world.state(good)[0] == "pending"


def test_too_many_at_once(world: World) -> None:
    from wfweb.kernel.ids import new_id

    with pytest.raises(ValidationFailed), transaction(actor=world.people.ada.actor):
        approvals.decide_many([new_id() for _ in range(1001)], "approve", digests={})


def test_a_bulk_costs_the_same_few_statements(world: World) -> None:
    from tests.approvals.counting import statements

    world.publish_levels(level("ada"))
    few = shown(*(world.submit() for _ in range(6)))
    many = shown(*(world.submit() for _ in range(20)))
    counted = []
    for digests in (few, many):
        with statements() as seen, transaction(actor=world.people.ada.actor):
            approvals.decide_many(list(digests), "approve", digests=digests)
        counted.append(len(seen))
    assert counted[0] == counted[1]
    assert counted[1] <= 20


def test_a_decision_that_ends_everything_takes_at_most_nine_statements(world: World) -> None:
    from tests.approvals.counting import statements

    case = world.ask(level("ada", due_hours=24, remind_hours=[4]))
    with statements() as seen, transaction(actor=world.people.ada.actor):
        approvals.decide(case.request.id, "approve", digest=case.request.digest)
    own = [one for one in seen if "SAVEPOINT" not in one]
    assert len(own) + 1 <= 9, own  # and the commit
