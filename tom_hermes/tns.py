"""A message -> a report to TNS through HERMES: what it needs, with the values of TNS's lists, and the message so shaped. Pure.

Photometry makes an AT report (a discovery), spectra a classification; never both in one. TNS's names of instruments and
filters stand in the rows; ours stay in the rows' comments.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from tom_hermes.message.problems import Problems
from tom_hermes.vocabulary import SPECTRUM_TYPES, TRANSIENT_TYPES
from tom_scimma.compose.content import Content
from tom_scimma.destinations import Need

#: what of `discovery_info` is asked of each target, in this order
INFO = ("reporting_group", "discovery_source", "transient_type", "date", "nondetection_source", "nondetection_comments")
TEXT = "text"


def is_classification(content: Content) -> bool:
    return bool(content.spectra) and not content.photometry


def needs(content: Content, options: Mapping[str, Any]) -> list[Need]:
    """What TNS wants beyond a message, with what is known filled in."""
    if is_classification(content):
        return [
            *_targets(content, options, discovery=False),
            *_instruments(content.spectra, options),
            *_spectra(content, options),
        ]
    rows = content.photometry
    return [*_targets(content, options, discovery=True), *_instruments(rows, options), *_filters(rows, options)]


def _targets(content: Content, options: Mapping[str, Any], *, discovery: bool) -> Iterable[Need]:
    groups, archives = _choices(options, "groups"), _choices(options, "archives")
    for index, body in enumerate(content.targets):
        at, extras = f"targets.{index}.", body.extras
        yield Need(
            f"{at}reporting_group",
            "Reporting group",
            extras.get("reporting_group", ""),
            True,
            kind=_kind(groups),
            choices=groups,
        )
        if discovery:
            yield Need(
                f"{at}discovery_source",
                "Discovery data source",
                extras.get("discovery_source", ""),
                True,
                kind=_kind(groups),
                choices=groups,
            )
            types = tuple((name, name) for name in TRANSIENT_TYPES)
            known = (
                extras.get("transient_type") if extras.get("transient_type") in TRANSIENT_TYPES else TRANSIENT_TYPES[0]
            )
            yield Need(f"{at}transient_type", "AT type", known, True, kind="choice", choices=types)
            yield Need(
                f"{at}date",
                "Discovered at (UTC)",
                _discovered(content, body.name),
                help="by default the first detection that is reported",
            )
            help = "an archive, where no row of this report is a limit from before"
            yield Need(
                f"{at}nondetection_source",
                "Last non-detection",
                "",
                kind=_kind(archives),
                choices=(("", ""), *archives),
                help=help,
            )
            yield Need(f"{at}nondetection_comments", "Remarks on the non-detection", "")
        for key, label in (
            ("host_name", "Host galaxy"),
            ("host_redshift", "Redshift of the host"),
            ("redshift", "Redshift"),
        ):
            yield Need(f"{at}{key}", label, extras.get(key, ""), kind="number" if key != "host_name" else TEXT)
        yield Need(f"{at}comments", "Remarks", extras.get("comments", ""))
        yield Need(f"{at}group_associations", "Further groups", "", help="of TNS, with commas")


def _discovered(content: Content, name: str) -> str:
    times = [row.time for row in content.photometry if row.target == name and row.brightness is not None]
    return min(times).isoformat() if times else ""


def _instruments(rows: Iterable[Any], options: Mapping[str, Any]) -> Iterable[Need]:
    choices = _choices(options, "instruments")
    for index, name in enumerate(instruments(rows)):
        label = f"TNS's name of {name or 'the instrument'}"
        yield Need(f"tns.instrument.{index}", label, nearest(name, choices), True, kind=_kind(choices), choices=choices)


def _filters(rows: Iterable[Any], options: Mapping[str, Any]) -> Iterable[Need]:
    choices = _choices(options, "filters")
    for index, name in enumerate(filters(rows)):
        label = f"TNS's name of filter {name}"
        yield Need(f"tns.filter.{index}", label, nearest(name, choices), True, kind=_kind(choices), choices=choices)


def _spectra(content: Content, options: Mapping[str, Any]) -> Iterable[Need]:
    kinds = _choices(options, "objtypes")
    for index, row in enumerate(content.spectra):
        at, of = f"spectroscopy.{index}.", f"of {row.target}, {row.time:%Y-%m-%d %H:%M}"
        known = row.extra.get("classification", "")
        yield Need(f"{at}classification", f"Class {of}", known, True, kind=_kind(kinds), choices=kinds)
        yield Need(f"{at}observer", f"Observer {of}", row.extra.get("observer", content.by.name), True)
        yield Need(f"{at}reducer", f"Reducer {of}", row.extra.get("reducer", ""))
        types = tuple((name, name) for name in SPECTRUM_TYPES)
        kind = row.extra.get("spec_type", "Object")
        yield Need(f"{at}spec_type", f"Kind of spectrum {of}", kind, True, kind="choice", choices=types)


def instruments(rows: Iterable[Any]) -> list[str]:
    """Distinct names of instruments, else telescopes, in the order of the rows."""
    return list(dict.fromkeys(row.instrument or row.telescope for row in rows))


def filters(rows: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(row.bandpass for row in rows))


def _choices(options: Mapping[str, Any], name: str) -> tuple[tuple[str, str], ...]:
    values = options.get(name) or {}
    names = values.values() if isinstance(values, Mapping) else values
    return tuple((str(value), str(value)) for value in sorted(map(str, names), key=str.lower))


def _kind(choices: tuple) -> str:
    """A choice; a text where TNS's lists could not be had."""
    return "choice" if choices else TEXT


def nearest(name: str, choices: Iterable[tuple[str, str]]) -> str:
    """The value that is the same but for case, or begins alike ("g" and "g-Sloan"), or is much alike; else ""."""
    values = [value for value, _ in choices]
    lower = {value.lower(): value for value in reversed(values)}
    if name.lower() in lower:
        return lower[name.lower()]
    if not name:
        return ""
    begins = [value for value in values if value.lower().startswith(f"{name.lower()}-")]
    close = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.75)
    return (
        min(begins, key=lambda value: ("sloan" not in value.lower(), len(value)))
        if begins
        else lower[close[0]]
        if close
        else ""
    )


def shape(message: dict[str, Any], content: Content, form: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
    """The message as TNS wants it, from what was typed; what is wrong goes to the problems."""
    if bool(content.spectra) == bool(content.photometry):
        text = "TNS takes photometry (a discovery) or spectra (a classification), and one of them in one report: "
        text += "untick the others." if content.spectra else "choose some."
        problems.add("message", text)
        return message
    data = message["data"]
    discovery = not is_classification(content)
    data["targets"] = [
        _target(row, index, form, discovery, problems) for index, row in enumerate(data.get("targets", []))
    ]
    names = dict(zip(instruments(content.photometry or content.spectra), _typed(form, "tns.instrument"), strict=False))
    bands = dict(zip(filters(content.photometry), _typed(form, "tns.filter"), strict=False))
    if discovery:
        data["photometry"] = [_renamed(row, names, bands) for row in data["photometry"]]
    else:
        rows = (_renamed(row, names, {}) for row in data["spectroscopy"])
        data["spectroscopy"] = [_spectrum(row, index, form) for index, row in enumerate(rows)]
    return {**message, "submit_to_tns": True}


def _typed(form: Mapping[str, Any], prefix: str) -> list[str]:
    found, index = [], 0
    while f"{prefix}.{index}" in form:
        found.append(str(form[f"{prefix}.{index}"] or "").strip())
        index += 1
    return found


def _target(
    row: dict[str, Any], index: int, form: Mapping[str, Any], discovery: bool, problems: Problems
) -> dict[str, Any]:
    at = f"targets.{index}."
    info = {key: str(form[at + key]).strip() for key in INFO if str(form.get(at + key) or "").strip()}
    made = {
        key: value
        for key, value in row.items()
        if not key.endswith("_error_units") or key.removesuffix("_units") in row
    }
    for key in ("host_name", "comments"):
        if str(form.get(at + key) or "").strip():
            made[key] = str(form[at + key]).strip()
    for key in ("redshift", "host_redshift"):
        typed = form.get(at + key)
        if typed in (None, ""):
            continue
        try:
            made[key] = float(typed)
        except (TypeError, ValueError):
            problems.add(at + key, f"{typed!r} is no number.")
    groups = [name.strip() for name in str(form.get(f"{at}group_associations") or "").split(",") if name.strip()]
    if groups:
        made["group_associations"] = groups
    if discovery:
        made["new_discovery"] = True
    return {**made, "discovery_info": info} if info else made


def _renamed(row: dict[str, Any], names: Mapping[str, str], bands: Mapping[str, str]) -> dict[str, Any]:
    """A row with TNS's words; ours go into its comments. A telescope that TNS may not know goes there too."""
    ours = []
    made = dict(row)
    telescope = made.pop("telescope", "")
    old = row.get("instrument") or telescope
    if names.get(old):
        made["instrument"] = names[old]
        if row.get("instrument") and row["instrument"] != names[old]:
            ours.append(f"instrument: {row['instrument']}")
    if telescope:
        ours.insert(0, f"telescope: {telescope}")
    band = row.get("bandpass", "")
    if bands.get(band):
        made["bandpass"] = bands[band]
        if band != bands[band]:
            ours.append(f"filter: {band}")
    if ours:
        made["comments"] = "; ".join([*filter(None, [row.get("comments")]), *ours])
    return made


def _spectrum(row: dict[str, Any], index: int, form: Mapping[str, Any]) -> dict[str, Any]:
    typed = {
        key: str(form.get(f"spectroscopy.{index}.{key}") or "").strip()
        for key in ("classification", "observer", "reducer", "spec_type")
    }
    return {**row, **{key: value for key, value in typed.items() if value}}
