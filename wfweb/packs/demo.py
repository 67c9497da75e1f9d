"""The demo of a pack: people, and records whose history is acted out by those people.

Every step goes through the verb that a person's click would call, with the clock set to
the step's moment; only the telling is left out for what happened long ago.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import render_template
from sqlalchemy import select, update

from wfweb.approvals import service as approvals
from wfweb.approvals.models import ApprovalRequest
from wfweb.events.models import OutboxMessage
from wfweb.identity import access
from wfweb.identity.queries import roles_of, user_by_email
from wfweb.identity.service import create_user, set_roles
from wfweb.kernel import clock
from wfweb.kernel.actor import Actor
from wfweb.kernel.context import bind
from wfweb.kernel.db import session, transaction
from wfweb.packs import deadlines, story
from wfweb.packs.reading import Pack, read_pack
from wfweb.records import service as records
from wfweb.records import talk
from wfweb.workflow import service as workflow
from wfweb.workflow.models import WorkflowInstance

TOLD_LONG_AGO = timedelta(hours=12)
SHOWN = ("commerce", "property_governance")


@dataclass(frozen=True, slots=True)
class SignIn:
    """A person of the demo whom a new user may try out."""

    email: str
    password: str
    who: str


def _email(person: Mapping[str, Any]) -> str:
    return f"{person['name'].split()[0].lower()}@kestrel.example"


def sign_ins(pack: Pack) -> list[SignIn]:
    """Return the people of a demo whom a new user may try out, and how."""
    described = pack.people()
    return [
        SignIn(
            _email(person),
            described["password"],
            f"{person['name']}, {person['title']}: {person['sign_in']}",
        )
        for person in described["people"]
        if person.get("sign_in")
    ]


def all_sign_ins(packs: Sequence[Pack]) -> list[SignIn]:
    """Return who can be tried out in a company with several packs, everybody once."""
    found: dict[str, SignIn] = {}
    for entry in (one for pack in packs for one in sign_ins(pack)):
        found.setdefault(entry.email, entry)
    return list(found.values())


def add_people(pack: Pack) -> list[SignIn]:
    """Add the people of a demo to the current company, in the current transaction.

    Who is there already is given the roles of this demo as well.
    """
    described = pack.people()
    made: dict[str, UUID] = {}
    for person in described["people"]:
        name = person["name"].split()[0].lower()
        there = user_by_email(_email(person))
        if there is not None:
            made[name] = there.id
            held = {role.code for role in roles_of([there.id])[there.id]}
            set_roles(there.id, held | set(person["roles"]), version=None)
            continue
        user = create_user(
            _email(person),
            person["name"],
            title=person["title"],
            password=described["password"],
            role_codes=person["roles"],
            manager_id=made.get(person.get("manager", "")),
            time_zone="Europe/Amsterdam",
        )
        made[name] = user.id
    return sign_ins(pack)


def act_out(pack: Pack, company_id: UUID) -> Iterator[str]:
    """Make the demo's records and let their people act; yields each record's key.

    Opens one transaction an act, as people's clicks do.
    """
    stage = Stage(company_id)
    for scene in pack.demo_records():
        yield stage.play(scene)
    story.tell(pack, stage)
    deadlines.catch_up(company_id)
    with transaction(company_id=company_id):
        session().execute(
            update(OutboxMessage)
            .where(
                OutboxMessage.state == "pending",
                OutboxMessage.created_at < stage.present - TOLD_LONG_AGO,
            )
            .values(state="done", done_at=stage.present)
        )


class Stage:
    """Who is who, what is called what, and what time it is."""

    def __init__(self, company_id: UUID) -> None:
        self.present = datetime.now(UTC)
        self._names: dict[str, UUID] = {}
        self._actors: dict[str, Actor] = {}
        self._company_id = company_id

    def actor(self, name: str) -> Actor:
        """Return somebody of the demo, by first name."""
        if name not in self._actors:
            with transaction(company_id=self._company_id):
                user = user_by_email(f"{name}@kestrel.example")
            if user is None:
                message = f"the demo has nobody called {name}"
                raise LookupError(message)
            self._actors[name] = access.actor_for(user.id)
        return self._actors[name]

    def record(self, name: str) -> UUID:
        """Return a record of the demo, by the name its scene gave it."""
        return self._names[name]

    def play(self, scene: Mapping[str, Any]) -> str:
        """Act out one record from its creation to its last step."""
        moment = self._beginning(scene)
        with clock.at(moment), bind(), transaction(actor=self.actor(scene["by"])):
            data = {name: self._value(value, moment) for name, value in scene["data"].items()}
            record = records.create_record(scene["type"], data)
            record_id, key = record.id, record.key
        if scene.get("name"):
            self._names[scene["name"]] = record_id
        for step in scene.get("steps", ()):
            moment = min(moment + timedelta(hours=step["after_hours"]), self.present)
            with clock.at(moment), bind(), transaction(actor=self.actor(step["by"])):
                self._step(record_id, step)
        return key

    def _beginning(self, scene: Mapping[str, Any]) -> datetime:
        """Return when a scene begins: so many days ago, or so much of a deadline ago."""
        if "deadline" not in scene:
            return self.present - timedelta(days=scene.get("days_ago", 60))
        with transaction(company_id=self._company_id):
            return deadlines.begun(scene["deadline"]["code"], scene["deadline"]["used"])

    def _value(self, value: Any, moment: datetime) -> Any:
        """Resolve ``@name`` to a record of the demo and ``days:4`` to a day after its creation."""
        if isinstance(value, str) and value.startswith("@"):
            return str(self._names[value[1:]])
        if isinstance(value, str) and value.startswith("days:"):
            return (moment + timedelta(days=int(value[5:]))).date().isoformat()
        if isinstance(value, list):
            return [self._value(item, moment) for item in value]
        if isinstance(value, dict):
            return {name: self._value(item, moment) for name, item in value.items()}
        return value.isoformat() if isinstance(value, date) else value

    def _step(self, record_id: UUID, step: Mapping[str, Any]) -> None:
        comment = step.get("comment", "")
        if "say" in step:
            talk.comment("record", record_id, step["say"])
        elif "fire" in step:
            workflow.fire(_running_for(record_id), step["fire"], comment=comment or None)
        else:
            request = _asked_about(record_id)
            approvals.decide(
                request.id,
                step["decide"],
                digest=request.digest,
                reason_code=step.get("reason"),
                comment=comment,
            )


def _running_for(record_id: UUID) -> UUID:
    running = (WorkflowInstance.record_id == record_id) & (WorkflowInstance.status == "active")
    return session().scalars(select(WorkflowInstance.id).where(running)).one()


def _asked_about(record_id: UUID) -> ApprovalRequest:
    waiting = ApprovalRequest.status.in_(("pending", "escalated"))
    query = select(ApprovalRequest).where(ApprovalRequest.record_id == record_id, waiting)
    return session().scalars(query).one()


def sign_in_help() -> str:
    """Return who may be tried out, for the sign-in page of a demo."""
    shown = all_sign_ins([read_pack(code) for code in SHOWN])
    return render_template("packs/_sign_ins.html", sign_ins=shown, password=shown[0].password)
