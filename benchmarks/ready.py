"""From an alert on the topic to a plan that can be approved on its page, with a listener and a worker as users run them; and a what-if.

The telescope is the demo's, simulated, which sees the alert's map at any hour.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime, timezone

from benchmarks import alert
from benchmarks.bench import Bench
from benchmarks.broker import Embedded, Listener, wait
from benchmarks.figure import Figure, middle, same
from benchmarks.side import ROOT

READY, WHAT_IF = "alert-to-plan", "what-if"
NAMES = (READY, WHAT_IF)
TOPIC = "igwn.gwalert"


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure]:
    """One alert after the other, each about an event of its own; then what-ifs of the last plan."""
    telescope = str(ROOT / "example_tom" / "demo-telescope.json")
    plans = {"BASE_URL": "", "TELESCOPES": [telescope], "PLAN_TELESCOPES": ["demo"], "PLAN_NODES": 0}
    broker, database = Embedded(ground), {**ground.database("ready"), "BENCH_TREASUREMAP": json.dumps(plans)}
    ours = ground.side("ours", database)
    ours("migrate")
    ours("planner")
    broker.topic(TOPIC)
    source = {"bench": broker.source(TOPIC)}
    ground.enter(Listener(database, source, ground.folder / "listen.log"))
    ground.enter(Listener(database, source, ground.folder / "deliver.log", command="deliver"))
    producer, fits, times = broker.producer(), alert.skymap(), []
    for number in range(-2, 3 if ground.quick else 15):
        name = f"{datetime.now(timezone.utc):S%y%m%d}{chr(99 + number)}"
        begun = time.time()
        producer.produce(TOPIC, alert.message(fits, name))
        producer.flush(10)
        found = wait(f"the plan of {name}", lambda name=name: _readied(ours, name), 120)
        same("ready", (found["state"], found["shown"]), ("ready", True))
        same("it has visits", found["visits"] > 0, True)
        if number >= 0:
            times.append(found["ready"] - begun)
    if READY in wanted:
        taken = middle(times)
        yield Figure(
            READY, "s", taken, "<= 3", taken, note=f"slowest of {len(times)}: {max(times):.2f} s; ratio: seconds"
        )
    if WHAT_IF in wanted:
        answers = [
            ours("what_if", name=name, airmass=2.0 + 0.1 * number) for number in range(3 if ground.quick else 15)
        ]
        same("answered, nothing kept", {(one["answered"], one["kept"]) for one in answers}, {(True, 0)})
        taken = middle([one["seconds"] for one in answers])
        yield Figure(WHAT_IF, "s", taken, "<= 1", taken, note="ratio: seconds")


def _readied(ours, name: str) -> dict | None:
    found = ours("readied", name=name)
    return found if found["ready"] or found["state"] else None
