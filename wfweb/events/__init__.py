"""What happened, and what follows from it.

``emit(event)`` runs the few *now* reactions that keep the database true and stores one
outbox row for every *later* one. Rule of thumb: if losing it would make the database lie,
now; if losing it would leave somebody uninformed, later.
"""

from wfweb.events.bus import Event, clear, emit, subscribe_later, subscribe_now
from wfweb.events.outbox import enqueue

__all__ = ["Event", "clear", "emit", "enqueue", "subscribe_later", "subscribe_now"]
