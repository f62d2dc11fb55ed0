"""What keeps a worker's memory small: no pages, pictures drawn elsewhere, one map at a time.

Authorities: Django's own table of addresses; the picture that is drawn here; the process table.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from datetime import datetime, timezone

import pytest
from django.core.management.base import CommandError, SystemCheckError
from django.urls import get_resolver, resolvers, reverse

from tests import factories as make
from tests.services.process import wait_for
from tom_scimma import addresses, annotate, drawing, memory, skymap, skyplot
from tom_scimma.annotators import Annotator
from tom_scimma.eventmaps import EventMap
from tom_scimma.notice import Sky
from tom_scimma.worker.lane import caught


@pytest.fixture
def routes():
    return addresses.routes(get_resolver().url_patterns)


def known(resolver) -> dict[str, set]:
    """Every name, with namespaces, and the addresses and arguments that it stands for."""
    found = {
        name: {(text, tuple(names)) for possible, *_ in resolver.reverse_dict.getlist(name) for text, names in possible}
        for name in resolver.reverse_dict
        if isinstance(name, str)
    }
    for space, (_, inner) in resolver.namespace_dict.items():
        found |= {f"{space}:{name}": said for name, said in known(inner).items()}
    return found


def test_every_address_is_that_of_the_pages(settings, routes):
    settings.ROOT_URLCONF = settings.ROOT_URLCONF  # so that the fixture puts it back
    full = known(get_resolver())
    made = {space: get_resolver().app_dict[space] for space in get_resolver().app_dict}
    page = reverse("tom_scimma:event", kwargs={"name": "GRB 1/2"})
    night = {"telescope": "lco", "night": datetime(2026, 11, 27, tzinfo=timezone.utc).date()}
    there = reverse("tom_treasuremap:night", kwargs=night)
    addresses.use(routes)
    assert settings.ROOT_URLCONF == addresses.NAME
    lean = known(get_resolver())
    missing = {name for name in full if lean.get(name) != full[name]}
    assert not missing
    assert {space: get_resolver().app_dict[space] for space in made} == made
    assert reverse("tom_scimma:event", kwargs={"name": "GRB 1/2"}) == page
    assert reverse("tom_treasuremap:night", kwargs=night) == there


def test_a_pattern_of_an_unknown_kind_leaves_the_pages_as_they_are():
    class Other(resolvers.RoutePattern):
        pass

    assert addresses.routes([resolvers.URLPattern(Other("a/", is_endpoint=True), print, name="a")]) is None


def test_a_failing_check_and_a_failing_urlconf_are_said_by_who_waits():
    def wrong():
        raise SystemCheckError("one setting is wrong")

    assert addresses.read(lambda: None)["routes"]
    with pytest.raises(SystemCheckError, match="one setting is wrong"):
        addresses.read(wrong)
    with pytest.raises(CommandError, match="ZeroDivisionError"):
        addresses.read(lambda: 1 / 0)
    with pytest.raises(CommandError, match="was ended"):
        addresses.read(lambda: os.kill(os.getpid(), signal.SIGKILL))


def where(data: bytes | None = None) -> EventMap:
    now = datetime(2026, 11, 21, tzinfo=timezone.utc)
    error = None if data else Sky("circle", 30.0, 20.0, 3.0, 0.9)
    return EventMap(1, 1 if data else None, error, now, "INITIAL", "A", data)


def test_pictures_are_drawn_by_another_process_which_outlives_a_bad_one():
    with drawing.apart():
        found = where()
        assert drawing.draw(found, title="S1") == skyplot.draw(found.sky, title="S1")
        with pytest.raises(drawing.NotDrawn, match="BadSkyMap"):
            drawing.draw(where(b"no map"), title="S1")
        packed = where(skymap.from_gaussian(30, 20, 3, order=4).pack())
        assert drawing.draw(packed, title="S1").startswith(b"\x89PNG")
        assert "sky" not in vars(packed)  # whoever asks unpacks no map


def test_a_picture_that_cannot_be_handed_over_is_not_drawn(monkeypatch):
    """Authority: what `draw` says it raises. The answer itself may be what there is no memory for."""
    right = drawing._answer
    monkeypatch.setattr(drawing, "_answer", lambda asked: right(asked) if b"S2" in asked else None)
    with drawing.apart():
        with pytest.raises(drawing.NotDrawn, match="was ended"):
            drawing.draw(where(), title="S1")
        assert drawing.draw(where(), title="S2").startswith(b"\x89PNG")


def test_a_picture_that_nobody_waits_for_any_more_is_given_up(monkeypatch, tmp_path):
    """Authority: the worker's half minute for what is in hand (docs/outbox.md); the process that draws ends with it."""

    def draws(asked):
        (tmp_path / "begun").touch()
        time.sleep(20)
        (tmp_path / "done").touch()

    monkeypatch.setattr(drawing, "_answer", draws)
    errors = []
    with drawing.apart():
        ask = drawing._studio.draw
        lane = threading.Thread(target=lambda: errors.append(caught(lambda: ask(where(), {"title": "S1"}))))
        lane.start()
        wait_for("a picture", (tmp_path / "begun").exists)
    lane.join(60)
    assert isinstance(errors[0], ConnectionError)
    assert not (tmp_path / "done").exists()


def test_pictures_are_drawn_here_once_nobody_else_does(caplog):
    with drawing.apart():
        os.kill(drawing._studio.pid, signal.SIGKILL)
        assert drawing.draw(where(), title="S1").startswith(b"\x89PNG")
        assert drawing.draw(where(), title="S1").startswith(b"\x89PNG")
    assert caplog.text.count("drawn in this process from now on") == 1


def test_who_draws_ends_with_its_worker():
    ours, theirs = os.pipe()
    worker = os.fork()
    if worker == 0:
        with drawing.apart():
            os.write(theirs, str(drawing._studio.pid).encode())
            signal.pause()
    studio = int(os.read(ours, 20))
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    wait_for("its end", lambda: not _runs(studio), seconds=20)


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as said:
            return said.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _free() -> bool:
    """Whether another thread could begin with a map."""
    got: list[bool] = []

    def ask() -> None:
        got.append(memory._map.acquire(blocking=False))
        if got[0]:
            memory._map.release()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return got[0]


@pytest.mark.django_db
def test_one_map_at_a_time_but_nobody_waits_for_what_may_not_end():
    alert, free = make.known("S261120ab", sky=skymap.from_gaussian(30.0, 20.0, 3.0, order=4)).alerts.get(), {}

    def ours(event, map):
        free["ours"] = _free()
        return {}

    def theirs(event, map):
        free["theirs"] = _free()
        return {}

    annotate.annotate(alert, [Annotator("x.theirs", theirs), Annotator("x.ours", ours, trusted=True)])
    assert free == {"ours": False, "theirs": True}
    assert _free()


def test_alerts_come_before_memory(monkeypatch):
    monkeypatch.setattr(memory, "PATIENCE", 0.05)
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        with memory.one_map():
            held.set()
            go.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(20)
    with memory.one_map():  # goes on beside the one that does not end
        go.set()
    thread.join()
    assert _free()
