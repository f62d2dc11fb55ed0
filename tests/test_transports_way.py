"""The whole way of a request, by each transport: asked, sent by the worker, followed, observed; taken back; found after a lost reply.

Authority: the promises of the design (4: a retraction reaches what it caused; 5: nothing is sent twice), the host's states of
observations, the stand-ins' own laws."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone
from tom_observations.models import ObservationRecord
from tom_targets.models import Target

from tests import factories as make
from tests import messages
from tests.embedded import Embedded
from tests.following import heard
from tests.observatory import request, said, telescope
from tests.outside.rig import deliver
from tests.transport_cases import portal
from tom_scimma.ingest import ingest
from tom_scimma.models import Delivery, Event
from tom_treasuremap import gathering
from tom_treasuremap.facility import FollowUpFacility
from tom_treasuremap.fake_ocs import FakeOcs
from tom_treasuremap.followup import asking, cancelling, following, withdrawn, written
from tom_treasuremap.followup.request import Exposure
from tom_treasuremap.models import Asked, OcsProfile, Pointing, SimulatedRequest

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@dataclass
class Way:
    """One transport, with hands on what is behind it."""

    services: tuple[str, ...]  #: lanes of the worker
    become: Callable[[str, str], None]  #: lets a request become IN_PROGRESS or COMPLETED, by its id
    there: Callable[[], int]  #: requests that it was ever given
    filters: tuple[str, str] = ("g", "r")  #: a filter, and the band of the Treasure Map
    lose: Callable[[], None] | None = None  #: the next reply is lost


def simulated(settings, tmp_path, stack) -> Way:
    settings.TOM_TREASUREMAP = {"TELESCOPES": [said(telescope(transport="simulated"))]}

    def become(name: str, state: str) -> None:
        past = timezone.now() - (timedelta(seconds=90) if state == "IN_PROGRESS" else HOUR)
        SimulatedRequest.objects.filter(request_id=name).update(taken=past)

    def lose() -> None:
        settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "SIMULATED": {"lost": 1.0}}

    services = ("simulated", "simulated-cancel")
    return Way(services, become, SimulatedRequest.objects.count, ("g", "g"), lose)


def ocs(settings, tmp_path, stack) -> Way:
    fake = stack.enter_context(FakeOcs())
    portal(settings, fake)

    def become(name: str, state: str) -> None:
        number = Asked.objects.get(request_id=name).submission.receipt["request"]
        begun = timezone.now() - timedelta(minutes=20)
        fake.put(number, state, start=begun, end=begun + timedelta(minutes=9))

    def lose() -> None:
        fake.faults.append({"path": "/api/requestgroups/", "method": "POST", "do": "drop_after"})

    return Way(("ocs", "ocs-cancel"), become, lambda: len(fake.groups), ("gp", "g"), lose)


def hopskotch(settings, tmp_path, stack) -> Way:
    broker = stack.enter_context(Embedded(tmp_path))
    local = {"kind": "kafka", "brokers": broker.address, "auth": False, "config": {"fetch.wait.max.ms": 10}}
    topic = broker.topic("scope.ask")
    settings.TOM_SCIMMA = {"SOURCES": {"local": local}}
    options = {"topic": topic, "answers": "scope.told", "senders": ["scope"]}
    settings.TOM_TREASUREMAP = {"TELESCOPES": [said(telescope(transport="hopskotch", options=options))]}

    def become(name: str, state: str) -> None:
        now = timezone.now()
        facts = {
            "start": (now - HOUR).isoformat(),
            "filter": "g",
            "seconds": 60,
            "depth": 19.5,
            "ra": 150.25,
            "dec": -30.5,
        }
        told = {"request": name, "state": state, "observed": [facts] if state == "COMPLETED" else []}
        ingest([messages.record(told, "scope.told", now=now, headers=(("_sender", b"scope"),))], now=now)

    def there() -> int:
        return Delivery.objects.filter(service="hopskotch-ask", state=Delivery.State.DELIVERED).count()

    return Way(("hopskotch-ask", "hopskotch-cancel"), become, there, ("g", "g"))


WAYS = {"simulated": simulated, "ocs": ocs, "hopskotch": hopskotch}


@pytest.fixture(params=sorted(WAYS))
def way(request, settings, tmp_path):
    with ExitStack() as stack:
        yield WAYS[request.param](settings, tmp_path, stack)


@pytest.fixture
def target(ada):
    found = Target.objects.create(name="AT2026abc", type="SIDEREAL", ra=150.25, dec=-30.5, permissions="PRIVATE")
    found.give_user_access(ada)
    return found


@pytest.fixture
def event(target):
    return make.event("S261120ab", time=timezone.now() - 3 * HOUR, target=target)


def ask(way: Way, ada, event, number: int = 1, **changes) -> ObservationRecord:
    now = timezone.now().replace(microsecond=0)
    values = {
        "id": "",
        "start": now - 2 * HOUR,
        "end": now + 6 * HOUR,
        "exposures": (Exposure(way.filters[0], 60.0, 3),),
    }
    wanted = written.identified(request(number, **{**values, **changes}))
    return asking.ask([wanted], by=ada, event=event, targets=event.target)[0]


def work(way: Way) -> None:
    """What the worker does, once."""
    for service in way.services:
        deliver(service)
    Asked.objects.update(polled=None)
    following.follow()
    cancelling.due()


def status(record: ObservationRecord) -> str:
    record.refresh_from_db()
    return record.status


def test_asked_sent_followed_and_observed(way, ada, event):
    record = ask(way, ada, event)
    assert way.there() == 0  # a click sends nothing
    work(way)
    assert way.there() == 1
    assert Delivery.objects.get().state == "delivered"
    assert status(record) in ("PENDING", "SCHEDULED")
    way.become(record.observation_id, "IN_PROGRESS")
    work(way)
    assert status(record) == "IN_PROGRESS"
    way.become(record.observation_id, "COMPLETED")
    work(way)
    assert status(record) == "COMPLETED"
    assert record.asked.observed
    gathering.own_pointings(event)
    pointing = Pointing.objects.get(event=event)
    assert (pointing.status, pointing.band) == ("completed", way.filters[1])
    assert (pointing.ra, pointing.dec) == (150.25, -30.5)
    assert event.time < pointing.time < timezone.now()


def test_a_retraction_takes_back_what_has_not_left_and_nothing_else(way, ada, event):
    sent, running = ask(way, ada, event, 1), ask(way, ada, event, 2)
    work(way)
    way.become(running.observation_id, "IN_PROGRESS")
    work(way)
    queued = ask(way, ada, event, 3)
    alert = heard(event, alert_type="retraction")
    Event.objects.filter(pk=event.pk).update(state="retracted")
    withdrawn.retracted(alert.pk, "retracted")
    assert (status(queued), queued.asked.submission.state) == ("CANCELED", "cancelled")
    work(way)
    assert way.there() == 2
    assert status(running) == "IN_PROGRESS"
    assert status(sent) in ("PENDING", "SCHEDULED", "IN_PROGRESS")
    assert not Delivery.objects.filter(service__endswith="cancel").exists()  # a person asked: a person takes it back


def test_a_person_takes_it_back_at_the_telescope(way, ada, event):
    record = ask(way, ada, event, start=timezone.now().replace(microsecond=0) + HOUR)
    work(way)
    assert cancelling.cancel([record], ada, "retracted") == {}
    assert status(record) in ("PENDING", "SCHEDULED")  # until the telescope has it
    work(way)
    if "hopskotch-ask" in way.services:  # it is asked by a message, and tells by one
        assert status(record) == "PENDING"
        way.become(record.observation_id, "CANCELED")
        work(way)
    work(way)
    assert status(record) == "CANCELED"


def test_what_is_being_observed_runs_to_its_end(way, ada, event):
    record = ask(way, ada, event)
    work(way)
    way.become(record.observation_id, "IN_PROGRESS")
    work(way)
    cancelling.cancel([record], ada, "retracted")
    work(way)
    assert status(record) == "IN_PROGRESS"
    way.become(record.observation_id, "COMPLETED")
    work(way)
    assert status(record) == "COMPLETED"


@pytest.mark.parametrize("way", ["ocs", "simulated"], indirect=True)  # of Hopskotch: tests/test_contract.py
def test_a_lost_reply_is_looked_up_and_nothing_is_sent_twice(way, ada, event):
    way.lose()
    record = ask(way, ada, event)
    deliver(way.services[0])
    sent = Delivery.objects.get()
    assert [(entry.what, entry.answer) for entry in sent.log.all()] == [("send", "reply lost"), ("look", "found")]
    assert (sent.state, sent.attempts) == ("delivered", 1)
    work(way)
    assert way.there() == 1
    assert status(record) in ("PENDING", "SCHEDULED", "IN_PROGRESS")


def test_who_may_not_see_one_of_them_any_more_sends_none_of_them(settings, tmp_path, ada, event):
    with ExitStack() as stack:
        way = simulated(settings, tmp_path, stack)
        other = Target.objects.create(name="AT2026xyz", type="SIDEREAL", ra=151.0, dec=-30.5, permissions="PRIVATE")
        other.give_user_access(ada)
        now = timezone.now().replace(microsecond=0)
        wanted = [
            written.identified(request(n, id="", start=now, end=now + 6 * HOUR, exposures=(Exposure("g", 60.0),)))
            for n in (1, 2)
        ]
        places = {wanted[0].id: event.target, wanted[1].id: other}
        asking.ask(wanted, by=ada, event=event, targets=places)
        sent = Delivery.objects.get()  # a plan goes as one
        assert len(json.loads(bytes(sent.payload))["requests"]) == 2
        from guardian.shortcuts import remove_perm

        for act in ("view", "change", "delete"):
            remove_perm(f"tom_targets.{act}_target", ada, other)
        work(way)
        sent.refresh_from_db()
        assert (sent.state, way.there()) == ("held", 0)
        assert f"may not see {wanted[1].id}" in sent.reason


def test_data_products_are_kept_as_the_hosts_own(settings, tmp_path, ada, event):
    settings.MEDIA_ROOT = str(tmp_path / "media")
    with ExitStack() as stack:
        way = simulated(settings, tmp_path, stack)
        record = ask(way, ada, event)
        assert FollowUpFacility().save_data_products(record) == []
        work(way)
        way.become(record.observation_id, "COMPLETED")
        work(way)
        (made,) = FollowUpFacility().save_data_products(record)
        assert made.data.read().startswith(b"SIMPLE  =")
        assert made.product_id == f"{record.observation_id}-1"
        assert FollowUpFacility().save_data_products(record, f"{record.observation_id}-1") == [made]
        assert FollowUpFacility().save_data_products(record, "other") == []


def test_an_address_in_a_message_is_fetched_only_from_hosts_that_the_telescope_names(settings, tmp_path, ada, event):
    settings.MEDIA_ROOT = str(tmp_path / "media")
    with ExitStack() as stack:
        fake = stack.enter_context(FakeOcs())  # any server
        way = simulated(settings, tmp_path, stack)
        record = ask(way, ada, event)
        products = [{"id": "x", "filename": "x.json", "url": f"{fake.url}/api/instruments/"}]
        Asked.objects.update(products=products)
        assert FollowUpFacility().save_data_products(record) == []
        assert fake.requests == []
        host = fake.url.removeprefix("http://")
        settings.TOM_TREASUREMAP = {
            "TELESCOPES": [said(telescope(transport="simulated", options={"product_hosts": [host]}))]
        }
        (made,) = FollowUpFacility().save_data_products(record)
        assert b"SINISTRO" in made.data.read()
        assert len(fake.requests) == 1


def test_whoever_may_cancel_need_not_be_of_the_same_proposal(settings, tmp_path, ada, event):
    with ExitStack() as stack:
        fake = stack.enter_context(FakeOcs())
        portal(settings, fake)
        bob = make.user("bob")
        event.target.give_user_access(bob)
        OcsProfile.objects.create(user=bob, token=fake.world.users[1]["token"])
        way = Way(("ocs", "ocs-cancel"), lambda *_: None, lambda: len(fake.groups), ("gp", "g"))
        record, other = ask(way, ada, event), ask(way, ada, event, 2)
        work(way)
        assert cancelling.cancel([record], bob, "retracted") == {}
        work(way)
        work(way)
        assert status(record) == "CANCELED"
        # and a row that nobody sees there any more keeps nothing from the others
        third = ask(way, ada, event, 3)
        work(way)
        fake.world.groups.pop(Asked.objects.get(request_id=other.observation_id).submission.receipt["group"])
        fake.put(Asked.objects.get(request_id=third.observation_id).submission.receipt["request"], "COMPLETED")
        work(way)
        assert (status(other), status(third)) == ("PENDING", "COMPLETED")
