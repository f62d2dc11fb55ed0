"""Searches over targets' places against astropy's separations and mocpy's own membership."""

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import Latitude, Longitude, SkyCoord
from mocpy import MOC
from tom_targets.models import Target

from tom_scimma import places
from tom_scimma.models import TargetPlace

pytestmark = pytest.mark.django_db


def scatter(number=2000, seed=7):
    """Targets all over the sky, some at the poles and on both sides of RA 0."""
    rng = np.random.default_rng(seed)
    ra, dec = rng.uniform(0, 360, number), np.degrees(np.arcsin(rng.uniform(-1, 1, number)))
    ra[:6], dec[:6] = [0, 359.9999, 0.0001, 12, 200, 100], [0, 0, 0, 90, -90, 89.9999]
    Target.objects.bulk_create(
        [
            Target(name=f"t{i}", type="SIDEREAL", ra=x, dec=y)
            for i, (x, y) in enumerate(zip(ra.tolist(), dec.tolist(), strict=True))
        ]
    )
    places.reconcile()
    return SkyCoord(ra, dec, unit="deg"), list(Target.objects.order_by("pk").values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("ra", "dec", "radius"),
    [
        (0, 0, 0.01),
        (359.9999, 0, 0.001),
        (0, 90, 1),
        (123, -90, 3),
        (45, 60, 10),
        (200, -20, 60),
        (10, 89.9, 5),
        (180, 0, 179),
    ],
)
def test_cone_finds_what_astropy_finds(ra, dec, radius):
    coords, keys = scatter()
    separation = coords.separation(SkyCoord(ra, dec, unit="deg")).deg
    expected = {key for key, value in zip(keys, separation, strict=True) if value <= radius}
    found = list(places.cone(ra, dec, radius))
    assert {place.target_id for place in found} == expected
    assert [place.separation for place in found] == pytest.approx(sorted(separation[separation <= radius]), abs=1e-9)


def test_inside_a_region_finds_what_mocpy_finds():
    coords, keys = scatter()
    moc = MOC.from_cone(Longitude(1, "deg"), Latitude(5, "deg"), radius=20 * units.deg, max_depth=9)
    inside = moc.contains_lonlat(coords.ra, coords.dec)
    assert set(places.inside(moc).values_list("pk", flat=True)) >= {
        key for key, value in zip(keys, inside, strict=True) if value
    }
    assert places.inside(MOC.new_empty(10)).count() == 0


def test_saving_moving_and_deleting_a_target_keeps_its_place():
    target = Target(name="SN 2026abc", type="SIDEREAL", ra=-10.0, dec=20.0)
    target.save()
    assert TargetPlace.objects.get().ra == 350.0
    target.ra, target.dec = 11.0, 21.0
    target.save()
    assert [place.target_id for place in places.cone(11, 21, 0.001)] == [target.pk]
    assert not places.cone(350, 20, 1)
    target.delete()
    assert not TargetPlace.objects.exists()


def test_what_moves_or_has_no_coordinates_has_no_place():
    Target(name="Ceres", type="NON_SIDEREAL", ra=1.0, dec=1.0).save()
    Target(name="nowhere", type="SIDEREAL").save()
    assert not TargetPlace.objects.exists()


def test_reconcile_follows_bulk_writes():
    scatter(50)
    assert places.reconcile() == 0
    Target.objects.filter(name="t10").update(ra=77.0, dec=7.0)
    Target.objects.filter(name="t11").update(type="NON_SIDEREAL")
    Target.objects.filter(name="t12").update(ra=None)
    assert places.reconcile() == 3
    assert places.cone(77, 7, 0.001).count() == 1
    assert TargetPlace.objects.count() == 48


def test_many_small_cones_at_once_find_what_astropy_finds():
    """At all orders of search, near the poles too, where HEALPix pixels are most distorted."""
    coords, keys = scatter(20000)
    rng = np.random.default_rng(3)
    ra, dec = rng.uniform(0, 360, 300), np.degrees(np.arcsin(rng.uniform(-1, 1, 300)))
    dec[:60] = np.sign(dec[:60]) * (90 - rng.uniform(0, 8, 60))
    ra[60:70] = 0
    circles = [(float(x), float(y), float(r)) for x, y, r in zip(ra, dec, 10 ** rng.uniform(-1, 0.9, 300), strict=True)]
    circles += [(0.0, 90.0, 4.9), (0.0, -90.0, 3.5), (0.0, 0.0, 1 / 3600), (359.9999, 0.0, 0.001), circles[0]]
    found = places.near(circles)
    assert sum(map(len, found)) > 3000
    for (ra, dec, radius), inside in zip(circles, found, strict=True):
        separation = coords.separation(SkyCoord(ra, dec, unit="deg")).deg
        expected = sorted((separation[row].item(), keys[row]) for row in np.flatnonzero(separation <= radius))
        assert [key for _, key in inside] == [key for _, key in expected]
        assert [angle for angle, _ in inside] == pytest.approx([angle for angle, _ in expected], abs=1e-9)
    assert places.near([]) == []


def test_targets_saved_together_have_their_places_at_the_end_and_after_a_failure_as_before():
    with places.together():
        first, second = (Target(name=name, type="SIDEREAL", ra=10.0, dec=dec) for name, dec in (("a", 1.0), ("b", 2.0)))
        first.save()
        second.save()
        first.dec = 3.0
        first.save()
    assert dict(TargetPlace.objects.values_list("target_id", "dec")) == {first.pk: 3.0, second.pk: 2.0}
    with pytest.raises(ZeroDivisionError), places.together():
        _ = 1 / 0
    second.dec = 4.0
    second.save()
    assert TargetPlace.objects.get(pk=second.pk).dec == 4.0
