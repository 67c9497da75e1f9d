"""Record types: what records look like."""

from wfweb.kernel.actor import current_actor
from wfweb.kernel.api import PREFIX, Answer, ApiBlueprint, endpoint
from wfweb.kernel.errors import Forbidden
from wfweb.kernel.paging import decode_cursor, encode_cursor
from wfweb.records import policy, types
from wfweb.records.models import RecordType
from wfweb.records.queries import record_types
from wfweb.records.schemas_types import TypeChange, TypeIn, TypeOut, TypePage, TypeQuery

bp = ApiBlueprint(
    "record_types",
    __name__,
    title="Record types",
    about="Which kinds of records there are and which fields each has.",
)


@endpoint(
    bp,
    "GET",
    "/record-types",
    response=TypePage,
    query=TypeQuery,
    summary="List record types",
    description="Those whose records the token's owner may see or create, or may edit the type of.",
)
def list_record_types(query: TypeQuery) -> TypePage:
    """Return record types by name."""
    last = decode_cursor(query.after, 2, [str, str])
    listed = [one for one in record_types(inactive=query.inactive) if _visible(one)]
    left = [one for one in listed if last is None or [one.plural, one.code] > last]
    page = left[: query.limit]
    following = encode_cursor([page[-1].plural, page[-1].code]) if len(left) > len(page) else None
    return TypePage(items=[TypeOut.model_validate(one) for one in page], next=following)


def _visible(record_type: RecordType) -> bool:
    return (
        policy.may(record_type, "view")
        or policy.may(record_type, "create")
        or current_actor().may(types.EDIT)
    )


@endpoint(
    bp,
    "GET",
    "/record-types/<code>",
    response=TypeOut,
    errors=[Forbidden],
    summary="Get a record type",
)
def get_record_type(code: str) -> TypeOut:
    """Return one type with its fields and the JSON Schema of its records."""
    record_type = types.get_type(code)
    if not _visible(record_type):
        policy.require(record_type, "view")
    return TypeOut.model_validate(record_type)


@endpoint(
    bp,
    "POST",
    "/record-types",
    request=TypeIn,
    response=TypeOut,
    status=201,
    scope="admin",
    permission=types.EDIT,
    summary="Create a record type",
)
def create_record_type(body: TypeIn) -> Answer:
    """Create a type from its definition."""
    made = types.create_type(body.model_dump(exclude_unset=True))
    return Answer(model=TypeOut.model_validate(made), location=f"{PREFIX}/record-types/{made.code}")


@endpoint(
    bp,
    "PUT",
    "/record-types/<code>",
    request=TypeChange,
    response=TypeOut,
    versioned=True,
    scope="admin",
    permission=types.EDIT,
    summary="Replace the definition of a record type",
)
def update_record_type(code: str, body: TypeChange, version: int) -> TypeOut:
    """Replace a definition on the version that was seen."""
    definition = body.model_dump(exclude_unset=True, exclude={"version"})
    return TypeOut.model_validate(types.update_type(code, definition, version=version))
