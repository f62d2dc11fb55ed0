"""What every destination must do, and the stand-in that each brings to show it. docs/destinations.md says how to add one.

A Case wires a destination to a stand-in that counts what it was sent. test_contract.py runs the suite on every
destination that the installed apps bring; one without a case here fails it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from tests import factories as make
from tests import hermes_content, told, treasuremap_reports
from tests.ears import WebEar
from tests.embedded import Embedded
from tests.outside.standin import Standin
from tom_hermes import accounts
from tom_hermes.client import Hermes as Client
from tom_hermes.fake import Fake
from tom_scimma import sources
from tom_scimma.broker import Broker
from tom_scimma.destinations import Destination
from tom_scimma.destinations.hopskotch import Hopskotch, packed
from tom_scimma.errors import ReplyLost
from tom_scimma.wire import EARLIEST, LATEST


@dataclass
class Case:
    """A destination at a stand-in."""

    destination: Destination
    payload: bytes
    arrived: Callable[[], int]  #: how many messages the service has
    refused: Callable[[], bytes]  #: makes the next send be refused for good; the payload to send
    #: a case whose next send arrives and whose reply is lost; None where a repeat is harmless and it counts as unavailable
    losing: Callable[[], AbstractContextManager[Case]] | None
    down: Callable[[], AbstractContextManager]  #: meanwhile nothing listens there
    credential: object = None
    content: object = "event:S261120ab"  #: what the composer gives it
    marked: bool = True  #: the service keeps a mark of ours; where it cannot, what says the same is the same


@contextmanager
def _standin(cls: type[Destination], folder: Path, monkeypatch) -> Iterator[Case]:
    with Standin() as outside:
        monkeypatch.setenv("OUTSIDE", outside.url)

        def refused() -> bytes:
            outside.faults.append("refuse")
            return b"too dull"

        @contextmanager
        def losing():
            outside.faults.append("drop")
            yield case

        @contextmanager
        def down():
            monkeypatch.setenv("OUTSIDE", "http://127.0.0.1:9")
            yield
            monkeypatch.setenv("OUTSIDE", outside.url)

        case = Case(cls(), b"hello", lambda: len(outside.parcels), refused, losing, down, credential="alice")
        yield case


def _source(settings, address: str) -> None:
    local = {"kind": "kafka", "brokers": address, "auth": False, "config": {"fetch.wait.max.ms": 10}}
    settings.TOM_SCIMMA = {"SOURCES": {"local": local}}


def _count(topic: str) -> int:
    """Messages of a topic."""
    broker = Broker(sources.default())
    try:
        places = [(topic, number) for number in range(broker.topics()[topic])]
        ends, begins = broker.ends(places, LATEST), broker.ends(places, EARLIEST)
        return sum(ends[place] - begins[place] for place in places)
    finally:
        broker.close()


@contextmanager
def _hopskotch(cls: type[Hopskotch], folder: Path, monkeypatch, settings) -> Iterator[Case]:
    with Embedded(folder) as broker:
        _source(settings, broker.address)
        topic = broker.topic("tom.news")
        there = cls(topic)

        def refused() -> bytes:
            return packed({"text": "again"}, {"_relayed": sources.tom_name()})  # what began here is not published again

        @contextmanager
        def losing():
            class Deaf(cls):
                """The embedded broker loses no reply: it is thrown away here. tests/services has a broker that is too slow."""

                def send(self, *said):
                    super().send(*said)
                    raise ReplyLost("nothing was heard")

            yield replace(case, destination=Deaf(topic))

        @contextmanager
        def down():
            _source(settings, "127.0.0.1:9")
            yield
            _source(settings, broker.address)

        payload = packed({"title": "A title", "text": "words"}, {"title": "A title"})
        case = Case(there, payload, lambda: _count(topic), refused, losing, down)
        yield case


@contextmanager
def _people(cls: type[Destination], folder: Path, monkeypatch, settings) -> Iterator[Case]:
    ear = WebEar()
    settings.TOM_SCIMMA = {"NOTIFY_SCHEMES": ["json"], "NOTIFY_HOSTS": [f"127.0.0.1:{ear.port}", "127.0.0.1:9"]}
    contact = told.contact(make.user("alice"), address=f"json://127.0.0.1:{ear.port}/")
    said = {"subject": "S1a", "text": "words", "brief": "words", "link": "https://tom.example.org/events/S1a/"}
    there = cls(str(contact.pk))

    def refused() -> bytes:
        there.contact.address = ""
        return json.dumps(said).encode()

    @contextmanager
    def down():
        address, there.contact.address = there.contact.address, "json://127.0.0.1:9/"
        yield
        there.contact.address = address

    try:
        yield Case(there, json.dumps(said).encode(), lambda: len(ear.heard), refused, None, down)
    finally:
        ear.close()


@contextmanager
def _hermes(cls: type[Destination], folder: Path, monkeypatch, settings) -> Iterator[Case]:
    with Fake() as fake:
        here = {"BASE_URL": fake.url, "TOKEN": fake.token, "TEST_SERVER": True}
        settings.TOM_HERMES = here
        accounts.first()  # as the worker does when it begins
        there, chosen = (
            cls("hermes.test"),
            hermes_content.content(photometry=(hermes_content.point(), hermes_content.limit())),
        )
        if cls.name == "hermes-retract":
            yield _retraction(there, fake, settings)
            return
        payload, _ = there.preview(hermes_content.filled(there, chosen))

        def refused() -> bytes:
            said = json.loads(payload)
            said["message"]["data"]["photometry"][0]["brightness_unit"] = "mag"
            return json.dumps(said).encode()

        @contextmanager
        def losing():
            fake.faults.append({"path": "submit_message/", "do": "drop_after"})
            yield case

        case = Case(
            there, payload, lambda: len(fake.messages), refused, losing, _elsewhere(settings), fake.token, chosen
        )
        yield case


@contextmanager
def _real_hermes(cls: type[Destination], folder: Path, monkeypatch, settings) -> Iterator[Case]:
    """The same at the HERMES that HERMES_TEST_URL names, where it publishes; no reply is lost there but on our side."""
    url, token = os.environ["HERMES_TEST_URL"], os.environ["HERMES_TEST_TOKEN"]
    topic = os.environ.get("HERMES_TEST_TOPIC", "hermes.test")
    settings.TOM_HERMES = {"BASE_URL": url, "TOKEN": token, "TEST_SERVER": True}
    accounts.first()
    there, begun = cls(topic), datetime.now(timezone.utc)
    chosen = hermes_content.content(event=None, photometry=(hermes_content.point(),))
    typed = {"title": f"Contract {begun.isoformat()}"}
    payload, _ = there.preview(hermes_content.filled(there, chosen, **typed))
    expected = [0]

    def arrived() -> int:
        """As many as were expected, else what is there once HERMES has had time."""
        for _ in range(40):
            with Client(url, token) as hermes:
                page = hermes.archive(topics=[topic], start=begun - timedelta(minutes=1))
            count = sum(item["message"].get("title") == typed["title"] for item in page.messages)
            if count >= expected[0]:
                break
            time.sleep(0.5)
        return count

    class Counted(cls):
        deaf = False

        def send(self, *said):
            receipt = super().send(*said)
            expected[0] += 1
            if self.deaf:
                raise ReplyLost("nothing was heard")
            return receipt

    def refused() -> bytes:
        said = json.loads(payload)
        said["message"]["data"]["photometry"][0]["brightness_unit"] = "mag"
        return json.dumps(said).encode()

    @contextmanager
    def losing():
        deaf = Counted(topic)
        deaf.deaf = True
        yield replace(case, destination=deaf)

    case = Case(Counted(topic), payload, arrived, refused, losing, _elsewhere(settings), token, chosen)
    yield case


def _elsewhere(settings) -> Callable[[], AbstractContextManager]:
    """Settings that name a HERMES where nobody listens."""

    @contextmanager
    def down():
        before = settings.TOM_HERMES
        settings.TOM_HERMES = {**before, "BASE_URL": "http://127.0.0.1:9"}
        yield
        settings.TOM_HERMES = before

    return down


def _retraction(there: Destination, fake: Fake, settings) -> Case:
    sent = fake.publish("hermes.test", {"title": "t"})

    def payload(uuid: str) -> bytes:
        return json.dumps({"uuid": uuid, "retracted": True, "title": "t"}).encode()

    def unknown() -> bytes:
        return payload("00000000-0000-4000-8000-000000000000")

    def hidden() -> int:
        return sum(item.retracted for item in fake.messages)

    return Case(there, payload(sent.uuid), hidden, unknown, None, _elsewhere(settings), fake.token)


@contextmanager
def _treasuremap(cls: type[Destination], folder: Path, monkeypatch, settings) -> Iterator[Case]:
    with treasuremap_reports.at_standin(settings) as fake:
        said = treasuremap_reports.SAID[cls.name](fake)

        @contextmanager
        def losing():
            fake.faults.append({**said.path, "do": "drop_after"})
            yield case

        @contextmanager
        def down():
            before = settings.TOM_TREASUREMAP
            settings.TOM_TREASUREMAP = {**before, "BASE_URL": "http://127.0.0.1:9"}
            yield
            settings.TOM_TREASUREMAP = before

        case = Case(
            cls(), said.payload, said.arrived, lambda: said.refused, None if cls.repeat_is_harmless else losing, down,
            fake.token, said.content, marked=False,
        )  # fmt: skip
        yield case


def _at_telescope(cls: type[Destination], *given) -> AbstractContextManager[Case]:
    from tests import transport_cases

    return transport_cases.CASES[cls.name](cls, *given)


#: name of a destination, with @real for the real service -> (class, folder, monkeypatch, settings) -> its case
CASES: dict[str, Callable[..., AbstractContextManager[Case]]] = {
    "gcn": _hermes,
    "hermes": _hermes,
    "hermes-retract": _hermes,
    **dict.fromkeys(("hopskotch", "hopskotch-ask", "hopskotch-cancel"), _hopskotch),
    "people": _people,
    "parcel": lambda cls, folder, patch, settings: _standin(cls, folder, patch),
    "postcard": lambda cls, folder, patch, settings: _standin(cls, folder, patch),
    "tns": _hermes,
    **dict.fromkeys(treasuremap_reports.SAID, _treasuremap),
    **dict.fromkeys(("ocs", "ocs-cancel", "simulated", "simulated-cancel"), _at_telescope),
    "trial": lambda cls, folder, patch, settings: _standin(cls, folder, patch),
}

if os.environ.get("HERMES_TEST_URL") and os.environ.get("HERMES_TEST_TOKEN"):
    CASES["hermes@real"] = _real_hermes


def plain(value: object) -> bool:
    """Whether JSON can say it."""
    return json.loads(json.dumps(value)) == value
