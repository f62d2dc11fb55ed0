"""Instruments and sites of the stand-in, as /api/instruments/ gives them: a few of LCO's."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def _filters(*codes: str) -> list[dict[str, Any]]:
    return [
        {"name": f"Filter {code}", "code": code, "schedulable": True, "default": number == 0}
        for number, code in enumerate(codes)
    ]


def _modes(kind: str, *codes: str) -> dict[str, Any]:
    return {
        "type": kind,
        "modes": [{"name": code.capitalize(), "code": code} for code in codes],
        "default": codes[0] if codes else None,
    }


def _instrument(
    kind: str,
    size: str,
    name: str,
    elements: dict[str, Any],
    *types: str,
    readout: tuple[str, ...],
    **modes: tuple[str, ...],
) -> dict[str, Any]:
    return {
        "type": kind,
        "class": size,
        "name": name,
        "optical_elements": elements,
        "modes": {
            "guiding": _modes("guiding", "ON", "OFF"),
            "readout": _modes("readout", *readout),
            **{name: _modes(name, *codes) for name, codes in modes.items()},
        },
        "default_acceptability_threshold": 90.0,
        "configuration_types": {code: {"name": code.title(), "code": code, "schedulable": True} for code in types},
        "default_configuration_type": types[0],
    }


SLOAN = ("rp", "gp", "ip", "zs", "up", "B", "V", "w")
INSTRUMENTS = {
    "1M0-SCICAM-SINISTRO": _instrument(
        "IMAGE", "1m0", "1.0 meter Sinistro", {"filters": _filters(*SLOAN)}, "EXPOSE", "REPEAT_EXPOSE",
        readout=("full_frame", "central_2k_2x2"), acquisition=("OFF",),
    ),
    "0M4-SCICAM-QHY600": _instrument(
        "IMAGE", "0m4", "0.4 meter QHY600", {"filters": _filters(*SLOAN)}, "EXPOSE", "REPEAT_EXPOSE",
        readout=("central30x30", "full_frame"), acquisition=("OFF",),
    ),
    "2M0-FLOYDS-SCICAM": _instrument(
        "SPECTRA", "2m0", "2.0 meter FLOYDS", {"slits": _filters("slit_6.0as", "slit_1.6as", "slit_2.0as", "slit_1.2as")},
        "SPECTRUM", "ARC", "LAMP_FLAT", readout=("default",), rotator=("VFLOAT", "SKY"), acquisition=("WCS", "BRIGHTEST"),
    ),
}  # fmt: skip
#: deg, one side of what each sees; what a mosaic is laid out by
FIELDS = {"1M0-SCICAM-SINISTRO": 0.442, "0M4-SCICAM-QHY600": 1.2, "2M0-FLOYDS-SCICAM": 0.1}
#: which telescopes stand where
SITES = {
    "coj": ("0m4", "1m0", "2m0"),
    "lsc": ("0m4", "1m0"),
    "cpt": ("0m4", "1m0"),
    "elp": ("0m4", "1m0"),
    "tfn": ("0m4", "1m0"),
    "ogg": ("0m4", "2m0"),
}


def telescope_states(now: datetime) -> dict[str, list[dict[str, Any]]]:
    """What /api/telescope_states/ says: each telescope with what it is just now."""
    when = now.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    found = {}
    for site, sizes in SITES.items():
        for size in sizes:
            name = f"{site}.{'clma' if size == '2m0' else 'doma'}.{size}a"
            row = {"telescope": name, "event_type": "AVAILABLE", "event_reason": "Available for scheduling"}
            found[name] = [{**row, "start": when, "end": when}]
    return found


def available(location: dict[str, Any]) -> list[str]:
    """Instruments at a place."""
    sites = SITES if not location.get("site") else {location["site"]: SITES.get(location["site"], ())}
    sizes = {size for found in sites.values() for size in found}
    return [
        code
        for code, row in INSTRUMENTS.items()
        if row["class"] in sizes and row["class"] == location.get("telescope_class")
    ]
