"""Ports: questions a lower floor asks of a higher one, answered by one provider each.

``wiring.connect()`` sets the providers; the defaults here are the answer when nobody
has anything to say, so that a lower feature works and is tested alone.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple
from uuid import UUID


class Label(NamedTuple):
    """How a subject is called and where its page is."""

    text: str
    url: str | None


def _allow(_record_id: UUID, _action: str) -> None:
    """No locks exist: everything is allowed."""


def _plain_label(subject_type: str, subject_id: UUID) -> Label:
    return Label(f"{subject_type} {subject_id}", None)


def _edit_freely(_record: Any, _changed: Collection[str]) -> None:
    """Nothing is under approval: every edit is allowed."""


def _no_locks(_record_id: UUID) -> None:
    """Nothing else has to be locked before the record."""


def _nobody_more(_record_id: UUID) -> bool:
    """Nobody sees a record whom its type and its owner do not let."""
    return False


def _no_mail(to: str, template: str, context: Mapping[str, Any]) -> None:
    message = f"no provider sends the mail {template!r} to {to!r} with {sorted(context)}"
    raise RuntimeError(message)


class Ports:
    """The providers. Kept few on purpose; a test counts them.

    ``action_guard(record_id, action)`` raises ``Locked`` when a governance lock blocks the
    action. ``subject_label(type, id)`` names a subject. ``edit_guard(record, changed_fields)``
    raises a refusal when an approval forbids the edit (REC-4). ``before_edit(record_id)`` takes the
    locks that come before the record's own, so that edits and decisions never wait for each
    other in a circle. ``record_view_allowed(record_id)``
    lets the current actor see a record beyond what its type says, e.g. who has to decide about
    it. ``send_mail(to, template, context)`` queues a mail to an address in the current transaction.
    """

    action_guard: Callable[[UUID, str], None] = staticmethod(_allow)
    subject_label: Callable[[str, UUID], Label] = staticmethod(_plain_label)
    edit_guard: Callable[[Any, Collection[str]], None] = staticmethod(_edit_freely)
    before_edit: Callable[[UUID], None] = staticmethod(_no_locks)
    record_view_allowed: Callable[[UUID], bool] = staticmethod(_nobody_more)
    send_mail: Callable[[str, str, Mapping[str, Any]], None] = staticmethod(_no_mail)


ports = Ports()
