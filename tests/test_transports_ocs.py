"""Telescopes of an Observatory Control System. Authority: TOM Toolkit's own `tom_observations/facilities/ocs.py`, which here asks
the same stand-in; the portal's own sources (github.com/observatorycontrolsystem/observation-portal) for what it takes and says; the
table of answers of the interfaces. OCS_TEST_URL (and OCS_TEST_TOKEN) name a real portal, which validates and is sent nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest
import requests
from django.core.checks import run_checks
from django.core.exceptions import ValidationError
from django.utils import timezone as clock

from tests import factories as make
from tests import following as up
from tests.observatory import request, telescope
from tests.outside.rig import deliver
from tests.transport_cases import portal, soon
from tom_scimma import account_tests, destinations, outbox, sources
from tom_scimma.errors import Rejected, ReplyLost, Unavailable
from tom_scimma.models import Delivery
from tom_treasuremap import telescopes
from tom_treasuremap.fake_ocs import FakeOcs
from tom_treasuremap.followup import arriving, asking, cancelling, following, products
from tom_treasuremap.followup.request import Exposure
from tom_treasuremap.models import Asked, OcsProfile
from tom_treasuremap.ocs_client import Archive, Ocs
from tom_treasuremap.transports import requestgroup, rules, transport
from tom_treasuremap.transports.ocs import NO_TOKEN, Cancel, Submit, token_of
from tom_treasuremap.transports.ocs_archive import archive
from tom_treasuremap.transports.simulation import Manner

KEY = "a" * 64


@pytest.fixture
def fake():
    with FakeOcs() as made:
        yield made


@pytest.fixture
def there(settings, fake):
    return portal(settings, fake)


def submit(there, fake, *given, **changes):
    payload = transport(there).write([soon(*given, **changes)], there)
    return Submit(there.name).send(payload, KEY, fake.token)


def became(there, name: str = "tom-0001"):
    return transport(there).states(there, [name])[name]


def test_a_requestgroup_says_what_the_hosts_own_form_says(there):
    """ocs.py: OCSBaseObservationForm.observation_payload and what it is made of."""
    group = json.loads(transport(there).write([soon(extra={"max_airmass": 1.4})], there))["group"]
    assert set(group) == {"name", "proposal", "ipp_value", "operator", "observation_type", "requests"}
    (one,) = group["requests"]
    assert set(one) == {"configurations", "windows", "location"}
    assert one["location"] == {"telescope_class": "1m0", "site": "coj"}
    (configured,) = one["configurations"]
    assert set(configured) == {
        "type", "instrument_type", "target", "instrument_configs", "acquisition_config", "guiding_config", "constraints",
    }  # fmt: skip
    assert (configured["type"], configured["instrument_type"]) == ("EXPOSE", "1M0-SCICAM-SINISTRO")
    target = configured["target"]
    assert (target["type"], target["ra"], target["dec"], target["epoch"]) == ("ICRS", 150.25, -30.5, 2000.0)
    assert configured["constraints"] == {"max_airmass": 1.4, "min_lunar_distance": 30.0}
    assert configured["instrument_configs"] == [
        {"exposure_count": 3, "exposure_time": 60.0, "optical_elements": {"filter": "gp"}},
        {"exposure_count": 1, "exposure_time": 120.0, "optical_elements": {"filter": "rp"}},
    ]


def test_what_the_telescope_is_like_is_in_it():
    there = telescope(
        options={
            "instrument_type": "I",
            "telescope_class": "2m0",
            "element": "slit",
            "rotator": True,
            "readout_mode": "fast",
        }
    )
    one = request(1, kind="spectrum", pos_angle=30.0, fixed=True)
    group = requestgroup.group(one, there)
    configured = group["requests"][0]["configurations"][0]
    assert configured["type"] == "SPECTRUM"
    assert configured["constraints"]["max_airmass"] == pytest.approx(2.924)  # 20 degrees
    first = configured["instrument_configs"][0]
    assert first["optical_elements"] == {"slit": "g"}
    assert (first["mode"], first["rotator_mode"], first["extra_params"]) == ("fast", "SKY", {"rotator_angle": 30.0})
    # it plans the way there into the window of what is to begin at its time
    assert group["requests"][0]["windows"][0]["end"] == "2026-11-20T16:10:00.000000Z"
    assert requestgroup.group(request(1, kind="time_critical"), there)["observation_type"] == "TIME_CRITICAL"


def test_the_mark_fits_and_is_of_this_tom_and_request():
    name = requestgroup.marked("A very long name\nof a request " * 5, requestgroup.mark("tom-1", "ours"))
    assert len(name) <= 50
    assert "\n" not in name
    signs = {requestgroup.mark(*pair) for pair in (("tom-1", "ours"), ("tom-2", "ours"), ("tom-1", "theirs"))}
    assert len(signs) == 3
    assert requestgroup.marked("", "#abc") == "#abc"


@pytest.mark.parametrize(
    ("options", "changes", "field"),
    [
        ({"instrument_type": ""}, {}, "telescope"),
        ({}, {"pos_angle": 10.0}, "pos_angle"),
        ({}, {"extra": {"observation_type": "NOW"}}, "observation_type"),
    ],
)
def test_what_is_known_to_be_wrong_is_said_before_it_leaves(there, options, changes, field):
    assert transport(there).faults(soon(), there) == {}
    changed = replace(there, options={**there.options, **options})
    assert list(transport(there).faults(soon(1, **changes), changed)) == [field]


def test_without_a_proposal_nothing_leaves(there, settings):
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "OCS_PROPOSAL": ""}
    assert list(transport(there).faults(soon(), there)) == ["proposal"]
    assert transport(there).faults(soon(extra={"proposal": "X"}), there) == {}


@pytest.mark.django_db
def test_from_asked_to_completed(there, fake):
    receipt = submit(there, fake)
    (group,) = fake.groups
    number = group["requests"][0]["id"]
    assert receipt.url == f"{fake.url}/requests/{number}"
    assert receipt.data["group"] == group["id"]
    assert group["name"] == f"Request 1 {requestgroup.mark('tom-0001', sources.tom_name())}"
    assert group["proposal"] == "TOM2026A-001"
    assert [asked.path for asked in fake.requests] == [
        "/api/requestgroups/", "/api/requestgroups/validate/", "/api/requestgroups/",
    ]  # fmt: skip
    assert became(there).state == "PENDING"
    start = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(hours=1)
    fake.put(number, "SCHEDULED", start=start, end=start + timedelta(minutes=9))
    state = became(there)
    assert (state.state, state.start, state.end - state.start) == ("SCHEDULED", start, timedelta(minutes=9))
    fake.put(number, "IN_PROGRESS", start=start)
    assert became(there).state == "IN_PROGRESS"
    fake.put(number, "FAILED", why="Guiding was lost")
    again = became(there)
    assert (again.state, again.message) == ("PENDING", "Guiding was lost")  # it is tried again there
    fake.put(number, "COMPLETED", start=start, end=start + timedelta(minutes=9))
    done = became(there)
    assert (done.state, done.start) == ("COMPLETED", start)
    assert [(row["filter"], row["seconds"]) for row in done.observed] == [("gp", 180.0), ("rp", 120.0)]
    assert (done.observed[0]["ra"], done.observed[0]["start"]) == (150.25, start)
    assert done.url == receipt.url


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("end", "state", "words"),
    [("WINDOW_EXPIRED", "WINDOW_EXPIRED", ""), ("FAILURE_LIMIT_REACHED", "FAILED", "The dome is stuck")],
)
def test_other_ends(there, fake, end, state, words):
    submit(there, fake)
    fake.put(fake.groups[0]["requests"][0]["id"], end, why=words)
    found = became(there)
    assert (found.state, found.message) == (state, words)
    assert not found.observed


@pytest.mark.django_db
def test_an_answer_that_is_nonsense_is_no_answer_and_costs_the_other_telescopes_nothing(there, fake, monkeypatch):
    submit(there, fake)
    monkeypatch.setattr(
        Ocs, "observations", lambda self, number: [{"state": "FAILED", "configuration_statuses": ["?"]}]
    )
    with pytest.raises(Unavailable, match="nobody understands"):
        became(there)


@pytest.mark.django_db
def test_what_the_portal_refuses_is_said_at_its_field(there, fake):
    with pytest.raises(Rejected, match="Invalid pk") as refused:
        submit(there, fake, 1, extra={"proposal": "NOBODY"})
    assert refused.value.fields == {"proposal": ['Invalid pk "NOBODY" - object does not exist.']}
    past = datetime(2026, 1, 1, tzinfo=timezone.utc)
    with pytest.raises(Rejected) as refused:
        submit(there, fake, 2, start=past, end=past + timedelta(hours=1))
    assert refused.value.fields == {"requests.0.windows.0.end": ["Window end time must be in the future"]}
    assert fake.groups == []


@pytest.mark.django_db
def test_the_same_request_is_there_once_whoever_sends_it_again(there, fake):
    fake.faults.append({"path": "/api/requestgroups/", "method": "POST", "do": "drop_after"})
    with pytest.raises(ReplyLost):
        submit(there, fake)
    payload = transport(there).write([soon()], there)
    again = Submit(there.name).send(payload, "b" * 64, fake.token)  # a person sends it again
    assert len(fake.groups) == 1
    assert again.data["group"] == fake.groups[0]["id"]
    fake.world.cancel(fake.groups[0], datetime.now(timezone.utc))
    Submit(there.name).send(payload, "c" * 64, fake.token)  # what was cancelled may be asked anew
    assert [group["state"] for group in fake.groups] == ["CANCELED", "PENDING"]
    assert became(there).state == "PENDING"


SUBMIT = {"path": "/api/requestgroups/", "method": "POST"}
VALIDATE = {"path": "/api/requestgroups/validate/"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("where", "do", "answer", "stored"),
    [
        (SUBMIT, "500", ReplyLost, 0),
        (SUBMIT, "500_after", ReplyLost, 1),
        (SUBMIT, "502", ReplyLost, 0),
        (SUBMIT, "drop", ReplyLost, 0),
        (SUBMIT, "half", ReplyLost, 1),
        (SUBMIT, "hang", ReplyLost, 0),
        (SUBMIT, "html", ReplyLost, 0),
        (SUBMIT, "null", ReplyLost, 0),
        (SUBMIT, "refuse", Rejected, 0),
        (SUBMIT, "302", Rejected, 0),
        (SUBMIT, "429", Unavailable, 0),
        (SUBMIT, "503", Unavailable, 0),
        (VALIDATE, "500", Unavailable, 0),  # nothing was submitted yet
        (VALIDATE, "drop_after", Unavailable, 0),
        (VALIDATE, "hang", Unavailable, 0),
        (VALIDATE, "html", Unavailable, 0),
        (VALIDATE, "429", Unavailable, 0),
        (VALIDATE, "refuse", Rejected, 0),
    ],
    ids=lambda value: (
        value.get("path", "")[-10:-1] if isinstance(value, dict) else getattr(value, "__name__", str(value))
    ),
)
def test_the_table_of_answers(there, fake, settings, where, do, answer, stored):
    if do == "hang":
        settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "READ_SECONDS": 0.1}
    fake.faults.append({**where, "do": do})
    with pytest.raises(answer) as said:
        submit(there, fake)
    assert type(said.value) is answer
    assert fake.token not in str(said.value)
    assert len(fake.groups) == stored
    if do == "429":
        assert said.value.retry_after == 3


@pytest.mark.django_db
def test_a_portal_without_its_configuration_database_refuses_nothing_for_good(there, fake, monkeypatch):
    """Authority: observation portal 4.18.10, run without its configuration database: it offers no site and no instrument."""
    payload = transport(there).write([soon()], there)
    with monkeypatch.context() as down:
        down.setattr("tom_treasuremap.fake_ocs.rules.SITES", {})
        down.setattr("tom_treasuremap.fake_ocs.answers.INSTRUMENTS", {})
        group = {**json.loads(payload)["group"], "proposal": "TOM2026A-001"}
        assert any("is not a valid choice" in said for (said, *_) in Ocs(fake.url, fake.token).validate(group).values())
        with pytest.raises(Unavailable, match="knows no instruments just now"):
            Submit(there.name).send(payload, KEY, fake.token)
        with pytest.raises(Unavailable, match="knows no instruments just now"):
            Submit(there.name).ask(payload, fake.token)
    Submit(there.name).send(payload, KEY, fake.token)
    assert len(fake.groups) == 1


@pytest.mark.django_db
def test_a_spectrum_is_taken_with_the_slit_that_the_portal_has(there, fake):
    """The shipped 2 m: what the form says of slits is what the portal knows."""
    floyds = telescopes.telescope("lco-2m0-coj")
    way = transport(floyds)
    one = soon(kind="spectrum", telescope=floyds.name, exposures=(Exposure("FLOYDS", 1800.0),))
    assert way.faults(one, floyds) == {}
    narrow, wide = replace(one, extra={"slit": 1.6}), replace(one, extra={"slit": 3})
    assert "no slit of 3 arcsec; it has: 2.0, 1.2, 1.6, 6.0" in way.faults(wide, floyds)["slit"][0]
    assert "has no NRES" in way.faults(replace(one, exposures=(Exposure("NRES", 9.0),)), floyds)["filter"][0]
    for number, (asked, slit) in enumerate(((one, "slit_2.0as"), (narrow, "slit_1.6as"))):
        asked = replace(asked, id=f"tom-{number}")
        Submit(floyds.name).send(way.write([asked], floyds), KEY, fake.token)
        for row in fake.groups[number]["requests"][0]["configurations"]:
            assert row["instrument_type"] == "2M0-FLOYDS-SCICAM"
            assert row["instrument_configs"][0]["optical_elements"] == {"slit": slit}
            assert row["instrument_configs"][0]["rotator_mode"] == "VFLOAT"


@pytest.mark.django_db
def test_lamps_are_taken_around_a_spectrum_as_the_portals_own_page_makes_them(there, fake):
    """Authority: the types of TOM Toolkit's LCOSpectroscopyObservationForm; order and seconds of LCO's page (utils.js, generateCalibs)."""
    floyds = telescopes.telescope("lco-2m0-coj")
    way = transport(floyds)
    one = soon(kind="spectrum", telescope=floyds.name, exposures=(Exposure("FLOYDS", 1800.0),), extra={"slit": 1.2})
    receipt = Submit(floyds.name).send(way.write([one], floyds), KEY, fake.token)
    rows = fake.groups[0]["requests"][0]["configurations"]
    seconds = [(row["type"], row["instrument_configs"][0]["exposure_time"]) for row in rows]
    assert seconds == [("LAMP_FLAT", 70), ("ARC", 60), ("SPECTRUM", 1800), ("ARC", 60), ("LAMP_FLAT", 70)]
    main = rows[2]
    assert all((row["target"], row["constraints"]) == (main["target"], main["constraints"]) for row in rows)
    assert [row["acquisition_config"]["mode"] for row in rows] == ["OFF", "OFF", "WCS", "OFF", "OFF"]
    assert [row["guiding_config"]["optional"] for row in rows] == [True, True, False, True, True]
    assert rules.seconds(one, floyds) == 1800 + 260 + 5 * floyds.readout
    fake.put(receipt.data["request"], "COMPLETED")
    (done,) = way.states(floyds, [one.id])[one.id].observed  # the target's photons alone are what was observed of it
    assert done["seconds"] == 1800
    bare = replace(one, extra={"calibrations": "none"})
    assert [row["type"] for row in requestgroup.configurations(bare, floyds)] == ["SPECTRUM"]
    # "2" and "2.0" are one slit
    options = {**floyds.options, "calibrations": {"LAMP_FLAT": {"1.20": 44}}}
    lamps = requestgroup.configurations(one, replace(floyds, options=options))
    assert [row["instrument_configs"][0]["exposure_time"] for row in lamps] == [44, 1800, 44]
    assert rules.lamps(replace(one, kind="imaging"), floyds) == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": "EXPOSE"}, "configuration type EXPOSE is not valid"),
        ({"guiding_config": {"optional": True}}, "Guiding cannot be optional on spectrograph"),
        ({"acquisition_config": {"mode": "BLIND"}}, "Acquisition mode BLIND is not available"),
        ({"instrument_configs": {"optical_elements": {}}}, "Must set optical element of type slit"),
        ({"instrument_configs": {"optical_elements": {"slit": "slit_9as"}}}, "optical element slit_9as of type slit"),
        ({"instrument_configs": {"mode": "fast"}}, "Readout mode fast is not available"),
        ({"acquisition_config": {"mode": "OFF"}}, "Acquisition mode OFF is not available"),
        ({"instrument_configs": {"exposure_time": -1}}, "Ensure this value is greater than or equal to 0.0."),
    ],
)
def test_the_stand_in_refuses_a_spectrum_as_the_portal_does(fake, change, words):
    """Authority: observation portal 4.18.10, run and asked (guiding: its serializers before version 4)."""
    floyds = telescopes.shipped()["lco-2m0-coj"]
    one = soon(kind="spectrum", telescope=floyds.name, exposures=(Exposure("FLOYDS", 1800.0),))
    group = {**requestgroup.group(one, floyds), "proposal": "TOM2026A-001"}
    rows = group["requests"][0]["configurations"]
    for name, value in change.items():
        if name == "instrument_configs":
            rows[2][name][0] |= value
        else:
            rows[2][name] = value
    assert words in str(Ocs(fake.url, fake.token).validate(group))


@pytest.mark.django_db
def test_the_hosts_own_forms_expand_patterns_and_cadences_here(fake, settings):
    """tom_observations/facilities/ocs.py, as it is: what it posts to the portal's other paths, and what it makes of the answers."""
    from tom_observations.facilities.lco import LCOSettings
    from tom_observations.facilities.ocs import OCSFacility, OCSFullObservationForm

    settings.FACILITIES = {"LCO": {"portal_url": fake.url, "api_key": fake.token, "archive_url": fake.url}}
    there = telescope(
        options={"instrument_type": "1M0-SCICAM-SINISTRO", "telescope_class": "1m0", "proposal": "TOM2026A-001"}
    )
    group = requestgroup.group(soon(), there)
    request_ = group["requests"][0]
    form = OCSFullObservationForm.__new__(OCSFullObservationForm)
    form.facility_settings = LCOSettings("LCO")
    start = clock.now() + timedelta(hours=1)
    form.cleaned_data = {
        "dither_pattern": "grid", "dither_num_rows": 3, "dither_num_columns": 2, "dither_point_spacing": 10.0, "dither_center": "True",
        "mosaic_pattern": "line", "mosaic_num_points": 3, "mosaic_point_overlap": 10.0, "mosaic_center": "False",
        "start": start.isoformat(), "end": (start + timedelta(days=3)).isoformat(), "period": 24.0, "jitter": 6.0,
    }  # fmt: skip
    dithered = form._expand_dither_pattern(request_["configurations"][0])["instrument_configs"]
    assert len(dithered) == 6 * len(request_["configurations"][0]["instrument_configs"])
    moved = [(row["extra_params"]["offset_ra"], row["extra_params"]["offset_dec"]) for row in dithered]
    assert {round(sum(axis), 3) for axis in zip(*moved, strict=True)} == {0.0}  # about the target
    decs = [row["target"]["dec"] for row in form._expand_mosaic_pattern(request_)["configurations"]]
    assert [round(b - a, 4) for a, b in pairwise(decs)] == [0.3978, 0.3978]
    many = form._expand_cadence_request({**group, "requests": [dict(request_)]})
    assert (many["operator"], len(many["requests"])) == ("MANY", 3)
    assert Ocs(fake.url, fake.token).validate(many) == {}
    form.cleaned_data |= {"jitter": 0.0}
    with pytest.raises(ValidationError, match=r"0\.02"):
        form._expand_cadence_request({**group, "requests": [dict(request_)]})
    host = OCSFacility(LCOSettings("LCO"))
    (site,) = [one for one in host.get_facility_status()["sites"] if one["code"] == "coj"]
    assert {"code": "coj.clma.2m0a", "status": "AVAILABLE"} in site["telescopes"]


@pytest.mark.django_db
def test_what_comes_into_the_archive_after_the_end_is_found_and_kept(there, fake, settings, tmp_path):
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "OCS_ARCHIVE_URL": fake.url}
    settings.MEDIA_ROOT = tmp_path
    ada = make.user("ada")
    (record,) = asking.ask([soon()], by=ada, targets=up.target(ada))
    deliver("ocs")
    sent = Delivery.objects.get()
    assert sent.state == "delivered", sent.reason
    number = sent.receipt["request"]
    fake.put(number, "COMPLETED")
    following.follow()
    record.refresh_from_db()
    assert (record.status, record.asked.products) == ("COMPLETED", [])
    arriving.look(now=clock.now() + timedelta(minutes=11))
    row = Asked.objects.get()
    assert len(row.products) == 4
    assert row.products[0]["filename"].endswith("-e00.fits.fz")
    (made,) = products.keep(record, row.products[0]["id"])
    with made.data.open() as file:
        assert file.read() == f"frame {row.products[0]['id'].rpartition('-')[2]}".encode()
    asked = len(fake.requests)
    arriving.look(now=clock.now() + timedelta(minutes=12))  # not so soon again
    arriving.look(now=clock.now() + timedelta(days=4))  # and not for ever
    assert len(fake.requests) == asked


def test_a_token_goes_to_no_archive_of_another_portal(settings):
    for said, address in (
        ({"OCS_URL": "https://observe.lco.global/api"}, "https://archive-api.lco.global"),
        ({"OCS_URL": "https://portal.example.org"}, None),
        (
            {"OCS_URL": "https://portal.example.org", "OCS_ARCHIVE_URL": "https://frames.example.org/"},
            "https://frames.example.org",
        ),
    ):
        settings.TOM_TREASUREMAP = said
        found = archive("a token")
        assert (found.base if found else None) == address


@pytest.mark.django_db
def test_cancelling(there, fake):
    submit(there, fake)
    payload = transport(there).withdraw(["tom-0001"], there, "retracted")
    number = fake.groups[0]["requests"][0]["id"]
    fake.put(number, "IN_PROGRESS")
    with pytest.raises(Rejected, match="is being exposed"):
        Cancel(there.name).send(payload, KEY, fake.token)
    assert fake.groups[0]["state"] == "PENDING"
    fake.put(number, "FAILED")
    for _ in range(2):
        Cancel(there.name).send(payload, KEY, fake.token)
    assert became(there).state == "CANCELED"


@pytest.mark.django_db
def test_what_has_ended_is_not_cancelled(there, fake):
    submit(there, fake)
    fake.put(fake.groups[0]["requests"][0]["id"], "COMPLETED")
    with pytest.raises(Rejected, match="Cannot transition from request state COMPLETED"):
        Cancel(there.name).send(transport(there).withdraw(["tom-0001"], there, ""), KEY, fake.token)
    with pytest.raises(Rejected, match="no request with our mark"):
        Cancel(there.name).send(transport(there).withdraw(["tom-0002"], there, ""), KEY, fake.token)


@pytest.mark.django_db
def test_whose_token_it_is(there, fake, settings):
    alice, bob = make.user("alice"), make.user("bob")
    OcsProfile.objects.create(user=bob, token="bobs own")
    assert (token_of(alice), token_of(bob), token_of(None)) == (fake.token, "bobs own", fake.token)
    assert Submit(there.name).speaker(bob) == "your own account at the observatory"
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "OCS_TOKEN": ""}
    settings.FACILITIES = {"LCO": {"portal_url": "https://observe.lco.global", "api_key": "the hosts"}}
    assert token_of(alice) == ""  # of another portal
    with pytest.raises(Rejected) as refused:
        Submit(there.name).credential(alice)
    assert str(refused.value) == NO_TOKEN
    settings.FACILITIES = {"LCO": {"portal_url": f"{fake.url}/", "api_key": "the hosts"}}
    assert token_of(alice) == "the hosts"
    with pytest.raises(Rejected, match="Invalid token"):
        submit(there, type("Fake", (), {"token": "wrong"}))


@pytest.mark.django_db
def test_a_telescope_that_is_asked_another_way_by_now_is_not_asked_this_way(there, settings):
    row = outbox.queue(
        "ocs:tester", transport(there).write([soon()], there), key=KEY, by=None, subject="event:S261120ab"
    )  # fmt: skip
    found = destinations.find("ocs:tester")
    assert found.may_send(row, None) == ""
    assert "150.25" not in found.origin()  # a port may hold "150"
    other = {**settings.TOM_TREASUREMAP["TELESCOPES"][0], "transport": "download", "options": {}}
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "TELESCOPES": [other]}
    assert "by download" in found.may_send(row, None)
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "TELESCOPES": []}
    assert "no telescope" in found.may_send(row, None)


def test_the_marked_ones_are_found_on_any_page(fake):
    there = Ocs(fake.url, fake.token)
    group = requestgroup.group(
        soon(), telescope(options={"instrument_type": "1M0-SCICAM-SINISTRO", "telescope_class": "1m0"})
    )
    group["requests"][0]["configurations"][0]["instrument_configs"][1:] = []
    group["requests"][0]["configurations"][0]["instrument_configs"][0]["optical_elements"] = {"filter": "gp"}
    for number in range(205):
        fake.world.keep(
            {**group, "name": f"x{number}", "proposal": "TOM2026A-001"}, fake.world.users[0], datetime.now(timezone.utc)
        )
    assert len(there.named("x")) == 205
    assert len({row["id"] for row in there.named("x")}) == 205
    assert [row["name"] for row in there.named("x204")] == ["x204"]
    assert Ocs(fake.url, fake.world.users[1]["token"]).named("x") == []  # of another proposal


def test_the_client_asks_what_else_there_is(fake):
    there = Ocs(f"{fake.url}/api/", fake.token)
    assert there.instruments()["1M0-SCICAM-SINISTRO"]["class"] == "1m0"
    assert there.profile()["proposals"][0]["id"] == "TOM2026A-001"
    with pytest.raises(Rejected, match=r"404.*No RequestGroup matches"):
        there.group(17)
    for token in ("", "wrong"):
        with pytest.raises(Rejected, match="403"):
            Ocs(fake.url, token).profile()


@pytest.mark.django_db
def test_the_hosts_own_facility_speaks_to_the_same_stand_in(fake, settings):
    """tom_observations/facilities/ocs.py, as it is."""
    from tom_observations.facilities.ocs import OCSFacility

    settings.FACILITIES = {"OCS": {"portal_url": fake.url, "api_key": fake.token, "archive_url": fake.url}}
    host = OCSFacility()
    there = telescope(
        options={"instrument_type": "1M0-SCICAM-SINISTRO", "telescope_class": "1m0", "proposal": "TOM2026A-001"}
    )
    group = requestgroup.group(soon(), there)
    assert host.validate_observation(group)["errors"] == {}
    assert host.validate_observation(group)["request_durations"]["duration"] > 300
    (number,) = host.submit_observation(group)
    assert host.get_observation_status(number)["state"] == "PENDING"
    fake.put(number, "SCHEDULED")
    assert host.get_observation_status(number)["scheduled_start"] is not None
    assert host.cancel_observation(number)
    assert host.get_observation_status(number)["state"] == "CANCELED"
    (number,) = host.submit_observation({**group, "name": "another"})
    assert host.data_products(number) == []
    fake.put(number, "COMPLETED")
    products = host.data_products(number)
    assert len(products) == 4
    assert host.data_products(number, products[0]["id"]) == products[:1]
    assert requests.get(products[0]["url"], timeout=5).content == f"frame {products[0]['id']}".encode()


def test_by_time_it_observes_as_a_simulated_telescope_does():
    with FakeOcs(manner=Manner(speed=3600 * 24)) as fake:
        there = Ocs(fake.url, fake.token)
        options = {"instrument_type": "1M0-SCICAM-SINISTRO", "telescope_class": "1m0", "proposal": "TOM2026A-001"}
        group = requestgroup.group(soon(), telescope(options=options))
        said = there.submit({**group, "name": "by time"})
        stored = fake.groups[0]
        stored["created"] = "2026-01-01T00:00:00Z"  # long ago
        stored["requests"][0]["windows"] = [{"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T08:00:00Z"}]
        assert there.group(said["id"])["state"] == "COMPLETED"
        (one,) = there.observations(said["requests"][0]["id"])
        assert one["configuration_statuses"][0]["summary"]["time_completed"] == 300.0


def test_the_command_serves_without_django(tmp_path):
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps([{"path": "/api/profile/", "do": "500"}]))
    code = (
        "import sys; sys.modules['django'] = None; sys.argv = ['fake_ocs', '--faults', sys.argv[1]]; "
        "from tom_treasuremap.fake_ocs.__main__ import main; main()"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(faults)], stdout=subprocess.PIPE, text=True)
    try:
        url = process.stdout.readline().strip()
        headers = {"Authorization": "Token ocs-alice-a1b2c3d4e5f6"}
        assert [requests.get(f"{url}/api/profile/", headers=headers, timeout=5).status_code for _ in range(2)] == [
            500,
            200,
        ]
        assert requests.put(f"{url}/api/profile/", timeout=5).status_code == 405
        assert requests.get(f"{url}/api/nothing/", timeout=5).status_code == 404
        assert requests.get(f"{url}/api/instruments", timeout=5).url.endswith("/instruments/")
    finally:
        process.terminate()
        process.wait(5)


@pytest.mark.parametrize("url", ["observe.lco.global", "http://portal.example.org"])
def test_a_wrong_address_is_said(settings, url):
    settings.TOM_TREASUREMAP = {"OCS_URL": url}
    (found,) = [check for check in run_checks() if check.id == "tom_treasuremap.E004"]
    assert "OCS_URL" in found.msg
    settings.TOM_TREASUREMAP = {"OCS_URL": ""}
    assert transport(telescope(transport="ocs")).unready(telescope())


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["lco-0m4-coj", "lco-1m0-coj"])
def test_shipped_telescopes_can_be_asked(there, fake, name):
    found = telescopes.telescope(name)
    one = soon(1, telescope=name, exposures=soon().exposures[:1])
    assert transport(found).faults(one, found) == {}
    Submit(name).send(transport(found).write([one], found), KEY, fake.token)
    assert len(fake.groups) == 1


#: (where in a group, what is put there, the field at which the portal says it, how its words begin)
WRONG = [
    ("proposal", "NOBODY-001", "proposal", 'Invalid pk "NOBODY-001" - object does not exist.'),
    ("proposal", "", "proposal", "Please provide a proposal."),
    ("name", "", "name", "Please provide a name."),
    ("name", "x" * 51, "name", "Ensure this field has no more than 50 characters."),
    ("operator", "ALL", "operator", '"ALL" is not a valid choice.'),
    ("observation_type", "NOW", "observation_type", '"NOW" is not a valid choice.'),
    ("ipp_value", "x", "ipp_value", "A valid number is required."),
    ("requests.0.location.site", "xyz", "", '"xyz" is not a valid choice.'),
    ("requests.0.location.telescope_class", "3m0", "", '"3m0" is not a valid choice.'),
    ("requests.0.windows.0.end", "2026-01-01T00:00:00Z", "", "Window end time must be in the future"),
    ("requests.0.windows.0.start", "2099-01-01T00:00:00Z", "requests.0.windows.0", "Window end '"),
    ("requests.0.configurations.0.target.ra", 400.0, "", "Ensure this value is less than or equal to 360.0."),
    ("requests.0.configurations.0.constraints.max_airmass", 0.5, "", "Ensure this value is greater than or equal to 1.0."),
    ("requests.0.configurations.0.instrument_type", "1M0-NONE", "", "Invalid instrument type 1M0-NONE. Valid instruments"),
    ("requests.0.configurations.0.type", "SPECTRUM", "requests.0.configurations.0", "configuration type SPECTRUM is not valid"),
    ("requests.0.configurations.0.guiding_config.mode", "MAYBE", "requests.0.configurations.0", "Guiding mode MAYBE is not"),
    ("requests.0.configurations.0.acquisition_config.mode", "WCS", "requests.0.configurations.0", "Acquisition mode WCS is not"),
    ("requests.0.configurations.0.instrument_configs.0.mode", "fast", "requests.0.configurations.0", "Readout mode fast is not"),
    ("requests.0.configurations.0.instrument_configs.0.optical_elements.filter", "Ha", "requests.0.configurations.0", "optical element"),
    ("requests.0.configurations.0.instrument_configs.0.exposure_time", -60.0, "", "Ensure this value is greater than or equal to 0.0."),
    ("requests.0.configurations.0.instrument_configs.0.exposure_count", 0, "", "Ensure this value is greater than or equal to 1."),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value", "field", "words"), WRONG, ids=lambda value: str(value)[-30:])
@pytest.mark.parametrize("real", [False, *([True] if os.environ.get("OCS_TEST_URL") else [])])
def test_what_is_wrong_is_said_where_the_portal_says_it(fake, real, place, value, field, words):
    """Authority: observation portal 4.18.10, which was run and asked; with OCS_TEST_URL the one there is asked the same."""
    there = Ocs(os.environ["OCS_TEST_URL"], os.environ.get("OCS_TEST_TOKEN", "")) if real else Ocs(fake.url, fake.token)
    mine = [row["id"] for row in there.profile()["proposals"] if row.get("current")] or [""]
    group = requestgroup.group(soon(extra={"proposal": mine[0]}), telescopes.shipped()["lco-1m0-coj"])
    *path, last = place.split(".")
    within = group
    for name in path:
        within = within[int(name) if name.isdecimal() else name]
    within[last] = value
    (said,) = there.validate(group)[field or place]
    assert said.startswith(words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"proposal": "TOM2026A-002"}, "You do not belong to the proposal you are trying to submit with"),
        ({"ipp_value": 0.3}, "requestgroups ipp_value must be >= 0.5, <= 2.0"),
        ({"ipp_value": 3.0}, "requestgroups ipp_value must be >= 0.5, <= 2.0"),
        ({"operator": "MANY"}, "'Many' type requestgroups must have more than one child request."),
        (
            {"observation_type": "RAPID_RESPONSE", "later": 1},
            "The Rapid Response observation window start time cannot be",
        ),
        (
            {"observation_type": "RAPID_RESPONSE", "longer": 30},
            "A Rapid Response observation must start within the next 24",
        ),
        ({"observation_type": "RAPID_RESPONSE"}, None),
        ({"observation_type": "TIME_CRITICAL", "later": 1}, None),
    ],
    ids=str,
)
def test_what_the_portal_says_of_a_group_as_a_whole(fake, change, words):
    """Authority: observation portal 4.18.10, which was run and asked."""
    now = datetime.now(timezone.utc)
    later, longer = change.get("later", 0), change.get("longer", 0)
    one = soon(start=now - timedelta(minutes=1) + timedelta(hours=later), end=now + timedelta(hours=6 + longer))
    there = telescopes.shipped()["lco-1m0-coj"]
    group = {**requestgroup.group(one, there), "proposal": "TOM2026A-001"}
    said = Ocs(fake.url, fake.token).validate(group | {name: change[name] for name in change if name in group})
    assert list(said) == (["request"] if words else [])
    assert all(text.startswith(words) for texts in said.values() for text in texts)


def test_a_rapid_response_that_lasts_longer_than_a_day_is_no_such(there):
    now = datetime.now(timezone.utc)
    for hours, wrong in ((24, []), (26, ["end"])):
        one = soon(start=now, end=now + timedelta(hours=hours), extra={"observation_type": "RAPID_RESPONSE"})
        assert list(transport(there).faults(one, there)) == wrong


@pytest.mark.django_db
def test_a_failed_try_of_which_enough_was_exposed_completes_a_request(there, fake):
    """Authority: observation portal 4.18.10: from `acceptability_threshold` (90 per cent) on a request is COMPLETED, its try FAILED."""
    number = submit(there, fake).data["request"]
    start = datetime.now(timezone.utc).replace(microsecond=0)
    fake.put(number, "COMPLETED", start=start, end=start + timedelta(minutes=9), why="Clouds came", part=0.95)
    done = became(there)
    assert (done.state, done.start, done.end) == ("COMPLETED", start, start + timedelta(minutes=9))
    assert [(row["filter"], row["seconds"]) for row in done.observed] == [("gp", 180.0), ("rp", 105.0)]


@pytest.mark.django_db
@pytest.mark.parametrize("ended", ["WINDOW_EXPIRED", "CANCELED", "FAILURE_LIMIT_REACHED"])
def test_what_ended_there_while_it_ran_may_yet_be_completed(there, fake, ended):
    """Authority: observation portal 4.18.10, state_changes.py: COMPLETED follows on each of these ends, too."""
    number = submit(there, fake).data["request"]
    now = datetime.now(timezone.utc).replace(microsecond=0)
    fake.put(number, "IN_PROGRESS", start=now, end=now + timedelta(minutes=9))
    fake.groups[0]["state"] = fake.groups[0]["requests"][0]["state"] = ended
    assert (became(there).state, became(there).start) == ("IN_PROGRESS", now)
    late = transport(there).states(there, ["tom-0001"], now + timedelta(hours=2))["tom-0001"]  # no word came of it
    assert late.state == ("FAILED" if ended == "FAILURE_LIMIT_REACHED" else ended)
    fake.put(number, "COMPLETED", start=now)
    assert became(there).state == "COMPLETED"


@pytest.mark.django_db
def test_what_begins_while_it_is_cancelled_is_followed_to_its_end(there, fake, monkeypatch):
    ada = make.user("ada")
    (record,) = asking.ask([soon()], by=ada, targets=up.target(ada))
    deliver("ocs")
    row, number = Asked.objects.get(), Delivery.objects.get().receipt["request"]
    now = datetime.now(timezone.utc).replace(microsecond=0)
    cancel = Ocs.cancel

    def begun(self, group):
        fake.put(number, "IN_PROGRESS", start=now, end=now + timedelta(minutes=9))
        return cancel(self, group)

    monkeypatch.setattr(Ocs, "cancel", begun)
    assert cancelling.cancel([record], ada) == {}
    deliver("ocs-cancel")
    assert fake.groups[0]["state"] == "CANCELED"
    for ended, status in ((None, "IN_PROGRESS"), ("COMPLETED", "COMPLETED")):
        if ended:
            fake.put(number, ended, start=now)
        following.delivered(row := Asked.objects.get())
        following.refresh(row)
        record.refresh_from_db()
        assert record.status == status


@pytest.mark.django_db
def test_what_failed_and_waits_again_is_scheduled_no_more(there, fake):
    ada = make.user("ada")
    (record,) = asking.ask([soon()], by=ada, targets=up.target(ada))
    deliver("ocs")
    row, number = Asked.objects.get(), Delivery.objects.get().receipt["request"]
    start = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(hours=1)
    for state, begins in (
        ("SCHEDULED", start),
        ("FAILED", None),
        ("SCHEDULED", start),
        ("FAILURE_LIMIT_REACHED", start),
    ):
        fake.put(number, state, start=start, why="Guiding was lost")
        following.refresh(row)
        row.refresh_from_db()
        record.refresh_from_db()
        assert record.scheduled_start == begins, state
        assert row.polled <= clock.now(), "who asks by hand keeps the job from asking"
    assert (record.status, row.message) == ("FAILED", "Guiding was lost")


@pytest.mark.django_db
def test_without_a_token_nobody_looks_for_what_may_be_there(there, fake, settings):
    """Authority: observation portal 4.18.10 gives nobody an empty list, and no 403."""
    submit(there, fake)
    assert Ocs(fake.url, "").named("Request") == []
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "OCS_TOKEN": ""}
    with pytest.raises(Unavailable, match="no token"):
        Submit(there.name).find(transport(there).write([soon()], there), KEY, clock.now())


def test_frames_of_other_requests_are_none_of_ours(monkeypatch):
    """Authority: science-archive, frames/filters.py: its names in capitals are to go; what it does not know it does not filter by."""
    rows = [{"id": 1, "request_id": 5}, {"id": 2, "REQNUM": "5"}, {"id": 3, "request_id": 6}, {"id": 4}]
    monkeypatch.setattr(Archive, "_list", lambda self, path, query: iter(rows))
    assert [row["id"] for row in Archive("https://frames.example.org").frames(5)] == [1, 2]


if os.environ.get("OCS_TEST_URL"):

    def test_a_real_portal_validates():
        there = Ocs(os.environ["OCS_TEST_URL"], os.environ.get("OCS_TEST_TOKEN", ""))
        found = telescopes.shipped()["lco-1m0-coj"]
        current = [row["id"] for row in there.profile()["proposals"] if row.get("current")] or [""]
        group = requestgroup.group(soon(extra={"proposal": current[0]}), found)
        wrong = there.validate(group)  # time and sky may be against it; that each field is understood is what counts
        expected = ("proposal", "request", "requests.0")
        assert all(field in expected or field.startswith("requests.0.windows") for field in wrong), wrong


def card_after_test(client) -> str:
    """The profile page once the worker has tested the token."""
    client.post("/followup/ocs/test/")
    account_tests.run()
    return client.get("/users/profile/").content.decode()


@pytest.mark.django_db
def test_ones_own_token_is_kept_and_never_shown(there, fake, client):
    assert client.get("/followup/ocs/token/").status_code == 302  # log in first
    assert client.post("/followup/ocs/test/").status_code == 302
    alice, bob = make.user("alice"), make.user("bob")
    client.force_login(bob)
    assert "this TOM&#x27;s token" in client.get("/users/profile/").content.decode().replace("'", "&#x27;")
    said = client.post("/followup/ocs/token/", {"token": "two words"})
    assert "without spaces" in said.content.decode()
    client.post("/followup/ocs/token/", {"token": fake.world.users[1]["token"]})
    assert token_of(bob) == fake.world.users[1]["token"]
    assert token_of(alice) == fake.token
    for page in ("/followup/ocs/token/", "/users/profile/"):
        shown = client.get(page).content.decode()
        assert fake.world.users[1]["token"] not in shown
    assert "an own token" in shown
    said = card_after_test(client)
    assert "knows you as bob" in said
    assert "TOM2026A-002" in said
    fake.faults.append({"path": "/api/profile/", "do": "500"})
    assert "It could not be asked" in card_after_test(client)
    fake.world.users[1]["token"] = "another now"
    assert "The token was not taken" in card_after_test(client)
    client.force_login(alice)
    assert token_of(alice) == fake.token
    assert OcsProfile.objects.filter(user=alice).count() == 0
