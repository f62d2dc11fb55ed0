"""`gcn.notices.*`: GCN's JSON notices, every mission by the core schemas they share.

Schemas: https://github.com/nasa-gcn/gcn-schema, folder gcn/notices/core. What a mission does differently is in
missions.py, what a notice is called in gcn_names.py, where it points in gcn_sky.py.
"""

from __future__ import annotations

from typing import Any

from ..notice import Cite, Notice
from . import fields, gcn_classic, gcn_converted, gcn_names, gcn_nested, gcn_sky, gcn_targets, missions

_CORE = {"alert_datetime", "trigger_time", "alert_type", "alert_tense", "ra_dec_error", "mission", "messenger"}
_ALERT_TYPES = {"initial": "initial", "update": "update", "subsequent": "update", "retraction": "retraction"}
#: the classic LVC packets, converted, say it in another key
_NOTICE_TYPES = {
    "earlywarning": "early_warning",
    "preliminary": "preliminary",
    "initial": "initial",
    "update": "update",
    "retraction": "retraction",
    **dict.fromkeys(("ground", "refined", "offline", "s/c_update", "s/c_last", "gndana"), "update"),
}
#: missions whose classic notices are light curves
_LIGHT_CURVES = {"Konus-Wind", "NEAR"}
_TEST = {"test", "injected", "injection", "mock", "drill", "firedrill"}
_ROLES = {"current": "observation", "archival": "observation", "planned": "prediction", "commanded": "utility"}
_TEXTS = ("update_message", "additional_info", "description")
#: numbers, flags and words that say how good or how strong it is, kept under the sender's names
_PROPERTIES = {
    *("alert_topology", "association_probability", "dm", "dm_error", "duration_class", "energy", "flux", "flux_error"),
    *("flux_unit", "group", "hardness_ratio", "image_duration", "image_snr", "importance", "in_lat_fov"),
    *("known_source", "n_events", "n_events_coincident", "n_ibd_events", "net_count_rate", "notice_subtype"),
    *("nu_energy", "number_of_events", "p_value", "pipeline", "pval_bayesian", "pval_generic", "rate_duration"),
    *("rate_snr", "redshift", "reliability", "search", "signalness", "significant", "slew_status", "snr"),
    *("star_tracker_locked",),
    *("subtype", "systematic_included", "trigger_type", "TS"),
}
#: keys with a place of their own in a notice; where a value does not fit there, its reader puts it back into `extra`
_TAKEN = {
    *("alert_datetime", "alert_type", "alert_tense", "classification", "event_name", "far", "follow_up_event", "id"),
    *("instrument", "mission", "p_astro", "properties", "ref_ID", "t90", "T90", "trigger_time"),
    *_TEXTS,
    *_PROPERTIES,
    *gcn_sky.KEYS,
}


def recognises(said: Any) -> bool:
    """True for a record with a schema of gcn/notices, or with three of the core keys."""
    if not isinstance(said, dict):
        return False
    if "superevent_id" in said:  # LVK's own alert, whatever schema it names
        return False
    schema = said.get("$schema")
    return (
        (isinstance(schema, str) and "/gcn/notices/" in schema)
        or len(_CORE & said.keys()) >= 3
        or gcn_nested.recognises(said)
    )


def parse(topic: str, said: dict[str, Any]) -> tuple[Notice, ...]:
    """One notice; one a target where the message lists targets; none where it speaks of no event at all.

    Raises Unparsable for an event's name that is none.
    """
    if gcn_nested.recognises(said):
        said = gcn_nested.flat(said)
    words = gcn_names.words(topic, said)
    said = gcn_converted.as_core(gcn_classic.in_degrees(said))
    if gcn_targets.recognises(said):
        return gcn_targets.parse(words, said)
    extra = {key: fields.jsonable(value) for key, value in said.items() if key not in _TAKEN}
    time = fields.time(said, "trigger_time", extra)
    names = gcn_names.read(words, said, time)
    if names is None:
        return ()
    _odd(names, said, extra)
    skymaps: dict[str, bytes] = {}
    sky = gcn_sky.sky(said, extra, skymaps, points=names.mission.points)
    return (
        Notice(
            event=names.event,
            aliases=names.aliases,
            kind=_kind(names, said),
            alert_type=_alert_type(names, said, extra),
            role=_role(topic, names, said, extra),
            source=names.source,
            id=names.id,
            time=time,
            sent=fields.time(said, "alert_datetime", extra),
            instruments=_instruments(names, said),
            far_hz=_far(said, extra),
            classification=fields.classes(said, extra),
            properties=_properties(names, said, extra),
            sky=sky,
            distance_mpc=gcn_sky.distance(said, extra),
            cites=_cites(said, extra),
            links=_links(extra),
            text=fields.texts(said.get(key) for key in _TEXTS),
            extra=extra,
            skymaps=skymaps,
        ),
    )


def _odd(names: gcn_names.Names, said: dict[str, Any], extra: dict[str, Any]) -> None:
    """Keeps as said what should be a word, a text or a number and is something else."""
    for key in ("alert_tense", "alert_type", "mission", "ref_ID", "follow_up_event", *_TEXTS):
        if isinstance(said.get(key), (dict, list)):
            extra[key] = fields.jsonable(said[key])
    if names.id is None and said.get("id") is not None:  # 0, -1
        extra["id"] = fields.jsonable(said["id"])
    for key in ("p_astro", "t90", "T90"):
        if said.get(key) is not None and fields.number(said[key]) is None:
            extra[key] = fields.jsonable(said[key])


def _kind(names: gcn_names.Names, said: dict[str, Any]) -> str:
    if any(name.upper().startswith("GRB") for name in names.given):
        return "GRB"
    if "lvc" in fields.clean(said.get("notice_type")).lower():
        return "GW"
    if names.instrument == "LAT" and names.id is None:
        return "UNK"  # a flare of a known source, mostly a blazar
    if names.mission.kind == "UNK" and "GRB" in fields.probabilities(said.get("classification")):
        return "GRB"
    return names.mission.kind


def _alert_type(names: gcn_names.Names, said: dict[str, Any], extra: dict[str, Any]) -> str:
    if names.mission.about_observing or names.words[:2] == ("core", "Pointing"):
        return "other"
    if "counterpart" in (*names.words[:1], fields.clean(said.get("notice_type"))) or (
        names.id is None and said.get("ref_ID")
    ):
        return "followup"  # a look at somebody else's event
    if fields.superevent(names.event) and names.mission.name not in ("", "LVK"):
        return "followup"
    word = fields.clean(said.get("alert_type")).lower()
    if word == "subsequent" and said.get("known_source"):
        return "followup"  # a repeat burst
    if word != "retraction" and names.mission.prefix is not None and names.instrument in missions.NARROW:
        return "followup"  # another telescope's look, whichever of its own this is
    if word != "retraction" and missions.PRODUCTS & {name.lower() for name in names.words[-1:]}:
        return "other"
    if not word and names.mission.name in _LIGHT_CURVES:
        return "other"
    if not word or word in _TEST:
        return _NOTICE_TYPES.get(fields.clean(said.get("notice_type")).lower().replace(" ", ""), "initial")
    if names.mission.name == "LVK" and word.replace("_", "") in _NOTICE_TYPES:
        return _NOTICE_TYPES[word.replace("_", "")]
    if word not in _ALERT_TYPES:
        extra["alert_type"] = fields.jsonable(said["alert_type"])
    return _ALERT_TYPES.get(word, "other")


def _role(topic: str, names: gcn_names.Names, said: dict[str, Any], extra: dict[str, Any]) -> str:
    """A test by any of its words is a test, whatever the others say."""
    tense, kind = fields.clean(said.get("alert_tense")).lower(), fields.clean(said.get("alert_type")).lower()
    said_words = {tense, kind, *(word.lower() for word in (*names.words, *topic.split(".")))}
    flags = [said.get(key) for key in ("is_test", "is_firedrill")]
    mock = any(map(fields.is_test_superevent, (names.event, fields.clean(said.get("follow_up_event")))))
    if said_words & _TEST or mock or any(x in (True, "True", "true") for x in flags):
        return "test"
    if tense and tense not in _ROLES:
        extra["alert_tense"] = fields.jsonable(said["alert_tense"])
    return "utility" if names.mission.about_observing else _ROLES.get(tense, "observation")


def _instruments(names: gcn_names.Names, said: dict[str, Any]) -> tuple[str, ...]:
    """As named; else the detectors that triggered, or contributed by the text; else what the topic says."""
    named = fields.names(said.get("instrument"))
    for key, silent in (("detector_status", None), ("detector_quality", "did not contribute")):
        status = said.get(key)
        if not named and isinstance(status, dict):
            return tuple(fields.names([name for name, state in status.items() if _took_part(state, silent)]))
    if not named and names.source in ("LVK", "SNEWS"):
        named = gcn_converted.contributors(said.get("additional_info"))
    return tuple(named or ([names.instrument] if names.instrument else []))


def _took_part(state: Any, silent: str | None) -> bool:
    return state == "triggered" if silent is None else isinstance(state, str) and state != silent


def _far(said: dict[str, Any], extra: dict[str, Any]) -> float | None:
    far = fields.rate(said.get("far"))
    if far is None and said.get("far") is not None:
        extra["far"] = fields.jsonable(said["far"])
    return far


def _properties(names: gcn_names.Names, said: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    found = fields.flags(said, extra)
    for key in sorted(said.keys() & _PROPERTIES):
        value = said[key]
        if fields.is_scalar(value):
            found[key] = value
        elif value is not None:
            extra[key] = fields.jsonable(value)
    chance = fields.number(said.get("p_astro"))
    if chance is not None:  # what neutrino people call signalness
        found["signalness" if names.mission.kind == "NU" else "p_astro"] = chance
    if names.mission.name == "DSA-110" and (burst := fields.number(said.get("event_duration"))) is not None:
        found["duration_s"] = burst / 1000  # its schema: milliseconds
    for key in ("duration", "t90", "T90"):
        duration = fields.number(said.get(key))
        if duration is not None:
            found["duration_s"] = duration
    return found


def _cites(said: dict[str, Any], extra: dict[str, Any]) -> tuple[Cite, ...]:
    keys = ("ref_ID", "follow_up_event", "known_source")
    cited = dict.fromkeys(name for key in keys for name in fields.names(said.get(key)))
    other = extra.get("external_coincidence")  # LVK's, as in its own alerts
    ivorns = fields.names(other.get("ivorn") or other.get("gcn_notice_id")) if isinstance(other, dict) else []
    return (*(Cite(name, "followup") for name in cited), *(Cite(name, "coincidence") for name in ivorns))


def _links(extra: dict[str, Any]) -> dict[str, str]:
    """Every web address among the leftovers, by its key without `_url` or `_page`; taken out of them."""
    keys = [key for key, value in extra.items() if key.endswith(("_url", "_page")) and fields.link(value)]
    return {key.removesuffix("_url").removesuffix("_page"): extra.pop(key) for key in keys}
