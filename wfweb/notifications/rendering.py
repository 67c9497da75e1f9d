"""From a kind and its context to a subject line, a text part and an HTML part."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import render_template
from sqlalchemy import select

from wfweb.kernel.db import session
from wfweb.kernel.errors import FieldError, ValidationFailed
from wfweb.notifications.kinds import KINDS, Kind, Words
from wfweb.notifications.models import MessageTemplate

NAME = re.compile(r"\{\{\s*([a-z_]{1,40})\s*\}\}")
LONGEST = {"subject": 300, "heading": 300, "body": 5000, "button": 80}
LONGEST_SUBJECT_LINE = 200


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message ready to be shown or sent."""

    subject: str
    heading: str
    text: str
    html: str


def fill(text: str, context: Mapping[str, Any]) -> str:
    """Replace ``{{names}}``; an unknown name becomes empty. Values are never read again."""
    return NAME.sub(lambda match: str(context.get(match.group(1), "")), text)


def one_line(text: str) -> str:
    """Return text that fits a header: no control characters, not too long."""
    clean = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return clean if len(clean) <= LONGEST_SUBJECT_LINE else clean[: LONGEST_SUBJECT_LINE - 1] + "…"


def words_of(kind: Kind) -> Words:
    """Return the company's own words of a kind, or the built-in ones."""
    own = session().scalar(select(MessageTemplate).where(MessageTemplate.kind == kind.code))
    if own is None:
        return kind.words
    return Words(subject=own.subject, heading=own.heading, body=own.body, button=own.button)


def check_words(kind: Kind, words: Words) -> None:
    """Refuse words that name what the kind does not know.

    :raises ValidationFailed: with the part and the name.
    """
    errors = []
    for part, limit in LONGEST.items():
        text = getattr(words, part)
        if len(text) > limit:
            errors.append(FieldError(f"/{part}", f"Use at most {limit} characters", "too_long"))
        if part in {"subject", "heading"} and not text.strip():
            errors.append(FieldError(f"/{part}", f"Write a {part}", "required"))
        rest = NAME.sub("", text)
        if "{{" in rest or "}}" in rest or "{%" in rest:
            errors.append(FieldError(f"/{part}", "Use names only as {{name}}", "syntax"))
        unknown = {name for name in NAME.findall(text) if name not in kind.sample}
        errors += [
            FieldError(f"/{part}", f"{{{{{name}}}}} is not known here", "unknown_name")
            for name in sorted(unknown)
        ]
    if errors:
        raise ValidationFailed(errors)


def render(kind: Kind, context: Mapping[str, Any], words: Words | None = None) -> Rendered:
    """Return a message: ``context`` holds the names, ``facts``, ``url`` and ``notes``."""
    chosen = words or words_of(kind)
    filled = replace(
        chosen,
        subject=one_line(fill(chosen.subject, context)),
        heading=one_line(fill(chosen.heading, context)),
        body=fill(chosen.body, context),
        button=one_line(fill(chosen.button, context)),
    )
    values = {
        "words": filled,
        "facts": [tuple(fact) for fact in context.get("facts", [])],
        "comments": context.get("comments", []),
        "parts": context.get("parts", []),
        "notes": context.get("notes", []),
        "url": context.get("url") or context.get("link", ""),
        "company": {"name": context.get("company", "wfweb")},
    }
    return Rendered(
        subject=filled.subject,
        heading=filled.heading,
        text=render_template("email/message.txt", **values),
        html=render_template("email/message.html", **values),
    )


def kind_of(code: str) -> Kind:
    """Return a kind of message.

    :raises KeyError: when there is none with this code.
    """
    return KINDS[code]
