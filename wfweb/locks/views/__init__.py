"""The pages of locks: each module adds its addresses to one blueprint."""

from flask import Blueprint

bp = Blueprint("locks", __name__)

from wfweb.locks.views import blocked, fragments, kinds, pages  # noqa: E402, F401
