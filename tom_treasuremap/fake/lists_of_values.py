"""The public lists of values."""

from __future__ import annotations

from typing import Any

from tom_treasuremap.fake.answers import Answer
from tom_treasuremap.fake.world import Row, World
from tom_treasuremap.vocabulary import BANDS

SPELLED = {
    "I": "I (uppercase)",
    "i": "i (lowercase)",
    "UVW1": "UV W1",
    "UVW2": "UV W2",
    "UVM2": "UV M2",
    "XRT": "X-ray Telescope",
    "UHF": "Ultra High Frequency",
    "VHF": "Very High Frequency",
}


def _options(*rows: tuple[str, str, str]) -> list[Row]:
    return [dict(zip(("name", "value", "description"), row, strict=True)) for row in rows]


ENUMS: dict[str, list[Row]] = {
    "bandpass": _options(*((SPELLED.get(name, name), name, f"Bandpass filter: {name}") for name in BANDS)),
    "depth_unit": _options(
        *(
            (name, value, f"{name} - {more}")
            for name, value, more in (
                ("AB Magnitude", "ab_mag", "Standard astronomical magnitude system"),
                ("Vega Magnitude", "vega_mag", "Magnitude system referenced to Vega"),
                ("Flux (erg/cm²/s)", "flux_erg", "Energy flux in CGS units"),
                ("Flux (Jy)", "flux_jy", "Flux density in Janskys"),
            )
        )
    ),
    "pointing_status": _options(
        ("Planned", "planned", "Observation is planned but not yet executed"),
        ("Completed", "completed", "Observation has been successfully completed"),
        ("Cancelled", "cancelled", "Observation was cancelled and will not be executed"),
    ),
    "instrument_type": _options(
        ("Photometric", "1", "Photometric instruments measure brightness and colors of astronomical objects"),
        ("Spectroscopic", "2", "Spectroscopic instruments analyze the spectrum of light from astronomical objects"),
    ),
    "footprint_type": _options(
        ("Rectangular", "Rectangular", "Rectangular footprint with specified height and width"),
        ("Circular", "Circular", "Circular footprint with specified radius"),
        ("Polygon", "Polygon", "Custom polygon footprint with user-defined vertices"),
    ),
    "footprint_unit": _options(
        ("Degrees", "deg", "Degrees - Standard angular measurement"),
        ("Arc Minutes", "arcmin", "Arc Minutes - 1/60th of a degree"),
        ("Arc Seconds", "arcsec", "Arc Seconds - 1/3600th of a degree"),
    ),
}


def enum(world: World, call: Any) -> Row:
    """`GET /enums/NAME`."""
    name = call.parts["name"]
    if name == "all":
        kinds = [{**row, "value": row["name"].lower()} for row in ENUMS["instrument_type"]]
        return {"enums": {**ENUMS, "instrument_type": kinds}}
    if name not in ENUMS:
        raise Answer(404, {"detail": "Not Found"})
    return {"enum_type": name, "options": ENUMS[name]}
