"""What is wrong with the settings of ways to telescopes, as system checks say it."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.checks import CheckMessage, Error

from tom_scimma.setting_checks import near
from tom_treasuremap.conf import conf
from tom_treasuremap.transports.simulation import SAID

PARTS = ("weather", "failures", "refusals", "lost")


def simulated() -> Iterator[CheckMessage]:
    """TOM_TREASUREMAP['SIMULATED']: names and values."""
    for name, value in conf.SIMULATED.items():
        where = f"TOM_TREASUREMAP['SIMULATED'][{name!r}]"
        if name not in SAID:
            yield Error(f"{where} is no such thing.", hint=near(name, SAID), id="tom_treasuremap.E021")
        elif why := _wrong(name, value):
            yield Error(f"{where} is {value!r}.", hint=why, id="tom_treasuremap.E021")


def _wrong(name: str, value: object) -> str:
    if name == "off":
        return "" if isinstance(value, bool) else "Give True or False."
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "Give a number."
    if name in PARTS and not 0 <= value <= 1:
        return "Give the part of cases, from 0 to 1."
    if name == "speed" and value <= 0:
        return "Give its seconds in one of ours, above 0."
    return ""
