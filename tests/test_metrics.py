"""GET /scimma/metrics, read back by Prometheus' own parser. Authority: that parser, and promise 6."""

from __future__ import annotations

import pytest
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from tests import stations
from tests.messages import igwn, record
from tom_scimma.ingest import ingest

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tom(settings):
    settings.TOM_SCIMMA = stations.TOM


def scrape(client):
    response = client.get("/scimma/metrics")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain")
    families = text_string_to_metric_families(response.content.decode())
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value for family in families for sample in family.samples
    }


def test_topics_and_consumers(client):
    stations.listener(age=10, restarts=3, handled=500)
    stations.topic("igwn.gwalert", received=100, dropped=7, quarantined=2, lag=9)
    stations.message(state="quarantined")
    found = scrape(client)
    at = ("igwn.gwalert", "lab")
    assert found[("tom_scimma_messages_received_total", *at)] == 100
    assert found[("tom_scimma_messages_dropped_total", *at)] == 7
    assert found[("tom_scimma_messages_quarantined_total", *at)] == 2
    assert found[("tom_scimma_quarantine", *at)] == 1
    assert found[("tom_scimma_lag", *at)] == 9
    assert abs(found[("tom_scimma_last_message_timestamp_seconds", *at)] - timezone.now().timestamp()) < 30
    assert 10 <= found["tom_scimma_listener_beat_age_seconds", "fast", "host:1", "lab"] < 30
    assert found["tom_scimma_listener_restarts_total", "fast", "host:1", "lab"] == 3
    assert found["tom_scimma_up",] == 1


def test_protected_topics_are_added_up_under_one_label(client, settings):
    settings.TOM_SCIMMA = {**stations.TOM, "TOPICS": {"ours.*": {"groups": ["ours"]}}}
    stations.topic("ours.secret", received=100, lag=1)
    stations.topic("ours.other", received=11, lag=None)
    assert b"ours" not in client.get("/scimma/metrics").content
    found = scrape(client)
    assert found["tom_scimma_messages_received_total", "lab", "protected"] == 111
    assert found["tom_scimma_lag", "lab", "protected"] == 1


def test_a_quiet_tom_has_metrics_too(client, settings):
    settings.TOM_SCIMMA = {}
    assert scrape(client)["tom_scimma_up",] == 1


def test_medians_of_the_ledger(client):
    now = timezone.now()
    ingest([record(igwn(minutes=1, now=now), "igwn.gwalert", now=now)], now=now)
    found = scrape(client)
    assert found["tom_scimma_latency_median_seconds", "received"] == 0
    assert 0 <= found["tom_scimma_latency_median_seconds", "committed"] < 10


def test_odd_names_do_not_break_the_format(client):
    stations.topic('a"b\\c\nd', received=1)
    assert scrape(client)["tom_scimma_messages_received_total", 'a"b\\c\nd', "lab"] == 1
