"""``wfweb pack``: bring kinds of work into a company."""

from __future__ import annotations

from dataclasses import asdict

import click

from wfweb.cli.outcome import answer, json_option, progress
from wfweb.cli.running import application
from wfweb.cli.user import acting, company_named


@click.group("pack")
def command() -> None:
    """List and install packs of record types, matrices and workflows."""


@command.command("list")
@json_option
def list_packs(*, as_json: bool) -> None:
    """List the packs this version ships."""
    from wfweb.packs import available, read_pack

    packs = [read_pack(code) for code in available()]
    rows = [{"code": p.code, "name": p.name, "description": p.description} for p in packs]
    answer(rows, as_json=as_json, text="\n".join(f"{p.code}  {p.description}" for p in packs))


@command.command("install")
@click.argument("code")
@click.option("--company", default="", help="Name of the company; needed when there are several.")
@click.option("--demo", is_flag=True, help="Add made-up people and records as well.")
@json_option
def install_pack(code: str, company: str, *, demo: bool, as_json: bool) -> None:
    """Install a pack into a company, or bring it up to date."""
    from wfweb.kernel.db import transaction
    from wfweb.packs import demo as stage
    from wfweb.packs import install, read_pack

    pack = read_pack(code)
    with application():
        company_id, _made = company_named(company)
        with transaction(actor=acting(company_id)):
            done = install(pack)
        records = 0
        if demo:
            with transaction(actor=acting(company_id)):
                stage.add_people(pack)
            with progress("Acting out the demo", sum(1 for _ in pack.demo_records())) as step:
                for _key in stage.act_out(pack, company_id):
                    records += 1
                    step(1)
    text = (
        f"{pack.name}: {done.record_types} record types, {done.matrices} matrices, "
        f"{done.workflows} workflows, {done.alert_rules} alert rules, {done.lock_types} kinds of "
        f"locks and {done.roles} roles are new or changed"
        + (f"; {records} demo records." if demo else ".")
    )
    answer({**asdict(done), "records": records}, as_json=as_json, text=text)
