"""Many people at the same moment: threads behind a barrier, real commits, a count afterwards."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import text

from tests.approvals.conftest import ORDER_TYPE, World
from tests.conftest import make_company
from tests.people import Person, make_people, person_of
from tests.support.together import together
from wfweb.identity import queries
from wfweb.identity import service as identity
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import AlreadyDecided, Forbidden
from wfweb.records import types

PATIENCE = 25.0
SIZES = (2, 3, 5, 9, 17, 50)


@dataclass
class Crowd:
    """A world with fifty deciders, in one committed database."""

    app: Flask
    world: World
    members: Sequence[Person]

    def together(self, acts: Sequence[Callable[[], Any]]) -> list[Any]:
        """Run acts at one moment, each in a thread of its own; results or exceptions."""
        return together(self.app, acts)

    def persistent(self, act: Callable[[], Any]) -> Callable[[], Any]:
        """Try again while it is somebody else's turn, as a person does."""

        def again() -> Any:
            until = time.monotonic() + PATIENCE
            while True:
                try:
                    return act()
                except Forbidden as refusal:
                    if refusal.extra.get("reason") != "not_your_turn" or time.monotonic() > until:
                        raise
                    time.sleep(0.005)

        return again

    def facts(self, request_id: UUID) -> Counter[str]:
        """Count what the database holds about a request, as an owner would by SQL."""
        found: Counter[str] = Counter()
        with transaction(actor=self.world.people.alma.actor):
            for name, statement in FACTS.items():
                found[name] = session().execute(text(statement), {"id": request_id}).scalar_one()
        return found


FACTS = {
    "open_seats": "select count(*) from approval_assignments"
    " where request_id = :id and status = 'pending'",
    "approve": "select count(*) from approval_decisions"
    " where request_id = :id and decision = 'approve' and carried_from_id is null",
    "reject": "select count(*) from approval_decisions"
    " where request_id = :id and decision = 'reject'",
    "withdraw": "select count(*) from approval_decisions"
    " where request_id = :id and decision = 'withdraw'",
    "decided_seats": "select count(*) from approval_assignments"
    " where request_id = :id and status in ('approved', 'rejected')",
    "terminal": "select count(*) from workflow_history h join approval_requests q"
    " on q.instance_id = h.instance_id where q.id = :id and h.from_state = 'asked'",
    "ended": "select count(*) from audit_events where request_id = :id"
    " and name in ('approval.approved', 'approval.rejected', 'approval.cancelled')",
    "deciders": "select count(distinct user_id) from approval_decisions"
    " where request_id = :id and decision in ('approve', 'reject')",
}


def gather(app: Flask, size: int) -> Crowd:
    """Make a company with the cast and ``size`` members of growing roles ``crowd_2`` ..."""
    company_id = make_company()
    people = make_people(company_id)
    members: list[Person] = []
    with transaction(company_id=company_id):
        for count in SIZES:
            identity.create_role(f"crowd_{count}", f"Crowd of {count}")
    for number in range(size):
        codes = [f"crowd_{count}" for count in SIZES if number < count]
        with transaction(company_id=company_id):
            user = identity.create_user(
                f"m{number:02}@kestrel.example",
                f"Member {number:02}",
                role_codes=("member", *codes),
            )
            user_id = user.id
        with transaction(company_id=company_id):
            members.append(person_of(queries.user_by_id(user_id)))
    with transaction(actor=people.alma.actor):
        types.create_type(ORDER_TYPE)
    return Crowd(app, World(people), members)


def kinds(outcomes: Sequence[Any]) -> Counter[str]:
    """Count what came of acts: decided, too late, and everything that must not be."""
    found: Counter[str] = Counter()
    for outcome in outcomes:
        if isinstance(outcome, AlreadyDecided):
            found["late"] += 1
        elif isinstance(outcome, Exception):
            found[f"{type(outcome).__name__}: {outcome}"[:200]] += 1
        else:
            found["done"] += 1
    return found
