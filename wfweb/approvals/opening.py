"""Opening a request: what is asked, by which rule, of whom; and asking again as a new round."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from wfweb.approvals.act import Act
from wfweb.approvals.continuing import (
    approve_by_system,
    enter_next,
    finish,
    go_on,
    is_answering,
)
from wfweb.approvals.events import RequestOpened
from wfweb.approvals.models import ApprovalLevel, ApprovalRequest
from wfweb.approvals.routing import Route, Spec, route
from wfweb.approvals.rows import Case, Level, Request
from wfweb.approvals.settling import put_at_risk
from wfweb.approvals.subject import Content, amount_of, content_of, editors_of
from wfweb.kernel.actor import acting_as
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound
from wfweb.kernel.ids import new_id, next_key
from wfweb.kernel.journal import journal
from wfweb.workflow.engine import running
from wfweb.workflow.facts import Facts
from wfweb.workflow.loading import Loaded, load
from wfweb.workflow.texts import render

KEY_PREFIX = "APR"
_REQUESTS: Any = ApprovalRequest.__table__
_LEVELS: Any = ApprovalLevel.__table__


@dataclass(frozen=True, slots=True)
class Previous:
    """The round before this one, when a request is asked again."""

    id: UUID
    key: str
    round: int


def open_request(
    instance_id: UUID,
    approval: Mapping[str, Any],
    *,
    kept: Sequence[Mapping[str, Any]] = (),
    act: Act | None = None,
) -> UUID:
    """Open a round for an instance that stands in an approval state, and ask the first level.

    A request about the same state of the same instance gets the same key and the next round.
    Nobody to ask makes it at risk, visibly; a rule that approves by name ends it at once.

    :param approval: the state's configuration; pinned with the request.
    :param kept: levels of the round before whose approval still holds, as ``{"spec", "id"}``.
    :raises NotFound: when the instance has no record to be approved.
    """
    act = act or Act()
    journal().flush()
    loaded = running(instance_id) or load(instance_id, lock=False)
    if loaded.record_id is None:
        raise NotFound("There is no record to approve")
    content = content_of(loaded.record_id, lock=True)
    body = loaded.definition.body
    source = f"{body.name} version {loaded.definition.version}"
    way = route(approval, Facts(loaded), source)
    previous = _previous(instance_id, loaded.state)
    case = _write(act, loaded, approval, content, way, previous, kept)
    act.tell(
        RequestOpened,
        case.request,
        after={"status": "pending", "round": case.request.round, "digest": content.digest},
        details={"rule": way.explanation.get("sentence"), "source": source},
    )
    _ask(act, case, way)
    act.end()
    return case.request.id


def _ask(act: Act, case: Case, way: Route) -> None:
    if way.problem is not None:
        put_at_risk(act, case, way.problem)
        return
    if way.automatic is not None:
        rule = f"{way.automatic['source']}: {way.automatic['rule']}"
        with acting_as(act.as_system()):
            approve_by_system(act, case, 0, rule, way.automatic)
            finish(act, case, "approved", reason="auto_approved", because=rule)
    else:
        enter_next(act, case)
    go_on(case)


def _previous(instance_id: UUID, state: str) -> Previous | None:
    query = (
        select(ApprovalRequest.id, ApprovalRequest.key, ApprovalRequest.round)
        .where(ApprovalRequest.instance_id == instance_id, ApprovalRequest.state == state)
        .order_by(ApprovalRequest.round.desc())
        .limit(1)
    )
    row = session().execute(query).one_or_none()
    return Previous(*row) if row else None


def _write(
    act: Act,
    loaded: Loaded,
    approval: Mapping[str, Any],
    content: Content,
    way: Route,
    previous: Previous | None,
    kept: Sequence[Mapping[str, Any]],
) -> Case:
    record = content.record
    amount, currency = amount_of(content, approval)
    requester_id = loaded.started_by_id or record.created_by_id or record.owner_id
    excluded = [requester_id, *_acting(act), *editors_of(record.id, content.material)]
    row: dict[str, Any] = {
        "id": new_id(),
        "company_id": record.company_id,
        "key": previous.key if previous else next_key(KEY_PREFIX),
        "round": previous.round + 1 if previous else 1,
        "previous_id": previous.id if previous else None,
        "instance_id": loaded.id,
        "state": loaded.state,
        "record_id": record.id,
        "record_type_id": record.type_id,
        "record_type_code": record.type_code,
        "record_key": record.key,
        "title": _title(loaded, approval),
        "amount": amount,
        "currency": currency,
        "requester_id": requester_id,
        "excluded_ids": list(dict.fromkeys(one for one in excluded if one is not None)),
        "record_version": record.version,
        "digest": content.digest,
        "snapshot": content.snapshot,
        "config": dict(approval),
        "rule_snapshot": _pinned(loaded, way),
        "levels_total": len(way.levels),
        "created_at": act.now,
        "created_by_id": act.actor.id,
        "updated_at": act.now,
    }
    journal().insert(_REQUESTS, row)
    case = Case(_request(row))
    for number, spec in enumerate(way.levels, start=1):
        case.levels[number] = _level(act, case.request, number, spec, _kept_as(spec, kept))
    return case


def _acting(act: Act) -> list[UUID | None]:
    """Return who is behind the act: both a person and the one they act for (trap 21).

    Whoever answered the approval before this one has not asked for it by that.
    """
    actor = act.actor
    if is_answering():
        return []
    return [actor.id if actor.kind == "user" else None, actor.on_behalf_of]


def _title(loaded: Loaded, approval: Mapping[str, Any]) -> str:
    template = approval.get("title")
    if template:
        return render(str(template), Facts(loaded))[:300] or loaded.label
    return loaded.label


def _pinned(loaded: Loaded, way: Route) -> dict[str, Any]:
    return {
        **way.explanation,
        "definition": loaded.definition.code,
        "definition_version": loaded.definition.version,
        "definition_version_id": str(loaded.definition.version_id),
        "automatic": way.automatic,
        "problem": way.problem,
    }


def _kept_as(spec: Spec, kept: Sequence[Mapping[str, Any]]) -> UUID | None:
    return next((one["id"] for one in kept if one["spec"] == spec), None)


def _level(act: Act, request: Request, number: int, spec: Spec, kept_from_id: UUID | None) -> Level:
    level = Level(
        id=new_id(),
        request_id=request.id,
        number=number,
        name=spec["name"],
        quorum=spec["quorum"],
        min_approvers=spec["min_approvers"],
        ordering=spec["ordering"],
        status="approved" if kept_from_id else "waiting",
        due_at=None,
        opened_at=None,
        closed_at=act.now if kept_from_id else None,
        closed_because="The approval of the round before still holds" if kept_from_id else None,
        spec=spec,
    )
    journal().insert(
        _LEVELS,
        {
            "id": level.id,
            "company_id": request.company_id,
            "request_id": request.id,
            "number": number,
            "name": level.name,
            "quorum": level.quorum,
            "min_approvers": level.min_approvers,
            "ordering": level.ordering,
            "status": level.status,
            "closed_at": level.closed_at,
            "closed_because": level.closed_because,
            "rule_text": spec["rule_text"],
            "spec": spec,
            "kept_from_id": kept_from_id,
        },
    )
    return level


def _request(row: Mapping[str, Any]) -> Request:
    """Return a new row as the verbs hold it."""
    return Request(
        id=row["id"],
        company_id=row["company_id"],
        key=row["key"],
        round=row["round"],
        instance_id=row["instance_id"],
        state=row["state"],
        record_id=row["record_id"],
        record_type_code=row["record_type_code"],
        title=row["title"],
        requester_id=row["requester_id"],
        excluded_ids=row["excluded_ids"],
        record_version=row["record_version"],
        digest=row["digest"],
        config=row["config"],
        status="pending",
        outcome_reason=None,
        outcome_comment=None,
        current_level=0,
        levels_total=row["levels_total"],
        escalations=0,
        at_risk=False,
        at_risk_reason=None,
        due_at=None,
        decided_at=None,
        version=1,
        amount=row["amount"],
        updated_at=row["updated_at"],
    )
