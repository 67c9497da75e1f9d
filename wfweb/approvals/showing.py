"""One request as its page shows it: what is asked, why you, what changed, the chain, the time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from wfweb.approvals.chain import chain
from wfweb.approvals.content import Difference
from wfweb.approvals.happenings import Entry, happenings
from wfweb.approvals.models import ApprovalRequest
from wfweb.approvals.presentation import (
    DueChip,
    amount_text,
    bare_title,
    data_of,
    difference_rows,
    due_chip,
    mentioned,
    status_tag,
    words_of,
)
from wfweb.approvals.queries import LevelView, RequestPage, SeatView
from wfweb.calendars.words import in_words
from wfweb.kernel import clock
from wfweb.kernel.formats import short_moment
from wfweb.records.fields import Field
from wfweb.records.lookups import Names, names_for
from wfweb.records.present import line_totals
from wfweb.records.shape import Shape
from wfweb.records.types import shape_of


@dataclass(frozen=True, slots=True)
class Fact:
    """One value of what is asked; ``field`` is empty when the type no longer has it."""

    code: str
    label: str
    value: Any
    words: str
    field: Field | None


@dataclass(frozen=True, slots=True)
class Lines:
    """A table of what is asked."""

    field: Field
    rows: Sequence[Mapping[str, Any]]
    amounts: Sequence[Any]
    total: Any


@dataclass(frozen=True, slots=True)
class Change:
    """What is different now, since when, and what somebody wrote about it."""

    title: str
    rows: Sequence[Mapping[str, str]]
    before: str
    quote: str = ""
    quoted: str = ""


class Shown:
    """A request with everything its templates draw; made once a page."""

    def __init__(self, found: RequestPage) -> None:
        self.found = found
        self.request: ApprovalRequest = found.request
        self.shape: Shape = shape_of(found.record_type)
        snapshot = found.request.snapshot
        self.data = data_of(snapshot)
        known = {code: v for code, v in self.data.items() if code in self.shape.by_code}
        self.names: Names = names_for(self.shape, known)
        self.title = bare_title(found.request.title, found.request.record_key)
        self.amount = amount_text(found.request.amount, found.request.currency)
        self.asks = self.amount or found.request.key
        self.attachments = list(snapshot.get("attachments", ()))
        self.levels = chain(found)
        self.chip: DueChip | None = self._chip()

    @property
    def key(self) -> str:
        """The request's key, such as APR-2291."""
        return self.request.key

    @property
    def is_open(self) -> bool:
        """Whether somebody can still decide it, on this round."""
        return self.request.status in {"pending", "escalated"} and self.found.is_latest

    @property
    def status(self) -> tuple[str, str]:
        """The status in a word and the kind of its tag."""
        return status_tag(self.request.status, self.request.outcome_reason)

    @property
    def level(self) -> LevelView | None:
        """The level that is asked now."""
        number = self.request.current_level
        return next((v for v in self.found.levels if v.level.number == number), None)

    @property
    def due_words(self) -> str:
        """How the due time of the level that is asked was counted; empty without one."""
        receipt = self.level.level.receipt if self.level else None
        return in_words(receipt) if receipt else ""

    def _chip(self) -> DueChip | None:
        level = self.level
        if not self.is_open or level is None:
            return None
        due_at, receipt = level.level.due_at or self.request.due_at, level.level.receipt
        if receipt is None:
            return due_chip(due_at, level.level.opened_at)
        # An escalation counts anew from its own moment, which the receipt knows.
        since = datetime.fromisoformat(receipt["start"])
        return due_chip(due_at, since, receipt["calendar"].get("version_id"))

    def facts(self) -> list[Fact]:
        """Return the values that matter: those the definition names, else all that are set."""
        wanted = set(self.request.config.get("summary_fields") or ())
        found = [self._fact(field) for field in self._fields() if field["type"] != "lines"]
        chosen = [fact for fact in found if fact.code in wanted]
        return chosen or [fact for fact in found if fact.value not in (None, "")]

    def others(self) -> list[Fact]:
        """Return the values that the summary leaves out."""
        shown = {fact.code for fact in self.facts()}
        found = [self._fact(field) for field in self._fields() if field["type"] != "lines"]
        return [fact for fact in found if fact.code not in shown and fact.value not in (None, "")]

    def _fields(self) -> Sequence[Mapping[str, Any]]:
        fields: Sequence[Mapping[str, Any]] = self.request.snapshot.get("fields", ())
        return fields

    def _fact(self, field: Mapping[str, Any]) -> Fact:
        known = self.shape.by_code.get(field["code"])
        same = known if known is not None and known.type == field["type"] else None
        words = words_of(same, field["type"], field["value"], self.names)
        return Fact(field["code"], field["label"], field["value"], words, same)

    def lines(self) -> list[Lines]:
        """Return the tables of what is asked, with line amounts where the type computes them."""
        found = []
        for field in self._fields():
            known = self.shape.by_code.get(field["code"])
            if field["type"] != "lines" or known is None or known.type != "lines":
                continue
            total = self.shape.total_of_lines(known.code)
            target = self.shape.by_code[total.field] if total else None
            amounts = line_totals(known, total, field["value"], target)
            value = self.data.get(target.code) if target else None
            found.append(Lines(known, field["value"] or [], amounts, value))
        return found

    def change(self) -> Change | None:
        """Return what changed since this person looked, else since the round before."""
        seen = self.found.seen
        if seen.changed and seen.at is not None:
            title = f"Changed since you looked {short_moment(seen.at)}"
            return Change(title, self._rows(seen.changed), "When you looked")
        previous = self._previous()
        if previous is None or not self.found.since_last_round:
            return None
        who, when = _how_ended(previous)
        title = f"Changed since round {previous.round}{who}"
        rows = self._rows(self.found.since_last_round)
        return Change(title, rows, f"Round {previous.round}", previous.outcome_comment or "", when)

    def _previous(self) -> ApprovalRequest | None:
        number = self.request.round - 1
        return next((one for one in self.found.rounds if one.round == number), None)

    def _rows(self, changes: Difference) -> list[dict[str, str]]:
        return self.rows_of(changes)

    def rows_of(self, changes: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
        """Return a difference that a refusal carries as the rows of a table."""
        if not changes:
            return []
        # What was taken out is named only here, so its names are not those of the page.
        names = names_for(self.shape, *mentioned(changes, self.shape))
        return difference_rows(changes, self.shape, names)

    def otherwise(self) -> str:
        """Return what happens when nobody decides in time."""
        level = self.level
        due = level.level.due_at if level else None
        if level is None or due is None:
            return ""
        action = level.level.spec.get("timeout_action")
        if due <= clock.now():
            return f"It is late since {short_moment(due)}; it stays here until somebody decides"
        words = {
            "escalate": "Escalates",
            "auto_reject": "Is rejected",
            "auto_approve": "Is approved",
        }.get(str(action), "Everybody asked is reminded")
        return f"{words} {short_moment(due)}"

    def sentence(self) -> str:
        """Return what is asked in one sentence."""
        who = self.found.requester.name if self.found.requester else "wfweb"
        what = f"{self.found.record_type.name.lower()} {self.request.record_key}"
        if self.request.config.get("title"):
            what = f"“{self.request.title}”"
        return f"{who} asks to approve {what}"

    def why_you(self) -> list[str]:
        """Return why the reader is asked: the rule, their place in it, and who else could."""
        seat, level = self.found.my_seat, self.level
        rule = str(self.request.rule_snapshot.get("sentence") or "")
        said = [f"{rule}."] if rule else []
        if seat is None or level is None:
            return said
        said.append(f"You are asked at level “{level.level.name}”: {_reason(seat.why)}.")
        others = [v.user.name for v in level.seats if v.user and v.seat.id != seat.id and _asked(v)]
        if others and level.level.quorum != "all":
            said.append(f"{', '.join(others)} could decide as well.")
        elif not others:
            said.append("Nobody else is asked at this level.")
        after = [v.level.name for v in self.found.levels if v.level.number > level.level.number]
        if after:
            said.append(f"After you: {', then '.join(after)}.")
        return said

    def waits_for(self) -> list[str]:
        """Return the names of the people who can decide now."""
        level = self.level
        views = level.seats if level and self.is_open else []
        return [view.user.name for view in views if view.user and _asked(view)]

    def entries(self) -> list[Entry]:
        """Return what happened in this round, newest first."""
        return happenings(self.found)


def _reason(why: str) -> str:
    """Return the reasons of a seat in one line."""
    return why.replace("; ", " and ")


def _asked(view: SeatView) -> bool:
    return view.seat.status == "pending" and view.seat.asked_at is not None


def _how_ended(previous: ApprovalRequest) -> tuple[str, str]:
    words = {"sent_back": ", which was sent back", "withdrawn": ", which was withdrawn"}
    text = words.get(previous.outcome_reason or "", "")
    when = short_moment(previous.decided_at) if previous.decided_at else ""
    return text, when


def above(limit: Decimal | None, request: ApprovalRequest, currency: str) -> bool:
    """Tell whether approving this needs a second step: over somebody's quick limit.

    An amount in another currency than the company's cannot be compared, so it needs one too.
    """
    if limit is None or request.amount is None:
        return False
    return request.amount > limit or (request.currency or currency) != currency
