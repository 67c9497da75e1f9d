"""The only page of recurring jobs: what, and how often in seconds.

Each advances what is due and may run in several timers processes; a row in
``recurring_jobs`` decides which one takes it.
"""

from wfweb.audit.partitions import ensure_partitions
from wfweb.events.recurring import Recurring
from wfweb.identity.jobs import tidy

HOUR = 3600

RECURRING: list[Recurring] = [
    Recurring("audit.ensure_partitions", 6 * HOUR, ensure_partitions),
    Recurring("identity.tidy", 6 * HOUR, tidy),
]
