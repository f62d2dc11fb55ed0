"""Files that go along with a message: named in it when it is made, read again when it leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from tom_hermes.message.problems import Problems
from tom_scimma.compose.content import Content, File
from tom_scimma.errors import Rejected

#: what TNS takes for a spectrum
SPECTRUM = (".ascii", ".txt")


def attach(
    message: dict[str, Any], content: Content, problems: Problems, *, classification: bool = False
) -> list[dict[str, Any]]:
    """Names the files in the message, at their target or their spectrum; returns how each is had when it leaves."""
    data, had, names = message["data"], [], set()
    targets = {row["name"]: row for row in data.get("targets", [])}
    for index, file in enumerate(content.files):
        place = _place(file, data, targets, classification)
        if file.size < 0 or place is None or file.name in names:
            why = "is not there any more" if file.size < 0 else "has a name that another has too" if file.name in names else "belongs to no target of the message"  # fmt: skip  # noqa: E501
            problems.add(f"files.{index}", f"{file.name} {why}.")
            continue
        names.add(file.name)
        place.setdefault("file_info", []).append({"name": file.name})
        had.append({"product": file.pk, "name": file.name, "sha256": file.sha256, "size": file.size})
    if classification:
        had += list(_written(data, names))
    return had


def _place(file: File, data: Mapping[str, Any], targets: Mapping[str, dict], classification: bool) -> dict | None:
    spectra = [row for row in data.get("spectroscopy", []) if row["target_name"] == file.target]
    if classification and file.name.endswith(SPECTRUM) and len(spectra) == 1:
        return spectra[0]
    if file.target in targets:
        return targets[file.target]
    return next(iter(targets.values()), None) if not file.target else None


def _written(data: Mapping[str, Any], names: set[str]) -> Iterable[dict[str, Any]]:
    """A file written from the data, for each spectrum that has none: TNS takes a spectrum as a file only."""
    for index, row in enumerate(data.get("spectroscopy", [])):
        if any(file["name"].endswith(SPECTRUM) for file in row.get("file_info", [])):
            continue
        day = "".join(char for char in row["date_obs"][:10] if char.isdigit())
        name = f"{''.join(char if char.isalnum() else '_' for char in row['target_name'])}_{day}_{index}.ascii"
        names.add(name)
        row.setdefault("file_info", []).append({"name": name})
        yield {"spectrum": index, "name": name}


def read(had: Iterable[Mapping[str, Any]], message: Mapping[str, Any]) -> dict[str, bytes]:
    """The files' content by name. Raises Rejected where one is gone, or is not what was looked at any more."""
    found = {}
    for file in had:
        if "spectrum" in file:
            found[file["name"]] = as_text(message["data"]["spectroscopy"][file["spectrum"]]).encode()
        else:
            found[file["name"]] = _product(file)
    return found


def _product(file: Mapping[str, Any]) -> bytes:
    from tom_dataproducts.models import DataProduct

    row = DataProduct.objects.filter(pk=file["product"]).first()
    try:
        with row.data.open("rb") as stored:
            content = stored.read()
    except (AttributeError, ValueError, OSError):
        raise Rejected(f"The file {file['name']} is not there any more.", {"files": [file["name"]]}) from None
    if hashlib.sha256(content).hexdigest() != file["sha256"]:
        raise Rejected(f"The file {file['name']} has changed since it was looked at.", {"files": [file["name"]]})
    return content


def as_text(row: Mapping[str, Any]) -> str:
    """A spectrum as columns: wavelength, flux and its error, with the units in comments."""
    lines = [
        f"# {row['target_name']} {row['date_obs']}",
        f"# wavelength: {row['wavelength_units']}, flux: {row['flux_units']}",
    ]
    columns = [row["wavelength"], row["flux"], *([row["flux_error"]] if row.get("flux_error") else [])]
    return "\n".join([*lines, *(" ".join(map(repr, values)) for values in zip(*columns, strict=True))]) + "\n"
