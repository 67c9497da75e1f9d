"""Addresses that belong to no feature: the first page, health, the styleguide."""

from flask import Blueprint, Response, jsonify, make_response, redirect, request
from flask.typing import ResponseReturnValue

from wfweb.home.health import readiness
from wfweb.home.search import LONGEST, find
from wfweb.identity.access import current_user, signed_in, user_or_none
from wfweb.kernel.assets import asset
from wfweb.kernel.web import SEE_OTHER, page

bp = Blueprint("home", __name__)


@bp.get("/")
@signed_in
def index() -> ResponseReturnValue:
    """Send people to their work."""
    return make_response(redirect("/inbox", SEE_OTHER))


@bp.get("/livez")
def livez() -> Response:
    """Say that this process answers."""
    return jsonify(status="alive")


@bp.get("/readyz")
def readyz() -> Response:
    """Say whether this process can do its work; details only for those who may see them.

    A load balancer reads the status; parts and times are of no use to strangers.
    """
    ready, parts = readiness()
    user = user_or_none()
    local = request.remote_addr in {"127.0.0.1", "::1", None}
    shown = parts if local or (user and user.may("operations.retry")) else {}
    response = jsonify(status="ready" if ready else "not ready", **shown)
    response.status_code = 200 if ready else 503
    return response


@bp.get("/search")
@signed_in
def search() -> ResponseReturnValue:
    """Find by key or words; a key that names one record opens it."""
    text = request.args.get("q", "")
    found = find(current_user(), text)
    key = f"{text.strip().lower()} "
    for hits in (found.get("Requests", []), found.get("Records", [])):
        if len(hits) == 1 and hits[0].label.lower().startswith(key):
            return make_response(redirect(hits[0].url, SEE_OTHER))
    return page("home/search.html", found=found, q=text[:LONGEST])


@bp.get("/styleguide")
def styleguide() -> Response:
    """Show every component in every state."""
    return page("styleguide/index.html")


@bp.get("/favicon.ico")
def favicon() -> Response:
    """Answer browsers that look for an icon at the old address."""
    return make_response(redirect(asset("img/icon.svg"), SEE_OTHER))
