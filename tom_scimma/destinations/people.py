"""People, by whatever channel they chose: "people:CONTACT". The payload has no address; that is read when it is sent."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Collection
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.core.cache import cache

from tom_scimma import channels, drawing, eventmaps, secrets, seen
from tom_scimma.destinations import Destination, Receipt
from tom_scimma.errors import Rejected
from tom_scimma.models import Alert, Contact, Telling
from tom_scimma.tidings import Tiding

logger = logging.getLogger(__name__)

_drawing = threading.Lock()
#: a picture serves everybody who is told of that alert
KEPT = 86_400


class People(Destination):
    """One contact of a person or a group."""

    name = "people"
    label = "People"
    repeat_is_harmless = True  # told twice is better than not told
    seconds = 60.0
    parallel = 4
    patience = timedelta(hours=1)  # later it is no news; then it shows as not told

    def __str__(self) -> str:
        return _words(self.contact) if self.contact else "nobody"

    @classmethod
    def called(cls, addresses: Collection[str]) -> dict[str, str]:
        known = [int(one) for one in addresses if one.isdigit()]
        rows = Contact.objects.filter(pk__in=known).select_related("owner", "group").defer("address")
        return {str(row.pk): _words(row) for row in rows}

    @cached_property
    def contact(self) -> Contact | None:
        """Whom it reaches."""
        if not self.address.isdigit():
            return None
        return Contact.objects.select_related("owner", "group").filter(pk=int(self.address)).first()

    @property
    def is_test(self) -> bool:
        return self.contact is not None and self.contact.is_test

    @property
    def personal(self) -> bool:
        return self.contact is not None and self.contact.owner_id is not None

    def origin(self) -> str:
        return f"contact {self.address}"

    def may_send(self, delivery, user) -> str:
        contact = self.contact
        if contact is None or contact.forgotten or not contact.address:
            return "This contact is not there any more."
        if contact.lost:
            return f"Its address: {secrets.WORDS}"
        if not contact.enabled:
            return "This contact is switched off."
        if contact.owner is not None and not contact.owner.is_active:
            return f"{contact.whose} is not active any more."
        if user is not None and contact.owner_id == user.pk:
            contact.owner = user  # whose groups are known
        if Telling.objects.filter(delivery=delivery).exclude(alert__in=contact.alerts.order_by().values("pk")).exists():
            return f"{contact.whose} may not see all of what it says (any more)."
        return ""

    def send(self, payload: bytes, key: str, credential: Any) -> Receipt:
        said, contact = json.loads(payload), self.contact
        if contact is None or not contact.address:
            raise Rejected("This contact is not there any more.")
        channel = channels.Channel(contact.scheme, secrets.clear(contact.address))
        alert = said.get("alert") if contact.picture else None
        picture, name = _picture(alert) if alert else (None, "")
        seen_link = seen.link(said["tellings"][0]) if said.get("tellings") else ""
        left_out = channel.say(
            channels.Message(
                subject=said["subject"],
                text=_text(said, seen_link),
                brief=Tiding(said["subject"], said["brief"], "").sms(said["link"]),
                key=key,
                picture=picture,
                picture_name=name or "skymap.png",
            )
        )
        return Receipt(note=f"The others were told. {left_out}" if left_out else "")

    def show(self, payload: bytes) -> str:
        said = json.loads(payload)
        return f"{said['subject']}\n\n{_text(said, '')}"


def _words(contact: Contact) -> str:
    return f"{contact.name}, {contact.scheme} of {contact.whose}"


def _text(said: dict[str, Any], seen_link: str) -> str:
    """What is said in full, with the links."""
    parts = [said["text"], said["link"]]
    if seen_link:
        parts.append(f"I have seen this: {seen_link}")
    if said.get("why"):
        parts.append(f"Told because of: {said['why']}")
    return "\n\n".join(filter(None, parts))


def _picture(alert_id: int) -> tuple[bytes | None, str]:
    """The PNG of where an alert says its event is, drawn once for all who are told, and a name for it."""
    from tom_scimma import skyplot

    place = f"tom_scimma-told-named-{skyplot.EDITION}-{alert_id}"
    with _drawing:  # many are told at once: the first has it drawn
        kept = cache.get(place)
        if kept is None and (kept := _drawn(alert_id)) is not None:
            cache.set(place, kept, KEPT)
    return kept or (None, "")


def _drawn(alert_id: int) -> tuple[bytes, str] | None:
    """The picture and its name; None where there is no map, or none that can be drawn."""
    alert = Alert.objects.select_related("event").defer("document").filter(pk=alert_id).first()
    found = eventmaps.of_alert(alert) if alert is not None else None
    if alert is None or found is None:
        return None
    name = alert.event.name
    try:
        data = drawing.draw(found, title=name)
    except Exception:
        logger.exception("no picture of alert %s", alert_id)
        return None
    return data, f"{re.sub(r'[^A-Za-z0-9+-]+', '_', name)[:60] or 'skymap'}.png"
