"""Reading and writing definition files: YAML and JSON, with limits on what is read.

Files come from anywhere, so nothing that costs more than it weighs is accepted: no
anchors, no aliases, no tags, no deep nesting, no second value for one key (threat 73).
"""

import hashlib
import json
import re
from collections.abc import Hashable
from decimal import Decimal, InvalidOperation
from typing import Any

import yaml
from pydantic import ValidationError
from yaml import CSafeLoader

from wfweb.workflow.problems import BrokenFile, Problem
from wfweb.workflow.schemas import DefinitionBody, full, short

MAX_BYTES = 1_000_000
MAX_DEPTH = 24
MAX_NODES = 60_000


class _Loader(CSafeLoader):
    """YAML with the few types of JSON: ``on`` and ``2026-01-01`` stay the text they are."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own class attribute

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[Any] = set()
        for key_node, _value in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise BrokenFile("a name has to be text", _line(key_node))
            if key in seen:
                raise BrokenFile(f"“{key}” is written twice", _line(key_node))
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


def _number(text: str, line: int | None = None) -> float:
    """Return a number that has not lost digits; amounts belong in quotes or few digits."""
    value = float(text)
    try:
        exact = Decimal(repr(value)) == Decimal(text)
    except InvalidOperation:
        exact = False
    if not exact:
        raise BrokenFile(f"{text} has more digits than a number keeps; put it in quotes", line)
    return value


def _yaml_float(loader: Any, node: Any) -> float:
    return _number(loader.construct_scalar(node), _line(node))


_TYPES: tuple[tuple[str, str, list[str]], ...] = (
    ("bool", r"^(?:true|false)$", ["t", "f"]),
    ("null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("int", r"^[-+]?(?:0|[1-9]\d*)$", list("-+0123456789")),
    ("float", r"^[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?$", list("-+.0123456789")),
)


def _teach(target: Any) -> None:
    for tag, pattern, first in _TYPES:
        target.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), first)


_teach(_Loader)
_Loader.add_constructor("tag:yaml.org,2002:float", _yaml_float)


def _check_events(text: str) -> None:
    """Walk the file once without building anything, and stop at what is not taken."""
    depth = nodes = 0
    for event in yaml.parse(text, Loader=CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise BrokenFile(f"aliases (*{event.anchor}) are not read; write it out", _line(event))
        anchor = getattr(event, "anchor", None)
        if anchor:
            raise BrokenFile(f"anchors (&{anchor}) are not read; write it out", _line(event))
        if isinstance(event, yaml.NodeEvent):
            nodes += 1
            if getattr(event, "tag", None) is not None:
                raise BrokenFile(f"tags ({event.tag}) are not read", _line(event))  # type: ignore[attr-defined]
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise BrokenFile(f"nested deeper than {MAX_DEPTH} levels", _line(event))
        if nodes > MAX_NODES:
            raise BrokenFile(f"more than {MAX_NODES} values", _line(event))


def _read_yaml(text: str) -> Any:
    try:
        _check_events(text)
        documents = list(yaml.load_all(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BrokenFile(
            str(error.problem or "is not YAML"), mark.line + 1 if mark else None
        ) from None
    except yaml.YAMLError as error:
        raise BrokenFile(str(error).splitlines()[0]) from None
    except ValueError as error:  # an integer of thousands of digits
        raise BrokenFile(str(error)[:200]) from None
    if len(documents) != 1:
        raise BrokenFile(f"holds {len(documents)} documents; one is needed")
    return documents[0]


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise BrokenFile(f"“{key}” is written twice")
        found[key] = value
    return found


def _no_constant(text: str) -> Any:
    raise BrokenFile(f"{text} is not a number of JSON")


def _read_json(text: str) -> Any:
    try:
        value = json.loads(
            text, object_pairs_hook=_pairs, parse_float=_number, parse_constant=_no_constant
        )
    except json.JSONDecodeError as error:
        raise BrokenFile(error.msg, error.lineno) from None
    except RecursionError:
        raise BrokenFile(f"nested deeper than {MAX_DEPTH} levels") from None
    except ValueError as error:
        raise BrokenFile(str(error)[:200]) from None
    _check_depth(value)
    return value


def _check_depth(root: Any) -> None:
    level: list[Any] = [root]
    nodes = 0
    for _depth in range(MAX_DEPTH + 1):
        nodes += len(level)
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
        if nodes > MAX_NODES:
            raise BrokenFile(f"more than {MAX_NODES} values")
        if not below:
            return
        level = below
    raise BrokenFile(f"nested deeper than {MAX_DEPTH} levels")


def read(content: bytes | str) -> dict[str, Any]:
    """Return the object a YAML or JSON file holds.

    :raises BrokenFile: with the line where known: not text, over 1,000,000 bytes, anchors,
        aliases, tags, a key twice, deeper than 24 levels, more than 60,000 values, no object.
    """
    raw = content.encode() if isinstance(content, str) else content
    if len(raw) > MAX_BYTES:
        raise BrokenFile(f"is larger than {MAX_BYTES:,} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BrokenFile("is not UTF-8 text", raw[: error.start].count(b"\n") + 1) from None
    if "\x00" in text:
        raise BrokenFile("holds a zero byte")
    if not text.strip():
        raise BrokenFile("is empty")
    value = _read_json(text) if text.lstrip()[0] in "{[" else _read_yaml(text)
    if not isinstance(value, dict):
        raise BrokenFile("is not an object with members such as code, states, transitions")
    return value


def parse(data: dict[str, Any]) -> tuple[DefinitionBody | None, list[Problem]]:
    """Return the body, or what is wrong with its form, each problem with its place."""
    try:
        return DefinitionBody.model_validate(data), []
    except ValidationError as error:
        return None, [
            Problem(_pointer(item["loc"]), _plain(item), "form")
            for item in error.errors(include_url=False, include_context=False)
        ]


def _pointer(location: tuple[int | str, ...]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


_WORDS = {
    "missing": "is needed",
    "extra_forbidden": "is not known here",
    "string_pattern_mismatch": "has characters that are not allowed here",
}


def _plain(item: Any) -> str:
    kind, name = item["type"], str(item["loc"][-1]) if item["loc"] else "the file"
    if kind == "string_pattern_mismatch" and name in {"code", "from", "to", "role", "action"}:
        return f"“{name}” is lower-case letters, digits and _ and begins with a letter"
    if kind in _WORDS:
        return f"“{name}” {_WORDS[kind]}"
    message = str(item["msg"]).removeprefix("Value error, ")
    return f"“{name}”: {message[:1].lower()}{message[1:]}"


class _Dumper(yaml.SafeDumper):
    """Lists are indented under their name, as people write them; no alias is ever made."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002, ARG002 - PyYAML's signature
        super().increase_indent(flow, False)


# Text that the reader above would take for a number has to be quoted as well.
_teach(_Dumper)


def export_yaml(body: DefinitionBody) -> str:
    """Return the definition as YAML; reading and exporting it again gives the same bytes."""
    return str(
        yaml.dump(
            short(body),
            Dumper=_Dumper,
            sort_keys=False,
            allow_unicode=True,
            default_flow_style=False,
            width=100,
        )
    )


def export_json(body: DefinitionBody) -> str:
    """Return the definition as indented JSON."""
    return json.dumps(short(body), ensure_ascii=False, indent=2) + "\n"


def digest(body: DefinitionBody) -> str:
    """Return the SHA-256 of the body written canonically (sorted, without spaces)."""
    text = json.dumps(full(body), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
