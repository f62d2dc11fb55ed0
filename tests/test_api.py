"""REST as the interfaces lists it: events, alerts, messages, localizations, ledger. Who sees what: test_permissions."""

from __future__ import annotations

import io
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from rest_framework.permissions import IsAuthenticated, IsAuthenticatedOrReadOnly

from tests import factories as make
from tests.factories import NIGHT
from tests.messages import gw
from tom_scimma import api, skymap
from tom_scimma.ingest import ingest
from tom_scimma.models import Event, Localization, Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    found = make.known("Fermi GBM 71+3", kind="GRB", sky=skymap.from_gaussian(30.0, 20.0, 3.0, order=3, rounds=3))
    make.many(30)
    return found


def test_every_view_states_its_permissions():
    for view in (api.EventViewSet, api.AlertViewSet, api.MessageViewSet, api.LocalizationViewSet):
        assert view.permission_classes == [IsAuthenticatedOrReadOnly]
    assert api.MessageViewSet.retry.kwargs["permission_classes"] == [IsAuthenticated]


def test_events_are_paged_and_ordered(client: Client, world):
    first = client.get("/api/events/?limit=10").json()
    second = client.get(first["next"]).json()
    assert first["count"] == 28  # three of thirty are tests, and hidden
    assert len(first["results"]) == len(second["results"]) == 10
    times = [row["latest"] for row in first["results"] + second["results"]]
    assert times == sorted(times, reverse=True)
    assert client.get("/api/events/?limit=100000").json()["next"] is None
    far = [row["far_hz"] for row in client.get("/api/events/?kind=GW&ordering=far_hz").json()["results"]]
    assert far == sorted(far)


def test_an_event_is_found_by_its_name(client, world):
    row = client.get("/api/events/Fermi%20GBM%2071+3/").json()
    assert (row["name"], row["kind"], row["protected"]) == ("Fermi GBM 71+3", "GRB", False)
    assert row["time"] == "2026-11-20T02:59:20Z"
    assert client.get("/api/events/nobody/").status_code == 404


@pytest.mark.parametrize(
    "name", ["a/b", "..", "x\ny", "~tilde", "S1.json", "<script>alert(1)</script>", "Ω 7", "a\\b", "100%?#"]
)
def test_any_name_has_an_address(client, name):
    event = make.known(name)
    page = client.get(event.get_absolute_url())
    assert page.status_code == 200
    assert b"<script>alert" not in page.content
    path = client.get("/api/events/").json()["results"][0]["path"]
    from urllib.parse import quote

    for address in (f"/api/events/{quote(path)}/", f"/api/events/{quote(path)}/ledger/"):
        assert client.get(address).status_code == 200
    assert client.get("/events/").status_code == 200


YEAR = 365.25 * 86400
#: a question, and what it must find, said in Python over all events
QUESTIONS = [
    ("", lambda event: event.role != "test"),
    ("kind=GW", lambda event: event.kind == "GW" and event.role != "test"),
    ("role=all", lambda event: True),
    ("role=test", lambda event: event.role == "test"),
    ("state=retracted&role=all", lambda event: event.state == "retracted"),
    ("query=gbm", lambda event: "GBM" in event.name),
    ("query=71%2B3 too", lambda event: "GBM" in event.name),  # by its alias
    ("area_max=40", lambda event: event.area_90 <= 40 and event.role != "test"),
    ("distance_max=110", lambda event: (event.distance_mpc or 999) <= 110 and event.role != "test"),
    ("far_max=1", lambda event: (event.far_hz or 1) * YEAR <= 1 and event.role != "test"),
    ("classification=BBH", lambda event: event.top_class == "BBH" and event.role != "test"),
    (
        "classification=BNS&probability_min=0.4",
        lambda event: event.classification.get("BNS", 0) >= 0.4 and event.role != "test",
    ),
    ("probability_min=0.5", lambda event: (event.top_probability or 0) >= 0.5 and event.role != "test"),
    ("time_after=2026-11-20T02:00", lambda event: event.time >= NIGHT - timedelta(hours=1) and event.role != "test"),
    ("time_before=2026-11-19", lambda event: event.time <= NIGHT - timedelta(hours=27) and event.role != "test"),
    (
        "time_after=2026-11-20T04:00%2B02:00",
        lambda event: event.time >= NIGHT - timedelta(hours=1) and event.role != "test",
    ),
]


@pytest.mark.parametrize(("question", "wanted"), QUESTIONS)
def test_filters(client, world, question, wanted):
    expected = {event.name for event in Event.objects.all() if wanted(event)}
    assert expected
    assert {row["name"] for row in client.get(f"/api/events/?{question}").json()["results"]} == expected
    assert client.get(f"/events/?{question}").context["record_count"] == len(expected)


@pytest.mark.parametrize(
    "question", ["far_max=nan", "area_max=lots", "kind=XX", "time_after=yesterday", "distance_max=inf"]
)
def test_a_bad_filter_is_refused_with_its_name(client, world, question):
    answer = client.get(f"/api/events/?{question}")
    assert answer.status_code == 400
    assert question.split("=")[0] in answer.json()


def test_times_are_utc_whatever_the_tom_s_zone(client, world, settings):
    settings.TIME_ZONE = "Australia/Sydney"
    from django.utils import timezone

    with timezone.override(ZoneInfo("Australia/Sydney")):
        assert client.get("/api/events/Fermi%20GBM%2071+3/").json()["time"] == "2026-11-20T02:59:20Z"
        assert client.get("/api/events/?time_after=2026-11-20T02:00").json()["count"] == 3
        assert "2026-11-20</span> <span>02:59:20" in client.get("/events/").content.decode()


def test_numbers_that_json_has_not_are_null(client):
    make.event("S1a", far_hz=float("inf"))
    answer = client.get("/api/events/S1a/")
    assert answer.status_code == 200
    assert answer.json()["far_hz"] is None


def test_alerts_carry_the_notice(client, world):
    row = client.get("/api/alerts/?event=Fermi GBM 71%2B3").json()["results"][0]
    assert row["document"] == world.alerts.get().document
    assert row["message"] == str(world.alerts.get().message.uid)
    assert row["localizations"] == [world.localization_id]
    assert client.get("/api/alerts/?alert_type=update").json()["count"] == 0
    assert client.get("/api/alerts/?authority=true&live=true&source=LV").json()["count"] == 1
    assert client.get(f"/api/alerts/{row['id']}/").json() == row


def test_the_ledger(client, world):
    said = client.get("/api/events/Fermi%20GBM%2071+3/ledger/").json()
    assert said["event"] == "Fermi GBM 71+3"
    steps = said["alerts"][0]["steps"]
    assert [step["step"] for step in steps][:5] == ["event", "sent", "broker", "received", "committed"]
    assert steps[3] == {
        "step": "received",
        "time": "2026-11-20T03:00:00Z",
        "seconds": 1.0,
        "budget_seconds": 5,
        "late": False,
    }
    assert steps[-1]["time"] is None


def test_a_map_is_a_file_that_ligo_skymap_reads(client, world):
    read_sky_map = pytest.importorskip("ligo.skymap.io").read_sky_map

    row = client.get("/api/localizations/").json()["results"][0]
    answer = client.get(f"/api/localizations/{row['id']}/fits/")
    assert answer["Content-Disposition"].startswith('attachment; filename="Fermi_GBM_71+3-preliminary-')
    table = read_sky_map(io.BytesIO(answer.content), moc=True)
    stored = skymap.unpack(bytes(Localization.objects.get().data))
    assert sorted(table["UNIQ"]) == sorted(stored.uniq)
    assert row["area_90"] == pytest.approx(stored.area(0.9))
    assert client.get(f"/localizations/{row['id']}.fits").content == answer.content


def test_a_map_that_could_not_be_read_has_no_file(client, world):
    Localization.objects.update(error="NaN in it", data=b"")
    assert client.get(f"/api/localizations/{world.localization_id}/fits/").status_code == 404
    assert client.get(f"/localizations/{world.localization_id}.png").status_code == 404
    assert client.get("/api/localizations/").json()["results"][0]["error"] == "NaN in it"


def test_raw_bytes_are_only_ever_saved(client):
    payload = b"<html><script>alert(1)</script></html>"
    message = make.message(payload, topic='a"b\r\nc')
    for address in (f"/api/messages/{message.uid}/raw/", f"/messages/{message.uid}/raw/"):
        answer = client.get(address)
        assert answer.content == payload
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Disposition"] == f'attachment; filename="a_b_c-{message.uid}.json"'


def test_messages(client, world):
    message = make.message(b"{", state="quarantined", error="broken", traceback="Traceback: here", parser="")
    rows = client.get("/api/messages/?state=quarantined").json()
    assert rows["count"] == 1
    assert "traceback" not in rows["results"][0]
    assert client.get(f"/api/messages/{message.uid}/").json()["traceback"] == "Traceback: here"
    assert client.get(f"/api/messages/?query={message.uid}").json()["count"] == 1
    assert client.get("/api/messages/?topic=igwn&received_after=2026-11-20T03:00&query=gbm").json()["count"] == 1
    assert client.get("/api/messages/not-a-uuid/").status_code == 404


def test_retry_over_rest_reads_the_message_again(client):
    result = ingest([gw("S261121a")])[0]
    Message.objects.update(state="quarantined", error="parser of yesterday")
    client.force_login(make.user("someone"))
    answer = client.post(f"/api/messages/{result.uid}/retry/")
    assert (answer.status_code, answer.json()["state"], answer.json()["error"]) == (200, "parsed", "")


def test_a_list_asks_as_often_for_many_as_for_few(client, world, django_assert_max_num_queries):
    for number in range(12):
        make.known(f"S26112{number}x", latest=NIGHT + timedelta(days=1))
    for address in ("/api/events/", "/api/alerts/", "/api/messages/", "/api/localizations/"):
        with django_assert_max_num_queries(4):
            assert client.get(address).json()["count"] > 0


@pytest.mark.parametrize(
    "address",
    [
        "/events/?query=%00",
        "/events/?sort=%00&page=-1",
        "/events/?area_max=1e308&time_after=0001-01-01T00:00%2B14:00",
        "/events/?time_before=9999-12-31T23:59-14:00",
        "/events/%00/",
        "/events/~AA/",
        "/events/~%C3%28/",
        "/events/%FF/",
        f"/events/{'x' * 5000}/",
        f"/events/?query={'x' * 5000}",
        "/events/?query=%25_\\",
        "/messages/?query=%00&topic=%00&sender=%00",
        "/messages/?page=99999999999999999999",
        "/localizations/99999999999999999999.png",
        "/api/events/%00/",
        "/api/events/?limit=-1&offset=99999999999999999999999",
        "/api/alerts/?event=%00&live=perhaps",
        "/api/alerts/abc/",
        "/api/localizations/99999999999999999999/",
        "/api/messages/?received_after=%00",
    ],
)
def test_what_a_stranger_may_type_is_no_error_of_ours(client, world, address):
    assert client.get(address).status_code in (200, 400, 404)
