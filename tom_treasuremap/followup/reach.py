"""Whether a telescope can do what is asked in the window, and if not, what stands in the way, in words. Pure.

why_not(telescope, request)     -> {"start": ["It never rises above 30 degrees ..."]}; {}: it can
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np

from tom_treasuremap.followup.request import Request
from tom_treasuremap.telescopes.telescope import MoonRule, Telescope
from tom_treasuremap.transports.rules import seconds

STEP = 300.0  #: s
MOST = 6000  #: points of time that are looked at
#: at which field of a form each rule is told
FIELDS = {"airmass": "max_airmass", "Moon distance": "min_moon_separation"}


def why_not(telescope: Telescope, request: Request) -> dict[str, list[str]]:
    """What stands in the way, by field. Times and place must be sound."""
    if telescope.site is None or request.end <= request.start:
        return {}
    times = _times(request, telescope)
    rules = _rules(telescope, request)
    sky = _sky(telescope, request, times)
    good = {name: np.asarray(rule.on(sky))[0] for name, rule in rules.items()}
    all_good = np.logical_and.reduce(list(good.values())) if good else np.ones(len(times), dtype=bool)
    if request.fixed:
        return {} if all_good.all() else {"start": [_fixed(good, times)]}
    if not all_good.any():
        return _never(good, sky, telescope, request)
    need = seconds(request, telescope)
    longest = _longest(all_good, times)
    if need > longest + STEP:
        words = (
            f"It takes {_span(need)}, and it can be reached for no more than {_span(longest)} at a time in that window."
        )
        return {"end": [words]}
    return {}


def _times(request: Request, telescope: Telescope) -> np.ndarray:
    from tom_treasuremap.sky_position import mjd_of

    start, end = mjd_of(request.start), mjd_of(request.end)
    if request.fixed:  # how long it may be late is not looked at
        end = min(end, start + seconds(request, telescope) / 86400)
    return np.linspace(start, end, int(min(MOST, max(2, np.ceil((end - start) * 86400 / STEP) + 1))))


def _rules(telescope: Telescope, request: Request) -> dict[str, Any]:
    from tom_treasuremap import constraints

    found = dict(constraints.rules(telescope))
    if request.extra.get("max_airmass"):
        found["airmass"] = constraints.Airmass(float(request.extra["max_airmass"]))
    if request.extra.get("min_moon_separation"):
        found["Moon distance"] = constraints.Moon(MoonRule(least=float(request.extra["min_moon_separation"])))
    return found


def _sky(telescope: Telescope, request: Request, times: np.ndarray) -> Any:
    from tom_treasuremap.sky_position import Sky

    return Sky(telescope.site, request.ra, request.dec, times)


def _never(good: Mapping[str, np.ndarray], sky: Any, telescope: Telescope, request: Request) -> dict[str, list[str]]:
    """Each rule that alone forbids it all, else those that share it between them."""
    always = np.ones(len(sky.times), dtype=bool)
    found: dict[str, list[str]] = {}
    for name in (name for name, one in good.items() if not one.any()):
        found.setdefault(FIELDS.get(name, "start"), []).append(_words(name, sky, always, telescope, request))
    if found:
        return found
    dark = good.get("daylight", always)
    others = {name: one[dark] for name, one in good.items() if name != "daylight"}
    for name in (name for name, one in others.items() if not one.any()):
        words = _words(name, sky, dark, telescope, request)
        found.setdefault(FIELDS.get(name, "start"), []).append(f"By night: {words[0].lower()}{words[1:]}")
    if found:
        return found
    names = ", ".join(name for name, one in others.items() if not one.all())
    return {"start": [f"It cannot be reached at any time in that window; in turn it is: {names or 'daylight'}."]}


def _words(name: str, sky: Any, when: np.ndarray, telescope: Telescope, request: Request) -> str:
    """Of one rule, with its figures at the times that `when` (bool) tells."""
    if name == "daylight":
        return f"The Sun is never below {telescope.twilight:.0f} degrees at {telescope.label} in that window."
    if name == "too low":
        from tom_treasuremap.windows import apart

        top, least = apart(float(np.max(sky.altitude[0, when])), telescope.limits.min_altitude)
        return f"It never rises above {least} degrees there in that window: at most {top}."
    if name == "airmass":
        highest = float(np.max(sky.altitude[0, when]))
        least = f"{1 / np.sin(np.radians(highest)):.2f}" if highest > 3 else "far more"
        return (
            f"Its airmass is never below {float(request.extra['max_airmass']):g} in that window; the least is {least}."
        )
    if name in ("Moon", "Moon distance"):
        far, lit = float(np.min(sky.moon_separation[0, when])), float(np.max(sky.moon_illumination[when]))
        return f"The Moon is too near: {far:.0f} degrees, {lit:.0%} lit."
    return f"{telescope.label} cannot point there in that window: {name}."


def _fixed(good: Mapping[str, np.ndarray], times: np.ndarray) -> str:
    for name, one in good.items():
        if not one.all():
            from tom_treasuremap.nights import utc

            moment: datetime = utc(float(times[np.argmin(one)]))
            return f"At {moment:%H:%M} UTC it cannot be reached: {name}."
    return "It cannot be reached all through that time."


def _longest(good: np.ndarray, times: np.ndarray) -> float:
    from tom_treasuremap.windows import runs

    return max((last - first) * 86400 for first, last in runs(good, times))


def _span(wanted: float) -> str:
    minutes = round(wanted / 60)
    return f"{wanted:.0f} s" if wanted < 120 else f"{minutes} min" if minutes < 120 else f"{wanted / 3600:.1f} h"
