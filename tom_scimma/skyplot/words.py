"""What a picture shows, in words: for those who cannot see it, and for text to copy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from tom_scimma.skymap.makers import separation
from tom_scimma.skyplot import reach
from tom_scimma.skyplot.bodies import Body, galactic_latitude, sun_and_moon
from tom_scimma.skyplot.lobes import View, views
from tom_scimma.skyplot.scene import Layer, Place, angle_text, area_text

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap

#: names of a layer that are said
NAMED = 12


def of(
    subject: SkyMap | Place,
    *,
    time: datetime | None = None,
    time_words: str = "",
    layers: Sequence[Layer] = (),
    levels: tuple[float, float] = (0.5, 0.9),
) -> list[tuple[str, str]]:
    """Pairs of a name and words: the regions, the best place, Sun and Moon, what is marked, the distance."""
    said, best = _place(subject) if isinstance(subject, Place) else _map(subject, levels)
    if time is not None:
        for body in sun_and_moon(time):
            said.append((body.name, _body(body, best)))
        when = f"{time.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC"
        said.append(("Sun and Moon are of", f"{when}, {time_words}" if time_words else when))
    said += [(layer.label, _named(layer)) for layer in layers]
    found = None if isinstance(subject, Place) else reach.of(subject)
    if found is not None:
        said.append(("Distance", f"{found.mean:,.0f} ± {found.sd:,.0f} Mpc (mean and standard deviation)"))
        for name, (low, high) in (("50 % of the distance", found.half), ("90 % of the distance", found.most)):
            said.append((name, reach.between(low, high)))
    return said


def _map(sky: SkyMap, levels: tuple[float, float]) -> tuple[list[tuple[str, str]], tuple[float, float]]:
    said = [
        (f"{100 * level:g} % region", area_text(area)) for level, area in zip(levels, sky.area(levels), strict=True)
    ]
    found = views(sky, max(levels))
    if len(found) == 1:
        said.append(
            ("It lies", f"within {angle_text(found[0].radius_deg)} of {position(found[0].ra, found[0].dec, 0)}")
        )
    else:
        said += [(f"Part {letter}", _part(view)) for letter, view in zip("AB", found, strict=True)]
    return [*said, ("Most probable place", _best(*sky.mode))], sky.mode


def _place(place: Place) -> tuple[list[tuple[str, str]], tuple[float, float]]:
    said = [("Position", _best(place.ra, place.dec))]
    if place.radius_deg:
        share = f" ({100 * place.containment:g} %)" if place.containment else ""
        said.append(("Error radius", f"{angle_text(place.radius_deg)}{share}"))
    else:
        said.append(("Error radius", "not known"))
    return said, (place.ra, place.dec)


def _part(view: View) -> str:
    return f"{100 * (view.share or 0):.0f} % of the probability, within {angle_text(view.radius_deg)} of {position(view.ra, view.dec, 0)}"


def _best(ra: float, dec: float) -> str:
    latitude = galactic_latitude(ra, dec)
    return f"{position(ra, dec, 1)} ({ra:.4f}°, {dec:+.4f}°); galactic latitude {latitude:+.0f}°"


def _body(body: Body, best: tuple[float, float]) -> str:
    away = float(separation(body.ra, body.dec, *best))
    lit = f", {100 * body.lit:.0f} % lit" if body.lit is not None else ""
    return f"{position(body.ra, body.dec, 0)}, {away:.0f}° from the most probable place{lit}"


def _named(layer: Layer) -> str:
    names = [point.name for point in layer.points if point.name]
    if not names:
        return f"{len(layer.points) or len(layer.rings)} marked"
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def position(ra: float, dec: float, digits: int) -> str:
    """A position as astronomers write it: RA 13h09m48s Dec -23°23′ with 0 digits, one more sexagesimal place with 1."""
    seconds = round(ra / 15 * 3600 * 10**digits) / 10**digits % 86400
    hours, minutes, rest = int(seconds // 3600), int(seconds // 60 % 60), seconds % 60
    arc = round(abs(dec) * 60 * (60 if digits else 1))
    sign = "-" if dec < 0 and arc else "+"
    degrees, arcmin, arcsec = (arc // 3600, arc // 60 % 60, arc % 60) if digits else (arc // 60, arc % 60, 0)
    fine = f"{arcsec:02d}″" if digits else ""
    return f"RA {hours:02d}h{minutes:02d}m{rest:0{3 + digits if digits else 2}.{digits}f}s Dec {sign}{degrees:02d}°{arcmin:02d}′{fine}"
