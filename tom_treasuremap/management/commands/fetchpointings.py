"""Fetches pointings of events from the Treasure Map, at once."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tom_scimma.errors import Refused
from tom_scimma.events import named
from tom_scimma.models import Event
from tom_treasuremap.fetching import fetch, wanted


class Command(BaseCommand):
    help = "Fetches who looked where, for the events named or for all that are followed."

    def add_arguments(self, parser):
        parser.add_argument("events", nargs="*", metavar="EVENT", help="names of events, also their other names")
        parser.add_argument("--all", action="store_true", help="all events that are followed")

    def handle(self, *, events: list[str], **options):
        if not events and not options["all"]:
            raise CommandError("Name events, or say --all.")
        chosen = [_named(name) for name in events]
        if options["all"]:
            chosen += Event.objects.filter(wanted(timezone.now())).order_by("-latest")
        failed = [event.name for event in dict.fromkeys(chosen) if not self._fetch(event)]
        if failed:
            raise CommandError(f"Not fetched: {', '.join(failed)}. What was known of them stays.")

    def _fetch(self, event: Event) -> bool:
        try:
            state = fetch(event, whole=True)
        except Refused as refused:
            self.stderr.write(f"{event.name}: {refused}")
            return False
        told = f"{event.name}: {state.count} pointings, {state.new} new, {state.changed} changed, {state.vanished} gone"
        self.stdout.write(told if not state.failures else f"{event.name}: not fetched")
        if state.error:
            self.stderr.write(f"{event.name}: {state.error}")
        return not state.failures


def _named(name: str) -> Event:
    found = named(name)
    if found is None:
        raise CommandError(f"There is no event {name!r} here.")
    return found
