"""What the portal takes and what it refuses, with its nested errors: {"requests": [{"windows": [{"end": ["..."]}]}]}.

Words and places as version 4.18.10 of the observation portal answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from tom_scimma import times
from tom_treasuremap.fake_ocs.instruments import INSTRUMENTS, SITES, available

REQUIRED, BLANK = "This field is required.", "This field may not be blank."
SETUP, OVERHEAD = 90.0, 30.0  #: s, of a request and of an exposure
LAMPS = ("ARC", "LAMP_FLAT")
TYPES = ("NORMAL", "TIME_CRITICAL", "RAPID_RESPONSE")
LEAST, MOST = 0.5, 2.0  #: of ipp_value, where the portal's own settings say nothing else
Errors = dict[str, Any]


def errors(said: Any, user: Mapping[str, Any], proposals: set[str], now: datetime) -> Errors:
    """What is wrong with a requestgroup; {}: nothing."""
    if not isinstance(said, dict):
        return {"non_field_errors": [f"Invalid data. Expected a dictionary, but got {type(said).__name__}."]}
    found: Errors = _missing(said, "name", "proposal", "ipp_value", "operator", "observation_type", "requests")
    found |= {field: [f"Please provide a {field}."] for field in ("name", "proposal") if said.get(field) == ""}
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
    words = "" if found else _whole(said, user, now)
    return {"non_field_errors": [words]} if words else found


def _whole(said: Mapping[str, Any], user: Mapping[str, Any], now: datetime) -> str:
    """What is wrong with a group whose fields are good each; the portal says one thing at a time."""
    if said["proposal"] not in user["proposals"]:
        return "You do not belong to the proposal you are trying to submit with"
    if not LEAST <= said["ipp_value"] <= MOST:
        return f"requestgroups ipp_value must be >= {LEAST}, <= {MOST}"
    many = len(said["requests"]) > 1
    if said["operator"] == "SINGLE" and many:
        return "'Single' type requestgroups must have exactly one child request."
    if said["operator"] == "MANY" and not many:
        return "'Many' type requestgroups must have more than one child request."
    if said["observation_type"] == "RAPID_RESPONSE":
        return next((words for row in said["requests"] if (words := _not_at_once(row, now))), "")
    return ""


def _not_at_once(request: Mapping[str, Any], now: datetime) -> str:
    longest = timedelta(days=1, seconds=duration(request))
    for row in request["windows"]:
        if _time(row, "start") > now:
            return "The Rapid Response observation window start time cannot be in the future."
        if _time(row, "end") > now + longest:
            return (
                "A Rapid Response observation must start within the next 24 hours, so the window end time must be within "
                "the next (24 hours + the observation duration)"
            )
    return ""


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
            site, dome, one = (said["location"].get(name, "Any") for name in ("site", "enclosure", "telescope"))
            words = f"Invalid instrument type '{row['instrument_type']}' at site={site}, enc={dome}, tel={one}. \n"
            words += f"Valid instruments include: {''.join(f'{name}, ' for name in known)}."
            return {"non_field_errors": [words]}
    if _longest(said) <= duration(said):
        words = (
            "According to the constraints of the request, the target will only be visible for a maximum of "
            f"{_longest(said) / 3600:.2f} hours within the time window. This is less than the duration of your request "
            f"{duration(said) / 3600:.2f} hours. Consider expanding the time window or loosening the airmass or lunar separation "
            "constraints."
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
        words = f"Window end '{_time(said, 'end')}' cannot be earlier than window start '{_time(said, 'start')}'"
        found["non_field_errors"] = [words]
    return found


def _location(said: Any) -> Errors:
    found = _missing(said, "telescope_class")
    if found:
        return found
    sizes = {size for there in SITES.values() for size in there}
    for name, known in (("site", SITES), ("telescope_class", sizes)):
        if name in said and said[name] not in known:
            found[name] = [f'"{said[name]}" is not a valid choice.']
    return found


def _configuration(said: Any) -> Errors:
    parts = ("target", "constraints", "instrument_configs", "acquisition_config", "guiding_config")
    found = _missing(said, "type", "instrument_type", *parts)
    if found:
        return found
    instrument = INSTRUMENTS.get(said["instrument_type"])
    if instrument is None:
        return {
            "instrument_type": [
                f"Invalid instrument type {said['instrument_type']}. Valid instruments may include: {', '.join(INSTRUMENTS)}"
            ]
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
        known = _codes(instrument, mode)
        if code and known and code.lower() not in [one.lower() for one in known]:
            return f"{mode.capitalize()} mode {code} is not available for instrument type {name}"
    # these two: in the portal itself before its version 4, since then in what an observatory's Configuration Database demands
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
            found[name] = [_beyond(said[name], low, high)]
    return found


def _beyond(value: Any, low: float, high: float) -> str:
    """What is said of a number that is none, or not between two."""
    if not _number(value, -float("inf")):
        return "A valid number is required."
    return (
        f"Ensure this value is {'greater' if value < low else 'less'} than or equal to {low if value < low else high}."
    )


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
            found[name] = [_beyond(said[name], low, high)]
    return found


def _exposed(said: Any) -> Errors:
    found = _missing(said, "exposure_count", "exposure_time", "optical_elements")
    if "exposure_time" not in found and not _number(said["exposure_time"], 0.0):
        found["exposure_time"] = ["Ensure this value is greater than or equal to 0.0."]
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
