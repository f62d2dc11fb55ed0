"""Targets become candidates: levels against the map's own and against separations, windows, versions, people's decisions.

Authority: the suite's design (which targets are candidates), skymap.py for levels (tested against ligo.skymap there).
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import numpy as np
import pytest
from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from tom_dataproducts.models import PhotometryReducedDatum, SpectroscopyReducedDatum
from tom_targets.models import Target, TargetExtra

from tests import factories as make
from tests.at_once import at_once, needs_postgresql
from tests.maps import multiorder
from tests.messages import NOW, gw, xrt
from tom_scimma import candidates, eventmaps, places, skymap
from tom_scimma.candidates import deciding, following, placing
from tom_scimma.ingest import ingest
from tom_scimma.models import Candidate, CandidateLevel, Event, Placement, Reaction, TargetPlace

pytestmark = pytest.mark.django_db
TIME = NOW - timedelta(minutes=10)  # of the events that messages.gw tells of


def target(name: str, ra: float = 30.0, dec: float = 20.0, created=TIME, extras=None, **fields) -> Target:
    row = Target(**{"name": name, "type": "SIDEREAL", "ra": ra, "dec": dec, "permissions": "PUBLIC", **fields})
    row.save(extras=extras or {})
    Target.objects.filter(pk=row.pk).update(created=created)
    row.created = created  # or a later save would write the day of the test
    return row


def sky(ra: float = 30.0, dec: float = 20.0, sigma: float = 3.0, **options) -> skymap.SkyMap:
    return skymap.from_gaussian(ra, dec, sigma, order=3, rounds=4, **options)


def hear(*records) -> Event:
    """Ingests, and runs the reactions as the worker does."""
    for result in ingest(records, now=NOW):
        for alert in result.alerts:
            candidates.react(alert, "new")
    return Event.objects.get(name="S261121a") if "igwn" in records[0].topic else Event.objects.get()


def names(event: Event) -> set[str]:
    return set(Candidate.objects.filter(event=event).values_list("target__name", flat=True))


@pytest.mark.parametrize(("ra", "dec"), [(30.0, 20.0), (0.0, 0.0), (123.0, -90.0), (200.0, 89.9)])
def test_targets_inside_become_candidates_with_the_map_s_own_levels(ra, dec):
    """Anywhere on the sky, across RA 0 and at the poles; the reference asks the map for each target."""
    rng = np.random.default_rng(5)
    lon = np.concatenate([rng.uniform(0, 360, 400), ra + rng.normal(0, 5, 100)]) % 360
    lat = np.concatenate(
        [np.degrees(np.arcsin(rng.uniform(-1, 1, 400))), np.clip(dec + rng.normal(0, 5, 100), -90, 90)]
    )
    Target.objects.bulk_create(
        [
            Target(name=f"t{i}", type="SIDEREAL", ra=x, dec=y)
            for i, (x, y) in enumerate(zip(lon.tolist(), lat.tolist(), strict=True))
        ]
    )
    Target.objects.update(created=TIME)
    places.reconcile()
    made = sky(ra, dec)
    event = hear(gw(skymap=multiorder(made)))
    expected = {f"t{i}": level for i, level in enumerate(made.level_at(lon, lat).tolist()) if level <= 0.95}
    assert len(expected) > 20
    found = dict(Candidate.objects.filter(event=event).values_list("target__name", "level"))
    assert found == pytest.approx(expected, abs=1e-9)
    kept = CandidateLevel.objects.filter(alert=event.alerts.get())
    assert dict(kept.values_list("candidate__target__name", "level")) == pytest.approx(expected, abs=1e-9)
    assert set(kept.values_list("inside", flat=True)) == {True}
    assert Placement.objects.get().inside == len(expected)


def test_the_level_of_an_error_circle_grows_with_the_separation():
    for dec in (40.0, 40.01, 40.018, 40.05):
        target(f"at {dec}", 120.0, dec)
    event = hear(xrt(ra=120.0, dec=40.0, radius=0.02))
    found = dict(Candidate.objects.filter(event=event).order_by("level").values_list("target__name", "level"))
    assert list(found) == ["at 40.0", "at 40.01", "at 40.018"]
    # Rayleigh: P(<r) = 1 - 0.1 ** (r / r90)^2
    assert found["at 40.01"] == pytest.approx(1 - 0.1**0.25, abs=0.06)
    assert found["at 40.018"] == pytest.approx(1 - 0.1**0.81, abs=0.06)


def test_the_event_s_own_target_is_no_candidate_of_it():
    event = hear(xrt(ra=120.0, dec=40.0, radius=0.02))
    assert event.target_made
    assert names(event) == set()
    following.follow(now=NOW)
    assert names(event) == set()


def test_what_moves_has_no_place_or_is_far_away_is_left_out():
    target("comet", type="NON_SIDEREAL")
    target("nowhere", ra=None, dec=None)
    target("beyond the pole", dec=-91.0)
    target("far", ra=210.0, dec=-20.0)
    assert names(hear(gw(skymap=multiorder(sky())))) == set()
    assert Placement.objects.get().inside == 0


DAYS = timedelta(days=1)


@pytest.mark.parametrize(
    ("created", "extras", "data", "because"),
    [
        (TIME - 1.9 * DAYS, {}, [], "creation"),
        (TIME + 29.9 * DAYS, {}, [], "creation"),
        (TIME - 2.1 * DAYS, {}, [], None),
        (TIME + 30.1 * DAYS, {}, [], None),
        (TIME - 400 * DAYS, {"discovery_date": (TIME + DAYS).isoformat()}, [], "discovery"),
        (TIME - 400 * DAYS, {"Discovery Date": "2026-11-21"}, [], "discovery"),
        (TIME - 400 * DAYS, {"discovery_mjd": 61365.5}, [], "discovery"),
        (TIME - 400 * DAYS, {"discovery_date": (TIME - 9 * DAYS).isoformat()}, [], None),
        (TIME - 400 * DAYS, {}, [TIME + DAYS, TIME + 2 * DAYS], "datum"),
        (TIME - 400 * DAYS, {}, [TIME - 3 * DAYS, TIME + DAYS], None),
        (TIME, {"discovery_date": (TIME - 400 * DAYS).isoformat()}, [TIME - 400 * DAYS], "creation"),
    ],
)
def test_discovery_first_datum_or_creation_within_the_days(created, extras, data, because):
    row = target("SN 2026abc", created=created, extras=extras)
    for number, time in enumerate(data):
        PhotometryReducedDatum.objects.create(target=row, timestamp=time, brightness=18.0 + number, bandpass="r")
    event = hear(gw(skymap=multiorder(sky())))
    assert list(event.candidates.values_list("because", flat=True)) == ([because] if because else [])


def test_upper_limits_before_the_event_are_no_data_and_any_kind_of_data_is():
    row = target("SN 2026abc", created=TIME - 400 * DAYS)
    PhotometryReducedDatum.objects.create(target=row, timestamp=TIME - 9 * DAYS, limit=20.0, bandpass="r")
    SpectroscopyReducedDatum.objects.create(target=row, timestamp=TIME + DAYS, wavelength=[1.0], flux=[1.0])
    candidate = hear(gw(skymap=multiorder(sky()))).candidates.get()
    assert (candidate.because, candidate.since) == ("datum", TIME + DAYS)


def test_the_setting_moves_level_and_days(settings):
    settings.TOM_SCIMMA = {"CANDIDATE_LEVEL": 0.3, "CANDIDATE_DAYS": (-10, 1)}
    target("centre", created=TIME - 9 * DAYS)
    target("edge", ra=35.5, created=TIME)
    target("late", created=TIME + 2 * DAYS)
    assert names(hear(gw(skymap=multiorder(sky())))) == {"centre"}


def test_versions_keep_their_levels_and_a_person_s_decision_stays():
    target("centre")
    target("edge", ra=36.0)
    target("outside", ra=41.0)
    event = hear(gw(minutes=9, skymap=multiorder(sky(sigma=3.0))))
    assert names(event) == {"centre", "edge"}
    edge = Candidate.objects.get(target__name="edge")
    person = make.user("ada", is_superuser=True)
    deciding.decide([edge], "interesting", "bright", person)
    event = hear(gw(kind="UPDATE", minutes=5, skymap=multiorder(sky(ra=33.0, sigma=1.0))))
    rows = CandidateLevel.objects.order_by("alert__order").values_list("candidate__target__name", "inside")
    assert sorted(rows[:2]) == [("centre", True), ("edge", True)]
    assert sorted(rows[2:]) == [("centre", False), ("edge", False)]
    again = Candidate.objects.get(pk=edge.pk)
    assert (again.status, again.reason, again.decided_by) == ("interesting", "bright", person)
    assert again.level > 0.95
    assert edge.level < 0.95


def test_a_later_wider_map_has_candidates_with_levels_in_the_earlier_ones_too():
    target("centre")
    target("edge", ra=36.0)
    hear(gw(minutes=9, skymap=multiorder(sky(sigma=1.0))))
    event = hear(gw(kind="UPDATE", minutes=5, skymap=multiorder(sky(sigma=3.0))))
    edge = Candidate.objects.get(event=event, target__name="edge")
    assert list(edge.levels.order_by("alert__order").values_list("inside", flat=True)) == [False, True]


def test_reacting_again_changes_nothing():
    target("centre")
    event = hear(gw(skymap=multiorder(sky())))
    before = list(Candidate.objects.values()), list(CandidateLevel.objects.values())
    candidates.react(event.alerts.get().pk, "new")
    Placement.objects.all().delete()  # as if it had been killed before
    candidates.react(event.alerts.get().pk, "new")
    assert list(Candidate.objects.values()) == before[0]
    for row in before[1]:
        del row["id"]
    assert [{**row, "id": None} for row in CandidateLevel.objects.values()] == [
        {**row, "id": None} for row in before[1]
    ]
    candidates.react(10**9, "new")  # pruned meanwhile


def test_a_retraction_keeps_the_rows():
    target("centre")
    hear(gw(minutes=9, skymap=multiorder(sky())))
    event = hear(gw(kind="RETRACTION", minutes=5))
    assert event.state == "retracted"
    assert names(event) == {"centre"}
    target("new one")
    following.follow(now=NOW)
    assert names(event) == {"centre"}


def test_what_came_while_it_was_retracted_is_placed_when_it_is_reinstated():
    hear(gw(minutes=9, skymap=multiorder(sky())))
    event = hear(gw(kind="RETRACTION", minutes=5))
    target("SN 2026abc")
    following.follow(now=NOW)
    (result,) = ingest([gw(kind="UPDATE", minutes=2)], now=NOW)  # without a map of its own
    assert Reaction.objects.get(alert__in=result.alerts, name="candidates").change == "reinstated"
    candidates.react(result.alerts[0], "reinstated")
    assert names(event) == {"SN 2026abc"}


def test_a_target_that_comes_while_the_map_is_being_placed_is_not_missed():
    """The job may have taken its mark off before the placement was there to be seen."""
    event = hear(gw(skymap=multiorder(sky())))
    region = np.frombuffer(bytes(Placement.objects.get().region), np.int64).reshape(-1, 2)
    before = places.within(region)
    target("SN 2026abc")
    TargetPlace.objects.update(mark=0)
    placing._place_late(event, region, before)
    assert names(event) == {"SN 2026abc"}


def test_a_map_that_comes_late_is_placed_at_once():
    """Authority: the reaction's own words: all targets are placed in the alert's map, though it changed nothing else."""
    target("centre")
    hear(gw(kind="UPDATE", minutes=5, skymap=multiorder(sky())))
    event = hear(gw(minutes=9, skymap=multiorder(sky(sigma=2.0))))
    assert event.candidates.get().levels.count() == 2
    assert Reaction.objects.get(name="candidates", alert__alert_type="initial").change == "late"


def test_a_map_that_came_too_late_is_placed_with_the_next():
    target("centre")
    hear(gw(kind="UPDATE", minutes=5, skymap=multiorder(sky())))
    ingest([gw(minutes=9, skymap=multiorder(sky(sigma=2.0)))], now=NOW)
    event = hear(gw(kind="UPDATE", minutes=2, skymap=multiorder(sky(sigma=1.0))))
    assert Placement.objects.count() == 3
    assert event.candidates.get().levels.count() == 3


DISTANT = {"distance": (100.0, 20.0)}


def test_volume_levels_by_distance_or_redshift_of_target_or_host():
    """Planck18: z 0.0225 is 101 Mpc. At the same place, the nearer to the map's distance the better."""
    target("none")
    target("parsecs", distance=100e6)
    target("redshift", extras={"redshift": 0.0225})
    target("host", extras={"Host redshift": "0.0225"})
    target("mpc", extras={"distance_mpc": 100.0, "redshift": 3.0})
    target("behind", extras={"redshift": 0.2})
    event = hear(gw(skymap=multiorder(sky(**DISTANT))))
    found = {row.target.name: row for row in event.candidates.select_related("target")}
    assert len(found) == 6  # a wrong redshift hides nothing
    assert found["none"].volume_level is None
    for name in ("parsecs", "redshift", "host", "mpc"):
        assert found[name].distance_mpc == pytest.approx(100.0, rel=0.02)
        assert found[name].volume_level < 0.3
    assert found["behind"].volume_level > 0.99
    kept = CandidateLevel.objects.get(candidate=found["redshift"])
    assert kept.volume_level == found["redshift"].volume_level


def test_a_map_without_distance_has_no_volume_level():
    target("redshift", extras={"redshift": 0.0225})
    assert hear(gw(skymap=multiorder(sky()))).candidates.get().volume_level is None


def test_where_the_map_does_not_know_its_distance_there_is_no_volume_level():
    target("redshift", extras={"redshift": 0.0225})
    holed = sky(**DISTANT)
    row = int(holed.rows_at(30.0, 20.0))
    mu = np.where(np.arange(len(holed)) == row, np.inf, holed.mu)
    found = hear(gw(skymap=multiorder(holed, {"DISTMU": mu[np.argsort(holed.uniq)]}))).candidates.get()
    assert found.level < 0.1
    assert found.volume_level is None
    assert found.distance_mpc == pytest.approx(100.0, rel=0.02)


def test_a_target_made_later_is_placed_in_every_live_event():
    event = hear(gw(skymap=multiorder(sky())), gw("S261121b", skymap=multiorder(sky(ra=200.0))))
    target("SN 2026abc")
    target("elsewhere", ra=100.0)
    assert names(event) == set()
    following.follow(now=NOW)
    assert names(event) == {"SN 2026abc"}
    assert Candidate.objects.get().levels.get().inside
    assert not TargetPlace.objects.filter(mark__gt=0).exists()
    assert following.follow(now=NOW) == 0


def test_after_its_days_an_event_is_live_no_more():
    event = hear(gw(skymap=multiorder(sky())))
    target("SN 2026abc")
    following.follow(now=TIME + timedelta(days=30.1))
    assert names(event) == set()


def test_tests_are_placed_when_they_come_and_not_followed():
    target("before")
    for result in ingest([gw("MS261121a", skymap=multiorder(sky()))], now=NOW):
        candidates.react(result.alerts[0], "new")
    event = Event.objects.get()
    assert event.role == "test"
    target("after")
    following.follow(now=NOW)
    assert names(event) == {"before"}


def test_a_new_target_becomes_a_candidate_by_the_map_that_stands_now():
    hear(gw(minutes=9, skymap=multiorder(sky(sigma=9.0))))
    event = hear(gw(kind="UPDATE", minutes=5, skymap=multiorder(sky(sigma=1.0))))
    target("inside the first alone", ra=38.0)
    target("inside both", ra=30.5)
    following.follow(now=NOW)
    assert names(event) == {"inside both"}
    assert Candidate.objects.get().levels.count() == 2


def test_a_target_that_moves_moves_in_and_out():
    row = target("SN 2026abc", ra=100.0)
    event = hear(gw(skymap=multiorder(sky())))
    assert names(event) == set()
    row.ra = 30.0
    row.save()
    following.follow(now=NOW)
    assert names(event) == {"SN 2026abc"}
    row.ra = 100.0
    row.save()
    following.follow(now=NOW)
    assert names(event) == set()


def test_a_decided_candidate_that_moves_out_stays():
    row = target("SN 2026abc")
    event = hear(gw(skymap=multiorder(sky())))
    deciding.decide(event.candidates.all(), "confirmed", "", make.user("ada", is_superuser=True))
    row.ra = 100.0
    row.save()
    following.follow(now=NOW)
    candidate = event.candidates.get()
    assert candidate.status == "confirmed"
    assert candidate.level > 0.95
    row.type = "NON_SIDEREAL"
    row.save()
    candidate.refresh_from_db()
    assert (candidate.status, candidate.level) == ("confirmed", None)


def test_a_redshift_or_a_first_datum_that_comes_later_counts():
    row = target("SN 2026abc", created=TIME - 400 * DAYS)
    event = hear(gw(skymap=multiorder(sky(**DISTANT))))
    following.follow(now=NOW)
    assert names(event) == set()
    PhotometryReducedDatum.objects.create(target=row, timestamp=TIME + DAYS, brightness=18.0, bandpass="r")
    following.follow(now=NOW)
    assert event.candidates.get().volume_level is None
    TargetExtra.objects.create(target=row, key="redshift", value=0.0225)
    following.follow(now=NOW)
    assert event.candidates.get().volume_level < 0.3


def test_bulk_writes_are_found_by_reconcile():
    event = hear(gw(skymap=multiorder(sky(ra=30.0))))
    Target.objects.bulk_create([Target(name="bulk", type="SIDEREAL", ra=30.0, dec=20.0)])
    Target.objects.update(created=timezone.now())
    Event.objects.update(time=timezone.now())
    following.reconcile()
    assert names(event) == {"bulk"}


def test_a_target_saved_again_meanwhile_keeps_its_mark():
    row = target("SN 2026abc")
    ids, marks = (
        np.array(column) for column in zip(*TargetPlace.objects.values_list("target_id", "mark"), strict=True)
    )
    row.save()
    following._unmark(ids, marks)
    assert TargetPlace.objects.get().mark > marks[0]


def test_a_datum_saved_while_its_target_is_being_placed_has_it_placed_again():
    row = target("SN 2026abc")
    ids, marks = (
        np.array(column) for column in zip(*TargetPlace.objects.values_list("target_id", "mark"), strict=True)
    )
    PhotometryReducedDatum.objects.create(
        target=row, timestamp=TIME, source_name="ours", bandpass="r", brightness=18.0, unit="AB mag"
    )
    following._unmark(ids, marks)
    assert TargetPlace.objects.get().mark > marks[0]


def test_saving_a_target_costs_no_further_query(django_assert_num_queries):
    row = target("SN 2026abc")
    with django_assert_num_queries(4):  # savepoint, the host's update, our place with its mark, release
        row.save()


def test_a_person_adds_an_old_target_and_one_outside():
    old, outside = target("old", created=TIME - 400 * DAYS), target("outside", ra=200.0)
    event = hear(gw(skymap=multiorder(sky())))
    ada = make.user("ada")
    for row in (old, outside, old):
        deciding.add(event, row, ada)
    assert names(event) == {"old", "outside"}
    row = Candidate.objects.get(target=old)
    assert (row.because, row.added_by, row.level < 0.95) == ("person", ada, True)
    assert Candidate.objects.get(target=outside).levels.get().level == 1
    hear(gw(kind="UPDATE", minutes=2, skymap=multiorder(sky(sigma=1.0))))
    assert CandidateLevel.objects.count() == 4


def test_every_decision_is_kept():
    target("centre")
    candidate = hear(gw(skymap=multiorder(sky()))).candidates.get()
    ada, bob = make.user("ada"), make.user("bob")
    assert deciding.decide([candidate], "interesting", " blue ", ada) == 1
    assert deciding.decide([candidate], "interesting", "blue", bob) == 0
    assert deciding.decide([candidate], "ruled_out", "an AGN", bob) == 1
    kept = list(candidate.decisions.values_list("status", "reason", "by__username"))
    assert kept == [("ruled_out", "an AGN", "bob"), ("interesting", "blue", "ada")]
    candidate.refresh_from_db()
    assert (candidate.status, candidate.decided_by) == ("ruled_out", bob)


@pytest.mark.parametrize("via", ["listen", "backfill"])
def test_ingest_asks_the_worker_for_it_of_history_too_and_first_of_all(via):
    target("centre")
    ingest([gw(skymap=multiorder(sky()))], via=via, now=NOW)
    reaction = Reaction.objects.order_by("pk")[0]
    assert reaction.name == "candidates"
    import_string(reaction.run)(reaction.alert_id, reaction.change)
    assert Candidate.objects.count() == 1


def test_the_worker_s_jobs_do_it():
    event = hear(gw(skymap=multiorder(sky())))
    Event.objects.update(time=timezone.now())
    target("SN 2026abc", created=timezone.now())
    jobs = apps.get_app_config("tom_scimma").worker_jobs()
    for job in jobs:
        if "candidates" in job["run"]:
            import_string(job["run"])()
    assert names(event) == {"SN 2026abc"}


@needs_postgresql
@pytest.mark.django_db(transaction=True)
def test_two_workers_that_place_the_same_end_in_the_same_rows():
    for number in range(200):
        target(f"t{number}", ra=28.0 + number / 50)
    ingest([gw(skymap=multiorder(sky())), gw(kind="UPDATE", minutes=2, skymap=multiorder(sky(ra=31.0)))], now=NOW)
    event = Event.objects.get()
    at_once(*[partial(candidates.react, alert.pk, "new") for alert in event.alerts.all()] * 2, following.follow)
    one, two = (made.sky for made in eventmaps.versions(event))
    for row in event.candidates.select_related("target"):
        levels = dict(row.levels.order_by("alert__order").values_list("alert__alert_type", "level"))
        place = row.target.ra, row.target.dec
        assert levels == pytest.approx({"initial": one.level_at(*place), "update": two.level_at(*place)})
        assert row.level == pytest.approx(levels["update"])
    assert event.candidates.count() == 200


@needs_postgresql
@pytest.mark.django_db(transaction=True)
def test_the_listener_does_not_wait_for_the_worker():
    """While candidates are being written, a new version of their event is stored; else the lock's time-out would end it."""
    target("centre")
    ingest([gw(minutes=9, skymap=multiorder(sky()))], now=NOW)

    def listen():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
        return ingest([gw(kind="UPDATE", minutes=5, skymap=multiorder(sky(sigma=2.0)))], now=NOW)[0].state

    with transaction.atomic():
        candidates.react(Event.objects.get().alerts.get().pk, "new")
        assert Candidate.objects.count() == 1
        assert at_once(listen) == ["parsed"]
    assert Event.objects.get().alert_count == 2
