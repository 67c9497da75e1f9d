"""How requests look to people: due chips, time groups, amounts, differences and reasons in words.

Plain values in, plain values out; templates only draw what is decided here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from wfweb.approvals.due_times import used_share
from wfweb.approvals.inbox import Row
from wfweb.kernel import clock
from wfweb.kernel.formats import local, money, short_moment
from wfweb.records.fields import Field
from wfweb.records.lookups import Names
from wfweb.records.present import as_words
from wfweb.records.shape import Shape

SOON = timedelta(hours=4)
COUNTDOWN = timedelta(hours=24)
# Shares of the time used from which a question is yellow, orange, red, breached.
_LEVELS = ((1.0, "breached"), (0.95, "red"), (0.8, "orange"), (0.6, "yellow"))
_FULL = 100

GROUPS = (
    ("late", "Late or due within 4 hours"),
    ("today", "Later today"),
    ("week", "This week"),
    ("later", "Later"),
    ("none", "No due time"),
)


@dataclass(frozen=True, slots=True)
class DueChip:
    """When something is due: level by the share of time used, words, and whether it counts down."""

    level: str
    text: str
    due_at: datetime
    percent: int
    live: bool


def due_chip(
    due_at: datetime | None, since: datetime | None, calendar_version: str | None = None
) -> DueChip | None:
    """Return how a due moment is shown, or nothing without one.

    :param since: when the time began to run.
    :param calendar_version: the version of the calendar whose working time is used up; without
        one every hour counts.
    """
    if due_at is None:
        return None
    now = clock.now()
    start = since or now
    used = used_share(start, due_at, now, calendar_version)
    if now >= due_at:
        used = max(used, 1.0)
    level = next((name for share, name in _LEVELS if used >= share), "green")
    left = due_at - now
    live = left < COUNTDOWN
    text = _left(left) if live else f"due {short_moment(due_at)}"
    return DueChip(level, text, due_at, max(0, min(int(used * _FULL), 999)), live)


def due_chip_of(row: Row) -> DueChip | None:
    """Return how the due moment of a request in a list is shown: as on its own page."""
    return due_chip(row.due_at, row.counts_from or row.created_at, row.calendar_version)


def _left(span: timedelta) -> str:
    minutes = int(abs(span.total_seconds()) // 60)
    days, hours = divmod(minutes // 60, 24)
    if days:
        words = f"{days} d {hours} h"
    elif hours:
        words = f"{hours} h {minutes % 60} min"
    else:
        words = f"{minutes} min"
    return f"{words} over" if span < timedelta(0) else f"{words} left"


def time_group(due_at: datetime | None) -> str:
    """Return the group of the inbox in which a due moment lies, in the person's own days."""
    if due_at is None:
        return "none"
    now = clock.now()
    if due_at <= now + SOON:
        return "late"
    today, day = local(now).date(), local(due_at).date()
    if day == today:
        return "today"
    return "week" if day - today <= timedelta(days=7) else "later"


def amount_text(amount: Decimal | None, currency: str | None) -> str:
    """Return an amount with cents and currency; empty when a request has none."""
    if amount is None:
        return ""
    return money(amount, currency) if currency else f"{amount:,.2f}"


def bare_title(title: str, record_key: str) -> str:
    """Return a request's title without the record's key, which stands beside it anyway."""
    rest = title.removeprefix(f"{record_key} ").strip()
    return rest or title


def totals(amounts: Iterable[tuple[Decimal | None, str | None]]) -> str:
    """Return the sum of amounts by currency, e.g. ``€1,200.00 and $80.00``."""
    sums: dict[str, Decimal] = {}
    for amount, currency in amounts:
        if amount is not None:
            sums[currency or ""] = sums.get(currency or "", Decimal(0)) + amount
    texts = [amount_text(total, currency or None) for currency, total in sums.items()]
    return " and ".join(texts)


def quorum_text(quorum: str, seats: int, needed: int | None = None, ordering: str = "") -> str:
    """Return how many have to agree: ``only you``, ``any of 3``, ``majority of 5``."""
    if seats <= 1:
        return "one person"
    words = {
        "any": f"any of {seats}",
        "all": f"all of {seats}",
        "majority": f"majority of {seats}",
        "n_of_m": f"{needed} of {seats}",
    }
    text = words.get(quorum, "")
    if quorum == "any" and needed and needed > 1:
        text = f"{needed} of {seats}"
    return f"{text}, one after the other" if ordering == "sequential" else text


def words_of(field: Field | None, kind: str, value: Any, names: Names) -> str:
    """Return a value of a snapshot in words, also when its field has gone from the type."""
    if field is not None and field.type == kind:
        return as_words(field, value, names)
    if value is None or value == "":
        return ""
    if kind == "money" and isinstance(value, Mapping):
        return money(value.get("amount"), str(value.get("currency") or ""))
    return _plain(value, names)


def _plain(value: Any, names: Names) -> str:
    if isinstance(value, list):
        return "; ".join(_plain(one, names) for one in value)
    if isinstance(value, Mapping):
        if set(value) == {"amount", "currency"}:
            return money(value["amount"], str(value["currency"] or ""))
        return ", ".join(_plain(v, names) for k, v in value.items() if k != "id" and v)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return names.label(value) or str(value)


def difference_rows(
    difference: Sequence[Mapping[str, Any]], shape: Shape | None, names: Names
) -> list[dict[str, str]]:
    """Return a difference as the rows of a table, each value in words, with the change of sums."""
    rows = []
    for one in difference:
        was, now = (_side(one, side, shape, names) for side in ("was", "now"))
        note = _change(one["was"], one["now"])
        rows.append({"label": str(one["label"]), "old": was, "new": now, "note": note})
    return rows


def _side(one: Mapping[str, Any], side: str, shape: Shape | None, names: Names) -> str:
    """Return one side of a change; a line that came or went is a table of one line."""
    field = _field_at(shape, str(one["field"]))
    kind, value = str(one.get("type", "text")), one[side]
    if kind == "line":
        return words_of(field, "lines", [value], names) if value is not None else ""
    if _is_cell(one) and field is not None:
        # A cell is compared by its value alone: its entry does not know the column's type.
        kind = field.type
    return words_of(field, kind, value, names)


def _is_cell(one: Mapping[str, Any]) -> bool:
    return str(one["field"]).strip("/").count("/") > 1


def mentioned(difference: Sequence[Mapping[str, Any]], shape: Shape) -> list[dict[str, Any]]:
    """Return what a difference shows as data of records, to look up the names in it."""
    found: list[dict[str, Any]] = []
    for one in difference:
        code, *rest = str(one["field"]).strip("/").split("/")
        field = shape.by_code.get(code)
        in_lines = one["type"] == "line" or _is_cell(one)
        if field is None or field.type != ("lines" if in_lines else one["type"]):
            continue
        for value in (one["was"], one["now"]):
            if value is not None:
                cell = {rest[1]: value} if len(rest) > 1 else value
                found.append({code: [cell] if field.type == "lines" else cell})
    return found


def _field_at(shape: Shape | None, pointer: str) -> Field | None:
    """Return the field a pointer leads to; ``/lines/<id>/price`` is the price of a line."""
    parts = pointer.strip("/").split("/")
    if shape is None or not parts:
        return None
    return shape.field(".".join([parts[0], *parts[2:]]))


def _change(was: Any, now: Any) -> str:
    before, after = _amount(was), _amount(now)
    if before is None or after is None or before[1] != after[1]:
        return ""
    delta = after[0] - before[0]
    sign = "+" if delta > 0 else "−"
    text = f"{sign}{money(abs(delta), before[1])}"
    if before[0]:
        text += f" ({sign}{abs(delta / before[0]) * _FULL:.1f} %)"
    return text


def _amount(value: Any) -> tuple[Decimal, str] | None:
    if isinstance(value, Mapping) and set(value) >= {"amount", "currency"}:
        try:
            return Decimal(str(value["amount"])), str(value["currency"])
        except ArithmeticError:
            return None
    return None


def data_of(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data that a snapshot shows, as a record would hold it."""
    return {field["code"]: field["value"] for field in snapshot.get("fields", ())}


STATUS_WORDS: Mapping[str, tuple[str, str]] = {
    "pending": ("Waiting", "info"),
    "escalated": ("Escalated", "warn"),
    "approved": ("Approved", "ok"),
    "rejected": ("Rejected", "bad"),
    "sent_back": ("Sent back", "warn"),
    "withdrawn": ("Withdrawn", "line"),
    "cancelled": ("Cancelled", "line"),
}


def status_tag(status: str, reason: str | None) -> tuple[str, str]:
    """Return how a status is called and which tag it gets; sent back is not "cancelled"."""
    if status == "cancelled" and reason is not None and reason in STATUS_WORDS:
        return STATUS_WORDS[reason]
    return STATUS_WORDS.get(status, (status.replace("_", " ").capitalize(), "line"))


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One request as a list shows it."""

    row: Row
    key: str
    title: str
    group: str
    chip: DueChip | None
    amount: str
    meta: tuple[str, ...]
    why: str
    tags: tuple[tuple[str, str, str], ...]
    gone: str = ""


_DECIDED = {
    "approve": ("You approved", "ok", "check"),
    "reject": ("You rejected", "bad", "x"),
    "send_back": ("You sent it back", "warn", "arrow-back-up"),
    "delegate": ("You handed it over", "line", "users"),
    "withdraw": ("You withdrew it", "line", "arrow-back-up"),
    "reassign": ("You reassigned it", "line", "users"),
}


def inbox_row(row: Row, view: str, gone: str = "") -> InboxRow:
    """Return how a row of a list looks.

    :param gone: what became of it while it was on the screen; empty while it waits.
    """
    mine = view in {"mine", "for-others"}
    place = f"level {row.level} of {row.levels}" if row.levels > 1 else ""
    meta = (row.requester_name or "wfweb", row.record_key, place)
    return InboxRow(
        row=row,
        key=row.key,
        title=bare_title(row.title, row.record_key),
        group=time_group(row.due_at),
        chip=None if gone or row.decided_at else due_chip_of(row),
        amount=amount_text(row.amount, row.currency),
        meta=tuple(part for part in meta if part),
        why=_why_line(row) if mine and not gone else "",
        tags=tuple(_tags(row, view)) if not gone else (),
        gone=gone,
    )


def _why_line(row: Row) -> str:
    """Return why the reader is asked, short enough for a list."""
    why = (row.why or "").partition("; ")[0]
    level = row.level_name or ""
    return f"{level}: {why}" if level and why else why or level


def _tags(row: Row, view: str) -> Iterable[tuple[str, str, str]]:
    if view == "decided":
        if row.decision in _DECIDED:
            yield _DECIDED[row.decision]
        if row.status not in {"pending", "escalated"}:
            label, kind = status_tag(row.status, row.outcome_reason)
            yield f"Now {label.lower()}", kind, ""
    if row.status == "escalated":
        yield "Escalated", "warn", "alert-triangle"
    if row.changed_since_seen:
        yield "Changed since you looked", "info", "arrows-exchange"
    if row.round > 1:
        yield f"Round {row.round}", "info", "refresh"
    if row.for_name:
        yield f"For {row.for_name}", "", "users"
    if row.at_risk:
        yield "At risk", "bad", "alert-triangle"
