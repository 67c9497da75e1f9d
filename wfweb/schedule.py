"""The only page of recurring jobs: what, and how often in seconds.

Each advances what is due and may run in several timers processes; a row in
``recurring_jobs`` decides which one takes it.
"""

from wfweb.alerts import hooks, lapsing, scheduling
from wfweb.audit.partitions import ensure_partitions
from wfweb.events.recurring import Recurring
from wfweb.identity.jobs import tidy
from wfweb.kernel.api import idempotency
from wfweb.locks.jobs import expire_due as expire_locks
from wfweb.locks.jobs import sweep_permits
from wfweb.notifications import digests
from wfweb.records.jobs import tidy_uploads
from wfweb.workflow import schedules

HOUR = 3600

RECURRING: list[Recurring] = [
    Recurring("workflow.start_scheduled", 30, schedules.claim_due),
    Recurring("alerts.claim_scheduled", 30, scheduling.claim_due),
    Recurring("alerts.expire", 60, lapsing.expire_due),
    Recurring("alerts.tidy_hooks", HOUR, hooks.tidy),
    Recurring("audit.ensure_partitions", 6 * HOUR, ensure_partitions),
    Recurring("api.purge_idempotency_keys", HOUR, idempotency.purge),
    Recurring("locks.expire", 60, expire_locks),
    Recurring("locks.sweep_permits", 6 * HOUR, sweep_permits),
    Recurring("notifications.send_digests", 30, digests.send_due),
    Recurring("records.tidy_uploads", HOUR, tidy_uploads),
    Recurring("identity.tidy", 6 * HOUR, tidy),
]
