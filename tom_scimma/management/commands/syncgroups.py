"""manage.py syncgroups: SCiMMA's groups as Django groups, now."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError

from tom_scimma import syncing
from tom_scimma.conf import conf


class Command(BaseCommand):
    help = (
        "Brings people's Django groups up to date with their groups at SCiMMA (LOGIN_GROUPS, HOPSKOTCH_GROUPS). Where SCiMMA "
        "does not answer nothing changes, and the exit status is 1."
    )

    def handle(self, *args, **options):
        if not (conf.LOGIN_GROUPS or conf.HOPSKOTCH_GROUPS):
            raise CommandError("No group is mapped: set TOM_SCIMMA['LOGIN_GROUPS'] or ['HOPSKOTCH_GROUPS'].")
        done, problems = syncing.run()
        for text in done:
            self.stdout.write(text)
        self.stdout.write(f"{len(done)} membership{'' if len(done) == 1 else 's'} changed.")
        if problems:
            raise CommandError(
                "Not everybody could be asked about; their groups stay as they were.\n" + "\n".join(problems)
            )
