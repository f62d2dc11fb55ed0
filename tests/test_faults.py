"""Everything a sender can do wrong ends as a correct or quarantined row with a clear message, and its page opens."""

import gzip
import io
import tracemalloc

import numpy as np
import pytest
from astropy.table import Table
from django.test import Client

from tests.messages import NOW, gw, igwn, record, wxt
from tom_scimma.ingest import ingest
from tom_scimma.models import Event, Localization, Message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("usual_garbage")]


def hear(*records):
    return ingest(list(records), now=NOW)


def fits(**columns) -> bytes:
    """A multi-order map of twelve base pixels as FITS, with some columns or header cards replaced."""
    meta = {"PIXTYPE": "HEALPIX", "ORDERING": "NUNIQ", "INDXSCHM": "EXPLICIT", "MOCORDER": 0, **columns.pop("meta", {})}
    table = {"UNIQ": np.arange(4, 16), "PROBDENSITY": np.full(12, 1 / (4 * np.pi)), **columns}
    out = io.BytesIO()
    Table(table, meta=meta).write(out, format="fits")
    return out.getvalue()


def density(**changes) -> np.ndarray:
    values = np.full(12, 1 / (4 * np.pi))
    for pixel, value in changes.items():
        values[int(pixel[1:])] = value
    return values


MAPS = {
    "a NaN": fits(PROBDENSITY=density(p3=np.nan)),
    "a negative probability": fits(PROBDENSITY=density(p3=-1.0)),
    "no probability at all": fits(PROBDENSITY=np.zeros(12)),
    "a pixel number that no order has": fits(UNIQ=np.array([3, *range(5, 16)])),
    "the same pixel twice": fits(UNIQ=np.array([4, *range(4, 15)])),
    "an order below its pixels'": fits(UNIQ=np.array([*range(4, 15), 4 * 4**5 + 11 * 4**5]), meta={"MOCORDER": 2}),
    "half a file": fits()[:5800],
    "no table": fits()[:2880],
    "not FITS": b"SIMPLE, but no map",
    "another table": fits(PROBDENSITY=np.array(["a"] * 12)),
}


@pytest.mark.parametrize("name", MAPS)
def test_a_wrong_map_costs_the_map_and_not_the_alert(name, client):
    (result,) = hear(gw(skymap=MAPS[name]))
    event = Event.objects.get()
    assert (result.state, event.far_hz) == ("parsed", 1e-9)
    assert event.localization is None
    problem = (
        "".join(Localization.objects.values_list("error", flat=True))
        or event.alerts.get().document["extra"]["skymap_error"]
    )
    assert len(problem) > 10
    assert client.get(event.get_absolute_url()).status_code == 200


def test_an_unnormalised_map_is_used_and_its_areas_are_those_of_the_normalised_one():
    hear(gw("S261121a", skymap=fits()), gw("S261121b", skymap=fits(PROBDENSITY=density() * 0.9)))
    a, b = Event.objects.order_by("name")
    assert a.area_90 == pytest.approx(b.area_90)


BOMBS = {
    "broken JSON": b'{"superevent_id": "S261121a", ',
    "truncated Avro": b"Obj\x01\x04\x14avro.codec\x08null\x16avro.schema",
    "an XML bomb": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
    + b"]><x>&j;</x>",
    "an XML file of its reader's": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "2 GB once decompressed": gzip.compress(gzip.compress(b"\0" * 2**21) + b"\0" * 2**27, 1),
    "nesting": b"[" * 100_000,
    "nested objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "nothing": b"",
    "bytes": bytes(range(256)) * 40,
}


@pytest.mark.parametrize("topic", ["igwn.gwalert", "gcn.notices.swift.bat.guano"])
@pytest.mark.parametrize("form", ["", "json", "avro", "voevent", "blob"])
@pytest.mark.parametrize("name", BOMBS)
def test_what_cannot_be_read_is_quarantined_with_its_bytes(name, form, topic):
    headers = (("_format", form.encode()),) if form else ()
    tracemalloc.start()
    (result,) = hear(record(BOMBS[name], topic, headers=headers))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    message = Message.objects.get()
    assert result.state == "quarantined", message.error
    assert message.error
    assert message.traceback
    assert message.body.payload == BOMBS[name]
    assert peak < 200e6
    assert hear(gw())[0].state == "parsed"


@pytest.mark.parametrize(
    "name",
    [
        "S261121\x00a",
        "S261121a\n\x1b[31m",
        "<script>alert(1)</script>",
        "S261121a\ud800",
        "S" * 10_000,
        "",
        None,
        7,
        ["S261121a"],
        {},
    ],
)
def test_ids_of_any_kind_end_in_a_row(name, client):
    results = hear(gw(name), record(wxt(event_name=name, id=name), "gcn.notices.einstein_probe.wxt.alert"))
    assert {result.state for result in results} <= {"parsed", "quarantined"}
    assert Message.objects.count() == 2
    for event in Event.objects.all():
        page = client.get(event.get_absolute_url())
        assert page.status_code == 200
        assert b"<script>alert(1)" not in page.content
    for message in Message.objects.all():
        assert client.get(message.get_absolute_url()).status_code == 200
    assert client.get("/events/").status_code == 200


@pytest.mark.parametrize(
    "time",
    ["0000-01-01T00:00:00Z", "-1", "9999999-01-01", "2026-02-31T25:61:00Z", "yesterday", 0, 1e300, None, [], {"a": 1}],
)
def test_impossible_times_are_none_and_kept_as_said(time):
    document = igwn()
    document["event"]["time"] = time
    document["time_created"] = time
    results = hear(
        record(document, "igwn.gwalert"),
        record(wxt(trigger_time=time, alert_datetime=time), "gcn.notices.einstein_probe.wxt.alert"),
    )
    assert {result.state for result in results} <= {"parsed", "quarantined"}
    for event in Event.objects.all():
        assert event.time is None or event.time.year > 1900
        assert Client().get(event.get_absolute_url()).status_code == 200


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e400, "1e-9", "", [], -1, True])
def test_numbers_that_are_none(value):
    results = hear(
        gw(far=value, classification={"BNS": value}, properties={"HasNS": value}),
        record(wxt(ra=value, dec=value, ra_dec_error=value), "gcn.notices.einstein_probe.wxt.alert"),
    )
    assert {result.state for result in results} <= {"parsed", "quarantined"}
    for event in Event.objects.all():
        assert Client().get(event.get_absolute_url()).status_code == 200
    assert Client().get("/events/").status_code == 200
