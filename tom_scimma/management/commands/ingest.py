"""`manage.py ingest`: stored messages go the very way of those from a topic."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import orjson
from django.core.management.base import BaseCommand, CommandError

from tom_scimma import files, ingest, reading
from tom_scimma.conf import reading_limits
from tom_scimma.files import Missing
from tom_scimma.management.printing import Lines
from tom_scimma.record import Record

BATCH = 100


class Command(BaseCommand):
    help = "Reads messages from files, folders or standard input (-) and stores them as if a topic had brought them, never acted on."

    def add_arguments(self, parser):
        parser.add_argument("paths", nargs="*", metavar="FILE|DIR|-", help="one message a file; - reads standard input")
        parser.add_argument(
            "--topic", default="", help="the topic they came on; by default the usual one of what they say"
        )
        parser.add_argument(
            "--format", default="", help="hop format: json, avro, voevent, circular, ...; by default as the bytes look"
        )
        parser.add_argument(
            "--manifest", metavar="M.jsonl", help='a JSON object a line: {"file", "topic", "format", "headers"}'
        )
        parser.add_argument("--json", action="store_true", help="print what was understood, one JSON object a message")
        parser.add_argument("--dry-run", action="store_true", help="write nothing")

    def handle(self, *paths, **options):
        if bool(options["manifest"]) == bool(options["paths"]):
            raise CommandError("name files, folders or - to read, or a --manifest; not both and not neither")
        counts: Counter[str] = Counter()
        source, out = self._source(options), Lines(self.stdout)
        try:
            while not (out.closed and options["dry_run"]) and (batch := list(islice(source, BATCH))):
                for line, state in self._lines(batch, options):
                    counts[state] += 1
                    out.write(line)
        except ValueError as error:
            raise CommandError(str(error)) from error
        if not options["json"]:
            said = ", ".join(f"{number} {state}" for state, number in sorted(counts.items())) or "nothing to read"
            out.write(said + (" (dry run, nothing written)" if options["dry_run"] else ""))
        out.flush()
        if out.closed and not options["dry_run"]:
            self.stderr.write(
                f"nobody reads the output any more; all {counts.total() - counts['missing']} messages were taken in"
            )
        if counts["missing"] and not options["manifest"]:
            raise CommandError(f"{counts['missing']} could not be read")

    def _source(self, options):
        if options["manifest"]:
            return files.manifest(options["manifest"])
        return files.records(options["paths"], options["topic"], options["format"])

    def _lines(self, batch: list[Record | Missing], options):
        """What to print for each of a batch and its state, after storing it unless this is a dry run."""
        found = [item for item in batch if isinstance(item, Record)]
        limits = reading_limits()
        if options["dry_run"]:
            readings = [reading.read(item, maps=False, **limits) for item in found]
            results = [None] * len(readings)
        else:
            readings = [files.at_home(item, **limits) for item in found]
            results = ingest.store(readings, via="ingest")
        told = iter(zip(readings, results, strict=True))
        for item in batch:
            if isinstance(item, Missing):
                yield (dump(item.to_json()) if options["json"] else f"missing      {item.error}"), "missing"
            else:
                read, result = next(told)
                state = read.state if result is None or result.state == "dropped" else result.state
                yield (dump({**read.to_json(), "state": state}) if options["json"] else _human(read, result)), state


def dump(document: dict) -> str:
    """One line of JSON; numbers that JSON cannot say are null."""
    return orjson.dumps(document, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _human(read: reading.Reading, result) -> str:
    events = (
        ", ".join(f"{notice.event} {notice.alert_type}" for notice in read.notices)
        or read.error
        or (read.parser or "no parser knows it")
    )
    known = "" if result is None or result.created else f" ({_unstored(read, result)})"
    part = ", rows {}-{}".format(*read.record.rows) if read.record.rows else ""
    return f"{read.state:<12} {read.record.place}{part}: {events}{known}"


def _unstored(read: reading.Reading, result) -> str:
    """Why no message was stored for it, and what was noted of it all the same."""
    if result.state != "dropped":
        return "here already"
    if read.is_beat:
        return "a heartbeat: the detector's state is noted, the message not stored"
    if read.parser == "heartbeat":
        return "a heartbeat: counted, the message not stored"
    return "dropped by policy"
