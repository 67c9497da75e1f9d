"""Delivering outbox messages: claim with a lease, run the handler, finish with the token.

At least once towards the outside, exactly once inside: an inside handler and the mark
"done" are one transaction. A worker that was paused past its lease finds its token gone
and stops (fencing, reliability K4); a message that kills its worker three times is set
aside (K5).
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import text

from wfweb.kernel import clock
from wfweb.kernel.actor import acting_as, system_actor
from wfweb.kernel.context import bind
from wfweb.kernel.db import forgettable, session, transaction
from wfweb.kernel.journal import journal

log = structlog.get_logger()

LEASE_SECONDS = 30
MAXIMUM_UNFINISHED_CLAIMS = 3
# Seconds before each further try; a kind may have a schedule of its own.
SCHEDULE = tuple(2**n for n in range(1, 12))
# Each wait is up to so much longer, so that a receiver that comes back is not met by all at once.
JITTER = 0.2

Handler = Callable[[dict[str, Any]], None]


class Fenced(Exception):  # noqa: N818 - not an error: another worker has taken over
    """The lease ran out and the message belongs to somebody else now."""


class Undeliverable(Exception):  # noqa: N818 - an answer of the other side
    """The other side refused for good; trying again would not help."""


class Later(Exception):  # noqa: N818 - an answer of the other side
    """Not before ``at``; when it was no try at all, it does not count as one."""

    def __init__(self, reason: str, at: datetime, *, counts: bool) -> None:
        """Keep why, for people, and until when."""
        super().__init__(reason)
        self.at, self.counts = at, counts


@dataclass(frozen=True, slots=True)
class Handlers:
    """The allow-list of message kinds: inside (one transaction) and outside (network).

    ``schedules`` holds, by kind, the seconds before each further try; when they are used up, the
    message is given up.
    """

    inside: Mapping[str, Handler]
    outside: Mapping[str, Handler]
    schedules: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def lane(self, kind: str) -> str:
        """Return the queue of a kind; network waits never hold up work inside."""
        return "outside" if kind in self.outside else "inside"


@dataclass(frozen=True, slots=True)
class Claim:
    """A message this worker holds until ``lease_until``."""

    id: UUID
    company_id: UUID
    kind: str
    payload: dict[str, Any]
    attempts: int
    correlation_id: UUID
    actor_id: UUID | None
    token: UUID


_CLAIM = text(
    "update outbox_messages set state = 'claimed', attempts = attempts + 1,"
    " unfinished_claims = unfinished_claims + 1, lease_until = :until, lease_token = :token"
    " where id = :id and state = 'pending' and next_at <= :now"
    " returning id, company_id, kind, payload, attempts, correlation_id, actor_id"
)
_DONE = text(
    "update outbox_messages set state = 'done', done_at = :now, unfinished_claims = 0,"
    " lease_until = null, lease_token = null, last_error = null"
    " where id = :id and lease_token = :token"
)
_FAILED = text(
    "update outbox_messages set state = :state, next_at = :again, last_error = :error,"
    " unfinished_claims = 0, lease_until = null, lease_token = null, relayed_at = null,"
    " attempts = attempts - :uncounted where id = :id and lease_token = :token"
)


def claim(message_id: UUID) -> Claim | None:
    """Take a pending message for :data:`LEASE_SECONDS`; None when it is not to be had."""
    token = uuid4()
    with transaction(system=True):
        forgettable()  # a claim that was lost leaves the message pending, as it should
        now = clock.now()
        row = (
            session()
            .execute(
                _CLAIM,
                {
                    "id": message_id,
                    "token": token,
                    "now": now,
                    "until": now + timedelta(seconds=LEASE_SECONDS),
                },
            )
            .one_or_none()
        )
    if row is None:
        return None
    values: dict[str, Any] = dict(zip(row._fields, row, strict=True))
    return Claim(**values, token=token)


def deliver(message_ids: Iterable[UUID], handlers: Handlers) -> int:
    """Deliver messages one after another; return how many were finished by this call."""
    return sum(deliver_one(message_id, handlers) for message_id in message_ids)


def deliver_one(message_id: UUID, handlers: Handlers) -> bool:
    """Deliver one message; False when it was not claimable, failed or was fenced."""
    held = claim(message_id)
    if held is None:
        return False
    actor = system_actor(held.company_id, on_behalf_of=held.actor_id)
    payload = {**held.payload, "message_id": str(held.id), "attempt": held.attempts}
    try:
        with bind(held.correlation_id), acting_as(actor):
            _run(held, payload, handlers)
    except Fenced:
        log.warning("delivery_fenced", message_id=str(held.id), kind=held.kind)
        return False
    except Exception as error:  # noqa: BLE001 - every failure is put off and shown
        log.warning("delivery_failed", message_id=str(held.id), kind=held.kind, error=repr(error))
        _put_off(held, error, handlers.schedules.get(held.kind, SCHEDULE))
        return False
    return True


def _run(held: Claim, payload: dict[str, Any], handlers: Handlers) -> None:
    outside = handlers.outside.get(held.kind)
    if outside is not None:
        outside(payload)
        with transaction():
            forgettable()  # handlers note for good what they did, and do it once
            _finish(held)
        return
    inside = handlers.inside[held.kind]
    with transaction():
        inside(payload)
        journal().flush()
        _finish(held)


def _finish(held: Claim) -> None:
    values = {"id": held.id, "token": held.token, "now": clock.now()}
    if session().execute(_DONE, values).rowcount != 1:  # type: ignore[attr-defined]
        raise Fenced


def _put_off(held: Claim, error: Exception, schedule: Sequence[float]) -> None:
    later = error if isinstance(error, Later) else None
    counts = later is None or later.counts
    final = isinstance(error, Undeliverable | KeyError) or (
        counts and held.attempts > len(schedule)
    )
    spread = random.uniform(1, 1 + JITTER)  # noqa: S311 - nobody gains by guessing it
    wait = schedule[min(held.attempts, len(schedule)) - 1] * spread if counts else spread
    with transaction(company_id=held.company_id):
        again = clock.now() + timedelta(seconds=wait)
        session().execute(
            _FAILED,
            {
                "id": held.id,
                "token": held.token,
                "state": "dead" if final else "pending",
                "again": max(again, later.at) if later else again,
                "error": f"{type(error).__name__}: {error}"[:2000],
                "uncounted": int(not counts),
            },
        )
