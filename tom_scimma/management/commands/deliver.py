"""`manage.py deliver`: the worker. Sends what is queued and does what alerts set off, until told to stop."""

from __future__ import annotations

import threading
from contextlib import nullcontext

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.backends.signals import connection_created

from tom_scimma import addresses, destinations, drawing
from tom_scimma.conf import conf
from tom_scimma.management.signals import stop_on_signals
from tom_scimma.worker import Exhausted, work
from tom_scimma.worker.crew import Crew
from tom_scimma.worker.sole import Taken, sole_worker


class Command(BaseCommand):
    help = "Sends what is queued and does what alerts set off. One on SQLite, any number on PostgreSQL."

    def add_arguments(self, parser):
        parser.add_argument("--until-idle", action="store_true", help="end when nothing is left to do now")

    def check(self, *args, **kwargs):
        """In a process of its own, which imports the pages: the worker needs their addresses alone."""
        if addresses.loaded():
            return super().check(*args, **kwargs)
        routes = addresses.read(lambda: super(Command, self).check(*args, **kwargs))
        if routes is not None:
            addresses.use(routes)

    def handle(self, *args, **options):
        connection_created.connect(_durable, dispatch_uid="tom_scimma.deliver")
        connection.close()  # the one that there is gets it too when it is opened again
        stop = threading.Event()
        stop_on_signals(stop)
        try:
            with self._pictures(), sole_worker() as sole:  # in this order: whoever draws holds no lock
                late = self._work(Crew(sole=sole), stop, options["until_idle"])
        except (Taken, Exhausted) as error:
            raise CommandError(str(error)) from error
        if late:
            raise CommandError(
                f"Stopped, but not everything ended in time: {', '.join(late)}. What was being sent counts as a lost reply."
            )
        self.stdout.write("Stopped.")

    def _pictures(self):
        """Of this process alone a child can be forked safely: one that a test is in has threads."""
        return drawing.apart() if self._called_from_command_line else nullcontext()

    def _work(self, crew: Crew, stop: threading.Event, until_idle: bool) -> list[str]:
        names = ", ".join(sorted(destinations.services())) or "nothing yet: no app brings a destination"
        self.stdout.write(f"Worker {crew.process} delivers to {names}.")
        if conf.DRY_RUN:
            self.stdout.write("Dry run: nothing leaves this TOM.")
        self.stdout.flush()
        return work(crew, stop, until_idle=until_idle)


def _durable(sender, connection, **kwargs):
    """A claim that a power cut forgets would be sent twice: SQLite waits for the disk."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=FULL")
