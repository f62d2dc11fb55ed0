"""SQLite as the example sets it up: writers and page loads at once, in processes of their own, and no locked database."""

import json
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.messages import gw, wxt
from tests.nursery import Nursery

EXAMPLE = Path(__file__).parent.parent / "example_tom"
READ = """
import django; django.setup()
from django.test import Client
client = Client(headers={"host": "localhost"})
for _ in range(15):
    for page in ("/events/", "/messages/", "/streams/", "/sent/"):
        assert client.get(page).status_code == 200, page
"""


@pytest.fixture
def start(template, tmp_path):
    """start(*arguments of python) -> a process of one TOM; its output goes to a file, so that nobody waits for a reader."""
    shutil.copytree(template, tmp_path / "var")
    own = {"TOM_VAR": str(tmp_path / "var"), "DJANGO_SETTINGS_MODULE": "example_tom.settings", "DATABASE_URL": ""}
    started = []

    def run(*command):
        log = tmp_path / f"{len(started)}.log"
        process = nursery.start(list(command), {**os.environ, **own}, log, cwd=EXAMPLE)
        process.log = log
        started.append(process)
        return process

    with Nursery("example_tom.settings", TOM_VAR=own["TOM_VAR"]) as nursery:
        yield run


def ended_well(process) -> None:
    """Waits for it; it may take long on a busy machine, but what it says must be in order."""
    try:
        code = process.wait(240)
    except subprocess.TimeoutExpired:
        pytest.fail(f"{process.args} has not ended: {process.log.read_text()[-2000:]}")
    output = process.log.read_text()
    assert code == 0, output[-2000:]
    assert "locked" not in output
    assert "Traceback" not in output


@pytest.mark.long
def test_writers_and_pages_at_once_never_see_a_locked_database(start, tmp_path):
    writers = []
    for writer in range(3):
        folder = tmp_path / f"night{writer}"
        folder.mkdir()
        for number in range(25):
            (folder / f"{number}.json").write_text(
                json.dumps(wxt(f"{writer}{number:03}", ra=float(number), minutes=number))
            )
            (folder / f"gw{number}.json").write_bytes(
                gw(f"S26112{writer}{'abcdefghij'[number % 10]}", "UPDATE", minutes=number).payload
            )
        writers.append(start("manage.py", "ingest", str(folder)))
    worker = start("manage.py", "deliver")
    readers = [start("-c", READ) for _ in range(2)]
    for process in (*writers, *readers):
        ended_well(process)
    assert worker.poll() is None, worker.log.read_text()[-2000:]
    worker.terminate()
    ended_well(worker)
    with closing(sqlite3.connect(tmp_path / "var" / "db.sqlite3")) as database:
        tables = "(SELECT count(*) FROM tom_scimma_alert), (SELECT count(*) FROM tom_scimma_event)"
        assert database.execute(f"SELECT {tables}").fetchone() == (150, 105)
