"""What a request asks about: its snapshot, its digest, and the difference of two of them.

Pure. The digest covers exactly the material fields and the attachments that people are
shown, so a decision that names it names the content (reliability section 0, row 12).
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wfweb.kernel.jsontext import canonical

Snapshot = dict[str, Any]
Difference = list[dict[str, Any]]


def material_codes(fields: Sequence[Mapping[str, Any]], named: Iterable[str]) -> list[str]:
    """Return the codes of the fields an approval is about; without any named, all of them.

    :param named: the record type's ``material_fields``; fields may also say it themselves.
    """
    chosen = {*named, *(field["code"] for field in fields if field.get("material"))}
    return [field["code"] for field in fields if not chosen or field["code"] in chosen]


def take_snapshot(
    *,
    type_code: str,
    record_key: str,
    title: str,
    fields: Sequence[Mapping[str, Any]],
    material: Sequence[str],
    data: Mapping[str, Any],
    attachments: Sequence[Mapping[str, Any]] = (),
) -> Snapshot:
    """Return exactly what deciders are shown, with labels, as plain JSON."""
    wanted = set(material)
    shown = [
        {
            "code": field["code"],
            "label": field.get("label") or field["code"],
            "type": field.get("type", "text"),
            "value": data.get(field["code"]),
            **_line_labels(field),
        }
        for field in fields
        if field["code"] in wanted
    ]
    return {
        "type": type_code,
        "key": record_key,
        "title": title,
        "fields": shown,
        "attachments": [dict(item) for item in attachments],
    }


def _line_labels(field: Mapping[str, Any]) -> dict[str, Any]:
    columns = field.get("fields")
    if not columns:
        return {}
    return {"columns": {c["code"]: c.get("label") or c["code"] for c in columns}}


def digest_of(snapshot: Snapshot) -> str:
    """Return the SHA-256 of the content; labels and the title do not count, values do."""
    content = {
        "type": snapshot["type"],
        "key": snapshot["key"],
        "fields": {field["code"]: field["value"] for field in snapshot["fields"]},
        "attachments": sorted(str(item.get("sha256", "")) for item in snapshot["attachments"]),
    }
    return hashlib.sha256(canonical(content)).hexdigest()


def difference(old: Snapshot | None, new: Snapshot) -> Difference:
    """Return what changed between two contents, field by field and line by line.

    Each entry has ``field`` (a pointer), ``label``, ``type``, ``was`` and ``now``. Without
    an old content everything counts as new.
    """
    before = {f["code"]: f for f in (old or {}).get("fields", ())}
    after = {f["code"]: f for f in new["fields"]}
    found: Difference = []
    for code in [*after, *(code for code in before if code not in after)]:
        field = after.get(code) or before[code]
        was, now = before.get(code, {}).get("value"), after.get(code, {}).get("value")
        if was == now:
            continue
        if field["type"] == "lines" and all(isinstance(v or [], list) for v in (was, now)):
            found += _line_difference(field, was or [], now or [])
        else:
            found.append(_entry(f"/{code}", field["label"], field["type"], was, now))
    return found + _attachment_difference(old, new)


def _entry(pointer: str, label: str, kind: str, was: object, now: object) -> dict[str, Any]:
    return {"field": pointer, "label": label, "type": kind, "was": was, "now": now}


def _line_difference(
    field: Mapping[str, Any], was: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]
) -> Difference:
    """Compare lines by their id, so that a line put in between is one change and not all."""
    columns: Mapping[str, str] = field.get("columns", {})
    before, after = _by_id(was), _by_id(now)
    found: Difference = []
    for line_id in [*after, *(key for key in before if key not in after)]:
        number, line = after.get(line_id) or before[line_id]
        label = f"{field['label']}, line {number}"
        pointer = f"/{field['code']}/{line_id}"
        if line_id not in before or line_id not in after:
            old = before[line_id][1] if line_id in before else None
            new = after[line_id][1] if line_id in after else None
            found.append(_entry(pointer, label, "line", old, new))
            continue
        old_line = before[line_id][1]
        for code in [*line, *(key for key in old_line if key not in line)]:
            if code != "id" and old_line.get(code) != line.get(code):
                name = f"{label}, {columns.get(code, code)}"
                found.append(
                    _entry(f"{pointer}/{code}", name, "text", old_line.get(code), line.get(code))
                )
    return found


def _by_id(lines: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, Mapping[str, Any]]]:
    return {str(line.get("id", n)): (n, line) for n, line in enumerate(lines, start=1)}


def _attachment_difference(old: Snapshot | None, new: Snapshot) -> Difference:
    before = {item.get("sha256"): item for item in (old or {}).get("attachments", ())}
    after = {item.get("sha256"): item for item in new["attachments"]}
    gone = [
        _entry("/attachments", "Attachment", "file", before[k]["name"], None)
        for k in before
        if k not in after
    ]
    come = [
        _entry("/attachments", "Attachment", "file", None, after[k]["name"])
        for k in after
        if k not in before
    ]
    return gone + come


def is_blank(text: str | None) -> bool:
    """Tell whether a text says nothing: white space, zero-width and control characters only."""
    return not any(
        character.isprintable() and not character.isspace() and character not in _INVISIBLE
        for character in text or ""
    )


# Printable by Unicode's account, yet nothing to see: fillers, and the blank Braille pattern.
_INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0\u2800\u17b4\u17b5\u034f\ufe00\ufe0f")
