"""Requests that few would send, to the stand-in of the Treasure Map.

Authority: what pydantic 2.14 and FastAPI 0.165 say to the server's declared fields (asked with its fields written anew), the
server's public source for its own rules and words, and PostgreSQL's manual for LIKE and for a zone in a time that has none.
"""

from __future__ import annotations

import math

import pytest
import requests

from tom_treasuremap.fake import Fake

EVENT = "S251112cm"
PLANNED = {"ra": 100, "dec": -30, "instrumentid": 100, "time": "2025-11-12T20:00:00", "status": "planned"}
CAMERA = {"instrument_name": "N", "instrument_type": 1, "footprint_type": "Polygon", "unit": "deg"}
CANDIDATE = {"candidate_name": "AT", "ra": 350.0, "dec": 20.0, "discovery_magnitude": 18.5, "magnitude_unit": "ab_mag"}
CANDIDATE["discovery_date"] = "2026-01-06T12:00:00+05:00"
GALAXIES = {"graceid": "MS260105a", "timesent_stamp": "Jan 5 2026 00:05", "galaxies": []}
ACCOUNT = {"email": "new@example.org", "username": "newuser", "password": "Good1234"}
AUTHORS = {"name": "A", "affiliation": "B"}


@pytest.fixture(scope="module")
def fake():
    with Fake() as fake:
        yield fake


def ask(fake: Fake, asked: str, body=None, **more) -> requests.Response:
    method, path = asked.split(" ", 1)
    url = fake.url + (path if path.startswith("/a") and "auth" not in path else f"/api/v1{path}")
    headers = {"Authorization": "Bearer token", **more.pop("headers", {})}
    return requests.request(method, url, json=body, headers=headers, timeout=10, **more)


def pointing(**change) -> dict:
    return {"graceid": EVENT, "pointing": {**PLANNED, **change}}


@pytest.mark.parametrize(
    ("asked", "body", "status", "said"),
    [
        # values of enumerations: a number as a float or a truth is one, a list is refused three times over
        ("POST /pointings", pointing(status=1.0), 200, "pointing_ids"),
        ("POST /pointings", pointing(band=[]), 400, "body.pointing.band.int-enum[Bandpass]"),
        ("POST /pointings", pointing(depth_unit=1.5), 400, "Input should be 1, 2, 3 or 4"),
        ("POST /pointings", pointing(depth_unit=1.5), 400, "body.pointing.depth_unit.int"),
        ("POST /update_pointings", {"status": 1.0, "ids": [1]}, 400, "Only 'cancelled' status updates"),
        ("POST /pointings", pointing(position=7), 500, "An unexpected error occurred"),
        # times
        ("POST /pointings", pointing(time="2025-11-14_21:00:00,5-0030"), 200, "pointing_ids"),
        ("POST /pointings", pointing(time="2025-11-14T21"), 400, "unexpected extra characters at the end of the input"),
        ("POST /pointings", pointing(time="0000-01-01"), 400, "year 0 is out of range"),
        ("POST /pointings", pointing(time=1e30), 400, "dates after 9999 are not supported as unix timestamps"),
        ("POST /pointings", {**pointing(), "request_doi": 1.5}, 400, "bool_type"),
        ("POST /pointings", {**pointing(), "request_doi": 2.0}, 400, "bool_parsing"),
        ("POST /pointings", pointing(instrumentid=1e300), 400, "int_parsing_size"),
        ("POST /pointings", pointing(time=".5"), 200, "pointing_ids"),
        ("POST /candidate", {"graceid": EVENT, "candidate": {**CANDIDATE, "magnitude_unit": "1.0"}}, 400, "Invalid magnitude unit: 1.0"),
        ("POST /request_doi", {"id": 999999, "doi_group_id": "TOM group"}, 400, "No valid pointings found"),
        # filters
        ("GET /pointings?ids=[%22x%22]", None, 400, "invalid input syntax for type integer"),
        ("GET /pointings?ids=x", None, 200, "[]"),
        ("GET /instruments?ids=[%22x%22]", None, 500, "A database error occurred"),
        ("GET /instruments?names=[1]", None, 400, "Invalid names format. Must be a JSON array."),
        ("GET /footprints?name=spectrograph", None, 200, "[]"),
        ("GET /instruments?name=spec_rograph", None, 200, "TOM Test Spectrograph"),
        ("GET /event_galaxies?graceid=MS260105a&timesent_stamp=x", None, 400, "Error parsing date"),
        ("GET /grb_moc_file?graceid=MS260105a&instrument=GBM", None, 404, "Path: test/MS260105a-Fermi.json"),
        ("GET /ajax_alertinstruments_footprints?graceid=nope", None, 404, "Alert not found"),
        # cameras
        ("POST /instruments", {**CAMERA, "polygon": None}, 400, "required for polygon footprint"),
        ("POST /instruments", {**CAMERA, "polygon": "[0 0\n0 1\n1 1]#0 0"}, 200, "Invalid polygon bracket format: 0 0"),
        ("POST /instruments", {**CAMERA, "polygon": "0 0\n0 1\n#\n1 1"}, 200, "Invalid coordinate format: #"),
        ("POST /instruments", {**CAMERA, "polygon": "[]#"}, 200, "Polygon must have at least 3 vertices"),
        ("POST /instruments", {**CAMERA, "polygon": "+0 0\n0 1\n1 1", "nickname": "n" * 26}, 200, "varying(25)"),
        ("POST /footprints", {"instrumentid": 102, "footprint": "POLYGON((0 0,0 1,1 1))"}, 400, "closed linestring"),
        ("POST /footprints", {"instrumentid": 102, "footprint": "1.50"}, 400, "encountered number: '1.5'"),
        # candidates and galaxies
        ("PUT /candidate", {"id": 999999, "candidate": {"discovery_date": "20260106"}}, 404, "999999"),
        ("DELETE /candidate/event/x", None, 400, "path.candidate_id"),
        ("POST /candidate/event", {"graceid": "x", "candidate_name": "y", "ra": 361, "dec": 0}, 400, "less than or equal to 360"),
        ("POST /event_galaxies", {**GALAXIES, "creators": [{"name": "a"}]}, 400, "body.creators.0.affiliation"),
        ("POST /event_galaxies", {**GALAXIES, "doi_group_id": []}, 400, "body.doi_group_id.str"),
        ("POST /event_galaxies", {**GALAXIES, "request_doi": True, "doi_group_id": "Nobody's"}, 400, "Invalid DOI group ID"),
        ("POST /event_galaxies", GALAXIES, 200, "Successful adding of 0 galaxies"),
        # accounts
        ("POST /auth/login", {"username": "unverified", "password": "test123"}, 401, "Account not verified."),
        ("POST /auth/login", {"username": " ", "password": ""}, 400, "Username is required"),
        ("POST /register", {**ACCOUNT, "password": "good1234"}, 400, "at least one uppercase letter"),
        ("POST /register", {**ACCOUNT, "email": "tom@example.org"}, 400, "this email address already exists"),
        ("POST /register", {**ACCOUNT, "username": "n" * 26}, 500, "Registration failed. Please try again."),
        ("POST /auth/verify-email", {"verification_token": "x"}, 400, "Invalid verification token"),
        ("GET /doi_authors/1.5", None, 400, "path.group_id"),
        ("GET /admin/users", None, 403, "Only admins can access this endpoint"),
    ],
)  # fmt: skip
def test_it_answers_in_the_real_server_s_words(fake, asked, body, status, said):
    answer = ask(fake, asked, body)
    assert (answer.status_code, said in answer.text) == (status, True), answer.text


@pytest.mark.parametrize(
    ("asked", "data", "status", "said"),
    [
        ("POST /pointings", b"", 400, "Field required"),
        ("POST /pointings", b"\xff{", 400, "There was an error parsing the body"),
        ("POST /pointings", b"{", 400, "JSON decode error"),
        ("GET /pointings?graceid=none", b"{", 200, "[]"),
        ("GET /candidate", b"{}", 400, "Input should be a valid list"),
        ("GET /candidate", b"[1.5]", 400, "body.0"),
    ],
)
def test_a_body_is_read_before_the_token_where_one_is_read_at_all(fake, asked, data, status, said):
    answer = ask(fake, asked, data=data, headers={"Content-Type": "application/json"})
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    if said == "JSON decode error":
        nobody = {"Content-Type": "application/json", "Authorization": ""}
        assert ask(fake, asked, data=data, headers=nobody).text == answer.text


def test_a_planned_pointing_named_twice_in_one_batch_is_completed_once(fake):
    planned = ask(fake, "POST /pointings", pointing()).json()["pointing_ids"][0]
    twice = {"graceid": EVENT, "pointings": [{"id": planned, "pos_angle": 1}, {"id": planned, "pos_angle": 2}]}
    said = ask(fake, "POST /pointings", twice).json()
    assert said["pointing_ids"] == [planned]
    assert "This pointing has already been completed" in said["ERRORS"][0][1][0]
    assert ask(fake, f"GET /pointings?id={planned}").json()[0]["pos_angle"] == 1


def test_a_time_with_its_zone_is_no_duplicate_and_shows_its_zone_when_refused(fake):
    """Compared in Python: a time with a zone equals none without."""
    row = {**PLANNED, "time": "2025-11-20T20:00:00Z", "ra": None, "dec": None, "position": "POINT (1 2)"}
    for body in ({"graceid": EVENT, "pointing": row}, {"graceid": EVENT, "pointing": row}):
        assert len(ask(fake, "POST /pointings", body).json()["pointing_ids"]) == 1
    bare = {"graceid": EVENT, "pointing": {**row, "time": "2025-11-20T20:00:00"}}
    assert "Pointing already submitted" in ask(fake, "POST /pointings", bare).text
    refused = ask(fake, "POST /pointings", {"graceid": EVENT, "pointing": {**row, "instrumentid": 999}}).text
    assert "datetime.datetime(2025, 11, 20, 20, 0, tzinfo=TzInfo(0))" in refused


def test_a_candidate_keeps_its_clock_and_null_takes_a_value_away(fake):
    identity = ask(fake, "POST /candidate", {"graceid": EVENT, "candidate": CANDIDATE}).json()["candidate_ids"][0]
    row = ask(fake, f"GET /candidate?id={identity}").json()[0]
    assert (row["discovery_date"], row["position"]) == ("2026-01-06T12:00:00", "POINT (-10 20)")
    changed = ask(fake, "PUT /candidate", {"id": identity, "candidate": {"discovery_date": None}})
    assert changed.json()["candidate"]["discovery_date"] is None
    assert ask(fake, "PUT /candidate", {"id": identity, "candidate": {"candidate_name": None}}).status_code == 409
    assert ask(fake, "PUT /candidate", {"id": identity, "candidate": {"ra": None}}).status_code == 500
    shown = ask(fake, f"GET /candidate/event?id={identity}").json()[0]
    assert (shown["ra"], shown["dec"], shown["candidate_name"]) == (-10, 20, "AT")
    body = {"graceid": "any", "candidate_name": "B", "ra": 1, "dec": 2}
    assert ask(fake, f"PUT /candidate/event/{identity}", body).json() == {"message": "Candidate updated successfully"}
    assert ask(fake, f"DELETE /candidate/event/{identity}").json() == {"message": "Candidate deleted successfully"}


def test_an_event_s_footprints_follow_the_links_and_any_unknown_status_means_all(fake):
    rows = [{**PLANNED, "time": "2026-01-08T03:00:00"}, {**PLANNED, "time": "2026-01-08T04:00:00", "instrumentid": 101}]
    first, _ = fake.observe("MS260108a", rows)
    path = "GET /ajax_alertinstruments_footprints?graceid=MS260108a"
    assert ask(fake, path).json() == []
    assert len(ask(fake, f"{path}&pointing_status=").json()) == len(ask(fake, f"{path}&pointing_status=x").json()) == 2
    ask(fake, "POST /pointings", {"graceid": "MS260108a", "pointing": {"id": first}})
    done = ask(fake, path).json()
    assert [row["color"] for row in done] == ["#ffe119"]
    assert [row["time"] for row in done[0]["contours"]] == [0.125, 0.125]  # it is linked twice now


def test_sun_and_moon_are_where_astropy_has_them(fake):
    """Authority: the Astronomical Almanac's formula of low precision (0.01 degrees), turned back by precession to J2000."""
    found = ask(fake, "GET /sun_moon_positions?time_of_signal=2019-04-25T08:18:26.000000Z").json()
    assert found["time_of_signal"] == "2019-04-25T08:18:26.000000Z"
    days = 7053.8461  # since J2000
    mean = math.radians(357.528 + 0.9856003 * days)
    long = math.radians(
        280.460 + 0.9856474 * days + 1.915 * math.sin(mean) + 0.020 * math.sin(2 * mean) - 0.01397 * days / 365.25
    )
    tilt = math.radians(23.439)
    assert found["sun_ra"] == pytest.approx(
        math.degrees(math.atan2(math.cos(tilt) * math.sin(long), math.cos(long))), abs=0.03
    )
    assert found["sun_dec"] == pytest.approx(math.degrees(math.asin(math.sin(tilt) * math.sin(long))), abs=0.03)
    assert set(found) == {"sun_ra", "sun_dec", "moon_ra", "moon_dec", "time_of_signal"}


def test_an_account_gets_its_token_by_the_mail_that_is_not_sent(fake):
    asked = ask(fake, "POST /register", {**ACCOUNT, "username": "verified-later", "email": "later@example.org"}).json()
    assert (asked["email"], asked["verification_required"]) == ("later@example.org", True)
    secret = fake.world.users[-1]["verification_token"]
    assert ask(fake, "POST /auth/verify-email", {"verification_token": secret}).json()["verified"] is True
    told = ask(fake, "POST /auth/login", {"username": "later@example.org", "password": ACCOUNT["password"]}).json()
    assert len(told["user"]["api_token"]) == 64
    assert ask(fake, "POST /auth/resend-verification?email=nobody@example.org").json()["verification_required"] is True


def test_a_group_of_authors_may_be_named_where_its_number_is_text(fake):
    done = {**PLANNED, "status": "completed", "depth": 20.5, "depth_unit": "ab_mag", "band": "r"}
    identity = ask(fake, "POST /pointings", {"graceid": "MS260104a", "pointing": done}).json()["pointing_ids"][0]
    body = {"id": identity, "doi_url": "https://doi.org/10.5281/zenodo.1", "doi_group_id": "Other group"}
    assert ask(fake, "POST /request_doi", body).json()["message"] == "Invalid DOI group ID"
    assert ask(fake, "POST /request_doi", {**body, "doi_group_id": "TOM group"}).status_code == 200
