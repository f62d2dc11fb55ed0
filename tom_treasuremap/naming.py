"""What the Treasure Map calls an event of ours."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser

from tom_scimma.models import Event
from tom_scimma.models.seen import known_aliases
from tom_treasuremap.client import TreasureMap
from tom_treasuremap.conf import conf
from tom_treasuremap.models import EventName

#: names that the server may know: superevents, their tests, and catalogue names
NAMES = re.compile(r"(M?S|T?GW|TS)\d{6}[A-Za-z_0-9]*")
KNOWN_FOR = timedelta(days=1)
UNKNOWN_FOR = timedelta(minutes=10)


def named(service: TreasureMap, event: Event, now: datetime) -> EventName:
    """The event's name at the server, asked anew once a day, sooner while it is unknown. Raises Rejected and Unavailable."""
    row = EventName.objects.filter(event=event, origin=service.origin).first()
    if row is not None and now - row.checked < (KNOWN_FOR if row.graceid else UNKNOWN_FOR):
        return row
    found = None
    for name in candidates(event):
        found = service.names(name)
        if found is not None:
            break
    graceid, others = found or ("", ())
    values = {"graceid": graceid, "others": list(others), "checked": now}
    row, _ = EventName.objects.update_or_create(event=event, origin=service.origin, defaults=values)
    return row


def candidates(event: Event) -> list[str]:
    """Names of an event that the server may know it by, its own first."""
    said = known_aliases(None if conf.PRIVATE else AnonymousUser())  # to a public server only what the public may know
    names = [event.name, *said.filter(event=event).order_by("pk").values_list("name", flat=True)]
    return [name for name in dict.fromkeys(names) if NAMES.fullmatch(name)]
