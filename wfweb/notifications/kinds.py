"""Every kind of message on one page: its words, and the names its words may use.

Words are logic-less: ``{{name}}`` is replaced, nothing else happens. A company may change
the words of a kind, never what it is about.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


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


_REQUEST = {
    "key": "APR-2291",
    "title": "Order of 40 pallets of cream",
    "amount": "€184,600.00",
    "requester": "Rui Requests",
    "reason": "Orders over €100,000.00 need the director",
    "due": "today 12:52 CET",
    "level": "level 2 of 3",
    "record": "ORD-1042",
    "company": "Example Ltd",
}


_WORKFLOW = {
    "subject": "ORD-1042 is waiting",
    "text": "It has waited for three days.",
    "company": "Example Ltd",
}


_DEADLINE = {
    "subject": "ORD-1042 Cascade Hotels, export",
    "promise": "Decide an order within two days",
    "level": "Red",
    "state": "is about to be late",
    "due": "24 November 2026, 12:52 CET",
    "company": "Example Ltd",
}


_ALERT = {
    "key": "ALT-1042",
    "title": "Coverage too low: PRP-1007 Harbour House",
    "message": "DSCR of PRP-1007 Harbour House is 1.18, below 1.25.",
    "severity": "Critical",
    "record": "PRP-1007",
    "company": "Example Ltd",
}


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
            _REQUEST,
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
            _REQUEST,
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
            _REQUEST,
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
            _REQUEST,
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
            {**_REQUEST, "comment": "The quote is older than the price list."},
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
            {**_REQUEST, "comment": "Please split the delivery into two dates."},
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
            _REQUEST,
            mail=False,
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
            {**_REQUEST, "giver": "Ada Approves"},
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
            _REQUEST,
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
            {**_REQUEST, "author": "Ada Approves", "comment": "Why not the spring price?"},
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
            _DEADLINE,
        ),
        Kind(
            "sla_watch",
            "A deadline to keep an eye on",
            Words("", "{{subject}} {{state}}", "{{promise}}. Due: {{due}}.", "Open the deadline"),
            _DEADLINE,
            mail=False,
        ),
        Kind(
            "alert_raised",
            "An alert is raised",
            Words("{{severity}}: {{title}} [{{key}}]", "{{title}}", "{{message}}", "Look at it"),
            _ALERT,
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
            _ALERT,
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
            _ALERT,
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
            {**_ALERT, "count": "112"},
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
        ),
        Kind(
            "workflow_notice",
            "A workflow leaves a notice",
            Words("{{subject}}", "{{subject}}", "{{text}}", "Open it"),
            _WORKFLOW,
            mail=False,
        ),
        Kind(
            "workflow_mail",
            "A workflow sends a mail",
            Words("{{subject}}", "{{subject}}", "{{text}}", "Open it"),
            _WORKFLOW,
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
