"""Demo data for a first look: one company with its packs, whose people can all sign in."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from sqlalchemy import exists, select

from wfweb.dev import preparation
from wfweb.identity.service import create_company
from wfweb.kernel.db import session, transaction
from wfweb.kernel.ids import new_id
from wfweb.kernel.tenancy import Company
from wfweb.packs import demo, install, read_pack

if TYPE_CHECKING:
    from pathlib import Path

SIGN_INS: Final = "sign_ins.json"


def ensure(data: Path) -> None:
    """Fill an empty database and write down who can sign in; one with companies stays as it is."""
    with transaction(system=True):
        if session().scalar(select(exists().where(Company.id.is_not(None)))):
            return
    preparation.begin(data)
    packs, company_id = [read_pack(code) for code in demo.SHOWN], new_id()
    with transaction(company_id=company_id, system=True):
        create_company(company_id, str(packs[0].people()["company"]))
        for pack in packs:
            install(pack)
            demo.add_people(pack)
    for pack in packs:
        for _key in demo.act_out(pack, company_id):
            pass
    sign_ins = [asdict(entry) for entry in demo.all_sign_ins(packs)]
    (data / SIGN_INS).write_text(json.dumps(sign_ins, indent=1))
