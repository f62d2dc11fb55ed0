"""Whether anybody works: the Streams page, health, metrics and streamstatus. Authority: docs/outbox.md."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from tests import factories as make
from tom_scimma.models import Delivery, Reaction, Stop, Worker
from tom_scimma.workload import workload

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tom(settings):
    settings.TOM_SCIMMA = {}


def worker(age: float = 0, **fields) -> Worker:
    now = timezone.now()
    values = {"process": "host:1:2", "started": now, "beat": now - timedelta(seconds=age), "memory": 2**27}
    return Worker.objects.create(**{**values, **fields})


def waiting(age: float, **fields) -> Delivery:
    event = make.event(f"S{Delivery.objects.count():06}a")
    return make.delivery(None, event, created=timezone.now() - timedelta(seconds=age), **fields)


def reasons() -> list[str]:
    return list(workload(timezone.now()).reasons)


def test_a_tom_without_work_needs_no_worker(client):
    assert reasons() == []
    assert client.get("/scimma/health/").json()["ok"]
    assert "No worker runs" in client.get("/streams/").content.decode()


def test_work_and_nobody_to_do_it(client):
    waiting(20)
    assert reasons() == []  # one may be on its way
    waiting(100)
    assert "2 things to send or do and no worker, for 1 min: run manage.py deliver" in reasons()
    answer = client.get("/scimma/health/")
    assert answer.status_code == 503
    assert "no worker" in answer.json()["reasons"][0]
    assert "no worker" in client.get("/streams/").content.decode()
    worker()
    assert reasons() == []
    assert client.get("/scimma/health/").status_code == 200


@pytest.mark.parametrize(("age", "fields"), [(31, {}), (0, {"state": "stopped"})])
def test_a_worker_that_is_no_more_is_none(age, fields):
    waiting(100)
    worker(age=age, **fields)
    assert "no worker" in reasons()[0]


def test_work_that_a_worker_does_not_get_done():
    worker()
    waiting(400)
    assert "though a worker runs" in reasons()[0]


def test_what_waits_for_good_reason_is_no_fault():
    later = timezone.now() + timedelta(hours=1)
    first = waiting(4000, state="unknown")
    waiting(4000, after=first)
    waiting(4000, not_before=later)
    waiting(4000, state="held")
    assert reasons() == []
    waiting(4000)
    Stop.objects.create(by_name="alice")
    assert reasons() == []


def test_reactions_count_too(client):
    alert = make.alert(make.event("S1a"), make.notice("S1a"), make.message())
    values = {"alert": alert, "change": "new", "run": "x.y"}
    Reaction.objects.create(name="a", created=timezone.now() - timedelta(seconds=90), **values)
    Reaction.objects.create(name="b", state="failed", finished=timezone.now(), **values)
    assert "no worker" in reasons()[0]
    load = workload(timezone.now())
    assert (load.reactions, load.failed) == (1, 1)
    page = client.get("/streams/").content.decode()
    assert "1 reaction to alerts to be done" in page
    assert "1 failed for good" in page


def test_one_that_failed_for_good_is_tried_again_by_who_may(client):
    alert = make.alert(make.event("S1a"), make.notice("S1a"), make.message())
    values = {"alert": alert, "change": "new", "run": "x.y", "finished": timezone.now(), "attempts": 12}
    reaction = Reaction.objects.create(name="a", state="failed", error="Traceback\nValueError: no <b>", **values)
    address = reverse("tom_scimma:reaction-retry", kwargs={"pk": reaction.pk})
    assert "ValueError" not in client.get("/streams/").content.decode()
    assert client.post(address).status_code in (302, 403)
    client.force_login(make.user("stranger"))
    assert client.post(address).status_code in (302, 403)
    reaction.refresh_from_db()
    assert reaction.state == "failed"
    client.force_login(make.user("root", is_superuser=True))
    assert "ValueError: no &lt;b&gt;" in client.get("/streams/").content.decode()
    client.post(address)
    reaction.refresh_from_db()
    assert (reaction.state, reaction.attempts, reaction.finished) == ("queued", 1, None)


def test_metrics(client):
    worker(age=5, delivered=7, reacted=3)
    waiting(60)
    waiting(1, state="held")
    Stop.objects.create(by_name="alice")
    text = client.get("/scimma/metrics").content.decode()
    for line in (
        'tom_scimma_worker_delivered_total{process="host:1:2"} 7.0',
        'tom_scimma_worker_reacted_total{process="host:1:2"} 3.0',
        f'tom_scimma_worker_memory_bytes{{process="host:1:2"}} {2.0**27:.8g}'.replace(
            "1.3421773e+08", "1.34217728e+08"
        ),
        'tom_scimma_deliveries_open{service="hopskotch",state="held"} 1.0',
        'tom_scimma_deliveries_open{service="hopskotch",state="queued"} 1.0',
        "tom_scimma_deliveries_ready 1.0",
        "tom_scimma_stopped 1.0",
        "tom_scimma_dry_run 0.0",
    ):
        assert line in text
    assert "alice" not in text


def test_the_terminal(capsys):
    worker()
    waiting(1)
    call_command("streamstatus")
    text = capsys.readouterr().out
    assert "1 to send, 0 reactions to do" in text
    assert "worker host:1:2" in text
    call_command("streamstatus", "--json")
    said = json.loads(capsys.readouterr().out)
    assert said["workers"][0]["process"] == "host:1:2"
    assert said["worker"]["to_send"] == 1
