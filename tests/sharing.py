"""Targets with data, and who may share them, for tests of the composer."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import Group
from guardian.shortcuts import assign_perm
from tom_dataproducts.models import AstrometryReducedDatum, PhotometryReducedDatum, SpectroscopyReducedDatum
from tom_targets.models import Target

from tests import factories as make


def target(name: str = "AT2026abc", *groups: Group, **fields) -> Target:
    """A target: public, or private to groups."""
    values = {"type": "SIDEREAL", "ra": 150.1, "dec": 2.2, "permissions": "PRIVATE" if groups else "PUBLIC"}
    row = Target.objects.create(name=name, **{**values, **fields})
    for group in groups:
        assign_perm(f"{Target._meta.app_label}.view_target", group, row)
    return row


def photometry(of: Target, count: int = 3, **fields) -> list[PhotometryReducedDatum]:
    """Points a minute apart, the last a limit."""
    rows = [
        PhotometryReducedDatum(
            target=of,
            timestamp=make.NIGHT + timedelta(minutes=n),
            **{
                **(
                    {"limit": 21.5} if n == count - 1 else {"brightness": 18.0 + n % 100 / 50, "brightness_error": 0.05}
                ),
                "unit": "AB mag",
                "bandpass": "r",
                "telescope": "1m0a",
                "instrument": "sinistro",
                **fields,
            },
        )
        for n in range(count)
    ]
    return PhotometryReducedDatum.objects.bulk_create(rows, batch_size=500)


def spectrum(of: Target, **fields) -> SpectroscopyReducedDatum:
    """Three points of a spectrum."""
    said = {
        "wavelength": [400.0, 500.0, 600.0],
        "flux": [1.0, 2.0, 3.0],
        "error": [],
        "wavelength_unit": "nm",
        "flux_unit": "mJy",
    }
    common = {"timestamp": make.NIGHT, "telescope": "2m0a", "instrument": "FLOYDS"}
    return SpectroscopyReducedDatum.objects.create(target=of, **{**said, **common, **fields})


def position(of: Target, **fields) -> AstrometryReducedDatum:
    """A measured position."""
    said = {
        "ra": 150.12345678,
        "dec": -2.2,
        "ra_error": 0.1,
        "dec_error": 0.2,
        "ra_error_units": "arcsec",
        "dec_error_units": "arcsec",
    }
    common = {"timestamp": make.NIGHT, "telescope": "1m0a", "instrument": "sinistro"}
    return AstrometryReducedDatum.objects.create(target=of, **{**said, **common, **fields})
