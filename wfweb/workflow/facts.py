"""What conditions and texts of a step may look at, found only when something looks."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from wfweb import conditions
from wfweb.identity import queries as people
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.records.models import Record
from wfweb.workflow.loading import Loaded
from wfweb.workflow.schemas import Transition


class Facts(Mapping[str, Any]):
    """``record``, ``requester``, ``instance``, ``clock``, ``actor``, ``step``; each made once.

    Most steps look at nothing but the record, so the requester's row is not fetched for them.
    """

    def __init__(
        self, loaded: Loaded, way: Transition | None = None, comment: str | None = None
    ) -> None:
        self._makers: dict[str, Callable[[], Any]] = {
            "record": lambda: record_facts(loaded),
            "requester": lambda: requester_facts(loaded),
            "instance": lambda: instance_facts(loaded),
            "clock": lambda: conditions.clock(clock.now()),
            "previous": lambda: loaded.context.get("previous"),
            "actor": lambda: {"name": current_actor().name},
            "step": lambda: {"name": way.label if way else None, "comment": comment},
        }
        self._made: dict[str, Any] = {}

    def __getitem__(self, root: str) -> Any:
        if root not in self._made:
            self._made[root] = self._makers[root]()
        return self._made[root]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)

    def forget_record(self) -> None:
        """Look at the record again: an action has changed it."""
        self._made.pop("record", None)


def record_facts(loaded: Loaded) -> dict[str, Any]:
    """Return the record's fields, with its own facts beside them."""
    record = loaded.record
    if record is None:
        return {}
    return {
        "id": str(record.id),
        "key": record.key,
        "title": record.title,
        "state": loaded.state,
        "owner": str(record.owner_id) if record.owner_id else None,
        "version": record.version,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        **record.data,
    }


def requester_facts(loaded: Loaded) -> dict[str, Any]:
    """Return who started the instance; empty when the system did."""
    if loaded.started_by_id is None:
        return {}
    person = people.people_by_ids([loaded.started_by_id]).get(loaded.started_by_id)
    if person is None:
        return {}
    return {
        "id": str(person.id),
        "name": person.name,
        "email": person.email,
        "title": person.title,
        "manager": str(person.manager_id) if person.manager_id else None,
        "roles": [role.code for role in people.roles_of([person.id])[person.id]],
    }


def instance_facts(loaded: Loaded) -> dict[str, Any]:
    """Return the instance's own values."""
    return {
        "id": str(loaded.id),
        "state": loaded.state,
        "status": loaded.status,
        "started_at": loaded.started_at,
        "due_at": loaded.due_at,
        "retry_count": loaded.retry_count,
    }


def judge(facts: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], tuple[bool, Any]]:
    """Return a function that answers conditions over these facts, with the reason when false."""

    def ask(condition: Mapping[str, Any]) -> tuple[bool, Any]:
        if conditions.evaluate(condition, facts):
            return True, None
        return False, conditions.explain(condition, facts).to_json()

    return ask


def trigger_holds(
    condition: Mapping[str, Any], record: Record, before: Mapping[str, Any] | None = None
) -> bool:
    """Tell whether a definition starts for a record; ``before`` holds what a change replaced."""
    context = {
        "record": {
            "key": record.key,
            "title": record.title,
            "state": record.state,
            "owner": str(record.owner_id) if record.owner_id else None,
            "version": record.version,
            "created_at": record.created_at,
            "updated_at": record.updated_at,
            **record.data,
        },
        "previous": {**record.data, **before} if before is not None else None,
        "clock": conditions.clock(clock.now()),
    }
    return conditions.evaluate(condition, context)
