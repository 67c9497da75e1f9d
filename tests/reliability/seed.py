"""Fill the installation that the environment names: ``python -m tests.reliability.seed COMMAND``.

Prints one JSON object as its last line. Everything goes through the verbs.
"""

import json
import sys
from typing import Any

from tests.approvals.conftest import ORDER_TYPE, World, level
from tests.people import Person, make_people, person_of
from wfweb.alerts import catalogue, rules_admin
from wfweb.app import create_app
from wfweb.identity import service as identity
from wfweb.identity.service.companies import create_company
from wfweb.kernel.db import transaction
from wfweb.kernel.ids import new_id
from wfweb.records import types
from wfweb.records.service import create_record
from wfweb.tasks import service as work
from wfweb.webhooks import service

PAIRS = 4


def token_of(person: Person) -> str:
    with transaction(actor=person.actor):
        return identity.create_token(person.id, "test", scopes=("read", "write"))[1]


def approver(world: World, name: str, role: str) -> Person:
    """Somebody who only ever comes with a token: hashing passwords takes long."""
    address = name.lower().replace(" ", "-") + "@kestrel.example"
    with transaction(actor=world.people.alma.actor):
        user = identity.create_user(address, name, role_codes=("member", role))
        return person_of(user)


def company(name: str) -> World:
    company_id = new_id()
    with transaction(company_id=company_id, system=True):
        create_company(company_id, name)
    world = World(make_people(company_id))
    with transaction(actor=world.people.alma.actor):
        types.create_type(ORDER_TYPE)
    return world


def decisions(requests: int, overdue: int) -> dict[str, Any]:
    """Requests that pairs of people decide (both have to agree), and some nobody will."""
    world = company("Kestrel Dairy")
    pairs = []
    for number in range(PAIRS):
        code = f"pair_{number}"
        with transaction(actor=world.people.alma.actor):
            identity.create_role(code, code)
        pairs.append([approver(world, f"Pair {number}{letter}", code) for letter in "ab"])
    made = []
    for number, pair in enumerate(pairs):
        world.publish_levels(level({"role": f"pair_{number}"}, quorum="all", due_hours=48))
        for _ in range(requests // PAIRS):
            case = world.submit()
            made += [
                {"request": str(case.request.id), "digest": case.request.digest, "who": one.email}
                for one in pair
            ]
    world.publish_levels(level("ada", due_hours=48))
    late = [str(world.submit().request.id) for _ in range(overdue)]
    people = [person for pair in pairs for person in pair]
    return {
        "company": str(world.people.ada.company_id),
        "tokens": {person.email: token_of(person) for person in people},
        "seats": made,
        "overdue": late,
    }


def alerts(records: int) -> dict[str, Any]:
    """Records of a hundred owners, each told when the level of one falls; people who measure."""
    world = company("Kestrel Dairy")
    people = world.people
    with transaction(actor=people.alma.actor):
        catalogue.save_metric("level", "Fill level", unit="%")
        rules_admin.save_rule(
            {
                "code": "low",
                "name": "Level low",
                "type": "threshold",
                "metric": "level",
                "operator": "<",
                "raise_at": "20",
                "recipients": [{"field": "owner"}],
            }
        )
    owners = [approver(world, f"Owner {number}", "approver") for number in range(100)]
    keys = []
    for number in range(records):
        with transaction(actor=people.alma.actor):
            owner = owners[number % len(owners)].id
            made = create_record("order", {"subject": f"Tank {number}"}, owner_id=owner)
            keys.append(made.key)
    senders = [approver(world, f"Probe {number}", "operator") for number in range(4)]
    return {
        "company": str(people.ada.company_id),
        "tokens": [token_of(person) for person in senders],
        "keys": keys,
    }


def webhooks(messages: int, port: int) -> dict[str, Any]:
    """Messages to a receiver on this machine and, at the same moment, one to another."""
    world = company("Kestrel Dairy")
    with transaction(actor=world.people.alma.actor):
        for code in ("first", "second"):
            service.create_endpoint(code, code, f"http://127.0.0.1:{port}/{code}")
        told = [
            service.call(code, "order.approved", {"n": number}, key=str(number))
            for code, number in [*(("first", n) for n in range(messages)), ("second", 0)]
        ]
    return {
        "company": str(world.people.ada.company_id),
        "ids": [f"msg_{one}" for one in told],
    }


def tasks(number: int) -> dict[str, Any]:
    """Tasks that either of two people may report done."""
    world = company("Kestrel Dairy")
    with transaction(actor=world.people.alma.actor):
        identity.create_role("caller", "Caller")
    callers = [approver(world, f"Caller {letter}", "caller") for letter in "ab"]
    made = []
    for place in range(number):
        with transaction(actor=world.people.alma.actor):
            made.append(str(work.create_task(f"Call {place}", role_code="caller").id))
    return {
        "company": str(world.people.ada.company_id),
        "tokens": [token_of(person) for person in callers],
        "tasks": made,
    }


def main(command: str, *numbers: str) -> None:
    with create_app().app_context():
        commands = {
            "decisions": decisions,
            "alerts": alerts,
            "webhooks": webhooks,
            "tasks": tasks,
        }
        print(json.dumps(commands[command](*map(int, numbers))))  # noqa: T201 - its answer


if __name__ == "__main__":
    main(*sys.argv[1:])
