"""The relay: hands pending outbox rows to the queue and takes back what was dropped.

PostgreSQL remembers, RQ delivers (DECISIONS 11): a row whose nudge or job was lost is
handed over again, so flushing Valkey loses nothing and a doubled job finds nothing to claim.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from wfweb.events.delivery import MAXIMUM_UNFINISHED_CLAIMS
from wfweb.kernel import clock
from wfweb.kernel.db import forgettable, session, transaction

HAND_OVER_AGAIN_SECONDS = 10
BATCH = 500
# A job has to end within the time that the queue gives it, also when every receiver is slow.
JOB_SIZES = {"inside": 25, "outside": 3}

Push = Callable[[str, Sequence[UUID]], None]

_TAKE = text(
    "update outbox_messages set relayed_at = :now where id in ("
    " select id from outbox_messages where state = 'pending' and next_at <= :now"
    " and (relayed_at is null or relayed_at < :lost) order by next_at limit :limit"
    " for update skip locked) returning id, kind"
)
_EXPIRED = text(
    "update outbox_messages set lease_until = null, lease_token = null, relayed_at = null,"
    " state = case when unfinished_claims >= :maximum then 'quarantined' else 'pending' end"
    " where id in (select id from outbox_messages where state = 'claimed' and lease_until < :now"
    " limit :limit for update skip locked) returning id"
)


def relay_once(push: Push, lane_of: Callable[[str], str], *, limit: int = BATCH) -> int:
    """Hand over what is pending; return how many messages were handed over."""
    with transaction(system=True):
        forgettable()
        now = clock.now()
        lost = now - timedelta(seconds=HAND_OVER_AGAIN_SECONDS)
        taken = session().execute(_TAKE, {"now": now, "lost": lost, "limit": limit}).all()
    lanes: dict[str, list[UUID]] = defaultdict(list)
    for message_id, kind in sorted(taken):
        lanes[lane_of(kind)].append(message_id)
    for lane, ids in lanes.items():
        for start in range(0, len(ids), JOB_SIZES[lane]):
            push(lane, ids[start : start + JOB_SIZES[lane]])
    return len(taken)


def take_back_expired(*, limit: int = BATCH) -> int:
    """Return messages of dead workers to the queue, or set the deadly ones aside."""
    with transaction(system=True):
        values = {"now": clock.now(), "maximum": MAXIMUM_UNFINISHED_CLAIMS, "limit": limit}
        return len(session().execute(_EXPIRED, values).all())
