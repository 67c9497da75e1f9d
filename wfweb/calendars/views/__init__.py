"""The pages of calendars; every module adds its addresses to one blueprint."""

from flask import Blueprint

bp = Blueprint("calendars", __name__)

from wfweb.calendars.views import acting, editing, reading  # noqa: E402, F401
