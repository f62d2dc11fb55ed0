"""One telescope's night as its page shows it: what is asked, how high it stands, when it is dark. Pure but for `rows`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import timezone as zone
from typing import Any

from django.db.models import Q

from tom_treasuremap import telescopes
from tom_treasuremap.followup.request import TERMINAL
from tom_treasuremap.models import Asked
from tom_treasuremap.telescopes.telescope import Telescope

WIDTH, HEIGHT, LANE = 1000, 320, 31  #: of the picture, in its own units
CURVES = 12  #: so many altitudes are drawn
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#17becf", "#bcbd22", "#ff7f0e", "#7f7f7f")


@dataclass(frozen=True)
class Hours:
    """From when to when the picture goes, and the dark in it."""

    start: datetime
    end: datetime
    dark: tuple[datetime, datetime] | None
    sunset: datetime | None
    sunrise: datetime | None

    @property
    def all_day(self) -> bool:
        """Whether it is dark enough from noon to noon."""
        return self.dark is not None and self.dark[1] - self.dark[0] >= timedelta(hours=23, minutes=59)

    def x(self, moment: datetime) -> float:
        """Where a moment is, 0 to WIDTH."""
        whole = (self.end - self.start).total_seconds()
        return round(min(1.0, max(0.0, (moment - self.start).total_seconds() / whole)) * WIDTH, 1)


def rows(telescope: str, night: date, user: Any) -> list[Asked]:
    """What this user may see of what was asked for a night, or waits for it still, or is scheduled in it; in order of time."""
    first, last = span(telescopes.telescopes().get(telescope), night)
    there = Q(record__scheduled_start__gte=first, record__scheduled_start__lt=last)
    waits = Q(night__lt=night) & ~Q(record__status__in=TERMINAL)
    found = Asked.objects.visible_to(user).filter(Q(night=night) | there | waits, telescope=telescope)
    found = found.exclude(record=None)
    found = found.select_related(
        "record__target", "record__user", "event", "submission", "cancellation", "by", "arming"
    )
    found = [row for row in found if row.night == night or (begins(row) < last and ends(row) > first)]
    return sorted(found, key=lambda row: (begins(row), -float(row.request.get("priority", 1)), row.pk))


def span(telescope: Telescope | None, night: date) -> tuple[datetime, datetime]:
    """From noon to noon of mean solar time at the telescope."""
    site = telescope.site if telescope is not None else None
    east = site.longitude / 15 if site is not None else 0.0
    noon = datetime(night.year, night.month, night.day, 12, tzinfo=zone.utc) - timedelta(hours=east)
    return noon, noon + timedelta(days=1)


def begins(row: Asked) -> datetime:
    """When it is scheduled, or else when its window opens."""
    return row.record.scheduled_start or datetime.fromisoformat(row.request["start"])


def ends(row: Asked) -> datetime:
    """When it is over, as scheduled or as asked."""
    if row.record.scheduled_start is not None:
        return row.record.scheduled_end or row.record.scheduled_start + timedelta(seconds=row.seconds)
    return datetime.fromisoformat(row.request["end"])


def hours(telescope: Telescope, night: date) -> Hours:
    """The hours of a night: from sunset to sunrise, or a whole day where the Sun does not set."""
    from tom_treasuremap import nights

    noon, _ = span(telescope, night)
    found = nights.night(telescope, noon + timedelta(hours=6))
    if found is None:
        return Hours(noon, noon + timedelta(days=1), (noon, noon + timedelta(days=1)), None, None)
    sunset, sunrise, start, end = (
        nights.utc(one) if one is not None else None for one in (found.sunset, found.sunrise, found.start, found.end)
    )
    margin = timedelta(minutes=30)
    first, last = (sunset - margin if sunset else noon), (sunrise + margin if sunrise else noon + timedelta(days=1))
    dark = (start, end) if start is not None and end is not None else None
    return Hours(first, last, dark, sunset, sunrise)


def picture(telescope: Telescope, night: date, shown: Iterable[Asked], now: datetime) -> dict[str, Any]:
    """What the page draws: the dark, an hour grid, an altitude a target, a bar a request."""
    below = HEIGHT + 36
    when, shown = hours(telescope, night), list(shown)
    lines = _curves(telescope, when, shown)
    colour = {line["name"]: line["colour"] for line in lines}
    bars = [_bar(row, when, i, colour) for i, row in enumerate(shown[:60])]
    ticks = []
    tick = when.start.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    while tick < when.end:
        ticks.append({"x": when.x(tick), "label": f"{tick:%H}"})
        tick += timedelta(hours=1)
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "dark": _span(when, when.dark) if when.dark else None,
        "dark_hours": when,
        "ticks": ticks,
        "levels": [{"y": _y(alt), "label": alt} for alt in (30, 60)],
        "limit": _y(telescope.limits.min_altitude),
        "lines": lines,
        "bars": bars,
        "bars_height": LANE * max(1, len(bars)) + 8,
        "below": below,
        "whole": below + LANE * max(1, len(bars)) + 16,
        "now": when.x(now) if when.start < now < when.end else None,
    }


def _curves(telescope: Telescope, when: Hours, shown: list[Asked]) -> list[dict[str, Any]]:
    if telescope.site is None:
        return []
    import numpy as np

    from tom_treasuremap.sky_position import altaz, mjd_of

    places: dict[str, tuple[float, float]] = {}
    for row in shown:
        places.setdefault(row.request["target"], (row.request["ra"], row.request["dec"]))
    names = list(places)[:CURVES]
    if not names:
        return []
    times = np.linspace(mjd_of(when.start), mjd_of(when.end), 97)
    altitude, _ = altaz(telescope.site, *np.array([places[name] for name in names]).T, times)
    xs = np.linspace(0, WIDTH, 97)
    return [
        {
            "name": name,
            "colour": COLOURS[i % len(COLOURS)],
            "points": " ".join(f"{x:.0f},{_y(max(0.0, alt)):.1f}" for x, alt in zip(xs, altitude[i], strict=True)),
            "top": float(altitude[i].max()),
        }
        for i, name in enumerate(names)
    ]


def _bar(row: Asked, when: Hours, place: int, colour: dict[str, str]) -> dict[str, Any]:
    left, right = when.x(begins(row)), when.x(ends(row))
    name = row.request["target"]
    return {
        "x": left,
        "width": max(4.0, right - left),
        "y": 4 + place * LANE,
        "colour": colour.get(name, "#7f7f7f"),
        "name": name,
        "solid": row.record.scheduled_start is not None,
        "text": min(left + 6, WIDTH - 260.0),
    }


def _span(when: Hours, dark: tuple[datetime, datetime]) -> dict[str, float]:
    left, right = (when.x(one) for one in dark)
    return {"x": left, "width": right - left}


def _y(altitude: float) -> float:
    return round(HEIGHT * (1 - altitude / 90.0), 1)
