"""Leaving of an answer only what ``fields=`` asks for."""

from collections.abc import Iterable, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from wfweb.kernel.api.schemas import Page
from wfweb.kernel.errors import ValidationFailed


def require_known(model: type[BaseModel], paths: Iterable[list[str]]) -> None:
    """Check the names by the model, so that an empty list refuses them as a full one does.

    :raises ValidationFailed: when a name is not there.
    """
    if issubclass(model, Page):
        model = _model_in(model.model_fields["items"].annotation) or model
    for first, *rest in paths:
        known = _names(model)
        _require(first, known)
        inner = _model_in(known[first])
        if rest and inner is not None:
            _require(rest[0], _names(inner), f"{first}.")


def _require(name: str, known: Mapping[str, Any], above: str = "") -> None:
    if name not in known:
        message = f"There is no {above}{name[:60]}; there is {', '.join(sorted(known))}"
        raise ValidationFailed.at("/fields", message, "query")


def _names(model: type[BaseModel]) -> dict[str, Any]:
    """Return the members as they are written, with what each holds."""
    fields = {
        info.serialization_alias or name: info.annotation
        for name, info in model.model_fields.items()
    }
    return {**fields, **dict.fromkeys(model.model_computed_fields)}


def _model_in(kind: Any) -> type[BaseModel] | None:
    """Return the model that is, or may be, the value or an item of it."""
    if isinstance(kind, type) and not get_args(kind):
        return kind if issubclass(kind, BaseModel) else None
    if get_origin(kind) is dict:
        return None  # its names are data
    return next((found for one in get_args(kind) if (found := _model_in(one))), None)


def only(values: dict[str, Any], paths: Iterable[list[str]]) -> dict[str, Any]:
    """Return what is asked for; in a list, of every item."""
    if set(values) == {"items", "next"}:
        return {**values, "items": [_picked(item, paths) for item in values["items"]]}
    return _picked(values, paths)


def _picked(item: dict[str, Any], paths: Iterable[list[str]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for first, *rest in paths:
        if not rest:
            found[first] = item[first]
        elif isinstance(item[first], dict):
            # What one record lacks another may have: absent is not wrong below the first level.
            inner = found.setdefault(first, {})
            if rest[0] in item[first]:
                inner[rest[0]] = item[first][rest[0]]
    return found
