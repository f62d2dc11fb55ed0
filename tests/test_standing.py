"""New data that go out by themselves: what passes, once, capped, with the owner's rights, until the first refusal, and never where a
person must look. Authority: docs/sharing.md."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import TestCase
from django.utils import timezone
from tom_dataproducts.models import PhotometryReducedDatum

from tests import factories as make
from tests import sharing as shared
from tom_scimma.compose import predicate, sinks, standing
from tom_scimma.destinations.hopskotch import unpacked
from tom_scimma.models import Candidate, Delivery, Embargo, Job, StandingShare

pytestmark = pytest.mark.django_db
TOPIC = "hopskotch:tom.news"
WORDS = {"title": "New data", "text": "By itself."}


@pytest.fixture(autouse=True)
def tom(settings):
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.outside"]
    here = {"hopskotch": {"kind": "kafka", "brokers": "127.0.0.1:9", "auth": False}}
    settings.TOM_SCIMMA = {"SHARE_TOPICS": ["tom.news"], "SOURCES": here}


@pytest.fixture
def group():
    return Group.objects.create(name="team")


@pytest.fixture
def ada(group):
    return make.user("ada", group)


@pytest.fixture
def star(group):
    return shared.target("AT2026abc", group)


def begun(owner, star=None, event=None, per_hour=6, form=WORDS, **said) -> StandingShare:
    return standing.begin(
        owner, TOPIC, form, target=star.pk if star else None, event=event, predicate=said, per_hour=per_hour
    )


def sent() -> list[list[float]]:
    """The brightnesses of each message."""
    return [
        [one.get("brightness") for one in unpacked(bytes(row.payload))[0]["photometry"]]
        for row in Delivery.objects.order_by("pk")
    ]


def datum(star, magnitude: float, hours: float = 24, **fields) -> PhotometryReducedDatum:
    said = {"unit": "AB mag", "bandpass": "r", "telescope": "1m0a", "instrument": "x", "brightness": magnitude}
    return PhotometryReducedDatum.objects.create(
        target=star, timestamp=make.NIGHT + timedelta(hours=hours), **{**said, **fields}
    )


def test_what_is_new_goes_once_and_what_was_there_does_not(ada, star):
    datum(star, 15.0, 1)
    row = begun(ada, star)
    standing.run()
    assert sent() == []
    datum(star, 16.0, 2)
    PhotometryReducedDatum.objects.bulk_create(  # says nothing to anybody
        [
            PhotometryReducedDatum(
                target=star, timestamp=make.NIGHT, brightness=17.0, unit="AB mag", bandpass="r", telescope="1m0a"
            )
        ]
    )
    for _ in range(3):
        standing.run()
    assert sent() == [[17.0, 16.0]]
    delivery = Delivery.objects.get()
    assert (delivery.by_name, delivery.state, delivery.share.standing) == ("ada", "queued", row)
    datum(star, 18.0, 3)
    standing.run()
    assert sent() == [[17.0, 16.0], [18.0]]


@pytest.mark.parametrize(
    ("said", "passes"),
    [
        ({}, [16.0, None, 19.0]),
        ({"limits": "detections"}, [16.0, 19.0]),
        ({"limits": "limits"}, [None]),
        ({"bands": "g, i"}, [19.0]),
        ({"brighter": 18.0}, [16.0]),
        ({"telescopes": "2m0a"}, [19.0]),
        ({"sources": "ZTF"}, [16.0, None, 19.0, 17.0]),
        ({"kinds": ["spectrum"]}, []),
    ],
    ids=str,
)
def test_only_what_passes_and_nothing_that_was_received(ada, star, said, passes):
    begun(ada, star, **said)
    datum(star, 16.0, 1)
    datum(star, None, 2, limit=21.0)
    datum(star, 19.0, 3, bandpass="g", telescope="2m0a")
    datum(star, 17.0, 4, source_name="ZTF")
    datum(shared.target("another"), 12.0)
    standing.run()
    assert sent() == ([passes] if passes else [])


def test_no_more_than_so_many_messages_an_hour_and_nothing_is_lost(ada, star):
    begun(ada, star, per_hour=2)
    for n in range(4):
        datum(star, 15.0 + n, n)
        standing.run()
    assert sent() == [[15.0], [16.0]]
    Delivery.objects.update(created=timezone.now() - timedelta(minutes=61))
    standing.run()
    assert sent()[2] == [17.0, 18.0]


def test_one_that_may_send_nothing_sends_nothing_and_holds_up_no_other(ada, star):
    begun(ada, star, per_hour=0)
    begun(ada, star)
    datum(star, 15.0, 1)
    standing.run()
    assert sent() == [[15.0]]


def test_its_page_says_what_waits_and_until_when(client, ada, star):
    row = begun(ada, star, per_hour=1)
    client.force_login(ada)
    page = f"/share/standing/{row.pk}/"
    datum(star, 15.0, 1)
    assert "1 new datum waits for the worker" in client.get(page).content.decode()
    standing.run()
    assert "new dat" not in client.get(page).content.decode()
    datum(star, 16.0, 2)
    datum(star, 17.0, 3)
    assert standing.full_until(row) == Delivery.objects.get().created + timedelta(hours=1)
    text = client.get(page).content.decode()
    assert "2 new data wait: as many messages as may leave in an hour have left; the next may at <time" in text
    standing.stop(row, "enough")
    assert "new data wait" not in client.get(page).content.decode()


def test_it_stops_itself_at_the_first_refusal_and_goes_on_when_told(ada, star):
    row = begun(ada, star)
    datum(star, 15.0, 1)
    standing.run()
    Delivery.objects.update(state="rejected", reason="no such topic")
    datum(star, 16.0, 2)
    standing.run()
    row.refresh_from_db()
    assert (row.active, row.reason) == (False, f"#{Delivery.objects.get().pk} was rejected: no such topic")
    standing.go_on(row)
    standing.run()
    assert len(sent()) == 1  # what came while it was stopped is not new
    datum(star, 17.0, 3)
    standing.run()
    assert sent()[1] == [17.0]


@pytest.mark.parametrize("what", ["rights", "account", "topic", "words", "retracted"])
def test_it_goes_on_only_while_its_owner_could_send_it(ada, star, group, settings, what):
    event = make.event("S261120ab")
    Candidate.objects.create(event=event, target=star, because="person", status="interesting")
    row = begun(ada, event=event) if what == "retracted" else begun(ada, star, form={} if what == "words" else WORDS)
    datum(star, 15.0)
    if what == "rights":
        ada.groups.clear()
    elif what == "account":
        type(ada).objects.filter(pk=ada.pk).update(is_active=False)
    elif what == "topic":
        settings.TOM_SCIMMA = {**settings.TOM_SCIMMA, "SHARE_TOPICS": ["other"]}
    elif what == "retracted":
        type(event).objects.filter(pk=event.pk).update(state="retracted")
    standing.run()
    row.refresh_from_db()
    assert not row.active
    assert row.reason
    assert sent() == []


def test_of_an_event_the_candidates_that_people_marked(ada, star):
    event = make.event("S261120ab")
    other = shared.target("AT2026xyz")
    Candidate.objects.create(event=event, target=star, because="person", status="interesting")
    Candidate.objects.create(event=event, target=other, because="person", status="new")
    begun(ada, event=event)
    datum(star, 15.0)
    datum(other, 16.0)
    standing.run()
    assert sent() == [[15.0]]
    assert Delivery.objects.get().event == event


@pytest.mark.parametrize("destination", ["parcel", "ades", "hopskotch:other", "people:1"])
def test_never_where_a_person_must_look(ada, star, destination):
    with pytest.raises(sinks.Unoffered):
        standing.begin(ada, destination, WORDS, target=star.pk, predicate={}, per_hour=1)


def test_an_embargo_holds_it(ada, star):
    begun(ada, star)
    Embargo.objects.create(by_name="pi", target_id=star.pk)
    datum(star, 15.0)
    standing.run()
    assert Delivery.objects.get().state == "held"


def test_saved_data_make_the_job_due_once_committed(ada, star):
    later = timezone.now() + timedelta(hours=1)
    job = Job.objects.create(name=standing.JOB, due=later)

    def due() -> bool:
        job.refresh_from_db()
        return job.due < later

    with TestCase.captureOnCommitCallbacks(execute=True):
        datum(star, 15.0, 1)
    assert not due()  # nobody waits for it
    connection.run_on_commit.clear()  # as if that had been a transaction of its own
    begun(ada, star)
    with TestCase.captureOnCommitCallbacks() as waiting:
        datum(star, 16.0, 2)
        shared.spectrum(star)
        assert not due()
    assert [one for one in waiting if one is standing.poke] == [standing.poke]
    standing.poke()
    assert due()


def test_its_pages(ada, star, client):
    client.force_login(ada)
    address = client.get("/share/", {"target": star.pk})["Location"]
    client.post(
        f"{address}preview/",
        {"sinks": "1", "sink": TOPIC, "f.title": "T", "f.text": "w"},
        headers={"HX-Request": "true"},
    )
    page = f"{address}standing/"
    assert "Keep sending new data" in client.get(page, {"sink": TOPIC}).content.decode()
    assert client.get(page, {"sink": "parcel"}).status_code == 404
    wrong = {"sink": TOPIC, "kinds": ["photometry"], "limits": "all", "per_hour": "0"}
    client.post(page, wrong)
    assert not StandingShare.objects.exists()
    client.post(page, {**wrong, "per_hour": "3", "bands": "r"})
    row = StandingShare.objects.get()
    assert (row.owner, row.target_id, row.form, row.per_hour) == (ada, star.pk, {"title": "T", "text": "w"}, 3)
    assert predicate.words(row.predicate) == "photometry; in r"
    datum(star, 15.0)
    standing.run()
    assert sent() == [[15.0]]
    assert "#" in client.get(f"/share/standing/{row.pk}/").content.decode()
    client.post(f"/share/standing/{row.pk}/", {"stop": "1"})
    row.refresh_from_db()
    assert (row.active, row.reason) == (False, "Stopped by ada.")
    client.post(f"/share/standing/{row.pk}/", {"on": "1"})
    row.refresh_from_db()
    assert row.active
