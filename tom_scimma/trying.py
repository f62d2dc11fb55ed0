""" "Send me a test": a message that says that it is none, by the way that real ones take."""

from __future__ import annotations

import json

from django.urls import reverse
from django.utils import timezone

from tom_scimma import outbox
from tom_scimma.actions import options
from tom_scimma.models import Contact, Delivery, Subscription
from tom_scimma.site import absolute
from tom_scimma.sources import tom_name


def try_out(contact: Contact, user) -> Delivery:
    """Queues a test message to a contact, whatever its hours are."""
    now, where = timezone.now(), f"people:{contact.pk}"
    subject = f"TEST from {tom_name() or 'your TOM'}: nothing happened in the sky"
    text = (
        f"{user.get_username()} asked for this test of “{contact.name}” at {now:%Y-%m-%d %H:%M:%S} UTC. "
        "It came the way alerts come; whoever reads this is reached."
    )
    said = {
        "contact": contact.pk,
        "tellings": [],
        "alert": None,
        "subject": subject,
        "text": text,
        "brief": subject,
        "link": absolute(reverse("tom_scimma:events")),
        "why": "",
    }
    about = f"contact:{contact.pk}"
    key = outbox.key_of(where, about, f"test {now.isoformat()}")
    return outbox.queue(where, json.dumps(said).encode(), key=key, by=user, subject=about)


def try_subscription(subscription: Subscription, user) -> None:
    """A test to each contact that a subscription tells, of those that the user may use."""
    chosen = options(subscription, "tell").get("contacts") or []
    for contact in Contact.objects.usable_by(user).filter(pk__in=chosen, enabled=True):
        try_out(contact, user)
