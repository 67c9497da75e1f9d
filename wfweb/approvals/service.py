"""The verbs of approvals, in one place for doors; each is documented where it is written."""

from wfweb.approvals.asking import ask
from wfweb.approvals.deadlines import escalate
from wfweb.approvals.deciding import ItemResult, Outcome, decide, decide_loaded, decide_many
from wfweb.approvals.ending import resubmit, withdraw
from wfweb.approvals.matrices import publish_matrix, retire_matrix, save_matrix
from wfweb.approvals.opening import open_request
from wfweb.approvals.seats import add_approver, delegate, re_resolve, reassign
from wfweb.approvals.seeing import Seen, mark_seen

__all__ = [
    "ItemResult",
    "Outcome",
    "Seen",
    "add_approver",
    "ask",
    "decide",
    "decide_loaded",
    "decide_many",
    "delegate",
    "escalate",
    "mark_seen",
    "open_request",
    "publish_matrix",
    "re_resolve",
    "reassign",
    "resubmit",
    "retire_matrix",
    "save_matrix",
    "withdraw",
]
