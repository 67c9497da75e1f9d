"""The story of one subject, for those who may read it."""

from uuid import UUID

from wfweb.audit import queries
from wfweb.audit.schemas import AuditEntryOut, AuditPage, AuditQuery
from wfweb.kernel.api import ApiBlueprint, endpoint
from wfweb.kernel.errors import NotFound
from wfweb.kernel.paging import decode_cursor, encode_cursor

bp = ApiBlueprint(
    "audit", __name__, title="Audit", about="What happened, by whom, from where; append-only."
)


@endpoint(
    bp,
    "GET",
    "/audit",
    response=AuditPage,
    query=AuditQuery,
    permission="audit.view",
    errors=[NotFound],
    summary="Read the story of one subject",
)
def list_audit_entries(query: AuditQuery) -> AuditPage:
    """Return everything that happened to one subject, newest first."""
    after = decode_cursor(query.after, 1, [UUID])
    before = after[0] if after else None
    entries = list(queries.story(query.target_id, before=before, limit=query.limit + 1))
    if not entries and after is None:
        raise NotFound
    shown = entries[: query.limit]
    following = encode_cursor([shown[-1].id]) if len(entries) > query.limit else None
    return AuditPage(items=[AuditEntryOut.model_validate(one) for one in shown], next=following)
