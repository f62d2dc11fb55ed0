"""A worker killed (SIGKILL) after HERMES, TNS, GCN, Hopskotch or the Treasure Map took a message and before we wrote that down.

Authority: promise 5: it is found there and shown as delivered, and nothing is said twice.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests import contract, hermes_content
from tests import treasuremap_reports as reports
from tests.embedded import Embedded
from tests.nursery import Nursery
from tests.outside.standin import Standin
from tests.outside.tom import Tom
from tom_hermes import accounts
from tom_hermes.destination import Hermes
from tom_hermes.fake import Fake
from tom_hermes.onward import Gcn, Tns
from tom_scimma.destinations.hopskotch import packed

pytestmark = pytest.mark.django_db
TOPIC, NEWS = "hermes.test", "tom.news"
LOCAL = {"kind": "kafka", "auth": False, "config": {"fetch.wait.max.ms": 10}}


@pytest.fixture(scope="module")
def nursery():
    with Nursery("tests.outside.settings") as made:
        yield made


class World:
    """The services, each with what it was told; `said` is destination, payload, event, and how often it was taken."""

    def __init__(self, hermes: Fake, treasure_map):
        self.said: list[tuple[str, bytes, str, Callable[[], int]]] = []
        points = (hermes_content.point(), hermes_content.limit())
        for kind, taken in ((Hermes, hermes.messages), (Tns, hermes.tns), (Gcn, hermes.gcn)):
            there = kind(TOPIC)
            filled = hermes_content.filled(
                there, hermes_content.content(photometry=points), title=f"GRB by {kind.name}"
            )
            payload = json.loads(there.preview(filled)[0])
            payload["targets"] = {}  # the worker's TOM has none
            key = json.dumps(payload).encode()
            self._say(there.full_name, key, "S261120ab", lambda taken=taken: len(taken))
        self._say(f"hopskotch:{NEWS}", packed({"text": "words"}), "S261120ab", lambda: contract._count(NEWS))
        (number,) = treasure_map.observe(reports.NAME, [reports.POINTING], submitterid=100)
        planned = reports.said(ra=10.0)
        done = {**reports.said(status="completed"), "source": "observation:18", "completes": number}
        count = lambda status: lambda: len(reports.rows(treasure_map, status=status))  # noqa: E731
        self._say("treasuremap", json.dumps(done).encode(), reports.NAME, count("completed"))
        self._say("treasuremap", json.dumps(planned).encode(), reports.NAME, count("planned"))

    def _say(self, *said) -> None:
        self.said.append(said)


@pytest.fixture
def world(tmp_path, settings, monkeypatch):
    with ExitStack() as stack:
        hermes = stack.enter_context(Fake())
        broker = stack.enter_context(Embedded(tmp_path))
        treasure_map = stack.enter_context(reports.at_standin(settings))
        broker.topic(NEWS)
        settings.TOM_HERMES = {"BASE_URL": hermes.url, "TOKEN": hermes.token, "TEST_SERVER": True}
        settings.TOM_SCIMMA = {"SOURCES": {"local": {**LOCAL, "brokers": broker.address}}}
        for name, value in {
            "MORTAL": "1", "TOM_HERMES_URL": hermes.url, "TOM_HERMES_TOKEN": hermes.token,
            "TOM_TREASUREMAP_URL": treasure_map.url, "TOM_TREASUREMAP_TOKEN": treasure_map.token,
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        accounts.first()  # as the worker does when it begins
        yield World(hermes, treasure_map)


def test_what_was_taken_is_found_and_not_said_again(world, template, tmp_path, nursery, settings):
    folder = tmp_path / "tom"
    shutil.copytree(template, folder)
    with Standin() as outside, Tom(folder, outside, nursery=nursery, **settings.TOM_SCIMMA) as tom:
        for destination, payload, about, taken in world.said:
            tom.trouble.write_text(f"after-{destination.partition(':')[0]} exit")
            tom.side("queue", texts=[payload.decode()], to=destination, about=about)
            worker = tom.work()
            tom.wait("the kill", lambda worker=worker: worker.poll() == -9, 120)
            assert taken() == 1
        before = [taken() for *_, taken in world.said]
        tom.work()
        tom.wait("all found", lambda: tom.side("hurry") or tom.side("states") == {"delivered": len(world.said)}, 180)
        assert [taken() for *_, taken in world.said] == before
        assert before == [3, 1, 1, 1, 1, 1]  # each of the three for HERMES is on its topic
        rows = tom.side("rows")
        assert all(row["receipt_id"] for row in rows)
        assert {row["attempts"] for row in rows} == {1}
