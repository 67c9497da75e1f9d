"""The pages of alerts, rules and figures; every module adds its addresses to one blueprint."""

from flask import Blueprint

bp = Blueprint("alerts", __name__)

from wfweb.alerts.views import (  # noqa: E402
    acting,  # noqa: F401
    centre,  # noqa: F401
    fragments,  # noqa: F401
    importing,  # noqa: F401
    rule_editing,  # noqa: F401
    rule_pages,  # noqa: F401
)
