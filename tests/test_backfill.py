"""What was missed, fetched again: from a broker's retention and from GraceDB.

Authority: the broker's own offsets (librdkafka's mock cluster, over the wire), GraceDB's documented REST API (a stand-in over
HTTP), promises 2 and 8 of the design.
"""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta, timezone

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError

from tests import factories as make
from tests import gracedb as standin
from tests.embedded import CONFIG, Embedded
from tests.messages import igwn, record
from tom_scimma import ingest, skymap
from tom_scimma.backfill import run
from tom_scimma.backfill.gracedb import GraceDB, best_map, to_gps
from tom_scimma.backfill.kafka import Retention
from tom_scimma.broker import Broker
from tom_scimma.errors import Rejected, Unavailable
from tom_scimma.management.commands import backfill
from tom_scimma.models import Alert, Backfill, Delivery, Event, Localization, Message
from tom_scimma.parsers.gracedb import from_gps

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with Embedded(tmp_path_factory.mktemp("broker")) as made:
        yield made


def payloads(first: int, count: int) -> list[bytes]:
    return [json.dumps({"n": number}).encode() for number in range(first, first + count)]


# a topic's retention


def test_a_topic_is_read_to_its_end_once_and_goes_on_with_what_is_new(broker):
    topic = broker.topic()
    broker.send(topic, *payloads(0, 250), spread=True)
    source = broker.source()
    seen = []
    first = run(Retention(source, topic), lambda row: seen.append(row.read))
    assert (first.state, first.read, first.created) == ("done", 250, 250)
    assert len(seen) >= 3, "progress after each batch"
    assert set(Message.objects.values_list("via", "source", "topic")) == {("backfill", "local", topic)}
    again = run(Retention(source, topic))
    assert (again.read, again.created) == (0, 0)
    broker.send(topic, *payloads(250, 3), spread=True)
    assert run(Retention(source, topic)).created == 3
    whole = run(Retention(source, topic), again=True)
    assert (whole.read, whole.created) == (253, 0)
    assert Message.objects.count() == 253
    assert Backfill.objects.count() == 1


def test_cut_short_it_goes_on_where_it_stood(broker):
    topic = broker.topic()
    broker.send(topic, *payloads(0, 250), partition=0)

    def cut(row):
        raise OperationalError("the database went away")

    with pytest.raises(OperationalError):
        run(Retention(broker.source(), topic), cut)
    row = Backfill.objects.get()
    assert (row.state, row.cursor["0"], row.created) == ("running", 100, 100)
    row = run(Retention(broker.source(), topic))
    assert (row.state, row.read, row.created) == ("done", 250, 250)


def test_no_listener_s_place_moves(broker):
    """The group's committed offsets are the broker's to say."""
    topic = broker.topic()
    broker.send(topic, *payloads(0, 5))
    source = broker.source()
    run(Retention(source, topic))
    asking = Broker(source)
    assert asking.lag({topic}, asking.topics()) == {}, "a group that never committed has no place"
    asking.close()


def test_only_what_was_published_in_the_time_is_taken(broker):
    topic, now = broker.topic(), datetime.now(timezone.utc)
    broker.send(topic, *payloads(0, 4))
    early, late = now - timedelta(hours=2), now + timedelta(hours=2)
    assert run(Retention(broker.source(), topic, until=early)).created == 0
    assert run(Retention(broker.source(), topic, since=late)).created == 0
    assert run(Retention(broker.source(), topic, since=early, until=late)).created == 4


def test_alerts_of_the_past_are_events_and_nothing_acts_on_them(broker, settings):
    settings.TOM_SCIMMA = {"TOPICS": {"igwn.gwalert": {"authority": ["LVK"]}}}
    topic = broker.topic("igwn.gwalert")
    ids = broker.send(topic, json.dumps(igwn(now=datetime.now(timezone.utc))).encode())
    run(Retention(broker.source(), topic))
    alert = Alert.objects.get()
    assert (alert.authority, alert.live, alert.event.name) == (True, False, "S261121a")
    assert Message.objects.get().sent_id == ids[0]
    assert not Delivery.objects.exists()


def test_a_topic_that_is_not_there_says_so_and_the_row_keeps_it(broker):
    with pytest.raises(Rejected, match=r"no\.such\.topic"):
        run(Retention(broker.source(), "no.such.topic"))
    row = Backfill.objects.get()
    assert (row.state, "no.such.topic" in row.error) == ("failed", True)


def test_a_broker_that_stalls_is_left_and_asked_again_later(tmp_path):
    """It answers each question 0.15 s late: for who has no patience at all it is silent."""
    with Embedded(tmp_path, "--delay", "150") as slow:
        topic = slow.topic()
        slow.send(topic, *payloads(0, 2))
        with pytest.raises(Unavailable, match="run it again"):
            run(Retention(slow.source(), topic, patience=0.0))
        assert run(Retention(slow.source(), topic)).created == 2


def command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("backfill", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_reads_a_topic(broker, settings):
    topic = broker.topic()
    broker.send(topic, *payloads(0, 2), b"{broken")
    settings.TOM_SCIMMA = {
        "SOURCES": {"here": {"kind": "kafka", "brokers": broker.address, "auth": False, "config": CONFIG}}
    }
    assert "3 new of 3 read" in command("--topic", topic)
    assert "nothing new (0 read" in command("--topic", topic)
    assert "nothing new (3 read" in command("--topic", topic, "--source", "here", "--again")


class Impatient(io.StringIO):
    """Somebody who presses Ctrl-C at the first line of progress."""

    def write(self, text):
        super().write(text)
        raise KeyboardInterrupt


def test_ctrl_c_says_what_is_kept_and_the_same_command_goes_on(broker, settings):
    topic = broker.topic()
    broker.send(topic, *payloads(0, 250), partition=0)
    settings.TOM_SCIMMA = {
        "SOURCES": {"here": {"kind": "kafka", "brokers": broker.address, "auth": False, "config": CONFIG}}
    }
    asked, out = backfill.Command(), Impatient()
    asked.every = 0.0
    with pytest.raises(
        CommandError, match=r"^Stopped\. 100 read, 100 new are stored; the same command goes on"
    ) as stopped:
        call_command(asked, "--topic", topic, stdout=out)
    assert stopped.value.returncode == 130
    assert out.getvalue() == "100 read, 100 new, 150 to come ...\n"
    assert "250 new of 250 read" in command("--topic", topic)
    assert Message.objects.count() == 250


def test_nothing_is_to_come_once_the_last_batch_is_read(broker, settings):
    topic, out = broker.topic(), io.StringIO()
    broker.send(topic, *payloads(0, 150), partition=0)
    settings.TOM_SCIMMA = {
        "SOURCES": {"here": {"kind": "kafka", "brokers": broker.address, "auth": False, "config": CONFIG}}
    }
    asked = backfill.Command()
    asked.every = 0.0
    call_command(asked, "--topic", topic, stdout=out)
    assert out.getvalue().splitlines()[:2] == [
        "100 read, 100 new, 50 to come ...",
        "150 read, 150 new ...",
    ]


def test_a_topic_that_is_not_there_and_a_source_without_a_login_say_so_and_promise_nothing(broker, settings):
    open_, closed = ({"kind": "kafka", "brokers": broker.address, **auth} for auth in ({"auth": False}, {}))
    settings.TOM_SCIMMA = {"SOURCES": {"here": open_, "there": closed}}
    with pytest.raises(
        CommandError, match=r"has no topic no\.such\.topic, or hides it from our credential\. Nothing was read\.$"
    ):
        command("--topic", "no.such.topic")
    with pytest.raises(CommandError, match=r"^No credential for there .* Nothing was read\.$"):
        command("--topic", "a", "--source", "there")
    assert set(Backfill.objects.values_list("state", flat=True)) == {"failed"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--topic", "a", "--since", "yesterday"], "write a time as"),
        (["--topic", "a", "--since", "2026-02-01", "--until", "2026-01-01"], "before --until"),
        (["--topic", "a", "S230518h"], "no topic"),
        (["--topic", "a", "--source", "x"], "has no 'x'"),
        (["--topic", "a"], "names no broker"),
        (["--gracedb"], "name superevents"),
        (["--gracedb", "S230518h", "--since", "2026-01-01"], "stand alone"),
        ([], "required"),
    ],
)
def test_what_cannot_be_asked_is_told(arguments, said, settings):
    settings.TOM_SCIMMA = {}
    with pytest.raises(CommandError, match=said):
        command(*arguments)


# GraceDB


@pytest.fixture
def db():
    with standin.serving() as made:
        yield made


def of(db, *names, **options) -> GraceDB:
    options = {"max_bytes": 8 * 2**20, "seconds": 5.0, "pauses": (0.0, 0.0), "sleep": lambda seconds: None, **options}
    return GraceDB(db.url, names, **options)


def fits(ra: float) -> bytes:
    return skymap.from_gaussian(ra, 20.0, 3.0, order=3, rounds=2).to_fits()


def story(db, name="S240518h", **more) -> None:
    """A superevent with a preliminary and an update, each with its map."""
    db.add(name, **more)
    db.files[name] |= {"bayestar.multiorder.fits,0": fits(10.0), "Bilby.multiorder.fits,0": fits(40.0)}
    db.alert(name, "Preliminary", "2024-05-18T12:54:02Z", "bayestar.multiorder.fits,0")
    db.alert(name, "Update", "2024-05-19T09:00:00Z", "Bilby.multiorder.fits,0")


def test_a_missed_superevent_comes_with_each_alert_and_its_map(db):
    story(db)
    row = run(of(db, "s240518H"))
    assert (row.state, row.created, row.quarantined) == ("done", 2, 0)
    event = Event.objects.get()
    assert (event.name, event.state, event.far_hz, event.top_class) == ("S240518h", "active", 1e-9, "BNS")
    assert list(event.alerts.values_list("alert_type", "live", "authority")) == [
        ("preliminary", False, True),
        ("update", False, True),
    ]
    assert Localization.objects.filter(error="").count() == 2
    assert event.ra == pytest.approx(40.0, abs=8), "the newest map stands for it"
    assert not Delivery.objects.exists()
    assert set(Message.objects.values_list("source", "via")) == {("gracedb", "backfill")}
    again = run(of(db, "S240518h"))
    assert (again.read, again.created) == (0, 0)
    assert db.asked["/api/superevents/S240518h/files/Bilby.multiorder.fits,0"] == 1, "what is here is not fetched again"


def test_what_was_heard_is_not_told_twice(db):
    story(db)
    document = {**igwn("S240518h", "PRELIMINARY"), "time_created": "2024-05-18T12:54:05Z"}
    ingest.ingest([record(document, "igwn.gwalert")])
    assert run(of(db, "S240518h")).created == 1
    assert Event.objects.get().alerts.count() == 2


def test_a_retraction_is_one(db):
    story(db)
    db.alert("S240518h", "Retraction", "2024-05-19T10:00:00Z")
    run(of(db, "S240518h"))
    assert Event.objects.get().state == "retracted"


def test_a_superevent_without_alerts_speaks_for_itself_with_its_newest_best_map(db):
    db.add("S240518h")
    db.files["S240518h"] = {
        "bayestar.multiorder.fits,0": fits(1.0), "bayestar.multiorder.fits,1": fits(2.0), "bayestar.multiorder.fits": fits(2.0),
        "bayestar.fits.gz,0": b"old", "p_astro.json,0": b'{"BNS": 0.1}', "p_astro.json,10": b'{"BNS": 0.7}', "coinc.xml,0": b"<x/>",
    }  # fmt: skip
    run(of(db, "S240518h"))
    event = Event.objects.get()
    assert event.classification == {"BNS": 0.7}
    assert event.localization.sha256
    assert event.ra == pytest.approx(2.0, abs=8)
    assert not db.asked["/api/superevents/S240518h/files/coinc.xml,0"]
    assert run(of(db, "S240518h")).created == 0


@pytest.mark.parametrize(
    ("names", "best"),
    [
        (
            ["bayestar.multiorder.fits,0", "Bilby.multiorder.fits,2", "Bilby.multiorder.fits,10"],
            "Bilby.multiorder.fits,10",
        ),
        (["cwb.multiorder.fits,1", "bayestar.fits.gz,3"], "cwb.multiorder.fits,1"),
        (["LALInference.fits.gz"], "LALInference.fits.gz"),
        (["coinc.xml,0"], None),
        ([], None),
    ],
)
def test_the_best_map_by_its_maker_and_version(names, best):
    assert best_map(names) == best


def test_a_time_is_asked_for_page_by_page(db):
    for number in range(5):
        story(db, f"S24051{number}a", t_0=to_gps(datetime(2024, 5, 10 + number, tzinfo=timezone.utc)))
    story(db, "S240610z", t_0=to_gps(datetime(2024, 6, 10, tzinfo=timezone.utc)))
    span = {"since": datetime(2024, 5, 1, tzinfo=timezone.utc), "until": datetime(2024, 6, 1, tzinfo=timezone.utc)}
    row = run(of(db, **span))
    assert (row.created, Event.objects.count()) == (10, 5)
    assert db.asked["/api/superevents/"] == 3
    assert set(db.queries) == {"gpstime: 1398556818 .. 1401235218"}
    assert run(of(db, **span)).created == 0


def test_seconds_of_gps():
    """GPS is 18 s ahead of UTC since 2017; 2015-09-14T09:50:45 was 1126259462."""
    assert to_gps(datetime(2015, 9, 14, 9, 50, 45, tzinfo=timezone.utc)) == 1126259462
    for moment in (
        datetime(2015, 9, 14, 9, 50, 45, tzinfo=timezone.utc),
        datetime(2026, 11, 20, 3, 0, 1, tzinfo=timezone.utc),
    ):
        assert from_gps(to_gps(moment)) == moment


def test_a_name_that_is_not_public_is_named(db, settings):
    settings.TOM_SCIMMA = {"GRACEDB_URL": db.url}
    story(db)
    with pytest.raises(CommandError, match=r"does not show: S240101zz"):
        command("--gracedb", "S240518h", "S240101zz")
    assert Event.objects.count() == 1


MAP = "/api/superevents/S240518h/files/Bilby.multiorder.fits,0"


@pytest.mark.parametrize("trouble", [(429, {"Retry-After": "7"}), (503, {}), (500, {}), "half"])
@pytest.mark.parametrize("path", ["/api/superevents/S240518h/", "/api/superevents/S240518h/voevents/", MAP])
def test_a_server_in_trouble_is_asked_again(db, path, trouble):
    story(db)
    db.troubles[path] = [trouble, trouble]
    waited: list[float] = []
    row = run(of(db, "S240518h", pauses=(1.0, 5.0), sleep=waited.append))
    assert (row.created, Localization.objects.filter(error="").count()) == (2, 2)
    assert waited == ([7.0, 7.0] if trouble[0] == 429 else [1.0, 5.0])


def test_one_that_stays_away_ends_the_run_and_the_next_goes_on(db):
    story(db)
    story(db, "S240520q")
    path = "/api/superevents/S240520q/files/Bilby.multiorder.fits,0"
    db.troubles[path] = ["hang"] * 3
    span = {"since": datetime(2020, 1, 1, tzinfo=timezone.utc), "until": datetime(2025, 1, 1, tzinfo=timezone.utc)}
    with pytest.raises(Unavailable):
        run(of(db, seconds=0.5, **span))
    row = Backfill.objects.get()
    assert (row.state, "did not answer" in row.error) == ("failed", True)
    assert Event.objects.count() == 1, "what came whole is stored"
    assert run(of(db, **span)).created == row.created + 2
    assert Event.objects.count() == 2


def test_what_is_no_gracedb_is_said(db, settings):
    db.answer = lambda path, query: (200, b"<html>")
    with pytest.raises(Unavailable, match="no JSON"):
        run(of(db, since=datetime(2024, 1, 1, tzinfo=timezone.utc)))
    db.answer = lambda path, query: (200, b"{}")
    settings.TOM_SCIMMA = {"GRACEDB_URL": db.url}
    with pytest.raises(CommandError, match="GRACEDB_URL"):
        command("--gracedb", "--since", "2024-01-01")


def test_a_map_that_is_too_large_or_lies_elsewhere_is_left_out_and_its_address_kept(db):
    story(db)
    db.files["S240518h"]["S240518h-1-Preliminary.xml,0"] = db.files["S240518h"]["S240518h-1-Preliminary.xml,0"].replace(
        db.url.encode(), b"http://127.0.0.1:9"
    )
    db.files["S240518h"]["Bilby.multiorder.fits,0"] = bytes(3 * 2**20)
    row = run(of(db, "S240518h", max_bytes=4 * 2**20))
    assert row.created == 2
    assert not Localization.objects.exists()
    assert all(alert.notice.sky.skymap_url for alert in Alert.objects.all())


def test_an_alert_that_cannot_be_read_is_in_the_quarantine(db):
    story(db)
    db.files["S240518h"]["S240518h-2-Update.xml,0"] = b"<broken"
    row = run(of(db, "S240518h"))
    assert (row.created, row.quarantined) == (2, 1)
    assert Message.objects.get(state="quarantined").error


# the Streams page


@pytest.mark.parametrize(
    ("who", "sees"), [("anonymous", False), ("stranger", False), ("member", True), ("superuser", True)]
)
def test_the_streams_page_says_what_was_fetched_to_those_who_may_know_of_the_topic(client, settings, who, sees):
    settings.TOM_SCIMMA = {"TOPICS": {"lvk.secret": {"groups": ["lvk"]}}}
    now, group = datetime.now(timezone.utc), Group.objects.create(name="lvk")
    for topic in ("lvk.secret", "open.topic"):
        Backfill.objects.create(source="hopskotch", topic=topic, started=now, moved=now, state="done", created=7)
    if who != "anonymous":
        groups = [group] if who == "member" else []
        client.force_login(make.user(who, *groups, is_superuser=who == "superuser"))
    page = client.get("/streams/").content.decode()
    assert "open.topic" in page
    assert ("lvk.secret" in page) == sees
