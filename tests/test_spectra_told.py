"""Spectra are no images: the Treasure Map is told of none, they cover nothing of the sky, and a slit is no filter.

Authority: TOM Toolkit's forms of LCO and SOAR (names of their parameters), and an OCS's own words of what it did.
"""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone
from tom_observations.models import ObservationRecord

from tests import factories as make
from tests import following as up
from tests import sharing
from tests import treasuremap_reports as reports
from tests.outside.rig import deliver
from tom_scimma.compose.content import Content, Observation, Person
from tom_scimma.errors import Unsaid
from tom_scimma.models import Event
from tom_treasuremap import asking, gathering, observed
from tom_treasuremap.followup import asking as following_asking
from tom_treasuremap.followup import following
from tom_treasuremap.followup.request import Exposure, State
from tom_treasuremap.models import Asked, Pointing, Report, ReportRule
from tom_treasuremap.sources import own
from tom_treasuremap.transports import requestgroup

pytestmark = pytest.mark.django_db
COMMON = {"filter": "rp", "start": "2026-11-20T03:00:00", "depth": 21.5, "depth_unit": "ab_mag"}
SPECTRA = [
    {"observation_type": "SPECTRA", "c_1_instrument_type": "2M0-FLOYDS-SCICAM", "c_1_ic_1_filter": "slit_2.0as"},
    {"c_1_configuration_type": "SPECTRUM", "c_2_configuration_type": "ARC", "c_1_instrument_type": "SOAR_GHTS_REDCAM"},
    {"c_1_configuration_type": "NRES_SPECTRUM", "c_1_instrument_type": "1M0-NRES-SCICAM"},
    {"observation_type": "Goodman_RED_Spectra"},
    {"observation_type": "spectrum", "telescope": "north"},
    {"instrument_type": "2M0-FLOYDS-SCICAM"},
]
IMAGES = [
    {"observation_type": "IMAGING", "instrument_type": "2M0-SPECTRAL-AG"},
    {"c_1_configuration_type": "EXPOSE", "c_2_configuration_type": "SPECTRUM", "c_2_instrument_type": "2M0-FLOYDS-SCICAM"},
    {"instrument_type": "1M0-SCICAM-SINISTRO", "c_1_configuration_type": ""},
    {},
]  # fmt: skip


@pytest.fixture
def fake(settings):
    with reports.at_standin(settings) as fake:
        yield fake


@pytest.fixture
def event(fake):
    event = Event.objects.get(name=reports.NAME)
    event.target = sharing.target("AT2026abc", ra=125.25, dec=-12.5)
    event.latest = event.time = timezone.now() - timedelta(hours=1)
    event.save()
    return event


def record(event, ada, said, **changes) -> ObservationRecord:
    values = {
        "facility": "LCO",
        "observation_id": "77",
        "status": "PENDING",
        "user": ada,
        "parameters": {**COMMON, **said},
    }
    return ObservationRecord.objects.create(target=event.target, **{**values, **changes})


@pytest.mark.parametrize(("said", "is_one"), [*((one, True) for one in SPECTRA), *((one, False) for one in IMAGES)])
def test_a_spectrum_is_known_by_its_kind_its_configurations_or_its_spectrograph(said, is_one):
    assert own.is_spectrum(SimpleNamespace(parameters=said)) is is_one


@pytest.mark.parametrize("said", SPECTRA)
def test_a_rule_tells_no_spectrum_and_none_counts_as_coverage(event, said):
    ada = make.user("ada")
    ReportRule.objects.create(owner=ada, facility="LCO", number=100, since=timezone.now())
    one = record(event, ada, said, status="COMPLETED")
    record(event, ada, {}, observation_id="78", status="COMPLETED")
    observed.reconcile()
    gathering.own_pointings(event)
    assert Report.objects.get().observation_id != one.pk
    assert Pointing.objects.get(source="own").source_id != str(one.pk)


def test_what_was_told_of_a_spectrum_while_it_was_planned_is_taken_back(fake, event):
    ada = make.user("ada")
    ReportRule.objects.create(owner=ada, facility="LCO", number=100, since=timezone.now())
    one = record(event, ada, {})
    observed.reconcile()
    deliver("treasuremap")
    ObservationRecord.objects.filter(pk=one.pk).update(parameters={**COMMON, **SPECTRA[0]})
    for _ in range(2):
        observed.reconcile()
        deliver("treasuremap-cancel")
    assert [row["status"] for row in reports.rows(fake)] == ["cancelled"]


def test_a_person_who_shares_a_spectrum_is_told_to_leave_it_out():
    told = SimpleNamespace(name=reports.NAME, role="observation")
    row = Observation(7, "AT2026abc", "LCO", "77", "COMPLETED", parameters=SPECTRA[0])
    content = Content(Person("ada"), event=told, observations=(row,))
    assert asking.needs(content) == []
    with pytest.raises(Unsaid) as refused:
        asking.pointings({"content": content}, test=False)
    assert "is a spectrum" in refused.value.fields["observations.7"][0]


def test_the_slit_that_an_observatory_used_is_not_the_observations_filter(event, settings):
    configured = {
        "id": 5, "type": "SPECTRUM", "target": {"ra": 60.0, "dec": -30.0},
        "instrument_configs": [{"exposure_time": 900, "exposure_count": 1, "optical_elements": {"slit": "slit_2.0as"}}],
    }  # fmt: skip
    done = {"state": "COMPLETED", "start": "2026-11-20T03:00:00Z", "end": "2026-11-20T03:20:00Z"}
    said = requestgroup.state({"state": "COMPLETED", "configurations": [configured]}, [done])
    assert (said.observed[0]["slit"], said.observed[0]["filter"]) == ("slit_2.0as", "")
    with up.known(settings):
        wanted = up.request(kind="spectrum", exposures=(Exposure("FLOYDS", 900.0),), extra={"slit": 2.0})
        (one,) = following_asking.ask([wanted], by=make.user("ada"), event=event, targets=event.target)
        assert (one.parameters["instrument"], one.parameters["slit"]) == ("FLOYDS", 2.0)
        by_hand = State("COMPLETED", observed=({"filter": "FLOYDS", "seconds": 900.0, "depth": None},))
        for state in (said, by_hand):
            ObservationRecord.objects.update(status="PENDING")
            following.apply(Asked.objects.get(), state)
            one.refresh_from_db()
            assert one.status == "COMPLETED"
            assert "filter" not in one.parameters
