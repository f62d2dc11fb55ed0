"""System checks of TOM_HERMES: errors `tom_hermes.E0nn`; each says what was seen and its hint what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from tom_hermes.conf import EARLIER, OPTIONS, conf, earlier, is_test_server
from tom_hermes.intake import KEEP, MAKE, MATCH, Intake
from tom_scimma.setting_checks import near, shape

#: hosts whose line nobody else reads
LOCAL = {"localhost", "127.0.0.1", "::1"}
CHOICES = {
    "targets": (MAKE, MATCH, KEEP),
    "permissions": (None, "OPEN", "PUBLIC", "PRIVATE"),
    "attach": ("contained", "any"),
}


@register()
def settings_check(app_configs, **kwargs) -> list[CheckMessage]:
    """TOM_HERMES: its keys, their types, and what is in them."""
    return shape("TOM_HERMES", OPTIONS, "tom_hermes") or [*_server(), *_topics(), *_numbers(), *_earlier()]


def _topics() -> Iterator[CheckMessage]:
    known = [item.name for item in fields(Intake)]
    for topic, entry in conf.TOPICS.items():
        where = f"TOM_HERMES['TOPICS'][{topic!r}]"
        if not isinstance(topic, str) or not isinstance(entry, dict):
            hint = 'A topic has a dict, {} for all defaults: {"tomtoolkit.*": {}}.'
            yield Error(f"{where} is a {type(entry).__name__}.", hint=hint, id="tom_hermes.E004")
            continue
        for key, value in entry.items():
            if key not in known:
                yield Error(f"{where} has an unknown key {key!r}.", hint=near(key, known), id="tom_hermes.E004")
            elif key in CHOICES and value not in CHOICES[key]:
                hint = f"One of {', '.join(map(repr, CHOICES[key]))}."
                yield Error(f"{where}[{key!r}] is {value!r}.", hint=hint, id="tom_hermes.E004")
            elif key == "groups" and not (value is None or isinstance(value, (list, tuple, set))):
                yield Error(f"{where}['groups'] is {value!r}.", hint="A list of names of groups.", id="tom_hermes.E004")


def _numbers() -> Iterator[CheckMessage]:
    for key in ("MATCH_ARCSEC", "NAME_DEG", "FETCH_BYTES"):
        if getattr(conf, key) <= 0:
            hint = "Give a positive number."
            yield Error(f"TOM_HERMES[{key!r}] is {getattr(conf, key)}.", hint=hint, id="tom_hermes.E005")


def _earlier() -> Iterator[CheckMessage]:
    """Settings of older plugins still hold; whoever reads TOM_HERMES should find all of it there."""
    moved = [key for key in EARLIER if key not in getattr(settings, "TOM_HERMES", {}) and earlier(key)]
    if moved:
        yield Warning(
            f"{' and '.join(moved)} of HERMES come from an older plugin's settings.",
            hint="Move them to TOM_HERMES; docs/hermes-moving.md says which is which.",
            id="tom_hermes.W001",
        )


def _server() -> Iterator[CheckMessage]:
    """Addresses that are none, a token that cannot be one, and a topic that the test server would not take."""
    for key in ("BASE_URL", "FRONT_END_URL"):
        value = getattr(conf, key)
        place = urlsplit(value)
        if value and (
            place.scheme not in ("http", "https") or not place.hostname or place.query or "/api" in place.path
        ):
            hint = "Give the address without a path of the API: https://hermes.lco.global."
            yield Error(
                f"TOM_HERMES[{key!r}] is {value!r}, which is no server's address.", hint=hint, id="tom_hermes.E006"
            )
    if not conf.BASE_URL:
        hint = "Leave the key out for https://hermes.lco.global."
        yield Error("TOM_HERMES['BASE_URL'] is empty.", hint=hint, id="tom_hermes.E006")
    if conf.TOKEN and not (conf.TOKEN.isascii() and conf.TOKEN.isalnum()):
        hint = "Give the 40 letters and digits from the profile page at HERMES, without the word Token."
        yield Error("TOM_HERMES['TOKEN'] is no token.", hint=hint, id="tom_hermes.E007")
    topic = conf.DEFAULT_TOPIC
    if topic and is_test_server() and "test" not in topic:
        hint = "Name a topic with `test` in it, such as hermes.test."
        yield Warning(
            f"The test server takes no topic like {topic!r} (DEFAULT_TOPIC).", hint=hint, id="tom_hermes.W002"
        )
    if urlsplit(conf.BASE_URL).scheme == "http" and conf.TOKEN and urlsplit(conf.BASE_URL).hostname not in LOCAL:
        hint = "Use https, so that nobody on the way reads the token."
        yield Warning("TOM_HERMES['BASE_URL'] is not encrypted.", hint=hint, id="tom_hermes.W003")
