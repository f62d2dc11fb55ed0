"""The stand-in of the Treasure Map: its odd corners and its faults, over real sockets.

Authority: the server's contract as it was observed (bad enumerations, refusals with 200, second links, folded coordinates).
The recorded exchanges are compared by exchanges_check.py, in place.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from contextlib import closing
from urllib.parse import urlsplit

import pytest
import requests

from tom_treasuremap.fake import Fake

PLANNED = {"ra": 100, "dec": -30, "instrumentid": 100, "time": "2025-11-12T20:00:00", "status": "planned"}
DONE = {**PLANNED, "status": "completed", "depth": 20.5, "depth_unit": "ab_mag", "band": "r"}
EVENT = "S251112cm"


@pytest.fixture
def fake():
    with Fake() as fake:
        yield fake


def post(fake: Fake, *rows: dict, path: str = "pointings", token: str = "token", **more) -> requests.Response:
    body = {"graceid": EVENT, "pointings": list(rows), **more} if rows else more
    headers = {"Authorization": f"Bearer {token}"}
    return requests.post(f"{fake.url}/api/v1/{path}", json=body, headers=headers, timeout=10)


def read(fake: Fake, **query) -> list[dict]:
    return requests.get(f"{fake.url}/api/v1/pointings", params=query, timeout=10).json()


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"status": "observed"}, 500, "A database error occurred"),
        ({"status": "PLANNED"}, 500, "A database error occurred"),
        ({"band": "y"}, 500, "A database error occurred"),
        ({"depth_unit": "mag"}, 500, "A database error occurred"),
        ({"dec": float("1e400")}, 500, "A database error occurred"),
        ({"status": 2}, 400, "depth is required for completed observations; depth_unit is required"),
        ({**DONE, "depth": 0}, 400, "depth is required for completed observations"),
        ({**DONE, "band": None, "central_wave": 6000, "bandwidth": 1000}, 400, "band is required"),
        ({"instrumentid": "sinistro"}, 400, "Input should be a valid integer, unable to parse string as an integer"),
        ({"instrumentid": 999}, 200, "Instrument with ID 999 not found"),
        ({"instrumentid": None}, 200, "Field instrumentid is required"),
        ({"id": 999999}, 200, "Pointing with ID 999999 not found or not owned by you"),
        ({"id": 0, "instrumentid": None}, 200, "Field instrumentid is required"),
        ({"time": "yesterday"}, 400, "Input should be a valid datetime or date, input is too short"),
        ({"ra": None, "dec": None, "position": "POINT(10, 20)"}, 400, "Invalid position argument."),
    ],
)
def test_what_is_wrong_with_one_loses_what_the_real_server_loses(fake, change, status, said):
    row = {key: value for key, value in {**PLANNED, **change}.items()}
    import json

    body = json.dumps({"graceid": EVENT, "pointings": [PLANNED, row]})
    headers = {"Authorization": "Bearer token", "Content-Type": "application/json"}
    answer = requests.post(f"{fake.url}/api/v1/pointings", data=body, headers=headers, timeout=10)
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    assert len(read(fake, graceid=EVENT)) == (status == 200)  # one by one only where it is 200


def test_coordinates_are_folded_and_a_missing_status_is_completed(fake):
    bare = {"ra": 350, "dec": 95, "instrumentid": 100}
    assert post(fake, {**PLANNED, "ra": 400}, bare).json()["pointing_ids"] == [700001, 700002]
    rows = {row["id"]: row for row in read(fake, graceid=EVENT)}
    assert rows[700001]["position"] == "POINT(40 -30)"
    assert (rows[700002]["position"], rows[700002]["status"]) == ("POINT(-10 85)", "completed")
    assert rows[700002]["time"] is rows[700002]["depth"] is None


def test_duplicates_are_taken_but_for_a_space(fake):
    assert [len(post(fake, PLANNED).json()["pointing_ids"]) for _ in range(3)] == [1, 1, 1]
    spaced = {**PLANNED, "ra": None, "dec": None, "position": "POINT (1 2)"}
    assert post(fake, spaced).json()["ERRORS"][0][1] == ["Pointing already submitted"]


@pytest.mark.parametrize("status", ["completed", "cancelled", "planned", "observed", None])
def test_an_id_with_whatever_status_completes_and_is_linked_twice(fake, status):
    [identity] = post(fake, {**PLANNED, "band": "r"}).json()["pointing_ids"]
    body = {"id": identity, "status": status, "time": "2025-11-12T21:00:00", "band": "i", "depth": 19}
    assert post(fake, body).json()["pointing_ids"] == [identity]
    first, second = read(fake, graceid=EVENT)
    assert first == second
    assert (first["status"], first["time"], first["band"], first["depth"]) == (
        "completed",
        "2025-11-12T21:00:00",
        "r",
        None,
    )
    assert "already been completed" in post(fake, body).json()["ERRORS"][0][1][0]
    assert len(read(fake, id=identity)) == 1


def test_cancelling_leaves_out_what_is_not_planned_or_not_mine(fake):
    mine = post(fake, PLANNED, DONE).json()["pointing_ids"]
    theirs = post(fake, PLANNED, token="token-other").json()["pointing_ids"]
    answer = post(fake, path="update_pointings", status="cancelled", ids=[*mine, *theirs, 5])
    assert answer.json() == {"message": "Updated 1 pointings successfully."}
    assert post(fake, path="cancel_all", graceid=EVENT, instrumentid=100).json()["message"].startswith("Updated 0")


def test_a_doi_that_fails_leaves_what_was_stored(fake):
    assert post(fake, DONE, request_doi=True).status_code == 500
    assert len(read(fake, graceid=EVENT)) == 1
    long = "https://doi.org/" + "x" * 100
    assert post(fake, DONE, request_doi=True, doi_url=long).status_code == 500
    assert len(read(fake, graceid=EVENT)) == 2
    with Fake(zenodo=True) as other:
        assert post(other, DONE, request_doi=True).json()["DOI"].startswith("https://doi.org/10.5072/")


def test_the_connection_is_dropped_after_the_unexpected_error(fake):
    place = urlsplit(fake.url)
    line = http.client.HTTPConnection(place.hostname, place.port, timeout=10)
    body = json.dumps({"graceid": EVENT, "pointing": DONE, "request_doi": True})
    headers = {"Authorization": "Bearer token", "Content-Type": "application/json"}
    with closing(line):
        line.request("POST", "/api/v1/pointings", body, headers)
        answer = line.getresponse()
        answer.read()
        assert (answer.status, answer.getheader("Connection")) == (500, None)
        assert line.sock.recv(1) == b""  # cut, without a word of it before


@pytest.mark.parametrize("token", ["Bearer token", "bearer token"])
def test_who_is_let_in(fake, token):
    url = f"{fake.url}/api/v1/auth/me"
    assert requests.get(url, headers={"Authorization": token}, timeout=10).json()["username"] == "tomuser"
    assert requests.get(url, headers={"api_token": "token-other"}, timeout=10).json()["username"] == "tomother"
    for headers in ({}, {"Authorization": "Token token"}, {"Authorization": "token"}, {"Authorization": "Bearer x"}):
        assert requests.get(url, headers=headers, timeout=10).status_code == 401
    assert requests.get(url, params={"api_token": "token"}, timeout=10).status_code == 401


@pytest.mark.parametrize(
    ("does", "status", "kind"),
    [
        ("500", 500, "json"),
        ("html", 200, "html"),
        ("html_404", 404, "html"),
        ("429", 429, "json"),
        ("empty", 200, "json"),
    ],
)
def test_faults_that_are_answers(fake, does, status, kind):
    fake.faults.append({"path": "/api/v1/pointings", "times": 1, "do": does})
    answer = requests.get(f"{fake.url}/api/v1/pointings", timeout=10)
    assert (answer.status_code, kind in answer.headers["Content-Type"]) == (status, True)
    assert read(fake) == []  # once was asked for


@pytest.mark.parametrize(("does", "kept"), [("drop", 0), ("drop_after", 1), ("hang", 0), ("500_after", 1), ("half", 1)])
def test_faults_on_the_wire(fake, does, kept):
    fake.faults.append({"path": "/api/v1/pointings", "method": "POST", "do": does, "seconds": 0})
    if does == "500_after":
        assert post(fake, PLANNED).status_code == 500
    else:
        with pytest.raises(requests.RequestException):
            post(fake, PLANNED)
    assert len(read(fake, graceid=EVENT)) == kept


def test_it_runs_by_itself(tmp_path):
    faults = tmp_path / "faults.json"
    faults.write_text('[{"path": "/health", "times": 1, "do": "500"}]')
    command = [sys.executable, "-m", "tom_treasuremap.fake", "--port", "0", "--faults", str(faults)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()
        codes = [requests.get(f"{url}/health", timeout=10).status_code for _ in range(2)]
        process.terminate()
    assert codes == [500, 200]
