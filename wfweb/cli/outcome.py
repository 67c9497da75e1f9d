"""What commands share: answers as text or JSON, exit codes, progress on a terminal."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REFUSED: Final = 1
USAGE: Final = 2

F = TypeVar("F", bound="Callable[..., Any]")


def json_option(function: F) -> F:
    """Add ``--json`` as the parameter ``as_json``."""
    option = click.option("--json", "as_json", is_flag=True, help="Answer with JSON.")
    return option(function)


def answer(data: Any, *, as_json: bool, text: str = "") -> None:
    """Print ``data`` as one line of JSON, or ``text`` for people."""
    click.echo(json.dumps(data, default=str, ensure_ascii=False) if as_json else text)


def console() -> Console:
    """A console for people: on the error stream, so that JSON on the other one stays clean."""
    return Console(stderr=True, highlight=False)


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal, nothing elsewhere; yields a function that takes steps.

    ``total`` and the steps count the same things, whatever they are.
    """
    if not sys.stderr.isatty():
        yield lambda _steps: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console()) as bar:
        task = bar.add_task(label, total=total)
        yield lambda steps: bar.advance(task, steps)


def sentence_for(error: BaseException) -> tuple[str, int] | None:
    """The sentence and exit code for an error people can act on, None for a defect of ours."""
    from sqlalchemy.exc import OperationalError

    from wfweb.dev.errors import ServersError
    from wfweb.kernel.errors import Refusal
    from wfweb.kernel.settings import SettingsError

    if isinstance(error, Refusal):
        return f"{error.title}: {error.detail}" if error.detail else error.title, REFUSED
    if isinstance(error, ServersError | SettingsError):
        return str(error), USAGE
    if isinstance(error, OperationalError):
        reason = str(error.orig).strip().splitlines()
        return f"The database does not answer: {reason[0] if reason else error}", USAGE
    return None
