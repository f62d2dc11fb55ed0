"""An event's pictures, the same in words, and the layers of its sky: for every kind of event, and for whom.

Authority: the map's own numbers; the rules of the design for who sees what; RFC 7946 (GeoJSON) and IVOA's MOC 2.0.
"""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timedelta

import numpy as np
import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from mocpy import MOC
from tom_targets.models import Target

from tests import factories as make
from tests import maps
from tests.pictures import like, pixels
from tests.world import World
from tom_scimma import layers, pictures, skymap
from tom_scimma.models import Candidate, Localization
from tom_scimma.notice import Sky
from tom_scimma.skyplot import palette

pytestmark = pytest.mark.django_db
ORANGE = palette.LIGHT.points[0]


@pytest.fixture(autouse=True)
def _no_pictures_of_other_tests():
    cache.clear()


def merger(**options):
    sky = skymap.from_gaussian(30.0, 20.0, 3.0, order=3, rounds=4, distance=(156.0, 31.0))
    return make.known("S261120ab", sky=sky, **options)


def burst(name: str = "Fermi GBM 1", sky: Sky | None = None):
    """A gamma-ray burst with an error region."""
    where = sky or Sky("circle", 66.2, 24.1, 3.4, 0.68)
    said = {"sky": where, "kind": "GRB"}
    return make.known(name, said=said, kind="GRB", ra=where.ra_deg, dec=where.dec_deg, radius_deg=where.radius_deg)


def candidate(event, name: str, ra: float, dec: float, level: float, **fields) -> Candidate:
    target = Target.objects.create(name=name, type="SIDEREAL", ra=ra, dec=dec, permissions=fields.pop("open", "OPEN"))
    values = {"level": level, "because": Candidate.Because.PERSON, **fields}
    return Candidate.objects.create(event=event, target=target, **values)


#: how each kind of event is known, and what its words must say
KINDS = {
    "merger": (merger, "Distance"),
    "burst without a distance": (lambda: make.known("S1b", sky=skymap.from_gaussian(200.0, 47.0, 9.0, order=3, rounds=3)), "90 % region"),
    "circle": (burst, "90 % region"),
    "ellipse": (lambda: burst("IceCube 1", Sky("ellipse", 77.4, 5.7, 1.2, 0.9, (1.2, 0.4), 30.0)), "90 % region"),
    "point": (lambda: make.known("AT 2026x", kind="OT", ra=359.99, dec=-89.9), "Error radius"),
    "two lobes": (lambda: make.known("S1c", sky=maps.SHAPES["two lobes"]()), "Part B"),
}  # fmt: skip


STARTS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


@pytest.mark.parametrize(("kind", "drawing"), [*zip(KINDS, itertools.cycle(["svg", "pdf"]))])  # each drawing takes long
def test_every_kind_of_event_is_drawn_and_said(client, kind, drawing):
    known, word = KINDS[kind]
    event = known()
    address = event.get_absolute_url()
    for form in ("png", drawing):
        answer = client.get(f"{address}skymap.{form}?layout=wide&theme=dark")
        assert answer.status_code == 200
        assert answer.content.startswith(STARTS[form])
    words = dict(pictures.Sight(event).words)
    assert word in words
    assert {"Sun", "Moon"} <= set(words)
    page = client.get(address).content.decode()
    for name, text in words.items():
        assert name in page
        assert text.replace("'", "&#x27;") in page
    assert "Open the interactive sky" in page
    assert client.get(f"{address}distance.png").status_code == (200 if "Distance" in words else 404)
    start = client.get(f"{address}sky.json").json()
    assert maps.separation(start["ra"], start["dec"], event.ra, event.dec) < 5
    for layer in start["layers"]:
        collection = client.get(layer["url"]).json()
        assert collection["type"] == "FeatureCollection"
        assert all(feature["type"] == "Feature" for feature in collection["features"])


def test_an_event_without_a_place_has_no_picture_and_no_sky(client):
    event = make.known("GRB 2", kind="GRB")
    address = event.get_absolute_url()
    for part in ("skymap.png", "skymap.svg", "distance.png", "sky.json"):
        assert client.get(address + part).status_code == 404
    page = client.get(address).content.decode()
    assert "Nobody has said yet where" in page
    assert "Open the interactive sky" not in page


def test_a_map_that_cannot_be_read_is_drawn_as_its_place(client):
    event = merger()
    Localization.objects.update(data=b"no map")
    answer = client.get(f"{event.get_absolute_url()}skymap.png")
    assert answer.status_code == 200
    assert client.get(event.get_absolute_url()).status_code == 200
    assert client.get(f"{event.get_absolute_url()}distance.png").status_code == 404


def test_what_there_is_not_is_said(client):
    address = merger().get_absolute_url()
    for part in ("skymap.gif", "skymap.png?theme=pink", "skymap.png?layout=round", "distance.bmp"):
        answer = client.get(address + part)
        assert answer.status_code == 400
        assert "is not one of" in answer.content.decode()
    assert client.get(f"{address}sky/nothing.json").status_code == 404


def test_words_have_the_map_s_numbers():
    event = merger()
    words = dict(pictures.Sight(event).words)
    sky = skymap.unpack(bytes(event.localization.data))
    assert words["90 % region"] == f"{sky.area(0.9):.0f} deg²"
    assert "RA 02h00m" in words["Most probable place"] or "RA 01h59m" in words["Most probable place"]
    assert words["Distance"].startswith(f"{sky.distance[0]:.0f} ± {sky.distance[1]:.0f} Mpc")
    r = np.linspace(0, 400, 4001)
    held = np.cumsum(sky.distance_pdf(r)) * (r[1] - r[0])
    low, high = np.interp([0.05, 0.95], held, r)
    said = [float(word) for word in words["90 % of the distance"].replace(" Mpc", "").split(" to ")]
    assert said == pytest.approx([low, high], abs=1.5)


def test_sun_and_moon_of_the_event_or_of_now():
    event = merger()
    first = pictures.Sight(event).sky()
    now = pictures.Sight(event).sky(now=True)
    assert first.tag != now.tag
    assert dict(pictures.Sight(event).words)["Sun and Moon are of"].endswith("the time of the event")
    event.time = None
    event.save()
    said = dict(pictures.Sight(event).words)["Sun and Moon are of"]
    assert said.endswith(" UTC, now")
    assert timezone.now() - datetime.fromisoformat(f"{said[:16]}+00:00") < timedelta(minutes=12)


def test_candidates_are_in_picture_plot_layer_and_words(client):
    event = merger()
    candidate(event, "AT 2026abc", 31.0, 20.5, 0.2, distance_mpc=150.0)
    candidate(event, "AT 2026xyz", 29.0, 19.0, 0.3, status="ruled_out")
    before = pixels(pictures.Sight(event).sky().data)
    assert like(before, ORANGE, 25).sum() > 100
    words = dict(pictures.Sight(event).words)
    assert words["Candidates (1)"] == "AT 2026abc"
    assert "AT 2026abc" in client.get(event.get_absolute_url()).content.decode()
    (feature,) = client.get(f"{event.get_absolute_url()}sky/candidates.json").json()["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [31.0, 20.5]}
    assert client.get(feature["properties"]["url"]).status_code == 200
    (out,) = client.get(f"{event.get_absolute_url()}sky/ruled-out.json").json()["features"]
    assert out["properties"]["name"] == "AT 2026xyz"
    assert like(pixels(pictures.Sight(event).reach().data), ORANGE, 25).sum() > 30


def test_a_new_candidate_or_map_makes_a_new_picture():
    event = merger()
    first = pictures.Sight(event).sky()
    assert pictures.Sight(event).sky() == first
    candidate(event, "AT 2026abc", 31.0, 20.5, 0.2)
    second = pictures.Sight(event).sky()
    assert second.data != first.data
    make.show(
        event, make.localization(make.alert(event, make.notice(event.name), make.message()), maps.SHAPES["blob"]())
    )
    assert len({first.tag, second.tag, pictures.Sight(event).sky().tag}) == 3


def test_contours_and_region_hold_what_they_say(client):
    event = merger()
    sky = skymap.unpack(bytes(event.localization.data))
    half, most = client.get(f"{event.get_absolute_url()}sky/contours.json").json()["features"]
    assert (half["properties"]["name"], most["properties"]["name"]) == ("50 %", "90 %")
    assert most["geometry"]["coordinates"] == [[list(place) for place in ring] for ring in sky.contours([0.9])[0]]
    (region,) = client.get(f"{event.get_absolute_url()}sky/region.json").json()["features"]
    moc = MOC.from_json(region["properties"]["moc"])
    assert moc.sky_fraction * 41252.96 == pytest.approx(sky.area(0.9), rel=0.1)


def test_a_private_target_is_marked_for_those_who_may_see_it_alone(client):
    event = merger()
    candidate(event, "AT of secret", 31.0, 20.5, 0.2, open="PRIVATE")
    root = Client()
    root.force_login(make.user("root", is_superuser=True))
    address = event.get_absolute_url()
    for part in ("skymap.png", "skymap.svg", "sky/candidates.json", "distance.png"):
        seen, unseen = root.get(address + part), client.get(address + part)
        assert (seen.status_code, unseen.status_code) == (200, 200)
        assert b"AT of secret" not in unseen.content
    assert root.get(f"{address}skymap.png").content != client.get(f"{address}skymap.png").content
    assert b"AT of secret" in root.get(f"{address}sky/candidates.json").content


def test_what_is_made_of_a_protected_event_is_kept_for_each_viewer_apart(settings):
    """Promise 6; the keys name the viewer, so that nothing can be handed to somebody else by mistake."""
    settings.TOM_SCIMMA = {"TOPICS": {"lvk.nutrack": {"groups": ["lvk"]}}}
    world = World()
    member, root = (pictures.Sight(world.secret, world.users[role]) for role in ("member", "superuser"))
    assert member.sky().data == root.sky().data
    assert member.sky().tag != root.sky().tag
    everybody, stranger = (pictures.Sight(world.open, world.users[role]) for role in ("anonymous", "stranger"))
    assert everybody.sky().tag == stranger.sky().tag


def test_the_picture_of_a_public_event_is_that_of_its_public_map(settings):
    """A newer map of a protected alert is not what the event's picture shows, even to those who may see that alert."""
    settings.TOM_SCIMMA = {"TOPICS": {"lvk.nutrack": {"groups": ["lvk"]}}}
    world = World()
    made = {role: pictures.Sight(world.open, user).identity for role, user in world.users.items()}
    assert len(set(made.values())) == 1
    assert str(world.map.pk) not in made["member"].split("-")[0]
    assert pictures.Sight(world.secret, world.users["stranger"]).map is None


def test_pictures_come_with_words_for_the_browser(client):
    event = merger()
    answer = client.get(f"{event.get_absolute_url()}skymap.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "private" in answer["Cache-Control"]
    assert answer["Vary"].find("Cookie") >= 0
    again = client.get(f"{event.get_absolute_url()}skymap.svg", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.fixture
def _leaf(settings):
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.leaf"]


@pytest.mark.usefixtures("_leaf")
def test_another_app_adds_a_layer(client):
    """In the list, as GeoJSON, in the picture, in words; and for each user what they may see."""
    event = merger()
    address = event.get_absolute_url()
    listed = {layer["name"]: layer for layer in client.get(f"{address}sky.json").json()["layers"]}
    assert listed["pointings"]["label"] == "Observed"
    collection = client.get(listed["pointings"]["url"]).json()
    assert [feature["properties"]["name"] for feature in collection["features"]] == ["field 1", "field 2"]
    picture = pixels(client.get(f"{address}skymap.png").content)
    assert like(picture, palette.LIGHT.fields[0], 30).sum() > 100
    assert "Observed (2)" in client.get(address).content.decode()
    assert "field of secret" not in json.dumps(collection)
    root = Client()
    root.force_login(make.user("root", is_superuser=True))
    assert "field of secret" in root.get(listed["pointings"]["url"]).content.decode()
    assert "Observed (3)" in root.get(address).content.decode()


@pytest.mark.usefixtures("_leaf")
def test_two_layers_of_one_name_are_refused(settings):
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.leaf.again.AgainConfig"]
    with pytest.raises(ValueError, match="two apps offer a layer 'pointings'"):
        layers.offered()


def test_where_the_sky_comes_from_is_a_setting(client, settings):
    event = merger()
    settings.TOM_SCIMMA = {"ALADIN_URL": "npm/aladin-lite/aladin.js", "SKY_SURVEYS": {}}
    page = client.get(event.get_absolute_url()).content.decode()
    assert 'data-library="/static/npm/aladin-lite/aladin.js"' in page
    assert "Survey images" not in page
    settings.TOM_SCIMMA = {"ALADIN_URL": ""}
    assert "data-library" not in client.get(event.get_absolute_url()).content.decode()
    del settings.TOM_SCIMMA
    page = client.get(event.get_absolute_url()).content.decode()
    assert 'data-library="https://aladin.cds.unistra.fr/' in page
    assert '<script src="https://aladin' not in page
