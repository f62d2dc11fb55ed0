"""`manage.py firedrill`: one mock superevent through this TOM as it is configured; nothing of it stays or leaves."""

from __future__ import annotations

import sys

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from tom_scimma import firedrill, wording


class Command(BaseCommand):
    help = "Plays one mock superevent: hears, reacts, plans, composes; prints the ledger. Exits 0 where all went well, else 1."

    def add_arguments(self, parser):
        parser.add_argument("--user", default="", help="in whose name; by default the first superuser's")
        parser.add_argument("--topic", default=firedrill.TOPIC)

    def handle(self, *args, user, topic, **options):
        done = firedrill.drill(self._user(user), topic=topic)
        self.stdout.write(f"Fire drill with {done.event}; nothing of it stays, and nothing was sent.")
        for step in done.steps:
            self.stdout.write(
                f"  {'FAILED' if step.failed else 'ok':6} {step.seconds:6.2f} s  {step.name}: {step.words}"
            )
        for entry in done.ledger.entries if done.ledger is not None else ():
            took = f"  {entry.note}" if entry.note else ""
            self.stdout.write(f"  {entry.label:16} {wording.utc(entry.time, 3) if entry.time else '–'}{took}")
        self.stdout.write("Something does not work." if done.failed else "All went well.")
        if done.failed:
            sys.exit(1)

    def _user(self, name: str):
        known = get_user_model().objects.filter(is_active=True).order_by("pk")
        found = known.filter(username=name).first() if name else known.filter(is_superuser=True).first()
        if found is None:
            raise CommandError(f"there is no user {name}" if name else "there is no superuser; name a user: --user")
        return found
