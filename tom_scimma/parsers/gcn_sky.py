"""Where a GCN JSON notice points, by the core schemas Localization and Distance. Pure."""

from __future__ import annotations

from typing import Any

from ..notice import Sky
from . import fields

#: the schema: "if absent, default is 0.9"
CONTAINMENT = 0.9
KEYS = {
    *("ra", "dec", "ra_dec_error", "containment_probability", "healpix_url", "healpix_file"),
    *("luminosity_distance", "luminosity_distance_error", "most_probable_direction"),
}
#: how the first schemas spelled the error of both axes
_OLD_ERRORS = ("ra_uncertainty", "dec_uncertainty", "ra_dec_uncertainty")
#: how MAXI's first schema spelled an ellipse, and a circle
_OLD_ELLIPSE, _OLD_CIRCLE = ("elliptical_error_radii", "elliptical_error_roll"), "circle_error_radius"


def sky(said: dict[str, Any], extra: dict[str, Any], skymaps: dict[str, bytes], *, points: bool = False) -> Sky | None:
    """The localization, or None. What was said but is no position stays in `extra`; a map goes to `skymaps`.

    `points`: this sender's `ra` and `dec` are where it looks.
    """
    data, error = fields.fits(said.get("healpix_file"))
    if error:
        extra["skymap_error"] = error
    url = fields.link(said.get("healpix_url"))
    if url is None and said.get("healpix_url"):
        extra["healpix_url"] = fields.jsonable(said["healpix_url"])
    place = _place(said, extra, points)
    if data is not None:
        skymaps["skymap"] = data
        return Sky(**{**place, "type": "healpix"}, skymap_sha256=fields.sha256(data), skymap_url=url)
    if place:
        return Sky(**place, skymap_url=url)
    return Sky("healpix", skymap_url=url) if url else None


def _place(said: dict[str, Any], extra: dict[str, Any], points: bool) -> dict[str, Any]:
    """Type, position and error as arguments of Sky; empty when there is no position, the raw words then in `extra`."""
    given = said
    if said.get("ra") is None and isinstance(said.get("most_probable_direction"), dict):
        given = said["most_probable_direction"]
    ra, dec = fields.number(given.get("ra")), fields.number(given.get("dec"))
    error = _error(given.get("ra_dec_error"))
    if not error and isinstance(given.get("error"), dict):  # older schemas
        error = _error(given["error"].get("radius"))
    if not error:
        error = _old_error(given)
    if points or ra is None or dec is None or not _is_position(ra, dec, error):
        _keep(said, ("ra", "dec", "ra_dec_error", "containment_probability", "most_probable_direction"), extra)
        return {}
    place: dict[str, Any] = {"type": "point", "ra_deg": ra % 360.0, "dec_deg": dec}
    if not error:
        _keep(given, ("ra_dec_error", "containment_probability"), extra)
        return place
    place["radius_deg"] = max(error[:2])
    place["containment"] = _containment(given.get("containment_probability"), extra)
    if len(error) == 1 or (given.get("uncertainty_shape") == "circle" and len(set(error)) == 1):
        return {**place, "type": "circle"}
    angle = error[2] if len(error) > 2 else 0.0  # the schema: "default is zero"
    return {**place, "type": "ellipse", "semi_axes_deg": (error[0], error[1]), "angle_deg": angle}


def _is_position(ra: float, dec: float, error: list[float]) -> bool:
    """False for what senders write when they have none: (0, 0) without an error, -1, an error of the whole sky."""
    return (
        0 <= ra <= 360 and -90 <= dec <= 90 and (ra != 0 or dec != 0 or bool(error)) and max(error[:2], default=0) < 180
    )


def _error(raw: Any) -> list[float]:
    """[radius], [a, b] or [a, b, angle] in degrees; empty when absent, or when zero or negative, which mean unknown."""
    items = raw[:4] if isinstance(raw, list) else [raw]
    values = [value for item in items if (value := fields.number(item)) is not None]
    if len(values) != len(items) or not 1 <= len(values) <= 3 or min(values[:2]) <= 0:
        return []
    return values


def _old_error(given: dict[str, Any]) -> list[float]:
    """The same under the names that the first schemas had for it."""
    radii, angle = _error(given.get(_OLD_ELLIPSE[0])), fields.number(given.get(_OLD_ELLIPSE[1]))
    if radii:
        return [*radii[:2], angle] if len(radii) == 2 and angle is not None else radii
    sizes = [size for key in _OLD_ERRORS for size in _error(given.get(key))[:1]][:2]
    return _error(sizes) or _error(given.get(_OLD_CIRCLE))


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
    """(luminosity distance, its error) in Mpc; asymmetric errors averaged.

    Without both, what was said stays in `extra`.
    """
    mean = fields.number(said.get("luminosity_distance"))
    raw = said.get("luminosity_distance_error")
    items = raw[:3] if isinstance(raw, list) else [raw]
    errors = [error for item in items if (error := fields.number(item)) is not None]
    if mean is None or mean <= 0 or len(errors) != len(items) or not 1 <= len(errors) <= 2:
        _keep(said, ("luminosity_distance", "luminosity_distance_error"), extra)
        return None
    if len(errors) == 2:
        _keep(said, ("luminosity_distance_error",), extra)
    return mean, sum(abs(error) for error in errors) / len(errors)
