"""`manage.py streamstatus`: the Streams page in the terminal. Ends with 1 when this TOM does not hear as it should."""

from __future__ import annotations

import json
import sys

from django.core.management.base import BaseCommand
from django.utils import timezone

from tom_scimma.conf import conf
from tom_scimma.health import report
from tom_scimma.lights import ago, lively
from tom_scimma.notice import iso
from tom_scimma.topics import Survey, Topic, survey
from tom_scimma.workload import Workload, workload

HEADS = ("STATE", "TOPIC", "SOURCE", "LAST", "PARSED", "LAG", "H/MIN", "QUAR", "WHY")
LISTENER_HEADS = ("LISTENER", "SOURCE", "LANE", "STATE", "BEAT", "RESTARTS", "HANDLED", "LAST ERROR")


class Command(BaseCommand):
    help = "Shows every topic and listener; ends with 1 when something that should be heard is not."

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
        parser.add_argument("--all", action="store_true", help="also topics that are offered and not heard")

    def handle(self, *args, **options):
        now = timezone.now()
        seen, load = survey(now), workload(now)
        if options["json"]:
            self.stdout.write(json.dumps(document(seen, load), indent=1))
        else:
            self.stdout.write("\n\n".join((text(seen, options["all"]), worker_text(load))))
        if not (seen.ok and load.ok):
            sys.exit(1)


def document(seen: Survey, load: Workload) -> dict:
    """The health report with every topic, consumer and worker in full."""
    return {
        **report(seen, load),
        "topics": [_topic(topic) for topic in seen.topics],
        "listeners": [
            {
                "process": item.process,
                "source": item.source,
                "lane": item.lane,
                "state": item.state,
                "alive": lively(item, seen.now),
                "beat": iso(item.beat),
                "restarts": item.restarts,
                "handled": item.handled,
                "last_error": item.last_error,
            }
            for item in seen.listeners
        ],
        "workers": [
            {
                "process": item.process,
                "alive": item in load.alive,
                "beat": iso(item.beat),
                "delivered": item.delivered,
                "reacted": item.reacted,
                "memory": item.memory,
                "last_error": item.last_error,
            }
            for item in load.workers
        ],
    }


def _topic(topic: Topic) -> dict:
    state = topic.state
    return {
        "source": topic.source,
        "topic": topic.name,
        "carries": topic.carries,
        "parser": topic.parser,
        "choice": topic.choice,
        "listening": state.listening,
        "offered": state.offered,
        "light": topic.light,
        "reason": topic.reason,
        "last_message": iso(state.last_message),
        "last_parsed": iso(state.last_parsed),
        "last_heartbeat": iso(state.last_heartbeat),
        "lag": state.lag,
        "hour": topic.hour,
        "minute": topic.minute,
        "received": state.received,
        "dropped": state.dropped,
        "quarantine": topic.quarantined,
        "last_error": state.last_error,
    }


def text(seen: Survey, everything: bool) -> str:
    """The survey as tables for a terminal."""
    shown = [topic for topic in seen.topics if everything or topic.wanted]
    lines = [*seen.reasons] or ["all sources are heard" if conf.SOURCES else 'no source: set TOM_SCIMMA["SOURCES"]']
    lines += ["", *_table([HEADS, *(_row(topic, seen) for topic in shown)])] if shown else []
    left = len(seen.topics) - len(shown)
    lines += [f"{left} more topics offered and not heard: --all"] if left else []
    if not seen.listeners:
        return "\n".join([*lines, "", "no listener: run manage.py listen"])
    return "\n".join([*lines, "", *_table([LISTENER_HEADS, *_listeners(seen)])])


def worker_text(load: Workload) -> str:
    """The worker as lines for a terminal."""
    waits = f"{load.ready} to send, {load.reactions} reactions to do"
    state = ["everything that leaves is stopped"] if load.stop else [f"dry run: {load.dry}"] if load.dry else []
    lines = [*load.reasons, *state, waits]
    for item in load.workers:
        beat = ago(item.beat, load.now) + ("" if item in load.alive else " DEAD")
        lines.append(f"worker {item.process}: beat {beat}, {item.delivered} delivered, {item.reacted} reactions")
    return "\n".join(lines if load.workers else [*lines, "no worker: run manage.py deliver"])


def _row(topic: Topic, seen: Survey) -> tuple[str, ...]:
    state = topic.state
    return (
        topic.light,
        topic.name,
        topic.source,
        ago(state.last_message, seen.now) or "-",
        ago(state.last_parsed, seen.now) or "-",
        "-" if state.lag is None else str(state.lag),
        f"{topic.hour}/{topic.minute}",
        str(topic.quarantined),
        topic.reason[:80],
    )


def _listeners(seen: Survey):
    for item in seen.listeners:
        beat = ago(item.beat, seen.now) + ("" if lively(item, seen.now) else " DEAD")
        yield (
            item.process,
            item.source,
            item.lane,
            item.state,
            beat,
            str(item.restarts),
            str(item.handled),
            item.last_error[:60],
        )


def _table(rows) -> list[str]:
    rows = [tuple(cell.replace("\n", " ") for cell in row) for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
