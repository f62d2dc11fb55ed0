"""`manage.py ingest`: files, folders, standard input and manifests go the way of a topic's messages."""

import json
import os
import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.messages import igwn, wxt
from tom_scimma.models import Alert, Event, Message

pytestmark = pytest.mark.django_db


def run(*args, **options) -> list[str]:
    out = StringIO()
    call_command("ingest", *args, stdout=out, **options)
    return out.getvalue().splitlines()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "gw.json").write_text(json.dumps(igwn()))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "xrt.json").write_text(json.dumps(wxt()))
    (tmp_path / "bad.json").write_text('{"superevent_id": ')
    return tmp_path


def test_a_file_is_stored_and_never_live(folder):
    run(str(folder / "gw.json"))
    assert Event.objects.get().state == "active"  # whoever stores a file vouches for it: the usual topic's authority
    assert not Alert.objects.get().live
    assert Message.objects.get().topic == "igwn.gwalert"


def test_a_folder_prints_one_line_a_message_as_notice_md_says(folder):
    lines = [json.loads(line) for line in run(str(folder), json=True)]
    assert [line["state"] for line in lines] == ["quarantined", "parsed", "parsed"]
    assert set(lines[1]) == {"source", "uid", "topic", "format", "state", "parser", "error", "notices"}
    assert lines[1]["notices"][0]["event"] == "S261121a"
    assert lines[0]["error"]
    assert Message.objects.count() == 3


def test_a_dry_run_writes_nothing(folder):
    lines = run(str(folder), dry_run=True)
    assert "dry run" in lines[-1]
    assert not Message.objects.exists()


def test_a_manifest_keeps_its_order_a_missing_file_included(folder):
    entries = [
        {"file": "sub/xrt.json", "topic": "gcn.notices.einstein_probe.wxt.alert", "format": "json", "headers": {}},
        {"file": "gone.json", "topic": "igwn.gwalert", "format": None, "headers": {}},
        {"file": "gw.json", "topic": "igwn.gwalert", "format": None,
         "headers": {"_sender": "gwistat", "_test": "true", "_id": "5f0dba4c-2f3d-4f5f-8f3d-0a8d7b4c8d11"}},
    ]  # fmt: skip
    path = folder / "M.jsonl"
    path.write_text("\n".join(map(json.dumps, entries)))
    lines = [json.loads(line) for line in run(manifest=str(path), json=True)]
    assert [line["state"] for line in lines] == ["parsed", "quarantined", "parsed"]
    assert "gone.json" in lines[1]["error"]
    assert lines[2]["notices"][0]["role"] == "test"
    message = Message.objects.get(topic="igwn.gwalert")
    assert (message.sender, str(message.sent_id)) == ("gwistat", "5f0dba4c-2f3d-4f5f-8f3d-0a8d7b4c8d11")


@pytest.mark.parametrize("line", ["nonsense", "[]", '{"topic": "x"}', '{"file": 3}'])
def test_a_manifest_line_that_is_none_is_named(folder, line):
    path = folder / "M.jsonl"
    path.write_text("\n" + line)
    with pytest.raises(CommandError, match="line 2"):
        run(manifest=str(path), dry_run=True)


def test_a_manifest_that_is_not_there_is_said(tmp_path):
    with pytest.raises(CommandError, match=r"gone\.jsonl cannot be read: No such file"):
        run(manifest=str(tmp_path / "gone.jsonl"))


def test_a_missing_file_is_an_error_after_the_others(folder):
    with pytest.raises(CommandError, match="1 could not be read"):
        run(str(folder / "gone.json"), str(folder / "gw.json"))
    assert Event.objects.exists()


class Leaving(StringIO):
    """Somebody who reads one line and goes."""

    def write(self, text):
        if self.getvalue():
            raise BrokenPipeError
        return super().write(text)


def test_whoever_stops_reading_stops_no_storing(folder):
    """`ingest --json folder | head -1`: everything that was asked for is stored all the same, and it is said."""
    out, err = Leaving(), StringIO()
    call_command("ingest", str(folder), json=True, stdout=out, stderr=err)
    assert (len(out.getvalue().splitlines()), Message.objects.count()) == (1, 3)
    assert "all 3 messages were taken in" in err.getvalue()


def test_where_nothing_is_stored_nobody_reading_is_the_end(folder, tmp_path):
    """`ingest --dry-run --json ... | head -1`, as a shell runs it: no traceback, and no more is read, here a file that never ends."""
    os.mkfifo(endless := tmp_path / "endless")
    files = [str(folder / "gw.json")] * 100  # as many as are read at a time, and more than a pipe holds
    command = [sys.executable, "-m", "django", "ingest", "--dry-run", "--json", *files, str(endless)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as child:
        child.stdout.readline()
        child.stdout.close()
        assert (child.wait(60), child.stderr.read()) == (0, b"")


def test_standard_input(folder, tmp_path):
    """As a VOEvent broker calls it: a process of its own, the message on its standard input."""
    command = [sys.executable, "-m", "django", "ingest", "-", "--json", "--dry-run", "--topic", "igwn.gwalert"]
    done = subprocess.run(
        command, input=json.dumps(igwn()).encode(), capture_output=True, env=environment(), timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["notices"][0]["event"] == "S261121a"


def environment():
    # astroplan, which the host imports, warns of this year where ERFA's leap seconds are some years old
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONWARNINGS": "ignore:ERFA function"}


@pytest.mark.parametrize(("count", "messages"), [(990, 1), (1001, 21)])
def test_a_table_of_the_tns_with_more_rows_than_a_message_may_have_is_read_in_parts(tmp_path, count, messages):
    names = [
        f"2026{chr(97 + number // 26 % 26)}{chr(97 + number % 26)}{'x' * (number // 676)}" for number in range(count)
    ]
    rows = [f'"{number}","AT","{name}","10.5","-5.25","OURS"' for number, name in enumerate(names)]
    rows[49] = rows[49].replace("OURS", 'a cell of\n""two"" lines')  # the last of a part
    header = ['"2026-11-21 00:00:00 - 23:59:59"', '"objid","name_prefix","name","ra","declination","remarks"']
    (tmp_path / "tns.csv").write_text("\n".join([*header, *rows]))
    lines = [json.loads(line) for line in run(str(tmp_path / "tns.csv"), dry_run=True, json=True)]
    assert len(lines) == messages
    notices = [notice for line in lines for notice in line["notices"]]
    assert [notice["event"] for notice in notices] == [f"AT {name}" for name in names]
    assert notices[49]["extra"]["remarks"] == 'a cell of\n"two" lines'
    assert {line["source"] for line in lines} == {str(tmp_path / "tns.csv")}
    parts = [
        line.get("rows") for line in lines
    ]  # what tells lines of one source apart; a file that is one message has none
    assert parts == ([[first, min(first + 49, count)] for first in range(1, count + 1, 50)] if messages > 1 else [None])
    said = run(str(tmp_path / "tns.csv"), dry_run=True)
    assert ("tns.csv, rows 51-100: AT " in said[min(1, messages - 1)]) == (messages > 1)


@pytest.mark.parametrize(
    ("topic", "message", "said"),
    [
        ("snews.alert-test", {"detector_name": "XENONnT", "machine_time": "2026-11-21T00:00:00", "detector_status": "ON"},
         "ignored      {}: snews (a heartbeat: the detector's state is noted, the message not stored)"),
        ("gcn.heartbeat", {"alert_datetime": "2026-11-21T00:00:00Z"},
         "ignored      {}: heartbeat (a heartbeat: counted, the message not stored)"),
        ("ours.dropped", {"n": 1}, "ignored      {}: no parser knows it (dropped by policy)"),
    ],
)  # fmt: skip
def test_what_is_not_stored_says_why_and_what_was_noted(tmp_path, settings, topic, message, said):
    settings.TOM_SCIMMA = {"TOPICS": {"ours.dropped": {"keep": "none"}}}
    path = tmp_path / "beat.json"
    path.write_text(json.dumps(message))
    assert run(str(path), topic=topic)[0] == said.format(path)
    assert not Message.objects.exists()
