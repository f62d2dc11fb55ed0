"""A message -> a report to TNS through HERMES: what it needs, with the values of TNS's lists, and the message so shaped. Pure.

Photometry makes an AT report (a discovery), spectra a classification; never both in one. TNS's names of instruments and
filters stand in the rows; ours stay in the rows' comments. A field is named by what it is of, a key or our name, and not by
its place: what was typed stays with that, whatever else is chosen.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from tom_hermes import dates, limits
from tom_hermes.message.problems import Problems
from tom_hermes.vocabulary import SPECTRUM_TYPES, TRANSIENT_TYPES
from tom_scimma.compose.content import Content
from tom_scimma.destinations import Need

#: what of `discovery_info` is asked of each target, in this order
INFO = ("reporting_group", "discovery_source", "transient_type", "date", "nondetection_source", "nondetection_comments")
ASKED = {  #: and of each by its key, in all
    "targets": (*INFO, "host_name", "host_redshift", "redshift", "comments", "group_associations"),
    "spectroscopy": ("classification", "observer", "reducer", "spec_type"),
}
INSTRUMENT, FILTER = "tns.instrument.", "tns.filter."  #: fields of TNS's names begin so; ours follow


def is_classification(content: Content) -> bool:
    return bool(content.spectra) and not content.photometry


def needs(content: Content, options: Mapping[str, Any], *, group: str = "") -> list[Need]:
    """What TNS wants beyond a message, with what is known filled in; `group` is the TOM's own at TNS."""
    if is_classification(content):
        return [
            *_targets(content, options, group, discovery=False),
            *_instruments(content.spectra, options),
            *_spectra(content, options),
        ]
    rows = content.photometry
    return [*_targets(content, options, group, discovery=True), *_instruments(rows, options), *_filters(rows, options)]


def _targets(content: Content, options: Mapping[str, Any], group: str, *, discovery: bool) -> Iterable[Need]:
    groups, archives = _choices(options, "groups"), _choices(options, "archives")
    ends = limits.last((row.target, row.time, row.brightness is not None) for row in content.photometry)
    for body in content.targets:
        at, extras = f"targets.{body.pk}.", body.extras
        yield Need(
            f"{at}reporting_group",
            "Reporting group",
            extras.get("reporting_group", group),
            True,
            kind=_kind(groups),
            choices=groups,
        )
        if discovery:
            yield Need(
                f"{at}discovery_source",
                "Discovery data source",
                extras.get("discovery_source", group),
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
            yield Need(
                f"{at}nondetection_source",
                "Last non-detection",
                "",
                kind=_kind(archives),
                choices=(("", ""), *archives),
                help=limits.words(ends.get(body.name)),
            )
            yield Need(f"{at}nondetection_comments", "Remarks on the non-detection", "")
        for key, label in (
            ("host_name", "Host galaxy"),
            ("host_redshift", "Redshift of the host"),
            ("redshift", "Redshift"),
        ):
            yield Need(f"{at}{key}", label, extras.get(key, ""), kind="number" if key != "host_name" else "text")
        yield Need(f"{at}comments", "Remarks", extras.get("comments", ""))
        yield Need(f"{at}group_associations", "Further groups", "", help="of TNS, with commas")


def _discovered(content: Content, name: str) -> str:
    times = [row.time for row in content.photometry if row.target == name and row.brightness is not None]
    return min(times).isoformat() if times else ""


def _instruments(rows: Iterable[Any], options: Mapping[str, Any]) -> Iterable[Need]:
    choices = _choices(options, "instruments")
    for name in instruments(rows):
        label = f"TNS's name of {name or 'the instrument'}"
        yield Need(f"{INSTRUMENT}{name}", label, nearest(name, choices), True, kind=_kind(choices), choices=choices)


def _filters(rows: Iterable[Any], options: Mapping[str, Any]) -> Iterable[Need]:
    choices = _choices(options, "filters")
    for name in filters(rows):
        label = f"TNS's name of filter {name}"
        yield Need(f"{FILTER}{name}", label, nearest(name, choices), True, kind=_kind(choices), choices=choices)


def _spectra(content: Content, options: Mapping[str, Any]) -> Iterable[Need]:
    kinds = _choices(options, "objtypes")
    for row in content.spectra:
        at, of = f"spectroscopy.{row.pk}.", f"of {row.target}, {row.time:%Y-%m-%d %H:%M}"
        known = row.extra.get("classification", "")
        yield Need(f"{at}classification", f"Class {of}", known, True, kind=_kind(kinds), choices=kinds)
        yield Need(f"{at}observer", f"Observer {of}", row.extra.get("observer", content.by.name), True)
        yield Need(f"{at}reducer", f"Reducer {of}", row.extra.get("reducer", ""))
        types = tuple((name, name) for name in SPECTRUM_TYPES)
        kind = row.extra.get("spec_type", "Object")
        yield Need(f"{at}spec_type", f"Kind of spectrum {of}", kind, True, kind="choice", choices=types)


def instruments(rows: Iterable[Any]) -> list[str]:
    """Distinct names of instruments, else telescopes, in the order of the rows."""
    return list(dict.fromkeys(map(_means, rows)))


def _means(row: Any) -> str:
    return row.instrument or row.telescope


def filters(rows: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(row.bandpass for row in rows))


def _choices(options: Mapping[str, Any], name: str) -> tuple[tuple[str, str], ...]:
    values = options.get(name) or {}
    names = values.values() if isinstance(values, Mapping) else values
    return tuple((str(value), str(value)) for value in sorted(map(str, names), key=str.lower))


def _kind(choices: tuple) -> str:
    """A choice; a text where TNS's lists could not be had."""
    return "choice" if choices else "text"


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
    keys = {body.name: body.pk for body in content.targets}
    data["targets"] = [_target(row, keys[row["name"]], form, discovery, problems) for row in data.get("targets", [])]
    names, bands = _typed(form, INSTRUMENT), _typed(form, FILTER)
    if discovery:
        pairs = zip(data["photometry"], content.photometry, strict=True)
        data["photometry"] = [_renamed(row, names.get(_means(datum), ""), bands) for row, datum in pairs]
        message = {**message, "data": limits.apart(data)}
    else:
        pairs = zip(data["spectroscopy"], content.spectra, strict=True)
        data["spectroscopy"] = [
            _spectrum(_renamed(row, names.get(_means(datum), ""), {}), datum.pk, form) for row, datum in pairs
        ]
    return {**message, "submit_to_tns": True}


def _typed(form: Mapping[str, Any], prefix: str) -> dict[str, str]:
    """TNS's names by ours."""
    return {
        field.removeprefix(prefix): str(value or "").strip()
        for field, value in form.items()
        if field.startswith(prefix)
    }


def _target(
    row: dict[str, Any], pk: int, form: Mapping[str, Any], discovery: bool, problems: Problems
) -> dict[str, Any]:
    at = f"targets.{pk}."
    info = {key: str(form[at + key]).strip() for key in INFO if str(form.get(at + key) or "").strip()}
    if "date" in info:
        info["date"] = _utc(info["date"])
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
        made[key] = _number(typed, at + key, problems)
    groups = [name.strip() for name in str(form.get(f"{at}group_associations") or "").split(",") if name.strip()]
    if groups:
        made["group_associations"] = groups
    if discovery:
        made["new_discovery"] = True
    return {**made, "discovery_info": info} if info else made


def _number(typed: Any, field: str, problems: Problems) -> float:
    """A finite number; what is none goes to the problems, and is 0."""
    with suppress(TypeError, ValueError):
        if math.isfinite(number := float(typed)):
            return number
    problems.add(field, f"{typed!r} is no number.")
    return 0.0


def _utc(typed: str) -> str:
    """A date in UTC: HERMES leaves out its zone when it tells TNS. One that cannot be read stays, and is refused."""
    try:
        return dates.read(typed).isoformat()
    except dates.BadDate:
        return typed


def _renamed(row: dict[str, Any], instrument: str, bands: Mapping[str, str]) -> dict[str, Any]:
    """A row with TNS's words; ours go into its comments. A telescope that TNS may not know goes there too."""
    ours = []
    made = dict(row)
    telescope = made.pop("telescope", "")
    if instrument:
        made["instrument"] = instrument
        if row.get("instrument") and row["instrument"] != instrument:
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


def _spectrum(row: dict[str, Any], key: int, form: Mapping[str, Any]) -> dict[str, Any]:
    typed = {name: str(form.get(f"spectroscopy.{key}.{name}") or "").strip() for name in ASKED["spectroscopy"]}
    return {**row, **{name: value for name, value in typed.items() if value}}


def named(found: Mapping[str, list[str]], said: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong, at the field where it can be mended; a name that TNS has not once, however many rows have it."""
    keys = {
        "targets": [said["targets"].get(row["name"]) for row in said["message"]["data"].get("targets", [])],
        "spectroscopy": said.get("spectra", []),
    }
    named: dict[str, list[str]] = {}
    for name, texts in found.items():
        section, _, rest = name.partition(".")
        place, _, key = rest.replace("discovery_info.", "").partition(".")
        if place.isdecimal() and key in ("instrument", "bandpass"):
            name = section
        elif key in ASKED.get(section, ()) and int(place) < len(keys[section]):
            name = f"{section}.{keys[section][int(place)]}.{key}"
        named[name] = list(dict.fromkeys([*named.get(name, ()), *texts]))
    return named
