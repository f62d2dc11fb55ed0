"""Data products as plain values: name, size, and what their bytes hash to."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import PurePosixPath

from django.core.cache import cache
from django.core.files.storage import default_storage

from tom_scimma.compose.content import File

#: how long a hash is remembered, by the time at which the product was last changed
KEPT = 24 * 3600
BLOCK = 2**20


def file_of(key: int, name: str, modified: datetime, target: str = "") -> File:
    """One data product. The bytes of one that is gone hash to "" and are -1 long, so that no sink takes it for empty."""
    if not name or not default_storage.exists(name):
        return File(key, PurePosixPath(name or "").name, -1, "", target)
    size = default_storage.size(name)
    place = f"tom_scimma.file.{key}.{size}.{modified.timestamp()}"
    digest = cache.get(place)
    if digest is None:
        digest = digest_of(name)
        cache.set(place, digest, KEPT)
    return File(key, PurePosixPath(name).name, size, digest, target)


def digest_of(name: str) -> str:
    """sha256 of a stored file."""
    found = hashlib.sha256()
    with default_storage.open(name, "rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
    return found.hexdigest()
