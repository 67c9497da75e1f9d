"""Which running clocks will probably breach, why that is thought, and how often it was right."""

from typing import Any, Final

from flask import request
from flask.typing import ResponseReturnValue

from wfweb.identity.access import requires
from wfweb.kernel import clock
from wfweb.kernel.db import transaction
from wfweb.kernel.web import page
from wfweb.sla import board, foretelling
from wfweb.sla.cards import Hours, calendar_of, card
from wfweb.sla.countdown import share_words
from wfweb.sla.forecast import ENOUGH, HitRate
from wfweb.sla.ledger import whole
from wfweb.sla.views import bp
from wfweb.sla.views.asked import read_asked
from wfweb.sla.views.board import VIEW, scope_links, team_names

SHOWN: Final = 50


@bp.get("/sla/forecast")
@requires(VIEW)
def forecast() -> ResponseReturnValue:
    """Show the clocks that are likely to breach, most likely first, and the look back."""
    asked = read_asked(request.args)
    with transaction():
        now = whole(clock.now())
        definitions = board.visible_definitions()
        found = foretelling.foretell(asked.filters, definitions, now)
        rows = board.cards_among([one.id for one in found.likely[:SHOWN]])
        hours, teams = Hours(now, calendar_of), team_names(list(rows.values()))
        return page(
            "sla/forecast.html",
            found=found,
            told=[(one, card(rows[one.id], hours, teams)) for one in found.likely[:SHOWN]],
            scopes=scope_links(asked, "sla.forecast"),
            asked=asked,
            back=_words(found.looked_back),
            enough=ENOUGH,
            hours=hours.spans(),
            at=int(now.timestamp()),
        )


def _words(rate: HitRate) -> dict[str, Any]:
    """Return the look back in the words of the page."""
    return {
        "rate": rate,
        "right": share_words(rate.hits, rate.tried),
        "plain": share_words(rate.tried - rate.breaches, rate.tried),
        "precise": share_words(rate.right, rate.announced),
        "caught": share_words(rate.breaches - rate.missed, rate.breaches),
        "false": rate.announced - rate.right,
        "most": foretelling.MOST_TRIED if rate.tried + rate.silent >= foretelling.MOST_TRIED else 0,
        "calm": rate.tried - rate.breaches - (rate.announced - rate.right),
    }
