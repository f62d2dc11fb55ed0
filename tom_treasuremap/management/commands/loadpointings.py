"""Takes the pointings of a CSV or JSON file."""

from __future__ import annotations

from pathlib import Path

from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError

from tom_scimma.events import named
from tom_treasuremap.gathering import from_file
from tom_treasuremap.pointings import STATUSES
from tom_treasuremap.sources.file import BadFile


class Command(BaseCommand):
    help = "Takes the pointings of a CSV or JSON file for one event. Nothing is taken of a file with a wrong line."

    def add_arguments(self, parser):
        parser.add_argument("event")
        parser.add_argument("file", type=Path)
        parser.add_argument("--status", choices=STATUSES, help="of rows that name none")
        parser.add_argument("--group", help="Django group that alone may see them; by default whoever sees the event")

    def handle(self, *, event: str, file: Path, status: str | None, group: str | None, **options):
        found = named(event)
        if found is None:
            raise CommandError(f"There is no event {event!r} here.")
        only = None
        if group:
            only = Group.objects.filter(name=group).values_list("pk", flat=True).first()
            if only is None:
                raise CommandError(f"There is no group {group!r} here.")
        try:
            kept = from_file(found, file.read_bytes(), file.name, status=status, group=only)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error}") from error
        except BadFile as error:
            raise CommandError(f"Nothing was taken of {file.name}:\n{error}") from error
        self.stdout.write(f"{kept.count} pointings: {kept.new} new, {kept.changed} changed, {kept.vanished} gone")
