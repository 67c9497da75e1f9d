"""What a record's page shows of its workflows: steps as buttons, and a card with the story.

Filled into the slots ``record.actions`` and ``record.side`` by wiring, so that records know
nothing of workflows.
"""

from flask import render_template

from wfweb.identity.access import user_or_none
from wfweb.records.models import Record
from wfweb.workflow import queries, rules, service
from wfweb.workflow.loading import load


def record_actions(record: Record) -> str:
    """Return the steps the reader may take now, and the workflows that can be started."""
    if user_or_none() is None or record.archived_at is not None:
        return ""
    running = [one for one in queries.instances_for(record.id) if one.status == "active"]
    steps = []
    for one in running:
        loaded = load(one.id, lock=False)
        steps += [
            {
                "loaded": loaded,
                "way": way,
                "label": rules.label_of(way),
                "blocked": blocked,
                "comment": rules.needs_comment(loaded.definition, way),
            }
            for way, blocked in service.available(loaded)
        ]
    open_ids = {one.definition_id for one in running}
    starts = [
        definition
        for definition in queries.startable(record.type_code)
        if definition.id not in open_ids
    ]
    return render_template("workflow/_actions.html", record=record, steps=steps, starts=starts)


def record_side(record: Record) -> str:
    """Return the card with the state and the history of the record's workflows."""
    if user_or_none() is None:
        return ""
    cards = [
        {"loaded": load(one.id, lock=False), "instance": one, "history": queries.history_of(one.id)}
        for one in queries.instances_for(record.id)[:3]
    ]
    return render_template("workflow/_side.html", record=record, cards=cards) if cards else ""
