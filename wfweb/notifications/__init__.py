"""Telling people: notices inside wfweb and mails, stored before they are sent (NOTE-1).

``notify`` writes rows in the transaction of the cause's later reaction; an outbox message
sends each mail, at least once, under a Message-ID that never changes.
"""

from wfweb.notifications.service import mark_all_read, mark_read, notify, relevance, send_mail

__all__ = ["mark_all_read", "mark_read", "notify", "relevance", "send_mail"]
