"""The pages of service levels; every module adds its addresses to one blueprint."""

from flask import Blueprint

bp = Blueprint("sla", __name__)

from wfweb.sla.views import board, clocks, definitions, editing, forecast, repairs, report  # noqa: E402, F401
