"""``/dev/mail``: reading the mail that the local mail catcher kept.

Only registered where the setting ``mail_catcher_dir`` names a folder. Everybody may read here:
the mail never leaves the machine, and the demo's people share one reader.
"""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, current_app, request

from wfweb.dev import maildrop
from wfweb.kernel.errors import NotFound
from wfweb.kernel.web import page

bp = Blueprint("dev_mail", __name__, url_prefix="/dev/mail")

# Mail carries its style inline, so it gets a policy of its own: nothing runs, nothing is fetched,
# and its links open as ordinary pages.
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self';"
    " sandbox allow-popups allow-popups-to-escape-sandbox"
)
_OPEN_OUTSIDE = '<base target="_blank">'


def _folder() -> Path:
    return Path(current_app.config["WFWEB"].mail_catcher_dir)


def _mail(name: str) -> maildrop.Mail:
    found = maildrop.find(_folder(), name)
    if found is None:
        raise NotFound("There is no such message.")
    return found


@bp.get("/")
def index() -> Response:
    """The messages, newest first; ``?to=`` keeps those sent to one address."""
    to = request.args.get("to", "").strip()
    return page("dev/mail.html", messages=maildrop.newest_first(_folder(), to=to), to=to)


@bp.get("/<name>")
def message(name: str) -> Response:
    """One message with its parts and headers."""
    return page("dev/message.html", mail=_mail(name))


@bp.get("/<name>/html")
def body(name: str) -> Response:
    """The HTML part alone, for the frame: sandboxed by its own policy."""
    response = Response(_OPEN_OUTSIDE + _mail(name).html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = _MAIL_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response
