"""The alert centre: the list with states and filters, one alert beside it or on its own page."""

from typing import Any

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from wfweb.alerts import queries
from wfweb.alerts.models import SEVERITIES, TYPES, AlertRule
from wfweb.alerts.views import asked as addresses
from wfweb.alerts.views import bp, lists
from wfweb.alerts.views.asked import Asked
from wfweb.alerts.views.detail import Open, opened
from wfweb.alerts.views.presenting import WORDS
from wfweb.alerts.views.when import choices
from wfweb.identity import queries as people
from wfweb.identity.access import signed_in
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import NotFound
from wfweb.kernel.web import fragment, page, unchanged
from wfweb.records.queries import types_in_navigation

EMPTY = {
    "open": "No open alert",
    "acknowledged": "Nobody looks after an alert now",
    "resolved": "No alert has ended yet",
}


@bp.get("/alerts")
@signed_in
def index() -> ResponseReturnValue:
    """Show the alerts that wait for somebody, the gravest first, with one beside the list."""
    with transaction():
        asked = addresses.read(request.args)
        context = list_context(asked)
        numbers = lists.counts()
        first = context["rows"][0].key if context["rows"] else ""
        opened_one = _opened(asked.open or first)
        return page(
            "alerts/index.html",
            counts=numbers,
            summary=_summary(numbers["open"]),
            tabs=_tabs(asked, numbers),
            choices=_choices(),
            **{**context, "open": opened_one},
        )


def list_context(asked: Asked) -> dict[str, Any]:
    """Return what the list is drawn from."""
    rows, after = lists.page_of(asked)
    chips = _chips(asked)
    return {
        "asked": asked,
        "rows": rows,
        "open": None,
        "chips": chips,
        "version": lists.version(),
        "rows_url": _url("alerts.rows", asked, after=asked.after),
        "back": asked.query(),
        "may_handle": True,
        "next_url": _url("alerts.index", asked, after=after) if after else "",
        "first_url": _url("alerts.index", asked) if asked.after else "",
        "clear_url": _url("alerts.index", Asked(asked.state)),
        "unfiltered": lists.total(Asked(asked.state)) if chips and not rows else 0,
        "empty_title": EMPTY[asked.state],
        "watching": lists.watching() if not rows else "",
    }


def _url(endpoint: str, asked: Asked, **changes: str | None) -> str:
    text = asked.query(**changes)
    return url_for(endpoint) + (f"?{text}" if text else "")


def _summary(waiting: int) -> str:
    need = "1 needs" if waiting == 1 else f"{waiting} need"
    repeats = lists.repeats_today()
    told = f" {repeats} repeats were held back today." if repeats else ""
    return f"{need} somebody.{told}"


def _tabs(asked: Asked, numbers: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "href": _url("alerts.index", Asked(state, asked.typed)),
            "count": numbers.get(state),
            "hot": state == "open" and bool(numbers["open"]),
            "current": state == asked.state,
        }
        for state, label in addresses.STATES.items()
    ]


def _choices() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return the filters: name in the address, label, values with what people read."""
    mine = AlertRule.company_id == current_actor().company_id
    rules = session().execute(
        select(AlertRule.code, AlertRule.name).where(mine).order_by(AlertRule.name)
    )
    return [
        ("severity", "Severity", [(one, WORDS[one]) for one in reversed(SEVERITIES)]),
        ("owner", "Owner", list(addresses.MINE.items())),
        ("rule", "Rule", [(code, name) for code, name in rules]),
        ("type", "Kind of rule", [(one, TYPE_WORDS[one]) for one in TYPES]),
        ("record_type", "Records", [(one.code, one.plural) for one in types_in_navigation()]),
    ]


TYPE_WORDS = {
    "inventory": "Stock",
    "sla": "Deadlines",
    "threshold": "Limits of figures",
    "schedule": "At set times",
    "event": "Something happened",
}


def _chips(asked: Asked) -> dict[str, dict[str, str]]:
    labels = {name: dict(options) for name, _label, options in _choices()} if asked.typed else {}
    return {
        name: {
            "value": labels.get(name, {}).get(value, value),
            "href": _url("alerts.index", asked, **{name: None}),
        }
        for name, value in asked.typed.items()
    }


def _opened(key: str) -> Open | None:
    if not key:
        return None
    try:
        return opened(queries.alert_by_key(key))
    except NotFound:
        return None


@bp.get("/alerts/rows")
@signed_in
def rows() -> ResponseReturnValue:
    """Answer a poll: 204 without news, else the list as it is now."""
    with transaction():
        asked = addresses.read(request.args)
        if request.args.get("ver") == lists.version():
            return unchanged()
        return fragment("alerts/_poll.html", counts=lists.counts(), **list_context(asked))


@bp.get("/alerts/<key>")
@signed_in
def show(key: str) -> ResponseReturnValue:
    """Show one alert: what it is about, what happened, what can be done."""
    with transaction():
        return show_page(key)


def show_page(key: str, *, status: int = 200, **context: Any) -> Response:
    """Return the page of an alert; after a refused act with what was typed and what is wrong."""
    one = opened(queries.alert_by_key(key), acts=True)
    defaults: dict[str, Any] = {"errors": [], "failed": "", "failures": {}, "typed": {}}
    return page(
        "alerts/show.html",
        status=status,
        open=one,
        back="",
        may_handle=one.may_act,
        people=[(p.id, p.name) for p in people.active_people()] if one.may_act else [],
        **choices(),
        **{**defaults, **context},
    )


@bp.get("/alerts/<key>/pane")
@signed_in
def pane(key: str) -> ResponseReturnValue:
    """Show one alert beside the list."""
    with transaction():
        one = opened(queries.alert_by_key(key))
        back = addresses.read(request.args).query()
        return fragment("alerts/_pane.html", open=one, may_handle=one.may_act, back=back)
