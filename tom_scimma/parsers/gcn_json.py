"""`gcn.notices.*`: GCN's JSON notices, every mission by the core schemas they share.

Schemas: https://github.com/nasa-gcn/gcn-schema, folder gcn/notices/core. What a mission does differently is in missions.py.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from ..errors import Unparsable
from ..notice import Cite, Notice
from . import fields, gcn_sky, missions

_SCHEMA = re.compile(r"/gcn/notices/([\w./-]+?)(?:\.schema)?\.json$", re.ASCII)
_ALERT_TYPES = {"initial": "initial", "update": "update", "subsequent": "update", "retraction": "retraction"}
_TEST_WORDS = {"test", "injected", "injection", "mock", "drill", "firedrill"}
_ROLES = {"current": "observation", "archival": "observation", "planned": "prediction", "commanded": "utility"}
_TEXTS = ("update_message", "additional_info", "description")
#: numbers, flags and words that say how good or how strong it is, kept under the sender's names
_PROPERTIES = (
    "alert_topology", "association_probability", "dm", "dm_error", "duration_class", "flux", "flux_error", "flux_unit",
    "hardness_ratio", "image_duration", "image_snr", "importance", "in_lat_fov", "known_source", "n_events", "n_events_coincident",
    "n_ibd_events", "net_count_rate", "nu_energy", "number_of_events", "p_value", "pipeline", "pval_bayesian", "pval_generic",
    "rate_duration", "rate_snr", "redshift", "reliability", "signalness", "slew_status", "snr", "star_tracker_locked", "subtype",
    "notice_subtype", "systematic_included", "trigger_type", "TS",
)  # fmt: skip
#: keys that have a place of their own in a notice; what could not be put there is put back into `extra` by who failed
_TAKEN = {
    "alert_datetime", "alert_type", "alert_tense", "classification", "far", "id", "event_name", "instrument", "mission",
    "p_astro", "properties", "ref_ID", "follow_up_event", "t90", "trigger_time", *_TEXTS, *_PROPERTIES, *gcn_sky.KEYS,
}  # fmt: skip
_CORE = {"alert_datetime", "trigger_time", "alert_type", "alert_tense", "ra_dec_error", "mission", "messenger"}


def recognises(said: Any) -> bool:
    """True for a record with a schema of gcn/notices, or with three of the core keys."""
    if not isinstance(said, dict):
        return False
    schema = said.get("$schema")
    return (isinstance(schema, str) and "/gcn/notices/" in schema) or len(_CORE & said.keys()) >= 3


def parse(topic: str, said: dict[str, Any]) -> tuple[Notice, ...]:
    """The notices of a message: one; several where it speaks of several targets; none where it speaks of no event at all."""
    words = _words(topic, said)
    if isinstance(said.get("data"), dict) and isinstance(said["data"].get("targets"), list):
        from . import gcn_targets

        return gcn_targets.parse(words, said)
    return _Reading(words, said).notices()


def _words(topic: str, said: dict[str, Any]) -> list[str]:
    """`fermi gbm trigger` from `.../gcn/notices/fermi/gbm/trigger.schema.json`, else from `gcn.notices.fermi.gbm.trigger`."""
    schema = said.get("$schema")
    match = _SCHEMA.search(schema[-300:]) if isinstance(schema, str) else None
    if match:
        return re.split(r"[/.]", match[1])
    return topic.split(".")[2:] if topic.startswith("gcn.notices.") else []


class _Reading:
    """One message on its way to a notice: what was said, who said it, and what is left over."""

    def __init__(self, words: list[str], said: dict[str, Any]):
        self.words, self.said = words, said
        self.extra = {key: fields.jsonable(value) for key, value in said.items() if key not in _TAKEN}
        self.mission = missions.mission(words, fields.clean(said.get("mission")), fields.clean(said.get("messenger")))
        self.instrument = missions.instrument(words, next(iter(fields.names(said.get("instrument"))), ""))
        self.source = missions.source(self.mission, self.instrument)
        self.ids = [fields.event(item) for item in _list(said.get("id"))]
        self.names = [fields.event(item) for item in _list(said.get("event_name"))]
        self.time = fields.time(said, "trigger_time", self.extra)

    def notices(self) -> tuple[Notice, ...]:
        event = self.event()
        if event is None:
            return ()
        said, extra = self.said, self.extra
        retracted = self.alert_type() == "retraction"
        skymaps: dict[str, bytes] = {}
        sky = gcn_sky.sky(said, extra, skymaps)
        return (
            Notice(
                event=event,
                aliases=tuple(name for name in dict.fromkeys(self.names + self.ids) if name not in (event, *self.ids[:1])),
                kind=self.kind(),
                alert_type="retraction" if retracted else self.alert_type(),
                role=self.role(event),
                source=self.source,
                id=self.ids[0] if self.ids else None,
                time=self.time,
                sent=fields.time(said, "alert_datetime", extra),
                instruments=self.instruments(),
                far_hz=self.far(),
                classification=fields.probabilities(said.get("classification")),
                properties=self.properties(),
                sky=sky,
                distance_mpc=gcn_sky.distance(said, extra),
                cites=self.cites(),
                links=self.links(),
                text=fields.texts(said.get(key) for key in _TEXTS),
                extra=extra,
                skymaps=skymaps,
            ),
        )

    def event(self) -> str | None:
        """The name by the naming rule; None when the message speaks of nothing that could be named."""
        for name in (*self.ids, *self.names):
            if fields.superevent(name):
                return fields.superevent(name)
        if self.ids:
            return fields.event(self.trigger())
        followed = next(iter(fields.names(self.said.get("ref_ID"))), "")
        if followed:  # a search about somebody else's event, without an id of its own
            return fields.superevent(followed) or fields.event(followed)
        if self.names:
            return self.names[0]
        return self.by_time()

    def trigger(self) -> str:
        prefix = self.source if self.mission.prefix is None else self.mission.prefix
        ids = self.ids
        if self.mission.name == "IceCube":
            name = "_".join(ids[:2]) if len(ids) > 1 and all(item.isdigit() for item in ids[:2]) else ids[0]
            name = re.sub(r"^(\d+_\d+)_\d+$", r"\1", name)  # run_event_revision: the revision is no part of the event
        else:  # Fermi sends [mission elapsed time, bn name]: the number is the trigger
            name = next((item for item in ids if item.isdigit()), ids[0])
        return f"{prefix} {name}" if prefix else name

    def by_time(self) -> str | None:
        """`<source> <time to the second>`."""
        moment = self.time or next((t for key in ("observation_start", "time") if (t := self.moment(key))), None)
        if moment is None or not self.source:
            return None
        return f"{self.source} {moment:%Y-%m-%dT%H:%M:%SZ}"

    def moment(self, key: str) -> datetime | None:
        return fields.time(self.said, key, {})

    def kind(self) -> str:
        if any(name.upper().startswith("GRB") for name in self.names):
            return "GRB"
        if self.instrument == "LAT" and not self.ids:
            return "UNK"  # a flare of a known source, mostly a blazar
        if self.mission.kind == "UNK" and "GRB" in fields.probabilities(self.said.get("classification")):
            return "GRB"
        return self.mission.kind

    def alert_type(self) -> str:
        said = fields.clean(self.said.get("alert_type")).lower()
        if not self.mission.sees or self.words[:2] == ["core", "Pointing"]:
            return "other"
        if said == "subsequent" and self.said.get("known_source"):
            return "followup"  # a repeat burst
        if not said or said in _TEST_WORDS:
            return "followup" if not self.ids and self.said.get("ref_ID") else "initial"
        if said not in _ALERT_TYPES:
            self.extra["alert_type"] = fields.jsonable(self.said["alert_type"])
        return _ALERT_TYPES.get(said, "other")

    def role(self, event: str) -> str:
        tense = fields.clean(self.said.get("alert_tense")).lower()
        words = {tense, fields.clean(self.said.get("alert_type")).lower(), *(word.lower() for word in self.words)}
        flags = (self.said.get(key) for key in ("is_test", "is_firedrill"))
        if words & _TEST_WORDS or fields.is_test_superevent(event) or any(flag in (True, "True", "true") for flag in flags):
            return "test"
        if tense and tense not in _ROLES:
            self.extra["alert_tense"] = tense
        return "utility" if not self.mission.sees else _ROLES.get(tense, "observation")

    def instruments(self) -> tuple[str, ...]:
        said = fields.names(self.said.get("instrument"))
        status = self.said.get("detector_status")
        if not said and isinstance(status, dict):
            return tuple(fields.names([name for name, state in status.items() if state == "triggered"]))
        return tuple(said or ([self.instrument] if self.instrument else []))

    def far(self) -> float | None:
        far = fields.rate(self.said.get("far"))
        if far is None and self.said.get("far") is not None:
            self.extra["far"] = fields.jsonable(self.said["far"])
        return far

    def properties(self) -> dict[str, Any]:
        said = self.said
        found = fields.scalars(said.get("properties"))
        found.update(fields.scalars({key: said[key] for key in _PROPERTIES if key in said}))
        chance = fields.number(said.get("p_astro"))
        if chance is not None:
            found["signalness" if self.mission.kind == "NU" else "p_astro"] = chance
        duration = fields.number(said.get("t90"))
        if duration is not None:
            found["duration_s"] = duration
        for key in _PROPERTIES:  # lists and other shapes stay as they were said
            if key in said and key not in found and said[key] is not None:
                self.extra[key] = fields.jsonable(said[key])
        return found

    def cites(self) -> tuple[Cite, ...]:
        cited = fields.names([self.said.get("ref_ID"), self.said.get("follow_up_event"), self.said.get("known_source")])
        return tuple(Cite(name, "followup") for name in cited)

    def links(self) -> dict[str, str]:
        """Every web address among the leftovers, by its key without `_url` or `_page`."""
        found = {}
        for key, value in list(self.extra.items()):
            if key.endswith(("_url", "_page")) and fields.link(value):
                found[key.removesuffix("_url").removesuffix("_page")] = self.extra.pop(key)
        return found


def _list(value: Any) -> list[Any]:
    """The non-empty items of what may be one value, a list or nothing. Raises Unparsable for more than anybody has names for."""
    items = value if isinstance(value, list) else [value]
    if len(items) > 100:
        raise Unparsable(f"{len(items):,} ids or names for one event; at most 100 make sense")
    return [item for item in items if fields.clean(item)]
