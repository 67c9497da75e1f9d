"""How deadlines were kept: by definition, team and month, as plot, tables and files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from flask import current_app, request
from flask.typing import ResponseReturnValue

from wfweb.identity import queries as identity
from wfweb.identity.access import requires
from wfweb.kernel import clock, csvfiles, formats
from wfweb.kernel.actor import acting_as, current_actor
from wfweb.kernel.db import transaction
from wfweb.kernel.web import page
from wfweb.sla import board, plots, reports, spent
from wfweb.sla.cards import NAMES
from wfweb.sla.countdown import exact_words, hours_words, share_words, wall_words
from wfweb.sla.models import SlaDefinition
from wfweb.sla.reports import Period, Tally
from wfweb.sla.views import bp
from wfweb.sla.views.board import VIEW

MONTHS: Final = (3, 6, 12, 24)
USUAL: Final = 6
TABLE_HEAD: Final = (
    "definition", "team", "month", "clocks", "in_time", "breached", "in_time_percent",
    "ended_green", "ended_yellow", "ended_orange", "ended_red",
    "breached_then_cancelled", "cancelled_not_judged",
)  # fmt: skip
CLOCK_HEAD: Final = (
    "id", "key", "title", "definition", "team", "owner", "status", "level", "started_at",
    "due_at", "breached_at", "completed_at", "target_seconds", "business_seconds", "wall_seconds",
    "counts_as",
)  # fmt: skip
OWNER_HEAD: Final = (
    "definition", "team", "month", "owner", "owner_id", "clocks", "business_seconds",
    "wall_seconds",
)  # fmt: skip
MOST_PEOPLE: Final = 50
MOST_MONTHS: Final = 6
"""So many people, and the time of each month for so many months: the file has all of them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the report is about, as the address says."""

    period: Period
    definitions: list[SlaDefinition]
    chosen: list[SlaDefinition]
    team: str | None

    @property
    def ids(self) -> list[UUID]:
        """The definitions counted."""
        return [one.id for one in self.chosen]

    @property
    def name(self) -> str:
        """What a file of it is called."""
        return f"deadlines-{self.period.first:%Y-%m}-{self.period.months}-months"


def wanted(definitions: list[SlaDefinition]) -> Wanted:
    """Read the address of a report."""
    months = request.args.get("months", "")
    count = int(months) if months in {str(n) for n in MONTHS} else USUAL
    code, team = request.args.get("definition", ""), request.args.get("team")
    zone = formats.zone().key
    return Wanted(
        reports.last_months(count, clock.today(zone), zone),
        definitions,
        [one for one in definitions if not code or one.code == code],
        (None if team in {None, ""} else "" if team == "-" else str(team)[:80].replace("\0", "")),
    )


@bp.get("/sla/report")
@requires(VIEW)
def report() -> ResponseReturnValue:
    """Show how deadlines were kept in the last months."""
    with transaction():
        asked = wanted(board.visible_definitions())
        lines = reports.adherence(asked.period, asked.ids, asked.team)
        teams = {one.code: one.name for one in identity.roles()}
        by_month = reports.sums(lines, lambda line: line.month)
        total = next(iter(reports.sums(lines, lambda _line: 0).values()), Tally())
        columns = [
            (f"{day:%b %y}", by_month.get(day, Tally())) for day in asked.period.all_months()
        ]
        return page(
            "sla/report.html",
            asked=asked,
            definitions=[(one.code, one.name) for one in asked.definitions],
            total=total,
            share=share_words(total.kept, total.total),
            plot=plots.stacked(columns, dict(NAMES)),
            months=[(day, tally, share_words(tally.kept, tally.total)) for day, tally in columns],
            by_definition=_by_definition(asked, lines),
            by_team=_by_team(lines, teams),
            teams=[*teams.items(), ("-", "No team")],
            args=_args(asked),
            month_choices=MONTHS,
            levels=[(level, NAMES[level]) for level in board.LEVELS],
            **_owners(asked),
        )


def _owners(asked: Wanted) -> dict[str, Any]:
    """Return who had the work for how long, those who had it longest."""
    found = spent.by_person(_spent(asked))
    shown = found[:MOST_PEOPLE]
    people = identity.people_by_ids(one.owner_id for one in shown if one.owner_id)
    months = asked.period.all_months() if asked.period.months <= MOST_MONTHS else []
    return {
        "owners": [
            {
                "name": people[one.owner_id].name if one.owner_id in people else "",
                "business": exact_words(one.business_seconds),
                "wall": wall_words(one.wall_seconds),
                "months": [hours_words(one.by_month.get(month, 0)) for month in months],
            }
            for one in shown
        ],
        "owner_months": months,
        "more_owners": len(found) - len(shown),
    }


def _spent(asked: Wanted) -> list[spent.Spent]:
    return spent.time_by_owner(asked.period, asked.ids, asked.team, clock.now())


def _args(asked: Wanted) -> dict[str, str]:
    typed = {name: request.args.get(name, "") for name in ("definition", "team")}
    return {"months": str(asked.period.months), **{n: v for n, v in typed.items() if v}}


def _by_definition(asked: Wanted, lines: Sequence[reports.Line]) -> list[dict[str, Any]]:
    tallies = reports.sums(lines, lambda line: line.definition_id)
    took = reports.durations(asked.period, asked.ids, asked.team)
    return [
        {
            "definition": one,
            "tally": tallies[one.id],
            "share": share_words(tallies[one.id].kept, tallies[one.id].total),
            "half": hours_words(took[one.id].half) if one.id in took else "",
            "most": hours_words(took[one.id].most) if one.id in took else "",
        }
        for one in asked.chosen
        if one.id in tallies
    ]


def _by_team(lines: Sequence[reports.Line], teams: dict[str, str]) -> list[dict[str, Any]]:
    tallies = reports.sums(lines, lambda line: line.team)
    rows = [
        {
            "name": teams.get(code, code) or "No team",
            "tally": tally,
            "share": share_words(tally.kept, tally.total),
        }
        for code, tally in tallies.items()
    ]
    return sorted(rows, key=lambda row: str(row["name"]))


@bp.get("/sla/report.csv")
@requires(VIEW)
def report_csv() -> ResponseReturnValue:
    """Give the numbers of the report as a file: one row a definition, team and month."""
    with transaction():
        asked = wanted(board.visible_definitions())
        lines = reports.adherence(asked.period, asked.ids, asked.team)
    names = {one.id: one.code for one in asked.definitions}
    rows = [_table_row(line, names[line.definition_id]) for line in lines]
    return csvfiles.download(asked.name, [TABLE_HEAD, *rows])


def _table_row(line: reports.Line, code: str) -> list[object]:
    tally = line.tally
    percent = round(tally.kept * 100 / tally.total, 2) if tally.total else None
    ended = [tally.levels[level] for level in ("GREEN", "YELLOW", "ORANGE", "RED")]
    month = f"{line.month:%Y-%m}"
    judged = [tally.total, tally.kept, tally.late, percent]
    return [code, line.team, month, *judged, *ended, tally.cancelled_late, tally.withdrawn]


@bp.get("/sla/report/owners.csv")
@requires(VIEW)
def report_owners() -> ResponseReturnValue:
    """Give who had the work as a file: one row a definition, team, month and person."""
    with transaction():
        asked = wanted(board.visible_definitions())
        found = _spent(asked)
        people = identity.people_by_ids(one.owner_id for one in found if one.owner_id)
    codes = {one.id: one.code for one in asked.definitions}
    names = {one.id: one.name for one in people.values()}
    rows = [
        [
            codes[one.definition_id], one.team, f"{one.month:%Y-%m}",
            names.get(one.owner_id, "") if one.owner_id else "", one.owner_id, one.clocks,
            one.business_seconds, one.wall_seconds,
        ]
        for one in found
    ]  # fmt: skip
    return csvfiles.download(f"{asked.name}-owners", [OWNER_HEAD, *rows])


@bp.get("/sla/report/clocks.csv")
@requires(VIEW)
def report_clocks() -> ResponseReturnValue:
    """Give every clock of the report as a file of any size, for whoever wants to count anew."""
    with transaction():
        asked = wanted(board.visible_definitions())
    return csvfiles.download(f"{asked.name}-clocks", _clocks(asked))


def _clocks(asked: Wanted) -> Iterator[Sequence[object]]:
    """Read the clocks a batch at a time; the request is over by then, so who asked is kept."""
    application = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    return _batches(application, current_actor(), asked)


def _batches(application: Any, actor: Any, asked: Wanted) -> Iterator[Sequence[object]]:
    yield CLOCK_HEAD
    after: UUID | None = None
    while True:
        with application.app_context(), acting_as(actor), transaction():
            rows = reports.clock_rows(asked.period, asked.ids, asked.team, after)
            texts = [_clock_row(*row) for row in rows]
            after = rows[-1][0].id if rows else None
        yield from texts
        if len(texts) < reports.BATCH:
            return


def _clock_row(found: Any, definition: str, owner: str | None, key: str | None) -> list[object]:
    instants = (found.started_at, found.due_at, found.breached_at, found.completed_at)
    return [
        found.id, key, found.title, definition, found.team, owner, found.status, found.level,
        *(one.isoformat() if one else None for one in instants),
        found.target_seconds, found.elapsed_seconds, found.wall_seconds, _counts_as(found),
    ]  # fmt: skip


def _counts_as(found: Any) -> str:
    """Return what a clock counts as, so that whoever counts anew needs no rule."""
    if found.status == "cancelled":
        return "breached, then cancelled" if found.breached_at else "cancelled, not judged"
    return "breached" if found.breached_at else "in time"
