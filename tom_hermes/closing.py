"""Received messages whose topic turned out not to be public, or to be: seen by those who see the stored message."""

from __future__ import annotations

from collections.abc import Collection

from tom_hermes.models import Received
from tom_scimma.models import Message


def follow(messages: Collection[int]) -> None:
    """Gives what was received the audience that its stored message has now; what it gave to targets stays where it is."""
    found = Received.objects.filter(message__in=messages).select_related("message")
    rows = list(found.prefetch_related("message__groups"))
    for row in rows:
        message: Message = row.message
        row.public = message.public
        row.groups.set(message.groups.all())
    Received.objects.bulk_update(rows, ["public"])
