"""The verbs of instances, in one place for doors; each is documented where it is written.

Doors load by id; each verb then uses the same steps of :mod:`wfweb.workflow.engine` on
loaded rows, which bulk and replay call directly.
"""

from wfweb.workflow.repairing import RETRY, cancel, retry
from wfweb.workflow.starting import start, start_loaded
from wfweb.workflow.stepping import (
    MAX_COMMENT,
    available,
    continue_after_approval,
    fire,
    fire_loaded,
)

__all__ = [
    "MAX_COMMENT",
    "RETRY",
    "available",
    "cancel",
    "continue_after_approval",
    "fire",
    "fire_loaded",
    "retry",
    "start",
    "start_loaded",
]
