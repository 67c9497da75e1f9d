"""Versions: draft, published, retired; what runs stays on its version."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.people import People
from tests.workflow.conftest import body
from tests.workflow.test_steps import begin, row
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Conflict, Forbidden, NotFound, ValidationFailed
from wfweb.workflow import definitions, service
from wfweb.workflow.errors import StepNotPossible

Publish = Callable[..., str]


def without_check() -> dict[str, Any]:
    content = body()
    content["transitions"][0] |= {"to": "done", "code": "shortcut", "event": "Shortcut"}
    content["transitions"] = content["transitions"][:1]
    content["states"] = [content["states"][0], content["states"][2]]
    return content


def test_running_instances_stay_on_their_version(world: People, published: Publish) -> None:
    old = begin(world, published())
    published(**without_check())
    new = begin(world, "order_check")
    with transaction(actor=world.rui.actor):
        assert service.fire(old, "check").state == "checked"
        assert service.fire(new, "shortcut").status == "completed"
    assert row(world, old).version_id != row(world, new).version_id


def test_versions_are_numbered_and_one_is_live(world: People, published: Publish) -> None:
    for name in ("One", "Two", "Three"):
        published(name=name)
    with transaction(actor=world.alma.actor):
        statuses = [definitions.version_of("order_check", n).status for n in (1, 2, 3)]
        assert statuses == ["retired", "retired", "published"]
        assert definitions.find("order_check").name == "Three"


@pytest.mark.parametrize(
    "statement",
    [
        "update workflow_versions set body = '{}' where status = 'published'",
        "update workflow_versions set digest = 'x' where status = 'published'",
        "update workflow_versions set number = 9 where status = 'published'",
        "update workflow_versions set status = 'draft' where status = 'published'",
        "delete from workflow_versions where status = 'published'",
    ],
)
def test_the_database_refuses_to_change_a_published_version(
    world: People, published: Publish, statement: str
) -> None:
    published()
    with pytest.raises(DBAPIError, match="published version"), transaction(actor=world.alma.actor):
        session().execute(text(statement))


def test_a_draft_may_have_problems_but_is_not_published(world: People) -> None:
    content = body(transitions=[])
    with transaction(actor=world.alma.actor):
        _draft, problems = definitions.save_draft(content)
        assert "dead_end" in [problem.code for problem in problems]
    with pytest.raises(ValidationFailed) as refused, transaction(actor=world.alma.actor):
        definitions.publish("order_check", comment="x")
    assert "/states/0" in [error.pointer for error in refused.value.errors]


def test_a_draft_somebody_changed_is_a_conflict(world: People) -> None:
    with transaction(actor=world.alma.actor):
        draft, _problems = definitions.save_draft(body())
        seen = draft.version
        definitions.save_draft(body(name="Newer"), expected_version=seen)
    with pytest.raises(Conflict), transaction(actor=world.alma.actor):
        definitions.save_draft(body(name="Mine"), expected_version=seen)
    with pytest.raises(Conflict), transaction(actor=world.alma.actor):
        definitions.publish("order_check", comment="x", expected_version=seen)


def test_an_old_version_comes_back_as_a_draft(world: People, published: Publish) -> None:
    published(name="One")
    published(name="Two")
    with transaction(actor=world.alma.actor):
        draft = definitions.draft_from("order_check", 1)
        assert (draft.number, definitions.body_of(draft).name) == (3, "One")
    with pytest.raises(Conflict), transaction(actor=world.alma.actor):
        definitions.draft_from("order_check", 2)
    with transaction(actor=world.alma.actor):
        definitions.discard_draft("order_check")
        assert definitions.version_of("order_check").number == 2


def test_a_retired_definition_starts_nothing_and_lets_things_go_on(
    world: People, published: Publish
) -> None:
    instance = begin(world, published())
    with transaction(actor=world.alma.actor):
        definitions.retire("order_check")
    with pytest.raises(NotFound):
        begin(world, "order_check")
    with transaction(actor=world.rui.actor):
        assert service.fire(instance, "check").state == "checked"


def test_drafting_and_publishing_need_permissions(world: People, published: Publish) -> None:
    published()
    acts: list[Callable[[], object]] = [
        lambda: definitions.save_draft(body()),
        lambda: definitions.draft_from("order_check", 1),
        lambda: definitions.publish("order_check", comment="x"),
        lambda: definitions.retire("order_check"),
        lambda: definitions.discard_draft("order_check"),
    ]
    for act in acts:
        with pytest.raises(Forbidden), transaction(actor=world.rui.actor):
            act()


def test_the_code_of_a_definition_stays(world: People, published: Publish) -> None:
    published()
    with pytest.raises(ValidationFailed, match="/code"), transaction(actor=world.alma.actor):
        definitions.save_draft(body(code="other"), code="order_check")


def test_an_import_and_an_export_give_the_same_bytes(world: People) -> None:
    from wfweb.workflow import exchange

    text_ = exchange.export_yaml(definitions.read_body(body()))
    with transaction(actor=world.alma.actor):
        definitions.import_definition(text_)
        assert definitions.export_definition("order_check") == text_
        as_json = definitions.export_definition("order_check", form="json")
        definitions.import_definition(as_json)
        assert definitions.export_definition("order_check") == text_


def test_another_company_has_its_own_definitions(world: People, published: Publish) -> None:
    published()
    with pytest.raises(NotFound), transaction(actor=world.eve.actor):
        definitions.find("order_check")
    with transaction(actor=world.eve.actor):
        definitions.save_draft(body(transitions=[]))
    with pytest.raises(StepNotPossible), transaction(actor=world.rui.actor):
        service.fire(begin(world, "order_check"), "finish")
