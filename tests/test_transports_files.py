"""Requests as files. Authority: csv and astropy for CSV and ECSV; for the ACP plan "About Observing Plans" of its help
(support.dc3.com/plandoc/planfmt.html), read back here by a reader written from that page."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime, timedelta, timezone

import astropy.units as u
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table
from hypothesis import given
from hypothesis import strategies as st

from tests.observatory import DUSK, request, telescope
from tom_treasuremap.followup.request import Exposure
from tom_treasuremap.transports import FORMATS, files, transport, transports
from tom_treasuremap.transports.acp import sexagesimal
from tom_treasuremap.transports.document import document, request_of

TWO = (
    request(1, fixed=True, pos_angle=12.5),
    request(2, exposures=(Exposure("g", 0.5, 2),), extra={"max_airmass": 1.6}),
)


def test_the_table_has_what_a_telescope_may_name():
    assert transport(telescope()).name == "download"
    assert {name: item.name for name, item in transports().items()} == {name: name for name in transports()}
    with pytest.raises(KeyError, match=r"carrier pigeon.*download"):
        transport(telescope(transport="carrier pigeon"))


def test_a_document_says_all_of_a_request():
    for one in TWO:
        assert request_of(json.loads(json.dumps(document(one)))) == one


def test_json_is_read_back():
    said = json.loads(files(TWO, telescope(), "json").data)
    assert said["telescope"] == "tester"
    assert tuple(request_of(row) for row in said["requests"]) == TWO


def test_csv_has_a_row_for_each_filter_and_no_formula():
    bad = request(3, target="=1+1", name='He said "a, b"')
    found = list(csv.DictReader(io.StringIO(files([*TWO, bad], telescope(), "csv").data.decode())))
    assert [(row["order"], row["filter"], row["seconds"], row["count"]) for row in found] == [
        ("1", "g", "60.0", "3"), ("1", "rp", "120.0", "1"), ("2", "g", "0.5", "2"), ("3", "g", "60.0", "3"),
        ("3", "rp", "120.0", "1"),
    ]  # fmt: skip
    assert found[0]["start"] == "2026-11-20T10:00:00.000000Z"
    assert (found[0]["fixed"], found[2]["fixed"]) == ("true", "false")
    assert (found[3]["target"], found[3]["name"]) == ("'=1+1", 'He said "a, b"')
    assert float(found[0]["ra"]) == 150.25


def test_ecsv_is_what_astropy_reads():
    table = Table.read(files(TWO, telescope(), "ecsv").data.decode(), format="ascii.ecsv")
    assert table.meta["telescope"] == "tester"
    assert table["ra"].unit == u.deg
    assert table["seconds"].unit == u.s
    assert list(table["filter"]) == ["g", "rp", "g"]
    assert list(table["fixed"]) == [True, True, False]
    assert list(table["count"]) == [3, 1, 2]
    assert table["ra"][0] == 150.25


def test_nothing_chosen_is_still_a_file():
    for form in FORMATS:
        assert files([], telescope(), form).data


def test_a_file_has_a_name_without_a_way_out_of_its_folder():
    assert files(TWO, telescope(), "acp", name="../../S1 v2/plan").name == "S1-v2-plan.txt"
    assert files(TWO, telescope(), "csv").name == "tester.csv"


def acp(data: bytes) -> tuple[str | None, list[dict]]:
    """When a plan quits, and its targets with the directives before each, as the page has it."""
    quits, found, before = None, [], {}
    for raw in data.decode("ascii").split("\r\n"):
        line = raw.partition(";")[0].strip()
        if not line:
            continue
        if line.startswith("#"):
            word, _, value = line[1:].partition(" ")
            if word == "QUITAT":
                quits = value
            else:
                before[word] = value
            continue
        name, ra, dec = line.split("\t")
        place = SkyCoord(ra, dec, unit=(u.hourangle, u.deg))
        found.append({**before, "name": name, "ra": place.ra.deg, "dec": place.dec.deg})
        before = {}
    return quits, found


def test_an_acp_plan_says_what_is_asked():
    quits, found = acp(files(TWO, telescope(options={"binning": 2}), "acp").data)
    assert quits == "20-Nov-2026 16:00:00"
    assert [row["name"] for row in found] == ["AT2026abc1", "AT2026abc2"]
    first, second = found
    assert first["COUNT"] == "3,1"
    assert first["INTERVAL"] == "60,120"
    assert first["FILTER"] == "g,rp"
    assert first["BINNING"] == "2,2"
    assert first["WAITUNTIL"] == "1, 20-Nov-2026 10:00:00"
    assert (first["POSANG"], second["POSANG"]) == ("12.50", "0.00")  # for every target: it would stay as it was
    assert (second["COUNT"], second["INTERVAL"]) == ("2", "0.5")
    assert first["ra"] == pytest.approx(150.25, abs=1e-5)
    assert first["dec"] == pytest.approx(-30.5, abs=1e-5)


def test_an_acp_plan_asks_no_rotator_where_no_angle_is_wanted():
    _, found = acp(files([request()], telescope(), "acp").data)
    assert "POSANG" not in found[0]


def test_what_people_typed_cannot_become_a_directive():
    bad = request(1, target="#SHUTDOWN\t;x", name="a\r\n#SHUTDOWN", id="x;\n#QUITAT 1")
    _, found = acp(files([bad], telescope(), "acp").data)
    assert len(found) == 1
    assert set(found[0]) <= {"name", "ra", "dec", "COUNT", "INTERVAL", "BINNING", "FILTER", "WAITUNTIL"}
    assert found[0]["name"] == "_SHUTDOWN_x"


@given(st.floats(0, 359.9999999), st.floats(-90, 90))
def test_every_place_survives_an_acp_plan(ra, dec):
    data = files([request(1, ra=ra, dec=dec)], telescope(), "acp").data
    assert not re.search(rb":60[.:]|:60\t", data)
    _, (found,) = acp(data)
    there = SkyCoord(found["ra"], found["dec"], unit="deg")
    assert there.separation(SkyCoord(ra, dec, unit="deg")).arcsec < 0.02


def test_sexagesimal_rounds_once():
    assert sexagesimal(9.99999999, 2) == "10:00:00.00"
    assert sexagesimal(23.99999999999, 3, 24) == "00:00:00.000"


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"ra": 360.0}, "ra", "not from 0 to 360"),
        ({"dec": float("nan")}, "dec", "not from -90"),
        ({"pos_angle": float("inf")}, "pos_angle", "no angle"),
        ({"exposures": ()}, "exposures", "at least one"),
        ({"exposures": (Exposure("H-alpha", 30.0),)}, "filter", "it has: g, rp"),
        ({"exposures": (Exposure("g", 0.0),)}, "seconds", "no time"),
        ({"exposures": (Exposure("g", 30.0, 0),)}, "count", "none"),
        ({"end": DUSK}, "end", "before it begins"),
        ({"end": DUSK + timedelta(seconds=200)}, "end", "300 s"),
        ({"start": datetime(2026, 11, 20, 10)}, "start", "UTC"),
        ({"name": "a\nb"}, "name", "cannot be printed"),
        ({"target": " "}, "target", "empty"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(changes, field, words):
    there = telescope()
    assert transport(there).faults(request(), there) == {}
    found = transport(there).faults(request(1, **changes), there)
    assert list(found) == [field]
    assert words in " ".join(found[field])


def test_nobody_asks_a_telescope_that_is_known_for_its_reports():
    assert "telescope" in transport(telescope()).faults(request(), telescope(reports_only=True))


def test_times_are_utc_whatever_zone_they_came_in():
    eastern = timezone(timedelta(hours=-5))
    one = request(1, start=DUSK.astimezone(eastern))
    assert document(one)["start"] == "2026-11-20T10:00:00.000000Z"
    assert b"#WAITUNTIL 1, 20-Nov-2026 10:00:00" in files([one], telescope(), "acp").data
