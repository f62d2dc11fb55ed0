"""Figure 10: how fast messages of every form are understood, against voevent-parse and hop-client's own models."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import parsing_mix
from benchmarks.bench import Bench, Unavailable, peer
from benchmarks.figure import Differs, Figure, Skipped, middle
from benchmarks.readings import Message, write
from benchmarks.side import Side

BATCH = 100  #: of the command
NAMES = ("ingest-json", "parsing:voevent-parse", "parsing:hop")


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure | Skipped]:
    """The command on a new SQLite database; the two peers, each in turn with ours on the same bytes."""
    messages = parsing_mix.take(1_000 if ground.quick else 3_000)
    if "ingest-json" in wanted:
        rate, note = _ingest(ground, messages)
        yield Figure("ingest-json", "/s", rate, ">= 500", rate, note=note)
    if "parsing:voevent-parse" in wanted:
        yield _packets(ground, list(parsing_mix.of_form(messages, "voevent")))
    if "parsing:hop" in wanted:
        understood = list(parsing_mix.of_form(messages, "voevent", "json", "circular", "text", "avro"))
        yield _against("parsing:hop", understood, "content", ground.side("peer_models", {}), ground)


def _packets(ground: Bench, packets: list[Message]) -> Figure | Skipped:
    try:
        python = peer("voevent", "voevent-parse")
    except Unavailable as error:
        return Skipped("parsing:voevent-parse", str(error))
    return _against("parsing:voevent-parse", packets, "notices", ground.side("peer_voevent", {}, python), ground)


def _ingest(ground: Bench, messages: list[Message]) -> tuple[float, str]:
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


def _manifest(folder: Path, name: str, messages: list[Message]) -> Path:
    path = folder.with_name(f"{name}.jsonl")
    with path.open("w") as manifest:
        for number, message in enumerate(messages):
            (folder / str(number)).write_bytes(message.payload)
            manifest.write(json.dumps({"file": f"messages/{number}", "topic": message.topic}) + "\n")
    return path


def _started(environment: dict[str, str], *command: str) -> subprocess.Popen:
    arguments = [sys.executable, "-u", "-m", "django", *command]
    return subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def _against(name: str, messages: list[Message], way: str, theirs: Side, ground: Bench) -> Figure:
    """Processor time of ours by the peer's, in turn, and the check that we understand whatever the peer takes."""
    path, ours = ground.folder / f"{theirs.log.stem}.jsonl", ground.side("reads", {})
    write(path, messages)
    refused = {*theirs("taken", path=str(path), way="read")} - {*ours("taken", path=str(path), way="notices")}
    if refused:
        raise Differs(
            f"{len(refused)} messages that the peer takes are refused, the first of form {messages[min(refused)].form}"
        )
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(3 if ground.quick else 7):
        for side, asked, kept in ((ours, way, times[0]), (theirs, "read", times[1])):
            kept.append(side("seconds", path=str(path), way=asked))
    mine, other = map(middle, times)
    note = f"a message, of {len(messages)}; none refused that the peer takes"
    return Figure(name, "s", mine, "<= 1", mine / other, peer=other, note=note)
