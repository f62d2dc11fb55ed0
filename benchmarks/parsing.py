"""Figure 10: how fast messages of every form are understood, against voevent-parse and hop-client's own models."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import parsing_mix
from benchmarks.bench import Bench
from benchmarks.figure import Differs, Figure, middle

BATCH = 100  #: of the command
NAMES = ("ingest-json", "parsing:voevent-parse", "parsing:hop")
#: labels of hop's models
_LABELS = {"voevent": "voevent", "json": "json", "circular": "json", "text": "gcntextnotice", "avro": "avro"}


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure]:
    """The command on a new SQLite database; the two peers in this process, in turn, on the same bytes."""
    messages = parsing_mix.take(1_000 if ground.quick else 3_000)
    if "ingest-json" in wanted:
        rate, note = _ingest(ground, messages)
        yield Figure("ingest-json", "/s", rate, ">= 500", rate, note=note)
    if "parsing:voevent-parse" in wanted:
        packets = list(parsing_mix.of_form(messages, "voevent"))
        yield _against("parsing:voevent-parse", packets, _understood, _voeventparse(), ground)
    if "parsing:hop" in wanted:
        yield _against("parsing:hop", list(parsing_mix.of_form(messages, *_LABELS)), _decoded, _hop(), ground)


def _ingest(ground: Bench, messages: list[parsing_mix.Message]) -> tuple[float, str]:
    """Messages a second of one `ingest --json` run, stored and printed, from the end of its first batch; and how soon that came."""
    environment = {**os.environ, **ground.database("sqlite"), "DJANGO_SETTINGS_MODULE": "benchmarks.settings"}
    folder = ground.folder / "messages"
    folder.mkdir()
    with _started(environment, "migrate", "-v0") as command:
        command.communicate()
    all_of_them = _manifest(folder, "all", messages)
    begun, stamps, states = time.perf_counter(), [], []
    with _started(environment, "ingest", "--json", "--manifest", str(all_of_them)) as command:
        for line in command.stdout:
            stamps.append(time.perf_counter())
            states.append(json.loads(line)["state"])
    if states != ["parsed"] * len(messages):
        raise Differs(f"{sum(state != 'parsed' for state in states)} of {len(states)} messages were not parsed")
    rate = (len(stamps) - BATCH) / (stamps[-1] - stamps[BATCH - 1])
    return (
        rate,
        f"{len(messages)} messages, stored, from the first batch's end; the first line came after {stamps[0] - begun:.1f} s",
    )


def _manifest(folder: Path, name: str, messages: list[parsing_mix.Message]) -> Path:
    path = folder.with_name(f"{name}.jsonl")
    with path.open("w") as manifest:
        for number, message in enumerate(messages):
            (folder / str(number)).write_bytes(message.payload)
            manifest.write(json.dumps({"file": f"messages/{number}", "topic": message.topic}) + "\n")
    return path


def _started(environment: dict[str, str], *command: str) -> subprocess.Popen:
    arguments = [sys.executable, "-u", "-m", "django", *command]
    return subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def _against(name: str, messages: list[parsing_mix.Message], ours: Callable, peer: Callable, ground: Bench) -> Figure:
    """Processor time of ours by the peer's, and the check that we understand whatever the peer takes."""
    ours_taken = _taken(messages, _understood)
    peer_taken = _taken(messages, peer)
    refused = peer_taken - ours_taken
    if refused:
        raise Differs(
            f"{len(refused)} messages that the peer takes are refused, the first of form {messages[min(refused)].form}"
        )
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    for _ in range(3 if ground.quick else 7):
        for key, read in (("ours", ours), ("peer", peer)):
            begun = time.process_time()
            for message in messages:
                read(message)
            times[key].append((time.process_time() - begun) / len(messages))
    mine, theirs = middle(times["ours"]), middle(times["peer"])
    return Figure(
        name,
        "s",
        mine,
        "<= 1",
        mine / theirs,
        peer=theirs,
        note=f"a message, of {len(messages)}; none refused that the peer takes",
    )


def _taken(messages: list[parsing_mix.Message], read: Callable) -> set[int]:
    """Numbers of the messages that are understood."""
    found = set()
    for number, message in enumerate(messages):
        try:
            if read(message) is not None:
                found.add(number)
        except Exception:  # noqa: BLE001  # a peer raises what it likes; to be counted is the point
            continue
    return found


def _decoded(message: parsing_mix.Message):
    """Bytes to content, which is as far as hop's models go."""
    from tom_scimma.decode import decode
    from tom_scimma.record import Record

    headers = (("_format", _LABELS.get(message.form, "").encode()),)
    return decode(Record(topic=message.topic, payload=message.payload, headers=headers))


def _understood(message: parsing_mix.Message):
    """Bytes to notices."""
    from tom_scimma import parsers

    return parsers.parse(message.topic, _decoded(message)).notices or None


def _voeventparse() -> Callable:
    """voevent-parse, asked for what a notice has: its Params by group, time, position, citations."""
    import voeventparse

    def read(message: parsing_mix.Message):
        packet = voeventparse.loads(message.payload)
        return (
            packet.attrib["ivorn"], packet.attrib["role"], str(packet.Who.Date), voeventparse.get_toplevel_params(packet),
            voeventparse.get_grouped_params(packet), voeventparse.get_event_time_as_utc(packet), voeventparse.get_event_position(packet),
        )  # fmt: skip

    return read


def _hop() -> Callable:
    """hop-client's own models: bytes to a model, which understands nothing yet."""
    from hop import models

    kinds = {
        "voevent": models.VOEvent,
        "json": models.JSONBlob,
        "gcntextnotice": models.GCNTextNotice,
        "avro": models.AvroBlob,
    }

    def read(message: parsing_mix.Message):
        return kinds[_LABELS[message.form]].deserialize(message.payload)

    return read
