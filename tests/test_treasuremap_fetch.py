"""Pointings from the Treasure Map and elsewhere into rows: once, followed, bounded, and private where they must be.

Authority: the server's contract (repeated rows, RA of -180..180), ObsLocTAP 1.0, and the rule that a question about a protected
event would itself tell of it. The stand-ins answer over real sockets.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from tom_observations.models import ObservationRecord
from tom_targets.models import Target

from tests import factories
from tests.tap import Tap
from tom_scimma import skymap
from tom_scimma.errors import Refused
from tom_scimma.models import Candidate
from tom_treasuremap import following, gathering, keeping
from tom_treasuremap.fake import Fake
from tom_treasuremap.fetching import fetch
from tom_treasuremap.footprints import camera
from tom_treasuremap.models import EventName, FetchState, Instrument, Pointing
from tom_treasuremap.signals import pointings_changed
from tom_treasuremap.sources import file, obstap, own
from tom_treasuremap.sources.treasuremap import found

pytestmark = pytest.mark.django_db
NAME = "S251112cm"
ROW = {
    "instrumentid": 100,
    "time": "2025-11-12T20:00:00",
    "status": "planned",
    "band": "r",
    "depth": 21.0,
    "depth_unit": "ab_mag",
}


@pytest.fixture
def fake(settings):
    with Fake() as fake:
        settings.TOM_TREASUREMAP = {"BASE_URL": fake.url, "PAUSE_SECONDS": 0, "READ_SECONDS": 0.5, "CONNECT_SECONDS": 1}
        yield fake


@pytest.fixture
def event():
    return factories.event(NAME, time=timezone.now() - timedelta(hours=2), latest=timezone.now())


def test_pointings_come_once_in_the_normal_form(fake, event):
    [first, second] = fake.observe(
        NAME, [{**ROW, "ra": 350, "dec": -30, "pos_angle": 12.0}, {**ROW, "ra": 10, "dec": 5}]
    )
    fake.world.links[NAME].append(first)  # completed by id: linked a second time
    state = fetch(event)
    assert (state.count, state.new, state.failures, state.error) == (2, 2, 0, "")
    row = Pointing.objects.get(source_id=str(first))
    assert (row.ra, row.dec, row.pos_angle, row.team, row.telescope) == (350.0, -30.0, 12.0, "tomuser", "sinistro")
    assert (row.time.isoformat(), row.status, row.band, row.depth_unit) == (
        "2025-11-12T20:00:00+00:00",
        "planned",
        "r",
        "ab_mag",
    )
    pointing = row.as_pointing()
    assert (pointing.key, pointing.event, pointing.instrument_id) == (f"treasuremap:{first}", NAME, 100)
    assert pointing.central_wave is pointing.doi is pointing.depth_err is None
    assert row.document["position"] == "POINT(-10 -30)"
    assert fetch(event).new == 0
    assert Pointing.objects.count() == 2
    assert str(second) in set(Pointing.objects.values_list("source_id", flat=True))


def test_what_changed_has_a_history_and_what_is_gone_is_marked(fake, event):
    told = []
    pointings_changed.connect(lambda event, **more: told.append(event.name), weak=False, dispatch_uid="test")
    one, two = fake.observe(NAME, [{**ROW, "ra": 1, "dec": 1}, {**ROW, "ra": 2, "dec": 2}])
    fetch(event)
    fake.world.pointings[one].update(status="completed", time="2025-11-12T21:00:00", dateupdated="2025-11-12T21:01:00")
    kept = fake.world.links[NAME].pop()
    state = fetch(event, whole=True)
    pointings_changed.disconnect(dispatch_uid="test")
    assert (state.new, state.changed, state.vanished, len(told)) == (0, 1, 1, 2)
    row = Pointing.objects.get(source_id=str(one))
    [entry] = row.history
    assert (entry["status"], entry["time"][0]) == (["planned", "completed"], "2025-11-12T20:00:00+00:00")
    gone = Pointing.objects.get(source_id=str(two))
    assert gone.vanished is not None
    assert list(Pointing.objects.known()) == [row]
    fake.world.links[NAME].append(kept)
    fetch(event, whole=True)
    gone.refresh_from_db()
    assert (gone.vanished, gone.history[-1]["vanished"][1]) == (None, None)


@pytest.mark.parametrize("does", ["500", "502", "html", "text", "half", "drop", "hang", "empty", "null", "429"])
def test_whatever_the_server_does_what_was_known_stays(fake, event, does):
    fake.observe(NAME, [{**ROW, "ra": ra, "dec": 1} for ra in range(40)])
    fetch(event)
    fake.faults.append({"path": "*/pointings", "times": 1, "do": does, "seconds": 3})
    state = fetch(event)
    assert (state.failures, state.count, Pointing.objects.known().count()) == (1, 40, 40)
    assert state.error
    assert state.due >= timezone.now() + timedelta(seconds=3)
    again = fetch(event)
    assert (again.failures, again.error) == (0, "")


def test_nobody_there(settings, event):
    settings.TOM_TREASUREMAP = {"BASE_URL": "http://127.0.0.1:1", "PAUSE_SECONDS": 0}
    assert [fetch(event).failures for _ in range(2)] == [1, 2]


def test_a_row_that_cannot_be_read_costs_only_itself(fake, event):
    bad, _ = fake.observe(NAME, [{**ROW, "ra": 1, "dec": 1}, {**ROW, "ra": 2, "dec": 2}])
    fake.world.pointings[bad]["position"] = "POINT(NaN 3)"
    state = fetch(event)
    assert (state.new, state.failures) == (1, 0)
    assert f"pointing {bad}" in state.error


def test_a_protected_event_is_never_asked_about(fake, settings):
    group = factories.Group.objects.create(name="few")
    secret = factories.event("S261120zz", groups=(group,), time=timezone.now())
    with pytest.raises(Refused, match="protected"):
        fetch(secret)
    FetchState.objects.create(
        event=secret, source="treasuremap", origin=fake.url.removeprefix("http://"), due=timezone.now()
    )
    following.follow()
    assert [asked for asked in fake.requests if "zz" in str(asked)] == []
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "PRIVATE": True}
    assert fetch(secret).failures == 0


def test_an_alternate_name_and_a_name_that_only_some_may_know(fake):
    event = factories.event("S170817z", time=timezone.now())
    factories.Alias.objects.create(event=event, name="GW170817")
    fake.observe("S170817a", [{**ROW, "ra": 1, "dec": 1}])
    assert fetch(event).count == 1
    assert EventName.objects.get(event=event).graceid == "S170817a"
    hidden = factories.event("S170817y", time=timezone.now())
    factories.Alias.objects.create(event=hidden, name="GW170818")
    group = factories.Group.objects.create(name="few")
    factories.alert(hidden, factories.notice("S170817y"), factories.message(groups=(group,)))
    fetch(hidden)
    assert "GW170818" not in str(fake.requests)


def test_instruments_come_with_their_footprints(fake, event):
    fake.world.instruments[103] = {**fake.world.instruments[100], "id": 103, "nickname": "bare"}
    fake.observe(NAME, [{**ROW, "ra": 1, "dec": 1, "instrumentid": 103}])
    fetch(event)
    two = Instrument.objects.get(number=102)
    assert [len(ring) for ring in two.rings] == [4, 4]
    assert camera(two.rings).at([10], [0], [0]).area[0] == pytest.approx(2.0, rel=1e-3)
    assert camera(Instrument.objects.get(number=103).rings) is None
    assert "no footprint" in Instrument.objects.get(number=103).problem


def test_the_worker_follows_what_is_young_active_and_no_test(fake, event):
    now = timezone.now()
    factories.event("MS251112a", role="test", time=now)
    factories.event("S251112dd", state="retracted", time=now)
    factories.event("S251112ee", time=now - timedelta(days=40))
    grb = factories.event("GRB 251112A", kind="GRB", time=now)
    fake.observe(NAME, [{**ROW, "ra": 1, "dec": 1}])
    following.follow()
    [state] = FetchState.objects.all()
    assert (state.event, state.count) == (event, 1)
    assert timedelta(minutes=4) < state.due - now < timedelta(minutes=6)
    following.ask(grb, None, followed=True)
    following.follow()
    assert FetchState.objects.get(event=grb).fetched is not None


def test_of_many_only_what_may_have_changed_is_read(fake, event, settings):
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "WHOLE_ROWS": 3}
    done = {**ROW, "status": "completed", "dec": 1}
    ids = fake.observe(
        NAME, [{**done, "ra": ra} for ra in range(4)] + [{**ROW, "ra": 5, "dec": 5}, {**ROW, "ra": 6, "dec": 5}]
    )
    fetch(event)
    fake.world.pointings[ids[4]]["status"] = "cancelled"
    fake.world.pointings[ids[5]].update(status="completed")
    now = timezone.now().replace(tzinfo=None).isoformat()
    fake.observe(NAME, [{**done, "ra": 9, "time": now}])
    before = len(fake.requests)
    state = fetch(event)
    assert (state.new, state.changed, state.vanished, state.count) == (1, 2, 0, 7)
    asked = [request.query for request in fake.requests[before:] if request.path.endswith("/pointings")]
    assert all(set(query) - {"graceid"} for query in asked)
    assert Pointing.objects.get(source_id=str(ids[4])).status == "cancelled"


def test_the_command_fetches_by_any_name_and_says_what_failed(fake, event):
    fake.observe(NAME, [{**ROW, "ra": 1, "dec": 1}])
    out = StringIO()
    call_command("fetchpointings", NAME, stdout=out)
    assert "1 pointings, 1 new" in out.getvalue()
    with pytest.raises(CommandError, match="no event 'nothing'"):
        call_command("fetchpointings", "nothing")
    fake.faults.append({"path": "*/pointings", "do": "500"})
    with pytest.raises(CommandError, match="What was known of them stays"):
        call_command("fetchpointings", "--all", stdout=out, stderr=StringIO())


# --- elsewhere

CSV = b"""ra,dec,time,status,filter,depth,unit,telescope
-10.5,20,2025-11-12T20:00:00Z,completed,rp,21.5,AB,Tel A
12,95,2025-11-12 21:00,done,r,,,Tel A
x,1,61000.5,planned,,20,,Tel B
13,1,61000.5,planned,zs,,,Tel B
"""


def test_a_file_with_wrong_lines_is_not_taken_and_every_line_is_told(event):
    with pytest.raises(file.BadFile) as caught:
        gathering.from_file(event, CSV, "night.csv")
    first, second = caught.value.errors
    assert first.startswith("line 3:")
    assert "dec is from -90 to 90" in first
    assert second.startswith("line 4: RA 'x'")
    assert Pointing.objects.count() == 0


def test_a_file_is_taken_once_and_its_newer_version_takes_its_place(event):
    lines = CSV.splitlines(keepends=True)
    good = b"".join([lines[0], lines[1], lines[4]])
    assert gathering.from_file(event, good, "night.csv").new == 2
    row = Pointing.objects.get(telescope="Tel A")
    assert (row.ra, row.band, row.central_wave, row.depth_unit, row.status) == (
        349.5,
        "r",
        6415.4,
        "ab_mag",
        "completed",
    )
    assert gathering.from_file(event, good, "night.csv").changed == 0
    kept = gathering.from_file(event, b"".join([lines[0], lines[1]]), "night.csv")
    assert (kept.new, kept.vanished) == (0, 1)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff\xfe", "no text in UTF-8"),
        (b"", "no column"),
        (b"a,b\n1,2\n", "no column ra nor dec"),
        (b"ra,dec\n", "no rows"),
        (b"[1]", "is no object"),
        (b'{"pointings": 3}', "is no list"),
        (b"[{", "but is none"),
        (b"ra,dec,status\n1,2,planned\n", "line 2: no time"),
        (b"ra,dec,time,status,depth\n1,2,61000,planned,20\n", "a depth needs its unit"),
        (b"ra,dec,time,status\n1,2,yesterday,planned\n", "neither ISO nor an MJD"),
        (b"ra,dec,time,status\n1,2,61000,planned,5\n", "5 cells"),
        (b"ra,dec,time\n1,2,61000\n", "no status"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(data, said):
    with pytest.raises(file.BadFile, match=said):
        file.read(data, NAME)


@pytest.mark.parametrize(
    "said", ["2026-01-01T03:00:00.5Z", "2026-01-01 03:00:00.50", "2026-01-01T04:00:00.500000000+01"]
)
def test_a_file_s_times_have_any_number_of_decimals(said):
    """Python 3.10 reads three or six."""
    [found] = file.read(json.dumps([{"ra": 1, "dec": 2, "time": said}]).encode(), NAME, status="planned")
    assert found.pointing.time == datetime.fromisoformat("2026-01-01T03:00:00.500000+00:00")


def test_a_json_file_and_the_treasure_maps_own_rows():
    rows = [{"position": "POINT(-10 5)", "time": "2025-11-12T20:00:00", "instrumentid": 47, "id": 5, "band": "y"}]
    [found] = file.read(json.dumps({"pointings": rows}).encode(), NAME, status="completed")
    pointing = found.pointing
    assert (pointing.ra, pointing.instrument_id, pointing.source_id) == (350.0, 47, "5")
    assert (pointing.band, pointing.central_wave) == ("other", 10031.0)


def test_our_own_observations_say_what_they_say_and_nothing_more(event):
    target = Target.objects.create(name="AT2025x", type="SIDEREAL", ra=10.0, dec=-5.0)
    Candidate.objects.create(event=event, target=target, because="person")
    lco = {"c_1_instrument_type": "1M0-SCICAM-SINISTRO", "c_1_ic_1_filter": "rp", "start": "2025-11-12T20:00:00"}
    common = {"target": target, "observation_id": "1"}
    first = ObservationRecord.objects.create(facility="LCO", parameters=lco, status="PENDING", **common)
    second = ObservationRecord.objects.create(facility="GEM", parameters={"obsid": "GS-1"}, status="Observed", **common)
    third = ObservationRecord.objects.create(facility="SOAR", parameters={}, status="WINDOW_EXPIRED", **common)
    assert gathering.own_pointings(event).new == 3
    rows = {row.observation_id: row for row in Pointing.objects.filter(source="own")}
    row = rows[first.pk]
    assert (row.status, row.band, row.telescope, row.ra) == ("planned", "r", "LCO 1M0-SCICAM-SINISTRO", 10.0)
    assert row.time.isoformat() == "2025-11-12T20:00:00+00:00"
    bare = rows[second.pk].as_pointing()
    assert (bare.status, bare.band, bare.time, bare.depth, bare.pos_angle) == ("completed", None, None, None, None)
    assert rows[third.pk].status == "cancelled"
    ObservationRecord.objects.filter(pk=first.pk).update(status="COMPLETED")
    third.delete()
    kept = gathering.own_pointings(event)
    assert (kept.changed, Pointing.objects.get(observation=first).status) == (1, "completed")


@pytest.mark.parametrize("said", ["", "PENDING", "SCHEDULED", None])
def test_a_state_that_nobody_knows_is_planned(said):
    assert own.status_of(said) == "planned"


def mjd(moment) -> float:
    return (moment - obstap.MJD) / timedelta(days=1)


def test_plans_in_the_events_region_come_by_obsloctap(event, settings):
    last = factories.alert(event, factories.notice(NAME), factories.message())
    factories.show(event, factories.localization(last, skymap.from_gaussian(30.0, 20.0, 3.0, order=3, rounds=3)))
    soon = mjd(timezone.now()) + 0.5
    common = {
        "s_fov": 3.5,
        "t_min": soon,
        "t_max": soon + 0.01,
        "em_min": 5.5e-7,
        "em_max": 7e-7,
        "execution_status": "Scheduled",
    }
    near = {**common, "obs_id": "near", "s_ra": 31.0, "s_dec": 20.0, "facility_name": "Rubin:Simonyi"}
    ring = "POLYGON ICRS 29 19 31 19 31 21 29 21"
    done = {**near, "obs_id": "done", "s_fov": None, "s_region": ring, "execution_status": "Performed"}
    far, past = {**near, "obs_id": "far", "s_ra": 200.0}, {**near, "obs_id": "past", "t_min": 50000.0, "t_max": 50000.1}
    with Tap([near, done, far, past]) as tap:
        state = gathering.plans(event, {"name": "Rubin", "url": tap.url})
        assert (state.failures, state.error, state.count) == (0, "", 2)
        assert "FROM ivoa.obsplan" in tap.asked[0]
        row = Pointing.objects.get(source_id="near")
        assert (row.team, row.telescope, row.status, row.source) == ("Rubin", "Rubin:Simonyi", "planned", "obstap")
        assert (round(row.central_wave), round(row.bandwidth), len(row.footprint[0])) == (6250, 1500, 32)
        assert Pointing.objects.get(source_id="done").footprint == [[[29, 19], [31, 19], [31, 21], [29, 21]]]
        tap.broken = "<html>no</html>"
        state = gathering.plans(event, {"name": "Rubin", "url": tap.url})
        assert (state.failures, Pointing.objects.known().count()) == (1, 2)


def test_what_another_fetch_stored_meanwhile_stays():
    """Two at once: the rows of the one that came first, and of the other what is new."""
    event, now = factories.event("S1"), timezone.now()
    row = {"id": 1, "position": "POINT (10 20)", "status": "planned", "time": "2026-11-21T01:02:03"}
    first, second = (
        keeping._row(event, "treasuremap", "here", found({**row, "id": number}, "S1"), "d", now, None)
        for number in (1, 2)
    )
    keeping._insert([first])
    keeping._insert([second, first])
    assert list(Pointing.objects.order_by("source_id").values_list("source_id", "ra", "vanished", "history")) == [
        ("1", 10.0, None, []), ("2", 10.0, None, [])
    ]  # fmt: skip
