"""Definitions as text: the form people edit, and back."""

from typing import Any, Final

import yaml

from wfweb.kernel.errors import FieldError, ValidationFailed
from wfweb.sla import checking
from wfweb.sla.body import DefinitionBody
from wfweb.workflow import exchange
from wfweb.workflow.problems import BrokenFile

LONGEST: Final = 100_000
START: Final = """\
code: first_answer
name: First answer
metric: response_time
subject_type: record      # record, request, level or task
record_type: null         # the code of a record type; null means all of them
target: 8
unit: hours               # working hours of the calendar: seconds, minutes, hours or days
calendar: null            # the code of a calendar; null means the company's default
start:
  when: null              # a condition; without one it starts as soon as the record exists
pause:
  - reason: Waiting for the requester
    when: {field: record.state, operator: "=", value: waiting}
stop:
  when: {field: record.state, operator: "=", value: answered}
levels: {YELLOW: 60%, ORANGE: 80%, RED: 95%}
actions:
  ORANGE: [{do: alert_team}]
  RED: [{do: escalate}]
  BREACHED: [{do: notify_manager}]
"""


def written(body: DefinitionBody) -> str:
    """Return a body as YAML without what it leaves to the usual."""
    plain = body.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=96))


def read(content: str) -> DefinitionBody:
    """Return the body a text holds.

    :raises ValidationFailed: naming every wrong place.
    """
    return checking.read(raw(content))


def raw(content: str) -> dict[str, Any]:
    """Return the plain values a text holds.

    :raises ValidationFailed: when it is too long, or neither YAML nor JSON.
    """
    if len(content) > LONGEST:
        raise ValidationFailed.at("/content", "This is longer than any definition", "too_long")
    try:
        return exchange.read(content)
    except BrokenFile as broken:
        raise ValidationFailed([FieldError("/content", str(broken), "broken")]) from None
