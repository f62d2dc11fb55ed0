"""The TOM's settings for this app: `TOM_HERMES`, read at use, each key with a default.

    from tom_hermes.conf import conf
    conf.BASE_URL                                  # this TOM's value, or the default

What it does not say is taken from the settings of older plugins, if they are there: HERMES_CONFIGURATION (PyPI's
tom-hermes), then DATA_SHARING["hermes"] (TOM Toolkit 2). `OPTIONS` is also what the settings table in docs/settings.md is
generated from.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from tom_scimma.conf import Conf, Option

OPTIONS: dict[str, Option] = {
    "BASE_URL": Option(
        "https://hermes.lco.global",
        (str,),
        "The HERMES that this TOM speaks to, for everything; https://hermes-dev.lco.global is its test server.",
    ),
    "TOKEN": Option(
        "",
        (str,),
        "This TOM's own API token at HERMES, from its profile page there; used for everybody who has not given theirs.",
    ),
    "DEFAULT_TOPIC": Option("", (str,), "The topic that is offered first to whoever shares."),
    "TEST_SERVER": Option(
        None,
        (bool, type(None)),
        "Whether BASE_URL is a test server, which takes topics with `test` in their name only and tells TNS and GCN nothing "
        "real. None: it is when its host begins with `hermes-dev`.",
    ),
    "FRONT_END_URL": Option("", (str,), "Where HERMES' pages are for people; empty: at BASE_URL."),
    "TNS_GROUP": Option(
        "",
        (str,),
        "This TOM's group at TNS, as TNS spells it: reports begin with it as reporting group and discovery data source, where "
        "the target has no extra of that name.",
    ),
    "ACKNOWLEDGEMENT": Option("", (str,), "Closing words of every circular that is drafted here."),
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
    "RETRACTED_DAYS": Option(
        14,
        (int,),
        "Messages of the last so many days are looked up in HERMES' archive every hour, where a retraction shows, and nowhere "
        "else; 0: never.",
    ),
}

#: where older plugins have a key: setting, path in it
EARLIER = {
    "BASE_URL": (("HERMES_CONFIGURATION", "HERMES_BASE_URL"), ("DATA_SHARING", "hermes", "BASE_URL")),
    "TOKEN": (("HERMES_CONFIGURATION", "HERMES_API_TOKEN"), ("DATA_SHARING", "hermes", "HERMES_API_KEY")),
}


def earlier(name: str) -> str:
    """What an older plugin's settings say for a key; "" for nothing."""
    for setting, *path in EARLIER.get(name, ()):
        found: Any = getattr(settings, setting, None)
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        if found and isinstance(found, str):
            return found
    return ""


class HermesConf(Conf):
    """TOM_HERMES, and behind it what older plugins' settings say."""

    def __getattr__(self, name: str) -> Any:
        given = getattr(settings, self._setting, {})
        if name in EARLIER and not (isinstance(given, dict) and name in given):
            return earlier(name) or super().__getattr__(name)
        return super().__getattr__(name)


conf = HermesConf("TOM_HERMES", OPTIONS)


def is_test_server() -> bool:
    """Whether the HERMES that settings name is a test server."""
    if conf.TEST_SERVER is not None:
        return conf.TEST_SERVER
    return (urlsplit(conf.BASE_URL).hostname or "").startswith("hermes-dev")


def page(path: str) -> str:
    """The address of one of HERMES' pages for people."""
    return f"{(conf.FRONT_END_URL or conf.BASE_URL).rstrip('/')}/{path}"
