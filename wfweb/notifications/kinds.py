"""Every kind of message on one page: its words, and the names its words may use.

Words are logic-less: ``{{name}}`` is replaced, nothing else happens. A company may change
the words of a kind, never what it is about.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from wfweb.notifications.samples import ALERT, DEADLINE, REQUEST, WORKFLOW

DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Words:
    """What a message says; every part may hold ``{{names}}``."""

    subject: str
    heading: str
    body: str
    button: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message.

    ``sample`` holds every name the words may use, with an example for the preview.
    ``secret`` kinds carry something like a link that signs in: their context is wiped once
    they are sent. ``in_app`` kinds also leave a notice inside wfweb.
    """

    code: str
    label: str
    words: Words
    sample: Mapping[str, str] = field(default_factory=dict)
    secret: bool = False
    in_app: bool = True
    mail: bool = True
    group: str = ""


KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind(
            "task_waiting",
            "Somebody has something to do",
            Words("To do: {{title}} [{{key}}]", "{{title}}", "{{text}}", "Open the task"),
            {
                "key": "TSK-1007",
                "title": "Call the supplier",
                "text": "Ask when the cream arrives.",
                "company": "Example Ltd",
            },
            group="tasks",
        ),
        Kind(
            "lock_changed",
            "A record was locked or is free again",
            Words("{{subject}}", "{{subject}}", "{{text}}", "See the lock"),
            {
                "subject": "PRP-12 Harbour Street 4 is locked: Refinance",
                "text": "Coverage is 1.18, the minimum is 1.25. Committee approval required.",
                "company": "Example Ltd",
            },
            group="locks",
        ),
        Kind(
            "approval_assigned",
            "Somebody is asked to decide",
            Words(
                "Approve {{amount}}: {{title}} ({{due}}) [{{key}}]",
                "{{requester}} asks you to approve {{amount}}",
                "{{title}}",
                "Review and decide",
            ),
            REQUEST,
            group="approvals",
        ),
        Kind(
            "approval_reminder",
            "A decision is waited for",
            Words(
                "Reminder: approve {{amount}}: {{title}} ({{due}}) [{{key}}]",
                "{{requester}} still waits for your decision about {{amount}}",
                "{{title}}",
                "Review and decide",
            ),
            REQUEST,
            group="approvals",
        ),
        Kind(
            "approval_escalated",
            "A decision came up the line",
            Words(
                "Escalated to you: approve {{amount}}: {{title}} ({{due}}) [{{key}}]",
                "{{requester}} waits for a decision about {{amount}}, now from you",
                "{{title}}",
                "Review and decide",
            ),
            REQUEST,
            group="approvals",
        ),
        Kind(
            "approval_approved",
            "A request was approved",
            Words(
                "Approved {{amount}}: {{title}} [{{key}}]",
                "{{title}} was approved",
                "Everybody who had to agree has agreed.",
                "Open the request",
            ),
            REQUEST,
            group="requests",
        ),
        Kind(
            "approval_rejected",
            "A request was rejected",
            Words(
                "Rejected {{amount}}: {{title}} [{{key}}]",
                "{{title}} was rejected",
                "{{comment}}",
                "Open the request",
            ),
            {**REQUEST, "comment": "The quote is older than the price list."},
            group="requests",
        ),
        Kind(
            "approval_sent_back",
            "A request needs changes",
            Words(
                "Changes wanted: {{amount}}: {{title}} [{{key}}]",
                "{{title}} was sent back to you",
                "{{comment}}",
                "Change and send again",
            ),
            {**REQUEST, "comment": "Please split the delivery into two dates."},
            group="requests",
        ),
        Kind(
            "approval_withdrawn",
            "A request was taken back",
            Words(
                "Withdrawn: {{amount}}: {{title}} [{{key}}]",
                "{{requester}} took {{title}} back",
                "Nothing is left for you to decide.",
                "Open the request",
            ),
            REQUEST,
            mail=False,
            group="approvals",
        ),
        Kind(
            "approval_moved",
            "A decision was given to somebody",
            Words(
                "For you to decide: {{amount}}: {{title}} ({{due}}) [{{key}}]",
                "{{giver}} gave you the decision about {{amount}}",
                "{{title}}",
                "Review and decide",
            ),
            {**REQUEST, "giver": "Ada Approves"},
            group="approvals",
        ),
        Kind(
            "approval_at_risk",
            "A request has nobody to decide it",
            Words(
                "Nobody can decide {{amount}}: {{title}} [{{key}}]",
                "{{title}} has nobody who can decide it",
                "{{reason}}",
                "Find somebody",
            ),
            REQUEST,
            group="approvals",
        ),
        Kind(
            "approval_question",
            "A question about a request",
            Words(
                "Question about {{title}} [{{key}}]",
                "{{author}} asks about {{title}}",
                "{{comment}}",
                "Answer",
            ),
            {**REQUEST, "author": "Ada Approves", "comment": "Why not the spring price?"},
            group="requests",
        ),
        Kind(
            "sla_level",
            "A deadline comes closer or is over",
            Words(
                "{{level}}: {{subject}} (due {{due}})",
                "{{subject}} {{state}}",
                "{{promise}}. Due: {{due}}.",
                "Open the deadline",
            ),
            DEADLINE,
            group="deadlines",
        ),
        Kind(
            "sla_watch",
            "A deadline to keep an eye on",
            Words(
                "{{subject}} {{state}}",
                "{{subject}} {{state}}",
                "{{promise}}. Due: {{due}}.",
                "Open the deadline",
            ),
            DEADLINE,
            mail=False,
            group="deadlines",
        ),
        Kind(
            "alert_raised",
            "An alert is raised",
            Words("{{severity}}: {{title}} [{{key}}]", "{{title}}", "{{message}}", "Look at it"),
            ALERT,
            group="alerts",
        ),
        Kind(
            "alert_escalated",
            "Nobody looked after an alert",
            Words(
                "Escalated to you, {{severity}}: {{title}} [{{key}}]",
                "Nobody has looked after {{title}} yet",
                "{{message}}",
                "Look after it",
            ),
            ALERT,
            group="alerts",
        ),
        Kind(
            "alert_reminder",
            "A reminder of an alert that somebody looks after",
            Words(
                "Reminder: {{title}} [{{key}}]",
                "{{title}} is still open",
                "{{message}}",
                "Open the alert",
            ),
            ALERT,
            group="alerts",
        ),
        Kind(
            "alert_storm",
            "Many alerts at once, in one message",
            Words(
                "{{count}} more alerts, the gravest {{severity}}: {{title}}",
                "{{count}} alerts came at once",
                "They are listed here in one message, so that none is lost among many.",
                "See all open alerts",
            ),
            {**ALERT, "count": "112"},
            group="alerts",
        ),
        Kind(
            "alert_rule_broken",
            "A rule cannot be evaluated",
            Words(
                "The alert rule {{rule}} cannot be evaluated",
                "The alert rule {{rule}} cannot be evaluated",
                "{{reason}} It stays on and is tried again; until it is repaired it raises "
                "nothing.",
                "Repair the rule",
            ),
            {
                "rule": "Coverage too low",
                "reason": "Properties have no field region any more.",
                "company": "Example Ltd",
            },
            group="alerts",
        ),
        Kind(
            "mentioned",
            "Somebody is mentioned in a comment",
            Words(
                "{{author}} mentioned you on {{subject}}",
                "{{author}} mentioned you on {{subject}}",
                "{{comment}}",
                "Open it",
            ),
            {
                "author": "Mia Manages",
                "subject": "ORD-1042",
                "comment": "@Ada can you look at line 3?",
                "company": "Example Ltd",
            },
            group="mentions",
        ),
        Kind(
            "workflow_notice",
            "A workflow leaves a notice",
            Words("{{subject}}", "{{subject}}", "{{text}}", "Open it"),
            WORKFLOW,
            mail=False,
            group="workflows",
        ),
        Kind(
            "workflow_mail",
            "A workflow sends a mail",
            Words("{{subject}}", "{{subject}}", "{{text}}", "Open it"),
            WORKFLOW,
            group="workflows",
        ),
        Kind(
            "webhook_stopped",
            "A webhook was switched off because its receiver fails",
            Words(
                "The webhook {{endpoint}} was switched off",
                "The webhook {{endpoint}} was switched off",
                "{{reason}} Nothing is sent to it until somebody switches it on again; what "
                "waited can be sent again then.",
                "Look at the webhook",
            ),
            {
                "endpoint": "Warehouse",
                "reason": "It has taken nothing since 2026-11-21 08:00 UTC.",
                "company": "Example Ltd",
            },
            group="workflows",
        ),
        Kind(
            "digest",
            "Messages collected for somebody, in one mail",
            Words(
                "{{count}}: {{first}}",
                "{{count}} for you",
                "Collected since the last digest, as you chose.",
                "See all notices",
            ),
            {"count": "3 messages", "first": "ORD-1042 is waiting", "company": "Example Ltd"},
            in_app=False,
            group=DIGEST,
        ),
        Kind(
            "password_reset",
            "A link to choose a new password",
            Words(
                "Choose a new password for wfweb",
                "Choose a new password",
                "Somebody, hopefully you, asked for a new password for {{name}}. The link works "
                "once, for one hour. If it was not you, do nothing: your password stays as it is.",
                "Choose a new password",
            ),
            {"name": "Ada Approves", "link": "#", "address": "", "code": ""},
            secret=True,
            in_app=False,
        ),
        Kind(
            "password_changed",
            "A password was changed",
            Words(
                "Your wfweb password was changed",
                "Your password was changed",
                "{{name}}, all your other sessions were ended. If it was not you, tell your "
                "administrator at once.",
                "Open your account",
            ),
            {"name": "Ada Approves", "link": "#"},
            in_app=False,
        ),
        Kind(
            "address_changed",
            "An e-mail address was changed",
            Words(
                "Your wfweb e-mail address was changed",
                "Your e-mail address was changed",
                "{{name}}, mails of wfweb now go to another address. If it was not you, tell "
                "your administrator at once.",
                "Open your account",
            ),
            {"name": "Ada Approves", "link": "#"},
            in_app=False,
        ),
    )
}
