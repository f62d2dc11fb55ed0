"""Our mark under `data`, by which a message of ours is known wherever it turns up: whose it is, and the key of its delivery."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tom_hermes import accounts, searching
from tom_hermes.credentials import token_of
from tom_hermes.parts import MARK
from tom_scimma import sources

#: clocks differ, and a message may be dated before it was sent
EARLIER = timedelta(minutes=5)
#: so many pages of the archive, and so many stored messages, are looked through
PAGES, STORED = 20, 2000


def marked(message: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The message with the mark."""
    data = dict(message.get("data") or {})
    data[MARK] = {**data.get(MARK, {}), "origin": sources.tom_name(), "key": key}
    return {**message, "data": data}


def mark_of(document: Any) -> dict[str, Any]:
    """The mark of any TOM of this suite on a message; {} where there is none."""
    data = document.get("data") if isinstance(document, dict) else None
    mark = data.get(MARK) if isinstance(data, dict) else None
    return mark if isinstance(mark, dict) else {}


def is_ours(document: Any) -> bool:
    return mark_of(document).get("origin") == sources.tom_name()


def _is(document: Any, key: str) -> bool:
    return is_ours(document) and mark_of(document).get("key") == key


def archived(destination: str, topic: str, key: str, since: datetime) -> dict[str, Any] | None:
    """The message of that key in HERMES' archive, as it was published, with its uuid. Raises Unavailable, Rejected."""
    from tom_scimma.models import Delivery

    row = Delivery.objects.filter(destination=destination, key=key).select_related("by").first()
    token = token_of(row.by if row is not None else None)
    page = ""
    with accounts.client(token) as hermes:
        for _ in range(PAGES):
            found = hermes.archive(topics=[topic], start=since - EARLIER, page=page)
            for item in found.messages:
                if _is(item.get("message"), key):
                    return {**item["message"], "uuid": searching.found(item).uuid}
            page = found.next
            if not page:
                return None
    return None


def stored(topic: str, key: str, since: datetime) -> dict[str, Any] | None:
    """The same among the messages that this TOM's own listener has stored."""
    from tom_scimma.models import Message

    rows = Message.objects.filter(topic=topic, received__gte=since - EARLIER).select_related("body").order_by("pk")
    for row in rows[:STORED].iterator():
        body = getattr(row, "body", None)
        payload = body.payload if body is not None else b""
        if key.encode() not in payload:
            continue
        try:
            document = json.loads(payload)
        except ValueError:
            continue
        if _is(document, key) and row.sent_id:
            return {**document, "uuid": str(row.sent_id)}
    return None
