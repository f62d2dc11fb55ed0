"""`igwn.gwalert`: LIGO/Virgo/KAGRA's alerts, as JSON (map in base64) or Avro (map as bytes).

Schema igwn.alerts.v1_0.Alert; https://emfollow.docs.ligo.org/userguide/content.html#kafka-notice-gcn-scimma
"""

from __future__ import annotations

from typing import Any

from ..errors import Unparsable
from ..notice import Cite, Notice, Sky
from . import fields

ALERT_TYPES = {
    "EARLYWARNING": "early_warning",
    "EARLY_WARNING": "early_warning",
    "PRELIMINARY": "preliminary",
    "INITIAL": "initial",
    "UPDATE": "update",
    "RETRACTION": "retraction",
}
_TOP = {"alert_type", "time_created", "superevent_id", "urls", "event", "external_coinc"}
#: one of them tells an alert; a retraction may leave out its empty `event`
_SENT_OR_EVENT = {"event", "time_created"}
_WORDS = ("significant", "group", "pipeline", "search")
_EVENT = {
    *("time", "far", "instruments", "classification", "properties", "skymap", "duration", "central_frequency"),
    *_WORDS,
}


def recognises(said: Any) -> bool:
    """True for a record of the public alert stream; GraceDB's internal one, igwn-alert, has no `superevent_id`."""
    return (
        isinstance(said, dict) and {"superevent_id", "alert_type"} <= said.keys() and bool(_SENT_OR_EVENT & said.keys())
    )


def parse(topic: str, said: dict[str, Any]) -> tuple[Notice, ...]:
    """The one notice of an alert. Raises Unparsable without a superevent id, or where `event` is not a record."""
    name = fields.event(said.get("superevent_id") or _of_page(said.get("urls")))
    name = fields.superevent(name) or name
    event, coincidence = _record(said, "event"), _record(said, "external_coinc")
    extra = {key: fields.jsonable(value) for key, value in said.items() if key not in _TOP}
    skymaps: dict[str, bytes] = {}
    sky = _sky(event, extra, skymaps)
    links, other = _links(said.get("urls"))
    if other:
        extra["urls"] = other
    alert_type = str(said.get("alert_type")).strip().upper()
    if alert_type not in ALERT_TYPES:
        extra["alert_type"] = fields.jsonable(said.get("alert_type"))
    time = fields.time(event, "time", extra)
    sent = fields.time(said, "time_created", extra)
    left = {key: fields.jsonable(value) for key, value in event.items() if key not in _EVENT}
    properties = _properties(event, left)
    classification = fields.classes(event, left)
    if left:
        extra["event"] = left
    far = fields.rate(event.get("far"))
    if far is None and event.get("far") is not None:
        extra["far"] = fields.jsonable(event["far"])
    cites = _coincidence(coincidence, extra, skymaps)
    test = fields.is_test_superevent(name) or event.get("search") == "MDC"
    return (
        Notice(
            event=name,
            kind="GW",
            alert_type=ALERT_TYPES.get(alert_type, "other"),
            source="LVK",
            role="test" if test else "observation",
            time=time,
            sent=sent,
            instruments=_instruments(event.get("instruments")),
            far_hz=far,
            classification=classification,
            properties=properties,
            sky=sky,
            distance_mpc=fields.map_distance(skymaps["skymap"]) if "skymap" in skymaps else None,
            cites=cites,
            links=links,
            extra=extra,
            skymaps=skymaps,
        ),
    )


def _of_page(urls: Any) -> str | None:
    """The superevent whose page the alert names, for one that does not name it otherwise."""
    page = fields.link(urls.get("gracedb")) if isinstance(urls, dict) else None
    return (page or "").partition("/superevents/")[2].partition("/")[0] or None


def _record(said: dict[str, Any], key: str) -> dict[str, Any]:
    """What is under `key`; a missing one and null are an empty record, as in a retraction."""
    value = said.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unparsable(f"{key} is {str(value)[:40]!r}, neither a record nor null")
    return value


def _sky(event: dict[str, Any], extra: dict[str, Any], skymaps: dict[str, bytes]) -> Sky | None:
    data, error = fields.fits(event.get("skymap"))
    if error:
        extra["skymap_error"] = error
    if data is None:
        return None
    skymaps["skymap"] = data
    return Sky(type="healpix", skymap_sha256=fields.sha256(data))


def _coincidence(said: dict[str, Any], extra: dict[str, Any], skymaps: dict[str, bytes]) -> tuple[Cite, ...]:
    """The citation of the other observatory's notice. What it says goes to `extra`, its map to `skymaps`."""
    if not said:
        return ()
    kept = {key: fields.jsonable(value) for key, value in said.items() if key != "combined_skymap"}
    data, error = fields.fits(said.get("combined_skymap"))
    if data is not None:
        skymaps["combined"] = data
        kept["combined_skymap"] = fields.sha256(data)
    elif "combined_skymap" in said:
        kept["combined_skymap"] = None
    if error:
        kept["combined_skymap_error"] = error
    extra["external_coinc"] = kept
    cited = fields.names([said.get("ivorn") or said.get("gcn_notice_id")])
    return tuple(Cite(name, "coincidence") for name in cited)


def _properties(event: dict[str, Any], left: dict[str, Any]) -> dict[str, Any]:
    """The properties, and what the event says that is one; values of another kind go to `left`."""
    found = fields.flags(event, left)
    for key in _WORDS:
        if fields.is_scalar(event.get(key)):
            found[key] = event[key]
        elif event.get(key):
            left[key] = fields.jsonable(event[key])
    for key, unit in (("duration", "_s"), ("central_frequency", "_hz")):
        value = fields.number(event.get(key))
        if value is not None:
            found[key + unit] = value
        elif event.get(key) is not None:
            left[key] = fields.jsonable(event[key])
    return found


def _instruments(said: Any) -> tuple[str, ...]:
    return tuple(fields.detectors(said))


def _links(said: Any) -> tuple[dict[str, str], dict[str, Any]]:
    """The links of `urls`, and those that are no web addresses."""
    if not isinstance(said, dict):
        return {}, {"urls": fields.jsonable(said)} if said else {}
    links = {key: address for key, value in said.items() if (address := fields.link(value))}
    return links, {key: fields.jsonable(value) for key, value in said.items() if key not in links}
