"""The facility as the host calls it: its pages, templates, cadences, API, updatestatus; what is wrong is said and not sent.

Authority: TOM Toolkit 3.1's own views and commands, driven over HTTP and call_command.
"""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import datetime, timedelta
from datetime import timezone as zone
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from guardian.shortcuts import assign_perm
from tom_observations.facility import get_service_class
from tom_observations.models import DynamicCadence, ObservationGroup, ObservationRecord, ObservationTemplate

from tests import factories as make
from tests import following as up
from tests.outside.rig import deliver
from tom_scimma.models import Delivery
from tom_treasuremap.followup import following, reach, validating
from tom_treasuremap.followup.request import Exposure, State
from tom_treasuremap.models import Asked, TelescopeState
from tom_treasuremap.telescopes.telescope import MoonRule

utc = zone.utc
pytestmark = pytest.mark.django_db
CREATE = "/observations/FollowUp/create/"
#: one that takes spectra, by hand
NORTH = {**up.SAID, "name": "north", "options": {"spectrographs": {"FLOYDS": {"1.2": "a", "0.9": "b"}}}}


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
def target(ada):
    return up.target(ada)


def filled(target, **changes) -> dict:
    """The form as it is posted, for the dark of the night to come."""
    start, end = up.dark()
    values = {
        "facility": "FollowUp", "target_id": target.pk, "observation_type": "imaging", "telescope": "one-metre",
        "filter_1": "r", "seconds_1": "120", "count_1": "3", "start": f"{start:%Y-%m-%dT%H:%M}", "end": f"{end:%Y-%m-%dT%H:%M}",
        "priority": "1", "pos_angle": "0", "key": "2026-11-27T03:00:00+00:00",
    }  # fmt: skip
    return {key: value for key, value in {**values, **changes}.items() if value is not None}


def test_the_form_shows_each_kind_and_keeps_what_was_typed(client, target):
    page = client.get(CREATE, {"target_id": target.pk, "telescope": "dome"}).content.decode()
    for words in ("Imaging", "Time Critical", "Cadence", "Spectrum", 'value="dome" selected'):
        assert words in page
    page = client.post(CREATE, filled(target, seconds_1="77", filter_1="z")).content.decode()
    assert "Our 1 m has no filter z; it has: r, B." in page
    assert 'value="77"' in page
    assert not ObservationRecord.objects.exists()


def test_a_click_makes_one_observation_and_a_second_click_none(client, ada, target):
    for _ in range(2):
        done = client.post(CREATE, filled(target))
        assert done.status_code == 302, done.content.decode()
    record = ObservationRecord.objects.get()
    assert (record.status, record.user) == ("PENDING", ada)
    assert record.asked.request["exposures"] == [{"filter": "r", "seconds": 120.0, "count": 3}]
    client.post(CREATE, filled(target, key="another form"))
    assert ObservationRecord.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"filter_1": "z"}, "filter_1", "has no filter z"),
        ({"seconds_1": "100000"}, "seconds_1", "less than or equal to 86400"),
        ({"start": "2020-01-01T00:00", "end": "2020-01-01T06:00"}, "end", "That is over."),
        ({"end": "2020-01-01T06:00"}, "end", "It ends before it begins."),
        ({"max_airmass": "1.0"}, "max_airmass", "Its airmass is never below 1"),
        ({"telescope": "nothing"}, "telescope", "not one of the available choices"),
        ({"filter_2": "B"}, "seconds_2", "Give the seconds of this filter"),  # nothing is dropped in silence
        ({"seconds_2": "60"}, "filter_2", "Give the filter of these seconds"),
        ({"observation_type": "time_critical", "start": "2020-01-01T00:00", "end": None}, "start", "That is over."),
        ({"observation_type": "cadence", "visits": "3", "every_hours": "0.5"}, "end", "they would overlap"),
        ({"observation_type": "spectrum", "instrument": "FLOYDS"}, "telescope", "Our 1 m has no spectrograph."),
    ],
)
def test_what_stands_in_the_way_is_said_at_its_field(client, target, change, field, words):
    answer = client.post(CREATE, filled(target, **change))
    assert answer.status_code == 200
    errors = answer.context["form"].errors
    assert words in " ".join(errors.get(field, [])), errors
    assert words.replace("'", "&#x27;") in answer.content.decode()
    assert not ObservationRecord.objects.exists()


def test_a_spectrum_is_asked_of_a_telescope_that_is_shipped(client, target, settings):
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "OCS_PROPOSAL": "TOM2026A-001", "OCS_TOKEN": "a token"}
    said = {
        "telescope": "lco-2m0-coj", "observation_type": "spectrum", "instrument": "FLOYDS", "seconds_1": "1800", "count_1": "1",
        "filter_1": None,
    }  # fmt: skip
    forms = dict(client.get(CREATE, {"target_id": target.pk}).context["observation_type_choices"])
    spectrum, imaging = str(forms["spectrum"]["telescope"]), str(forms["imaging"]["telescope"])
    assert '<option value="lco-2m0-coj" selected>' in spectrum  # the only one that can
    assert "one-metre" not in spectrum
    assert "one-metre" in imaging
    assert "lco-2m0-coj" not in imaging
    assert '<optgroup label="FLOYDS">' in str(forms["spectrum"]["slit"])
    errors = client.post(CREATE, filled(target, **said, slit="3")).context["form"].errors
    assert "has no slit of 3 arcsec" in errors["slit"][0]
    assert client.post(CREATE, filled(target, **said, slit="1.6")).status_code == 302
    assert ObservationRecord.objects.get().asked.submission.destination == "ocs:lco-2m0-coj"


def test_two_telescopes_with_a_spectrograph_of_one_name_have_the_slits_of_both(client, target, settings):
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "TELESCOPES": [NORTH]}
    forms = dict(client.get(CREATE, {"target_id": target.pk}).context["observation_type_choices"])
    offered = [value for value, _ in forms["spectrum"].fields["slit"].widget.choices[1][1]]
    assert offered == ["2.0", "1.2", "1.6", "6.0", "0.9"]
    same = {**NORTH, "options": {"spectrographs": {"FLOYDS": {"2": "a", "1.60": "b"}}}}
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "TELESCOPES": [same]}
    forms = dict(client.get(CREATE, {"target_id": target.pk}).context["observation_type_choices"])
    assert [value for value, _ in forms["spectrum"].fields["slit"].widget.choices[1][1]] == ["2.0", "1.2", "1.6", "6.0"]


def test_the_moon_is_named_where_it_stands_in_the_way():
    """Full Moon was on 2026-11-24, in Taurus: up all night there."""
    night = {"start": datetime(2026, 11, 24, 11, tzinfo=utc), "end": datetime(2026, 11, 24, 16, tzinfo=utc)}
    found = reach.why_not(up.COJ, up.request(extra={"min_moon_separation": 120}, **night))
    assert "The Moon is too near" in found["min_moon_separation"][0]
    assert reach.why_not(up.COJ, up.request(extra={"min_moon_separation": 20}, **night)) == {}
    strict = replace(up.COJ, moon=MoonRule(separation=120.0))
    assert "The Moon is too near" in reach.why_not(strict, up.request(**night))["start"][0]
    long = up.request(exposures=(Exposure("r", 3600.0, 6),), **night)
    assert "at a time in that window" in reach.why_not(up.COJ, long)["end"][0]


def test_how_high_it_gets_by_night_is_not_how_high_it_gets_by_day():
    """Beside the Sun, which was at right ascension 16 h 11 min then."""
    day = up.request(ra=243.0, dec=-25.0, start=up.EVENING, end=up.EVENING + timedelta(hours=24))
    (words,) = reach.why_not(up.COJ, day)["start"]
    assert words.startswith("By night: it never rises above 30 degrees")
    assert float(words.rstrip(".").rpartition(" ")[2]) < 30


def test_a_target_that_never_rises_and_one_by_day(client, ada):
    low = up.target(ada, name="Polaris", dec=89.0)
    errors = client.post(CREATE, filled(low)).context["form"].errors
    assert "never rises above 30 degrees" in errors["start"][0]
    start, _ = up.dark()
    noon = start - timedelta(hours=8)
    noon = noon if noon > timezone.now() else noon + timedelta(days=1)
    day = {"start": f"{noon:%Y-%m-%dT%H:%M}", "end": f"{noon + timedelta(hours=1):%Y-%m-%dT%H:%M}"}
    errors = client.post(CREATE, filled(low, **day)).context["form"].errors
    assert "The Sun is never below -12 degrees" in errors["start"][0]


def test_all_that_stands_in_the_way_is_said_at_once(client, ada, settings):
    """docs/followup.md; whoever got a proposal learned only then that the target never rises there."""
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "OCS_PROPOSAL": "", "OCS_URL": ""}
    start, end = up.dark()
    low = up.target(ada, name="Polaris", dec=89.0)
    said = filled(low, telescope="lco-1m0-coj", filter_1="nothing", max_airmass="1.5", pos_angle="10")
    errors = client.post(CREATE, said).context["form"].errors
    assert "No proposal" in errors["__all__"][0]
    assert "No observatory's portal is set" in errors["telescope"][0]
    assert "has no filter nothing" in errors["filter_1"][0]
    assert "cannot turn its camera" in errors["pos_angle"][0]
    assert "never rises above" in errors["start"][0]
    assert "Its airmass is never below 1.5" in errors["max_airmass"][0]
    no_time = up.request(dec=89.0, start=start, end=end, exposures=(Exposure("r", -1.0),))
    assert list(validating.faults(no_time)) == ["seconds"]  # for how long is not said: nothing is reckoned with it
    over = up.request(dec=89.0, start=end, end=start)
    assert validating.faults(over) == {"end": ["It ends before it begins."]}


def test_a_telescope_that_is_closed_is_not_asked_unless_for_weather_and_anyway(client, target):
    now = timezone.now()
    soon = {"start": f"{now:%Y-%m-%dT%H:%M}", "end": f"{now + timedelta(days=1):%Y-%m-%dT%H:%M}"}
    row = TelescopeState.objects.create(
        telescope="one-metre", state="weather", since=now, by="ada", why="hail", newest=True
    )
    errors = client.post(CREATE, filled(target, **soon)).context["form"].errors
    assert "Our 1 m is closed by weather" in errors["telescope"][0]
    assert "hail" in errors["telescope"][0]
    assert client.post(CREATE, filled(target, anyway="on", **soon)).status_code == 302
    row.state = "taken"
    row.save()
    errors = client.post(CREATE, filled(target, anyway="on", key="again", **soon)).context["form"].errors
    assert "taken by others" in errors["telescope"][0]


def test_a_fixed_time_and_what_would_run_into_it(client, target):
    start, end = up.dark()
    middle = start + (end - start) / 2
    begins = f"{middle:%Y-%m-%dT%H:%M}"
    assert (
        client.post(CREATE, filled(target, observation_type="time_critical", start=begins, end=None)).status_code == 302
    )
    said = ObservationRecord.objects.get().asked.request
    assert said["fixed"]
    assert said["kind"] == "time_critical"
    again = filled(target, observation_type="time_critical", start=begins, end=None, key="another")
    assert "is to observe something else" in client.post(CREATE, again).context["form"].errors["start"][0]


def test_a_series_is_a_group_of_observations(client, ada, target):
    said = filled(target, observation_type="cadence", visits="3", every_hours="24")
    assert client.post(CREATE, said).status_code == 302
    group = ObservationGroup.objects.get()
    nights = sorted(record.asked.night for record in group.observation_records.all())
    assert [(night - nights[0]).days for night in nights] == [0, 1, 2]
    assert len({record.parameters["start"] for record in group.observation_records.all()}) == 3


def test_a_target_or_an_event_that_one_may_not_see_is_not_asked_for(client, ada):
    hidden = up.target(name="AT2026xyz")
    answer = client.post(CREATE, filled(hidden))
    assert "/accounts/login/" in answer.headers["Location"]  # its page would name it
    answer = client.post("/api/followup/", {**filled(hidden), "target": hidden.pk}, content_type="application/json")
    assert "you may not see it" in answer.content.decode()
    group = make.Group.objects.create(name="lvk")
    make.event("S261127zz", groups=(group,))
    answer = client.post(CREATE, filled(up.target(ada), event="S261127zz"))
    assert "There is no event S261127zz" in str(answer.context["form"].errors)
    assert not Asked.objects.exists()


def test_a_template_fills_the_form(client, ada, target):
    said = {
        "facility": "FollowUp", "template_name": "deep r", "observation_type": "imaging", "telescope": "one-metre",
        "filter_1": "r", "seconds_1": "300", "count_1": "5",
    }  # fmt: skip
    assert client.get("/observations/template/FollowUp/create/").status_code == 200
    assert client.post("/observations/template/FollowUp/create/", said).status_code == 302
    row = ObservationTemplate.objects.get()
    assert client.get(f"/observations/template/{row.pk}/update/").status_code == 200
    page = client.get(CREATE, {"target_id": target.pk, **row.parameters}).content.decode()
    assert 'value="300.0"' in page
    client.post(CREATE, filled(target))  # a template from what was asked
    page = client.get(reverse("tom_observations:detail", args=[ObservationRecord.objects.get().pk])).content.decode()
    # of what no form asked for (REST, visits, armed acts) the host hands on the exposures alone
    said = {"telescope": "one-metre", "exposures": str(ObservationRecord.objects.get().parameters["exposures"])}
    form = client.get("/observations/template/FollowUp/create/", said).context["form"]
    assert [form[name].value() for name in ("telescope", "filter_1", "seconds_1", "count_1")] == [
        "one-metre",
        "r",
        120.0,
        3,
    ]
    assert client.get("/observations/template/FollowUp/create/?exposures=[[[").status_code == 200


TEMPLATE = "/observations/template/FollowUp/create/"


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"filter_1": "z"}, "filter_1", "has no filter z"),
        ({"filter_1": ""}, "filter_1", "Give the filter of these seconds"),
        ({"filter_1": "", "seconds_1": ""}, "filter_1", "This field is required"),
        ({"filter_1": "", "seconds_1": ""}, "seconds_1", "This field is required"),
        ({"filter_2": "B"}, "seconds_2", "Give the seconds of this filter"),
        ({"observation_type": "spectrum", "filter_1": ""}, "telescope", "has no spectrograph"),
        ({"observation_type": "spectrum", "telescope": "north"}, "instrument", "has: FLOYDS."),
    ],
)
def test_what_no_form_would_take_is_no_template(client, ada, settings, change, field, words):
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "TELESCOPES": [up.SAID, NORTH]}
    said = {"facility": "FollowUp", "template_name": "x", "observation_type": "imaging", "telescope": "one-metre"}
    answer = client.post(TEMPLATE, {**said, "filter_1": "r", "seconds_1": "300", **change})
    assert words in " ".join(answer.context["form"].errors.get(field, [])), answer.context["form"].errors
    assert not ObservationTemplate.objects.exists()


def test_a_template_of_a_spectrum_opens_and_fills_the_form_of_spectra(client, ada, target, settings):
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "TELESCOPES": [up.SAID, NORTH]}
    said = {
        "telescope": "north",
        "observation_type": "spectrum",
        "instrument": "FLOYDS",
        "slit": "0.9",
        "seconds_1": "900",
    }
    done = client.post(CREATE, filled(target, filter_1=None, count_1="2", **{**said, "seconds_1": "900"}))
    assert done.status_code == 302, done.context["form"].errors
    page = client.get(reverse("tom_observations:detail", args=[ObservationRecord.objects.get().pk])).content.decode()
    address = html.unescape(re.search(r'href="([^"]*template/FollowUp[^"]*)"', page)[1])
    form = client.get(address).context["form"]
    filled_in = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "")}
    assert {name: str(filled_in.get(name)) for name in said} == {**said, "seconds_1": "900.0"}
    assert client.post(TEMPLATE, {**filled_in, "template_name": "a spectrum"}).status_code == 302
    row = ObservationTemplate.objects.get()
    assert "filter_1" not in row.parameters
    page = client.get(CREATE, {"target_id": target.pk, **row.parameters}).content.decode()
    assert '<div class="tab-pane active" id="spectrum">' in page
    assert '<div class="tab-pane " id="imaging">' in page
    assert '<option value="0.9" selected>' in page


@pytest.mark.parametrize("strategy", ["ResumeCadenceAfterFailureStrategy", "RetryFailedObservationsStrategy"])
def test_a_cadence_of_the_hosts_goes_on_in_the_name_of_who_began_it(client, ada, target, strategy):
    said = filled(target, cadence_strategy=strategy, cadence_frequency="24")
    done = client.post(f"{CREATE}?cadence_strategy={strategy}", said)
    assert done.status_code == 302, done.content.decode()
    group = DynamicCadence.objects.get().observation_group
    record = group.observation_records.get()
    following.apply(record.asked, State("FAILED", message="clouds"))
    moved = {"window": 0}
    if strategy.startswith(
        "Resume"
    ):  # asks again from now on, as long as before: that is a day, so that there is a night
        record.parameters["end"] = (timezone.now() + timedelta(days=1)).isoformat()
        record.parameters["start"] = timezone.now().isoformat()
        ObservationRecord.objects.filter(pk=record.pk).update(parameters=record.parameters)
    call_command("runcadencestrategies", stdout=StringIO())
    new = group.observation_records.exclude(pk=record.pk).get()
    new.refresh_from_db()
    assert (new.status, new.user, new.asked.by) == ("PENDING", ada, ada), moved


def test_a_cadence_of_the_hosts_goes_on_after_what_was_observed(client, ada, target):
    """The host moves the window on, and compares it with a time that has no zone."""
    strategy = "ResumeCadenceAfterFailureStrategy"
    said = filled(target, cadence_strategy=strategy, cadence_frequency="24")
    assert client.post(f"{CREATE}?cadence_strategy={strategy}", said).status_code == 302
    group = DynamicCadence.objects.get().observation_group
    first = group.observation_records.get()
    following.apply(first.asked, State("COMPLETED"))
    said = StringIO()
    call_command("runcadencestrategies", stdout=said)
    second = group.observation_records.exclude(pk=first.pk).get()
    begins = [datetime.fromisoformat(row.asked.request["start"]) for row in (first, second)]
    assert begins[1] - begins[0] == timedelta(hours=24)
    assert (second.status, second.asked.by) == ("PENDING", ada)


@pytest.mark.parametrize("end", [True, False])
def test_whoever_cancels_is_asked_whether_the_cadence_goes_on(client, ada, target, end):
    """The host takes what was cancelled for what failed: its next run would ask for it again."""
    strategy = "RetryFailedObservationsStrategy"
    said = filled(target, cadence_strategy=strategy, cadence_frequency="24")
    assert client.post(f"{CREATE}?cadence_strategy={strategy}", said).status_code == 302
    record = ObservationRecord.objects.get()
    cancel = reverse("tom_observations:cancel", args=[record.pk])
    client.force_login(make.user("stranger"))
    client.post(cancel, {"cadence": "on"})
    assert DynamicCadence.objects.get().active
    client.force_login(ada)
    asks = client.post(reverse("tom_treasuremap:asked-act", args=[record.asked.pk, "cancel"]))
    assert (asks.status_code, asks.headers["Location"]) == (302, cancel)
    assert "End its cadence" in client.get(cancel).content.decode()
    client.post(cancel, {"cadence": "on"} if end else {})
    record.refresh_from_db()
    assert (record.status, DynamicCadence.objects.get().active) == ("CANCELED", not end)
    call_command("runcadencestrategies", stdout=StringIO())
    assert ObservationRecord.objects.count() == (1 if end else 2)


def test_who_cancels_all_of_an_event_ends_its_cadences(client, ada, target):
    strategy, event = "RetryFailedObservationsStrategy", make.event("S261127ac")
    said = filled(target, cadence_strategy=strategy, cadence_frequency="24", event=event.name)
    assert client.post(f"{CREATE}?cadence_strategy={strategy}", said).status_code == 302
    page = client.post(reverse("tom_treasuremap:event-withdraw", args=[event.name]), follow=True).content.decode()
    assert "Ended, too: 1 cadence." in page
    assert (ObservationRecord.objects.get().status, DynamicCadence.objects.get().active) == ("CANCELED", False)
    call_command("runcadencestrategies", stdout=StringIO())
    assert ObservationRecord.objects.count() == 1


def test_over_rest_a_cadence_ends_where_that_is_said_and_else_is_said_to_go_on(client, ada, target):
    strategy = "RetryFailedObservationsStrategy"
    said = filled(target, cadence_strategy=strategy, cadence_frequency="24")
    assert client.post(f"{CREATE}?cadence_strategy={strategy}", said).status_code == 302
    record = ObservationRecord.objects.get()
    cancel, post = f"/api/followup/{record.asked.pk}/cancel/", {"content_type": "application/json"}
    wrong = client.post(cancel, {"cadence": "maybe"}, **post)
    assert (wrong.status_code, list(wrong.json())) == (400, ["cadence"])
    client.force_login(make.user("stranger"))
    assert client.post(cancel, {"cadence": True}, **post).status_code == 404
    record.refresh_from_db()
    assert (record.status, DynamicCadence.objects.get().active) == ("PENDING", True)
    client.force_login(ada)
    told = client.post(cancel, **post).json()
    assert (told["status"], told["cadence_goes_on"], DynamicCadence.objects.get().active) == ("CANCELED", True, True)
    told = client.post(cancel, {"cadence": True}, **post)  # it is over, its cadence is not
    assert (told.status_code, told.json()["cadence_goes_on"], DynamicCadence.objects.get().active) == (
        200,
        False,
        False,
    )
    assert client.post(cancel, {"cadence": True}, **post).status_code == 400
    call_command("runcadencestrategies", stdout=StringIO())
    assert ObservationRecord.objects.count() == 1


def test_a_cadence_asks_for_nothing_that_is_known_to_be_wrong(client, ada, target):
    """The host's RetryFailedObservationsStrategy does not look at what its form says."""
    strategy = "RetryFailedObservationsStrategy"
    said = filled(target, cadence_strategy=strategy, cadence_frequency="24")
    assert client.post(f"{CREATE}?cadence_strategy={strategy}", said).status_code == 302
    record = ObservationRecord.objects.get()
    following.apply(record.asked, State("FAILED", message="clouds"))
    record.refresh_from_db()
    record.parameters["max_airmass"] = 1.0
    record.save()
    call_command("runcadencestrategies", stdout=StringIO())
    assert Asked.objects.count() == ObservationRecord.objects.count() == 1


def test_a_cadence_asks_again_now_in_whatever_zone_the_tom_is(client, ada, target, settings):
    """After a failure the host gives datetime.now(), which is in the TOM's zone and does not say so."""
    strategy = "ResumeCadenceAfterFailureStrategy"
    day = {"end": f"{timezone.now() + timedelta(days=2):%Y-%m-%dT%H:%M}", "start": f"{timezone.now():%Y-%m-%dT%H:%M}"}
    said = filled(target, cadence_strategy=strategy, cadence_frequency="24", **day)
    settings.TIME_ZONE = "Australia/Sydney"
    assert client.post(f"{CREATE}?cadence_strategy={strategy}", said).status_code == 302
    record = ObservationRecord.objects.get()
    following.apply(record.asked, State("FAILED", message="clouds"))
    call_command("runcadencestrategies", stdout=StringIO())
    new = ObservationRecord.objects.exclude(pk=record.pk).get()
    begins = datetime.fromisoformat(new.asked.request["start"])
    assert abs(begins - timezone.now()) < timedelta(minutes=5)
    assert new.parameters["start"] == f"{begins:%Y-%m-%dT%H:%M:%S}"  # as all of ours, in UTC


def test_the_hosts_api_asks_and_cancels(client, ada, target):
    body = {
        "facility": "FollowUp",
        "observation_type": "imaging",
        "target_id": target.pk,
        "observing_parameters": filled(target),
    }
    answer = client.post("/api/observations/", body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    record = ObservationRecord.objects.get()
    assert (record.status, record.user, record.asked.by) == ("PENDING", ada, ada)
    told = client.patch(f"/api/observations/{record.pk}/cancel/")
    assert (told.status_code, told.json()["status"]) == (200, "CANCELED"), told.content
    client.logout()
    strange = {**body, "observing_parameters": filled(target, key="nobody")}
    client.post("/api/observations/", strange, content_type="application/json")
    assert set(ObservationRecord.objects.exclude(pk=record.pk).values_list("status", flat=True)) <= {"FAILED"}


def test_only_who_may_cancels(client, ada, target):
    client.post(CREATE, filled(target))
    record = ObservationRecord.objects.get()
    detail, cancel = (reverse(f"tom_observations:{name}", args=[record.pk]) for name in ("detail", "cancel"))
    assert "Cancel Observation" in client.get(detail).content.decode()
    client.force_login(make.user("stranger"))
    client.post(cancel)
    assert client.patch(f"/api/observations/{record.pk}/cancel/").status_code == 404
    record.refresh_from_db()
    assert record.status == "PENDING"
    reader = make.user("reader")
    assign_perm("tom_targets.view_target", reader, target)
    client.force_login(reader)  # is told so before they say yes
    answers = [client.get(cancel, follow=True), client.post(cancel, follow=True)]
    assert [answer.redirect_chain[0][0] for answer in answers] == [detail, detail]
    for answer in answers:
        assert "It is not yours to cancel." in answer.content.decode()
        assert "Cancel this observation?" not in answer.content.decode()
    client.force_login(ada)
    page = client.get(
        cancel
    ).content.decode()  # a link on somebody's page, or a browser that looks ahead, cancels nothing
    assert "Cancel this observation?" in page
    record.refresh_from_db()
    assert record.status == "PENDING"
    assert client.post(cancel).status_code == 302
    record.refresh_from_db()
    assert record.status == "CANCELED"
    assert client.get(detail).status_code == 200


def test_over_the_hosts_api_whoever_may_cancels_what_is_of_a_public_target(client, ada, target):
    """The host's own finds those alone whose targets are somebody's in person."""
    client.post(CREATE, filled(target))
    type(target).objects.filter(pk=target.pk).update(permissions="PUBLIC")
    address = f"/api/observations/{ObservationRecord.objects.get().pk}/cancel/"
    client.logout()
    assert client.patch(address).status_code == 404
    client.force_login(make.user("reader"))
    refused = client.patch(address)
    assert (refused.status_code, "It is not yours to cancel." in refused.content.decode()) == (400, True)
    editor = make.user("editor")
    assign_perm("tom_targets.change_target", editor, target)
    client.force_login(editor)
    assert ObservationRecord.objects.get().status == "PENDING"
    assert client.patch(address).status_code == 200
    assert ObservationRecord.objects.get().status == "CANCELED"


def test_update_status_asks_the_telescope_and_the_data_products_are_there(client, ada, target):
    client.post(CREATE, filled(target, telescope="dome"))
    record = ObservationRecord.objects.get()
    assert record.asked.submission.destination == "simulated:dome"
    deliver("simulated")
    assert Delivery.objects.get().state == "delivered"
    out = StringIO()
    call_command("updatestatus", stdout=out)
    assert "FollowUp" not in out.getvalue()  # it names those that failed
    record.refresh_from_db()
    assert record.status in ("PENDING", "SCHEDULED", "IN_PROGRESS")
    done = [{"id": "fu-1-1", "filename": "a.fits", "created": "2026-11-27T12:00:00", "url": "/followup/frame/fu-1-1"}]
    following.apply(record.asked, State("COMPLETED", products=tuple(done)))
    facility = get_service_class("FollowUp")()
    assert [one["id"] for one in facility.data_products(record.observation_id)] == ["fu-1-1"]
    assert client.get(reverse("tom_observations:detail", args=[record.pk])).status_code == 200


def test_what_the_telescope_refuses_has_failed_with_its_words(client, ada, target):
    client.post(CREATE, filled(target, telescope="dome"))
    Delivery.objects.update(state="rejected", reason="the night is given to others")
    following.follow()
    record = ObservationRecord.objects.get()
    assert (record.status, record.asked.message) == ("FAILED", "the night is given to others")
    assert record.failed
    assert record.terminal


def test_sites_and_their_status(client, settings):
    settings.TOM_FACILITY_CLASSES = []  # the host's ask their observatories, over the network
    facility = get_service_class("FollowUp")()
    assert facility.get_observing_sites()["Our 1 m"]["latitude"] == -31.27
    TelescopeState.objects.create(telescope="dome", state="off", since=timezone.now(), by="ada", why="", newest=True)
    said = {
        one["code"]: one["status"] for site in facility.get_facility_status()["sites"] for one in site["telescopes"]
    }
    assert (said["one-metre"], said["dome"]) == ("AVAILABLE", "out of order")
    assert facility.get_start_end_keywords() == ("start", "end")
    weather = {one["code"]: one["weather_url"] for one in facility.get_facility_weather_urls()["sites"]}
    assert weather["I41"] == reverse("tom_treasuremap:telescope", args=["ztf"])
    table = client.get("/observations/status/list/").content.decode()
    assert f'href="{weather["I41"]}"' in table
    assert 'href=""' not in table


def test_the_hosts_other_pages_stand(client, ada, target, astropy_frames):
    client.post(CREATE, filled(target))
    for path in ("/observations/list/", f"/targets/{target.pk}/", "/observations/status/"):
        assert client.get(path).status_code == 200, path


def test_the_apis_pages_open_in_a_browser(client, ada, target):
    """DRF shows each list as a page, with a form where it takes a POST; of these three there was but a fault of ours."""
    for name in ("followup", "armings", "plans", "pointings", "treasuremap-reports", "telescopes"):
        page = client.get(f"/api/{name}/", headers={"Accept": "text/html"})
        assert (page.status_code, page["Content-Type"].split(";")[0]) == (200, "text/html"), name
    client.post(CREATE, filled(target))
    page = client.get(f"/api/followup/{Asked.objects.get().pk}/", headers={"Accept": "text/html"})
    assert (page.status_code, target.name in page.content.decode()) == (200, True)


def test_the_hosts_list_names_no_target_or_group_that_one_may_not_see(client, ada, target):
    client.post(CREATE, filled(target))
    target.permissions = "PRIVATE"
    target.save()
    ObservationGroup.objects.create(name="of nobody else")
    addresses = ("/observations/list/", "/api/observations/", f"/api/observations/?target_id={target.pk}")
    for who in (make.user("stranger"), None):
        client.logout() if who is None else client.force_login(who)
        for address in addresses:
            page = client.get(address, headers={"Accept": "text/html"}).content.decode()
            assert target.name not in page, (who, address)
            assert "of nobody else" not in page, (who, address)
    client.force_login(make.user("boss", is_superuser=True))
    page = client.get("/observations/list/").content.decode()
    assert target.name in page
    assert "of nobody else" in page
