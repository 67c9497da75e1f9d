"""What ``wfweb up`` says when everything answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console


def welcome(console: Console, address: str, data: Path, *, mail: bool) -> None:
    """Print the address, the mail page and who can sign in."""
    console.print(f"\nwfweb runs at [bold]{address}[/bold]")
    if mail:
        console.print(f"Mail it sends: {address}/dev/mail")
    sign_ins = _sign_ins(data)
    if sign_ins:
        table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
        for heading in ("Sign in as", "Password"):
            table.add_column(heading, no_wrap=True, min_width=18)
        table.add_column("Who")
        for entry in sign_ins:
            table.add_row(entry["email"], entry["password"], entry["who"])
        console.print()
        console.print(table)
    console.print(f"\nLogs are in {data / 'log'}. Ctrl-C stops everything; the data stays.")


def _sign_ins(data: Path) -> list[dict[str, str]]:
    try:
        found = json.loads((data / "sign_ins.json").read_text())
        return [{key: str(entry[key]) for key in ("email", "password", "who")} for entry in found]
    except (OSError, ValueError, KeyError, TypeError):
        return []
