"""Supernova detectors' state from heartbeats, its page, and the card of a supernova-neutrino event.

Authority: snews-data-formats 1.1 and the older messages of SNEWS's publishing tools; promise 6 of the design (who sees what).
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone as clock

from tests import factories as make
from tom_scimma import detectors, folding, merging
from tom_scimma.ingest import ingest
from tom_scimma.models import Detector, Event, Message, TopicState
from tom_scimma.record import Record

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 5, 1, 2, 10, tzinfo=timezone.utc)


@pytest.fixture(autouse=True)
def tom(settings):
    settings.TOM_SCIMMA = {"TOPICS": {"snews.private": {"groups": ["snews"]}}}


def send(said, topic="snews.alert", *, at=NOW, now=None, headers=()):
    record = Record(topic=topic, payload=json.dumps(said).encode(), received=at, headers=headers)
    return ingest([record], now=now or at)


def beat(name="IceCube", status="ON", sent="2026-03-05T01:02:03.123456789Z", **said):
    return {"detector_name": name, "detector_status": status, "tier": "Heartbeat", "sent_time_utc": sent, **said}


ALERT = {
    "_id": "SNEWS_Coincidence_ALERT 2026-03-05T01:02:09", "alert_type": "COINC_MSG", "detector_names": ["IceCube", "Super-K"],
    "neutrino_times": ["2026-03-05T01:02:03.500000123", "2026-03-05T01:02:03.25"], "p_values": [0.1, 0.05],
    "sent_time": "2026-03-05T01:02:09.5", "False Alarm Prob": "13.5%", "sub list number": 0,
}  # fmt: skip


def test_a_heartbeat_is_the_state_of_its_detector_and_no_message():
    (result,) = send(beat())
    assert (result.state, result.created) == ("dropped", False)
    assert Message.objects.count() == 0
    row = Detector.objects.get()
    assert (row.name, row.status, row.test, row.heard) == ("IceCube", "ON", False, NOW)
    assert row.sent.isoformat() == "2026-03-05T01:02:03.123456+00:00"
    state = TopicState.objects.get()
    assert (state.received, state.dropped) == (1, 0)  # its state is noted: no policy dropped it


def test_the_newest_heartbeat_counts_in_whatever_order_they_come():
    send(beat(sent="2026-03-05T01:02:00"))
    send(beat(status="OFF", sent="2026-03-05T01:04:00"), at=NOW + timedelta(minutes=2))
    send(beat(status="ON", sent="2026-03-05T01:03:00"), at=NOW + timedelta(minutes=2))
    row = Detector.objects.get()
    assert (row.status, row.sent.minute, row.changed.minute) == ("OFF", 4, 4)
    send(beat(status="OFF", sent="2026-03-05T01:05:00"), at=NOW + timedelta(minutes=3))
    row.refresh_from_db()
    assert (row.sent.minute, row.changed.minute) == (5, 4)


def test_tests_have_a_row_of_their_own():
    send(beat())
    send(
        {"detector_name": "IceCube", "machine_time": "2026-03-05T01:02:00", "detector_status": "OFF", "is_test": "True"}
    )
    send(beat(is_firedrill=True, status="OFF"), headers=())
    send(beat(name="LVD"), headers=(("_test", b""),))
    rows = list(Detector.objects.values_list("name", "test", "status"))
    assert rows == [("IceCube", False, "ON"), ("IceCube", True, "OFF"), ("LVD", True, "ON")]


def test_a_clock_that_is_ahead_is_not_believed_and_names_are_bounded():
    send(beat(sent="2036-01-01T00:00:00Z"))
    assert Detector.objects.get().sent == NOW
    ingest(
        [
            Record(
                topic="snews.alert", payload=json.dumps([beat(name=f"d{i}") for i in range(300)]).encode(), received=NOW
            )
        ],
        now=NOW,
    )
    assert Detector.objects.count() == detectors.MOST


def test_lights():
    send(beat())
    send(beat(name="LVD", status="OFF"))
    send(beat(name="KamLAND", status="", sent="2026-03-05T01:02:03Z"))
    send(beat(name="HALO", sent="2026-03-05T00:00:00Z"))
    seen = {state.row.name: (state.light, state.words) for state in detectors.states(AnonymousUser(), NOW)}
    assert seen == {
        "IceCube": ("green", "takes data"),
        "LVD": ("yellow", "alive, takes no data"),
        "KamLAND": ("grey", "alive"),
        "HALO": ("red", "silent"),
    }


def page(client, **headers):
    response = client.get(reverse("tom_scimma:detectors"), **headers)
    assert response.status_code == 200
    return response.content.decode()


def test_the_page_when_none_one_and_a_protected_one_was_heard():
    text = page(Client())
    assert "No detector has been heard" in text
    assert "Supernova detectors</a>" not in Client().get(reverse("tom_scimma:streams")).content.decode()
    now = clock.now()
    send(beat(sent=now.isoformat()), at=now)
    send(beat(name="secret-detector", sent=now.isoformat()), "snews.private", at=now)
    text = page(Client())
    assert "1 of 1 detector heard" in text
    assert "secret-detector" not in text
    assert reverse("tom_scimma:detectors") in Client().get(reverse("tom_scimma:streams")).content.decode()
    assert "<html" not in page(Client(), HTTP_HX_REQUEST="true")
    group = Group.objects.create(name="snews")
    for user, sees in (
        (make.user("stranger", Group.objects.create(name="others")), False),
        (make.user("member", group), True),
        (make.user("root", is_superuser=True), True),
    ):
        client = Client()
        client.force_login(user)
        assert ("secret-detector" in page(client)) is sees


def card(user=None):
    client = Client()
    if user:
        client.force_login(user)
    event = Event.objects.get(name="SNEWS 2026-03-05T01:02:03Z")
    text = client.get(reverse("tom_scimma:event", kwargs={"name": event.name})).content.decode()
    return text.partition("Supernova neutrinos</h2>")[2].partition("</section>")[0]


def test_the_card_of_an_alert_says_who_when_and_how_likely_by_chance():
    send(ALERT)
    send({"detector_name": "IceCube", "tier": "TimingTier", "start_time_utc": "2026-03-05T01:02:03.6", "timing_series": [1, 2],
          "p_val": 0.02, "sent_time_utc": "2026-03-05T01:02:05", "is_test": False})  # fmt: skip
    text = card()
    for words in (
        "IceCube",
        "Super-K",
        "01:02:03.500000",
        "14 %",
        "0.05",
        "SNEWS IceCube: timing",
        "Nobody has said where",
    ):
        assert words in text, words
    assert "fire drill" not in text.lower()


def test_a_detector_s_notice_that_a_person_joined_stands_beside_the_coincidence_and_not_in_its_place():
    """Super-K's notice to GCN is later than SNEWS's alert and says neither who else saw it nor how likely chance is."""
    send(ALERT)
    alert = {"$schema": "https://gcn.nasa.gov/schema/main/gcn/notices/superk/sn_alert.schema.json", "mission": "Super-Kamiokande",
             "id": "SN.260305.000001", "alert_tense": "current", "alert_type": "initial", "trigger_time": "2026-03-05T01:02:03.25Z",
             "alert_datetime": "2026-03-05T01:02:40Z", "ra": 270.82, "dec": 31.46, "ra_dec_error": 0.91}  # fmt: skip
    send(alert, "gcn.notices.superk.sn_alert")
    into, other = Event.objects.get(name__startswith="SNEWS"), Event.objects.get(name__startswith="Super-K")
    with transaction.atomic():
        merging.join(into, other, because="a person said so")
        folding.refold([into])
    text = card()
    for words in ("SNEWS: coincidence", "14 %", "01:02:03.500000", "Super-K: alert", "270.820"):
        assert words in text, words
    assert "/events/Super-K" not in text


def test_a_rate_stands_where_a_probability_is_not_said():
    send({**ALERT, "False Alarm Prob": "Would happen every 1.00e+02 year"})
    page = Client().get(Event.objects.get().get_absolute_url()).content.decode()
    assert "; false alarms 1 per 100 years." in page


def test_a_fire_drill_is_named_as_one_and_stands_apart():
    send({**ALERT, "is_firedrill": True})
    text = card()
    assert "A test or a fire drill" in text
    assert "fire drill</span>" in text
    assert Event.objects.get().role == "test"


def test_a_retraction_says_what_is_taken_back_and_that_no_light_follows():
    send(ALERT)
    assert "Light follows" in card()
    later = {"sent_time": "2026-03-05T01:08:00", "False Alarm Prob": "N/A"}
    send(
        {**ALERT, **later, "_id": "SNEWS_Coincidence_ALERT-RETRACTION 2026-03-05T01:08:00", "alert_type": "RETRACTION"}
    )
    assert Event.objects.get().state == "retracted"
    text = card()
    for words in (
        "SNEWS: retraction",
        "What is taken back",
        "UTC: IceCube, Super-K; the chance that it is none: 14 %",
    ):
        assert words in text, words
    for words in ("Light follows", "Galactic plane"):
        assert words not in text, words


TIER = {
    "uuid": "7efb54ab-269e-4a6f-8f25-6bfca9628569", "tier": "CoincidenceTier", "detector_name": "DUNE", "is_test": False,
    "neutrino_time_utc": "2026-03-05T01:02:03.5", "sent_time_utc": "2026-03-05T01:02:09", "p_val": 0.02,
}  # fmt: skip
BACK = {"tier": "Retraction", "detector_name": "DUNE", "sent_time_utc": "2026-03-05T01:09:00", "is_test": False}


def test_a_detectors_word_that_it_takes_back_promises_no_light_either():
    send(TIER)
    address = Event.objects.get().get_absolute_url()
    assert "Light follows" in Client().get(address).content.decode()
    send({**BACK, "uuid": "0d2b3f6e-95c3-4a53-8a0e-3d5f0a5a1d11", "retract_message_uuid": TIER["uuid"]})
    assert Event.objects.get().state == "retracted"
    text = Client().get(Event.objects.get().get_absolute_url()).content.decode()
    assert "SNEWS DUNE: retraction" in text
    for words in ("Light follows", "Galactic plane"):
        assert words not in text, words


def test_a_retraction_that_names_no_message_is_no_event_and_waits_for_a_person():
    """`retract_latest_n` alone: it made an event of its own that was retracted, and what it meant stayed."""
    send(TIER)
    (result,) = send({**BACK, "uuid": "0d2b3f6e-95c3-4a53-8a0e-3d5f0a5a1d11", "retract_latest_n": 1})
    assert (result.state, Event.objects.get().state) == ("quarantined", "active")
    assert "DUNE takes back the latest it sent (1) and names no message" in Message.objects.get(uid=result.uid).error


def test_a_direction_is_told_where_there_is_one():
    event = make.known("SNEWS 2026-03-05T01:02:03Z", said={"kind": "SN", "source": "SNEWS"})
    Event.objects.filter(pk=event.pk).update(kind="SN")
    alert = event.alerts.first()
    document = {
        **alert.document,
        "kind": "SN",
        "sky": {"type": "circle", "ra_deg": 266.4, "dec_deg": -29.0, "radius_deg": 3.5, "containment": 0.68},
    }
    type(alert).objects.filter(pk=alert.pk).update(kind="SN", source="SNEWS", document=document)
    assert "RA 266.400°" in card()
    assert "within 3.50° (68 %)" in card()


SUPER_K = {
    "$schema": "https://gcn.nasa.gov/schema/main/gcn/notices/superk/sn_alert.schema.json", "id": "SN.095002.000009",
    "mission": "Super-Kamiokande", "messenger": "Neutrino", "alert_type": "initial", "alert_tense": "current",
    "trigger_time": "2026-03-05T01:02:03.4Z", "ra": 266.4, "dec": -29.0, "ra_dec_error": 3.5, "containment_probability": 0.68,
}  # fmt: skip


def test_where_a_detector_says_it_is_stands_beside_the_coincidence_though_it_is_an_event_of_its_own():
    send(ALERT)
    send(SUPER_K, "gcn.notices.superk.sn_alert.real")
    text = card()
    assert "RA 266.400°" in text
    assert "within 3.50° (68 %), from Super-K" in text
    assert text.count("/events/Super-K%20SN.095002.000009/") == 2
    assert "Super-K: alert" in text
    assert "Nobody has said where" not in text


@pytest.mark.parametrize("other", [{"alert_tense": "test"}, {"trigger_time": "2026-03-05T01:03:03.4Z"}])
def test_a_test_or_another_moment_says_nothing_of_this_one(other):
    send(ALERT)
    send({**SUPER_K, **other}, "gcn.notices.superk.sn_alert")
    assert "Super-K SN." not in card()
    assert "Nobody has said where" in card()


def test_what_a_protected_topic_said_is_for_its_groups_and_other_events_have_no_card():
    send(ALERT)
    send({"detector_name": "HALO", "tier": "SignificanceTier", "neutrino_time_utc": "2026-03-05T01:02:04", "p_val": 0.01,
          "sent_time_utc": "2026-03-05T01:02:06"}, "snews.private")  # fmt: skip
    group = Group.objects.get_or_create(name="snews")[0]
    assert "HALO" not in card()
    assert "HALO" not in card(make.user("stranger"))
    member = make.user("member", group)
    Message.objects.get(topic="snews.private").groups.add(group)
    assert "SNEWS HALO: significance" in card(member)
    other = make.known("S260305ab")
    assert (
        "Supernova neutrinos"
        not in Client().get(reverse("tom_scimma:event", kwargs={"name": other.name})).content.decode()
    )
