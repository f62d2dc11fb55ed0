"""The TOM's settings for this app: `TOM_HERMES`, read at use, each key with a default.

    from tom_hermes.conf import conf
    conf.BASE_URL                                  # this TOM's value, or the default

`OPTIONS` is also what the settings table in docs/settings.md is generated from.
"""

from __future__ import annotations

from tom_scimma.conf import Conf, Option

OPTIONS: dict[str, Option] = {
    "BASE_URL": Option(
        "https://hermes.lco.global",
        (str,),
        "The HERMES that this TOM speaks to, for everything; https://hermes-dev.lco.global is its test server.",
    ),
    "TOPICS": Option(
        {},
        (dict,),
        "What becomes of HERMES messages that come in, by topic or pattern: `targets`, `permissions`, `groups`, `attach`. "
        "A topic named here is read as HERMES' own `hermes.*` are. See the table of intake.",
    ),
    "MATCH_ARCSEC": Option(
        2.0,
        (int, float),
        "A target no farther than this from where a message has one of an unknown name is that target.",
    ),
    "NAME_DEG": Option(
        0.25,
        (int, float),
        "A target of the same name but farther away than this is another one: nothing goes to it by itself.",
    ),
    "FETCH_HOSTS": Option(
        ["archive-api.hop.scimma.org", "archive-api.dev.hop.scimma.org"],
        (list, tuple),
        "Hosts (or host:port) that spectra which messages refer to may be fetched from, besides TOM_SCIMMA's.",
    ),
    "FETCH_BYTES": Option(20 * 2**20, (int,), "A larger file that a message refers to is not fetched."),
}

conf = Conf("TOM_HERMES", OPTIONS)
