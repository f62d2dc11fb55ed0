"""Cadences of the host's when their event is retracted: at rest, without a traceback, until a person resumes them.

Authority: TOM Toolkit 3.1's own form and its command runcadencestrategies.
"""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tom_observations.models import DynamicCadence, ObservationRecord

from tests import factories as make
from tests import following as up
from tests.messages import igwn, record
from tests.outside.rig import react
from tom_scimma import hooks
from tom_scimma.ingest import ingest
from tom_scimma.models import Event
from tom_treasuremap.followup import cadences, following
from tom_treasuremap.followup.request import State

pytestmark = pytest.mark.django_db
RESUME, RETRY = "ResumeCadenceAfterFailureStrategy", "RetryFailedObservationsStrategy"


@pytest.fixture(autouse=True)
def known(settings):
    with up.known(settings, up.SENT):
        yield


@pytest.fixture
def ada(client):
    user = make.user("ada")
    client.force_login(user)
    return user


@pytest.fixture
def event(ada):
    event = make.event("S261127ac")
    event.target = up.target(ada)
    event.save()
    return event


def begun(client, event, strategy=RESUME, key="first") -> DynamicCadence:
    """A cadence as a person begins it by the host's form, with a window that is never over here."""
    now = timezone.now()
    said = {
        "facility": "FollowUp", "target_id": event.target_id, "observation_type": "imaging", "telescope": "one-metre",
        "filter_1": "r", "seconds_1": "120", "count_1": "3", "priority": "1", "pos_angle": "0", "key": key, "event": event.name,
        "start": f"{now:%Y-%m-%dT%H:%M}", "end": f"{now + timedelta(days=2):%Y-%m-%dT%H:%M}",
        "cadence_strategy": strategy, "cadence_frequency": "24",
    }  # fmt: skip
    done = client.post(f"/observations/FollowUp/create/?cadence_strategy={strategy}", said)
    assert done.status_code == 302, done.content.decode()
    return DynamicCadence.objects.order_by("pk").last()


def ended(cadence, state="FAILED") -> None:
    """Whatever it asked for so far is over."""
    for one in cadence.observation_group.observation_records.all():
        following.apply(one.asked, State(state, message="clouds"))


def told(event, change) -> None:
    """The event's state after a message, and what the app's reactions do about it, live or not."""
    state = {"retracted": "retracted", "reinstated": "active"}[change]
    Event.objects.filter(pk=event.pk).update(state=state)
    alert = up.heard(event, alert_type="retraction" if change == "retracted" else "update", live=False)
    for one in hooks.event_reactions():
        if one["run"].startswith("tom_treasuremap.followup") and change in one["on"] and not one["live_only"]:
            cadences.react(alert.pk, change)


def run(caplog) -> int:
    """The host's command, which must log no error; how many observations there are then."""
    caplog.clear()
    call_command("runcadencestrategies", stdout=StringIO())
    assert not [one for one in caplog.records if one.levelname == "ERROR"], caplog.text
    return ObservationRecord.objects.count()


def act(client, cadence, name):
    return client.post(reverse("tom_treasuremap:cadence-act", args=[cadence.pk, name]), follow=True)


def card(client, event) -> str:
    return client.get(event.get_absolute_url()).content.decode()


@pytest.mark.parametrize("over", [None, "CANCELED", "COMPLETED"])
def test_a_retraction_puts_every_cadence_of_its_event_at_rest(client, event, caplog, over):
    """Also that of one that is not live, and of observations that are over."""
    both = [begun(client, event, RESUME), begun(client, event, RETRY, "second")]
    other = begun(client, make.event("S261127ad", target=event.target), RESUME, "third")
    for one in both if over else ():
        ended(one, over)
    told(event, "retracted")
    assert [DynamicCadence.objects.get(pk=one.pk).active for one in (*both, other)] == [False, False, True]
    assert run(caplog) == 3
    page = card(client, event)
    assert page.count("at rest</span> S261127ac was retracted.") == 2
    assert page.count(">Resume<") == 2
    assert "at rest</span> S261127ac was retracted." in client.get(f"/targets/{event.target_id}/").content.decode()


@pytest.mark.parametrize("strategy", [RESUME, RETRY])
def test_one_that_the_host_runs_before_it_is_at_rest_asks_for_nothing_and_rests(client, event, caplog, strategy):
    cadence = begun(client, event, strategy)
    ended(cadence)
    Event.objects.filter(pk=event.pk).update(state="retracted")
    assert "at rest</span> S261127ac was retracted." in card(client, event)
    assert run(caplog) == 1
    cadence.refresh_from_db()
    assert not cadence.active
    assert ">Resume<" in card(client, event)


@pytest.mark.parametrize("strategy", [RESUME, RETRY])
def test_a_person_resumes_it_though_its_event_is_retracted(client, event, ada, caplog, strategy):
    cadence = begun(client, event, strategy)
    ended(cadence)
    told(event, "retracted")
    assert "asks again" in act(client, cadence, "resume").content.decode()
    assert "at rest" not in card(client, event)
    assert "it goes on asking" in card(client, event)
    assert run(caplog) == 2
    newest = cadence.observation_group.observation_records.order_by("pk").last()
    newest.refresh_from_db()
    assert (newest.status, newest.asked.by, newest.asked.event) == ("PENDING", ada, event)
    told(event, "retracted")  # the same word by another stream
    cadence.refresh_from_db()
    assert cadence.active


def test_the_retractions_undoing_sets_nothing_going_and_the_next_one_rests_it_again(client, event, caplog):
    cadence = begun(client, event)
    ended(cadence)
    told(event, "retracted")
    told(event, "reinstated")
    assert run(caplog) == 1
    assert "at rest</span> S261127ac was retracted." in card(client, event)
    act(client, cadence, "resume")
    assert run(caplog) == 2
    told(event, "retracted")
    act(client, cadence, "resume")
    told(event, "reinstated")
    told(event, "retracted")
    cadence.refresh_from_db()
    assert not cadence.active


def test_one_whose_observation_is_over_is_ended_on_the_events_card(client, event, caplog):
    cadence = begun(client, event)
    ended(cadence)
    told(event, "retracted")
    act(client, cadence, "end")
    cadence.refresh_from_db()
    assert (cadence.active, cadence.cadence_parameters) == (False, {"cadence_frequency": 24})
    assert "Cadence of" not in card(client, event)
    assert run(caplog) == 1


def test_who_cancels_all_of_an_event_ends_what_has_nothing_left_to_cancel_too(client, event, caplog):
    over, left = begun(client, event), begun(client, event, RETRY, "second")
    ended(over)
    page = client.post(reverse("tom_treasuremap:event-withdraw", args=[event.name]), follow=True).content.decode()
    assert "Ended, too: 2 cadences." in page
    assert not DynamicCadence.objects.filter(pk__in=[over.pk, left.pk], active=True).exists()
    assert run(caplog) == 2


@pytest.mark.parametrize("name", ["resume", "end"])
def test_only_who_may_change_what_it_asks_for_changes_it(client, event, ada, name):
    cadence = begun(client, event)
    told(event, "retracted")
    address = reverse("tom_treasuremap:cadence-act", args=[cadence.pk, name])
    before = DynamicCadence.objects.values().get()
    assert client.get(address).status_code == 405
    assert client.post(reverse("tom_treasuremap:cadence-act", args=[cadence.pk, "paint"])).status_code == 404
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada)
    strict.post(address)  # the host leads away whoever is refused
    assert DynamicCadence.objects.values().get() == before
    client.logout()
    assert "/login/" in client.post(address).headers["Location"]
    stranger = make.user("stranger")
    client.force_login(stranger)
    assert client.post(address).status_code == 404
    event.target.permissions = "PUBLIC"
    event.target.save()
    if name == "resume":
        page = card(client, event)
        assert ">Resume<" not in page
    client.post(address)
    assert DynamicCadence.objects.values().get() == before


def test_a_cadence_goes_on_for_an_event_that_was_joined_to_another(client, event, caplog):
    cadence = begun(client, event)
    ended(cadence)
    Event.objects.filter(pk=event.pk).update(name="S261127zz")
    event.refresh_from_db()
    event.aliases.create(name="S261127ac")
    assert run(caplog) == 2


def test_over_rest_it_is_resumed_too(client, event, ada):
    cadence = begun(client, event)
    address = f"/api/followup/{ObservationRecord.objects.get().asked.pk}/resume/"
    assert client.post(address).status_code == 400
    told(event, "retracted")
    client.force_login(make.user("stranger"))
    assert client.post(address).status_code == 404
    client.force_login(ada)
    assert client.post(address).json()["cadence_goes_on"] is True
    cadence.refresh_from_db()
    assert cadence.active


def test_a_retraction_that_is_loaded_days_later_puts_it_at_rest_too(client, ada, caplog):
    """From the message to the host's run: nothing in it is live."""
    days, now = 5 * 24 * 60, timezone.now()
    alerts = [
        record(igwn("S261121a", kind, minutes=days - late, now=now), "igwn.gwalert", minutes=days - late, now=now)
        for late, kind in enumerate(("INITIAL", "RETRACTION", "UPDATE"))
    ]  # fmt: skip
    ingest(alerts[:1], via="backfill", now=now)
    event = Event.objects.get()
    event.target = up.target(ada)
    event.save()
    cadence = begun(client, event)
    ended(cadence)
    for message in alerts[1:]:
        ingest([message], via="backfill", now=now)
        react()
        cadence.refresh_from_db()
        assert not cadence.active
    event.refresh_from_db()
    assert (event.state, event.alerts.filter(live=True).exists()) == ("active", False)
    assert run(caplog) == 1


def test_what_was_ended_is_not_resumed_from_a_page_of_before(client, event):
    cadence = begun(client, event)
    told(event, "retracted")
    act(client, cadence, "end")
    assert "is not at rest" in act(client, cadence, "resume").content.decode()
    cadence.refresh_from_db()
    assert not cadence.active
