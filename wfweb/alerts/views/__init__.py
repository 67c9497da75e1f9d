"""The pages of alerts, rules and figures; every module adds its addresses to one blueprint."""

from flask import Blueprint

bp = Blueprint("alerts", __name__)

from wfweb.alerts.views import acting, centre, fragments, importing, rule_pages  # noqa: E402, F401
