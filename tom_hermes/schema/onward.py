"""What HERMES asks of a message that is to go on to TNS or GCN, once the message itself is well. Its words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tom_hermes.schema.fields import Crash
from tom_hermes.vocabulary import GCN_NEVER, GCN_WORDS

GUIDE = 'https://gcn.nasa.gov/docs/circulars/styleguide#message-content" target="_blank'
ONE = "Should either fill in photometry (new discovery) or spectroscopy (classification) for TNS submission"
SEPARATE = (
    "At least one separate photometry nondetection / limiting_brightness or target discovery nondetection_source "
    "must be specified for TNS submission"
)
DETECTION = "At least one photometry detection / brightness must be specified for TNS submission"
NO_TARGET = "Must fill in at least one target entry for TNS submission"
NO_DATA = "Must fill in at least one photometry or spectroscopy entry for TNS submission"
FILE = "Must specify a .ascii or .txt spectrum file for each spectrum in a TNS classification submission"


def tns(message: Mapping[str, Any], options: Mapping[str, Any] | None, *, user: bool) -> dict[str, Any]:
    """What keeps a validated message from TNS, as HERMES' tree of errors.

    `options` are TNS's lists as `tns_options/` gives them, {} where TNS did not answer (HERMES then crashes); None: not
    known, so that nothing is compared with them.
    """
    if options is not None and not options:
        raise Crash("there are no TNS lists")
    lists = None if options is None else {name: _values(values) for name, values in options.items()}
    data = message.get("data", {})
    photometry, spectra, targets = (data.get(name, []) for name in ("photometry", "spectroscopy", "targets"))
    wrong: dict[str, Any] = {} if user else {"non_field_errors": ["Must be an authenticated user to submit to TNS"]}
    rows = {
        "targets": [_target(target, lists, discovery=not spectra) for target in targets],
        "photometry": [_photometry(row, lists) for row in photometry],
        "spectroscopy": [_spectrum(row, lists) for row in spectra],
    }
    found = {name: errors for name, errors in rows.items() if any(errors)}
    if found:
        wrong["data"] = found
    if not message.get("authors"):
        wrong["authors"] = ["Must set an author / reporter for TNS submission"]
    if not targets:
        wrong["target_non_field_errors"] = [NO_TARGET]
    wrong.update(_amount(photometry, spectra, targets))
    return wrong


def _amount(photometry: list, spectra: list, targets: list) -> dict[str, list[str]]:
    """What is wrong with how much there is of data."""
    if photometry and spectra:
        return {"photometry_non_field_errors": [ONE], "spectroscopy_non_field_errors": [ONE]}
    if not photometry and not spectra:
        return {"photometry_non_field_errors": [NO_DATA], "spectroscopy_non_field_errors": [NO_DATA]}
    if spectra:
        return {}
    said = []
    elsewhere = any(target.get("discovery_info", {}).get("nondetection_source") for target in targets)
    apart = any(row.get("limiting_brightness") and not row.get("brightness") for row in photometry)
    if not apart and not elsewhere:
        said.append(SEPARATE)
    if not any(row.get("brightness") for row in photometry):
        said.append(DETECTION)
    return {"photometry_non_field_errors": said} if said else {}


def _values(values: Any) -> set[str]:
    return set(values.values() if isinstance(values, Mapping) else values)


def _lacks(lists: dict[str, set[str]] | None, name: str, value: Any) -> bool:
    return lists is not None and value not in lists.get(name, ())


def _target(target: Mapping[str, Any], lists: dict[str, set[str]] | None, *, discovery: bool) -> dict[str, Any]:
    wrong: dict[str, Any] = {}
    if discovery and not target.get("new_discovery"):
        wrong["new_discovery"] = ["Target new_discovery must be set to True for TNS submission"]
    for name in ("ra", "dec"):
        if target.get(name) is None:
            wrong[name] = [f"Target {name} must be present for TNS submission"]
    unknown = [group for group in target.get("group_associations") or [] if _lacks(lists, "groups", group)]
    if unknown:
        wrong["group_associations"] = [f"Group associations {','.join(unknown)} are not valid TNS groups"]
    info = _discovery(target.get("discovery_info", {}), lists, discovery=discovery)
    return {**wrong, "discovery_info": info} if info else wrong


def _discovery(info: Mapping[str, Any], lists: dict[str, set[str]] | None, *, discovery: bool) -> dict[str, list[str]]:
    wrong: dict[str, list[str]] = {}
    group, source, archive = (info.get(key) for key in ("reporting_group", "discovery_source", "nondetection_source"))
    if not group:
        wrong["reporting_group"] = ["Target must have discovery info reporting group for TNS submission"]
    elif _lacks(lists, "groups", group):
        wrong["reporting_group"] = [f"Discovery reporting group {group} is not a valid TNS group"]
    if discovery and not source:
        wrong["discovery_source"] = ["Target must have discovery info discovery source for TNS submission"]
    elif discovery and _lacks(lists, "groups", source):
        wrong["discovery_source"] = [f"Discovery source group {source} is not a valid TNS group"]
    if discovery and not info.get("transient_type"):
        wrong["transient_type"] = ["Target must have a discovery info transient_type for TNS submission"]
    if archive and _lacks(lists, "archives", archive):
        wrong["nondetection_source"] = [f"Discovery nondetection source {archive} is not a valid TNS archive"]
    return wrong


def _instrument(row: Mapping[str, Any], lists: dict[str, set[str]] | None, kind: str) -> dict[str, list[str]]:
    instrument = row.get("instrument")
    if not instrument:
        return {"instrument": [f"{kind} must have instrument specified for TNS submission"]}
    if _lacks(lists, "instruments", instrument):
        return {"instrument": [f"Instrument {instrument} is not a valid TNS instrument"]}
    return {}


def _photometry(row: Mapping[str, Any], lists: dict[str, set[str]] | None) -> dict[str, list[str]]:
    wrong = _instrument(row, lists, "Photometry")
    if _lacks(lists, "filters", row.get("bandpass")):
        wrong["bandpass"] = [f"Bandpass {row.get('bandpass')} is not a valid TNS filter"]
    if row.get("telescope") and _lacks(lists, "telescopes", row["telescope"]):
        wrong["telescope"] = [f"Telescope {row['telescope']} is not a valid TNS telescope"]
    return wrong


def _spectrum(row: Mapping[str, Any], lists: dict[str, set[str]] | None) -> dict[str, list[str]]:
    wrong = _instrument(row, lists, "Spectroscopy")
    kind = row.get("classification")
    if not kind:
        wrong["classification"] = ["Spectroscopy must have a classification specified for TNS submission"]
    elif _lacks(lists, "objtypes", kind):
        wrong["classification"] = [f"Classification {kind} is not a valid TNS classification object_type"]
    for name in ("observer", "spec_type"):
        if not row.get(name):
            wrong[name] = [f"Spectroscopy must have {name} specified for TNS submission"]
    if not any(file["name"].endswith((".ascii", ".txt")) for file in row.get("file_info", [])):
        wrong["files"] = [FILE]
    return wrong


def gcn(message: Mapping[str, Any], *, user: bool, account: bool) -> dict[str, Any]:
    """What keeps a validated message from GCN; `account`: the user has a GCN login at HERMES."""
    general = []
    if not user:
        general.append("Must be an authenticated user to submit to GCN")
    elif not account:
        general.append("Must register a valid GCN account on your Profile page to submit to GCN")
    wrong: dict[str, Any] = {}
    if not message.get("authors"):
        wrong["authors"] = ["Authors must be set to submit to GCN"]
    if not message.get("message_text"):
        wrong["message_text"] = ["Message text must be set to submit to GCN"]
    general += title(message["title"])
    return {**wrong, "non_field_errors": general} if general else wrong


def title(text: str) -> list[str]:
    """What is wrong with the title of a circular, in HERMES' words, which hold HTML."""
    lower, said = text.lower(), []
    if not any(word.lower() in lower for word in GCN_WORDS):
        said.append(
            f'Title must contain one of allowed subject keywords from the <a href="{GUIDE}">GCN Style Guide</a> '
            "to submit to GCN."
        )
    return said + [
        f'Title cannot contain the prohibited keyword "{word}". Please see the <a href="{GUIDE}">GCN Style Guide</a>.'
        for word in GCN_NEVER
        if word in lower
    ]
