"""The Minor Planet Center as a sink of the composer: a file to download and send by hand. Never a delivery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tom_scimma.compose import ades
from tom_scimma.compose.ades_fields import CATALOG, DESIGNS, DETECTORS, MODES
from tom_scimma.destinations import Destination, Need

PREFIX = "ades."


def _choices(values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((value, value) for value in values)


class Ades(Destination):
    """A file in ADES (PSV)."""

    name = "ades"
    label = "Minor Planet Center (ADES file)"
    is_file: ClassVar[bool] = True
    warning = "This makes a file that you send to the Minor Planet Center yourself. HERMES sends the MPC nothing, whatever its form says."

    def origin(self) -> str:
        return "a file"

    def needs(self, content: Any) -> list[Need]:
        by = content.by
        who = by.name or by.username
        text = "initials and surname, as in A. B. Observer; several with commas"
        site = next((str(row.extra["mpc_sitecode"]) for row in content.astrometry if row.extra.get("mpc_sitecode")), "")
        catalog = next((str(row.extra["catalog"]) for row in content.astrometry if row.extra.get("catalog")), "")
        return [
            Need("ades.stn", "MPC code", site, True, help="of the observatory, such as F65"),
            Need("ades.submitter", "Submitter", initials(who), True, help="initials and surname"),
            Need("ades.observers", "Observers", initials(who), True, help=text),
            Need("ades.measurers", "Measurers", initials(who), True, help=text),
            Need("ades.design", "Telescope's design", "Reflector", True, kind="choice", choices=_choices(DESIGNS)),
            Need("ades.aperture", "Aperture (m)", "", True),
            Need("ades.detector", "Detector", "CCD", True, kind="choice", choices=_choices(DETECTORS)),
            Need("ades.mode", "Mode", "CCD", kind="choice", choices=_choices(MODES)),
            Need("ades.astcat", "Catalogue of reference", catalog, True, help=CATALOG),
        ]

    def preview(self, form: Mapping[str, Any]) -> tuple[bytes, str]:
        said = {name.removeprefix(PREFIX): str(value) for name, value in form.items() if name.startswith(PREFIX)}
        text = ades.write(form["content"], said)
        return text.encode(), text


def initials(name: str) -> str:
    """ "Ada Maria Lovelace" -> "A. M. Lovelace"; "" for what has no surname."""
    *first, last = name.split() or [""]
    return " ".join([*(f"{one[0].upper()}." for one in first), last]) if first else ""
