"""Where a GCN JSON notice points, by the core schemas Localization and Distance. Pure."""

from __future__ import annotations

from typing import Any

from ..notice import Sky
from . import fields

#: the schema: "if absent, default is 0.9"
CONTAINMENT = 0.9
KEYS = {
    "ra", "dec", "ra_dec_error", "containment_probability", "healpix_url", "healpix_file", "luminosity_distance",
    "luminosity_distance_error", "most_probable_direction",
}  # fmt: skip


def sky(said: dict[str, Any], extra: dict[str, Any], skymaps: dict[str, bytes]) -> Sky | None:
    """The localization, or None. What was said but is no position stays in `extra`; a map goes to `skymaps`."""
    data, error = fields.fits(said.get("healpix_file"))
    if error:
        extra["skymap_error"] = error
    url = fields.link(said.get("healpix_url"))
    if url is None and said.get("healpix_url"):
        extra["healpix_url"] = fields.jsonable(said["healpix_url"])
    place = _place(said, extra)
    if data is not None:
        skymaps["skymap"] = data
        place["type"] = "healpix"
    elif url and not place:
        place["type"] = "healpix"
    if not place:
        return None
    return Sky(skymap_sha256=fields.sha256(data) if data is not None else None, skymap_url=url, **place)


def _place(said: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    """Type, position and error as arguments of Sky; empty when there is no position, the raw words then in `extra`."""
    given = said
    if said.get("ra") is None and isinstance(said.get("most_probable_direction"), dict):
        given = said["most_probable_direction"]
        extra["most_probable_direction"] = fields.jsonable(given)
    ra, dec = fields.number(given.get("ra")), fields.number(given.get("dec"))
    error = _error(given.get("ra_dec_error"))
    if ra is None or dec is None or not (0 <= ra <= 360 and -90 <= dec <= 90) or (ra == dec == 0 and not error) or error[:1] >= [180]:
        _keep(given, ("ra", "dec", "ra_dec_error", "containment_probability"), extra)
        return {}
    place: dict[str, Any] = {"type": "point", "ra_deg": ra % 360.0, "dec_deg": dec}
    if not error:
        _keep(given, ("ra_dec_error", "containment_probability"), extra)
        return place
    place["radius_deg"] = max(error[:2])
    place["containment"] = _containment(given.get("containment_probability"), extra)
    if len(error) == 1:
        return {**place, "type": "circle"}
    angle = error[2] if len(error) > 2 else 0.0  # the schema: "default is zero"
    return {**place, "type": "ellipse", "semi_axes_deg": (error[0], error[1]), "angle_deg": angle}


def _error(raw: Any) -> list[float]:
    """[radius], [a, b] or [a, b, angle] in degrees; empty when absent, or when zero or negative, which mean unknown."""
    values = [fields.number(item) for item in (raw[:4] if isinstance(raw, list) else [raw])]
    if not values or len(values) > 3 or any(value is None for value in values) or min(values[:2]) <= 0:
        return []
    return values


def _containment(raw: Any, extra: dict[str, Any]) -> float:
    value = fields.number(raw)
    if value is not None and 1 < value <= 100:
        value /= 100  # percent
    if value is not None and 0 < value <= 1:
        return value
    if raw is not None:
        extra["containment_probability"] = fields.jsonable(raw)
    return CONTAINMENT


def _keep(given: dict[str, Any], keys: tuple[str, ...], extra: dict[str, Any]) -> None:
    extra.update((key, fields.jsonable(given[key])) for key in keys if given.get(key) is not None)


def distance(said: dict[str, Any], extra: dict[str, Any]) -> tuple[float, float] | None:
    """(luminosity distance, its error) in Mpc; asymmetric errors averaged. Without both, what was said stays in `extra`."""
    mean = fields.number(said.get("luminosity_distance"))
    raw = said.get("luminosity_distance_error")
    errors = [fields.number(item) for item in (raw[:3] if isinstance(raw, list) else [raw])]
    if mean is None or mean <= 0 or not errors or len(errors) > 2 or any(error is None for error in errors):
        _keep(said, ("luminosity_distance", "luminosity_distance_error"), extra)
        return None
    if len(errors) == 2:
        _keep(said, ("luminosity_distance_error",), extra)
    return mean, sum(abs(error) for error in errors) / len(errors)
