"""Locks: lists, one lock, ending and renewing, and the kinds of locks."""

from uuid import UUID

from wfweb.kernel.api import endpoint
from wfweb.kernel.errors import Conflict, Forbidden
from wfweb.locks import policy, queries, service, types
from wfweb.locks.api_checks import bp
from wfweb.locks.errors import LockEndedAlready
from wfweb.locks.schemas import (
    AskedOut,
    LockCountsOut,
    LockDetailOut,
    LockOut,
    LockPage,
    LockQuery,
    LockReasonIn,
    LockSummaryOut,
    LockTypeIn,
    LockTypeList,
    LockTypeOut,
    RecordLocksOut,
)
from wfweb.records.api import record_of

_ENDING = [Forbidden, LockEndedAlready]


@endpoint(
    bp,
    "GET",
    "/locks",
    response=LockPage,
    query=LockQuery,
    permission=policy.VIEW,
    summary="List locks",
    description="Those on records that you may see, newest first.",
)
def list_locks(query: LockQuery) -> LockPage:
    """Return a page of locks."""
    filters = queries.Filters(
        status=query.status,
        severity=query.severity,
        lock_type=query.lock_type,
        record_type=query.record_type,
        action=query.action,
        text=query.q,
    )
    found = queries.dashboard(filters, after=query.after, limit=query.limit)
    return LockPage(items=[LockOut.model_validate(row) for row in found.rows], next=found.after)


@endpoint(
    bp,
    "GET",
    "/locks/counts",
    response=LockCountsOut,
    permission=policy.VIEW,
    summary="Count locks",
)
def count_locks() -> LockCountsOut:
    """Return the numbers of the dashboard."""
    return LockCountsOut.model_validate(queries.counts())


@endpoint(
    bp,
    "GET",
    "/locks/<uuid:lock_id>",
    response=LockDetailOut,
    summary="Get a lock",
    description="With its cause as it is now, who can end it, and every look at the cause.",
)
def get_lock(lock_id: UUID) -> LockDetailOut:
    """Return one lock."""
    return LockDetailOut.model_validate(queries.detail(lock_id))


@endpoint(
    bp,
    "GET",
    "/records/<ref>/locks",
    response=RecordLocksOut,
    summary="List the locks that stand on a record",
)
def list_record_locks(ref: str) -> RecordLocksOut:
    """Return what blocks a record now."""
    record = record_of(ref)
    return RecordLocksOut(
        items=[LockOut.model_validate(row) for row in queries.of_record(record.id)],
        summary=LockSummaryOut.model_validate(queries.summary(record.id)),
    )


@endpoint(
    bp,
    "POST",
    "/locks/<uuid:lock_id>/override",
    request=LockReasonIn,
    response=LockOut,
    permission=policy.OVERRIDE,
    errors=_ENDING,
    summary="End a lock without its committee",
)
def override_lock(lock_id: UUID, body: LockReasonIn) -> LockOut:
    """End a lock with a reason."""
    return LockOut.model_validate(service.override(lock_id, body.reason))


@endpoint(
    bp,
    "POST",
    "/locks/<uuid:lock_id>/accept-risk",
    request=LockReasonIn,
    response=LockOut,
    permission=policy.OVERRIDE,
    errors=[*_ENDING, Conflict],
    summary="End a lock whose time is over by accepting the risk in words",
)
def accept_lock_risk(lock_id: UUID, body: LockReasonIn) -> LockOut:
    """Accept the risk of a lock that is over its time."""
    return LockOut.model_validate(service.accept_risk(lock_id, body.reason))


@endpoint(
    bp,
    "POST",
    "/locks/<uuid:lock_id>/renew",
    request=LockReasonIn,
    response=LockOut,
    permission=policy.OVERRIDE,
    errors=_ENDING,
    summary="Keep a lock for another period",
)
def renew_lock(lock_id: UUID, body: LockReasonIn) -> LockOut:
    """Renew a lock."""
    return LockOut.model_validate(service.renew(lock_id, body.reason))


@endpoint(
    bp,
    "POST",
    "/locks/<uuid:lock_id>/ask",
    response=AskedOut,
    status=201,
    errors=[Forbidden, Conflict, LockEndedAlready],
    summary="Ask the committee to release a lock",
)
def ask_committee(lock_id: UUID) -> AskedOut:
    """Start the release workflow of a lock."""
    return AskedOut(instance_id=service.ask_for_release(lock_id))


@endpoint(bp, "GET", "/lock-types", response=LockTypeList, summary="List the kinds of locks")
def list_lock_types() -> LockTypeList:
    """Return the kinds of locks."""
    found = queries.lock_types(inactive=True)
    return LockTypeList(items=[LockTypeOut.model_validate(one) for one in found])


@endpoint(
    bp,
    "PUT",
    "/lock-types/<code>",
    request=LockTypeIn,
    response=LockTypeOut,
    permission=policy.MANAGE,
    errors=[Forbidden, Conflict],
    summary="Make or change a kind of lock",
    description="Locks that stand keep what they block.",
)
def save_lock_type(code: str, body: LockTypeIn) -> LockTypeOut:
    """Make or change a kind of lock."""
    return LockTypeOut.model_validate(types.save_type(body.body(code), version=body.version))
