"""A topic that keeps only what matches: the deluge is counted and not stored, and what matters here is."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from tom_targets.models import Target

from tests import factories as make
from tests.embedded import Embedded, Tom, wait_for
from tests.messages import NOW, gw, record
from tom_scimma import candidates, skymap
from tom_scimma.ingest import ingest
from tom_scimma.models import Alert, Event, Match, Message, Subscription, TopicState

TOPIC = "lsst.alerts"


def rubin(number: int, ra: float = 100.0, dec: float = -30.0, **values) -> dict:
    """A packet in the shape of Rubin's schema 9: one detection of an object."""
    source = {"diaSourceId": 10**17 + number, "diaObjectId": 2 * 10**17 + number, "ra": ra, "dec": dec, "band": "r"}
    return {
        "diaSourceId": 10**17 + number,
        "diaSource": {
            **source,
            "psfFlux": 1500.0,
            "snr": 12.0,
            "reliability": 0.5,
            "midpointMjdTai": 61365.1,
            **values,
        },
        "diaObject": {"diaObjectId": 2 * 10**17 + number},
    }


def burst(*packets: dict) -> list[str]:
    """The names of events that a burst of these left."""
    ingest([record(packet, TOPIC) for packet in packets], now=NOW)
    return sorted(Event.objects.filter(name__startswith="Rubin").values_list("name", flat=True))


@pytest.fixture
def matched(settings, db):
    settings.TOM_SCIMMA = {"TOPICS": {TOPIC: {"keep": "matched", "authority": ["Rubin"], "lane": "bulk"}}}


@pytest.mark.usefixtures("matched")
class TestMatched:
    def test_nothing_that_matters_nothing_stored_all_counted(self, django_assert_max_num_queries):
        with django_assert_max_num_queries(26):
            assert burst(*(rubin(number, ra=number / 10) for number in range(300))) == []
        state = TopicState.objects.get()
        assert (state.received, state.dropped, Message.objects.count()) == (300, 300, 0)

    def test_near_a_target(self):
        Target.objects.create(name="ours", type="SIDEREAL", ra=100.0, dec=-30.0)
        assert burst(rubin(1), rubin(2, ra=100.1), rubin(3, ra=100.0002)) == [f"Rubin {2 * 10**17 + n}" for n in (1, 3)]

    def test_of_an_event_that_is_known(self):
        make.event(f"Rubin {2 * 10**17 + 5}", kind="OT")
        burst(rubin(5), rubin(6))
        assert Alert.objects.get().event.name == f"Rubin {2 * 10**17 + 5}"

    def test_that_somebody_subscribed_to(self):
        Subscription.objects.create(owner=make.user("astronomer"), name="bright", query="properties.snr > 50")
        Subscription.objects.create(owner=make.user("other"), name="broken", query="no query (")
        assert burst(rubin(1), rubin(2, snr=60.0)) == [f"Rubin {2 * 10**17 + 2}"]

    def test_inside_an_event_that_a_subscription_met(self):
        event = make.known(
            "S261120ab", sky=skymap.from_gaussian(100.0, -30.0, 2.0, order=5), time=NOW - timedelta(days=1)
        )
        alert = event.alerts.get()
        candidates.react(alert.pk, "new")
        assert burst(rubin(1)) == []
        saved = Subscription.objects.create(owner=make.user("astronomer"), name="gw", query="kind = GW")
        Match.objects.create(subscription=saved, alert=alert, why="matches")
        assert burst(rubin(1, reliability=0.6), rubin(2, ra=150.0)) == [f"Rubin {2 * 10**17 + 1}"]

    def test_what_cannot_be_placed_or_read_is_kept(self):
        ingest([record(b"{", TOPIC), record(rubin(1, ra=None), TOPIC)], now=NOW)
        assert set(Message.objects.values_list("state", flat=True)) == {"quarantined", "parsed"}


def test_the_deluge_does_not_keep_a_gravitational_wave(template, tmp_path):
    """On a broker: the bulk lane counts its burst away while the fast lane stores the alert."""
    with Embedded(tmp_path) as broker, Tom(template, tmp_path / "tom", broker) as tom:
        fast, bulk = broker.topic("igwn.gwalert"), broker.topic(TOPIC)
        entry = tom.entry(fast, bulk)
        policies = {TOPIC: {"keep": "matched", "authority": ["Rubin"], "lane": "bulk"}}
        tom.listen({"SOURCES": {"local": entry}, "TOPICS": policies})
        wait_for(
            "both topics", lambda: tom.rows("SELECT COUNT(*) FROM tom_scimma_topicstate WHERE listening")[0][0] == 2
        )
        broker.send(bulk, *(json.dumps(rubin(number, ra=number % 360)).encode() for number in range(1500)))
        broker.send(fast, gw().payload)
        wait_for("the alert", lambda: tom.rows("SELECT COUNT(*) FROM tom_scimma_event")[0][0] == 1)
        dropped = "SELECT dropped FROM tom_scimma_topicstate WHERE topic = ?"
        wait_for("the burst", lambda: tom.rows(dropped, TOPIC)[0][0] == 1500)
        assert tom.rows("SELECT COUNT(*) FROM tom_scimma_message")[0][0] == 1
