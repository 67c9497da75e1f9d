"""``wfweb worker``, ``relay`` and ``timers``: the processes behind the web."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from flask import Flask


def _app() -> Flask:
    """The application of the named servers, or of the installation that runs in this checkout."""
    from wfweb.app import create_app
    from wfweb.dev.environment import installation

    with installation(start=False):
        return create_app()


@click.command()
@click.argument("lane", type=click.Choice(["inside", "outside"]))
@click.option("--burst", is_flag=True, help="End when the lane is empty.")
def worker(lane: str, *, burst: bool) -> None:
    """Do what follows from acts; one lane a worker.

    LANE "inside" changes the database only, "outside" speaks to other systems (mail, webhooks).
    """
    from wfweb.worker import run_worker

    run_worker(_app(), lane, burst=burst)


@click.command()
def relay() -> None:
    """Hand stored effects to the workers."""
    from wfweb.worker import run_relay

    run_relay(_app())


@click.command()
def timers() -> None:
    """Fire what falls due; any number of these may run."""
    from wfweb.worker import run_timers

    run_timers(_app())
