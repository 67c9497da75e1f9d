"""The pages of identity; every module adds its addresses to one blueprint."""

from flask import Blueprint

bp = Blueprint("identity", __name__)

from wfweb.identity.views import account, people, roles, sign_in, tokens  # noqa: E402, F401
