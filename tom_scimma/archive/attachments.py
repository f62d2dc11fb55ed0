"""Large messages that are kept by reference -> fetched when somebody asks, by the worker. Never live."""

from __future__ import annotations

from django.utils.timezone import now as clock

from tom_scimma import offload
from tom_scimma.models import ArchiveRecord, Message
from tom_scimma.replay import replay

Large = ArchiveRecord.Large
#: so many a turn of the job
MOST = 20


def kept(message: Message) -> ArchiveRecord | None:
    """The note of a message of which only the reference is here; None for any other."""
    return message.archive_records.exclude(large=Large.NO).first() if message.format == offload.FORMAT else None


def want(message: Message) -> bool:
    """Queues the message itself; False for one that is here, or not kept by reference."""
    return message.format == offload.FORMAT and bool(
        message.archive_records.exclude(large=Large.NO).update(large=Large.WANTED, error="")
    )


def fetch_wanted() -> int:
    """Job: fetches what is wanted; returns how many came. What cannot be had is in quarantine with the reason."""
    came = 0
    for note in ArchiveRecord.objects.filter(large=Large.WANTED).select_related("message").order_by("pk")[:MOST]:
        message = note.message
        if message is not None:
            message.headers = [item for item in message.headers if item[0] != offload.REFERENCE]
            replay([message])
            message.refresh_from_db()
        here = message is None or message.format != offload.FORMAT
        came += here
        note.large, note.seen = Large.NO if here else Large.KEPT, clock()
        note.save(update_fields=["large", "seen"])
    return came
