"""Comments with mentions, files, links and the timeline that merges them."""

from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import select

from tests.people import People, add_person
from tests.records.conftest import line
from tests.support.talk import said_about
from wfweb.events import subscribe_now
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import NotFound, TooLarge, Unavailable, ValidationFailed
from wfweb.records import files, talk, timeline
from wfweb.records.events import CommentAdded, FileAttached
from wfweb.records.models import Attachment, Record, RecordType
from wfweb.records.queries import links_of, type_of
from wfweb.records.service import create_record, update_record
from wfweb.records.types import shape_of


@pytest.fixture
def heard() -> list[CommentAdded]:
    found: list[CommentAdded] = []
    subscribe_now(CommentAdded, found.append)
    return found


def said(order: Record, people: People, body: str) -> None:
    with transaction(actor=people.rui.actor):
        talk.comment("record", order.id, body)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("@ada look", ["ada"]),
        ("(@ADA@kestrel.example).", ["ada"]),
        ("@ada, @mia. and @ada again", ["ada", "mia"]),
        ("mail ada@kestrel.example is no mention", []),
        ("@nobody and @", []),
        ("@eve is of another company", []),
    ],
)
def test_mentions_are_colleagues_by_name_or_address(
    order: Record, people: People, heard: list[CommentAdded], body: str, names: list[str]
) -> None:
    said(order, people, body)
    assert list(heard[-1].mentioned_ids) == [getattr(people, name).id for name in names]


def test_a_name_that_fits_two_people_mentions_nobody(
    order: Record, people: People, heard: list[CommentAdded]
) -> None:
    add_person(people.rui.company_id, "ada@other.example", "Ada Other")
    said(order, people, "@ada @ada@other.example")
    assert len(heard[-1].mentioned_ids) == 1


def test_people_who_may_not_see_the_record_are_not_told(
    order: Record, order_type: RecordType, people: People, heard: list[CommentAdded]
) -> None:
    with transaction(actor=people.alma.actor):
        order_type.permissions = {"view": "committee"}
    said(order, people, "@ada @cleo")
    assert list(heard[-1].mentioned_ids) == [people.cleo.id]


@pytest.mark.parametrize("body", ["", "  \n", "x" * 10_001, "a\0b", "\udc00", None, 5])
def test_comments_that_cannot_be_kept_are_refused(
    order: Record, people: People, body: object
) -> None:
    with transaction(actor=people.rui.actor), pytest.raises(ValidationFailed) as caught:
        talk.comment("record", order.id, body)  # type: ignore[arg-type]
    assert caught.value.errors[0].pointer == "/body"


def test_a_stranger_cannot_comment(order: Record, people: People) -> None:
    with transaction(actor=people.rui.actor):
        order_id = order.id
    with transaction(actor=people.eve.actor), pytest.raises(NotFound):
        talk.comment("record", order_id, "hello")


def test_comments_stand_in_order_and_cannot_be_rewritten(order: Record, people: People) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    said(order, people, "first")
    said(order, people, "second")
    with transaction(actor=people.rui.actor):
        assert said_about(order.id) == ["first", "second"]
    with pytest.raises(DBAPIError), transaction(actor=people.rui.actor):
        session().execute(text("update comments set body = 'x'"))


def test_segments_mark_only_known_mentions() -> None:
    text = "Hi @ada, @bob <b>"
    assert talk.segments(text, ["ada@kestrel.example"]) == [
        ("Hi ", False),
        ("@ada", True),
        (", @bob <b>", False),
    ]


def upload(content: bytes = b"%PDF-1.7 x", name: str = "a.pdf", **more: int):
    return files.received(BytesIO(content), name, **more)


def test_a_file_is_stored_with_its_digest_and_told(order: Record, people: People) -> None:
    heard: list[FileAttached] = []
    subscribe_now(FileAttached, heard.append)
    with upload() as file, transaction(actor=people.rui.actor):
        attachment = talk.attach_to_record(order.id, file)
        assert attachment.size_bytes == 10
        assert len(attachment.sha256) == 64
    assert heard[-1].attachment_id
    with transaction(actor=people.rui.actor):
        [row] = files.files_of(order.id)
        with files.storage().open(row.storage_id) as stored:
            assert stored.read() == b"%PDF-1.7 x"


def test_when_the_act_fails_no_bytes_are_left(order: Record, people: People) -> None:
    kept = []

    def act() -> None:
        with upload() as file, transaction(actor=people.rui.actor):
            kept.append(file.storage_id)
            talk.attach_to_record(order.id, file)
            talk.attach_to_record(people.rui.id, file)

    with pytest.raises(NotFound):
        act()
    with pytest.raises(FileNotFoundError):
        files.storage().open(kept[0])
    with transaction(actor=people.rui.actor):
        assert files.files_of(order.id) == []


def test_a_file_over_the_limit_is_too_large(people: People) -> None:
    with pytest.raises(TooLarge), upload(b"%PDF-" + b"x" * 5000, limit_bytes=4999):
        pass


def test_a_full_disk_is_told_and_leaves_nothing(
    order: Record, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wfweb.kernel.storage import LocalStorage

    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(LocalStorage, "put", full)
    with pytest.raises(Unavailable), upload():
        pass


def test_only_who_uploaded_may_use_a_staged_file_and_it_goes_after_a_day(
    order: Record, people: People
) -> None:
    with upload() as file, transaction(actor=people.rui.actor):
        staged_id = files.stage(file).id
        storage_id = file.storage_id
    with transaction(actor=people.mia.actor), pytest.raises(ValidationFailed) as caught:
        update_record(order.id, {"quote": str(staged_id)}, version=1)
    assert caught.value.errors[0].pointer == "/quote"
    with clock.at(clock.now() + timedelta(hours=25)), transaction(actor=people.rui.actor):
        assert files.discard_staged() == 1
    with pytest.raises(FileNotFoundError):
        files.storage().open(storage_id)


def test_a_staged_file_becomes_the_records_and_then_stays(order: Record, people: People) -> None:
    with upload() as file, transaction(actor=people.rui.actor):
        staged_id = files.stage(file).id
    with transaction(actor=people.rui.actor):
        update_record(order.id, {"quote": str(staged_id)}, version=1)
        assert session().get_one(Attachment, staged_id).subject_id == order.id
    with clock.at(clock.now() + timedelta(hours=25)), transaction(actor=people.rui.actor):
        assert files.discard_staged() == 0
    with transaction(actor=people.rui.actor), pytest.raises(ValidationFailed):
        talk.detach_from_record(order.id, staged_id)


def test_a_file_of_another_record_cannot_be_borrowed(
    order: Record, customer: Record, people: People
) -> None:
    with upload() as file, transaction(actor=people.rui.actor):
        theirs = talk.attach_to_record(customer.id, file).id
    with transaction(actor=people.rui.actor):
        with pytest.raises(ValidationFailed):
            update_record(order.id, {"quote": str(theirs)}, version=1)
        with pytest.raises(NotFound):
            talk.detach_from_record(order.id, theirs)


def test_links_show_on_both_records_and_twice_is_once(
    order: Record, customer: Record, people: People
) -> None:
    with transaction(actor=people.rui.actor):
        link = talk.link_records(order.id, customer.id, "follows")
        session().flush()
        assert talk.link_records(order.id, customer.id, "follows").id == link.id
        [(_, other, outgoing)] = links_of(customer.id)
        assert (other.id, outgoing) == (order.id, False)
        talk.unlink_records(customer.id, link.id)
        session().flush()
        assert links_of(order.id) == []


def test_the_timeline_merges_everything_newest_first(order: Record, people: People) -> None:
    begun = clock.now()
    acts = [
        lambda: update_record(order.id, {"reason": "why"}, version=1),
        lambda: talk.comment("record", order.id, "a word"),
        lambda: update_record(order.id, {"lines": [line(quantity="4")]}, version=2),
    ]
    for number, act in enumerate(acts, start=1):
        with clock.at(begun + timedelta(minutes=number)), transaction(actor=people.mia.actor):
            act()
    with transaction(actor=people.rui.actor):
        shape = shape_of(type_of(order))
        found, older = timeline.entries(order, shape)
        texts = [entry.text for entry in found]
        assert older is None
        assert texts[1] == "commented"
        assert texts[0].startswith("changed Amount, Lines")
        assert texts[3] == "created it"
        assert found[0].rows[0]["old"] == "€21.00"
        assert found[0].rows[0]["new"] == "€42.00"
        seen: list[str] = []
        before = None
        while True:
            part, before = timeline.entries(order, shape, before=before, limit=1)
            seen += [entry.key for entry in part]
            if before is None:
                break
        assert seen == [entry.key for entry in found], "pages lose and repeat nothing"


def test_nothing_of_another_company_is_reachable(order: Record, people: People) -> None:
    with upload() as file, transaction(actor=people.rui.actor):
        mine = talk.attach_to_record(order.id, file).id
        talk.comment("record", order.id, "secret")
        order_id = order.id
    with transaction(actor=people.eve.actor):
        session().expunge_all()
        with pytest.raises(NotFound):
            files.get_attachment(mine)
        assert said_about(order_id) == []
        assert session().scalars(select(Attachment)).all() == []
        with pytest.raises(NotFound):
            create_record("customer", {"name": "x"})
