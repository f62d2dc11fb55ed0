"""People with contacts and subscriptions, for tests of who is told what."""

from __future__ import annotations

import itertools
from datetime import timedelta

from django.utils import timezone

from tests.messages import gw, igwn
from tests.outside import rig
from tom_scimma.ingest import ingest
from tom_scimma.models import Contact, Subscription, SubscriptionAction, Telling
from tom_scimma.notice import iso

_number = itertools.count(1)
#: when what is heard here happened
HAPPENED = iso(timezone.now() - timedelta(minutes=30))
#: the TOM in which they are told
TOM = {
    "NOTIFY_HOSTS": ["127.0.0.1"],
    "URL": "https://tom.example.org",
    "TOPICS": {"lvk.secret": {"groups": ["lvk"], "authority": ["LVK"]}},
}
#: holds of every gravitational wave
ANY = 'kind = "GW"'


def contact(owner=None, *, address="", group=None, **values) -> Contact:
    """A contact with its address as a person gave it."""
    values = {"name": f"contact {next(_number)}", "scheme": (address or "json://").partition("://")[0], **values}
    return Contact.objects.create(owner=owner, group=group, address=address or "json://127.0.0.1:9/", **values)


def subscription(owner, *contacts, query=ANY, **values) -> Subscription:
    """A subscription that tells these contacts."""
    made = Subscription.objects.create(
        owner=owner, name=values.pop("name", f"subscription {next(_number)}"), query=query, **values
    )
    SubscriptionAction.objects.create(
        subscription=made, name="tell", options={"contacts": [one.pk for one in contacts]}
    )
    return made


def hear(name="S261121a", kind="INITIAL", *, minutes=1.0, via="listen", topic="igwn.gwalert", **event):
    """An alert that was just published comes in, and the worker reacts to it."""
    now = timezone.now()
    ingest([wave(name, kind, minutes=minutes, now=now, topic=topic, **event)], via=via, now=now)
    rig.react()


def wave(name="S261121a", kind="INITIAL", *, now, **values):
    """A gravitational-wave alert as a Record of now."""
    return gw(name, kind, now=now, record_values={"now": now}, **{"time": HAPPENED, **values})


def send() -> None:
    """The worker sends what is queued for people."""
    rig.deliver("people")


def outcomes(**which) -> list[str]:
    """How far each telling came, in order."""
    return [one.outcome for one in Telling.objects.filter(**which).select_related("delivery").order_by("pk")]


__all__ = ["contact", "hear", "igwn", "outcomes", "send", "subscription", "wave"]
