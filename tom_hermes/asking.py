"""What the composer asks of a person for a HERMES message, with what is known filled in. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tom_hermes.circular import numbers
from tom_hermes.message import Told, circular, scales
from tom_scimma.compose.content import Content, Person
from tom_scimma.destinations import Need

#: so many archived messages are proposed to be cited
CITED = 3
_DOI = re.compile(r"(?:doi\.org/|^doi:|^)(10\.\d{4,9}/\S+)")
_MESSAGE = re.compile(r"^https?://\S+/msg/([0-9a-f-]{36})$")
WORDS = {
    "brightness": ("AB mag", "Vega mag", "mJy", "Jy", "uJy", "erg/s/cm2/Angstrom"),
    "flux": ("erg/s/cm2/Angstrom", "mJy", "Jy", "uJy"),
    "wavelength": ("Angstrom", "nm", "um", "Hz", "GHz", "THz"),
}


def needs(content: Content, *, title: str, text: Need | None) -> list[Need]:
    """What every message needs; `text` None where the text is another need."""
    by = content.by
    return [
        Need("title", "Title", title, True),
        *([text] if text is not None else []),
        Need("authors", "Authors", author(by), help="as they are to be read: A. Observer (Institute), B. Reducer"),
        Need("submitter", "Submitter", by.username, True),
        *_circulars(content),
        *_telescope(content),
        *_units(content),
    ]


def author(by: Person) -> str:
    name = by.name or by.username
    return f"{name} ({by.affiliation})" if by.affiliation and name else name


def title(content: Content) -> str:
    """ "Photometry of AT2026abc (S260101ab)"."""
    kinds = [
        word
        for word, rows in (
            ("photometry", content.photometry),
            ("spectroscopy", content.spectra),
            ("astrometry", content.astrometry),
        )
        if rows
    ]
    what = " and ".join(kinds).capitalize() or ("Candidates" if content.candidates else "Report")
    names = [body.name for body in content.targets]
    of = names[0] if len(names) == 1 else f"{len(names)} targets" if names else ""
    about = f" ({content.event.name})" if content.event is not None else ""
    return f"{what} of {of}{about}" if of else f"{what}{about}"


def _circulars(content: Content) -> Iterable[Need]:
    if content.event is not None:
        known = ", ".join(str(number) for number in content.event.circulars[-10:])
        yield Need("circulars", "GCN circulars it refers to", known, help="numbers, with commas")
        if content.event.archived:
            known = "\n".join(said["url"] for said in content.event.archived[:CITED])
            yield Need("archived", "Archived messages it refers to", known, kind="textarea", help="one address a line")


def _telescope(content: Content) -> Iterable[Need]:
    rows = (*content.photometry, *content.spectra, *content.astrometry)
    bare = sum(not row.telescope and not row.instrument for row in rows)
    if bare:
        help = f"{bare} of {len(rows)} rows name neither; HERMES wants one of them."
        yield Need("telescope", "Telescope of rows without one", "", True, help=help)


def unclear(content: Content) -> dict[str, list[str]]:
    """Units that do not say what they are ("mag", nothing), by kind, in the order of the rows."""
    rows: dict[str, tuple[Callable[[str], Any], Iterable[str]]] = {
        "brightness": (scales.of_brightness, (row.unit for row in content.photometry)),
        "flux": (scales.of_flux, (row.flux_unit for row in content.spectra)),
        "wavelength": (scales.of_wavelength, (row.wavelength_unit for row in content.spectra)),
    }
    return {
        kind: [unit for unit in dict.fromkeys(units) if scale(unit) is None and _is_open(unit)]
        for kind, (scale, units) in rows.items()
    }


def _is_open(unit: str) -> bool:
    """Whether a person may say what it means: no unit at all, a magnitude of no system, or a word that is no unit."""
    if not unit.strip() or unit.strip().lower() in ("mag", "mags", "magnitude", "magnitudes"):
        return True
    from astropy import units as u

    try:
        u.Unit(unit)
    except ValueError:
        return True
    return False


def _units(content: Content) -> Iterable[Need]:
    for kind, units in unclear(content).items():
        choices = tuple((word, word) for word in WORDS[kind])
        for unit in units:
            label = f"Unit of {kind} {'where none is given' if not unit.strip() else f'written {unit!r}'}"
            yield Need(f"units.{kind}.{unit}", label, "", True, kind="choice", choices=(("", ""), *choices))


def told(content: Content, form: Mapping[str, Any]) -> Told:
    """What the form says of all rows."""
    units = {
        unit: str(form[f"units.{kind}.{unit}"])
        for kind, found in unclear(content).items()
        for unit in found
        if form.get(f"units.{kind}.{unit}")
    }
    return Told(units, str(form.get("telescope") or "").strip())


def references(form: Mapping[str, Any]) -> list[dict[str, str]]:
    """Circulars by number, and addresses; a DOI or a message of the archive under its own name."""
    typed = str(form.get("archived") or "").split()
    return [*(circular(number) for number in numbers(str(form.get("circulars") or ""))), *map(_address, typed)]


def _address(typed: str) -> dict[str, str]:
    if match := _DOI.search(typed):
        return {"source": "doi", "citation": match[1], "url": f"https://doi.org/{match[1]}"}
    match = _MESSAGE.search(typed)
    return {"source": "Hopskotch archive", "citation": match[1], "url": typed} if match else {"url": typed}
