"""The pages of records; every module adds its addresses to one blueprint."""

from flask import Blueprint

bp = Blueprint("records", __name__)

from wfweb.records.views import editing, lists, pages, parts, types  # noqa: E402, F401
