"""A message's address in the archive and its DOI: for pages, and for what cites it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tom_scimma.links import Link, safe
from tom_scimma.models import Alert, ArchiveRecord, Event, Message
from tom_scimma.notice import Notice

#: so many messages of an event are cited, the newest
CITED = 10


def links_of(notes: Iterable[ArchiveRecord]) -> list[Link]:
    """Address and DOI of each, no address twice."""
    found = []
    for note in notes:
        if note.doi:
            found.append(Link(f"doi:{note.doi}", f"https://doi.org/{note.doi}"))
        if note.message_id and safe(note.address):
            found.append(Link(f"archived {note.time:%Y-%m-%d %H:%M}", note.address))
    return list({link.url: link for link in found}.values())


def cited(alert: Alert) -> Notice:
    """What an alert said, with where its message can be found for good among its links, if everybody may open it there.

    Neither is part of what identifies a notice: with them it is the same one.
    """
    notice = alert.notice
    if not (alert.public and Message.objects.filter(pk=alert.message_id, public=True).exists()):
        return notice
    added = {link.label: link.url for link in links_of(ArchiveRecord.objects.filter(message=alert.message_id)[:1])}
    known = set(notice.links.values())
    more = {label: url for label, url in added.items() if url not in known}
    return replace(notice, links={**notice.links, **more}) if more else notice


def of_event(event: Event, user: Any) -> list[ArchiveRecord]:
    """Where the newest messages about an event that this user may see are in the archive, newest first."""
    alerts = Alert.objects.visible_to(user).filter(event=event).order_by().values("message")
    rows = ArchiveRecord.objects.filter(message__in=alerts).select_related("message")
    return list(rows.order_by("-time", "-pk")[: 5 * CITED])


def references(event: Event, user: Any) -> tuple[dict[str, str], ...]:
    """What a message or a circular about an event may cite: public messages' DOIs, else addresses; none marked retracted."""
    found = []
    for note in of_event(event, user):
        if note.message.public and not note.retracted and not note.message.is_test:
            url = f"https://doi.org/{note.doi}" if note.doi else note.address
            said = ("doi", note.doi) if note.doi else ("Hopskotch archive", str(note.uuid))
            found.append({"source": said[0], "citation": said[1], "url": url})
    return tuple(found[:CITED])
