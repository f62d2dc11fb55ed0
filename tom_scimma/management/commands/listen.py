"""`manage.py listen`: hears the sources of TOM_SCIMMA["SOURCES"] until told to stop (SIGTERM, Ctrl-C)."""

from __future__ import annotations

import threading
from dataclasses import replace

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError

from tom_scimma import places
from tom_scimma.ingest import ingest
from tom_scimma.listener import listen
from tom_scimma.management.signals import stop_on_signals
from tom_scimma.sources import sources, start_position

NOTHING = """No source to listen to. In settings.py, with a credential from https://my.hop.scimma.org in HOP_USERNAME
and HOP_PASSWORD or in hop's auth file (`hop auth add`):

    TOM_SCIMMA = {"SOURCES": {"hopskotch": {"topics": ["igwn.gwalert", "gcn.notices.*"]}}}
"""


class Command(BaseCommand):
    help = "Listens to Kafka sources and stores what they say. Any number of these may run; they share the work."

    def add_arguments(self, parser):
        parser.add_argument(
            "--source", action="append", help="only this source of TOM_SCIMMA['SOURCES']; may be repeated"
        )
        parser.add_argument(
            "--start",
            help='where to begin what our group has never read: "latest", "earliest" or an ISO time',
        )
        parser.add_argument(
            "--from", dest="rewind", metavar="TIME", help="read everything again from this ISO time, read before or not"
        )
        parser.add_argument("--until-idle", type=float, metavar="SECONDS", help="end when nothing has come for so long")

    def handle(self, *args, **options):
        found = sources()
        if not found:
            raise CommandError(NOTHING)
        unknown = set(options["source"] or ()) - set(found)
        if unknown:
            raise CommandError(
                f"No such source: {', '.join(sorted(unknown))}; TOM_SCIMMA['SOURCES'] has {', '.join(found)}."
            )
        chosen = [source for name, source in found.items() if not options["source"] or name in options["source"]]
        try:
            if options["start"]:
                chosen = [replace(source, start=start_position(options["start"])) for source in chosen]
            rewind = start_position(options["rewind"]) if options["rewind"] else None
        except ValueError as error:
            raise CommandError(str(error)) from error
        if isinstance(rewind, str):
            raise CommandError("--from takes a time; --start takes latest and earliest.")
        stop = threading.Event()
        stop_on_signals(stop)
        for source in chosen:
            topics = ", ".join(source.topics) or "topics chosen on the Streams page"
            self.stdout.write(f"Listening to {source.name} at {source.brokers}: {topics}")
        self._place_targets()
        self.stdout.flush()
        if not listen(chosen, ingest=ingest, stop=stop, rewind=rewind, until_quiet=options["until_idle"]):
            raise CommandError("Stopped, but not everything ended in time; what was not committed comes again.")
        self.stdout.write("Stopped.")

    def _place_targets(self) -> None:
        """Notes where targets are that were written in bulk, or before this app was installed: no signal told of them."""
        try:
            moved = places.reconcile()
        except (OperationalError, InterfaceError) as error:  # what is said can wait in the topics, but must be heard
            self.stderr.write(f"The database is away; places of targets are noted at the next start: {error}")
            return
        if moved:
            self.stdout.write(f"Noted the places of {moved:,} targets")
