"""``wfweb doctor``: is everything as it has to be, and if not, what is to be done."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console
from rich.table import Table

from wfweb.cli.outcome import REFUSED, answer, json_option
from wfweb.dev.environment import installation

if TYPE_CHECKING:
    from wfweb.cli.findings import Finding

_STYLES: Final = {"fine": "green", "watch": "yellow", "wrong": "bold red"}


@click.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """Check settings, database, rights, queue, outbox, locks, disk and clock."""
    from wfweb.cli import findings
    from wfweb.kernel.settings import load_settings

    with installation(start=False):
        found = findings.examine(load_settings())
    if as_json:
        answer([finding._asdict() for finding in found], as_json=True)
    else:
        _show(found)
    if any(finding.state == "wrong" for finding in found):
        sys.exit(REFUSED)


def _show(found: list[Finding]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), show_header=False)
    for finding in found:
        table.add_row(finding.part, finding.state, finding.detail, style=_STYLES[finding.state])
    Console(highlight=False, soft_wrap=not sys.stdout.isatty()).print(table)
