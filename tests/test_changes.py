"""What changed between versions, and where else an event is described. The first example is an observer's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from astropy.coordinates import angular_separation

from tests.factories import NIGHT, circle, notice
from tom_scimma.changes import Said, changes, separation
from tom_scimma.links import links, safe


def said(area=None, distance=None, **fields) -> Said:
    return Said(notice("S1a", **fields), area, distance)


def test_areas_and_classes():
    before = said(1200.0, classification={"BNS": 0.4, "Terrestrial": 0.6})
    after = said(240.0, classification={"BNS": 0.92, "Terrestrial": 0.08})
    assert changes(before, after) == ["90 % area 1,200 to 240 deg²", "BNS 0.4 to 0.92", "Terrestrial 0.6 to 0.08"]


def test_nothing_changed():
    assert changes(said(1200.0), said(1200.0)) == []
    assert changes(said(1200.0), said(1200.4)) == []  # rounding


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({}, {"alert_type": "retraction"}, ["retracted"]),
        ({"alert_type": "retraction"}, {}, ["reinstated after a retraction"]),
        ({"far_hz": 1 / 31557600}, {"far_hz": 1e-2 / 31557600}, ["false-alarm rate 1 per year to 1 per 100 years"]),
        ({"instruments": ("H1",)}, {"instruments": ("H1", "V1")}, ["now with V1"]),
        ({"instruments": ("H1", "L1")}, {"instruments": ("H1",)}, ["now without L1"]),
        ({"time": NIGHT}, {"time": NIGHT + timedelta(seconds=2)}, ["event time moved by 2 s"]),
        ({"properties": {"HasNS": 0.1}}, {"properties": {"HasNS": 0.9}}, ["HasNS 10 % to 90 %"]),
        ({"classification": {}}, {"classification": {"BBH": 1.0, "BNS": 0.0}}, ["classes now known: BBH 1"]),
        ({"sky": None}, {"sky": circle(10, 20, 1)}, ["90 % area now known: 3.14 deg²", "position now known"]),
    ],
)
def test_words(before, after, words):
    assert changes(said(**before), said(**after)) == words


def test_what_the_newer_does_not_say_did_not_change():
    silent = {"far_hz": None, "classification": {}, "instruments": (), "properties": {}, "time": None, "sky": None}
    assert changes(said(100.0, (150.0, 30.0)), said(**silent)) == []


def test_positions():
    words = changes(said(sky=circle(359.9, 10, 0.5)), said(sky=circle(0.1, 10, 0.05)))
    assert words[1:] == ["position moved by 11.8′", "error radius 30′ to 3′"]
    assert words[0].startswith("90 % area")


@pytest.mark.parametrize("points", [(359.9, 10, 0.1, 10), (10, 89.9, 190, 89.9), (0, 0, 180, 0), (12, -80, 12, -80)])
def test_separation_is_astropys(points):
    from numpy import degrees, radians

    assert separation(*points) == pytest.approx(degrees(angular_separation(*radians(points))), abs=1e-9)


def test_links_by_name_and_kind():
    found = {link.label: link.url for link in links("GW", ["S230518h"], [])}
    assert set(found) == {"GraceDB", "Hermes", "Treasure Map", "GCN Circulars"}
    assert found["GraceDB"] == "https://gracedb.ligo.org/superevents/S230518h/view/"
    assert links("OT", ["ZTF23x", "AT 2023abc"], [])[1] == ("TNS", "https://www.wis-tns.org/object/2023abc")


def test_a_link_said_twice_is_shown_once():
    said = [{"gracedb": "https://gracedb.ligo.org/superevents/S230518h/view/"}] * 3
    assert len(links("GW", ["S230518h"], said)) == 4


def test_no_two_links_are_called_the_same():
    said = [
        {"reference 1": "http://gcn.gsfc.nasa.gov/fermi.html", "LightCurve": "https://example.org/a.gif"},
        {"reference 1": "https://www.svom.eu/en/grm/", "LightCurve": "https://example.org/b.gif"},
    ]
    labels = [link.label for link in links("GRB", [], said)]
    assert labels == ["gcn.gsfc.nasa.gov/fermi.html", "LightCurve", "svom.eu/en/grm", "LightCurve (2)"]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "ftp://x/y", "", None, 7, "http://[", "https:"]
)
def test_what_is_no_web_address_is_no_link(url):
    assert not safe(url)
    assert links("GRB", ["GRB 230812B"], [{"x": url}]) == links("GRB", ["GRB 230812B"], [])
