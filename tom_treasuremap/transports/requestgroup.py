"""A request as a requestgroup of the Observatory Control System, and what an OCS says of one. Pure.

Authority: TOM Toolkit's `tom_observations/facilities/ocs.py` and `lco.py`; for what the server takes and gives,
github.com/observatorycontrolsystem/observation-portal (serializers, filters, state changes).

From `telescope.options`: `instrument_type`, `telescope_class` (both needed), `site`, `enclosure`, `telescope`, `proposal`,
`readout_mode`, `element` ("filter"), `spectrographs` (with their slits), `configuration_type` ("EXPOSE", of spectra
"SPECTRUM"), `calibrations` (lamps around spectra, see `rules.lamps`), `rotator` (it can turn), `rotator_mode` (always that
one), `ipp_value` (1.0), `observation_type` ("NORMAL"), `guiding`, `acquisition` (objects, as its configurations have them).
`Request.extra` may say `proposal`, `ipp_value`, `observation_type`, `max_airmass`, `min_moon_separation`,
`max_lunar_phase`, `readout_mode` itself.
"""

from __future__ import annotations

import copy
import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tom_scimma import times
from tom_scimma.notice import iso
from tom_treasuremap.followup.request import Exposure, Request, State
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.transports import rules

LONGEST = 50  #: characters of a requestgroup's name
#: s that an OCS needs besides the exposures of something that is to begin at its time: it plans the way there into the window
AROUND = 600.0
AIRMASS, MOON = 1.6, 30.0  #: its own where nobody says anything else
TYPES = ("NORMAL", "TIME_CRITICAL", "RAPID_RESPONSE")
#: what is asked for at once begins within a day: until when its window may last, besides its own length
RAPID = timedelta(days=1)
#: after the end of what runs its observatory may still say that it is completed
LATE = timedelta(hours=1)
LAMPS = ("ARC", "LAMP_FLAT")
ENDS = {"FAILURE_LIMIT_REACHED": "FAILED", "NOT_ATTEMPTED": "FAILED"}


def group(request: Request, telescope: Telescope) -> dict[str, Any]:
    """The requestgroup, without our mark in its name."""
    said, extra = telescope.options, request.extra
    urgent = "TIME_CRITICAL" if request.kind == "time_critical" else "NORMAL"
    end = request.end + timedelta(seconds=AROUND) if request.fixed else request.end
    return {
        "name": request.name,
        "proposal": extra.get("proposal") or said.get("proposal", ""),
        "ipp_value": extra.get("ipp_value", said.get("ipp_value", 1.0)),
        "operator": "SINGLE",
        "observation_type": extra.get("observation_type") or said.get("observation_type") or urgent,
        "requests": [
            {
                "configurations": configurations(request, telescope),
                "windows": [{"start": iso(request.start), "end": iso(end)}],
                "location": {
                    name: said[name] for name in ("telescope_class", "site", "enclosure", "telescope") if said.get(name)
                },
            }
        ],
    }


def configurations(request: Request, telescope: Telescope) -> list[dict[str, Any]]:
    """What is done one after the other: of a spectrum the lamps around it, as the portal's own page makes them."""
    main = configuration(request, telescope)
    before = [_lamp(main, *one) for one in rules.lamps(request, telescope)]
    return [*before, main, *(copy.deepcopy(one) for one in reversed(before))]


def _lamp(main: Mapping[str, Any], kind: str, length: float) -> dict[str, Any]:
    """One exposure of a lamp where the spectrum is taken. Nothing is acquired or guided on: the portal would say so itself."""
    found = copy.deepcopy(dict(main))
    exposed = {**found["instrument_configs"][0], "exposure_count": 1, "exposure_time": length}
    off = {"acquisition_config": {"mode": "OFF"}, "guiding_config": {"mode": "OFF", "optional": True}}
    return {**found, "type": kind, "instrument_configs": [exposed], **off}


def configuration(request: Request, telescope: Telescope) -> dict[str, Any]:
    """What is exposed, how, and under which sky."""
    said, extra = telescope.options, request.extra
    low = telescope.limits.min_altitude
    airmass = min(25.0, 1 / math.sin(math.radians(low))) if low > 2.3 else AIRMASS
    constraints = {
        "max_airmass": extra.get("max_airmass") or round(airmass, 3),
        "min_lunar_distance": extra.get("min_moon_separation", telescope.moon.separation or MOON),
    }
    if extra.get("max_lunar_phase") is not None:
        constraints["max_lunar_phase"] = extra["max_lunar_phase"]
    usual = "SPECTRUM" if request.kind == "spectrum" else "EXPOSE"
    return {
        "type": said.get("configuration_type", usual),
        "instrument_type": said.get("instrument_type", ""),
        "target": {
            "name": request.target[:50],
            "type": "ICRS",
            "ra": request.ra,
            "dec": request.dec,
            "proper_motion_ra": 0.0,
            "proper_motion_dec": 0.0,
            "epoch": 2000.0,
        },
        "instrument_configs": [_exposed(one, request, telescope) for one in request.exposures],
        "acquisition_config": dict(said.get("acquisition", {})),
        "guiding_config": {"optional": True, **said.get("guiding", {})},
        "constraints": constraints,
    }


def _exposed(exposure: Exposure, request: Request, telescope: Telescope) -> dict[str, Any]:
    said = telescope.options
    mode = request.extra.get("readout_mode") or said.get("readout_mode")
    slit = rules.slit(request, telescope) if request.kind == "spectrum" else None
    found: dict[str, Any] = {
        "exposure_count": exposure.count,
        "exposure_time": exposure.seconds,
        "optical_elements": {said.get("element", "filter"): slit[1] if slit else exposure.filter},
        **({"mode": mode} if mode else {}),
    }
    if said.get("rotator_mode"):
        found["rotator_mode"] = said["rotator_mode"]
    elif said.get("rotator"):
        found |= {"rotator_mode": "SKY", "extra_params": {"rotator_angle": request.pos_angle}}
    return found


def mark(identity: str, tom: str) -> str:
    """What is in the name of a requestgroup of ours and of no other: of the request's id and the TOM's name."""
    return f"#{hashlib.sha256(f'{tom}/{identity}'.encode()).hexdigest()[:14]}"


def marked(name: str, sign: str) -> str:
    """A name with our mark, no longer than it may be."""
    plain = re.sub(r"\s+", " ", name).strip()
    return f"{plain[: LONGEST - len(sign) - 1].strip()} {sign}".strip()


def faults(request: Request, telescope: Telescope, proposal: str = "") -> dict[str, list[str]]:
    """What is wrong, by field, besides what the server alone knows. `proposal`: what the TOM has where nobody says one."""
    found, said = rules.faults(request, telescope), telescope.options

    def wrong(field: str, why: str) -> None:
        found.setdefault(field, []).append(why)

    for name in ("instrument_type", "telescope_class"):
        if not said.get(name):
            wrong("telescope", f"{telescope.label} does not say its {name} (`options` of the telescope).")
    if not (request.extra.get("proposal") or said.get("proposal") or proposal):
        wrong("proposal", "No proposal: the telescope's options or TOM_TREASUREMAP['OCS_PROPOSAL'] name one.")
    if request.pos_angle % 360 and not said.get("rotator"):
        wrong("pos_angle", f"{telescope.label} cannot turn its camera.")
    wanted = group(request, telescope)["observation_type"]
    if wanted not in TYPES:
        wrong("observation_type", f"{wanted} is none of {', '.join(TYPES)}.")
    longest = RAPID + timedelta(seconds=rules.seconds(request, telescope))
    if wanted == "RAPID_RESPONSE" and request.end - request.start > longest:
        wrong("end", "A rapid response begins within a day: its window is at most 24 hours longer than itself.")
    return found


# --- what it says


def flat(errors: Any, place: str = "") -> dict[str, list[str]]:
    """Its nested errors by field: {"requests.0.windows.0.end": ["..."]}. What is of no field is under `request`."""
    found: dict[str, list[str]] = {}
    if isinstance(errors, str):
        return {place or "request": [errors]}
    pairs: Iterable[tuple[Any, Any]] = ()
    if isinstance(errors, Mapping):
        pairs = errors.items()
    elif isinstance(errors, list):
        pairs = (("" if isinstance(one, str) else i, one) for i, one in enumerate(errors))
    for name, inner in pairs:
        name = "" if name in ("non_field_errors", "errors", "detail") else name
        for field, texts in flat(inner, ".".join(filter(None, (place, str(name) if name != "" else "")))).items():
            found.setdefault(field, []).extend(texts)
    return found


def state(
    said: Mapping[str, Any], observations: Iterable[Mapping[str, Any]], url: str = "", now: datetime | None = None
) -> State:
    """What has become of a request: of its row at the server and of its observations there.

    What has expired or was cancelled there while it ran may still be completed: until `LATE` after its time it is running.
    """
    known, rows = str(said.get("state", "PENDING")), list(observations)
    running = next((row for row in rows if row.get("state") == "IN_PROGRESS" and not _long_over(row, now)), None)
    if known == "COMPLETED" or (known in ("WINDOW_EXPIRED", "CANCELED", *ENDS) and running is None):
        told = _best(rows) if known == "COMPLETED" else _last(rows) if known in ENDS else None
        start, end = (told and _time(told, name) for name in ("start", "end"))
        observed = tuple(_observed(said, told)) if known == "COMPLETED" and told else ()
        begun = observed[0]["start"] if observed else start
        return State(ENDS.get(known, known), begun, end, _why(rows) if known in ENDS else "", url, observed=observed)
    open_ = running or next((row for row in rows if row.get("state") == "PENDING"), None)
    if open_ is None:
        return State("PENDING", message=_why(rows), url=url)
    ours = "IN_PROGRESS" if running else "SCHEDULED"
    return State(ours, _time(open_, "start"), _time(open_, "end"), url=url)


def _long_over(row: Mapping[str, Any], now: datetime | None) -> bool:
    end = _time(row, "end")
    return now is not None and end is not None and now > end + LATE


def _best(rows: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The try that completed a request: a failed one, too, where enough of it was exposed (`acceptability_threshold`)."""
    done = next((row for row in rows if row.get("state") == "COMPLETED"), None)
    return done or max((row for row in rows if _exposing(row) > 0), key=_exposing, default=None)


def _exposing(row: Mapping[str, Any]) -> float:
    """How long a try was exposed, in s."""
    summaries = (status.get("summary") or {} for status in row.get("configuration_statuses") or ())
    return sum(float(one.get("time_completed") or 0.0) for one in summaries)


def _last(rows: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The last try that came to nothing."""
    return next((row for row in reversed(list(rows)) if row.get("state") in ("FAILED", "ABORTED")), None)


def _time(row: Mapping[str, Any], name: str) -> Any:
    return times.parse(row.get(name)).time


def _why(rows: Iterable[Mapping[str, Any]]) -> str:
    """What it says of the last try that failed."""
    for row in reversed(list(rows)):
        for status in row.get("configuration_statuses") or ():
            reason = (status.get("summary") or {}).get("reason")
            if reason:
                return str(reason)
    return ""


def _observed(said: Mapping[str, Any], done: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """What was exposed, one entry a filter: the server says when a configuration began and ended, not each exposure.

    Of a try that was not completed it says how many seconds were: the filters are taken in their order.
    """
    statuses = {row.get("configuration"): row.get("summary") or {} for row in done.get("configuration_statuses") or ()}
    for configured in said.get("configurations") or ():
        if configured.get("type") in LAMPS:
            continue  # no photon of the target
        summary = statuses.get(configured.get("id")) or {}
        target = configured.get("target") or {}
        start, end = (_time(summary, name) or _time(done, name) for name in ("start", "end"))
        left = math.inf if done.get("state") == "COMPLETED" else float(summary.get("time_completed") or 0.0)
        for exposed in configured.get("instrument_configs") or ():
            elements = exposed.get("optical_elements") or {}
            seconds = min(left, float(exposed.get("exposure_time") or 0) * int(exposed.get("exposure_count") or 1))
            left -= seconds
            if seconds <= 0:
                continue
            yield {
                "start": start,
                "end": end,
                **_through(str(configured.get("type")), elements),
                "seconds": seconds,
                "depth": None,
                "ra": target.get("ra"),
                "dec": target.get("dec"),
                "pos_angle": (exposed.get("extra_params") or {}).get("rotator_angle", 0.0),
            }


def _through(kind: str, elements: Mapping[str, Any]) -> dict[str, str]:
    """The filter, or of a spectrum the slit: neither is the other, whatever the server calls the element."""
    first = str(next(iter(elements.values()), ""))
    return {"filter": "", "slit": str(elements.get("slit") or first)} if "SPECTRUM" in kind else {"filter": first}
