"""Demo data for a first look: one company with the commerce pack, whose people can all sign in."""

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

PACK: Final = "commerce"
SIGN_INS: Final = "sign_ins.json"


def ensure(data: Path) -> None:
    """Fill an empty database and write down who can sign in; one with companies stays as it is."""
    with transaction(system=True):
        if session().scalar(select(exists().where(Company.id.is_not(None)))):
            return
    preparation.begin(data)
    pack, company_id = read_pack(PACK), new_id()
    with transaction(company_id=company_id, system=True):
        create_company(company_id, str(pack.people()["company"]))
        install(pack)
        sign_ins = demo.add_people(pack)
    for _key in demo.act_out(pack, company_id):
        pass
    (data / SIGN_INS).write_text(json.dumps([asdict(entry) for entry in sign_ins], indent=1))
