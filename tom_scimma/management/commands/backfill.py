"""`manage.py backfill`: a topic's past from the broker and the archive behind it, superevents from GraceDB. Never acted on."""

from __future__ import annotations

import time
from argparse import ArgumentTypeError
from datetime import datetime

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from tom_scimma import sources
from tom_scimma.archive import access, look
from tom_scimma.backfill import Past, run
from tom_scimma.backfill.archive import Archived
from tom_scimma.backfill.gracedb import SOURCE as GRACEDB
from tom_scimma.backfill.gracedb import GraceDB
from tom_scimma.backfill.kafka import Retention
from tom_scimma.conf import conf
from tom_scimma.errors import ScimmaError
from tom_scimma.models import Backfill
from tom_scimma.times import parse


class Command(BaseCommand):
    every = 2.0  #: seconds between two lines of progress
    help = (
        "Fetches what was missed: a topic's messages that the broker still has and, behind them, those of the Hopskotch archive "
        "(--topic), or superevents from GraceDB's public API (--gracedb). Nobody is told, nothing moves, and no listener's place "
        "changes. Cut short, the same command goes on where it stood."
    )

    def add_arguments(self, parser):
        parser.add_argument("names", nargs="*", metavar="SUPEREVENT", help="with --gracedb: these alone")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--topic", help="a topic to read from the broker, and with --since from the archive")
        what.add_argument("--gracedb", action="store_true", help="superevents of a time, or those that are named")
        parser.add_argument(
            "--source",
            default="",
            help="name of the source in TOM_SCIMMA['SOURCES']; by default the first for the topic",
        )
        parser.add_argument("--since", type=moment, metavar="TIME", help="ISO time, UTC; by default all there is")
        parser.add_argument("--until", type=moment, metavar="TIME", help="ISO time, UTC; by default now")
        parser.add_argument(
            "--only",
            choices=("broker", "archive"),
            help="with --topic: one of the two; the archive also without --since",
        )
        parser.add_argument(
            "--whole", action="store_true", help="large messages of the archive too, not only their references"
        )
        parser.add_argument("--again", action="store_true", help="from the beginning, although it was done before")

    def handle(self, *args, **options):
        if options["names"] and (options["topic"] or options["since"] or options["until"]):
            raise CommandError("names are superevents for --gracedb, and stand alone: no times, no topic")
        if options["since"] and options["until"] and options["since"] >= options["until"]:
            raise CommandError("--since must be before --until")
        troubles = [said for past in self._pasts(options) if (said := self._run(past, options["again"]))]
        if troubles:
            raise CommandError(" ".join(troubles))

    def _run(self, past: Past, again: bool) -> str:
        """Fetches from one source of the past and says what came; what went wrong with it, in words, "" for nothing."""
        self._shown = time.monotonic()
        try:
            row = run(past, lambda row: self._progress(row, getattr(past, "left", 0)), again=again)
        except KeyboardInterrupt as interrupt:
            raise CommandError(f"Stopped. {_kept(past)}".strip(), returncode=130) from interrupt
        except (ScimmaError, ImproperlyConfigured) as error:
            return f"{_sentence(error)} {_kept(past)}".strip()
        self.stdout.write(said(row))
        if isinstance(past, Archived):
            look.recompare(row.source, row.topic, past.since, past.until)
        missing = getattr(past, "missing", ())
        return f"GraceDB does not know, or does not show: {', '.join(missing)}" if missing else ""

    def _pasts(self, options) -> list[Past]:
        """Where it is looked for, one after the other: what the broker gave need not be opened in the archive."""
        if options["gracedb"]:
            if not options["names"] and not options["since"]:
                raise CommandError("name superevents, or --since a time; all of GraceDB is a lot to ask for")
            limits = {"max_bytes": conf.MAX_MESSAGE_BYTES, "seconds": conf.FETCH_SECONDS}
            asked = (conf.GRACEDB_URL, options["names"], options["since"], options["until"])
            return [GraceDB(*asked, sleep=self._wait, **limits)]
        source, only = self._source(options), options["only"]
        stretch = (options["topic"], options["since"], options["until"])
        pasts: list[Past] = [] if only == "archive" else [Retention(source, *stretch)]
        if only == "archive" and not access.url(source):
            raise CommandError(f"the source {source.name} has no archive; is TOM_SCIMMA['ARCHIVE_URL'] set?")
        if access.url(source) and (only == "archive" or (only is None and options["since"])):
            pasts.append(Archived(access.client(source), source.name, *stretch, whole=options["whole"]))
        return pasts

    def _source(self, options) -> sources.Source:
        known = sources.sources()
        if options["source"]:
            if options["source"] not in known:
                raise CommandError(
                    f"TOM_SCIMMA['SOURCES'] has no {options['source']!r}; it has {', '.join(known) or 'none'}"
                )
            return known[options["source"]]
        found = [item for item in known.values() if sources.chosen(item.topics, [options["topic"]])] or list(
            known.values()
        )
        if not found:
            raise CommandError("TOM_SCIMMA['SOURCES'] names no broker to ask")
        return found[0]

    def _wait(self, seconds: float) -> None:
        """Waits for a server that is busy or away, and says so."""
        self.stdout.write(f"GraceDB is busy or does not answer; it is asked again in {seconds:.0f} s ...")
        self.stdout.flush()
        time.sleep(seconds)

    def _progress(self, row: Backfill, left: int) -> None:
        if time.monotonic() - self._shown > self.every:
            self._shown = time.monotonic()
            of = f"{row.seen} of {row.total} looked at, " if row.total is not None else ""
            more = f", {left} to come" if left else ""
            self.stdout.write(f"{of}{row.read} read, {row.created} new{more} ...")
            self.stdout.flush()


def _sentence(error: Exception) -> str:
    text = str(error)
    return text if text.endswith(".") else f"{text}."


def _kept(past: Past) -> str:
    """What a run that was cut short leaves, in words; "" where nothing was read."""
    row = Backfill.objects.filter(source=past.source, topic=past.topic, asked=past.asked[:255]).first()
    if row is None or not (row.read or row.seen):
        return "Nothing was read."
    return f"{row.read} read, {row.created} new are stored; the same command goes on from there."


def said(row: Backfill) -> str:
    """What a run that is done came to, in a line."""
    closed = (
        f" {row.unopened} that the archive lists could not be opened; see the Archive page." if row.unopened else ""
    )
    where, looked = "GraceDB" if row.source == GRACEDB else row.topic, f"{row.read} read"
    if row.total is not None:
        where, looked = f"{row.topic} (archive)", f"{row.seen} looked at"
    if not row.created:
        return f"{where}: nothing new ({looked}, all here or dropped by policy).{closed}"
    bad = f", {row.quarantined} of them in quarantine" if row.quarantined else ""
    return f"{where}: {row.created} new of {looked}{bad}.{closed}"


def moment(text: str) -> datetime:
    """An ISO time; without an offset it is UTC."""
    value = parse(text).time
    if value is None:
        raise ArgumentTypeError(f"write a time as 2026-11-21 or 2026-11-21T03:00:00 (UTC), not {text!r}")
    return value
