"""Candidates, galaxies and coincidences as annotations.

Authorities: the parts themselves (levels, ranking, overlap are tested against ligo.skymap and papers in their own tests);
promise 6 for who may know of what.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from tom_targets.models import Target

from tests import catalogs
from tests import factories as make
from tom_scimma import annotate, candidates, eventmaps, proposals, query, skymap
from tom_scimma.annotators import coincidences
from tom_scimma.galaxies import load
from tom_scimma.models import Annotation, Event, Merge

pytestmark = pytest.mark.django_db
SKY = skymap.from_gaussian(30.0, 20.0, 3.0, order=4)
FAR = skymap.from_gaussian(210.0, -20.0, 3.0, order=4)


def seen(user, event, name) -> list[dict]:
    rows = Annotation.objects.visible_to(user).filter(alert__event=event, annotator=name)
    return [row.value for row in rows.order_by("audience")]


def heard(name, sky=None, *, seconds=0.0, groups=(), **fields):
    """An event with one alert that was annotated, so many seconds after the first one."""
    time = make.NIGHT + timedelta(seconds=seconds)
    event = make.known(name, sky=sky, groups=groups, time=time, said={"time": time}, **fields)
    annotate.react(event.alerts.get().pk, "new")
    annotate.renew()  # the worker's job
    return event


# candidates


def test_candidates_are_counted_for_users_and_hidden_targets_are_not():
    for number, (ra, permission) in enumerate(((30.0, "PUBLIC"), (31.0, "OPEN"), (30.5, "PRIVATE"), (200.0, "OPEN"))):
        Target.objects.create(name=f"t{number}", type="SIDEREAL", ra=ra, dec=20.0, permissions=permission)
    event = make.known("S261120ab", sky=SKY)
    Target.objects.update(created=event.time)
    alert = event.alerts.get()
    candidates.react(alert.pk, "new")
    annotate.react(alert.pk, "new")
    assert event.candidates.count() == 3
    (value,) = seen(make.user("ada"), event, "candidates")
    assert (value["count"], value["inside_50"], value["interesting"]) == (2, 2, 0)
    assert value["best_level"] == pytest.approx(min(event.candidates.values_list("level", flat=True)), abs=0.05)
    assert seen(AnonymousUser(), event, "candidates") == []


# galaxies


@pytest.fixture
def loaded(settings, tmp_path):
    settings.TOM_SCIMMA = {"GALAXY_DIR": str(tmp_path)}
    universe = catalogs.universe(3000)
    universe["ra"][:3], universe["dec"][:3] = [30.0, 30.2, 29.8], [20.0, 20.1, 19.9]
    universe["true_distance"][:3] = 100.0
    universe["distance"][:3], universe["redshift"][:3] = 100.0, 100.0 * 70 / catalogs.C
    load.load(load.Wish(str(catalogs.nedlvs(tmp_path / "lvs.fits", universe)), layout="nedlvs"))
    return universe


def test_the_galaxies_of_a_map_with_distance(loaded):
    sky = skymap.from_gaussian(30.0, 20.0, 1.0, order=5, distance=(100.0, 10.0))
    (value,) = seen(None, heard("S261120ab", sky), "galaxies")
    assert value["count"] >= 3
    assert 0 < value["share"] <= value["top_10"] <= 1
    assert {one["name"] for one in value["best"]} >= {"LVS 000001"}
    assert value["share"] == value["best"][0]["share"]


def test_the_galaxies_at_a_position(loaded):
    (value,) = seen(None, heard("GRB 1", skymap.from_gaussian(30.0, 20.0, 0.05)), "galaxies")
    assert value["best"][0]["name"] == "LVS 000000"
    assert value["chance"] == pytest.approx(value["best"][0]["chance"])


def test_no_galaxies_without_a_catalogue_and_for_a_wide_map_without_distance(loaded):
    assert seen(None, heard("S1", SKY), "galaxies") == [{}]
    from tom_scimma.models import GalaxyCatalog

    GalaxyCatalog.objects.all().delete()
    assert seen(None, heard("S2", skymap.from_gaussian(30.0, 20.0, 0.05)), "galaxies") == [{}]


def test_the_page_shows_the_galaxies(loaded, client):
    heard("S261120ab", skymap.from_gaussian(30.0, 20.0, 1.0, order=5, distance=(100.0, 10.0)))
    page = client.get("/events/S261120ab/").content.decode()
    assert "LVS 000001" in page
    assert "of the probability" in page


# coincidences


def test_a_pair_near_in_time_and_on_the_sky():
    first, second = heard("S261120ab", SKY), heard("GRB 261120A", SKY, seconds=2, kind="GRB")
    (value,) = seen(None, second, "coincidences")
    assert (value["count"], value["seconds"], value["kinds"]) == (1, -2.0, ["GW"])
    assert value["overlap"] == pytest.approx(SKY.overlap(SKY))
    assert value["events"][0]["event"] == first.name
    (value,) = seen(None, first, "coincidences")  # what was said of the first was worked out again
    assert (value["count"], value["seconds"], value["events"][0]["event"]) == (1, 2.0, "GRB 261120A")


@pytest.mark.parametrize(
    ("other", "count"),
    [
        ({"sky": FAR, "seconds": 2}, 0),  # elsewhere
        ({"sky": SKY, "seconds": 501}, 0),  # at another time
        ({"sky": SKY, "seconds": 499}, 1),
        ({"sky": SKY, "seconds": -499}, 1),
        ({"sky": None, "seconds": 2}, 1),  # nowhere in particular
        ({"sky": SKY, "seconds": 2, "role": "test"}, 0),
        ({"sky": SKY, "seconds": 2, "state": "retracted"}, 0),
    ],
)
def test_what_is_a_pair(other, count):
    heard("GRB 261120A", other.pop("sky"), kind="GRB", **other)
    (value,) = seen(None, heard("S261120ab", SKY), "coincidences")
    assert value["count"] == count


def test_the_window_is_a_setting(settings):
    settings.TOM_SCIMMA = {"COINCIDENCE_SECONDS": 1.0}
    heard("GRB 261120A", SKY, seconds=2)
    assert seen(None, heard("S261120ab", SKY), "coincidences")[0]["count"] == 0


def test_each_pair_of_kinds_has_its_window_whichever_came_first(settings):
    settings.TOM_SCIMMA = {"COINCIDENCE_WINDOWS": {"GW-OT": (-10, 1000)}}
    heard("AT 1", SKY, seconds=900, kind="OT")
    heard("AT 2", SKY, seconds=-20, kind="OT")
    event = heard("S261120ab", SKY)
    third = heard("AT 3", SKY, seconds=990, kind="OT")
    assert [pair["event"] for pair in seen(None, event, "coincidences")[0]["events"]] == ["AT 1", "AT 3"]
    assert "S261120ab" in [pair["event"] for pair in seen(None, third, "coincidences")[0]["events"]]


def test_the_chance_rate_is_ravens_and_the_joint_map_is_one_click_away(client):
    event, other = heard("S261120ab", SKY), heard("GRB 261120A", SKY, seconds=2, kind="GRB", far_hz=None)
    (value,) = seen(None, event, "coincidences")
    window_s, rate = 1000.0, 1 / (100 * 86400)  # one burst heard in a hundred days
    expected = SKY.chance_rate(SKY, event.far_hz, rate, window_s)
    assert value["chance_hz"] == pytest.approx(expected)
    address = f"/events/{event.name}/joint/{other.name}/"
    assert f'href="{address}"'.replace(" ", "%20") in client.get(event.get_absolute_url()).content.decode()
    page = client.get(address)
    assert page.context["area_90"] == pytest.approx(SKY.times(SKY).area(0.9))
    read = skymap.read(client.get(f"{address}map.fits").content)
    assert read.area(0.9) == pytest.approx(page.context["area_90"])
    assert client.get(f"{address}map.png")["Content-Type"] == "image/png"


def nearby(event) -> set[str]:
    """Whom the newest word of an event says to be near it."""
    rows = Annotation.objects.filter(alert__event=event, annotator="coincidences")
    newest = rows.order_by("-alert__order", "-alert_id").first()
    return {pair["event"] for pair in newest.value["events"]}


def test_who_was_joined_by_hand_is_not_near_itself_and_parted_again_is_near_the_other(client):
    burst, again = heard("Fermi GBM 700000001", SKY, kind="GRB"), heard("sb26112099", SKY, seconds=2, kind="GRB")
    wave = heard("S261120ab", SKY, seconds=5)
    assert nearby(wave) == {burst.name, again.name}
    client.force_login(make.user("judge", is_superuser=True))
    address = f"/merges/{Merge.objects.get().pk}"
    client.post(f"{address}/accept/")
    annotate.renew()  # the worker's job
    joined = Event.objects.get(name__in=[burst.name, again.name])
    assert nearby(joined) == {wave.name}
    assert nearby(wave) == {joined.name}
    assert client.get(f"/events/{burst.name}/joint/{again.name}/").status_code == 404
    assert b"Nothing was sent and nobody was told since" in client.get(f"/events/{joined.name}/merges/").content
    page = client.post(f"{address}/undo/", follow=True).content.decode()
    assert "Nothing was sent and nobody was told while the two were one" in page
    annotate.renew()
    assert nearby(Event.objects.get(name=burst.name)) == {again.name, wave.name}
    assert nearby(Event.objects.get(name=again.name)) == {burst.name, wave.name}
    assert nearby(wave) == {burst.name, again.name}


@pytest.mark.parametrize("version", [annotate.AGAIN, annotate.BEGUN])
def test_what_waits_to_be_worked_out_again_stays_in_words(client, version):
    """A page that is opened meanwhile shows the answer there is, not its parts; one of an older version its parts."""
    heard("S230518h", SKY, kind="GW")
    burst = heard("Fermi GBM 700000001", SKY, seconds=2.0, kind="GRB")
    rows = Annotation.objects.filter(alert__event=burst, annotator="coincidences")
    rows.update(version=version)
    page = client.get(burst.get_absolute_url()).content.decode()
    assert "S230518h, 2 s earlier" in page
    assert "being worked out again" in page
    assert "by an older version" not in page
    rows.update(value={"events": ["as another version said it"]})
    assert client.get(burst.get_absolute_url()).status_code == 200


def test_without_a_map_it_is_near_in_time_only(client):
    event, other = heard("S261120ab", SKY), heard("GRB 261120A", None, seconds=2, kind="GRB")
    assert "near in time only" in client.get(event.get_absolute_url()).content.decode()
    assert "near in time only" in client.get(f"/events/{event.name}/joint/{other.name}/").content.decode()


def test_a_retracted_one_drops_out_and_predicates_can_ask():
    first, second = heard("S261120ab", SKY), heard("GRB 261120A", SKY, seconds=2, kind="GRB")
    asked = "annotations.coincidences.chance_hz < 1 and annotations.coincidences.count = 1"
    assert set(query.find(asked, None)) == {first, second}
    second.state = "retracted"
    second.save()
    coincidences.withdraw(second.alerts.get().pk, "retracted")
    annotate.renew()
    assert seen(None, first, "coincidences")[0]["count"] == 0


def test_two_of_one_kind_at_once_in_one_place_are_proposed_and_nothing_else_is():
    (
        heard("Swift 1", SKY, kind="GRB"),
        heard("Fermi GBM 1", SKY, seconds=2, kind="GRB"),
        heard("S261120ab", SKY, seconds=1),
        heard("S261120cd", SKY, seconds=3),  # LVK numbered these two apart
        heard("Fermi GBM 2", SKY, seconds=3, kind="GRB"),
    )
    pairs = {(row.name, row.other_name) for row in Merge.objects.all()}
    assert pairs == {("Fermi GBM 1", "Swift 1"), ("Fermi GBM 2", "Swift 1")}


def test_a_supernova_s_neutrinos_that_nobody_placed_are_proposed_by_time_alone():
    """Super-K tells GCN, SNEWS its own topic, at one second and often without a direction; a test is not the real thing."""
    heard("Super-K 1", None, kind="SN")
    heard("SNEWS_Coincidence_ALERT 1", None, seconds=4, kind="SN")
    heard("Fermi GBM 1", None, kind="GRB")
    heard("Swift 1", None, seconds=4, kind="GRB")
    heard("SNEWS drill", None, seconds=5, kind="SN", role="test")
    heard("SNEWS later", None, seconds=90, kind="SN")
    (proposed,) = Merge.objects.all()
    assert {proposed.name, proposed.other_name} == {"Super-K 1", "SNEWS_Coincidence_ALERT 1"}
    assert proposed.because == "two of one kind, 4 s apart"


def test_of_many_detectors_at_one_moment_each_is_proposed_once():
    """Seven detectors and the coincidence server speak of one supernova: seven questions, where every pair would be 28."""
    for number in range(8):
        heard(f"SNEWS {number}", None, seconds=number, kind="SN")
    assert Merge.objects.count() == 7
    first, last = Event.objects.get(name="SNEWS 0"), Event.objects.get(name="SNEWS 7")
    assert proposals.tied(first, last)
    for merge in Merge.objects.filter(Q(event=last) | Q(other=last)):
        proposals.reject(merge, make.user(f"person {merge.pk}"))
    assert not proposals.tied(first, last)


def test_no_question_is_lacking_because_it_hangs_on_an_event_that_others_may_not_see():
    group = Group.objects.create(name="snews")
    heard("Super-K 1", None, kind="SN")
    heard("SNEWS secret", None, seconds=1, kind="SN", groups=(group,))
    heard("SNEWS 2", None, seconds=2, kind="SN")
    pairs = [{row.name, row.other_name} for row in Merge.objects.visible_to(AnonymousUser())]
    assert pairs == [{"Super-K 1", "SNEWS 2"}]


def test_a_protected_partner_is_known_to_its_groups_alone(client):
    group, others = Group.objects.create(name="lvk"), Group.objects.create(name="others")
    member, stranger = make.user("member", group), make.user("stranger", others)
    heard("IceCube secret", SKY, seconds=1, kind="NU", groups=(group,))
    event = heard("S261120ab", SKY)
    heard("GRB 261120A", SKY, seconds=3, kind="GRB")
    for user in (None, AnonymousUser(), stranger):
        (value,) = seen(user, event, "coincidences")
        assert [pair["event"] for pair in value["events"]] == ["GRB 261120A"]
    both = {pair["event"] for value in seen(member, event, "coincidences") for pair in value["events"]}
    assert both == {"GRB 261120A", "IceCube secret"}
    client.force_login(stranger)
    for address in ("/events/S261120ab/", "/api/annotations/", "/api/annotations/?event=S261120ab"):
        assert "IceCube secret" not in client.get(address).content.decode()
    client.force_login(member)
    page = client.get("/events/S261120ab/").content.decode()
    assert "IceCube secret" in page
    assert "neutrino" in page


def test_of_two_protected_events_those_know_who_may_see_both():
    a, b = Group.objects.create(name="a"), Group.objects.create(name="b")
    heard("first secret", SKY, seconds=1, groups=(a,))
    second = heard("second secret", SKY, groups=(b,))

    def known(user) -> set[str]:
        return {pair["event"] for value in seen(user, second, "coincidences") for pair in value.get("events", ())}

    assert known(make.user("in both", a, b)) == {"first secret"}
    assert known(make.user("in b", b)) == known(make.user("in a", a)) == known(None) == set()


def test_many_events_at_once_are_kept_short():
    for number in range(40):
        make.known(f"GRB {number}", time=make.NIGHT + timedelta(seconds=number))
    (value,) = seen(None, heard("S261120ab", SKY), "coincidences")
    assert (value["count"], len(value["events"])) == (40, 20)
    assert [abs(pair["seconds"]) for pair in value["events"]] == sorted(np.arange(20.0))


def test_what_is_asked_for_again_while_it_is_worked_out_is_worked_out_once_more(monkeypatch):
    """The third event comes in while what was said of the first is worked out again because of the second."""
    first = heard("S261120ab", SKY)
    make_second = make.known("GRB 261120A", sky=SKY, time=make.NIGHT, said={"time": make.NIGHT}, kind="GRB")
    annotate.react(make_second.alerts.get().pk, "new")
    near = coincidences._near_in_time

    def third_comes_meanwhile(event):
        found = near(event)
        monkeypatch.undo()
        third = make.known("GRB 261120B", sky=SKY, time=make.NIGHT, said={"time": make.NIGHT}, kind="GRB")
        annotate.react(third.alerts.get().pk, "new")
        return found

    monkeypatch.setattr(coincidences, "_near_in_time", third_comes_meanwhile)
    annotate.renew()
    assert seen(None, first, "coincidences")[0]["count"] == 1
    annotate.renew()
    assert seen(None, first, "coincidences")[0]["count"] == 2
    assert (
        not Annotation.objects.exclude(version=coincidences.annotate.version).filter(annotator="coincidences").exists()
    )


def test_in_a_crowd_an_alert_asks_little_more_of_the_database_than_alone():
    def statements(name: str) -> int:
        event = make.known(name, sky=SKY, time=make.NIGHT, said={"time": make.NIGHT})
        with CaptureQueriesContext(connection) as queries:
            annotate.react(event.alerts.get().pk, "new")
        return len(queries)

    heard("GRB 0", SKY, kind="GRB")
    alone = statements("S261120ab")
    for number in range(1, 15):
        make.known(f"GRB {number}", sky=SKY, kind="GRB", time=make.NIGHT)
    assert statements("S261120cd") <= alone + 1 + 15 // eventmaps.FETCHED  # maps come some at a time
