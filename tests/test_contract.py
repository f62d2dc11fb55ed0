"""Every destination does what the outbox counts on. Authority: the interfaces (Outbox and worker), the table of answers."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from tests.contract import CASES, Case, plain
from tom_scimma import destinations
from tom_scimma.destinations import Destination, Need, Receipt
from tom_scimma.errors import Rejected, ReplyLost, Unavailable

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("app")]
KEY, OTHER = "a" * 64, "b" * 64


def test_every_destination_has_its_case(app):
    assert set(destinations.services()) == {name.partition("@")[0] for name in CASES}


@pytest.fixture(params=sorted(CASES))
def case(request, app, tmp_path, monkeypatch, settings) -> Case:
    with CASES[request.param](
        destinations.services()[request.param.partition("@")[0]], tmp_path, monkeypatch, settings
    ) as made:
        yield made


def since() -> datetime:
    return datetime.now(timezone.utc) - timedelta(seconds=30)


def test_it_says_what_it_is(case):
    there = case.destination
    found = destinations.find(there.full_name)
    assert isinstance(there, type(found))
    assert found.address == there.address
    assert there.name
    assert ":" not in there.name
    assert there.label
    assert {type(there.is_test), type(there.repeat_is_harmless), type(there.personal)} == {bool}
    assert 0 < there.seconds <= 600
    assert there.parallel >= 1
    origin = there.origin()
    assert origin == there.origin()
    with case.down():  # settings name another server; a person's contact is theirs, whatever settings say
        assert (there.origin() == origin) == (there.name == "people")


def test_received_once_with_a_receipt(case):
    before = case.arrived()
    receipt = case.destination.send(case.payload, KEY, case.credential)
    assert isinstance(receipt, Receipt)
    assert plain(dict(receipt.data))
    assert isinstance(receipt.id, str)
    assert case.arrived() == before + 1


def test_refused_is_rejected_and_has_not_arrived(case):
    payload, before = case.refused(), case.arrived()
    with pytest.raises(Rejected) as refused:
        case.destination.send(payload, KEY, case.credential)
    assert str(refused.value)
    assert plain(dict(refused.value.fields))
    assert case.arrived() == before


def test_a_service_that_is_down_is_unavailable_and_has_nothing(case):
    before = case.arrived()
    with case.down(), pytest.raises(Unavailable) as down:
        case.destination.send(case.payload, KEY, case.credential)
    assert str(down.value)
    assert case.arrived() == before


def test_a_lost_reply_is_a_lost_reply_and_is_found_where_that_is_possible(case):
    if case.losing is None:
        assert case.destination.repeat_is_harmless
        return
    with case.losing() as losing:
        there, begun = losing.destination, since()
        if there.can_find:
            assert there.find(losing.payload, OTHER, begun) is None  # never sent
        with pytest.raises(ReplyLost):
            there.send(losing.payload, KEY, losing.credential)
        assert losing.arrived() == 1
        if there.can_find:
            found = there.find(losing.payload, KEY, begun)
            assert isinstance(found, Receipt)
            assert there.find(losing.payload, OTHER, begun) is None or not losing.marked
            assert losing.arrived() == 1  # looking says nothing
        else:
            assert there.find(losing.payload, KEY, begun) is None


def test_people_can_read_what_it_says(case):
    text = case.destination.show(case.payload)
    assert isinstance(text, str)
    assert text.strip()


def test_what_the_composer_asks_of_it(case):
    there = case.destination
    needs = there.needs(case.content)
    assert all(isinstance(need, Need) for need in needs)
    if type(there).preview is Destination.preview:
        return
    form = {need.field: need.value or next((value for value, _ in need.choices if value), "words") for need in needs}
    numbers = {need.field: None for need in needs if need.kind == "number" and not need.value}
    chosen = {} if isinstance(case.content, str) else {"content": case.content}
    payload, text = there.preview({**form, **numbers, **chosen})
    assert isinstance(payload, bytes)
    assert text
    assert there.show(payload)
