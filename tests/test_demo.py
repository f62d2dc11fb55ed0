"""The demo's parts: the night by itself, the processes, the front end. `make demo-check` runs the whole."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import RequestFactory

EXAMPLE = Path(__file__).resolve().parent.parent / "example_tom"

import demo  # noqa: E402  example_tom is on the path: tests/settings.py
import night  # noqa: E402
from children import Children, Fallen  # noqa: E402
from example_tom.assets import LocalAlpine  # noqa: E402
from night.expected import QUARANTINED, UNKNOWN  # noqa: E402
from night.names import GW, HEARTBEAT, letters  # noqa: E402

from example_tom import streams  # noqa: E402
from tom_scimma import wire  # noqa: E402
from tom_scimma.ingest import ingest  # noqa: E402
from tom_scimma.models import Event, Message  # noqa: E402
from tom_scimma.record import Record  # noqa: E402

START = datetime(2026, 3, 14, 1, 59, 26, tzinfo=timezone.utc)


def test_same_start_same_bytes_and_another_start_another_night():
    assert night.night(START) == night.night(START)
    later = START + timedelta(seconds=10)
    assert not {event.name for event in night.expected(START)} & {event.name for event in night.expected(later)}


def test_night_fits_the_embedded_broker():
    """Less than 1,000,012 bytes a message, Hopskotch's default; about 5 MB a partition, librdkafka's mock cluster."""
    steps = night.night(START)
    assert max(len(step.payload) for step in steps) < 1_000_012
    assert sum(len(step.payload) for step in steps if step.topic == GW) < 5_200_000
    assert steps[-1].at < night.LENGTH
    assert {step.topic for step in steps} <= set(night.TOPICS)


def test_superevents_are_lettered_as_gracedb_letters_them():
    """a..z, then aa..az, ba..: no digit stands for nothing, so that z is followed by aa."""
    assert [letters(number) for number in (0, 25, 26, 30, 701, 702)] == ["a", "z", "aa", "ae", "zz", "aaa"]


@pytest.fixture
def hopskotch(settings, monkeypatch, tmp_path):
    """Sets the live demo's source, with what else is said of it; this machine has no credential."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(wire, "SECONDS", 0.5)
    source = streams.scimma("live")["SOURCES"]["hopskotch"]
    return lambda **more: setattr(settings, "TOM_SCIMMA", {"SOURCES": {"hopskotch": {**source, **more}}})


def test_live_says_first_whether_hopskotch_takes_the_credential(hopskotch, capsys, monkeypatch):
    """Authority: hop, which finds no credential here; nobody listens on port 1. A refused one: tests/services/test_kafka.py."""
    hopskotch()
    with pytest.raises(CommandError, match="hop auth add"):
        call_command("setdemo", "--live")
    for folder, typed in (
        (Path.cwd() / "other venv", "'other venv/bin/hop' auth add"),
        (Path("/venv"), " /venv/bin/hop auth add"),
    ):
        monkeypatch.setattr(sys, "executable", str(folder / "bin" / "python"))
        with pytest.raises(CommandError, match=typed):
            call_command("setdemo", "--live")
    login = {"username": "ada-1", "password": "x"}
    hopskotch(auth=login, brokers="127.0.0.1:1")
    call_command("setdemo", "--live")
    assert "Hopskotch does not answer now." in capsys.readouterr().out


@pytest.mark.django_db
def test_a_tom_that_hears_the_night_knows_what_it_told():
    start = datetime.now(timezone.utc) - timedelta(seconds=night.LENGTH)
    steps = night.night(start)
    records = [
        Record(topic=step.topic, payload=step.payload, headers=step.headers, published=start, received=start)
        for step in steps
    ]
    ingest(records)
    assert Message.objects.count() == sum(step.topic != HEARTBEAT for step in steps)
    assert Message.objects.filter(state="quarantined").count() == QUARANTINED
    assert Message.objects.filter(state="ignored").count() == UNKNOWN
    expected = night.expected(start)
    assert set(Event.objects.values_list("name", flat=True)) == {event.name for event in expected}
    for event in expected:
        found = Event.objects.get(name=event.name)
        assert (found.kind, found.state, found.role) == (event.kind, event.state, event.role), event.name
        assert found.alert_count == event.alerts, event.name
        if event.top_class is not None:
            assert found.top_class == event.top_class, event.name
        if event.area_90 is not None:
            assert found.area_90 == pytest.approx(event.area_90, rel=0.02), event.name
        if event.has_distance is not None:
            assert (found.distance_mpc is not None) == event.has_distance, event.name


@pytest.mark.django_db
def test_setdemo_makes_a_user_and_targets_once(monkeypatch, django_user_model):
    from tom_targets.models import Target

    for password in ("first", "second"):
        monkeypatch.setenv("DEMO_PASSWORD", password)
        call_command("setdemo", verbosity=0)
    assert django_user_model.objects.get(username="demo").check_password("second")
    assert sorted(Target.objects.values_list("name", flat=True)) == sorted(one.name for one in night.TARGETS)


def test_a_taken_port_is_said_plainly():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(demo.Trouble, match=f"Port {port} .*is taken.*make demo PORT={port + 1}"):
            demo.taken_or(port)


def test_two_demos_do_not_share_a_database(tmp_path, monkeypatch):
    monkeypatch.setenv("TOM_VAR", str(tmp_path))
    with demo.own_folder(8000, "") as one, demo.own_folder(8001, "") as other:
        assert one == tmp_path
        assert other == tmp_path / "port-8001"


def alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return status != "Z"


def wait_until(ready, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


SLEEPER = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"


@pytest.fixture
def sleeper(tmp_path):
    """A script that writes its process id to the file it is given, and sleeps."""
    path = tmp_path / "sleeper.py"
    path.write_text(SLEEPER)
    return path


def test_children_end_with_the_with(tmp_path, sleeper):
    note = tmp_path / "pid"
    with Children(tmp_path / "logs") as children:
        children.start("sleeper", str(sleeper), str(note))
        wait_until(lambda: note.exists() and note.read_text())
        assert alive(int(note.read_text()))
    assert not alive(int(note.read_text()))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes in /proc")
def test_a_killed_demo_leaves_no_orphans(tmp_path, sleeper):
    """SIGKILL gives no chance to clean up: the children must see it by themselves."""
    note = tmp_path / "pid"
    code = (
        f"import sys, time; from pathlib import Path; sys.path.insert(0, {str(EXAMPLE)!r})\n"
        "from children import Children\n"
        f"Children(Path({str(tmp_path)!r})).start('sleeper', {str(sleeper)!r}, {str(note)!r})\n"
        "time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    wait_until(lambda: note.exists() and note.read_text())
    child = int(note.read_text())
    assert alive(child)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    wait_until(lambda: not alive(child))


def test_a_child_that_falls_is_named_with_its_last_words(tmp_path):
    script = tmp_path / "falls.py"
    script.write_text("raise SystemExit('no sky today')")
    with Children(tmp_path / "logs") as children:
        child = children.start("sky", str(script))
        child.process.wait()
        with pytest.raises(Fallen, match=r"(?s)The sky ended by itself \(status 1\).*no sky today"):
            children.check()


ALPINE = '<script defer src="https://cdn.jsdelivr.net/npm/alpinejs@3.x.x/dist/cdn.min.js"></script>'


def test_alpine_comes_from_here_and_nothing_else_changes():
    page = LocalAlpine(lambda request: HttpResponse(f"<p>é</p>{ALPINE}"))(RequestFactory().get("/"))
    assert page.content.decode() == '<p>é</p><script defer src="/static/npm/alpinejs/cdn.min.js"></script>'
    other = LocalAlpine(lambda request: HttpResponse(ALPINE, content_type="application/json"))(
        RequestFactory().get("/")
    )
    assert other.content.decode() == ALPINE


def test_the_host_asks_for_alpine_as_we_expect():
    """Should the host change the address, the example would go back to the CDN unnoticed: this notices."""
    import tom_common

    page = (Path(tom_common.__file__).parent / "templates" / "tom_common" / "base.html").read_bytes()
    from example_tom.assets import ALPINE as pattern

    assert len(pattern.findall(page)) == 1
    assert page.count(b'src="http') + page.count(b'rel="stylesheet" href="http') == 1


def test_the_lock_file_names_no_registry():
    lock = json.loads((EXAMPLE / "package-lock.json").read_text())
    assert all("resolved" not in package for package in lock["packages"].values())
    assert all(package.get("integrity") for name, package in lock["packages"].items() if name)
    wanted = json.loads((EXAMPLE / "package.json").read_text())["dependencies"]
    assert {name: lock["packages"][f"node_modules/{name}"]["version"] for name in wanted} == wanted


def test_bootstrap_is_the_one_that_the_host_asks_for():
    """A different version from npm than from the CDN would show different pages with and without npm."""
    from django_bootstrap5.core import BOOTSTRAP5_DEFAULTS

    version = json.loads((EXAMPLE / "package.json").read_text())["dependencies"]["bootstrap"]
    assert f"bootstrap@{version}/" in BOOTSTRAP5_DEFAULTS["css_url"]["url"]


def test_ctrl_c_is_answered_at_once(capfd):
    """The processes may take seconds to end, in which a silent demo looks as if it had not heard."""
    with pytest.raises(KeyboardInterrupt):
        demo._interrupt(2, None)
    assert capfd.readouterr().out == "\nEnding ...\n"
