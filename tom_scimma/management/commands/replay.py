"""`manage.py replay`: stored messages, parsed again with today's parsers."""

from __future__ import annotations

from collections import Counter
from datetime import timezone as tz

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from tom_scimma.models import Message
from tom_scimma.replay import replay


class Command(BaseCommand):
    help = "Parses stored messages again with today's parsers. Nobody is told and nothing is acted on."

    def add_arguments(self, parser):
        parser.add_argument("--topic", help="only this topic")
        parser.add_argument("--since", help="only messages received since this ISO time (UTC)")
        parser.add_argument("--quarantined", action="store_true", help="only messages that could not be understood")

    def handle(self, **options):
        messages = Message.objects.order_by("received", "pk").select_related("body")
        if options["topic"]:
            messages = messages.filter(topic=options["topic"])
        if options["since"]:
            messages = messages.filter(received__gte=_time(options["since"]))
        if options["quarantined"]:
            messages = messages.filter(state=Message.State.QUARANTINED)
        counts: Counter[str] = Counter()
        for key in list(messages.values_list("pk", flat=True)):
            message = Message.objects.select_related("body").filter(pk=key).first()
            if message is None:  # pruned meanwhile
                continue
            before = message.state
            result = replay([message])[0]
            counts[result.state] += 1
            if before != result.state:
                self.stdout.write(f"{message.uid}  {message.topic}  {before} -> {result.state}")
        self.stdout.write(
            ", ".join(f"{number} {state}" for state, number in sorted(counts.items())) or "no such messages"
        )


def _time(text: str):
    try:
        value = parse_datetime(text) or parse_datetime(text + "T00:00:00")
    except ValueError:
        value = None
    if value is None:
        raise CommandError(f"--since takes an ISO time such as 2026-11-21T03:00:00, got {text!r}")
    return value if timezone.is_aware(value) else value.replace(tzinfo=tz.utc)
