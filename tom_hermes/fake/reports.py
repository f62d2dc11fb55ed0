"""What HERMES makes of a message for TNS: an AT report or a classification report. Keys of TNS's bulk report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from tom_hermes import dates
from tom_hermes.vocabulary import AB, FLAMBDA, MJY, VEGA

UNITS = {AB: "1", VEGA: "3", MJY: "9", FLAMBDA: "6"}
ARCSEC = {"mas": 0.001, "arcsec": 1.0, "arcmin": 60.0}


def reversed_lists(options: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """TNS's lists as name -> id."""
    pairs = {
        name: values.items() if isinstance(values, dict) else enumerate(values) for name, values in options.items()
    }
    return {name: {str(value): str(key) for key, value in items} for name, items in pairs.items()}


def discovery(message: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The `at_report`, a target each. Raises TypeError where HERMES crashes: units of an error without the error."""
    ids, data = reversed_lists(options), message["data"]
    rows = data.get("photometry", [])
    return {
        str(number): _report(message, target, [row for row in rows if row["target_name"] == target["name"]], ids)
        for number, target in enumerate(data["targets"])
    }


def _report(message: Mapping[str, Any], target: Mapping[str, Any], rows: list, ids: dict) -> dict[str, Any]:
    info = target.get("discovery_info", {})
    seen = [row for row in rows if row.get("brightness")]
    report = {
        "related_files": {},
        "ra": _angle(target, "ra"),
        "dec": _angle(target, "dec"),
        "reporting_groupid": ids["groups"].get(info.get("reporting_group"), "-1"),
        "data_source_groupid": ids["groups"].get(info.get("discovery_source"), "-1"),
        "reporter": message.get("authors"),
        "discovery_datetime": _time(info.get("date") or _earliest(seen)["date_obs"]),
        "at_type": ids["at_types"].get(info.get("transient_type"), "-1"),
        "host_name": target.get("host_name", ""),
        "host_redshift": target.get("host_redshift", ""),
        "transient_redshift": target.get("redshift", ""),
        "internal_name": target["name"],
        "remarks": target.get("comments", ""),
        "proprietary_period_groups": [ids["groups"].get(group, "-1") for group in target.get("group_associations", [])],
    }
    if info.get("proprietary_period"):
        units = info.get("proprietary_period_units", "Days").lower()
        value = str(int(info["proprietary_period"]))
        report["proprietary_period"] = {"proprietary_period_value": value, "proprietary_period_units": units}
    report["non_detection"] = _not_seen(info, rows, ids)
    group = {
        str(number): {
            "obsdate": _time(row["date_obs"]),
            "flux": row["brightness"],
            "flux_error": row.get("brightness_error", ""),
            "limiting_flux": row.get("limiting_brightness", ""),
            "flux_unitid": UNITS[row["brightness_unit"]],
            **_how(row, ids),
        }
        for number, row in enumerate(seen)
    }
    return {**report, "photometry": {"photometry_group": group}}


def _not_seen(info: Mapping[str, Any], rows: list, ids: dict) -> dict[str, Any]:
    """The last time that it was not there: an archive, else the earliest limit."""
    if info.get("nondetection_source"):
        archive = ids["archives"].get(info["nondetection_source"], "None")
        return {"archiveid": archive, "archival_remarks": info.get("nondetection_comments", "")}
    row = _earliest([row for row in rows if row.get("limiting_brightness")])
    return {
        "obsdate": _time(row["date_obs"]),
        "limiting_flux": row["limiting_brightness"],
        "flux_unitid": UNITS[row["limiting_brightness_unit"]],
        **_how(row, ids),
        "archiveid": "",
        "archival_remarks": "",
    }


def _how(row: Mapping[str, Any], ids: dict) -> dict[str, str]:
    return {
        "filterid": ids["filters"].get(row["bandpass"], "None"),
        "instrumentid": ids["instruments"].get(row.get("instrument"), "None"),
        "exptime": str(row.get("exposure_time", "")),
        "observer": row.get("observer", ""),
        "comments": row.get("comments", ""),
    }


def _angle(target: Mapping[str, Any], name: str) -> dict[str, Any]:
    unit, error = target[f"{name}_error_units"], target.get(f"{name}_error")
    if unit == "degrees":
        error = None if error is None else error * 3600
    else:
        error = error * ARCSEC[unit]  # HERMES does not ask whether there is one
    return {"value": target[name], "error": error, "units": "arcsec"}


def classification(message: Mapping[str, Any], options: Mapping[str, Any], files: Mapping[str, str]) -> dict[str, Any]:
    """The `classification_report`, a target each; `files`: what TNS calls the uploaded ones."""
    ids, data = reversed_lists(options), message["data"]
    spectra = defaultdict(list)
    for row in data.get("spectroscopy", []):
        spectra[row["target_name"]].append(row)
    return {
        str(number): _classified(message, target, spectra[target["name"]], ids, files)
        for number, target in enumerate(data["targets"])
        if target["name"] in spectra
    }


def _classified(message: Mapping[str, Any], target: Mapping[str, Any], rows: list, ids: dict, files: Mapping[str, str]):
    info = target.get("discovery_info", {})
    report = {
        "related_files": {},
        "spectra": {"spectra-group": {str(n): _spectrum(row, ids, files) for n, row in enumerate(rows)}},
        "name": target["name"],
        "classifier": message.get("authors"),
        "groupid": ids["groups"].get(info.get("reporting_group"), "-1"),
        "class_proprietary_period_groups": [
            ids["groups"].get(group, "-1") for group in target.get("group_associations", [])
        ],
        "remarks": target.get("comments", ""),
        "objtypeid": ids["objtypes"].get(rows[0].get("classification"), "-1"),
        "class_proprietary_period": _period(info, "class"),
    }
    return {**report, "redshift": target["redshift"]} if target.get("redshift") else report


def _spectrum(row: Mapping[str, Any], ids: dict, files: Mapping[str, str]) -> dict[str, Any]:
    said = {
        "obsdate": _time(row["date_obs"]),
        "instrumentid": ids["instruments"].get(row.get("instrument"), "None"),
        "exptime": str(row.get("exposure_time", "")),
        "observer": row.get("observer"),
        "spectypeid": ids["spectra_types"].get(row.get("spec_type"), "None"),
        "remarks": row.get("comments", ""),
        "spec_proprietary_period": _period(row, "spec"),
    }
    if row.get("reducer"):
        said["reducer"] = row["reducer"]
    for file in row.get("file_info", []):
        kind = "ascii_file" if ".ascii" in file["name"] or ".txt" in file["name"] else "fits_file"
        if file["name"] in files:
            said[kind] = files[file["name"]]
    return said


def _period(row: Mapping[str, Any], kind: str) -> dict[str, str]:
    units = row.get("proprietary_period_units", "Days").lower()
    value = str(row.get("proprietary_period", 0))
    return {f"{kind}_proprietary_period_value": value, f"{kind}_proprietary_period_units": units}


def _earliest(rows: list) -> Any:
    return min(rows, key=lambda row: dates.read(row["date_obs"]))


def _time(raw: Any) -> str:
    return dates.read(raw).strftime("%Y-%m-%d %H:%M:%S")
