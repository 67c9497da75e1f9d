"""The audit trail: who did what to what, when, from where, with before and after.

``record`` is the first now-reaction of every event, so that no verb can forget it
(AUD-2); entries are append-only for every role of the database.
"""

from wfweb.audit.service import record, record_refusal

__all__ = ["record", "record_refusal"]
