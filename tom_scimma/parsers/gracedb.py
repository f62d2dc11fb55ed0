"""GraceDB's superevents, as its public API has them: what LVK knows of an event now. Pure.

Format: https://gracedb.ligo.org/documentation/models.html, `api/superevents/ID/` and its `files/`. Not an alert: backfill asks for it
where the alerts themselves were missed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import orjson

from ..notice import Notice, Sky
from . import fields
from .voevent.place import from_tai

#: what its labels say has happened, the last word first
_LABELS = (
    ("ADVNO", "retraction"), ("ADVOK", "initial"), ("GCN_PRELIM_SENT", "preliminary"), ("EARLY_WARNING", "early_warning"),
)  # fmt: skip
_GPS_ZERO = datetime(1980, 1, 6, 0, 0, 19, tzinfo=timezone.utc)  #: GPS's zero, read on a clock of TAI
_TAKEN = {"superevent_id", "far", "links", "preferred_event_data", "created"}
_EVENT_TAKEN = {"far", "instruments", "group", "pipeline", "search"}
_SECONDS = range(0, 4_000_000_000)


def recognises(said: Any) -> bool:
    """True for a superevent object of the API; the public alerts have no `t_0`."""
    return isinstance(said, dict) and {"superevent_id", "t_0", "links"} <= said.keys()


def parse(topic: str, said: dict[str, Any]) -> tuple[Notice, ...]:
    """The one notice of a superevent without its files. Raises Unparsable without an id."""
    return (notice(said),)


def notice(said: Mapping[str, Any], files: Mapping[str, bytes] | None = None, *, map_url: str = "") -> Notice:
    """The notice of a superevent object and of those of its files that are given by name, versions (`,1`) allowed.

    `p_astro.json` gives classes, `em_bright.json` properties, `*.multiorder.fits` or `*.fits.gz` the sky map, of which the last
    counts; `map_url` is that map's address. Raises Unparsable without a superevent id.
    """
    name = fields.event(said.get("superevent_id"))
    name = fields.superevent(name) or name
    extra = {str(key): fields.jsonable(value) for key, value in said.items() if key not in _TAKEN and value is not None}
    preferred = said.get("preferred_event_data")
    event: dict[str, Any] = preferred if isinstance(preferred, dict) else {}
    left = {
        str(key): fields.jsonable(value)
        for key, value in event.items()
        if key not in _EVENT_TAKEN and value is not None
    }
    if left:
        extra["preferred_event_data"] = left
    labels = fields.names(said.get("labels"))
    named = {key.rpartition(",")[0] or key: value for key, value in (files or {}).items()}
    skymaps: dict[str, bytes] = {}
    sky = _sky(named, map_url, extra, skymaps)
    category = fields.clean(said.get("category")).lower()
    test = fields.is_test_superevent(name) or category in ("test", "mdc") or event.get("search") == "MDC"
    far = fields.rate(said.get("far") if said.get("far") is not None else event.get("far"))
    return Notice(
        event=name,
        aliases=tuple(alias for alias in fields.names(said.get("gw_id")) if alias != name),
        kind="GW",
        alert_type=next((word for label, word in _LABELS if label in labels), "other"),
        source="LVK",
        role="test" if test else "observation",
        time=from_gps(said.get("t_0")),
        sent=fields.time(said, "created", extra),
        instruments=tuple(fields.detectors(event.get("instruments"))),
        far_hz=far,
        classification=fields.probabilities(_json(named.get("p_astro.json"))),
        properties=_properties(event, _json(named.get("em_bright.json"))),
        sky=sky,
        distance_mpc=fields.map_distance(skymaps["skymap"]) if skymaps else None,
        links=_links(said.get("links"), name),
        extra=extra,
        skymaps=skymaps,
    )


def from_gps(raw: Any) -> datetime | None:
    """UTC of seconds since 1980 on GPS's clock; None for what is no such number."""
    seconds = fields.number(raw)
    if seconds is None or int(seconds) not in _SECONDS:
        return None
    return from_tai(_GPS_ZERO + timedelta(microseconds=round(seconds * 1e6)))


def _json(data: bytes | None) -> Any:
    try:
        return orjson.loads(data) if data else {}
    except orjson.JSONDecodeError:
        return {}


def _properties(event: dict[str, Any], bright: Any) -> dict[str, Any]:
    """The preferred event's analysis and the properties of `em_bright.json`."""
    words = {key: event[key] for key in ("group", "pipeline", "search") if fields.is_scalar(event.get(key))}
    return {**fields.probabilities(bright), **words}


def _sky(files: Mapping[str, bytes], url: str, extra: dict[str, Any], skymaps: dict[str, bytes]) -> Sky | None:
    maps = [key for key in files if key.endswith((".multiorder.fits", ".fits.gz", ".fits"))]
    if maps:
        data, error = fields.fits(files[sorted(maps, key=lambda key: key.endswith(".multiorder.fits"))[-1]])
        if data is not None:
            skymaps["skymap"] = data
            return Sky("healpix", skymap_sha256=fields.sha256(data), skymap_url=fields.link(url))
        extra["skymap_error"] = error
    address = fields.link(url)
    return Sky("healpix", skymap_url=address) if address else None


def _links(raw: Any, name: str) -> dict[str, str]:
    """The page that people look at, beside the API's own addresses."""
    found = (
        {str(key): address for key, value in raw.items() if (address := fields.link(value))}
        if isinstance(raw, dict)
        else {}
    )
    host, _, _ = found.get("self", "").partition("/api/")
    return {**({"gracedb": f"{host}/superevents/{name}/view/"} if host else {}), **found}
