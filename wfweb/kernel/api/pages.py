"""From a statement to the page of a list that a program asked for."""

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute

from wfweb.kernel.api.schemas import Page, PageQuery
from wfweb.kernel.paging import keyset

Shape = TypeVar("Shape", bound=Page[Any])


def page_of(
    shape: type[Shape],
    statement: Select[Any],
    columns: Sequence[InstrumentedAttribute[Any]],
    query: PageQuery,
    *,
    falling: bool = False,
) -> Shape:
    """Return one page of rows, each shown as ``shape`` says.

    :param columns: the order, as :func:`wfweb.kernel.paging.keyset` takes it.
    :param falling: from the largest values to the smallest.
    :raises ValidationFailed: when ``query.after`` is no cursor of this list.
    """
    rows, following = keyset(
        statement, columns, after=query.after, limit=query.limit, falling=falling
    )
    return shape.model_validate({"items": rows, "next": following})
