"""HERMES' message, key by key: the one table of what each is. Pure."""

from __future__ import annotations

from collections.abc import Callable

from tom_hermes import vocabulary as words
from tom_hermes.schema import rules
from tom_hermes.schema.fields import Choice, Flag, Items, Number, Rows, Shape, Text, Url

_RA, _DEC = rules.angle(True), rules.angle(False)
_PERIOD = {
    "proprietary_period": Number(null=True),
    "proprietary_period_units": Choice(default="Days", of=words.PERIODS),
}
_ERRORS = {
    "ra_error": Number(null=True),
    "dec_error": Number(null=True),
    "ra_error_units": Choice(default="degrees", of=words.ERROR_UNITS),
    "dec_error_units": Choice(default="degrees", of=words.ERROR_UNITS),
}
FILES = Rows(of=Shape(keys={"name": Text(required=True), "description": Text(blank=True), "url": Url()}))
_DEGREES = {"required": True, "least": 0.0, "most": 360.0}
ELEMENTS = Shape(
    keys={
        "epoch_of_elements": Text(required=True, then=rules.date),
        "orbital_inclination": Number(required=True, least=0.0, most=180.0),
        "longitude_of_the_ascending_node": Number(**_DEGREES),
        "argument_of_the_perihelion": Number(**_DEGREES),
        "eccentricity": Number(required=True, least=0.0),
        "semimajor_axis": Number(null=True),
        "mean_anomaly": Number(null=True, least=0.0, most=360.0),
        "perihelion_distance": Number(null=True),
        "epoch_of_perihelion": Text(null=True, then=rules.date),
    },
    check=rules.orbit,
)
DISCOVERY = Shape(
    keys={
        "date": Text(null=True, then=rules.date),
        "reporting_group": Text(null=True),
        "discovery_source": Text(null=True),
        "transient_type": Choice(null=True, of=words.TRANSIENT_TYPES),
        **_PERIOD,
        "nondetection_source": Text(null=True),
        "nondetection_comments": Text(null=True),
    }
)
TARGET = Shape(
    keys={
        "name": Text(required=True),
        "ra": Text(null=True, then=_RA),
        "dec": Text(null=True, then=_DEC),
        **_ERRORS,
        "pm_ra": Number(null=True),
        "pm_dec": Number(null=True),
        "epoch": Text(default="2000.0", then=rules.date),
        "new_discovery": Flag(default=False),
        "orbital_elements": ELEMENTS,
        "discovery_info": DISCOVERY,
        "distance": Number(null=True),
        "distance_error": Number(null=True),
        "distance_units": Choice(null=True, of=words.DISTANCE_UNITS),
        "redshift": Number(null=True),
        "host_name": Text(null=True),
        "host_redshift": Number(null=True),
        "aliases": Items(),
        "group_associations": Items(null=True),
        "file_info": FILES,
        "comments": Text(null=True),
    },
    check=rules.place,
)
_COMMON = {
    "target_name": Text(required=True),
    "date_obs": Text(required=True, then=rules.date),
    "telescope": Text(null=True, default="", blank=True),
    "instrument": Text(null=True, default="", blank=True),
}
_UNIT = Choice(default=words.AB, of=words.BRIGHTNESS_UNITS)
PHOTOMETRY = Shape(
    keys={
        **_COMMON,
        "bandpass": Text(required=True),
        "brightness": Number(null=True),
        "brightness_error": Number(null=True),
        "brightness_unit": _UNIT,
        "exposure_time": Number(null=True),
        "observer": Text(null=True),
        "comments": Text(null=True),
        "limiting_brightness": Number(null=True),
        "limiting_brightness_error": Number(null=True),
        "limiting_brightness_unit": _UNIT,
        "catalog": Text(null=True),
    },
    check=rules.row(rules.bright),
)
SPECTRUM_ROW = Shape(
    keys={
        **_COMMON,
        "setup": Text(null=True),
        "exposure_time": Number(null=True),
        "flux": Items(each=Number(), least=1),
        "flux_error": Items(each=Number()),
        "flux_units": Choice(default=words.MJY, of=words.FLUX_UNITS),
        "wavelength": Items(each=Number(), least=1),
        "wavelength_units": Choice(default=words.NANOMETRE, of=words.WAVELENGTH_UNITS),
        "flux_type": Choice(default=words.F_LAMBDA, of=words.FLUX_TYPES),
        "classification": Text(null=True),
        **_PERIOD,
        "comments": Text(null=True),
        "observer": Text(null=True),
        "reducer": Text(null=True),
        "spec_type": Choice(of=words.SPECTRUM_TYPES),
        "file_info": FILES,
    },
    check=rules.row(rules.spectrum),
)
ASTROMETRY = Shape(
    keys={
        **_COMMON,
        "ra": Text(required=True, then=_RA),
        "dec": Text(required=True, then=_DEC),
        **_ERRORS,
        "mpc_sitecode": Text(null=True),
        "catalog": Text(null=True),
        "comments": Text(null=True),
    },
    check=rules.row(),
)


def message(*, dev: bool, known: Callable[[str], bool]) -> Shape:
    """The whole message; `dev` is a test server's rule for topics, `known` tells which messages `hop_uuid` may cite."""
    reference = Shape(
        keys={"source": Text(null=True), "citation": Text(null=True), "url": Url(null=True)},
        check=rules.reference(known),
    )
    data = Shape(
        keys={
            "references": Rows(of=reference),
            "event_id": Text(null=True),
            "targets": Rows(of=TARGET),
            "photometry": Rows(of=PHOTOMETRY),
            "spectroscopy": Rows(of=SPECTRUM_ROW),
            "astrometry": Rows(of=ASTROMETRY),
        },
        check=rules.names,
    )
    return Shape(
        strip=False,
        keys={
            "title": Text(required=True),
            "topic": Text(required=True, then=rules.topic(dev)),
            "message_text": Text(default="", blank=True),
            "submitter": Text(required=True),
            "authors": Text(default="", blank=True),
            "data": data,
            "submit_to_tns": Flag(null=True),
            "submit_to_mpc": Flag(null=True),
            "submit_to_gcn": Flag(null=True),
        },
    )
