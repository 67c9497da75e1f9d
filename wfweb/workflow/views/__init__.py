"""The pages of workflows; every module adds its addresses to one blueprint."""

from flask import Blueprint

bp = Blueprint("workflow", __name__)

from wfweb.workflow.views import definitions, editing, instances, operations  # noqa: E402, F401
