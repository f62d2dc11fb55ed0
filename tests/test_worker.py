"""`manage.py deliver` as a process on SQLite: killed at chosen points, stopped, a second one, what hangs.

Authority: promise 5 ("nothing is sent twice, and nothing silently fails to be sent"). At random instants and on
PostgreSQL: tests/services/test_worker.py.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.nursery import Nursery
from tests.outside.standin import Standin
from tests.outside.tom import Tom


@pytest.fixture
def outside():
    with Standin() as service:
        yield service


@pytest.fixture(scope="module")
def nursery():
    with Nursery("tests.outside.settings") as made:
        yield made


@pytest.fixture
def tom(template, tmp_path, outside, nursery):
    folder = tmp_path / "tom"
    shutil.copytree(template, folder)
    with Tom(folder, outside, nursery=nursery, REACTION_SECONDS=3) as made:
        yield made


def test_it_delivers_reacts_and_ends_when_told(tom, outside):
    worker = tom.ready(tom.work(real=True))
    loaded = Path(f"/proc/{worker.pid}/maps")
    if loaded.exists():  # the pages of TOM Toolkit bring it, which would cost a worker that shows none 90 MB
        assert "numpy" in loaded.read_text()
        assert "pandas" not in loaded.read_text()
    tom.side("queue", texts=["a", "b", "c"])
    tom.side("alerts", count=2)
    assert tom.settled() == {"delivered": 3}
    tom.wait("reactions", lambda: tom.side("reactions") == {"done": 4})
    assert [parcel["body"] for parcel in outside.parcels] == ["a", "b", "c"]
    tom.wait("the job", lambda: any(mark["name"] == "tick" for mark in outside.marks))
    second = tom.work()
    assert second.wait(60) == 1
    assert "SQLite takes one" in second.log.read_text()
    assert tom.stop(worker) == 0
    assert "Stopped." in worker.log.read_text()
    row = next(row for row in tom.side("workers") if row["delivered"])
    assert (row["state"], row["delivered"], row["reacted"]) == ("stopped", 3, 4)


def test_sigterm_finishes_what_is_in_hand(tom, outside):
    outside.faults.append("wait")
    worker = tom.ready(tom.work(OUTSIDE_SECONDS="60"))
    tom.side("queue", texts=["a", "b"])
    assert outside.arrived.wait(60)
    tom.told(worker)
    outside.go.set()
    assert worker.wait(40) == 0
    assert tom.side("states") == {"delivered": 1, "queued": 1}


#: where the worker is killed, and whether the parcel was stored by then
POINTS = [("before-send exit", 0), ("after-send exit", 1)]


@pytest.mark.parametrize(("point", "stored"), POINTS)
def test_killed_between_claim_and_record(tom, outside, point, stored):
    tom.trouble.write_text(point)
    worker = tom.work()
    tom.side("queue", texts=["a", "b"])
    assert worker.wait(60) == -9
    assert len(outside.parcels) == stored
    tom.ready(tom.work())
    tom.wait("a look", lambda: tom.side("rows")[0]["looks"] or tom.side("rows")[0]["state"] == "delivered")
    found = tom.settled()
    first = tom.side("rows")[0]
    assert outside.keys().count(first["key"]) == stored
    assert (first["state"], first["needs_person"]) == (("delivered", False) if stored else ("unknown", True))
    assert found == ({"delivered": 2} if stored else {"delivered": 1, "unknown": 1})
    words = [(entry["what"], entry["answer"]) for entry in tom.side("log", pk=first["id"])]
    assert words[:2] == [("send", "reply lost"), ("look", "found" if stored else "not found")]


def test_killed_while_the_service_is_at_it(tom, outside):
    outside.faults.append("hang")
    worker = tom.work()
    tom.side("queue", texts=["a"])
    assert outside.arrived.wait(60)
    tom.kill(worker)
    tom.work()
    tom.wait("found", lambda: tom.side("states") == {"delivered": 1})
    assert len(outside.parcels) == 1


def test_reactions_survive_a_kill_before_and_after_their_effect(tom, outside):
    tom.trouble.write_text("first exit\nfirst-after exit")
    tom.side("alerts", count=1)
    assert tom.work().wait(60) == -9
    assert tom.work().wait(60) == -9
    tom.work()
    tom.wait("done", lambda: tom.side("reactions") == {"done": 2})
    assert [mark["name"] for mark in outside.marks if mark["name"] != "tick"] == ["first", "first", "second"]


def test_what_hangs_holds_up_nothing_else(tom, outside):
    """A reaction without end and a service without answer; the rest goes on, and the page would say so."""
    tom.trouble.write_text("first hang")
    outside.faults.append("hang")
    tom.side("queue", texts=["a"])
    tom.ready(tom.work())
    assert outside.arrived.wait(60)
    tom.side("alerts", count=2)
    tom.side("queue", texts=["x", "y"], to="trial")
    tom.wait("the word of it", lambda: any("more than 3 s" in row["last_error"] for row in tom.side("workers")))
    tom.wait("reactions", lambda: tom.side("reactions") == {"done": 3, "queued": 1})  # this worker still has it in hand
    tom.wait("others", lambda: tom.side("states").get("delivered", 0) >= 2)
    tom.wait("the hanging one found", lambda: tom.side("hurry") or tom.side("states") == {"delivered": 3})
    assert sorted(outside.keys()) == sorted(row["key"] for row in tom.side("rows"))
