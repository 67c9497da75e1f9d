"""The board of running clocks, as columns and as a table, and its poll."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from flask import request
from flask.typing import ResponseReturnValue

from wfweb.identity import queries as identity
from wfweb.identity.access import requires
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import transaction
from wfweb.kernel.web import fragment, page, unchanged
from wfweb.sla import board as clocks
from wfweb.sla.cards import NAMES, RANGES, Card, Hours, calendar_of, cards
from wfweb.sla.ledger import whole
from wfweb.sla.models import SlaDefinition
from wfweb.sla.views import bp
from wfweb.sla.views.asked import Asked, chips, read_asked

VIEW: Final = "sla.view"
PAUSE: Final = "sla.pause"
LAGGING: Final = timedelta(seconds=30)
FRESH_MINUTES: Final = 10
"""A board that nothing changed on is drawn anew after so long, for words such as "today"."""


@dataclass(frozen=True, slots=True)
class Column:
    """One level of the board."""

    level: str
    count: int
    cards: list[Card]
    more: int
    more_url: str

    @property
    def tone(self) -> str:
        """The class of the level."""
        return self.level.lower()

    @property
    def name(self) -> str:
        """The level in words."""
        return NAMES[self.level]

    @property
    def range(self) -> str:
        """The share of time it stands for."""
        return RANGES[self.level]


@dataclass(frozen=True, slots=True)
class Board:
    """What is drawn, and from which state of the database."""

    at: int
    version: str
    hours: str
    total: int
    shown: int
    columns: list[Column]
    cards: list[Card]
    behind: int
    behind_since: datetime | None
    next_url: str
    first_url: str


@bp.get("/sla")
@requires(VIEW)
def board() -> ResponseReturnValue:
    """Show what runs against a deadline, the most urgent first."""
    asked = read_asked(request.args)
    with transaction():
        definitions = clocks.visible_definitions()
        types = clocks.visible_types()
        return page(
            "sla/board.html",
            **_context(asked, definitions),
            at=request.args.get("at", ""),
            chips=chips(asked, definitions, types),
            definitions=[(one.code, one.name) for one in definitions],
            types=_types(definitions, types),
            scopes=scope_links(asked),
            looks=_looks(asked),
        )


@bp.get("/sla/cards")
@requires(VIEW)
def board_cards() -> ResponseReturnValue:
    """Answer a poll: 204 when nothing changed, else the board as it is now."""
    asked = read_asked(request.args)
    with transaction():
        definitions = clocks.visible_definitions()
        found = _counts(asked, definitions)
        if request.args.get("ver") == _version(found):
            return unchanged()
        return fragment("sla/_board.html", **_context(asked, definitions, found), at="")


def _counts(asked: Asked, definitions: list[SlaDefinition]) -> clocks.Counts:
    where = clocks.open_clocks(asked.filters, definitions)
    return clocks.counts(where, clock.now() - LAGGING)


def _version(found: clocks.Counts) -> str:
    """Return what tells one state of the board from another."""
    minutes = int(clock.now().timestamp()) // (60 * FRESH_MINUTES)
    return f"{minutes}.{found.mark}.{'b' if found.behind else ''}"


def _context(
    asked: Asked, definitions: list[SlaDefinition], found: clocks.Counts | None = None
) -> dict[str, Any]:
    found = found or _counts(asked, definitions)
    after = request.args.get("after")
    return {
        "asked": asked,
        "b": _drawn(asked, definitions, found, after),
        "poll_url": asked.url("sla.board_cards", **({"after": after} if after else {})),
        "back": asked.url(),
        "clear_url": asked.url(definition=None, type=None, level=None, q=None),
        "everyone_url": asked.url(scope="everyone"),
        "may_pause": current_actor().may(PAUSE),
    }


def _drawn(
    asked: Asked, definitions: list[SlaDefinition], found: clocks.Counts, after: str | None
) -> Board:
    now = whole(clock.now())
    hours = Hours(now, calendar_of)
    where = clocks.open_clocks(asked.filters, definitions)
    paged = asked.view == "table" or bool(asked.filters.level)
    following = ""
    if not found.total:
        rows: list[Any] = []
    elif paged:
        rows, following = clocks.page_of(where, after=after)
    else:
        rows = clocks.tops(where)
    drawn = cards(rows, hours, team_names(rows))
    return Board(
        at=int(now.timestamp()),
        version=_version(found),
        hours=hours.spans(),
        total=found.total,
        shown=len(drawn),
        columns=_columns(asked, found, drawn, paged=paged),
        cards=drawn,
        behind=found.behind,
        behind_since=found.behind_since,
        next_url=asked.url(after=following) if following else "",
        first_url=asked.url() if paged and after else "",
    )


def team_names(rows: list[Any]) -> dict[str, str]:
    """Return the names of the teams that rows of clocks belong to, by code."""
    codes = {row[0].team for row in rows if row[0].team}
    return {one.code: one.name for one in identity.roles_by_code(codes).values()} if codes else {}


def _columns(asked: Asked, found: clocks.Counts, drawn: list[Card], *, paged: bool) -> list[Column]:
    wanted = (asked.filters.level,) if asked.filters.level else clocks.LEVELS
    columns = []
    for level in wanted:
        mine = [card for card in drawn if card.level == level]
        more = 0 if paged else found.by_level[level] - len(mine)
        address = asked.url(level=level) if more else ""
        columns.append(Column(level, found.by_level[level], mine, more, address))
    return columns


def _types(definitions: list[SlaDefinition], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the record types that have deadlines, to choose from."""
    codes = {one.record_type_code for one in definitions}
    return [(code, name) for code, name in names.items() if code in codes]


def scope_links(asked: Asked, endpoint: str = "sla.board") -> list[dict[str, Any]]:
    """Return the switch between one's own clocks, those of one's teams and everyone's."""
    labels = {"mine": "Mine", "team": "My teams", "everyone": "Everyone"}
    return [
        {"label": label, "href": asked.url(endpoint, scope=scope), "current": scope == asked.scope}
        for scope, label in labels.items()
    ]


def _looks(asked: Asked) -> list[dict[str, Any]]:
    return [
        {"label": label, "href": asked.url(view=view), "current": view == asked.view}
        for view, label in (("board", "Board"), ("table", "Table"))
    ]
