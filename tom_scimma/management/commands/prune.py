"""`manage.py prune`: forgets what the topics' policies let go. Shows what it would remove; removes it with --yes."""

from __future__ import annotations

from django.core.management.base import BaseCommand
from django.utils import timezone

from tom_scimma import retention


class Command(BaseCommand):
    help = (
        "Removes messages older than their topic's `days` (TOM_SCIMMA), with what was made of them. Without --yes it "
        "only shows what would go. Never: quarantined messages (but --quarantined), nor what a needed event rests on."
    )

    def add_arguments(self, parser):
        act = parser.add_mutually_exclusive_group()
        act.add_argument("--dry-run", action="store_true", help="only show what would go (this is the default)")
        act.add_argument("--yes", action="store_true", help="remove it")
        parser.add_argument("--quarantined", action="store_true", help="old quarantined messages too")
        parser.add_argument("--topic", help="of this topic alone")

    def handle(self, *args, **options):
        now = timezone.now()
        chosen = {"quarantined": options["quarantined"], "topic": options["topic"]}
        found = retention.expired(now, **chosen)
        for item in found:
            self.stdout.write(
                f"{item.topic} ({item.source}): {item.messages} messages older than {item.days} days, "
                f"{item.bytes / 1e6:.1f} MB" + (f"; {item.needed} as old are needed and stay" if item.needed else "")
            )
        if not found:
            self.stdout.write("Nothing is older than its topic's policy keeps it.")
        elif options["yes"]:
            self.stdout.write(f"Removed {retention.remove(now, **chosen)} messages.")
        else:
            self.stdout.write("Nothing was removed. Run again with --yes to remove it.")
