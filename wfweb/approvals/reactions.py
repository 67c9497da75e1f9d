"""What approvals do when something happens elsewhere, in the same transaction."""

from wfweb.approvals.ending import cancel_of_instance
from wfweb.approvals.opening import open_request
from wfweb.approvals.seats import release_leavers
from wfweb.events import Event
from wfweb.workflow.events import InstanceCancelled, InstanceMoved, StateEntered

# Steps that an approval itself caused: its request has ended already.
OWN_STEPS = frozenset({"approval", "rejection"})


def on_state_entered(event: StateEntered) -> None:
    """Ask, when an instance stands in an approval state."""
    if event.approval is not None and event.instance_id is not None:
        open_request(event.instance_id, event.approval)


def on_instance_moved(event: InstanceMoved) -> None:
    """Stop asking, when an instance left an approval state by another way."""
    if event.from_state_type == "approval" and event.kind not in OWN_STEPS and event.instance_id:
        because = "The time was over" if event.kind == "timeout" else "The work moved on"
        reason = "timeout" if event.kind == "timeout" else "moved_on"
        cancel_of_instance(event.instance_id, reason, because)


def on_instance_cancelled(event: InstanceCancelled) -> None:
    """Stop asking, when the work was cancelled."""
    if event.instance_id is not None:
        cancel_of_instance(event.instance_id, "instance_cancelled", "The work was cancelled")


def on_person_changed(event: Event) -> None:
    """Take people who left, or left a role, out of the count of what they were asked."""
    release_leavers(event.target_id)
