"""What a person may have chosen to share, as the composer gives it to HERMES' destinations; and forms filled in as it does."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from tom_scimma.compose.content import Body, Content, Happening, Person, Photometry, Position, Spectrum

NIGHT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


def body(name: str = "AT2026abc", **changes: Any) -> Body:
    return Body(
        **{"pk": 1, "name": name, "aliases": ("ZTF26aaa",), "ra": 150.1, "dec": 2.2, "epoch": 2000.0, **changes}
    )


def point(**changes: Any) -> Photometry:
    values = {"pk": 1, "target": "AT2026abc", "time": NIGHT, "brightness": 19.5, "error": 0.05, "unit": "AB mag"}
    return Photometry(
        **{**values, "bandpass": "g", "telescope": "1m0a", "instrument": "fa16", "exposure": 300.0, **changes}
    )


def limit(**changes: Any) -> Photometry:
    return point(**{"brightness": None, "error": None, "limit": 21.0, "time": NIGHT - timedelta(days=3), **changes})


def spectrum(**changes: Any) -> Spectrum:
    arrays = {"wavelength": (4000.0, 4001.0), "flux": (1e-16, 2e-16), "error": (1e-17, 1e-17)}
    units = {"wavelength_unit": "Angstrom", "flux_unit": "erg / (s cm2 Angstrom)"}
    means = {"telescope": "2m0", "instrument": "fa16"}
    return Spectrum(**{"pk": 1, "target": "AT2026abc", "time": NIGHT, **means, **arrays, **units, **changes})


def position(**changes: Any) -> Position:
    values = {"ra": 150.1, "dec": 2.2, "ra_error": 0.1, "dec_error": 0.2, "error_unit": "arcsec", "telescope": "1m0a"}
    return Position(**{"pk": 1, "target": "AT2026abc", "time": NIGHT, **values, **changes})


def event(**changes: Any) -> Happening:
    return Happening(
        **{"name": "S260101ab", "kind": "GW", "time": NIGHT - timedelta(hours=5), "circulars": (12345,), **changes}
    )


def content(*, photometry: tuple = (), **changes: Any) -> Content:
    by = Person("ada", "Ada Lovelace", "ada@example.org", "LCO")
    return Content(**{"by": by, "event": event(), "targets": (body(),), "photometry": photometry, **changes})


def filled(there: Any, chosen: Content, **typed: Any) -> dict[str, Any]:
    """The form as a person leaves it who takes every value that is offered and the first choice where none is."""
    form = {}
    for need in there.needs(chosen):
        first = next((value for value, _ in need.choices if value), "")
        form[need.field] = need.value if need.value not in (None, "") else first if need.required else ""
    return {**form, **typed, "content": chosen}
