"""Title templates such as ``{customer} {amount}``: names in braces and nothing else."""

import re
from collections.abc import Mapping
from typing import Any, Final

from wfweb.kernel.errors import ValidationFailed
from wfweb.records.fields import Field

MAX_TITLE: Final = 300
_NAME = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_UNSHOWN = frozenset({"lines", "file"})
_SPACE = re.compile(r"\s+")


def names_in(template: str) -> list[str]:
    """Return the field codes that a template names, in order."""
    return _NAME.findall(template)


def check_template(
    template: str, fields: Mapping[str, Field], *, at: str = "/title_template"
) -> None:
    """Check a title template.

    :raises ValidationFailed: for stray braces, unknown fields, lines, files and personal data.
    """
    if len(template) > MAX_TITLE or re.search(r"[{}]", _NAME.sub("", template)):
        message = "Write field codes in braces, such as {customer} {amount}."
        raise ValidationFailed.at(at, message, "template")
    for name in names_in(template):
        field = fields.get(name)
        if field is None or field.type in _UNSHOWN:
            raise ValidationFailed.at(at, f"{{{name}}} is no field a title can show.", "template")
        if field.pii:
            # Titles travel in mails, lists and the audit trail, where nothing masks them.
            message = f"{{{name}}} holds personal data, which a title would show everywhere."
            raise ValidationFailed.at(at, message, "personal_data")


def render_title(
    template: str,
    fields: Mapping[str, Field],
    data: Mapping[str, Any],
    labels: Mapping[str, str],
) -> str:
    """Return the title of a record on one line; empty when nothing in it has a value.

    :param labels: names of people and records by their id.
    """
    named = _NAME.sub(
        lambda match: plain_text(fields.get(match[1]), data.get(match[1]), labels), template
    )
    return _SPACE.sub(" ", named).strip()[:MAX_TITLE]


def plain_text(field: Field | None, value: Any, labels: Mapping[str, str]) -> str:
    """Return a value as unformatted words: labels for choices, people and records."""
    if field is None or value is None:
        return ""
    if field.type == "money":
        amount, currency = value["amount"], value["currency"]
        whole, point, cents = amount.partition(".")
        return (
            f"{currency} {int(whole):,}{point}{cents}" if whole != "-0" else f"{currency} {amount}"
        )
    if field.type == "boolean":
        return "yes" if value else "no"
    if field.type == "choice":
        return field.choice_label(value)
    if field.type in {"person", "reference"}:
        return labels.get(str(value), "")
    return str(value)
