"""What of the approvals counts with a business calendar, so that it is not deleted meanwhile."""

from sqlalchemy import TextClause, text

from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session

_NAMES_IT = "jsonb_build_object('code', cast(:code as text)))"

# A retired version counts as long as an instance runs on it: its later levels are still to open.
_DEFINITIONS = text(
    "select count(distinct v.definition_id) from workflow_versions v"  # noqa: S608 - our own words
    f" where v.company_id = :company and jsonb_path_exists(v.body,"
    f" '$.states[*].approval.** ? (@.calendar == $code)', {_NAMES_IT}"
    " and (v.status <> 'retired' or exists (select from workflow_instances i"
    " where i.version_id = v.id and i.status in ('active', 'error')))"
)
# A published version counts until another one is in force instead.
_MATRICES = text(
    "select count(distinct v.matrix_id) from approval_matrix_versions v"  # noqa: S608 - as above
    " join approval_matrices m on m.id = v.matrix_id and m.retired_at is null"
    f" where v.company_id = :company and jsonb_path_exists(v.body,"
    f" '$.rows[*].levels[*] ? (@.calendar == $code)', {_NAMES_IT}"
    " and not (v.status = 'published' and exists (select from approval_matrix_versions n"
    " where n.matrix_id = v.matrix_id and n.status = 'published' and n.effective_from <= :now"
    " and (n.effective_from, n.number) > (v.effective_from, v.number)))"
)
_LEVELS = text(
    "select count(*) from approval_levels l where l.company_id = :company"
    " and l.status = 'open' and l.receipt -> 'calendar' ->> 'code' = :code"
)


def definitions_with(code: str) -> int:
    """Return how many workflow definitions name a calendar, drafts included."""
    return _count(_DEFINITIONS, code)


def matrices_with(code: str) -> int:
    """Return how many approval matrices in use name a calendar, drafts included."""
    return _count(_MATRICES, code, now=clock.now())


def open_levels_with(code: str) -> int:
    """Return how many levels that are asked now have a due time counted with a calendar."""
    return _count(_LEVELS, code)


def _count(query: TextClause, code: str, **values: object) -> int:
    given = {"company": current_actor().company_id, "code": code, **values}
    return int(session().execute(query, given).scalar_one())
