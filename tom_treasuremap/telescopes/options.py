"""What is wrong with a telescope's options, of those whose shape is known: what cannot be read is said here, and breaks no form.

Options that nobody knows stay: a transport of somebody's own may have others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tom_treasuremap.telescopes.checks import Checks

DAY = 86400.0
NUMBERS = {
    "speed": (1e-6, 1e9), "poll_seconds": (0.0, DAY), "min_exposure": (0.0, DAY), "max_exposure": (0.0, DAY), "binning": (1.0, 64.0),
    "ipp_value": (0.0, 100.0), "seed": (-1e15, 1e15), "weather": (0.0, 1.0), "failures": (0.0, 1.0), "refusals": (0.0, 1.0),
    "lost": (0.0, 1.0),
}  # fmt: skip
TEXTS = (
    "topic", "answers", "site", "enclosure", "telescope", "telescope_class", "instrument_type", "proposal", "readout_mode", "element",
    "configuration_type", "rotator_mode", "observation_type",
)  # fmt: skip
#: one sender may be said without a list
ALONE = ("senders",)
LISTS, OBJECTS = ("senders", "product_hosts"), ("acquisition", "guiding")


def check(checks: Checks, said: Mapping[str, Any]) -> None:
    """Tells `checks` what is wrong."""
    for name, value in said.items():
        at = f"options.{name}"
        if name in NUMBERS:
            checks.number(value, at, *NUMBERS[name])
        elif name in TEXTS:
            checks.text(value, at)
        elif name in LISTS and not (name in ALONE and isinstance(value, str)):
            _names(checks, value, at)
        elif name in OBJECTS:
            checks.mapping(value, at)
        elif name == "spectrographs":
            _spectrographs(checks, value, at)
        elif name == "calibrations":
            _calibrations(checks, value, at)


def _calibrations(checks: Checks, said: Any, name: str) -> None:
    for kind, length in checks.mapping(said, name).items():
        if not isinstance(length, Mapping):
            checks.number(length, f"{name}.{kind}", 0.0, DAY)
            continue
        _widths(checks, length, f"{name}.{kind}")
        for width, seconds in length.items():
            checks.number(seconds, f"{name}.{kind}.{width}", 0.0, DAY)


def _names(checks: Checks, said: Any, name: str, wanted: str = "a list of texts") -> None:
    if not isinstance(said, (list, tuple)) or not all(isinstance(one, str) for one in said):
        checks.wrong(name, f'is {repr(said)[:60]}; {wanted} is wanted: ["...", ...]')


def _spectrographs(checks: Checks, said: Any, name: str) -> None:
    if not isinstance(said, Mapping):
        _names(checks, said, name, "an object {name: {width of a slit: its name there}}, or a list of names")
        return
    for one, slits in said.items():
        there_are = checks.mapping(slits, f"{name}.{one}")
        _widths(checks, there_are, f"{name}.{one}")
        for width, there in there_are.items():
            checks.text(there, f"{name}.{one}.{width}", needed=True)


def _widths(checks: Checks, said: Mapping[str, Any], name: str) -> None:
    """The widths of some slits, each once: "2" and "2.0" are one."""
    known: dict[float, str] = {}
    for width in said:
        found = _width(width)
        if found is None:
            checks.wrong(f"{name}.{width}", f"is {repr(width)[:60]}; the width of a slit in arcsec is wanted, as 1.6")
        elif found in known:
            checks.wrong(f"{name}.{width}", f"is the slit of {known[found]} arcsec once more")
        else:
            known[found] = width


def _width(said: Any) -> float | None:
    try:
        found = float(said)
    except (TypeError, ValueError):
        return None
    return found if 0 < found < math.inf else None
