"""A company at work on a database of its own: the commerce pack, its people, orders in all states.

Made once a worker and committed; each test changes it inside a transaction that is undone.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import Connection, select, text

from tests.people import Person, add_person, person_of, sign_in
from tests.support.client import PageClient
from tests.support.governance import furnish
from wfweb.approvals.models import ApprovalAssignment, ApprovalRequest
from wfweb.approvals.service import ask
from wfweb.audit.models import AuditEvent
from wfweb.events import delivery
from wfweb.events.models import OutboxMessage, Timer
from wfweb.identity import queries
from wfweb.identity.models import Role, User
from wfweb.identity.permissions import DEFAULT_ROLES
from wfweb.identity.service.companies import create_company
from wfweb.kernel.db import db, session, transaction
from wfweb.kernel.ids import new_id
from wfweb.notifications.models import Delivery, Notification
from wfweb.packs import demo, install, read_pack
from wfweb.packs.reading import Pack
from wfweb.records import files, talk
from wfweb.records.models import Record
from wfweb.wiring import handlers

COMPANY = "Heron Foods"
OUTSIDE = "Osprey Mills"
MOST_OF_A_KIND = 1
ACTORS = ("mia", "ada", "rui", "otto", "cleo", "tomas", "saskia")


@dataclass
class World:
    """Who and what there is. ``values`` holds, by address, what its parameters may be."""

    app: Flask
    company: UUID
    people: dict[str, Person] = field(default_factory=dict)
    order: tuple[str, UUID] = ("", new_id())
    waiting: tuple[str, UUID] = ("", new_id())
    values: dict[str, str] = field(default_factory=dict)
    connection: Connection | None = None

    def client(self, person: str | None) -> PageClient:
        """Return a browser in which somebody is signed in; None is signed in as nobody."""
        client = self.app.test_client()
        client.check_pages = False  # the crawl reads all pages and tells all faults at once
        if person is not None:
            sign_in(client, self.people[person])
        return client  # type: ignore[return-value]

    def client_again(self, client: PageClient, person: str | None) -> None:
        """Sign somebody in once more in a browser that was signed out."""
        if person is not None:
            sign_in(client, self.people[person])

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Take back what happens inside."""
        assert self.connection is not None
        db.session.rollback()
        point = self.connection.begin_nested()
        try:
            yield
        finally:
            db.session.remove()
            point.rollback()


class _Short(Pack):
    """The pack with few records: one of each history, and what these refer to."""

    def demo_records(self) -> Iterator[Mapping[str, Any]]:
        scenes = list(super().demo_records())
        seen: set[str] = set()
        kept = []
        for scene in scenes:
            steps = [s.get("fire") or s.get("decide") or "say" for s in scene.get("steps", ())]
            history = " ".join([scene["type"], *steps])
            if steps and len(steps) < 7 and history not in seen:
                seen.add(history)
                kept.append(scene)
        named = {word for scene in kept for word in _names(scene["data"])}
        named |= {word for s in scenes if s.get("name") in named for word in _names(s["data"])}
        yield from (scene for scene in scenes if scene.get("name") in named or scene in kept)


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.startswith("@"):
        yield value[1:]
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _names(one)


def build(app: Flask) -> World:
    """Make the world; commits."""
    company, outside = new_id(), new_id()
    pack = read_pack("commerce")
    short = _Short(**{name: getattr(pack, name) for name in Pack.__dataclass_fields__})
    with transaction(company_id=company, system=True):
        create_company(company, COMPANY)
        install(pack)
        demo.add_people(pack)
    with transaction(company_id=outside, system=True):
        create_company(outside, OUTSIDE)
    world = World(app, company)
    for name in demo_people(company):
        world.people[name.email.split("@")[0]] = name
    with transaction(company_id=company):
        session().add(Role(code="nothing", name="Nothing", description="", permissions=[]))
    for role in ("nothing", *(one.code for one in DEFAULT_ROLES)):
        email = f"{role}@roles.example"
        world.people[role] = add_person(company, email, f"Robin {role.title()}", role)
    world.people["eve"] = add_person(outside, "eve@osprey.example", "Eve Else", "administrator")
    for _key in demo.act_out(short, company):
        pass
    _furnish(world)
    _watch(world)
    tell(world)
    _remember(world)
    return world


def tell(world: World) -> None:
    """Let the inside messages be handled: they write notifications and the mails to be sent."""
    with transaction(company_id=world.company):
        pending = OutboxMessage.state == "pending"
        inside_ones = OutboxMessage.kind.not_in(list(handlers().outside))
        ids = session().scalars(select(OutboxMessage.id).where(pending, inside_ones)).all()
    delivery.deliver(ids, handlers())


def demo_people(company: UUID) -> list[Person]:
    """Return the people of the pack, as they are in the database."""
    with transaction(company_id=company):
        ids = session().scalars(select(User.id)).all()
        return [person_of(queries.user_by_id(one)) for one in ids]


def _furnish(world: World) -> None:
    """Add what people leave behind, and remember what everything is called."""
    with transaction(company_id=world.company):
        waiting = (
            session()
            .scalars(
                select(ApprovalRequest)
                .where(ApprovalRequest.status == "pending")
                .order_by(ApprovalRequest.record_type_code.desc(), ApprovalRequest.key)
            )
            .first()
        )
        assert waiting is not None
        world.waiting = (waiting.key, waiting.id)
        record = session().get_one(Record, waiting.record_id)
        world.order = (record.key, record.id)
        instance_id, requester_id = waiting.instance_id, waiting.requester_id
        type_code = record.type_code
    requester = next(p for p in world.people.values() if p.id == requester_id)
    quote = BytesIO(b"%PDF-1.7 a quote")
    with files.received(quote, "quote.pdf") as file, transaction(actor=requester.actor):
        attachment = talk.attach_to_record(world.order[1], file).id
    with transaction(company_id=world.company):
        # A new document restarts the approval: what waits now is the next round.
        again = select(ApprovalRequest).where(
            ApprovalRequest.record_id == world.order[1], ApprovalRequest.status == "pending"
        )
        world.waiting = (waiting.key, session().scalars(again).one().id)
    with transaction(actor=requester.actor):
        talk.comment("record", world.order[1], "Wanted by Friday, says @ada")
        ask(world.waiting[1], "The quote is attached")
        link_target = (
            session().scalars(select(Record).where(Record.type_code == "customer")).first()
        )
        assert link_target is not None
        link_id = talk.link_records(world.order[1], link_target.id).id
    world.values.update(
        {
            "attachment_id": str(attachment),
            "instance_id": str(instance_id),
            "link_id": str(link_id),
            "target_id": str(world.order[1]),
            "type_code": type_code,
            "target_type": "record",
            "number": "1",
        }
    )


def _watch(world: World) -> None:
    """Let a metric raise an alert that locks a customer, and note what all that is called."""
    with transaction(company_id=world.company):
        customers = select(Record.id).where(Record.type_code == "customer").order_by(Record.key)
        customer_id = session().scalars(customers).first()
    assert customer_id is not None
    world.values.update(furnish(world.people["administrator"].actor, customer_id))


def _remember(world: World) -> None:
    """Note one of everything that an address can name."""
    rui = world.people["rui"].id
    with transaction(company_id=world.company):

        def first(statement: Any) -> str:
            found = session().scalars(statement).first()
            assert found is not None, str(statement)
            return str(found)

        seat = ApprovalAssignment.request_id == world.waiting[1]
        world.values.update(
            {
                "user_id": str(rui),
                "role_id": first(select(Role.id).where(Role.code == "member")),
                "assignment_id": first(select(ApprovalAssignment.id).where(seat)),
                "message_id": first(select(OutboxMessage.id)),
                "timer_id": first(select(Timer.id)),
                "delivery_id": first(select(Delivery.id)),
                "notification_id": first(select(Notification.id)),
                "correlation_id": first(select(AuditEvent.correlation_id)),
                "session_id": str(new_id()),
                "token_id": str(new_id()),
            }
        )


@contextmanager
def inside(world: World) -> Iterator[World]:
    """Work in the world; everything is undone at the end."""
    with world.app.app_context():
        connection = db.engine.connect()
        outer = connection.begin()
        db.session.configure(bind=connection)
        try:
            yield replace(world, connection=connection)
        finally:
            db.session.remove()
            outer.rollback()
            connection.close()
            db.session.configure(bind=None)


UNCOUNTED = ("alembic_version",)


def contents(world: World) -> dict[str, str]:
    """Return a fingerprint of every table's rows, seen past row-level security."""
    assert world.connection is not None
    run = world.connection.exec_driver_sql
    run("reset role")
    tables = run(
        "select relname from pg_class where relnamespace = 'public'::regnamespace"
        " and relkind in ('r', 'p') and not relispartition"
    ).scalars()
    found = {}
    for table in sorted(set(tables) - set(UNCOUNTED)):
        hashed = text(f'select count(*), sum(hashtext(t::text)) from "{table}" t')
        found[table] = str(tuple(world.connection.execute(hashed).one()))
    run("set role wfweb_app")
    return found
