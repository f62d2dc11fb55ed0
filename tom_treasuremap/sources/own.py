"""Our own observations, of whichever facility, as pointings: what a record says, and nothing that it does not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from tom_treasuremap.bands import band_of
from tom_treasuremap.pointings import Pointing
from tom_treasuremap.sources import Found, number, place

#: states of facilities, in capitals: what they mean. Whatever is not here is planned
COMPLETED = {"COMPLETED", "COMPLETE", "OBSERVED", "DONE", "EXECUTED", "SUCCESS"}
CANCELLED = {
    "CANCELED", "CANCELLED", "WINDOW_EXPIRED", "EXPIRED", "NOT_ATTEMPTED", "FAILURE_LIMIT_REACHED", "FAILED", "ABORTED",
    "INACTIVE", "REJECTED", "WITHDRAWN",
}  # fmt: skip
OCS = {
    "filter": r"(c_\d+_)?(ic_\d+_)?(filter|optical_elements_filter)",
    "instrument": r"(c_\d+_)?instrument_type",
    "begin": r"start",
}
LAMPS = {"ARC", "LAMP_FLAT", "NRES_ARC", "BIAS", "DARK"}
#: in the instrument types of an OCS
SPECTROGRAPHS = ("FLOYDS", "NRES")
#: how a facility's parameters name filter, instrument, begin and angle: patterns for whole keys
FACILITIES: dict[str, dict[str, str]] = {
    "LCO": OCS,
    "SOAR": OCS,
    "BLANCO": OCS,
    "OCS": OCS,
    "GEM": {"filter": r"filter|elements", "instrument": r"instrument|obsid", "begin": r"window_start|ready"},
    "FollowUp": {"filter": r"filter", "instrument": r"telescope", "begin": r"start"},
    "Swift": {"filter": r"uvot_mode", "instrument": r"instrument", "begin": r"exposure_start|start"},
    "SALT": {"filter": r"filter", "instrument": r"instrument", "begin": r"start"},
}
ANY = {
    "filter": r"filter|band|bandpass",
    "instrument": r"instrument|instrument_type|instrument_name|camera",
    "begin": r"start|start_time|begin|observation_time|time|date|scheduled_start",
    "angle": r"pos_angle|position_angle|rotator_angle|(c_\d+_)?extra_params_rotator_angle",
    "depth": r"depth",
    "unit": r"depth_unit",
    "ra": r"ra",
    "dec": r"dec",
}


def is_spectrum(record: Any) -> bool:
    """Whether a record asks for spectra and no images: no pointing of an imager, however its slit is called.

    By the kind of its form, what its configurations are (those of lamps aside), or a spectrograph that takes nothing else.
    """
    said = record.parameters if isinstance(record.parameters, Mapping) else {}
    if "SPECTR" in str(said.get("observation_type") or "").upper():
        return True
    kinds = {
        str(said[key]).upper() for key in said if re.fullmatch(r"(c_\d+_)?configuration_type", str(key)) and said[key]
    }
    kinds -= LAMPS
    if kinds:
        return all("SPECTR" in kind for kind in kinds)
    instrument = _text(_value(said, OCS["instrument"])) or ""
    return any(name in instrument.upper() for name in SPECTROGRAPHS)


def found(record: Any, event: str, team: str) -> Found:
    """The pointing of an ObservationRecord with its target. Raises ValueError where there is no place to look at.

    The place is that of the parameters where they have one (a field that was tiled), else the target's. A time is
    when it was or will be begun: as scheduled, else as asked for.
    """
    said = record.parameters if isinstance(record.parameters, Mapping) else {}
    names = {**ANY, **FACILITIES.get(record.facility, {})}
    ra, dec = _value(said, names["ra"]), _value(said, names["dec"])
    ra, dec = place(*((ra, dec) if ra is not None and dec is not None else (record.target.ra, record.target.dec)))
    band, wave, width = band_of(_text(_value(said, names["filter"])))
    depth = _number(_value(said, names["depth"]))
    unit = _text(_value(said, names["unit"]))
    return Found(
        Pointing(
            key=f"own:{record.pk}",
            event=event,
            team=team,
            telescope=" ".join(filter(None, (record.facility, _text(_value(said, names["instrument"]))))),
            instrument_id=_whole(said.get("treasuremap_instrument")),
            ra=ra,
            dec=dec,
            pos_angle=_turned(_number(_value(said, names["angle"]))),
            time=record.scheduled_start or _moment(_value(said, names["begin"])),
            status=status_of(record.status),
            band=band,
            central_wave=wave,
            bandwidth=width,
            depth=depth if unit else None,
            depth_unit=unit if depth is not None else None,
            source="own",
            source_id=str(record.pk),
            submitter=record.user.get_username() if record.user_id else None,
        ),
        {"facility": record.facility, "observation_id": record.observation_id, "status": record.status},
        observation=record.pk,
    )


def others(record: Any, event: str, team: str) -> list[Found]:
    """What a record of ours says was observed with other filters than its first: a pointing of each, once it is done.

    `found` is the pointing of the first; of several exposures with one filter the deepest counts.
    """
    said = record.parameters if isinstance(record.parameters, Mapping) else {}
    done = said.get("observed")
    if status_of(record.status) != "completed" or not isinstance(done, list) or not done:
        return []
    first = found(record, event, team)
    bands: dict[str, Mapping[str, Any]] = {}
    for one in done:
        name = str(one.get("filter") or "")
        if name not in bands or (_number(one.get("depth")) or -99) > (_number(bands[name].get("depth")) or -99):
            bands[name] = one
    mine = str(done[0].get("filter") or "")
    return [_with(first, record, name, one) for name, one in bands.items() if name and name != mine]


def _with(first: Found, record: Any, name: str, one: Mapping[str, Any]) -> Found:
    band, wave, width = band_of(_text(one.get("band")) or name)
    depth, key = _number(one.get("depth")), f"{record.pk}:{name}"
    values = {"key": f"own:{key}", "source_id": key, "band": band, "central_wave": wave, "bandwidth": width}
    unit = _text(one.get("depth_unit")) or "ab_mag"
    values |= {"depth": depth, "depth_unit": unit if depth is not None else None, "time": _moment(one.get("start"))}
    return Found(replace(first.pointing, **values), {**first.document, "filter": name}, observation=record.pk)


def status_of(said: str | None) -> str:
    """planned, completed or cancelled, of a facility's own word."""
    word = (said or "").strip().upper().replace(" ", "_")
    return "completed" if word in COMPLETED else "cancelled" if word in CANCELLED else "planned"


def _value(said: Mapping[str, Any], pattern: str) -> Any:
    """The first parameter of such a name that says something."""
    keys: Iterable[str] = (key for key in said if re.fullmatch(pattern, str(key)))
    return next((said[key] for key in keys if said[key] not in (None, "", [], {})), None)


def _text(value: Any) -> str | None:
    if isinstance(value, (list, tuple)):
        value = value[0] if value else None
    if isinstance(value, Mapping):
        value = value.get("filter")
    return str(value) if isinstance(value, (str, int, float)) else None


def _number(value: Any) -> float | None:
    try:
        return number(value, "value")
    except ValueError:
        return None  # not a number is not known


def _turned(angle: float | None) -> float | None:
    """An angle from north through east, as telescopes have it, as the Treasure Map turns it (docs/skymaps.md)."""
    return None if angle is None else -angle % 360


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _moment(value: Any) -> datetime | None:
    from tom_treasuremap.sources import moment

    try:
        return moment(value)
    except ValueError:
        return None
