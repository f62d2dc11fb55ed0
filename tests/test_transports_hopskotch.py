"""Telescopes that are asked by a topic and answer on one. Authority: the message's schema in docs/transports.md (a JSON Schema, checked
here), the interfaces (Kafka, `message_receivers`), promise 9: only the source may say it."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

import jsonschema
import pytest

from tests.messages import NOW, record
from tests.observatory import know, request, telescope
from tom_scimma import destinations, hooks
from tom_scimma.destinations.hopskotch import unpacked
from tom_scimma.errors import Unparsable
from tom_scimma.ingest import ingest
from tom_scimma.models import Message
from tom_treasuremap.followup.request import State
from tom_treasuremap.models import ToldState
from tom_treasuremap.transports import told, transport
from tom_treasuremap.transports.document import request_of
from tom_treasuremap.transports.hopskotch import heard

PAGE = Path(__file__).parent.parent / "docs" / "transports.md"
START = datetime(2026, 11, 21, 2, 0, tzinfo=timezone.utc)
OPTIONS = {"topic": "tom.ask", "answers": "tom.told", "senders": ["scope-1"]}


@pytest.fixture
def there(settings):
    found = telescope(transport="hopskotch", options=OPTIONS)
    know(settings, found, telescope("other", transport="hopskotch", options={**OPTIONS, "senders": "scope-2"}))
    return found


def schema() -> dict:
    return json.loads(re.search(r"```json\n(\{\s*\"\$schema\".*?)```", PAGE.read_text(), re.DOTALL)[1])


def tell(said, *, sender: str = "scope-1", topic: str = "tom.told", **more):
    return ingest([record(said, topic, headers=(("_sender", sender.encode()), ("_format", b"json")), **more)], now=NOW)


def test_what_is_published_is_as_the_page_says(there):
    way = transport(there)
    asked = [request(1, fixed=True), request(2, pos_angle=30.0, extra={"max_airmass": 1.5})]
    document, headers = unpacked(way.write(asked, there))
    jsonschema.validate(document, schema())
    assert headers["title"] == "Tester 0.4 m: Request 1, Request 2"
    assert [request_of({**row, "by": "alice"}) for row in document["requests"]] == asked
    assert "alice" not in json.dumps(document)
    document, _ = unpacked(way.withdraw(["tom-0001"], there, "retracted"))
    jsonschema.validate(document, schema())
    assert document["cancel"] == ["tom-0001"]
    for said in ({"telescope": "tester"}, {"schema": "x", "telescope": "t", "requests": [{"id": "a"}]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(said, schema())


def test_both_go_to_the_topic_and_a_retraction_stops_no_cancellation(there):
    way = transport(there)
    asks, cancels = (destinations.find(name) for name in (way.submits(there), way.cancels(there)))
    for found, path in ((asks, way.submit), (cancels, way.cancel)):
        assert found.address == "tom.ask"
        assert f"{type(found).__module__}.{type(found).__qualname__}" == path
    assert (asks.takes_back, cancels.takes_back) == (False, True)
    assert not cancels.composes()
    assert way.faults(request(), there) == {}
    bare = telescope(transport="hopskotch")
    assert "topic and senders" in way.faults(request(), bare)["telescope"][0]


@pytest.mark.django_db
def test_what_the_telescope_tells_is_its_state(there):
    way = transport(there)
    assert way.states(there, ["tom-0001"]) == {}
    tell({"request": "tom-0001", "state": "SCHEDULED", "start": "2026-11-21T02:00:00Z", "url": "javascript:alert(1)"})
    assert way.states(there, ["tom-0001", "tom-0002"]) == {"tom-0001": State("SCHEDULED", START)}
    state = State(
        "COMPLETED", START, START + timedelta(minutes=5), "all well", "https://scope.example.org/1",
        ({"id": "1", "filename": "a.fits", "created": START, "url": "https://scope.example.org/a.fits"},),
        ({"start": START, "end": START, "filter": "g", "seconds": 60.0, "depth": 19.5, "ra": 150.25, "dec": -30.5, "pos_angle": 0},),
    )  # fmt: skip
    said = {"request": "tom-0001", **told.as_json(state)}
    jsonschema.validate({"states": [said]}, schema())
    tell({"states": [said, {"request": "tom-0002", "state": "FAILED", "message": "clouds"}]}, minutes=-1)
    found = way.states(there, ["tom-0001", "tom-0002"])
    assert found["tom-0001"] == state
    assert found["tom-0002"] == State("FAILED", message="clouds")
    assert ToldState.objects.get(request_id="tom-0001").message.topic == "tom.told"


@pytest.mark.django_db
def test_an_older_word_that_comes_later_changes_nothing(there):
    tell({"request": "tom-0001", "state": "COMPLETED"}, minutes=1)
    tell({"request": "tom-0001", "state": "SCHEDULED"}, minutes=5)
    assert transport(there).states(there, ["tom-0001"])["tom-0001"].state == "COMPLETED"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("said", "how"),
    [
        ({}, {"sender": "somebody"}),
        ({}, {"sender": ""}),
        ({}, {"sender": "scope-2"}),  # another telescope of that topic
        ({"telescope": "other"}, {}),
        ({}, {"topic": "tom.ask"}),
        ({"state": None}, {}),
    ],
)
def test_nobody_else_can_say_it(there, said, how):
    said = {"request": "tom-0001", "state": "COMPLETED", **said}
    tell({name: value for name, value in said.items() if value is not None}, **how)
    assert transport(there).states(there, ["tom-0001"]) == {}
    assert not Message.objects.get().error


@pytest.mark.django_db
@pytest.mark.parametrize(
    "said",
    [
        {"request": "tom-0001", "state": "DONE"},
        {"state": "COMPLETED"},
        {"states": "all"},
        {"request": "tom-0001", "state": "COMPLETED", "start": "at noon"},
        {"request": "tom-0001", "state": "COMPLETED", "observed": [{"depth": "deep"}]},
        {"request": "tom-0001", "state": "COMPLETED", "observed": {}},
    ],
)
def test_what_cannot_be_understood_is_kept_for_a_person(there, said):
    with pytest.raises(Unparsable):
        told.states(said)
    tell(said)
    assert "Try again" in Message.objects.get().error
    assert transport(there).states(there, ["tom-0001"]) == {}


@pytest.mark.django_db
def test_topics_are_heard_that_telescopes_name(there, settings):
    assert {topic: {one.name for one in found} for topic, found in heard().items()} == {"tom.told": {"other", "tester"}}
    found = hooks.message_receivers(["tom.told", "tom.other"])
    assert found["tom.told"]
    assert not found["tom.other"]
    know(settings, telescope(transport="hopskotch", options={"topic": "tom.both"}))
    assert list(heard()) == ["tom.both"]
