"""What takes long to make is made once: in the TOM's cache, under a key made of everything that goes into it.

A key names the audience as well: what is made of a protected event is kept for each of its viewers apart, and what is
made of a public one only ever from what the asker may see, which is in the key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from django.core.cache import cache

from tom_scimma.eventmaps import EventMap
from tom_scimma.models import Localization

#: a day, in seconds
SECONDS = 86_400
#: larger things are made anew rather than crowd the cache
LARGEST = 4 * 2**20


def kept(parts: Mapping[str, Any], audience: str, make: Callable[[], bytes]) -> bytes:
    """What `make` made of these parts (JSON values) for this audience, now or earlier. The caller has checked who asks."""
    key = f"tom_scimma-{tag(parts, audience)}"
    data = cache.get(key)
    if data is None:
        data = make()
        if len(data) <= LARGEST:
            cache.set(key, data, SECONDS)
    return data


def tag(parts: Mapping[str, Any], audience: str) -> str:
    """A name for what is made of these parts: the same parts, the same name."""
    return hashlib.sha256(orjson.dumps([audience, parts], option=orjson.OPT_SORT_KEYS)).hexdigest()[:40]


def audience(public: bool, user) -> str:
    """Who shares what is made of an event or a map: everybody of a public one, nobody of a protected one."""
    return "all" if public else f"user-{getattr(user, 'pk', None)}"


def identity(found: EventMap) -> str:
    """What the event's map is made of: the digest of the one that was sent, or the error region."""
    if found.localization_id is None:
        return orjson.dumps(found.error.to_json()).decode() if found.error else ""
    sha256 = Localization.objects.values_list("sha256", flat=True).get(pk=found.localization_id)
    return f"{found.localization_id}-{sha256}"
