"""Notices in other forms and back.

Authority: the IVOA's VOEvent-v2.0.xsd (as the Comet broker ships it, which refuses what is not valid against it), XML 1.0,
RFC 8259, and our own decode and parsers, by which another TOM would read what we wrote.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.notices import FOLDER, raw
from tom_scimma import notice as normal
from tom_scimma import parsers
from tom_scimma.decode import decode
from tom_scimma.errors import ScimmaError, Unparsable
from tom_scimma.notice import Cite, Notice, Sky
from tom_scimma.translate import FORMS, carried, ivorn, to_text, to_voevent, translate

OURS = "ivo://tom.example.org/alerts"
NIGHT = datetime(2026, 11, 20, 3, 0, 1, 234567, tzinfo=timezone.utc)
#: everything a notice can say, and everything that is awkward to write
FULL = Notice(
    event="GRB 261120A",
    aliases=("Fermi GBM 713543507", "713543507", "a <b> & 'c' \"d\""),
    kind="GRB",
    alert_type="update",
    role="observation",
    source="Fermi GBM",
    id="ivo://nasa.gsfc.gcn/Fermi#GBM_Gnd_Pos_2026",
    time=NIGHT,
    sent=NIGHT + timedelta(seconds=30),
    instruments=("GBM", "n0, n1"),
    far_hz=3.0000000000000004e-9,
    classification={"GRB": 0.93, "odd\nname": 0.07},
    properties={"duration_s": 2.1, "significant": True, "SNR": "12.5", "word": "true", "count": 3, "a = b": "ü≠\u2028"},
    sky=Sky("ellipse", 359.99999999999994, -89.5, 3.5, 0.9, (3.5, 1.25), 45.0, "ab" * 32, "https://example.org/map.fits?a=1&b=2"),
    distance_mpc=(120.5, 30.25),
    cites=(Cite("ivo://nasa.gsfc.gcn/Fermi#GBM_Flt_Pos_2026", "supersedes"), Cite("S261120b", "coincidence")),
    links={"GCN": "https://gcn.nasa.gov/circulars/1", "1": "http://example.org/ü"},
    text="Line one <&>\r\n\tline two ]]> \x00\x07 end\n\n",
    extra={"nan": float("nan"), "huge": 10**400,
           "large": 2**70, "list": [1, {"a": None, "b": [True, -0.0]}], "": "no name", "text": "null", "h": "\ud800"},
)  # fmt: skip


@cache
def schema():
    """The IVOA's schema."""
    import comet
    from lxml import etree

    return etree.XMLSchema(etree.parse(str(Path(comet.__file__).parent / "schema" / "VOEvent-v2.0.xsd")))


def assert_valid(xml: bytes) -> None:
    from lxml import etree

    schema().assertValid(etree.fromstring(xml))


def again(notice: Notice, form: str) -> Notice:
    """The notice as another TOM reads what we write, by way of bytes."""
    said = translate(notice, form, authority=OURS)
    (found,) = parsers.parse("some.topic", decode(raw(said.data, said.format))).notices
    return found


#: characters of every sort, lone surrogates and controls too; fewer of the many
TEXT = st.text(st.characters(), max_size=12)
NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=12)
FLOATS = st.floats()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
TIMES = st.none() | st.datetimes(timezones=st.just(timezone.utc))
SKIES = st.builds(
    Sky,
    type=st.sampled_from(normal.SKY_TYPES),
    ra_deg=st.none() | FLOATS,
    dec_deg=st.none() | FLOATS,
    radius_deg=st.none() | FLOATS,
    containment=st.none() | FLOATS,
    semi_axes_deg=st.none() | st.tuples(FLOATS, FLOATS),
    angle_deg=st.none() | FLOATS,
    skymap_sha256=st.none() | TEXT,
    skymap_url=st.none() | TEXT,
)
NOTICES = st.builds(
    Notice,
    event=NAMES,
    kind=st.sampled_from(normal.KINDS),
    alert_type=st.sampled_from(normal.ALERT_TYPES),
    source=NAMES,
    role=st.sampled_from(normal.ROLES),
    aliases=st.lists(TEXT, max_size=3).map(tuple),
    id=st.none() | TEXT,
    time=TIMES,
    sent=TIMES,
    instruments=st.lists(TEXT, max_size=3).map(tuple),
    far_hz=st.none() | FLOATS,
    classification=st.dictionaries(TEXT, FLOATS, max_size=3),
    properties=st.dictionaries(TEXT, st.booleans() | st.integers() | FLOATS | TEXT, max_size=4),
    sky=st.none() | SKIES,
    distance_mpc=st.none() | st.tuples(FLOATS, FLOATS),
    cites=st.lists(st.builds(Cite, TEXT, st.sampled_from(normal.RELATIONS)), max_size=3).map(tuple),
    links=st.dictionaries(TEXT, TEXT.map("https://example.org/".__add__), max_size=2),
    text=st.none() | TEXT,
    extra=st.dictionaries(TEXT, JSON, max_size=3),
)
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@MANY
@given(NOTICES)
def test_what_is_written_reads_back_as_it_was_in_every_form_and_is_valid(notice):
    expected = carried(notice)
    for form in FORMS:
        assert again(notice, form) == expected, form
    assert_valid(to_voevent(notice, OURS))


@pytest.mark.parametrize("form", FORMS)
def test_everything_a_notice_says_comes_back(form):
    found = again(FULL, form)
    assert found == carried(FULL)
    unlabelled = raw(translate(FULL, form, authority=OURS).data)
    assert parsers.parse("some.topic", decode(unlabelled)).notices == (found,)
    assert found.to_json() == carried(FULL).to_json()  # True is not 1 there, nor "12.5" the number
    assert found.far_hz == 3.0000000000000004e-9
    assert found.properties["SNR"] == "12.5"
    assert found.text == "Line one <&>\n\tline two ]]> \ufffd\ufffd end"
    assert found.extra == {
        "nan": None, "huge": None, "large": 2.0**70,
        "list": [1, {"a": None, "b": [True, -0.0]}], "": "no name", "text": "null", "h": "\ufffd",
    }  # fmt: skip


def test_the_full_voevent_is_valid_and_says_it_where_the_standard_has_it():
    from lxml import etree

    xml = to_voevent(FULL, OURS)
    assert_valid(xml)
    root = etree.fromstring(xml)
    assert root.get("ivorn") == ivorn(FULL, OURS)
    assert root.findtext("WhereWhen//ISOTime") == "2026-11-20T03:00:01.234567"
    assert float(root.findtext("WhereWhen//C1")) == 359.99999999999994
    assert float(root.findtext("WhereWhen//Error2Radius")) == 3.5
    assert root.find("What/Param[@name='FAR']").get("unit") == "Hz"
    assert [cite.get("cite") for cite in root.iterfind("Citations/EventIVORN")] == ["supersedes"]
    assert root.find("How/Reference").get("uri") == "https://gcn.nasa.gov/circulars/1"
    assert root.find("Why/Inference").get("probability") == "0.93"


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_our_samples_of_every_kind_survive_every_form(path):
    """Whatever a parser made of a message, nothing is lost on the way through another form."""
    try:
        notices = parsers.parse("file", decode(raw(path.read_bytes()))).notices
    except ScimmaError:
        return
    for notice in notices:
        assert_valid(to_voevent(notice, OURS))
        for form in FORMS:
            assert again(notice, form) == carried(notice)
            assert carried(notice) == replace(notice, skymaps={}, text=carried(notice).text)


def test_the_ivorn_is_that_of_what_is_said():
    assert ivorn(FULL, OURS) == ivorn(replace(FULL, skymaps={"skymap": b"x"}), OURS)
    assert ivorn(FULL, OURS) != ivorn(replace(FULL, text="other"), OURS)
    assert ivorn(FULL, OURS).startswith(f"{OURS}#GRB-261120A-")


@pytest.mark.parametrize(
    "authority",
    ["", "tom.example.org", "ivo://x", "ivo://tom.example.org/", "ivo://tom.example.org/a b", "ivo://a.b/c#d"],
)
def test_an_authority_that_is_none_is_refused(authority):
    with pytest.raises(ValueError, match="IVORN"):
        to_voevent(FULL, authority)


def test_the_broker_takes_our_ivorns():
    """Comet refuses identifiers that are none, and those without a local part."""
    from comet.utility import parse_ivoid

    assert parse_ivoid(ivorn(replace(FULL, event="GRB ü/#%"), OURS))[2].startswith("GRB-")


def test_the_text_is_a_circular_in_shape():
    head, _, body = to_text(FULL).partition("\n\n")
    assert head.startswith(
        "TITLE:     NOTICE\nNUMBER:    -\nSUBJECT:   GRB 261120A: Fermi GBM update\nDATE:      26/11/20 03:00:31 GMT\n"
    )
    assert "FROM:      Fermi GBM\n" in head
    assert body == "Line one <&>\n\tline two ]]> \ufffd\ufffd end"


def test_a_form_that_is_none_is_named():
    with pytest.raises(ValueError, match="'pdf' is none of json, voevent, text"):
        translate(FULL, "pdf", authority=OURS)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("kind", "XX"), ("far_hz", "fast"), ("time", "yesterday"), ("time", "2026-11-20T03:00:00"), ("aliases", [1]), ("aliases", 5),
        ("sky", {"type": "point", "ra_deg": "1h"}), ("sky", {"type": "point", "planet": 1}), ("sky", [1]), ("distance_mpc", [1]),
        ("classification", {"BNS": "much"}), ("classification", []), ("links", {"a": "javascript:alert(1)"}), ("cites", [{"id": "x"}]),
        ("event", ""), ("event", "x" * 300), ("source", None), ("properties", {"a": {"b": 1}}), ("extra", []), ("text", 3),
    ],
)  # fmt: skip
def test_a_normal_form_that_somebody_garbled_is_not_believed(key, value):
    document = {**json.loads(translate(FULL, "json", authority=OURS).data), key: value}
    with pytest.raises(Unparsable):
        parsers.parse("x", decode(raw(json.dumps(document).encode())))


def test_hops_dict_of_our_voevent_reads_the_same():
    """hop turns a VOEvent into a dict, in which one child is no list."""
    from hop.models import VOEvent

    for notice in (FULL, replace(FULL, aliases=("one",), classification={}, extra={}, cites=(), text=None)):
        hops = VOEvent.load(to_voevent(notice, OURS).decode())
        payload = json.dumps({key: said for key, said in vars(hops).items() if key != "_raw"}).encode()
        (found,) = parsers.parse("x", decode(raw(payload, "voevent"))).notices
        assert replace(found, text=None) == replace(carried(notice), text=None)
