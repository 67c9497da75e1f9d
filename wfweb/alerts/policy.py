"""Who may see alerts, act on them, and change the rules.

Everybody who was told of an alert, owns it, or owns its record may see it and look after it;
others need a permission, and see alerts only about records whose type they may see.
"""

from typing import Final

from sqlalchemy import ColumnElement, or_, select, true

from wfweb.alerts.models import Alert, AlertTelling
from wfweb.identity.policy import denied, require
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound
from wfweb.records.models import Record
from wfweb.records.queries import viewable_codes

VIEW: Final = "alerts.view"
ACT: Final = "alerts.act"
MANAGE: Final = "alerts.manage"


def visible() -> ColumnElement[bool]:
    """Return the condition under which the current actor sees an alert."""
    actor = current_actor()
    if actor.kind == "system":
        return true()
    told = select(AlertTelling.alert_id).where(AlertTelling.user_id == actor.id)
    own = select(Record.id).where(Record.owner_id == actor.id)
    mine = [Alert.owner_id == actor.id, Alert.id.in_(told), Alert.record_id.in_(own)]
    if actor.may(VIEW):
        mine += [Alert.record_type_code.in_(viewable_codes()), Alert.record_type_code.is_(None)]
    return or_(*mine)


def require_view(alert: Alert) -> None:
    """Let the actor see an alert, or say nothing about it.

    :raises NotFound: as if it did not exist.
    """
    statement = select(Alert.id).where(Alert.id == alert.id, visible())
    if session().scalar(statement) is None:
        raise NotFound


def may_act(alert: Alert) -> bool:
    """Tell whether the actor may look after an alert."""
    actor = current_actor()
    if actor.may(ACT) or (actor.id is not None and alert.owner_id == actor.id):
        return True
    told = select(AlertTelling.id).where(
        AlertTelling.alert_id == alert.id, AlertTelling.user_id == actor.id
    )
    return session().scalar(told.limit(1)) is not None


def require_act(alert: Alert) -> None:
    """Let the actor look after an alert.

    :raises NotFound: when they may not even see it.
    :raises Forbidden: naming who may.
    """
    require_view(alert)
    if not may_act(alert):
        raise denied(ACT)


def require_silence(*, whole_rule: bool) -> None:
    """Let the actor silence a record, or with more right a whole rule.

    :raises Forbidden: naming who may.
    """
    require(MANAGE if whole_rule else ACT)
