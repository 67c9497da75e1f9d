"""The pages of approvals; every module adds its addresses to one blueprint."""

from flask import Blueprint

bp = Blueprint("approvals", __name__)

from wfweb.approvals.views import (  # noqa: E402, F401
    acting,
    bulk,
    deciding,
    fragments,
    inbox,
    matrices,
    matrix_edit,
    mine,
    requests,
)
