"""What the portal takes and what it refuses, with its nested errors: {"requests": [{"windows": [{"end": ["..."]}]}]}."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from tom_scimma import times
from tom_treasuremap.fake_ocs.instruments import INSTRUMENTS, SITES, available

REQUIRED, BLANK = "This field is required.", "This field may not be blank."
SETUP, OVERHEAD = 90.0, 30.0  #: s, of a request and of an exposure
LAMPS = ("ARC", "LAMP_FLAT")
TYPES = ("NORMAL", "TIME_CRITICAL", "RAPID_RESPONSE")
Errors = dict[str, Any]


def errors(said: Any, user: Mapping[str, Any], proposals: set[str], now: datetime) -> Errors:
    """What is wrong with a requestgroup; {}: nothing."""
    if not isinstance(said, dict):
        return {"non_field_errors": [f"Invalid data. Expected a dictionary, but got {type(said).__name__}."]}
    found: Errors = _missing(said, "name", "proposal", "ipp_value", "operator", "observation_type", "requests")
    name = said.get("name")
    if isinstance(name, str) and len(name) > 50:
        found["name"] = ["Ensure this field has no more than 50 characters."]
    if "proposal" not in found and said["proposal"] not in proposals:
        found["proposal"] = [f'Invalid pk "{said["proposal"]}" - object does not exist.']
    for field, choices in (("operator", ("SINGLE", "MANY")), ("observation_type", TYPES)):
        if field not in found and said[field] not in choices:
            found[field] = [f'"{said[field]}" is not a valid choice.']
    if "ipp_value" not in found and not _number(said["ipp_value"], 0.0):
        found["ipp_value"] = ["A valid number is required."]
    if "requests" not in found:
        wrong = _each(said["requests"], lambda row: _request(row, now), "You must specify at least 1 request")
        found |= {"requests": wrong} if wrong else {}
    if not found and said["proposal"] not in user["proposals"]:
        found["non_field_errors"] = ["You do not belong to the proposal you are trying to submit"]
    if not found and (said["operator"] == "SINGLE") != (len(said["requests"]) == 1):
        found["non_field_errors"] = ["'Single' type requestgroups must have exactly one child request."]
    return found


def duration(request: Mapping[str, Any]) -> float:
    """How long a request takes, in s."""
    exposures = [one for row in request["configurations"] for one in row["instrument_configs"]]
    return SETUP + sum(one["exposure_count"] * (one["exposure_time"] + OVERHEAD) for one in exposures)


def durations(said: Mapping[str, Any]) -> dict[str, Any]:
    """As `request_durations` of a validation."""
    rows = [
        {"duration": duration(row), "configurations": [], "largest_interval": _longest(row)} for row in said["requests"]
    ]
    return {"requests": rows, "duration": sum(row["duration"] for row in rows)}


def _request(said: Any, now: datetime) -> Errors:
    found = _missing(said, "configurations", "windows", "location")
    if "windows" not in found:
        wrong = _each(said["windows"], lambda row: _window(row, now), "You must specify at least 1 window")
        found |= {"windows": wrong} if wrong else {}
    if "location" not in found:
        found |= {"location": wrong} if (wrong := _location(said["location"])) else {}
    if "configurations" not in found:
        wrong = _each(said["configurations"], _configuration, "You must specify at least 1 configuration")
        found |= {"configurations": wrong} if wrong else {}
    if found:
        return found
    for row in said["configurations"]:
        known = available(said["location"])
        if row["instrument_type"] not in known:
            place = said["location"].get("site", "Any")
            words = f"Invalid instrument type '{row['instrument_type']}' at site={place}. Valid instruments include: {', '.join(known)}"
            return {"non_field_errors": [words]}
    if _longest(said) <= duration(said):
        words = (
            f"According to the constraints of the request, the target is visible for a maximum of {_longest(said) / 3600:.2f} hours "
            f"within the time window. This is less than the duration of your request {duration(said) / 3600:.2f} hours."
        )
        return {"non_field_errors": [words]}
    return {}


def _longest(said: Mapping[str, Any]) -> float:
    return max((_time(row, "end") - _time(row, "start")).total_seconds() for row in said["windows"])


def _window(said: Any, now: datetime) -> Errors:
    found = _missing(said, "start", "end")
    for name in ("start", "end"):
        if name not in found and _time(said, name) is None:
            found[name] = ["Datetime has wrong format."]
    if not found and _time(said, "end") < now:
        found["end"] = ["Window end time must be in the future"]
    if not found and _time(said, "end") <= _time(said, "start"):
        words = f"Window end '{said['end']}' cannot be earlier than window start '{said['start']}'."
        found["non_field_errors"] = [words]
    return found


def _location(said: Any) -> Errors:
    found = _missing(said, "telescope_class")
    if not found and said.get("site") and said["site"] not in SITES:
        found["non_field_errors"] = [f"Site {said['site']} not valid. Valid choices: {', '.join(SITES)}"]
    return found


def _configuration(said: Any) -> Errors:
    parts = ("target", "constraints", "instrument_configs", "acquisition_config", "guiding_config")
    found = _missing(said, "type", "instrument_type", *parts)
    if found:
        return found
    instrument = INSTRUMENTS.get(said["instrument_type"])
    if instrument is None:
        return {
            "instrument_type": [f"Invalid instrument type {said['instrument_type']}. Valid: {', '.join(INSTRUMENTS)}"]
        }
    for name, wrong in (("target", _target(said["target"])), ("constraints", _constraints(said["constraints"]))):
        found |= {name: wrong} if wrong else {}
    empty = "A configuration must have at least one instrument configuration"
    wrong = _each(said["instrument_configs"], _exposed, empty)
    found |= {"instrument_configs": wrong} if wrong else {}
    if not found and (words := _unsuited(said, instrument)):
        found["non_field_errors"] = [words]
    return found


def _unsuited(said: Mapping[str, Any], instrument: Mapping[str, Any]) -> str:
    """What the instrument has not, of a configuration whose fields are good each; the portal says one thing at a time."""
    name, kind = said["instrument_type"], said["type"]
    modes = [("guiding", (said["guiding_config"] or {}).get("mode"))]
    modes += [("acquisition", (said["acquisition_config"] or {}).get("mode"))] if kind not in LAMPS else []
    for row in said["instrument_configs"]:
        modes += [("readout", row.get("mode")), ("rotator", row.get("rotator_mode"))]
    for mode, code in modes:
        known = (*_codes(instrument, mode), *(("OFF",) if mode in ("guiding", "acquisition") else ()))
        if code and code not in known:
            return f"{mode.capitalize()} mode {code} is not available for instrument type {name}"
    if instrument["type"] == "SPECTRA" and kind not in LAMPS and (said["guiding_config"] or {}).get("optional"):
        return "Guiding cannot be optional on spectrograph instruments for types that are not ARC or LAMP_FLAT."
    if len({row.get("rotator_mode", "") for row in said["instrument_configs"]}) > 1:
        return "Rotator modes within the same configuration must be the same"
    for row in said["instrument_configs"]:
        if words := _elements(row["optical_elements"], instrument, name):
            return words
    if kind not in instrument["configuration_types"]:
        return f"configuration type {kind} is not valid for instrument type {name}"
    return ""


def _elements(said: Mapping[str, Any], instrument: Mapping[str, Any], name: str) -> str:
    groups = instrument["optical_elements"]
    for kind, code in said.items():
        if f"{kind}s" not in groups:
            return f"optical_element of type {kind} is not available on {name} instruments"
        if str(code).lower() not in [row["code"].lower() for row in groups[f"{kind}s"]]:
            return f"optical element {code} of type {kind} is not available"
    missing = next((group.removesuffix("s") for group in groups if group.removesuffix("s") not in said), "")
    return f"Must set optical element of type {missing} for instrument type {name}" if missing else ""


def _codes(instrument: Mapping[str, Any], kind: str) -> list[str]:
    return [row["code"] for row in instrument["modes"].get(kind, {"modes": ()})["modes"]]


def _target(said: Any) -> Errors:
    found = _missing(said, "name", "type")
    if not found and said["type"] == "ICRS":
        found = _missing(said, "ra", "dec")
    for name, low, high in (("ra", 0.0, 360.0), ("dec", -90.0, 90.0)):
        if name not in found and name in said and not _number(said[name], low, high):
            found[name] = [f"Ensure this value is between {low:g} and {high:g}."]
    return found


def _constraints(said: Any) -> Errors:
    if not isinstance(said, dict):
        return {"non_field_errors": ["Invalid data. Expected a dictionary."]}
    found: Errors = {}
    for name, low, high in (
        ("max_airmass", 1.0, 25.0),
        ("min_lunar_distance", 0.0, 180.0),
        ("max_lunar_phase", 0.0, 1.0),
    ):
        if name in said and not _number(said[name], low, high):
            found[name] = [f"Ensure this value is between {low:g} and {high:g}."]
    return found


def _exposed(said: Any) -> Errors:
    found = _missing(said, "exposure_count", "exposure_time", "optical_elements")
    if "exposure_time" not in found and not _number(said["exposure_time"], 0.0):
        found["exposure_time"] = ["This value cannot be negative."]
    if "exposure_count" not in found and not (isinstance(said["exposure_count"], int) and said["exposure_count"] >= 1):
        found["exposure_count"] = ["Ensure this value is greater than or equal to 1."]
    return found


def _missing(said: Any, *names: str) -> Errors:
    if not isinstance(said, dict):
        return {"non_field_errors": ["Invalid data. Expected a dictionary."]}
    found: Errors = {name: [REQUIRED] for name in names if name not in said or said[name] is None}
    return found | {name: [BLANK] for name in names if said.get(name) == ""}


def _each(rows: Any, check: Callable[[Any], Errors], empty: str) -> list[Any]:
    """Errors of each row, {} for a good one; [] where all are good."""
    if not isinstance(rows, list) or not rows:
        return [empty]
    found = [check(row) for row in rows]
    return found if any(found) else []


def _number(value: Any, low: float, high: float = float("inf")) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high


def _time(row: Mapping[str, Any], name: str) -> Any:
    found = times.parse(row.get(name)).time
    return found.astimezone(timezone.utc) if found is not None else None
