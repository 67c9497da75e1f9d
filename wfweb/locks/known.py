"""Which actions there are on a record, so that a name nobody knows never reads as permission.

No list of them stands in code: the type of the record names some, and so do its workflows and
their steps, the kinds of locks, and the locks it has or had. What one version has named once
stays known. Records themselves add what they ask the guard about.
"""

from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import text

from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound, ValidationFailed
from wfweb.records.models import Record
from wfweb.records.policy import GUARDED

MOST_NAMED: Final = 30

# Asked in one, because most questions end here: nothing blocks it, and the type names it.
_USUAL: Final = text("""
    select is_action_blocked(:record, :action) as blocked, (
        select :action = any(cast(:own as text[]))
            or t.actions @> jsonb_build_array(jsonb_build_object('code', cast(:action as text)))
        from records r join record_types t on t.id = r.type_id
        where r.id = :record and r.company_id = :company
    ) as usual
""")
_CODES: Final = """
    from records r cross join lateral (
        select unnest(cast(:own as text[])) as code
        union all
        select a ->> 'code' from record_types t, jsonb_array_elements(t.actions) a
        where t.id = r.type_id
        union all
        select unnest(k.blocked_actions) from lock_types k
        where k.company_id = r.company_id
            and (k.record_type_code is null or k.record_type_code = r.type_code)
        union all
        select unnest(l.blocked_actions) from workflow_locks l where l.record_id = r.id
        union all
        select d.code from workflow_definitions d
        where d.company_id = r.company_id
            and (d.record_type is null or d.record_type = r.type_code)
            and exists (
                select from workflow_versions v where v.definition_id = d.id and v.status <> 'draft'
            )
        union all
        select w ->> 'code'
        from workflow_definitions d join workflow_versions v on v.definition_id = d.id,
            jsonb_array_elements(v.body -> 'transitions') w
        where d.company_id = r.company_id and v.status <> 'draft'
            and (d.record_type is null or d.record_type = r.type_code)
    ) known
    where r.id = :record and r.company_id = :company
"""
_KNOWN: Final = text(f"select exists (select {_CODES} and known.code = :action)")
_ALL: Final = text(f"select distinct known.code {_CODES} and known.code is not null order by 1")


class Look(NamedTuple):
    """Whether a lock blocks an action now, and whether it is one of the usual ones of its type."""

    blocked: bool
    usual: bool


def look(record_id: UUID, action: str) -> Look:
    """Ask about an action at this moment, in one round trip; the usual ones are surely known."""
    row = session().execute(_USUAL, _asked(record_id, action=action)).one()
    return Look(row.blocked, row.usual is True)


def is_known(record_id: UUID, action: str) -> bool:
    """Tell whether something names an action for a record of the company."""
    if "\0" in action:
        return False
    return bool(session().execute(_KNOWN, _asked(record_id, action=action)).scalar_one())


def actions_of(record_id: UUID) -> list[str]:
    """Return the codes of all actions that are named for a record, in the order of the alphabet."""
    return list(session().execute(_ALL, _asked(record_id)).scalars())


def require_known(record_id: UUID, action: str) -> None:
    """Let an action through that something names for the record.

    :raises NotFound: when there is no such record.
    :raises ValidationFailed: naming the actions there are.
    """
    if is_known(record_id, action):
        return
    record = session().get(Record, record_id)
    if record is None:
        raise NotFound
    found = actions_of(record_id)
    named = ", ".join(found[:MOST_NAMED])
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    message = f"Nothing on {record.key} is called so. Its actions are {named}{more}"
    refusal = ValidationFailed.at("/action", message, "unknown_action")
    refusal.extra["known_actions"] = found
    raise refusal


def _asked(record_id: UUID, **more: str) -> dict[str, object]:
    company = current_actor().company_id
    return {"record": record_id, "company": company, "own": list(GUARDED), **more}
