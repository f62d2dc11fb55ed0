"""manage.py setdemo: what the demo needs before its night: a user and a few targets."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tom_targets.models import Target

NO_CREDENTIAL = """\
LIVE=1 listens to the real Hopskotch, which asks for a credential, and there is none that can be used:
  {error}
Get one at https://my.hop.scimma.org (log in, "Create new credential", give it the topics you want to read), then either
  {hop:<48}  and paste it; it is kept in hop's own auth file
or
  HOP_USERNAME=name-1234 HOP_PASSWORD=... make demo LIVE=1
Without one, `make demo` shows everything on a night of its own."""

NO_TOPIC = "The credential {name} may read none of {topics}: give it permission at https://my.hop.scimma.org."


def hop() -> str:
    """How the `hop` beside this Python is called from where `make demo` was typed, whichever VENV it has."""
    path = Path(sys.executable).with_name("hop")
    return shlex.quote(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))


class Command(BaseCommand):
    help = "Makes the demo's user, targets and galaxies; the password comes in the environment as DEMO_PASSWORD."

    def add_arguments(self, parser):
        parser.add_argument("--user", default="demo")
        parser.add_argument("--no-targets", action="store_true")
        parser.add_argument("--live", action="store_true", help="only say whether Hopskotch takes the credential, and for what")

    def handle(self, *args, user, live, no_targets, **options):
        if live:
            self.check_credential()
            return
        self.make_user(user, os.environ["DEMO_PASSWORD"])
        if not no_targets:
            self.make_targets()
            self.make_galaxies()
            self.say_hello(user)
            self.subscribe(user)

    def make_user(self, name: str, password: str) -> None:
        model = get_user_model()
        user = model.objects.filter(username=name).first()
        if user is None:
            user = model.objects.create_superuser(name, f"{name}@example.org", password)
        elif not user.check_password(password):
            user.set_password(password)
            user.save()
        self.stdout.write(f"user {name}")

    def make_targets(self) -> None:
        from night import TARGETS

        known = set(Target.objects.values_list("name", flat=True))
        for one in TARGETS:
            if one.name not in known:
                target = Target(name=one.name, type=Target.SIDEREAL, ra=one.ra, dec=one.dec, permissions="PUBLIC")
                target.save(extras={} if one.redshift is None else {"redshift": one.redshift})
                if not one.young:  # else every galaxy were a find of tonight
                    Target.objects.filter(pk=target.pk).update(created=timezone.now() - timedelta(days=365))
        self.stdout.write(f"{len(TARGETS)} targets")

    def make_galaxies(self) -> None:
        """Loads the invented catalogue as anybody would load a real one; again, it is there already."""
        from night import galaxies
        from tom_scimma.galaxies import load

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "demo-galaxies.csv"
            galaxies.write(path)
            done = load.load(load.Wish(str(path), "Demo galaxies", "invented, K < 12"))
        self.stdout.write(f"{done.catalog.rows} galaxies")

    def say_hello(self, name: str) -> None:
        """One thing that leaves: a message on a test topic of the embedded broker, as a person would publish it."""
        from night import SAID, TARGETS
        from tom_scimma import outbox
        from tom_scimma.conf import conf
        from tom_scimma.destinations.hopskotch import packed

        if not conf.SOURCES:
            return
        user = get_user_model().objects.get(username=name)
        target = Target.objects.get(name=TARGETS[0][0])
        title = f"{target.name}: the demo watches it"
        payload = packed({"title": title, "text": "A TOM said this on a topic of its own broker."}, {"title": title})
        to = f"hopskotch:{SAID}"
        outbox.queue(to, payload, key=outbox.key_of(to, target, payload), by=user, subject=target)
        self.stdout.write(f"queued a message for {to}")

    def subscribe(self, name: str) -> None:
        """The demo's user is told of every gravitational wave, by mail, which this TOM writes to files."""
        from tom_scimma.models import Contact, Subscription

        user = get_user_model().objects.get(username=name)
        if Subscription.objects.filter(owner=user).exists():
            return
        contact = Contact.objects.create(owner=user, name="mail", scheme="email", address=user.email, per_hour=60)
        made = Subscription.objects.create(owner=user, name="Gravitational waves", query='kind = "GW"')
        made.actions.create(name="tell", options={"contacts": [contact.pk]})
        plans = Subscription.objects.create(owner=user, name="Plan gravitational waves", query='kind = "GW"')
        plans.actions.create(name="plan", options={"telescopes": ["demo"], "preset": "tiling"})
        self.stdout.write(f"{name} is told of gravitational waves, and plans are made for them")

    def check_credential(self) -> None:
        from tom_scimma.errors import Rejected, Unavailable
        from tom_scimma.sources import chosen, sources
        from tom_scimma.stream import credential, topics

        try:
            source = sources()["hopskotch"]
            name = credential(source).username
            heard = sorted(chosen(source.topics, topics(source)))
        except (ImproperlyConfigured, Rejected) as error:
            raise CommandError(NO_CREDENTIAL.format(error=error, hop=f"{hop()} auth add")) from error
        except Unavailable as error:
            self.stdout.write(f"Hopskotch does not answer now. {error}")
            return
        if heard:
            self.stdout.write(f"Hopskotch offers the credential {name} {', '.join(heard)}.")
        else:
            self.stdout.write(NO_TOPIC.format(name=name, topics=", ".join(source.topics)))
