"""Targets of the TOM as plain values, many at once."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from tom_scimma.compose.content import Body

#: TOM Toolkit's names of what describes an orbit
ELEMENTS = (
    *(
        "scheme",
        "epoch_of_elements",
        "mean_anomaly",
        "arg_of_perihelion",
        "eccentricity",
        "lng_asc_node",
        "inclination",
    ),
    *("mean_daily_motion", "semimajor_axis", "epoch_of_perihelion", "ephemeris_period", "ephemeris_period_err"),
    *("ephemeris_epoch", "ephemeris_epoch_err", "perihdist", "abs_mag", "slope"),
)
PLAIN = ("ra", "dec", "epoch", "pm_ra", "pm_dec", "parallax", "distance")


def bodies(keys: Collection[int]) -> tuple[Body, ...]:
    """The targets of these keys in this order, with aliases and extras: three queries."""
    from tom_targets.models import Target, TargetExtra, TargetName

    if not keys:
        return ()
    rows = Target.objects.in_bulk(list(keys))
    names: dict[int, list[str]] = {}
    for target, name in TargetName.objects.filter(target__in=keys).order_by("pk").values_list("target_id", "name"):
        names.setdefault(target, []).append(name)
    extras: dict[int, dict[str, Any]] = {}
    for extra in TargetExtra.objects.filter(target__in=keys).order_by("pk"):
        extras.setdefault(extra.target_id, {})[extra.key] = _value(extra)
    return tuple(_body(rows[key], names.get(key, []), extras.get(key, {})) for key in keys)


def _body(row: Any, names: list[str], extras: Mapping[str, Any]) -> Body:
    said = {name: getattr(row, name) for name in ELEMENTS}
    return Body(
        pk=row.pk,
        name=row.name,
        aliases=tuple(name for name in names if name != row.name),
        sidereal=row.type == row.SIDEREAL,
        distance_error=row.distance_err,
        elements={name: value for name, value in said.items() if value not in (None, "")},
        extras=extras,
        **{name: getattr(row, name) for name in PLAIN},
    )


def _value(extra: Any) -> Any:
    """A number where it is one, else the text."""
    number = extra.float_value
    return number if number is not None and math.isfinite(number) else extra.value
