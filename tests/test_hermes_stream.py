"""HERMES messages over Kafka, heard by `manage.py listen` as a process: as HERMES publishes them, and as others do.

Authority: the headers and payload that HERMES puts on a topic; promises 1 to 3 of the design.
"""

from __future__ import annotations

import json
import uuid

import pytest

from tests.embedded import Embedded, Tom
from tests.hermes_messages import message, point, star


@pytest.fixture
def tom(template, tmp_path):
    """A TOM with a copy of the tests' own tables, and its broker."""
    with Embedded(tmp_path) as broker, Tom(template, tmp_path / "tom", broker) as made:
        yield made


def test_what_hermes_and_others_publish_is_taken_in_once(tom):
    topic = tom.broker.topic("hermes.photometry")
    whole = json.dumps(message([star()], photometry=[point(), point(bandpass="g")])).encode()
    headers = [
        ("topic", topic.encode()),
        ("_id", uuid.UUID(int=7).bytes),
        ("_format", b"json"),
        ("_sender", b"tom-demo-0badcafe"),
    ]
    tom.broker.send(topic, whole, headers=headers, partition=0)
    tom.broker.send(topic, whole, headers=headers, partition=0)  # the same, delivered twice
    bare = json.dumps({"title": "from a script", "message_text": "", "data": None}).encode()
    row = {
        key: value
        for key, value in point("AT2026abc", date_obs=61042.5, bandpass="z").items()
        if key != "brightness_unit"
    }
    tom.broker.send(
        topic,
        bare,
        json.dumps(message([{"name": "AT2026abc"}], photometry=[row, 5])).encode(),
        b"no HERMES message",
        partition=0,  # behind the message that makes the target
    )
    settings = {"SOURCES": {"local": tom.entry("hermes.*", topic)}}
    listener = tom.listen(settings)
    tom.wait(4)
    assert tom.stop(listener) == 0, tom.log()
    assert tom.count() == 4
    assert tom.rows("SELECT name, permissions FROM tom_targets_basetarget") == [("AT2026abc", "PUBLIC")]
    bands = tom.rows("SELECT bandpass, unit FROM tom_dataproducts_photometryreduceddatum ORDER BY bandpass")
    assert bands == [("g", "AB mag"), ("r", "AB mag"), ("z", "AB mag")]
    states = dict(tom.rows("SELECT state, count(*) FROM tom_hermes_received GROUP BY state"))
    assert states == {"placed": 1, "partly": 1, "empty": 1}
    ((found,),) = tom.rows("SELECT uuid FROM tom_hermes_received WHERE state = 'placed'")
    assert uuid.UUID(found) == uuid.UUID(int=7)
