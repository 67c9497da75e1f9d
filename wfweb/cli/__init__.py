"""The command line: ``wfweb NOUN VERB``.

Every module named in ``COMMANDS`` holds one ``command`` (a click command or group) and is only
imported when it is called, so that ``wfweb --help`` stays quick. Exit codes everywhere: 0 fine,
1 refused or differences found, 2 wrong usage or environment. ``--json`` makes a command answer
with JSON on its last line; people's words go to the error stream then.
"""

from __future__ import annotations

import importlib
import sys
from typing import Final

import click

from wfweb import __version__

# name: module in this package. One line a noun; the help text is the first line of its command.
COMMANDS: Final = {
    "up": "up",
    "prepare": "up",
    "web": "web",
    "worker": "processes",
    "relay": "processes",
    "timers": "processes",
    "migrate": "migrate",
    "doctor": "doctor",
    "user": "user",
    "token": "token",
    "pack": "pack",
    "workflow": "workflow",
    "replay": "replay",
}


class Nouns(click.Group):
    """A group that imports a command's module when it is named."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command with this name, or None, which click reports with its nearest names."""
        module_name = COMMANDS.get(cmd_name)
        if module_name is None:
            return None
        module = importlib.import_module(f"wfweb.cli.{module_name}")
        found = getattr(module, cmd_name, None) or module.command
        return found if isinstance(found, click.Command) else None


@click.group(cls=Nouns, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="wfweb")
def root() -> None:
    """Approvals and workflow governance: run it, look after it, try definitions on real logs."""


def main() -> None:
    """Run the command line and exit with its code; known failures become one sentence."""
    from wfweb.cli.outcome import sentence_for

    try:
        root(prog_name="wfweb")
    except Exception as error:
        known = sentence_for(error)
        if known is None:
            raise
        sentence, code = known
        click.echo(sentence, err=True)
        sys.exit(code)
