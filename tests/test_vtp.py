"""The VOEvent network: a real Comet broker hands what it receives to `manage.py ingest -`, and takes what we translate.

Authority: the Comet broker itself (its XML schema, its identifiers' rule, its acknowledgement), run as processes on
loopback with the VOEvent Transport Protocol between them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests import factories as make
from tests.embedded import EXAMPLE, environment, wait_for
from tom_scimma.translate import carried, to_voevent

BIN = Path(sys.executable).parent
OURS = "ivo://tom.example.org/alerts"
COMMAND = """#!/bin/sh
exec {python} {manage} ingest - --topic vtp.example --format voevent >>{log} 2>&1
"""


@pytest.fixture
def tom(template, tmp_path):
    """The folder of a TOM with a migrated database."""
    return shutil.copytree(template, tmp_path / "tom")


def free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return line.getsockname()[1]


@contextlib.contextmanager
def comet(folder: Path, name: str, settings: dict, *options: str):
    """A Comet broker as a child; gives the file it logs to."""
    work = folder / name
    work.mkdir()
    log = work / "log"
    command = [BIN / "twistd", "--nodaemon", f"--pidfile={work / 'pid'}", f"--rundir={work}", "comet"]
    command += ["--local-ivo=ivo://tom.example.org/comet", f"--eventdb={work}", "--verbose", *options]
    with log.open("wb") as output:
        child = subprocess.Popen(command, stdout=output, stderr=output, env=environment(folder, settings))
    try:
        yield log
    finally:
        child.terminate()
        child.wait(20)


@contextlib.contextmanager
def network(folder: Path, command: Path, settings: dict):
    """Two brokers: authors send to the first, the second subscribes to it and runs our command. Gives the port and both logs."""
    authors, subscribers = free_port(), free_port()
    receiving = ["--receive", f"--receive-port={authors}", "--broadcast", f"--broadcast-port={subscribers}"]
    ours = [f"--remote=127.0.0.1:{subscribers}", f"--cmd={command}"]
    receiving += ["--author-whitelist=127.0.0.1/32", "--broadcast-test-interval=0"]
    with comet(folder, "far", settings, *receiving) as far:
        wait_for("the far broker", lambda: answers(subscribers), explain=far.read_text)
        with comet(folder, "near", settings, *ours) as near:
            wait_for(
                "our broker's subscription",
                lambda: "Authentication received" in far.read_text(),
                explain=near.read_text,
            )
            yield authors, far, near


def answers(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def send(port: int, xml: bytes) -> str:
    """Authors a VOEvent as people do, with comet-sendvo; what that said."""
    command = [BIN / "comet-sendvo", "--host=127.0.0.1", f"--port={port}"]
    done = subprocess.run(command, input=xml, capture_output=True, timeout=60, check=False)
    return (done.stdout + done.stderr).decode()


def rows(folder: Path, query: str) -> list[tuple]:
    with contextlib.closing(sqlite3.connect(folder / "db.sqlite3", timeout=20)) as connection:
        return connection.execute(query).fetchall()


def script(folder: Path) -> Path:
    """The command that --cmd names: a path that can be run, without arguments."""
    path = folder / "to-the-tom"
    path.write_text(COMMAND.format(python=sys.executable, manage=EXAMPLE / "manage.py", log=folder / "ingest.log"))
    path.chmod(0o700)
    return path


def test_what_a_comet_broker_hears_is_an_event_here_and_nothing_acts_on_it(tom):
    """One packet that is ours, translated, authored at a broker far away, relayed, ingested and read as it was."""
    notice = make.notice("S261120vt", text="It rang.", classification={"BNS": 0.9})
    with network(tom, script(tom), {}) as (port, far, near):
        assert "was sent successfully" in send(port, to_voevent(notice, OURS))
        log = tom / "ingest.log"
        explain = lambda: f"{far.read_text()}\n{near.read_text()}\n{log.exists() and log.read_text()}"  # noqa: E731
        wait_for("the event", lambda: rows(tom, "SELECT 1 FROM tom_scimma_alert"), seconds=60, explain=explain)
        refused = to_voevent(replace(notice, event="S261120vu"), OURS).replace(b"observation", b"rumour", 1)
        assert "NOT sent successfully" in send(port, refused), "the broker validates against the schema"
        assert "NOT sent successfully" in send(port, to_voevent(notice, OURS)), "the broker knows it by its IVORN"
    (message,) = rows(tom, "SELECT topic, source, via, format, parser, state, broker FROM tom_scimma_message")
    assert message == ("vtp.example", "file", "ingest", "voevent", "voevent", "parsed", "standard input")
    ((live, authority, document),) = rows(tom, "SELECT live, authority, document FROM tom_scimma_alert")
    assert (live, authority) == (0, 0), "a topic without a policy is a report, and nothing ingested is acted on"
    assert '"It rang."' in document
    assert carried(notice).event in document
    assert rows(tom, "SELECT count(*) FROM tom_scimma_delivery") == [(0,)]


def test_a_command_that_fails_says_so_to_the_broker(tom, tmp_path):
    """Comet logs a command's exit code; without a database it is not 0, and the reason is in the log."""
    away = {**environment(tmp_path, {}), "TOM_VAR": str(tmp_path / "nowhere")}
    command = [sys.executable, EXAMPLE / "manage.py", "ingest", "-", "--topic", "vtp.example"]
    done = subprocess.run(
        command, input=b"<x/>", env={**os.environ, **away}, capture_output=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert b"OperationalError" in done.stderr or b"unable to open database" in done.stderr
