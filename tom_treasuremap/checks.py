"""System checks of TOM_TREASUREMAP: errors `tom_treasuremap.E0nn`; each says what was seen and its hint what to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from django.core.checks import CheckMessage, Error, register

from tom_scimma.setting_checks import near, shape
from tom_treasuremap.conf import OPTIONS, conf
from tom_treasuremap.transports import checks as transports

LOOPBACK = ("127.0.0.1", "localhost", "::1")
SERVICE = ("name", "url", "telescope", "table", "days")


@register()
def settings_check(app_configs, **kwargs) -> list[CheckMessage]:
    """TOM_TREASUREMAP: its keys, their types, and what is in them."""
    return shape("TOM_TREASUREMAP", OPTIONS, "tom_treasuremap") or [
        *_address(),
        *_numbers(),
        *_services(),
        *transports.simulated(),
        *_telescopes(),
    ]


def _address() -> Iterator[CheckMessage]:
    yield from _url("TOM_TREASUREMAP['BASE_URL']", conf.BASE_URL, conf.TOKEN) if conf.BASE_URL else ()
    if conf.OCS_URL:  # people have tokens of their own
        yield from _url(
            "TOM_TREASUREMAP['OCS_URL']", conf.OCS_URL, "theirs", "https://observe.lco.global, without /api"
        )


def _url(
    where: str, said: str, token: str = "", such: str = "https://treasuremap.space, without /api/v1"
) -> Iterator[CheckMessage]:
    place = urlsplit(said)
    if place.scheme not in ("http", "https") or not place.hostname:
        hint = f"An address such as {such}."
        yield Error(f"{where} is {said!r}, which is no address.", hint=hint, id="tom_treasuremap.E004")
    elif place.scheme == "http" and place.hostname not in LOOPBACK and token:
        hint = "Use https: a token sent in the clear can be read on the way."
        yield Error(f"{where} is {said!r}.", hint=hint, id="tom_treasuremap.E004")


def _numbers() -> Iterator[CheckMessage]:
    for key in ("FOLLOW_DAYS", "CONNECT_SECONDS", "READ_SECONDS", "FETCH_SECONDS"):
        if getattr(conf, key) <= 0:
            hint = "Give a positive number."
            yield Error(f"TOM_TREASUREMAP[{key!r}] is {getattr(conf, key)}.", hint=hint, id="tom_treasuremap.E005")
    for key in ("STATES_SECONDS", "VETO_SECONDS"):
        if getattr(conf, key) < 0:
            hint = "Give a number of seconds, 0 or more."
            yield Error(f"TOM_TREASUREMAP[{key!r}] is {getattr(conf, key)}.", hint=hint, id="tom_treasuremap.E005")
    if conf.CANCEL_GRACE < timedelta(0):
        hint = "Give a time that is not negative."
        yield Error(f"TOM_TREASUREMAP['CANCEL_GRACE'] is {conf.CANCEL_GRACE}.", hint=hint, id="tom_treasuremap.E005")
    for key in ("EVERY", "WHOLE_EVERY"):
        if getattr(conf, key) < timedelta(minutes=1):
            hint = "Give at least a minute: the server is everybody's."
            yield Error(f"TOM_TREASUREMAP[{key!r}] is {getattr(conf, key)}.", hint=hint, id="tom_treasuremap.E005")


def _services() -> Iterator[CheckMessage]:
    for i, entry in enumerate(conf.OBSLOCTAP):
        where = f"TOM_TREASUREMAP['OBSLOCTAP'][{i}]"
        if not isinstance(entry, dict) or not entry.get("name") or not entry.get("url"):
            hint = 'A service has a name and an address: {"name": "Rubin", "url": "https://tap.example.org/tap"}.'
            yield Error(f"{where} is {entry!r}.", hint=hint, id="tom_treasuremap.E006")
            continue
        for key in entry:
            if key not in SERVICE:
                yield Error(f"{where} has an unknown key {key!r}.", hint=near(key, SERVICE), id="tom_treasuremap.E006")
        yield from _url(f"{where}['url']", str(entry["url"]))


def _telescopes() -> Iterator[CheckMessage]:
    from tom_treasuremap.telescopes.checks import WrongTelescope
    from tom_treasuremap.telescopes.known import said_of
    from tom_treasuremap.telescopes.reading import read
    from tom_treasuremap.transports import TABLE as ways

    for i, entry in enumerate(conf.TELESCOPES):
        where = f"TOM_TREASUREMAP['TELESCOPES'][{i}]"
        try:
            found = read(said_of(entry))
            if found.transport not in ways:
                known = ", ".join(ways)
                raise WrongTelescope({"transport": f"is {found.transport!r}; known are {known}"})
        except WrongTelescope as wrong:
            for field, why in wrong.fields.items():
                hint = "docs/telescopes.md says what a telescope's file has."
                yield Error(f"{where}: {field} {why}.", hint=hint, id="tom_treasuremap.E007")
