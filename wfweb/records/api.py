"""Records: lists, one record, changes."""

from uuid import UUID

from wfweb.kernel.api import PREFIX, Answer, ApiBlueprint, VersionIn, endpoint, money, under
from wfweb.kernel.db import session
from wfweb.kernel.errors import FieldError, Forbidden, Locked, ValidationFailed
from wfweb.kernel.journal import journal
from wfweb.records import policy, service
from wfweb.records.listing import Filters, list_page, read_filters
from wfweb.records.models import Record, RecordType
from wfweb.records.queries import record_by_id, record_by_key
from wfweb.records.schemas import (
    OwnerIn,
    RecordChange,
    RecordIn,
    RecordOut,
    RecordPage,
    RecordQuery,
)
from wfweb.records.types import get_type, shape_of

bp = ApiBlueprint(
    "records",
    __name__,
    title="Records",
    about="Orders, contracts, complaints: whatever the record types describe.",
)


def record_of(ref: str) -> Record:
    """Return a record by its id or by its key such as ``ORD-1042``.

    :raises NotFound: also for records that may not be seen.
    """
    try:
        return record_by_id(UUID(ref))
    except ValueError:
        return record_by_key(ref)


def shown(record: Record) -> RecordOut:
    """Return a record as the API shows it."""
    return RecordOut(
        id=record.id,
        key=record.key,
        type=record.type_code,
        title=record.title,
        state=record.state,
        data=record.data,
        amount=money(record.amount, record.currency),
        owner_id=record.owner_id,
        version=record.version,
        created_at=record.created_at,
        created_by_id=record.created_by_id,
        updated_at=record.updated_at,
        archived_at=record.archived_at,
    )


def _settled(record: Record) -> RecordOut:
    """Return a record as it stands after an act: workflows that it moved have written too."""
    journal().flush()
    session().refresh(record)
    return shown(record)


@endpoint(
    bp,
    "GET",
    "/record-types/<code>/records",
    response=RecordPage,
    query=RecordQuery,
    errors=[Forbidden],
    summary="List the records of a type",
)
def list_records(code: str, query: RecordQuery) -> RecordPage:
    """Return the records of a type that the actor may see."""
    record_type = get_type(code)
    if not policy.may(record_type, "create"):
        policy.require(record_type, "view")
    found = list_page(
        record_type,
        shape_of(record_type),
        _filters(record_type, query),
        after=query.after,
        limit=query.limit,
    )
    return RecordPage(items=[shown(record) for record in found.records], next=found.next or None)


def _filters(record_type: RecordType, query: RecordQuery) -> Filters:
    """Read the filters as the page does, but refuse what it would leave out."""
    args = {
        "q": query.q or "",
        "state": query.state or "",
        "mine": "1" if query.mine else "",
        "archived": "1" if query.archived else "",
        "sort": query.sort,
        **{f"f.{name}": value for name, value in query.filter.items()},
    }
    filters = read_filters(args, shape_of(record_type))
    unread = [name for name in query.filter if name not in filters.columns]
    if unread:
        message = "This field cannot be filtered by, or not by this value"
        raise ValidationFailed([FieldError(f"/filter[{n}]", message, "filter") for n in unread])
    return filters


@endpoint(
    bp,
    "POST",
    "/record-types/<code>/records",
    request=RecordIn,
    response=RecordOut,
    status=201,
    errors=[Forbidden],
    summary="Create a record",
)
def create_record(code: str, body: RecordIn) -> Answer:
    """Create a record of a type."""
    with under("/data"):
        record = service.create_record(code, body.data)
    return Answer(model=_settled(record), location=f"{PREFIX}/records/{record.key}")


@endpoint(
    bp,
    "GET",
    "/records/<ref>",
    response=RecordOut,
    summary="Get a record",
    description="By its id or its key.",
)
def get_record(ref: str) -> RecordOut:
    """Return one record."""
    return shown(record_of(ref))


@endpoint(
    bp,
    "PATCH",
    "/records/<ref>",
    request=RecordChange,
    response=RecordOut,
    versioned=True,
    errors=[Forbidden, Locked],
    summary="Change fields of a record",
    description=(
        "A stale version is refused with the difference field by field: what it was, what it is "
        "now, what you wanted. While an approval is pending, material fields may be closed."
    ),
)
def update_record(ref: str, body: RecordChange, version: int) -> RecordOut:
    """Change a record on the version that was seen."""
    record = record_of(ref)
    with under("/data"):
        return _settled(service.update_record(record.id, body.data, version=version))


@endpoint(
    bp,
    "PUT",
    "/records/<ref>/owner",
    request=OwnerIn,
    response=RecordOut,
    versioned=True,
    errors=[Forbidden],
    summary="Give a record to somebody else",
)
def update_record_owner(ref: str, body: OwnerIn, version: int) -> RecordOut:
    """Change whose record it is."""
    return _settled(service.set_owner(record_of(ref).id, body.owner, version=version))


@endpoint(
    bp,
    "POST",
    "/records/<ref>/archive",
    request=VersionIn,
    response=RecordOut,
    versioned=True,
    errors=[Forbidden, Locked],
    summary="Archive a record",
    description="It leaves the lists; its page, story and references stay.",
)
def archive_record(ref: str, version: int) -> RecordOut:
    """Take a record out of the lists."""
    return _settled(service.archive_record(record_of(ref).id, version=version))


@endpoint(
    bp,
    "POST",
    "/records/<ref>/restore",
    request=VersionIn,
    response=RecordOut,
    versioned=True,
    errors=[Forbidden],
    summary="Restore an archived record",
)
def restore_record(ref: str, version: int) -> RecordOut:
    """Bring a record back into the lists."""
    return _settled(service.restore_record(record_of(ref).id, version=version))
