"""The galaxies of an event: its section, files, REST, targets, and the page of catalogues.

Authority: the catalogue that was loaded, ranked by `galaxies.ranking` (which test_galaxies_ranking.py holds to ligo.skymap).
"""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from tom_targets.models import Target, TargetExtra, TargetName

from tests import catalogs
from tests import factories as make
from tom_scimma import skymap
from tom_scimma.galaxies import making, ranking, sheet, store
from tom_scimma.models import Galaxy, GalaxyCatalog
from tom_scimma.notice import Sky

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
SKY = skymap.from_gaussian(30.0, 20.0, 12.0, distance=(120.0, 30.0), order=4, rounds=3)
FLAT = skymap.from_gaussian(30.0, 20.0, 12.0, order=4, rounds=3)


@pytest.fixture
def folder(settings, tmp_path):
    settings.TOM_SCIMMA = {"GALAXY_DIR": str(tmp_path)}
    return tmp_path


@pytest.fixture
def catalog(folder):
    return catalogs.loaded(folder)


def event(sky=SKY, name="S261120ab", **fields):
    return make.known(name, sky=sky, **fields)


def point(name="EP 1", radius=0.02, ra=30.0, dec=20.0, **fields):
    """An X-ray transient with an error circle, as its notice leaves it."""
    said = make.notice(
        name, kind="XRT", source="Einstein Probe WXT", alert_type="initial", sky=Sky("circle", ra, dec, radius, 0.9)
    )
    row = make.event(name, kind="XRT", ra=ra, dec=dec, radius_deg=radius, **fields)
    make.alert(row, said, make.message())
    return row


def section(client, row, query=""):
    return client.get(reverse("tom_scimma:event-galaxies", kwargs={"name": row.name}) + query, headers=HTMX)


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


def test_the_section_loads_by_htmx_and_stands_alone_without(client, catalog):
    row = event()
    page = client.get(row.get_absolute_url()).content.decode()
    address = reverse("tom_scimma:event-galaxies", kwargs={"name": row.name})
    assert f'hx-get="{address}"' in page
    assert f'<a href="{address}">' in page
    whole, part = client.get(address), section(client, row)
    assert "<html" in whole.content.decode()
    assert "<html" not in part.content.decode()
    assert "HX-Request" in part["Vary"]


def test_the_table_is_the_ranking(client, catalog):
    row = event()
    answer = section(client, row, "?weight=k")
    ranked = ranking.rank(SKY, sheet.open_sheet(store.path_of(catalog)), "k")
    pks = sheet.open_sheet(store.path_of(catalog)).column("pk")[ranked.rows[:25]].tolist()
    lines = answer.context["lines"]
    assert [line["galaxy"].pk for line in lines] == pks
    np.testing.assert_allclose([line["score"] for line in lines], ranked.score[:25])
    said = text(answer)
    assert f"{ranked.in_volume} galaxies of" in said.replace(",", "")
    mean, sd = SKY.distance
    assert f"of the K-band luminosity expected at {mean:.0f} ± {sd:.0f} Mpc" in said
    assert "CSV" in said
    assert "Make targets" not in said  # nobody is logged in
    second = section(client, row, "?weight=k&galaxy_page=2").context["lines"]
    assert second[0]["rank"] == 26


@pytest.mark.parametrize(
    ("sort", "key", "reverse"),
    [
        ("distance", "distance", False),
        ("-distance", "distance", True),
        ("level", "level", False),
        ("score", "score", False),
    ],
)
def test_it_sorts(client, catalog, sort, key, reverse):
    values = [line[key] for line in section(client, event(), f"?galaxy_sort={sort}").context["lines"]]
    assert values == sorted(values, reverse=reverse)
    assert len(set(values)) > 10


@pytest.mark.parametrize(
    "query",
    ["?weight=colour", "?galaxy_sort=;drop", "?galaxy_page=-3", "?galaxy_page=x", "?max_distance=nan", "?max_distance=-1",
     "?how=hosts", "?how=magic", "?catalog=nowhere", "?max_distance=1e400", "?weight=w1"],
)  # fmt: skip
def test_what_makes_no_sense_in_the_address_counts_as_not_said(client, catalog, query):
    answer = section(client, event(), query)
    assert answer.status_code == 200
    assert answer.context["lines"]


def test_weights_that_the_catalogue_does_not_have_are_not_offered(client, catalog):
    found = section(client, event()).context["found"]
    assert list(found.weights) == ["k", "uniform"]
    uniform = section(client, event(name="S2"), "?weight=uniform")
    assert "of the K-band luminosity expected" in text(uniform)


def test_a_map_without_distance_says_so_and_takes_a_limit(client, catalog):
    row = event(FLAT)
    answer = section(client, row)
    assert "This map has no distance" in text(answer)
    assert 'name="max_distance"' in text(answer)
    near = section(client, row, "?max_distance=80").context["lines"]
    assert all(line["distance"] is None or line["distance"] <= 80 for line in near)


def test_an_empty_tom_says_how_to_load_a_catalogue(client, folder):
    for address in (
        reverse("tom_scimma:event-galaxies", kwargs={"name": event().name}),
        reverse("tom_scimma:galaxies"),
    ):
        said = text(client.get(address))
        assert "No galaxy catalogue is loaded" in said
        assert "manage.py loadgalaxies" in said
        assert "https://ned.ipac.caltech.edu/NED::LVS/" in said


def test_an_event_without_a_place_and_a_missing_file(client, catalog):
    nowhere = make.event("Nowhere 1")
    assert "Nobody has said yet where" in text(section(client, nowhere))
    store.path_of(catalog).unlink()
    said = text(section(client, event()))
    assert "there is no column file" in said
    assert "loadgalaxies --rebuild" in said
    assert "loadgalaxies --rebuild" in text(client.get(reverse("tom_scimma:galaxies")))
    assert client.get("/events/S261120ab/galaxies.csv").status_code == 404


def test_hosts_of_a_point(client, folder):
    sky = catalogs.universe(300)
    sky["ra"][:2], sky["dec"][:2], sky["k"][:2] = 30.0, (20.002, 20.01), (11.0, 9.0)
    sky["distance"][:2] = 100.0
    catalogs.loaded(folder, sky)
    answer = section(client, point())
    lines = answer.context["lines"]
    assert [line["galaxy"].name for line in lines] == ["G 1", "G 0"]  # brighter, and both within 3 sigma
    assert lines[1]["offset"] == pytest.approx(7.2, abs=0.01)
    sigma = 0.02 * 3600 / np.sqrt(-2 * np.log(0.1))
    assert lines[1]["sigmas"] == pytest.approx(7.2 / sigma, rel=1e-3)
    assert lines[0]["chance"] < 0.01
    assert "None stands out" not in text(answer)
    by_map = section(client, point("EP 2"), "?how=rank")
    assert by_map.context["found"].ranked is not None
    wide = section(client, point("EP 3", radius=8.0))
    assert "None stands out" in text(wide)
    far = section(client, point("EP 4", ra=200.0, dec=-80.0, radius=0.001))
    assert "No galaxy of this catalogue is that near" in text(far)


@pytest.mark.parametrize("kind", ["map", "point"])
def test_files_have_what_the_page_lists(client, folder, kind):
    sky = catalogs.universe(1500)
    sky["ra"][:3], sky["dec"][:3] = 30.001, 20.001
    catalogs.loaded(folder, sky)
    row = event() if kind == "map" else point()
    found = section(client, row).context["found"]
    answer = client.get(f"/events/{row.name}/galaxies.csv")
    assert answer["Content-Disposition"].startswith("attachment")
    lines = answer.content.decode().splitlines()
    assert lines[0].startswith(f"# Galaxies of Test for {row.name}")
    rows = list(csv.DictReader(lines[1:]))
    assert len(rows) == len(found)
    names = [line["galaxy"].name for line in found.lines(found.order)]
    assert [line["name"] for line in rows] == names
    measure = "score" if kind == "map" else "chance"
    np.testing.assert_allclose(
        [float(line[measure]) for line in rows if line[measure]], [v for v in found.values[measure] if v == v]
    )
    from astropy.io.votable import parse_single_table
    from astropy.table import Table

    written = client.get(f"/events/{row.name}/galaxies.vot").content
    assert parse_single_table(io.BytesIO(written), verify="exception").nrows == len(rows)
    table = Table.read(io.BytesIO(written), format="votable")
    assert [str(name) for name in table["name"]] == names
    assert str(table["distance"].unit) == "Mpc"
    np.testing.assert_allclose(np.asarray(table["ra"], float), [float(line["ra"]) for line in rows])
    assert client.get(f"/events/{row.name}/galaxies.exe").status_code == 404


def test_rest_gives_the_same(client, catalog):
    row = event()
    said = client.get(f"/api/events/{row.name}/galaxies/?weight=k").json()
    found = section(client, row, "?weight=k").context["found"]
    assert (said["listed"], said["count"], said["weight"]) == (len(found), found.ranked.in_volume, "k")
    assert said["completeness"] == pytest.approx(found.complete)
    assert [line["rank"] for line in said["galaxies"][:3]] == [1, 2, 3]
    assert said["galaxies"][0]["score"] == pytest.approx(found.ranked.score[0])
    GalaxyCatalog.objects.all().delete()
    assert client.get(f"/api/events/{row.name}/galaxies/").json()["why_not"] == "catalog"


# Targets.


def post(client, row, *galaxies: Galaxy):
    address = reverse("tom_scimma:event-galaxies-targets", kwargs={"name": row.name})
    return client.post(address, {"galaxy": [galaxy.pk for galaxy in galaxies]})


def said_to(answer) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def test_targets_are_made_once_with_where_they_come_from(client, catalog):
    user = make.user("ann")
    client.force_login(user)
    row = event()
    one, other = [line["galaxy"] for line in section(client, row).context["lines"]][:2]
    answer = post(client, row, one, other)
    assert answer.status_code == 302
    assert answer["Location"].endswith("#galaxies")
    assert "are targets now" in said_to(answer)
    target = Target.objects.get(name=one.name)
    assert (target.type, target.ra, target.dec) == ("SIDEREAL", one.ra, one.dec)
    assert target.distance == pytest.approx(one.distance_mpc * 1e6)  # the host's is in parsecs
    assert target.distance_err == pytest.approx(one.distance_sd_mpc * 1e6)
    extras = dict(TargetExtra.objects.filter(target=target).values_list("key", "value"))
    assert extras["galaxy_catalog"] == "Test"
    assert extras["galaxy_id"] == one.ident
    assert extras["galaxy_of_event"] == row.name
    assert user.has_perm(f"{Target._meta.app_label}.view_target", target)
    again = post(client, row, one)
    assert "was a target already" in said_to(again)
    assert Target.objects.count() == 2
    page = text(section(client, row))
    assert f'href="/targets/{target.pk}/"' in page


def test_nobody_makes_targets_without_logging_in(client, catalog):
    row = event()
    answer = post(client, row, Galaxy.objects.first())
    assert answer.status_code == 302
    assert "/accounts/login/" in answer["Location"]
    assert not Target.objects.exists()


def test_a_target_that_somebody_else_keeps_is_neither_shown_nor_doubled(client, catalog):
    row = event()
    galaxy = section(client, row).context["lines"][0]["galaxy"]
    theirs = Target.objects.create(name=galaxy.name, type="SIDEREAL", ra=1, dec=2, permissions="PRIVATE")
    client.force_login(make.user("bob"))
    assert f"/targets/{theirs.pk}/" not in text(section(client, row))
    answer = post(client, row, galaxy)
    assert "is there already" in said_to(answer)
    assert Target.objects.count() == 1


def test_an_alias_counts_as_the_name(client, catalog):
    row = event()
    galaxy = Galaxy.objects.first()
    target = Target.objects.create(name="Our host", type="SIDEREAL", ra=1, dec=2, permissions="PUBLIC")
    TargetName.objects.create(target=target, name=galaxy.name)
    client.force_login(make.user("bob"))
    assert "Our host was a target already" in said_to(post(client, row, galaxy))
    assert Target.objects.count() == 1


def test_a_protected_event_is_not_named_in_a_target(catalog):
    from django.contrib.auth.models import Group

    group = Group.objects.create(name="lvk")
    user = make.user("ann", group)
    row = event(name="S261118zz", groups=(group,))
    (made,) = making.targets([Galaxy.objects.first()], user, row)
    assert made.created
    assert "S261118zz" not in str(list(TargetExtra.objects.values_list("value", flat=True)))


def test_strangers_make_no_targets_of_a_protected_events_galaxies(client, catalog):
    from django.contrib.auth.models import Group

    row = event(name="S261118zz", groups=(Group.objects.create(name="lvk"),))
    client.force_login(make.user("stranger"))
    assert post(client, row, Galaxy.objects.first()).status_code == 404
    assert not Target.objects.exists()


def test_galaxies_of_editions_not_in_use_make_no_targets(client, catalog):
    client.force_login(make.user("ann"))
    GalaxyCatalog.objects.update(state="old")
    assert "No galaxy was chosen" in said_to(post(client, event(), Galaxy.objects.first()))


def test_get_makes_nothing(client, catalog):
    client.force_login(make.user("ann"))
    assert client.get(reverse("tom_scimma:event-galaxies-targets", kwargs={"name": event().name})).status_code == 405


def test_the_map_a_person_may_see_decides_what_they_get(client, folder, settings):
    """A public event whose protected alert has a map of its own: its group ranks by what it may see, strangers do not."""
    from tests.world import World

    settings.TOM_SCIMMA = {**settings.TOM_SCIMMA, "TOPICS": {"lvk.nutrack": {"groups": ["lvk"]}}}
    catalogs.loaded(folder)
    world = World()
    found = {role: section(world.clients[role], world.open).context["found"] for role in world.clients}
    for role in ("stranger", "anonymous"):
        assert found[role].map is None or found[role].map.alert_id != world.hidden.pk


# The page of catalogues.


def test_the_page_of_catalogues(client, catalog):
    GalaxyCatalog.objects.create(name="Begun", file="b.csv", sha256="0" * 64, read=1234567)
    said = text(client.get(reverse("tom_scimma:galaxies")))
    assert "2,000 galaxies" in said
    assert "K-band light" in said
    assert "Begun is being loaded: 1,234,567 rows read so far" in said


def test_the_preferred_catalogue_comes_first(client, folder, settings):
    catalogs.loaded(folder, catalogs.universe(500), "Large")
    catalogs.loaded(folder, catalogs.universe(300, 2), "Small")
    row = event()
    assert section(client, row).context["found"].catalog.name == "Large"
    assert section(client, row, "?catalog=Small").context["found"].catalog.name == "Small"
    settings.TOM_SCIMMA = {**settings.TOM_SCIMMA, "GALAXY_CATALOG": "Small"}
    assert section(client, row).context["found"].catalog.name == "Small"


def test_a_list_of_thousands_takes_few_queries(client, folder, django_assert_max_num_queries):
    catalogs.loaded(folder, catalogs.universe(5000))
    row = event()
    section(client, row)
    with django_assert_max_num_queries(20):
        section(client, row)
