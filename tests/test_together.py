"""SQLite as the example sets it up: writers and page loads at once, in processes of their own, and no locked database."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.messages import gw, wxt

EXAMPLE = Path(__file__).parent.parent / "example_tom"
READ = """
import django; django.setup()
from django.test import Client
client = Client(headers={"host": "localhost"})
for _ in range(30):
    for page in ("/events/", "/messages/", "/streams/", "/sent/"):
        assert client.get(page).status_code == 200, page
"""


def start(*command, variables):
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=EXAMPLE,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_writers_and_pages_at_once_never_see_a_locked_database(tmp_path):
    environment = {
        **os.environ,
        "TOM_VAR": str(tmp_path / "var"),
        "DJANGO_SETTINGS_MODULE": "example_tom.settings",
        "DATABASE_URL": "",
    }
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"], cwd=EXAMPLE, env=environment, check=True, timeout=120
    )
    writers = []
    for writer in range(3):
        folder = tmp_path / str(writer)
        folder.mkdir()
        for number in range(50):
            (folder / f"{number}.json").write_text(
                json.dumps(wxt(f"{writer}{number:03}", ra=float(number), minutes=number))
            )
            (folder / f"gw{number}.json").write_bytes(
                gw(f"S26112{writer}{'abcdefghij'[number % 10]}", "UPDATE", minutes=number).payload
            )
        writers.append(start("manage.py", "ingest", str(folder), variables=environment))
    worker = start("manage.py", "deliver", variables=environment)
    readers = [start("-c", READ, variables=environment) for _ in range(2)]
    for process in (*writers, *readers):
        output = process.communicate(timeout=240)[0]
        assert process.returncode == 0, output[-2000:]
        assert "locked" not in output
        assert "Traceback" not in output
    worker.terminate()
    output = worker.communicate(timeout=60)[0]
    assert worker.returncode == 0, output[-2000:]
    assert "locked" not in output
    count = "from tom_scimma.models import Alert, Event; print(Alert.objects.count(), Event.objects.count())"
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", count],
        cwd=EXAMPLE,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[-2:] == ["300", "180"]
