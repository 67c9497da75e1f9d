"""The demo's board has clocks at every level, whatever the hour at which the demo is made."""

from collections import Counter

import pytest
from flask import Flask
from sqlalchemy import select

from wfweb.events.models import OutboxMessage
from wfweb.identity.service.companies import create_company
from wfweb.kernel.db import session, transaction
from wfweb.kernel.ids import new_id
from wfweb.packs import demo, install, read_pack
from wfweb.sla.models import LEVELS, SlaClock


@pytest.mark.slow
@pytest.mark.committed
def test_the_demo_has_clocks_at_every_level(committed_app: Flask):
    pack = read_pack("commerce")
    company = new_id()
    with transaction(company_id=company, system=True):
        create_company(company, "Kestrel Dairy")
    with transaction(company_id=company):
        assert install(pack).sla == 3
        demo.add_people(pack)
    with transaction(company_id=company):
        assert install(pack).sla == 0
    for _key in demo.act_out(pack, company):
        pass
    with transaction(company_id=company):
        clocks = (
            session().execute(select(SlaClock.level, SlaClock.status, SlaClock.completed_at)).all()
        )
        unsent = session().scalar(
            select(OutboxMessage.id)
            .where(OutboxMessage.kind == "sla.act_on_level", OutboxMessage.state == "pending")
            .limit(1)
        )
    running = Counter(level for level, _s, done in clocks if done is None)
    assert set(running) == set(LEVELS)
    assert unsent is None
    assert {status for _l, status, _d in clocks} >= {"met", "breached", "active"}
