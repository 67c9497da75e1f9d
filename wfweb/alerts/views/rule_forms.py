"""The form of a rule: a body as what is typed, and what is typed as a body."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from wfweb.kernel.errors import ValidationFailed

STEPS: Final = 2
PLAIN: Final = (
    "code", "name", "severity", "record_type", "cooldown_minutes", "daily_cap", "metric",
    "operator", "raise_at", "clear_at", "check", "cron", "time_zone", "event",
    "expires_hours",
)  # fmt: skip
UNSEEN: Final = frozenset({"stock", "raise_again_hours", "service_level", "category_field"})
NUMBERS: Final = frozenset({"cooldown_minutes", "daily_cap", "expires_hours"})
SHOWN: Final = frozenset(
    {
        "name", "record_type", "condition", "severity", "title", "message", "roles", "people",
        "fields", "channels", "cooldown_minutes", "daily_cap", "expires_hours",
    }
)  # fmt: skip
OF_KIND: Final = {
    "threshold": frozenset({"metric", "operator", "raise_at", "clear_at", "manual"}),
    "inventory": frozenset({"check", "category", "operator", "raise_at", "clear_at", "manual"}),
    "schedule": frozenset({"cron", "time_zone"}),
    "event": frozenset({"event"}),
    "sla": frozenset({"levels"}),
}
Typed = dict[str, Any]


def fields_of(kind: str, *, new: bool) -> frozenset[str]:
    """Return the names of the fields that the form of a kind of rule shows."""
    return SHOWN | OF_KIND.get(kind, frozenset()) | ({"code"} if new else frozenset())


def typed_of(body: Mapping[str, Any]) -> Typed:
    """Return a body as the form shows it."""
    typed: Typed = {name: body.get(name, "") for name in PLAIN}
    typed |= {"type": body.get("type", "threshold"), "channels": body.get("channels") or []}
    recipients = body.get("recipients", ())
    typed["roles"] = [one["role"] for one in recipients if "role" in one]
    typed["people"] = ", ".join(one["user"] for one in recipients if "user" in one)
    typed["fields"] = ", ".join(one["field"] for one in recipients if "field" in one)
    typed["category"] = ", ".join(body.get("category", ()))
    typed["levels"] = list(body.get("levels", ()))
    template = body.get("template", {})
    typed["title"], typed["message"] = template.get("title", ""), template.get("message", "")
    typed["manual"] = "" if body.get("auto_resolve", True) else "true"
    for number in range(STEPS):
        steps = body.get("escalation", ())
        step = steps[number] if number < len(steps) else {}
        typed[f"step{number}.after"] = step.get("after_minutes", "")
        typed[f"step{number}.severity"] = step.get("severity") or ""
        roles = [one["role"] for one in step.get("recipients", ()) if "role" in one]
        typed[f"step{number}.role"] = roles[0] if roles else ""
    return typed


def read_typed(form: "MultiDict[str, str]") -> Typed:
    """Return what was typed, lists as lists."""
    typed: Typed = {name: value.strip() for name, value in form.items() if name != "csrf_token"}
    for name in ("roles", "channels", "levels"):
        typed[name] = form.getlist(name)
    return typed


def body_of(typed: Typed, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the body that a form stands for.

    :param before: the body that is changed; what the form does not show stays as it is.
    :raises ValidationFailed: when a number is none.
    """
    body: dict[str, Any] = {name: value for name, value in (before or {}).items() if name in UNSEEN}
    body["type"] = typed.get("type", "")
    for name in PLAIN:
        value = typed.get(name, "")
        if value not in {"", None}:
            body[name] = _number(name, value) if name in NUMBERS else value
    body["channels"] = typed.get("channels") or ["in_app"]
    body["recipients"] = [{"role": role} for role in typed.get("roles", ())]
    body["recipients"] += [{"user": one} for one in _split(typed.get("people", ""))]
    body["recipients"] += [{"field": one} for one in _split(typed.get("fields", ""))]
    before = before or {}
    body["category"] = (
        _split(typed["category"]) if "category" in typed else before.get("category", [])
    )
    body["levels"] = typed.get("levels", [])
    shown = "manual" in fields_of(body["type"], new=False)
    body["auto_resolve"] = not typed.get("manual") if shown else before.get("auto_resolve", True)
    template = {name: typed[name] for name in ("title", "message") if typed.get(name)}
    if template:
        body["template"] = template
    body["escalation"] = _steps(typed, before.get("escalation", []))
    return body


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _number(name: str, value: Any) -> int:
    value = str(value)
    if not (value.isascii() and value.isdigit() and len(value) < 9):  # noqa: PLR2004 - digits
        raise ValidationFailed.at(f"/{name}", "Write a whole number", "number")
    return int(value)


def _steps(typed: Typed, before: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the steps typed, and those beyond them that the form does not show."""
    pairs = zip_longest(range(STEPS), before[:STEPS])
    typed_ones = [_step(typed, number, old or {}) for number, old in pairs]
    return [*(one for one in typed_ones if one), *before[STEPS:]]


def _step(typed: Typed, number: int, before: Mapping[str, Any]) -> dict[str, Any] | None:
    after, role = typed.get(f"step{number}.after", ""), typed.get(f"step{number}.role", "")
    if not after and not role:
        return None
    # The form shows the first role of a step; whoever else it tells stays.
    told = list(before.get("recipients", ()))
    shown = next((one for one in told if "role" in one), None)
    others = [one for one in told if one is not shown]
    if shown is None or shown["role"] != role:
        told = [*([{"role": role}] if role else []), *others]
    step: dict[str, Any] = {"recipients": told}
    if after:
        step["after_minutes"] = _number(f"step{number}.after", after)
    if typed.get(f"step{number}.severity"):
        step["severity"] = typed[f"step{number}.severity"]
    return step
