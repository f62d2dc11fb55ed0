"""Where SCiMMA's services are that belong to a Kafka source: by settings, else those of SCiMMA's own brokers."""

from __future__ import annotations

from tom_scimma.conf import conf
from tom_scimma.sources import Source

#: broker -> SCiMMA Auth of the same system; the two systems share neither credentials nor topics
HOPAUTH = {
    "kafka.scimma.org": "https://my.hop.scimma.org/hopauth",
    "dev.hop.scimma.org": "https://admin.dev.hop.scimma.org/hopauth",
}


def hopauth_url(source: Source) -> str:
    """SCiMMA Auth's address for a source; "" for one that has none."""
    if source.kind != "hopskotch" or conf.HOPAUTH_URL is None:
        return ""
    return conf.HOPAUTH_URL or HOPAUTH.get(source.host.partition(":")[0], "")
