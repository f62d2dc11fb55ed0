"""The client of the Treasure Map: answers, errors and odd corners, against the stand-in and, where one is named, a real server.

Authority: the server's contract. TREASUREMAP_TEST_URL and TREASUREMAP_TEST_TOKEN name a real server for the tests that
ask `service`; they write test pointings of an event that is a test, and cancel what they planned.
"""

from __future__ import annotations

import os
import socket
import ssl
from contextlib import ExitStack

import pytest
import requests

from tom_scimma.errors import Rejected, ReplyLost, Unavailable
from tom_treasuremap import answers, vocabulary
from tom_treasuremap.client import TreasureMap
from tom_treasuremap.fake import Fake
from tom_treasuremap.rows import rows

REAL = os.environ.get("TREASUREMAP_TEST_URL", "")
EVENT = "MS251112a" if not REAL else os.environ.get("TREASUREMAP_TEST_EVENT", "MS181101ab")


@pytest.fixture
def fake():
    with Fake() as fake:
        yield fake


@pytest.fixture(params=["fake", *(["real"] if REAL else [])])
def service(request):
    if request.param == "real":
        yield TreasureMap(REAL, os.environ.get("TREASUREMAP_TEST_TOKEN", ""))
    else:
        with Fake() as fake:
            yield TreasureMap(fake.url, fake.token)


def mine(fake: Fake, token: str = "token", **waits) -> TreasureMap:
    return TreasureMap(fake.url, token, **{"connect": 2, "read": 5, **waits})


def planned(service: TreasureMap, **more) -> dict:
    instrument = service.instruments()[0]["id"]
    return {
        "ra": 350.5,
        "dec": -30.25,
        "instrumentid": instrument,
        "time": "2025-11-12T20:00:00",
        "status": "planned",
        **more,
    }


def test_a_pointing_is_planned_completed_and_read_back(service):
    [identity] = service.post_pointings(EVENT, [planned(service, band="r", pos_angle=10.0)]).ids
    [row] = service.pointings(ids=[identity])
    assert (row["position"], row["status"], row["band"]) == ("POINT(-9.5 -30.25)", "planned", "r")
    assert service.complete(EVENT, identity, "2025-11-12T21:00:00", 20.0).ids == (identity,)
    found = [row for row in service.pointings(EVENT) if row["id"] == identity]
    assert [(row["status"], row["pos_angle"]) for row in found] == [("completed", 20.0)]  # linked twice, given once
    with pytest.raises(Rejected, match="already been completed"):
        service.complete(EVENT, identity, "2025-11-12T21:00:00")


def test_cancelling_counts_what_was_cancelled(service):
    ids = service.post_pointings(EVENT, [planned(service), planned(service, time="2025-11-12T20:05:00")]).ids
    assert service.cancel([*ids, 999999999]) == 2
    assert service.cancel(ids) == 0


def test_a_wrong_value_is_a_reply_lost_and_stores_nothing(service):
    with pytest.raises(ReplyLost, match="database error"):
        service.post_pointings(EVENT, [planned(service, time="2031-01-01T00:00:00"), planned(service, band="y")])
    assert list(service.pointings(EVENT, planned_after="2030-12-31T00:00:00")) == []


def test_what_the_schema_refuses_is_told_by_field(service):
    with pytest.raises(Rejected) as caught:
        service.post_pointings(EVENT, [planned(service, status="completed")])
    assert list(caught.value.fields) == ["pointings.0"]
    assert caught.value.fields["pointings.0"][0].startswith("depth is required for completed observations")
    assert not str(caught.value).count("Request validation error")


def test_the_servers_lists_of_values_are_ours(service):
    enums = service.enums()
    assert [option["value"] for option in enums["bandpass"]] == list(vocabulary.BANDS)
    assert [option["value"] for option in enums["depth_unit"]] == list(vocabulary.DEPTH_UNITS)
    assert [option["value"] for option in enums["pointing_status"]] == list(vocabulary.STATUSES)
    assert [option["value"] for option in enums["footprint_type"]] == list(vocabulary.FOOTPRINT_TYPES)
    assert [option["value"] for option in enums["footprint_unit"]] == list(vocabulary.FOOTPRINT_UNITS)


def test_names_and_unknown_events(service):
    assert service.names(EVENT)[0] == EVENT
    assert service.names("S999999zz") is None
    assert list(service.pointings("S999999zz")) == []
    with pytest.raises(Rejected, match="does not exist in the database"):
        service.post_pointings("S999999zz", [planned(service)])


def test_alternate_names_lead_to_the_canonical_one(fake):
    assert mine(fake).names("GW170817") == ("S170817a", ("GW170817",))


def test_the_rest_of_the_contract(fake):
    service = mine(fake)
    assert service.me()["username"] == "tomuser"
    made = service.post_instrument(
        instrument_name="Ours", instrument_type=1, footprint_type="Circular", unit="arcmin", radius=30
    )
    assert service.post_footprint(made["id"], "POLYGON((2 0, 2 1, 3 1, 2 0))")["instrumentid"] == made["id"]
    assert len(service.footprints(made["id"])) == 2
    with pytest.raises(Rejected, match="Height and Width are required"):
        service.post_instrument(instrument_name="x", instrument_type=1, footprint_type="Rectangular", unit="deg")
    row = {"ra": 10.0, "dec": 20.0, "candidate_name": "AT1", "discovery_date": "2025-11-12T00:00:00"}
    [identity] = service.post_candidates(EVENT, [{**row, "discovery_magnitude": 19.0, "magnitude_unit": "ab_mag"}])
    assert service.candidates(graceid=EVENT)[0]["id"] == identity
    service.change_candidate(identity, {"position": "POINT(11 21)"})
    assert service.delete_candidates([identity]) == [identity]
    listed = service.post_galaxies(
        EVENT, "2025-11-12T00:05:00", [{"name": "NGC 1", "score": 0.5, "rank": 1, "ra": 10, "dec": 20}]
    )
    assert len(service.galaxies(EVENT, listid=listed)) == 1
    service.remove_galaxies(listed)
    assert service.galaxies(EVENT, listid=listed) == []
    group = service.save_doi_group("Us", [{"name": "A", "affiliation": "B"}])
    assert group in service.doi_groups()
    assert service.doi_authors(group["id"])[0]["name"] == "A"
    done = {**planned(service), "status": "completed", "depth": 20, "depth_unit": "ab_mag", "band": "r"}
    posted = service.post_pointings(EVENT, [done])
    with pytest.raises(ReplyLost):  # Zenodo cannot be reached
        service.request_doi(id=posted.ids[0])
    address, warnings = service.request_doi(ids=list(posted.ids), doi_url="https://doi.org/10.1/x")
    assert (address, warnings) == ("https://doi.org/10.1/x", [])
    assert service.doi_pointings()[0]["id"] == posted.ids[0]
    assert service.cancel_all(EVENT, 100) == 0


def test_a_refused_one_among_others_is_told(fake):
    service = mine(fake)
    posted = service.post_pointings(EVENT, [planned(service), planned(service, instrumentid=999)])
    assert (len(posted.ids), posted.errors) == (1, ("Invalid instrumentid: Instrument with ID 999 not found",))


#: fault, what a write raises, and what a question raises
FAULTS = [
    ("500", ReplyLost, Unavailable),
    ("502", ReplyLost, Unavailable),
    ("429", Unavailable, Unavailable),
    ("503", Unavailable, Unavailable),
    ("302", Rejected, Rejected),
    ("html", ReplyLost, Unavailable),
    ("html_404", Rejected, Rejected),
    ("text", ReplyLost, Unavailable),
    ("empty", ReplyLost, Unavailable),
    ("null", ReplyLost, Unavailable),
    ("200_error", Rejected, Unavailable),
    ("half", ReplyLost, Unavailable),
    ("drop", ReplyLost, Unavailable),
    ("drop_after", ReplyLost, Unavailable),
    ("hang", ReplyLost, Unavailable),
    ("hang_after", ReplyLost, Unavailable),
]


@pytest.mark.parametrize(("does", "writing", "asking"), FAULTS)
def test_every_fault_is_the_error_that_it_must_be(fake, does, writing, asking):
    service = mine(fake, read=0.3)
    row = planned(service)
    fake.observe(EVENT, [{**row, "ra": ra} for ra in range(3)])
    fake.faults += [{"path": "*/pointings", "times": 1, "do": does, "seconds": 2}]
    with pytest.raises(asking) as caught:
        list(service.pointings(EVENT))
    assert "\n" not in str(caught.value)
    assert "<html" not in str(caught.value)
    fake.faults += [{"path": "*/pointings", "times": 1, "do": does, "seconds": 2}]
    with pytest.raises(writing):
        service.post_pointings(EVENT, [row])
    if does in ("429", "503"):
        assert caught.value.retry_after == 3


def test_nobody_there_and_no_name_are_surely_not_received(fake):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for base in (f"http://127.0.0.1:{port}", "http://treasuremap.invalid"):
        with pytest.raises(Unavailable):
            TreasureMap(base, "t", connect=2).post_pointings(EVENT, [{}])


def test_a_line_that_is_never_made_is_surely_not_received():
    """A host behind a wall answers nothing at all: what was not written cannot have arrived, and is tried again."""
    with socket.socket() as wall, ExitStack() as callers:
        wall.bind(("127.0.0.1", 0))
        wall.listen(0)
        for _ in range(4):  # more than it takes: who comes now waits
            caller = callers.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(wall.getsockname())
        with pytest.raises(Unavailable, match="cannot be reached"):
            TreasureMap(f"http://127.0.0.1:{wall.getsockname()[1]}", "t", connect=0.5).post_pointings(EVENT, [{}])


def test_a_broken_line_under_tls_may_have_been_received():
    broken = requests.exceptions.SSLError(ssl.SSLError(1, "[SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC] bad record mac"))
    assert isinstance(TreasureMap("https://127.0.0.1")._lost(broken), ReplyLost)


def test_numbers_that_are_none_are_not_sent(fake):
    with pytest.raises(Rejected, match="not finite"):
        mine(fake).post_pointings(EVENT, [{"ra": float("nan")}])
    assert [asked.method for asked in fake.requests] == []


def test_a_wrong_token_and_none(fake):
    for token in ("wrong", ""):
        with pytest.raises(Rejected, match="Authentication required"):
            mine(fake, token).me()


def test_a_legacy_server_is_told(fake):
    fake.faults.append({"path": "*/enums/all", "do": "html_404"})
    with pytest.raises(Rejected, match="before 2026"):
        mine(fake).enums()


def test_the_token_is_a_header_alone(fake):
    list(mine(fake).pointings(EVENT))
    [asked] = fake.requests
    assert asked.headers["Authorization"] == "Bearer token"
    assert "token" not in str(asked.query) + str(asked.body)


def test_a_slow_answer_is_given_up_in_the_end(fake):
    fake.observe(EVENT, [{**planned(mine(fake)), "ra": ra} for ra in range(20)])
    fake.faults.append({"path": "*/pointings", "do": "slow", "seconds": 20})
    with pytest.raises(Unavailable, match="in full within"):
        list(mine(fake, whole=0.5).pointings(EVENT))


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_rows_come_whole_however_the_text_is_cut(size):
    text = ' [ {"a": "é]}", "b": [1, 2.5e3]} ,\n{"a": "\\"}"},{} ] '.encode()
    chunks = [text[begin : begin + size] for begin in range(0, len(text), size)]
    assert list(rows(chunks, limit=1000)) == [{"a": "é]}", "b": [1, 2500.0]}, {"a": '"}'}, {}]
    assert list(rows([b"[", b" ]"], limit=99)) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "answered nothing"),
        (b'{"message": "no"}', "no list"),
        (b'[{"a": 1}', "ends too early"),
        (b'[{"a": 1}, {"b"', "ends too early"),
        (b'[{"a": 1} {"b": 2}]', "broken"),
        (b"[1, 2]", "is no object"),
        (b"[" + b'{"a": 1},' * 200, "longer than"),
    ],
)
def test_a_broken_list_is_told(text, said):
    with pytest.raises(Unavailable, match=said):
        list(rows([text[:9], text[9:]], limit=1000))


def test_words_of_answers_are_one_line():
    assert answers.short("<!DOCTYPE html><title>Bad  Gateway</title>") == "a web page (Bad Gateway) instead of JSON"
    assert answers.words('{"detail": "Not Found"}') == "Not Found"
    assert answers.refusal(["Object: {}", ["Pointing already submitted"]]) == "Pointing already submitted"
