"""A feature with one operation of each kind, so that the layer is tested without features.

Its effect is an outbox message, because every company can store one.
"""

from decimal import Decimal
from uuid import UUID, uuid4

from flask import Flask
from pydantic import Field

from wfweb.events import enqueue
from wfweb.kernel.api import (
    Answer,
    ApiBlueprint,
    In,
    Money,
    Out,
    Page,
    PageQuery,
    Query,
    endpoint,
    registry,
)
from wfweb.kernel.errors import Conflict, NotFound
from wfweb.kernel.ids import new_id
from wfweb.kernel.paging import decode_cursor, encode_cursor

NUMBERS = range(1, 43)
VERSION = 7
KNOWN = UUID("0199c1de-7a10-7c3e-9d1b-2f1f0f3a5b77")


class ThingIn(In):
    name: str
    count: int = 1
    parts: list[dict[str, object]] = Field(default_factory=list)
    version: int | None = None


class ThingOut(Out):
    id: UUID
    name: str
    worth: Money
    version: int


class NumberOut(Out):
    number: int
    words: dict[str, str]


class NumberPage(Page[NumberOut]):
    """Numbers."""


class NumberQuery(PageQuery):
    filter: dict[str, str] = Field(default_factory=dict)


def thing(name: str, id_: UUID = KNOWN) -> ThingOut:
    return ThingOut(
        id=id_,
        name=name,
        worth=Money(amount=Decimal("184600.0000000000"), currency="EUR"),
        version=VERSION,
    )


def make_thing(body: ThingIn) -> Answer:
    enqueue("probe.made", {"name": body.name}, key=None)
    made = thing(body.name, new_id())
    return Answer(model=made, location=f"/api/v1/things/{made.id}")


def get_thing(thing_id: UUID) -> ThingOut:
    if thing_id != KNOWN:
        raise NotFound
    return thing("Lamp")


def change_thing(thing_id: UUID, body: ThingIn, version: int) -> ThingOut:
    if version != VERSION:
        raise Conflict("It changed", current_version=VERSION, your_version=version)
    enqueue("probe.changed", {"name": body.name})
    return thing(body.name, thing_id)


def drop_thing(thing_id: UUID) -> None:
    enqueue("probe.dropped", {"id": thing_id})


def list_numbers(query: NumberQuery) -> NumberPage:
    last = decode_cursor(query.after, 1)
    left = [n for n in NUMBERS if last is None or n > last[0]]
    if "at_least" in query.filter:
        left = [n for n in left if n >= int(query.filter["at_least"])]
    shown = left[: query.limit]
    following = encode_cursor([shown[-1]]) if len(left) > query.limit else None
    items = [NumberOut(number=n, words={"en": f"no {n}", "nl": f"nr {n}"}) for n in shown]
    return NumberPage(items=items, next=following)


def administer_thing() -> ThingOut:
    return thing("Chair")


def break_thing() -> ThingOut:
    enqueue("probe.broken", {})
    raise ZeroDivisionError(str(uuid4()))


class NothingQuery(Query):
    why: str | None = None


def add_probe(app: Flask) -> None:
    """Give an application the operations, and keep them out of the registry of the process."""
    before = dict(registry._operations)
    bp = ApiBlueprint("probe", __name__, title="Probe", about="Only in tests.")
    endpoint(bp, "POST", "/things", request=ThingIn, response=ThingOut, status=201, summary="Make")(
        make_thing
    )
    endpoint(
        bp, "GET", "/things/<uuid:thing_id>", response=ThingOut, summary="Get", query=NothingQuery
    )(get_thing)
    endpoint(
        bp,
        "PATCH",
        "/things/<uuid:thing_id>",
        request=ThingIn,
        response=ThingOut,
        versioned=True,
        summary="Change",
    )(change_thing)
    endpoint(bp, "DELETE", "/things/<uuid:thing_id>", status=204, summary="Drop")(drop_thing)
    endpoint(bp, "GET", "/numbers", response=NumberPage, query=NumberQuery, summary="List")(
        list_numbers
    )
    endpoint(
        bp,
        "POST",
        "/things/administer",
        response=ThingOut,
        scope="admin",
        permission="roles.manage",
        summary="Administer",
    )(administer_thing)
    endpoint(bp, "POST", "/things/break", response=ThingOut, summary="Break")(break_thing)
    app.extensions["csrf"].exempt(bp)
    app.register_blueprint(bp)
    registry._operations.clear()
    registry._operations.update(before)
