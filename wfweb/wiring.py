"""The only page that joins features.

Event -> reaction, port -> provider, slot -> fragment, action -> implementation, message kind ->
handler, timer kind -> handler.

Rule of thumb: if losing it would make the database lie, now; if losing it would leave
somebody uninformed, later.
"""

from collections.abc import Callable

from flask import Flask, request

from wfweb import audit, events
from wfweb.alerts import events as alert_events
from wfweb.alerts import happening as alert_happening
from wfweb.alerts import jobs as alert_jobs
from wfweb.alerts import lapsing as alert_lapsing
from wfweb.alerts import moments as alert_moments
from wfweb.alerts import scheduling as alert_scheduling
from wfweb.alerts import telling as alert_telling
from wfweb.alerts.views import fragments as alert_fragments
from wfweb.approvals import act, calendar_use, clock_facts, deadlines, edits, matrices
from wfweb.approvals import events as approval_events
from wfweb.approvals import jobs as approval_jobs
from wfweb.approvals import queries as approval_queries
from wfweb.approvals import reactions as approval_reactions
from wfweb.approvals.views import fragments as approval_fragments
from wfweb.calendars import usage
from wfweb.events import timers
from wfweb.events.delivery import Handler, Handlers
from wfweb.home import jobs as home_jobs
from wfweb.home import labels
from wfweb.identity import access, policy
from wfweb.identity import jobs as identity_jobs
from wfweb.identity.events import RolesChanged, UserChanged, UserDeactivated
from wfweb.kernel import api, problem, slots
from wfweb.kernel.errors import Forbidden
from wfweb.kernel.ports import ports
from wfweb.locks import actions as lock_actions
from wfweb.locks import events as lock_events
from wfweb.locks import guard as lock_guard
from wfweb.locks import jobs as lock_jobs
from wfweb.locks import reactions as lock_reactions
from wfweb.locks.views import fragments as lock_fragments
from wfweb.notifications import jobs as mail_jobs
from wfweb.notifications import relevance, send_mail
from wfweb.packs import demo
from wfweb.records.events import (
    CommentAdded,
    FileAttached,
    FileRemoved,
    RecordArchived,
    RecordChanged,
    RecordCreated,
    RecordRestored,
)
from wfweb.sla import calendar_use as sla_calendar_use
from wfweb.sla import events as sla_events
from wfweb.sla import jobs as sla_jobs
from wfweb.sla import reactions as sla_reactions
from wfweb.sla import subject_kinds, sweeping
from wfweb.sla import subjects as sla_subjects
from wfweb.sla.views import fragments as sla_pages
from wfweb.tasks import clock_facts as task_clock_facts
from wfweb.tasks import creating as task_creating
from wfweb.tasks import jobs as task_jobs
from wfweb.tasks import service as tasks
from wfweb.tasks import views as task_pages
from wfweb.tasks.events import TaskClosed, TaskCreated, TaskGiven
from wfweb.webhooks import events as webhook_events
from wfweb.webhooks import jobs as webhook_jobs
from wfweb.webhooks import rules as webhook_rules
from wfweb.webhooks import service as webhooks
from wfweb.workflow import (
    actions,
    builtin,
    known,
    moments,
    panel,
    reactions,
    schedules,
    telling,
    writing,
)
from wfweb.workflow import calling as workflow_calling
from wfweb.workflow import jobs as workflow_jobs
from wfweb.workflow.events import (
    InstanceCancelled,
    InstanceMoved,
    InstanceOverdue,
    InstanceStarted,
    InstanceTimedOut,
    StateEntered,
    StateTimedOut,
)

# Message kinds whose handler works inside the database, in one transaction with "done".
INSIDE_JOBS: dict[str, Handler] = {
    "identity.send_reset": identity_jobs.send_reset,
    "identity.send_notice": identity_jobs.send_notice,
    "approvals.tell_assigned": approval_jobs.tell_assigned,
    "approvals.tell_reminder": approval_jobs.tell_reminder,
    "approvals.tell_moved": approval_jobs.tell_moved,
    "approvals.tell_approved": approval_jobs.tell_approved,
    "approvals.tell_rejected": approval_jobs.tell_rejected,
    "approvals.tell_cancelled": approval_jobs.tell_cancelled,
    "approvals.tell_at_risk": approval_jobs.tell_at_risk,
    "approvals.tell_question": approval_jobs.tell_question,
    "workflow.tell_timed_out": workflow_jobs.tell_timed_out,
    "workflow.tell_instance_timed_out": workflow_jobs.tell_instance_timed_out,
    "home.tell_mentioned": home_jobs.tell_mentioned,
    "home.tell_webhook_stopped": home_jobs.tell_webhook_stopped,
    "alerts.tell": alert_jobs.tell,
    "alerts.tell_storm": alert_jobs.tell_storm,
    "alerts.event_happened": alert_jobs.event_happened,
    "alerts.tell_broken": alert_jobs.tell_broken,
    "sla.act_on_level": sla_jobs.act_on_level,
    "tasks.tell_task": task_jobs.tell_task,
    "locks.announce": lock_jobs.announce,
    "locks.ask_committee": lock_jobs.ask_committee,
    "locks.tell_created": lock_jobs.tell_created,
    "locks.tell_ended": lock_jobs.tell_ended,
    "locks.tell_kept": lock_jobs.tell_kept,
}

# Message kinds whose handler waits for the network and opens its own transactions.
OUTSIDE_JOBS: dict[str, Handler] = {
    "mail.deliver": mail_jobs.deliver_mail,
    webhooks.DELIVER: webhook_jobs.deliver,
}

# Seconds before each further try, for kinds whose receivers expect other ones than ours.
SCHEDULES = {webhooks.DELIVER: webhook_rules.SCHEDULE}

# Timer kinds.
TIMERS: dict[str, timers.Handler] = {
    writing.STATE_TIMEOUT: moments.state_timed_out,
    writing.INSTANCE_TIMEOUT: moments.instance_timed_out,
    writing.WAIT: moments.wait_is_over,
    schedules.STARTS: schedules.start_batch,
    act.LEVEL_DUE: deadlines.on_level_due,
    act.REMINDER: deadlines.on_reminder,
    alert_scheduling.LOOK: alert_scheduling.look_at_batch,
    alert_moments.ESCALATE: alert_lapsing.on_escalate,
    alert_moments.REMIND: alert_lapsing.on_remind,
    alert_moments.TELL_HELD: alert_lapsing.on_tell_held,
}


# What the timers look for in whole batches, besides single moments.
SWEEPS: list[Callable[[], int]] = [sweeping.sweep]


def handlers() -> Handlers:
    """Return the allow-list of everything an outbox message can ask for."""
    return Handlers(inside=INSIDE_JOBS, outside=OUTSIDE_JOBS, schedules=SCHEDULES)


def connect(app: Flask) -> None:
    """Join all features; calling it again starts from nothing."""
    events.clear()
    slots.clear()
    problem.clear()
    _audit(app)
    _workflow()
    _calendars()
    _approvals()
    _approvals_pages()
    _sla()
    _tasks()
    _alerts()
    _locks()
    _governance_pages()
    _api(app)
    _notifications(app)
    _demo(app)


def _demo(app: Flask) -> None:
    if app.config["WFWEB"].demo:
        slots.fill("sign_in.help", demo.sign_in_help)


def _audit(_app: Flask) -> None:
    events.subscribe_now(events.Event, audit.record)
    problem.on_forbidden(_audit_refusal)


def _audit_refusal(refusal: Forbidden) -> None:
    audit.record_refusal(refusal, action=request.method, target=request.path)


def _notifications(_app: Flask) -> None:
    ports.send_mail = send_mail
    ports.subject_label = labels.label_of
    relevance[approval_jobs.ASSIGNMENT] = approval_jobs.still_wanted
    events.subscribe_later(approval_events.AssignmentOpened, "approvals.tell_assigned")
    events.subscribe_later(approval_events.ReminderDue, "approvals.tell_reminder")
    events.subscribe_later(approval_events.AssignmentMoved, "approvals.tell_moved")
    events.subscribe_later(approval_events.RequestApproved, "approvals.tell_approved")
    events.subscribe_later(approval_events.RequestRejected, "approvals.tell_rejected")
    events.subscribe_later(approval_events.RequestCancelled, "approvals.tell_cancelled")
    events.subscribe_later(approval_events.RequestAtRisk, "approvals.tell_at_risk")
    events.subscribe_later(approval_events.QuestionAsked, "approvals.tell_question")
    events.subscribe_later(StateTimedOut, "workflow.tell_timed_out")
    for event_type in (InstanceTimedOut, InstanceOverdue):
        events.subscribe_later(event_type, "workflow.tell_instance_timed_out")
    events.subscribe_later(CommentAdded, "home.tell_mentioned")
    events.subscribe_later(webhook_events.EndpointStopped, "home.tell_webhook_stopped")


def _governance_pages() -> None:
    slots.fill("record.banner", lock_fragments.record_banner)
    slots.fill("about.banner", lock_fragments.about_banner)
    slots.fill("story.banner", lock_fragments.story_banner)
    slots.fill("record.action", lock_fragments.record_action)
    slots.fill("record.main", alert_fragments.record_main)
    slots.fill("record.main", lock_fragments.record_main)
    slots.fill("record.side", alert_fragments.record_side)
    slots.fill("alert.main", lock_fragments.alert_main)


def _alerts() -> None:
    relevance[alert_telling.SUBJECT] = alert_telling.still_wanted
    events.subscribe_now(events.Event, alert_happening.on_any_event)
    events.subscribe_later(alert_events.RuleBroken, "alerts.tell_broken")


def _api(app: Flask) -> None:
    api.provide(principal=access.user_or_none, denied=policy.denied)
    api.register(app)


def _calendars() -> None:
    usage.clear()
    usage.register("workflow definitions", calendar_use.definitions_with)
    usage.register("approval matrices", calendar_use.matrices_with)
    usage.register("approval levels that are open", calendar_use.open_levels_with)
    usage.register("deadlines", sla_calendar_use.definitions_with)
    usage.register("clocks that run", sla_calendar_use.open_clocks_with)


def _approvals() -> None:
    ports.before_edit = edits.lock_for_edit
    ports.edit_guard = edits.edit_guard
    known.matrices_from(matrices.live_codes)
    ports.record_view_allowed = approval_queries.may_see_record
    events.subscribe_now(StateEntered, approval_reactions.on_state_entered)
    events.subscribe_now(InstanceMoved, approval_reactions.on_instance_moved)
    events.subscribe_now(InstanceCancelled, approval_reactions.on_instance_cancelled)
    events.subscribe_now(RecordChanged, edits.on_record_changed)
    events.subscribe_now(FileAttached, edits.on_file_attached)
    events.subscribe_now(FileRemoved, edits.on_file_removed)
    for event_type in (UserChanged, UserDeactivated, RolesChanged):
        events.subscribe_now(event_type, approval_reactions.on_person_changed)


def _approvals_pages() -> None:
    slots.fill("record.banner", approval_fragments.record_banner)
    slots.fill("record.side", approval_fragments.record_side)


def _workflow() -> None:
    actions.clear()
    builtin.register_all()
    telling.register_all()
    workflow_calling.register_all()
    events.subscribe_now(RecordCreated, reactions.on_record_created)
    events.subscribe_now(RecordChanged, reactions.on_record_changed)
    slots.fill("record.actions", panel.record_actions)
    slots.fill("record.side", panel.record_side)


def _tasks() -> None:
    task_creating.register_all()
    relevance[task_jobs.TASK] = task_jobs.still_wanted
    for event_type in (TaskCreated, TaskGiven):
        events.subscribe_later(event_type, "tasks.tell_task")
    slots.fill("record.side", task_pages.record_side)


def _sla() -> None:
    _sla_subjects()
    slots.fill("record.side", sla_pages.record_side)
    slots.fill("request.side", sla_pages.request_side)
    for task_event in (TaskCreated, TaskGiven, TaskClosed):
        events.subscribe_now(task_event, sla_reactions.on_task)
    for record_event in (RecordCreated, RecordChanged, RecordArchived, RecordRestored):
        events.subscribe_now(record_event, sla_reactions.on_record)
    for step in (InstanceStarted, InstanceMoved, InstanceCancelled):
        events.subscribe_now(step, sla_reactions.on_instance)
    for asked in (
        approval_events.RequestOpened,
        approval_events.LevelOpened,
        approval_events.AssignmentOpened,
        approval_events.AssignmentMoved,
        approval_events.DecisionRecorded,
        approval_events.RequestEscalated,
        approval_events.RequestApproved,
        approval_events.RequestRejected,
        approval_events.RequestCancelled,
    ):
        events.subscribe_now(asked, sla_reactions.on_request)
    relevance[sla_jobs.SUBJECT] = sla_jobs.still_wanted
    events.subscribe_later(sla_events.LevelCrossed, "sla.act_on_level")


def _sla_subjects() -> None:
    sla_subjects.clear()
    record = subject_kinds.record_kind(clock_facts.parts_of_records)
    sla_subjects.register("record", record)
    request_kind = subject_kinds.told_kind(
        "request",
        "A request",
        clock_facts.request_facts,
        clock_facts.REQUEST_FIELDS,
        parts=clock_facts.parts_of_requests,
    )
    sla_subjects.register("request", request_kind)
    level = subject_kinds.told_kind(
        "level", "A level of a request", clock_facts.level_facts, clock_facts.LEVEL_FIELDS
    )
    sla_subjects.register("level", level)
    task = subject_kinds.told_kind(
        "task",
        "A task",
        task_clock_facts.task_facts,
        task_clock_facts.TASK_FIELDS,
        reassign=tasks.give,
    )
    sla_subjects.register("task", task)


def _locks() -> None:
    ports.action_guard = lock_guard.require
    lock_actions.register_all()
    events.subscribe_now(alert_events.AlertsRaised, lock_reactions.on_alerts_raised)
    events.subscribe_now(alert_events.AlertEscalated, lock_reactions.on_alert_escalated)
    events.subscribe_now(InstanceMoved, lock_reactions.on_instance_moved)
    events.subscribe_now(alert_events.AlertsCleared, lock_reactions.on_alerts_cleared)
    events.subscribe_later(lock_events.LockCreated, "locks.ask_committee")
    events.subscribe_later(lock_events.LockCreated, "locks.tell_created")
    events.subscribe_later(lock_events.LockEnded, "locks.tell_ended")
    events.subscribe_later(lock_events.LockKept, "locks.tell_kept")
