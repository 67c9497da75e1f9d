"""The form of a rule: a body as what is typed, and what is typed as a body."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from werkzeug.datastructures import MultiDict

from wfweb.kernel.errors import ValidationFailed

STEPS: Final = 2
PLAIN: Final = (
    "code", "name", "severity", "record_type", "cooldown_minutes", "daily_cap", "metric",
    "operator", "raise_at", "clear_at", "check", "category_field", "cron", "time_zone", "event",
    "expires_hours",
)  # fmt: skip
NUMBERS: Final = frozenset({"cooldown_minutes", "daily_cap", "expires_hours"})
SHOWN: Final = frozenset(
    {
        "name", "record_type", "condition", "severity", "title", "message", "roles", "people",
        "fields", "channels", "cooldown_minutes", "daily_cap", "expires_hours",
    }
)  # fmt: skip
OF_KIND: Final = {
    "threshold": frozenset({"metric", "operator", "raise_at", "clear_at"}),
    "inventory": frozenset({"check", "category", "operator", "raise_at", "clear_at"}),
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
    condition = body.get("condition")
    typed["condition"] = (
        orjson.dumps(condition, option=orjson.OPT_INDENT_2).decode() if condition else ""
    )
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
    :raises ValidationFailed: when the condition is no JSON, or a number none.
    """
    body: dict[str, Any] = {
        name: value
        for name, value in (before or {}).items()
        if name in {"stock", "raise_again_hours"}
    }
    body["type"] = typed.get("type", "")
    for name in PLAIN:
        value = typed.get(name, "")
        if value not in {"", None}:
            body[name] = _number(name, value) if name in NUMBERS else value
    body["channels"] = typed.get("channels") or ["in_app"]
    body["recipients"] = [{"role": role} for role in typed.get("roles", ())]
    body["recipients"] += [{"user": one} for one in _split(typed.get("people", ""))]
    body["recipients"] += [{"field": one} for one in _split(typed.get("fields", ""))]
    body["category"] = _split(typed.get("category", ""))
    body["levels"] = typed.get("levels", [])
    body["auto_resolve"] = not typed.get("manual")
    template = {name: typed[name] for name in ("title", "message") if typed.get(name)}
    if template:
        body["template"] = template
    if typed.get("condition"):
        body["condition"] = _condition(typed["condition"])
    body["escalation"] = [step for number in range(STEPS) if (step := _step(typed, number))]
    return body


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _number(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 9):  # noqa: PLR2004 - digits
        raise ValidationFailed.at(f"/{name}", "Write a whole number", "number")
    return int(value)


def _condition(text: str) -> Any:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        message = 'Write a condition such as {"field": "category", "operator": "=", "value": "x"}'
        raise ValidationFailed.at("/condition", message, "json")
    return found


def _step(typed: Typed, number: int) -> dict[str, Any] | None:
    after, role = typed.get(f"step{number}.after", ""), typed.get(f"step{number}.role", "")
    if not after and not role:
        return None
    step: dict[str, Any] = {"recipients": [{"role": role}] if role else []}
    if after:
        step["after_minutes"] = _number(f"step{number}.after", after)
    if typed.get(f"step{number}.severity"):
        step["severity"] = typed[f"step{number}.severity"]
    return step
