"""An edit of what is asked: refused, asked again, or asked again only where it matters (REC-4).

The guard speaks before the record changes; the reaction acts once it has. Both take the
request's lock, so an edit and a decision come one after the other, never half and half.
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from wfweb.approvals import errors
from wfweb.approvals.act import Act, close_seat
from wfweb.approvals.continuing import go_on, settle
from wfweb.approvals.events import ContentChanged
from wfweb.approvals.loading import lock_many, open_requests_of_record
from wfweb.approvals.models import ApprovalRequest, ApprovalSnapshot
from wfweb.approvals.opening import open_request
from wfweb.approvals.rows import Case
from wfweb.approvals.settling import end_request
from wfweb.approvals.subject import Content, amount_of, content_of
from wfweb.kernel.db import session
from wfweb.kernel.errors import Conflict
from wfweb.kernel.journal import journal
from wfweb.records.events import FileAttached, FileRemoved, RecordChanged
from wfweb.records.models import Record
from wfweb.workflow.compiled import Definition
from wfweb.workflow.loading import definition_of, load
from wfweb.workflow.models import WorkflowInstance

_REQUESTS: Any = ApprovalRequest.__table__
_SNAPSHOTS: Any = ApprovalSnapshot.__table__
ATTACHMENTS = "attachments"


def lock_for_edit(record_id: UUID) -> None:
    """Take the locks of a record's open requests before the record's own.

    A decision takes them in this order too, so that neither waits for the other for ever.
    """
    lock_many(open_requests_of_record(record_id))


def edit_guard(record: Record, changed_fields: Collection[str]) -> None:
    """Refuse an edit of material fields while the definition says so; the port of records.

    Without fields the record itself is to go (archived): no open request survives that, and
    what was approved stays where those who work on it look for it.

    :raises Conflict: naming the request that waits, or the one that approved it as it is.
    """
    for case in lock_many(open_requests_of_record(record.id)).values():
        if not changed_fields:
            raise errors.edit_refused(case.request.key)
        if case.request.config.get("on_edit", "refuse") != "refuse":
            continue
        if set(changed_fields) & _material(case.request.id):
            raise errors.edit_refused(case.request.key)
    _guard_approved(record.id, set(changed_fields))


def _guard_approved(record_id: UUID, changed: set[str]) -> None:
    """Refuse to change what was approved, unless work is back before its approval.

    It may be archived once the work that asked has ended.
    """
    query = select(
        ApprovalRequest.id,
        ApprovalRequest.key,
        ApprovalRequest.status,
        ApprovalRequest.state,
        ApprovalRequest.instance_id,
    ).where(ApprovalRequest.record_id == record_id)
    newest = query.order_by(ApprovalRequest.created_at.desc(), ApprovalRequest.id.desc())
    last = session().execute(newest.limit(1)).one_or_none()
    if last is None or last.status != "approved":
        return
    if changed and not changed & _material(last.id):
        return
    asked_by = select(WorkflowInstance.definition_id).where(WorkflowInstance.id == last.instance_id)
    running = select(WorkflowInstance.version_id, WorkflowInstance.state).where(
        WorkflowInstance.record_id == record_id,
        WorkflowInstance.definition_id == asked_by.scalar_subquery(),
        WorkflowInstance.status.in_(("active", "timeout", "error")),
    )
    rows = session().execute(running).all()
    if not changed and not rows:
        return  # the work is over: putting it away changes nothing that was approved
    for row in rows:
        if row.state not in _after(definition_of(row.version_id), last.state):
            return
    raise Conflict(
        f"{last.key} was approved as it is. Move it back to a draft to "
        f"{'change it, then ask for approval again' if changed else 'archive it'}",
        request_key=last.key,
        reason="approved",
    )


def _after(definition: Definition, asked: str) -> set[str]:
    """Return the states that an approval leads to without beginning again at the start."""
    found: set[str] = set()
    ways = [way.to for way in definition.out(asked, "approval")]
    while ways:
        state = ways.pop()
        if state in found or state == definition.initial:
            continue
        found.add(state)
        ways.extend(way.to for way in definition.body.transitions if way.from_state == state)
    return found


def _material(request_id: UUID) -> set[str]:
    snapshot = (
        session()
        .execute(select(ApprovalRequest.snapshot).where(ApprovalRequest.id == request_id))
        .scalar_one()
    )
    return {field["code"] for field in snapshot["fields"]}


def on_record_changed(event: RecordChanged) -> None:
    """Let open requests follow a change of their record.

    :raises Conflict: when the definition refuses the edit and the guard was passed in the
        instant before the request opened.
    """
    _follow(event.target_id, set(event.changed_fields), by_engine=event.by_engine)


def on_file_attached(event: FileAttached) -> None:
    """Treat a new file as a change of what is shown; once approved, it stands beside it.

    :raises Conflict: when the definition refuses edits.
    """
    if event.target_type == "record":
        _follow(event.target_id, {ATTACHMENTS}, by_engine=False)


def on_file_removed(event: FileRemoved) -> None:
    """Treat a file that is gone as a change of what was shown.

    :raises Conflict: when the definition refuses edits.
    """
    if event.target_type == "record":
        _follow(event.target_id, {ATTACHMENTS}, by_engine=False)


def _follow(record_id: UUID, changed: set[str], *, by_engine: bool) -> None:
    cases = lock_many(open_requests_of_record(record_id))
    if not cases:
        return
    act, content = Act(), content_of(record_id)
    for case in cases.values():
        touched = changed & {*content.material, ATTACHMENTS}
        if case.request.digest == content.digest:
            act.touch(case.request, record_version=content.record.version)
            continue
        _apply(act, case, content, touched, by_engine=by_engine)
    act.end()


def _apply(act: Act, case: Case, content: Content, touched: set[str], *, by_engine: bool) -> None:
    mode = str(case.request.config.get("on_edit", "refuse"))
    voted = any(seat.made is not None for seat in case.seats())
    if by_engine and (not touched or not voted):
        # The engine's own rules made the change, and nobody has decided on the old content.
        _refresh(act, case, content, touched)
    elif mode == "refuse" and not by_engine:
        raise errors.edit_refused(case.request.key)
    elif mode == "affected" and not _affected(case, touched):
        _refresh(act, case, content, touched)
    else:
        _ask_again(act, case, touched, keep=mode == "affected")


def _affected(case: Case, touched: set[str]) -> bool:
    """Tell whether the rule of any level reads one of the fields."""
    return any(touched & set(level.spec.get("reads", ())) for level in case.levels.values())


def _ask_again(act: Act, case: Case, touched: set[str], *, keep: bool) -> None:
    """End the round and ask anew; approved levels whose rule reads none of it stay approved."""
    kept: list[Mapping[str, Any]] = [
        {"spec": level.spec, "id": level.id}
        for level in case.levels.values()
        if keep and level.status == "approved" and not touched & set(level.spec.get("reads", ()))
    ]
    names = ", ".join(sorted(touched))
    end_request(
        act,
        case,
        "cancelled",
        reason="edited",
        comment=f"Changed: {names}",
        because="What is asked changed",
    )
    act.end()
    instance_id = case.request.instance_id
    loaded = load(instance_id, lock=False)
    state = loaded.definition.states[loaded.state]
    if state.approval is not None:
        approval = state.approval.model_dump(mode="json")
        open_request(instance_id, approval, kept=kept, act=act)


def _refresh(act: Act, case: Case, content: Content, touched: set[str]) -> None:
    """Show the new content in the same round: decisions from now on name it."""
    request = case.request
    _keep_old(case)
    excluded = list(request.excluded_ids)
    editor = act.actor.id if act.actor.kind == "user" and touched else None
    if editor is not None and editor not in excluded:
        excluded.append(editor)
    amount, currency = amount_of(content, request.config)
    act.touch(request, digest=content.digest, record_version=content.record.version)
    act.touch(request, excluded_ids=excluded, amount=amount)
    journal().update(
        _REQUESTS,
        request.id,
        {"snapshot": content.snapshot, "currency": currency},
    )
    _bar_editor(act, case, editor)
    waiting = [seat for seat in case.seats() if seat.is_asked]
    for seat in waiting:
        seat.change(changed_at=act.now)
    act.tell(
        ContentChanged,
        request,
        changed_fields=sorted(touched),
        waiting_user_ids=[seat.user_id for seat in waiting],
        after={"digest": content.digest},
    )
    settle(act, case)
    go_on(case)


def _keep_old(case: Case) -> None:
    """Keep what was shown until now, once, for the difference that latecomers are told."""
    request = case.request
    known = select(ApprovalSnapshot.digest).where(
        ApprovalSnapshot.request_id == request.id, ApprovalSnapshot.digest == request.digest
    )
    if session().scalar(known) is not None:
        return
    snapshot = (
        session()
        .execute(select(ApprovalRequest.snapshot).where(ApprovalRequest.id == request.id))
        .scalar_one()
    )
    journal().insert(
        _SNAPSHOTS,
        {
            "company_id": request.company_id,
            "request_id": request.id,
            "digest": request.digest,
            "snapshot": snapshot,
            "record_version": request.record_version,
        },
    )


def _bar_editor(act: Act, case: Case, editor: UUID | None) -> None:
    """Close the open seats of somebody who has just written what is asked (I-13)."""
    for level in case.levels.values():
        if level.self_approval:
            continue
        for seat in level.open_seats:
            if editor is not None and seat.user_id == editor:
                close_seat(act, seat, "skipped", f"{seat.user_name} changed what is asked")
