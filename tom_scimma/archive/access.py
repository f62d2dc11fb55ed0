"""Which archive keeps what a source says, and who we are there.

client(sources()["hopskotch"])     as the source's credential, with a token of SCiMMA Auth
client(source, anonymous=True)     as nobody: public messages only
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from tom_scimma.archive.client import Client, Key
from tom_scimma.conf import conf
from tom_scimma.services import hopauth_url
from tom_scimma.sources import Source, sources

#: broker -> archive of the same system; the two systems share neither credentials nor topics
ARCHIVES = {
    "kafka.scimma.org": "https://archive-api.hop.scimma.org",
    "dev.hop.scimma.org": "https://archive-api.dev.hop.scimma.org",
}


def url(source: Source | None) -> str:
    """The address of a source's archive; "" where it has none. ARCHIVE_URL is that of every Hopskotch source."""
    if source is None or source.kind != "hopskotch":
        return ""
    return str(conf.ARCHIVE_URL or ARCHIVES.get(source.host.partition(":")[0], "")).rstrip("/")


def archived_sources() -> dict[str, Source]:
    """The sources that have an archive, by name."""
    return {name: source for name, source in sources().items() if url(source)}


def client(source: Source | None = None, *, anonymous: bool = False, **options: Any) -> Client:
    """The archive of a source, or of ARCHIVE_URL where no source is given; anonymous where there is no credential."""
    from tom_scimma.stream import unbson

    place = url(source) if source is not None else str(conf.ARCHIVE_URL or ARCHIVES["kafka.scimma.org"])
    if not place:
        raise ImproperlyConfigured(f"{source} has no archive: set TOM_SCIMMA['ARCHIVE_URL']")
    key = None if anonymous or source is None else _key(source)
    limits = {"max_bytes": conf.MAX_MESSAGE_BYTES, "seconds": conf.FETCH_SECONDS}
    return Client(place, key, loads=unbson, **{**limits, **options})


def _key(source: Source) -> Key | None:
    """Who we are at the archive: a token made of the source's credential, or SCRAM over HTTP where no SCiMMA Auth is known."""
    from tom_scimma.hopauth import HopAuth
    from tom_scimma.stream import credential, http_auth

    try:
        login = credential(source)
    except ImproperlyConfigured:
        return None
    if login is None or not login.mechanism.startswith("SCRAM-"):
        return None
    service = hopauth_url(source)
    if not service:
        return Key(auth=http_auth(login))
    asked = HopAuth(service, login.username, login.password, seconds=conf.FETCH_SECONDS)
    return Key(token=lambda fresh: asked.token(anew=fresh))
