"""What people type and choose on the pages of approvals, read and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal, cast
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from werkzeug.datastructures import MultiDict

from wfweb.approvals.inbox import MAX_TEXT, Due, Filters, Sort
from wfweb.kernel.errors import ValidationFailed

View = Literal["mine", "for-others", "waiting", "decided"]
VIEWS: Final[Mapping[str, str]] = {
    "mine": "Needs me",
    "for-others": "For others",
    "waiting": "Waiting",
    "decided": "Decided",
}
DUE: Final[Mapping[str, str]] = {
    "overdue": "Overdue",
    "today": "Within a day",
    "week": "Within 7 days",
}
SORTS: Final[Mapping[str, str]] = {
    "due": "Most urgent first",
    "newest": "Newest first",
    "amount": "Largest amount first",
}
LONGEST_ADDRESS: Final = 1000
MOST_SELECTED: Final = 1000
_LONGEST_AMOUNT: Final = 30
_FILTERS: Final = ("type", "min", "max", "due", "requester", "q")


@dataclass(frozen=True, slots=True)
class InboxQuery:
    """The inbox as its address describes it."""

    view: View = "mine"
    filters: Filters = field(default_factory=Filters)
    typed: Mapping[str, str] = field(default_factory=dict)
    sort: Sort = "due"
    after: str | None = None
    open: str | None = None

    def args(self, **changes: str | None) -> dict[str, str]:
        """Return the arguments of this list's address, without the page and the open request."""
        base = {"view": self.view} if self.view != "mine" else {}
        order = {"sort": self.sort} if self.sort != "due" else {}
        merged = {**base, **self.typed, **order, **changes}
        return {name: value for name, value in merged.items() if value}

    def query(self, **changes: str | None) -> str:
        """Return them as a query string, for links and for forms that come back here."""
        return urlencode(self.args(**changes))

    @property
    def narrowed(self) -> int:
        """How many filters the person set."""
        return len(self.typed)


def read_inbox(args: Mapping[str, str]) -> InboxQuery:
    """Read the inbox's address.

    :raises ValidationFailed: for amounts that are none and choices there are not.
    """
    view = args.get("view") or "mine"
    if view not in VIEWS:
        raise ValidationFailed.at("/view", f"Choose one of {', '.join(VIEWS)}", "choice")
    typed = {name: args[name].strip()[:MAX_TEXT] for name in _FILTERS if args.get(name, "").strip()}
    due = typed.get("due")
    if due is not None and due not in DUE:
        raise ValidationFailed.at("/due", f"Choose one of {', '.join(DUE)}", "choice")
    sort = args.get("sort") or "due"
    if sort not in SORTS:
        raise ValidationFailed.at("/sort", f"Choose one of {', '.join(SORTS)}", "choice")
    filters = Filters(
        sort=cast("Sort", sort),
        requester=typed.get("requester"),
        type_code=typed.get("type"),
        text=typed.get("q"),
        minimum=_amount(typed.get("min"), "/min"),
        maximum=_amount(typed.get("max"), "/max"),
        due=cast("Due | None", due),
        whose="for_others" if view == "for-others" else "all",
    )
    return InboxQuery(
        view=cast("View", view),
        filters=filters,
        typed=typed,
        sort=cast("Sort", sort),
        after=args.get("after") or None,
        open=args.get("open") or None,
    )


def inbox_of(back: str) -> InboxQuery:
    """Read the list a form says it came from; a list that cannot be read is the plain inbox."""
    try:
        return read_inbox(dict(parse_qsl(back[:LONGEST_ADDRESS])))
    except ValidationFailed:
        return InboxQuery()


def _amount(text: str | None, place: str) -> Decimal | None:
    if text is None:
        return None
    try:
        amount = Decimal(text.replace(" ", "").replace(",", "")) if _short(text) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite():
        raise ValidationFailed.at(place, "Write an amount such as 1200.00", "amount")
    return amount


def _short(text: str) -> bool:
    return len(text) <= _LONGEST_AMOUNT and text.isascii() and "e" not in text.lower()


def read_ids(values: Sequence[str], place: str = "/id") -> list[UUID]:
    """Read the ids of what was ticked, once each.

    :raises ValidationFailed: for something that is no id, and for more than a thousand.
    """
    if len(values) > MOST_SELECTED:
        raise ValidationFailed.at(place, f"Select at most {MOST_SELECTED:,} at once", "too_many")
    try:
        return list(dict.fromkeys(UUID(value) for value in values))
    except ValueError:
        raise ValidationFailed.at(place, "This is not a request of the list", "id") from None


@dataclass(frozen=True, slots=True)
class DecisionForm:
    """What was posted by the decision bar."""

    decision: str
    target: UUID
    digest: str
    reason_code: str | None
    comment: str
    key: str | None
    back: str
    place: str
    confirmed: bool

    def kept(self) -> dict[str, Any]:
        """Return what the person typed, to be shown again when the act is refused."""
        return {"comment": self.comment, "reason_code": self.reason_code or "", "back": self.back}


def read_decision(form: MultiDict[str, str]) -> DecisionForm:
    """Read the decision bar.

    :raises ValidationFailed: when the form does not say what it is about.
    """
    (target,) = read_ids([form.get("target", "")], "/target")
    return DecisionForm(
        decision=form.get("decision", ""),
        target=target,
        digest=form.get("digest", ""),
        reason_code=form.get("reason_code") or None,
        comment=form.get("comment", "").replace("\r\n", "\n"),
        key=form.get("idempotency_key") or None,
        back=form.get("back", "")[:LONGEST_ADDRESS],
        place="inbox" if form.get("place") == "inbox" else "page",
        confirmed=form.get("confirmed") == "1",
    )
