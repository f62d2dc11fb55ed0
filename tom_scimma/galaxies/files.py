"""An event's galaxies as a file: CSV for people, VOTable for programs, the same columns in both."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from tom_scimma import wording
from tom_scimma.galaxies.event import HOSTS, WEIGHTS, Found

#: name, unit, what it is; then those of a ranked list, and those of a list of hosts
COMMON = (
    ("rank", "", "1 is the best"),
    ("catalog_id", "", "identifier in the catalogue"),
    ("name", "", "name"),
    ("ra", "deg", "right ascension, ICRS"),
    ("dec", "deg", "declination, ICRS"),
    ("distance", "Mpc", "luminosity distance"),
    ("distance_sd", "Mpc", "its standard deviation"),
    ("distance_from", "", "how the distance is known"),
    ("redshift", "", "redshift"),
)
RANKED = (
    ("score", "", "share of all galaxies' probability times weight"),
    ("sum", "", "sum of the scores up to here"),
    ("level", "", "2D credible level of the position"),
    ("sd", "", "standard deviations from the map's distance there"),
    ("weight", "", "in units of the Sun; empty: not known"),
)
OFFSETS = (
    ("offset", "arcsec", "from the event's position"),
    ("sigmas", "", "the same in standard deviations of the position"),
    ("kpc", "kpc", "projected, at the galaxy's distance"),
    ("radii", "", "the same in half-light radii"),
    ("r", "mag", "apparent r magnitude, given or worked out"),
    ("chance", "", "probability of chance coincidence"),
)
MAGNITUDES = tuple((f"mag_{band}", "mag", f"apparent {band.upper()} magnitude") for band in ("b", "r", "k", "w1"))
MASS = (("mass", "solMass", "stellar mass"),)


def columns(found: Found) -> tuple[tuple[str, str, str], ...]:
    """(name, unit, words) of each column."""
    return (*COMMON, *(OFFSETS if found.how == HOSTS else RANKED), *MAGNITUDES, *MASS)


def rows(found: Found) -> Iterator[dict[str, Any]]:
    """A dict a galaxy, in the list's order; None where nothing is known."""
    for line in found.lines(found.order):
        galaxy = line["galaxy"]
        yield {
            **line,
            "catalog_id": galaxy.ident,
            **{name: getattr(galaxy, name) for name in ("name", "ra", "dec", "distance_from", "redshift", "mass")},
            **{name: getattr(galaxy, name) for name, _, _ in MAGNITUDES},
        }


def plain(found: Found) -> list[dict[str, Any]]:
    """The list for JSON: the columns of the files alone."""
    names = [name for name, _, _ in columns(found)]
    return [{name: row[name] for name in names} for row in rows(found)]


def summary(found: Found) -> dict[str, Any]:
    """What the list is, for JSON."""
    many = found.hosts.found if found.hosts is not None else found.ranked.in_volume if found.ranked is not None else 0
    return {
        "event": found.event.name,
        "alert": found.map.alert_id if found.map is not None else None,
        "catalog": str(found.catalog),
        "how": found.how,
        "weight": found.weight if found.how != HOSTS else None,
        "count": many,
        "listed": len(found),
        "completeness": found.complete,
        "completeness_by": found.complete_by or None,
        "about": about(found),
    }


def about(found: Found) -> str:
    """What the list is, in a sentence."""
    assert found.map is not None
    said = [f"Galaxies of {found.catalog} for {found.event.name}, {found.map.source} {found.map.alert_type}"]
    if found.how == HOSTS:
        said.append("possible hosts by probability of chance coincidence (Bloom et al. 2002)")
    else:
        place = "3D probability" if found.ranked is not None and found.ranked.three_d else "2D probability"
        said.append(f"ranked by {place} times {WEIGHTS[found.weight]}")
        if found.complete is not None:
            said.append(
                f"completeness of the catalogue at that distance {wording.percent(found.complete)} ({found.complete_by})"
            )
    return "; ".join(said)


def to_csv(found: Found) -> bytes:
    """The list as CSV in UTF-8, with a comment before the names of the columns."""
    out = io.StringIO()
    out.write(f"# {about(found)}\n")
    names = [name for name, _, _ in columns(found)]
    write = csv.writer(out, lineterminator="\n")
    write.writerow(names)
    for row in rows(found):
        write.writerow(["" if row[name] is None else row[name] for name in names])
    return out.getvalue().encode()


HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
<RESOURCE type="results">
<TABLE>
<DESCRIPTION>{about}</DESCRIPTION>
{fields}
<DATA><TABLEDATA>
"""
TAIL = "</TABLEDATA></DATA>\n</TABLE>\n</RESOURCE>\n</VOTABLE>\n"


def to_votable(found: Found) -> bytes:
    """The list as a VOTable 1.4; what is not known is an empty cell.

    Written here: astropy 7.2's writer in C writes past its buffer when a row is as long as that, and takes the process
    with it.
    """
    names = [name for name, _, _ in columns(found)]
    out = [HEAD.format(about=escape(about(found)), fields="\n".join(map(_field, columns(found))))]
    for row in rows(found):
        cells = "".join(f"<TD>{'' if row[name] is None else escape(str(row[name]))}</TD>" for name in names)
        out.append(f"<TR>{cells}</TR>\n")
    return "".join([*out, TAIL]).encode()


def _field(column: tuple[str, str, str]) -> str:
    name, unit, words = column
    texts = 'datatype="char" arraysize="*"'
    kinds = {"rank": 'datatype="long"', "catalog_id": texts, "name": texts, "distance_from": texts}
    kind, of = kinds.get(name, 'datatype="double"'), f' unit="{unit}"' if unit else ""
    return f'<FIELD name="{name}" ID="{name}" {kind}{of}><DESCRIPTION>{escape(words)}</DESCRIPTION></FIELD>'
