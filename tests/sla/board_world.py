"""Clocks as the screens meet them: rows and ledgers written for tests, on real definitions."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.people import Person
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.ids import new_id
from wfweb.sla.models import SlaClock, SlaCrossing, SlaDefinition, SlaDefinitionVersion

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)  # a Wednesday
HOUR = 3_600
LEVELS = (("BREACHED", 100), ("RED", 95), ("ORANGE", 80), ("YELLOW", 60), ("GREEN", 0))


def define(person: Person, code: str = "answer", **body: Any) -> UUID:
    """Save a definition as its rows are; returns its id."""
    plain: dict[str, Any] = {"code": code, "name": code.replace("_", " ").title(), "target": "10"}
    with transaction(actor=person.actor):
        definition = SlaDefinition(
            id=new_id(),
            code=code,
            name=body.get("name", plain["name"]),
            subject_type=body.get("subject_type", "record"),
            record_type_code=body.get("record_type"),
        )
        session().add(definition)
        session().flush()
        version = SlaDefinitionVersion(
            id=new_id(),
            definition_id=definition.id,
            number=1,
            body={**plain, **body},
            digest=code,
        )
        session().add(version)
        session().flush()
        definition.live_version_id, definition.current_version = version.id, 1
    return definition.id


def running(
    person: Person,
    definition_id: UUID,
    *,
    used: int,
    target: int = 10 * HOUR,
    paused: bool = False,
    **values: Any,
) -> UUID:
    """Add an open clock that has used so many percent of its target, day and night counted."""
    now = values.pop("now", clock.now())
    elapsed = target * used // 100
    level = next(name for name, share in LEVELS if used >= share)
    started = now - timedelta(seconds=elapsed)
    due = started + timedelta(seconds=target)
    row: dict[str, Any] = {
        "id": new_id(),
        "definition_code": "answer",
        "metric": "resolution_time",
        "subject_type": "record",
        "subject_id": new_id(),
        "title": f"Work at {used} %",
        "status": "paused" if paused else "breached" if used >= 100 else "active",
        "level": level,
        "target_seconds": target,
        "started_at": started,
        "due_at": None if paused and used < 100 else due,
        "breached_at": due if used >= 100 else None,
        "segment_started_at": now if paused else started,
        "elapsed_seconds": elapsed if paused else 0,
        "wall_seconds": elapsed if paused else 0,
        "segment_seq": 2 if paused else 1,
        "next_check_at": None if paused or used >= 100 else now + timedelta(hours=1),
        "paused_at": now if paused else None,
        "pause_reason": "waiting for the vendor" if paused else None,
        "paused_by_hand": paused,
        **values,
    }
    return _add(person, definition_id, row)


def ended(
    person: Person,
    definition_id: UUID,
    *,
    took: int,
    at: datetime,
    target: int = 10 * HOUR,
    **values: Any,
) -> UUID:
    """Add a clock that ended after so many seconds, day and night counted."""
    used = took * 100 // target
    started = at - timedelta(seconds=took)
    late = took >= target
    row: dict[str, Any] = {
        "id": new_id(),
        "definition_code": "answer",
        "metric": "resolution_time",
        "subject_type": "record",
        "subject_id": new_id(),
        "title": f"Done after {took} s",
        "status": "breached" if late else "met",
        "level": next(name for name, share in LEVELS if used >= share),
        "target_seconds": target,
        "started_at": started,
        "due_at": started + timedelta(seconds=target),
        "breached_at": started + timedelta(seconds=target) if late else None,
        "completed_at": at,
        "segment_started_at": at,
        "elapsed_seconds": took,
        "wall_seconds": took,
        **values,
    }
    return _add(person, definition_id, row)


def _add(person: Person, definition_id: UUID, row: Mapping[str, Any]) -> UUID:
    with transaction(actor=person.actor):
        version = session().get_one(SlaDefinition, definition_id).live_version_id
        made = SlaClock(definition_id=definition_id, version_id=version, **row)
        session().add(made)
        session().flush()
        return made.id


def crossed(person: Person, clock_id: UUID, level: str, at: datetime) -> None:
    """Note that a clock reached a level."""
    with transaction(actor=person.actor):
        session().add(SlaCrossing(clock_id=clock_id, level=level, at=at, noticed_at=at))
