"""Layers over an event's sky: what the interactive sky shows and turns on and off, and what pictures draw over the map.

An app adds its own by a method of its AppConfig:

    def event_layers(self):
        return [{"name": "pointings", "label": "Observed", "features": "our.module.function", "shown": True, "drawn": True}]

`features` names a function (event, user) -> list of features, asked only when the layer is wanted; it returns nothing
that the user may not see. `shown`: on when the sky is opened. `drawn`: in the static picture, too. A feature is a
GeoJSON Feature in ICRS degrees, as `point`, `outline` and `region` make them; docs/pictures.md has the format.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.module_loading import import_string

from tom_scimma import hooks, skyplot
from tom_scimma.skyplot import reach

Feature = dict[str, Any]
Ring = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Layer:
    """A layer that an app offers."""

    name: str  #: one word, for addresses
    label: str  #: for people
    features: str  #: dotted path of the function that gives them
    shown: bool = False
    drawn: bool = False

    def collection(self, event, user) -> dict[str, Any]:
        """The layer's GeoJSON FeatureCollection, as this user may see it."""
        found = import_string(self.features)(event, user)
        return {"type": "FeatureCollection", "name": self.name, "label": self.label, "features": found}


def offered() -> list[Layer]:
    """The layers of all installed apps, the trunk's first. Raises ValueError when two have one name."""
    found = [Layer(**entry) for entries in hooks.gather("event_layers") for entry in entries]
    names = [layer.name for layer in found]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"two apps offer a layer {twice!r}: rename one in its AppConfig.event_layers()")
    return found


def drawn(event, user) -> list[tuple[Layer, list[Feature]]]:
    """What pictures show as well, of those layers that want it and have anything for this user."""
    made = [(layer, layer.collection(event, user)["features"]) for layer in offered() if layer.drawn]
    return [(layer, features) for layer, features in made if features]


def over_map(layer: Layer, features: Sequence[Feature]) -> skyplot.Layer:
    """A layer as `skyplot.draw` takes it."""
    rings = [ring for feature in features for ring in _rings(feature["geometry"] or {})]
    points = [skyplot.Point(*at, str(said.get("name", ""))) for at, said in _points(features)]
    return skyplot.Layer(f"{layer.label} ({len(features)})", points, rings)


def in_distance(features: Sequence[Feature]) -> list[reach.Mark]:
    """The points that have a distance, as `skyplot.reach.draw` takes them."""
    return [
        reach.Mark(str(said.get("name", "")), *at, said["distance_mpc"])
        for at, said in _points(features)
        if said.get("distance_mpc")
    ]


def _points(features: Sequence[Feature]) -> Iterable[tuple[tuple[float, float], dict[str, Any]]]:
    """((ra, dec), properties) of the features that are points."""
    for feature in features:
        if (feature["geometry"] or {}).get("type") == "Point":
            ra, dec = feature["geometry"]["coordinates"][:2]
            yield (ra, dec), feature["properties"]


def _rings(geometry: dict[str, Any]) -> Iterable[Ring]:
    """The closed lines of a geometry, whatever its type."""
    places = geometry.get("coordinates", [])
    if geometry.get("type") in ("MultiLineString", "Polygon"):
        return places
    if geometry.get("type") == "MultiPolygon":
        return [ring for polygon in places for ring in polygon]
    return []


def point(
    ra: float, dec: float, name: str, *, url: str = "", note: str = "", distance_mpc: float | None = None
) -> Feature:
    """A thing at a position in degrees; `url` is its page, `note` what to say of it beside its name."""
    geometry, said = {"type": "Point", "coordinates": [ra, dec]}, _said(name, url, note)
    far = {} if distance_mpc is None else {"distance_mpc": distance_mpc}
    return {"type": "Feature", "geometry": geometry, "properties": {**said, **far}}


def outline(rings: Iterable[Ring], name: str, *, url: str = "", note: str = "", dashed: bool = False) -> Feature:
    """Closed lines around an area: a footprint (several rings where there are gaps), a contour. Degrees.

    Lines and not a GeoJSON Polygon, which RFC 7946 would have cut in two at 180 degrees.
    """
    lines = [[[float(ra), float(dec)] for ra, dec in ring] for ring in rings]
    geometry = {"type": "MultiLineString", "coordinates": lines}
    return {"type": "Feature", "geometry": geometry, "properties": {**_said(name, url, note), "dashed": dashed}}


def region(moc: dict[str, list[int]], name: str, *, note: str = "") -> Feature:
    """An area as a MOC (IVOA MOC 2.0, its JSON form: order to nested pixels)."""
    return {"type": "Feature", "geometry": None, "properties": {**_said(name, "", note), "moc": moc}}


def _said(name: str, url: str, note: str) -> dict[str, Any]:
    return {"name": name, **({"url": url} if url else {}), **({"note": note} if note else {})}
