"""A TOM with public and protected things in it, and who looks at it."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, Group
from django.core.cache import cache
from django.test import Client
from tom_targets.models import Target

from tests import factories as make
from tom_scimma import skymap
from tom_scimma.models import Alias, Annotation, Candidate, TopicState

SECRET = "S261118zz"  # the event that only the protected topic speaks of
HIDDEN = "nu-track-7"  # source of the protected alert of the public event
ROLES = ("anonymous", "stranger", "member", "superuser")
MAY = ("member", "superuser")


class World:
    """A public event with one protected alert, an event of the protected topic alone, and four visitors."""

    def __init__(self):
        cache.clear()
        self.group = Group.objects.create(name="lvk")
        sky = skymap.from_gaussian(30.0, 20.0, 3.0, order=3, rounds=3, distance=(156.0, 41.0))
        self.secret = make.known(SECRET, groups=(self.group,), sky=sky, said={"text": "word-of-secret"})
        self.open = make.known("S261120ab", sky=sky)
        self.said = make.message(topic="lvk.nutrack", groups=(self.group,), sender="sender-of-secret")
        hidden = make.notice("S261120ab", source=HIDDEN, alert_type="update", aliases=("alias-of-secret",))
        self.hidden = make.alert(self.open, hidden, self.said)
        self.map = make.localization(self.hidden, sky)
        Alias.objects.create(event=self.open, name="alias-of-secret")
        self.noted = Annotation.objects.create(alert=self.hidden, annotator="areas", value={"is": "note-of-secret"})
        # what is made of protected rows is protected also where the alert is public
        found = {
            "alert": self.open.alerts.get(message__public=True),
            "annotator": "coincidences",
            "audience": "groups 1",
        }
        Annotation.objects.create(**found, value={"is": "find-of-secret"}).groups.set([self.group])
        self.bad = make.message(
            b"{broken",
            topic="lvk.nutrack",
            groups=(self.group,),
            state="quarantined",
            error="error-of-secret",
            traceback="Traceback",
        )
        star = Target.objects.create(name="a star", type="SIDEREAL", ra=30.0, dec=20.0, permissions="OPEN")
        self.candidate = Candidate.objects.create(event=self.secret, target=star, because="person")
        TopicState.objects.create(source="hopskotch", topic="lvk.nutrack", received=2)
        self.clients = {role: Client() for role in ROLES}
        self.users = {
            "anonymous": AnonymousUser(),
            "stranger": make.user("stranger", Group.objects.create(name="others")),
            "member": make.user("member", self.group),
            "superuser": make.user("root", is_superuser=True, is_staff=True),
        }
        member = self.users["member"]
        self.sent = make.delivery(member, self.secret, b'{"headers": {}, "document": "payload-of-secret"}')
        make.delivery(member, self.open, b'{"headers": {}, "document": "opinion-of-secret"}', reason="reason-of-secret")
        for role in ROLES[1:]:
            self.clients[role].force_login(self.users[role])

    @property
    def words(self) -> tuple[str, ...]:
        """What no stranger may read anywhere."""
        own = self.secret.alerts.get().message
        return (
            SECRET,
            HIDDEN,
            "word-of-secret",
            "sender-of-secret",
            "alias-of-secret",
            "error-of-secret",
            "note-of-secret",
            "find-of-secret",
            str(self.said.uid),
            str(self.bad.uid),
            str(own.uid),
        )
