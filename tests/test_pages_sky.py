"""Pictures, files and targets inside. Who sees what: test_permissions."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from tom_targets.models import Target

from tests import factories as make
from tom_scimma import skymap
from tom_scimma.models import Localization

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_pictures_of_other_tests():
    cache.clear()


def small(ra: float = 30.0, dec: float = 20.0, **options) -> skymap.SkyMap:
    return skymap.from_gaussian(ra, dec, 3.0, order=3, rounds=3, **options)


def text(client, address: str, **options) -> str:
    answer = client.get(address, **options)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_picture(client):
    event = make.binary()
    answer = client.get(f"/events/{event.name}/skymap.png")
    assert answer["Content-Type"] == "image/png"
    assert answer.content[:8] == b"\x89PNG\r\n\x1a\n"
    assert client.get(f"/localizations/{event.localization_id}.png").content[:4] == b"\x89PNG"
    again = client.get(f"/events/{event.name}/skymap.png", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    page = text(client, event.get_absolute_url())
    assert 'alt="Sky map of S261120ab: 50 % region ' in page


def test_the_picture_is_drawn_once(client):
    event = make.binary()
    first = client.get(f"/events/{event.name}/skymap.png").content
    Localization.objects.update(data=b"gone")
    assert client.get(f"/events/{event.name}/skymap.png").content == first


def test_a_position_has_a_picture_and_no_position_none(client):
    point = make.known("GRB 1", kind="GRB", ra=201.2, dec=-43.1, radius_deg=4.3, area_50=19.0, area_90=58.0)
    assert client.get(f"{point.get_absolute_url()}skymap.png").content[:4] == b"\x89PNG"
    bare = make.known("AT 2026x", kind="OT", ra=10.0, dec=-90.0)
    assert client.get(f"{bare.get_absolute_url()}skymap.png").status_code == 200
    nowhere = make.known("GRB 2", kind="GRB")
    assert client.get(f"{nowhere.get_absolute_url()}skymap.png").status_code == 404
    assert "Nobody has said yet where" in text(client, nowhere.get_absolute_url())


def test_a_map_that_could_not_be_used_is_said(client):
    event = make.known("S1a")
    Localization.objects.create(alert=event.alerts.get(), sha256="0" * 64, data=b"", error="3 pixels are negative")
    assert "the sky map could not be used: 3 pixels are negative" in text(client, event.get_absolute_url())


def targets(*places: tuple[float, float]) -> None:
    for number, (ra, dec) in enumerate(places):
        Target.objects.create(name=f"T{number}", type="SIDEREAL", ra=ra, dec=dec, permissions="OPEN")


def test_targets_inside_the_map(client):
    event = make.known("S1a", sky=small())
    targets((30.0, 20.0), (31.0, 21.0), (60.0, 20.0), (210.0, -20.0))
    inside = client.get(f"{event.get_absolute_url()}targets/").context["inside"]
    sky = skymap.unpack(bytes(event.localization.data))
    assert [target.name for target, _ in inside.targets] == ["T0", "T1"]
    assert [level for _, level in inside.targets] == [sky.level_at(30.0, 20.0), sky.level_at(31.0, 21.0)]
    assert (inside.count, inside.at_least) == (2, False)


def test_targets_inside_the_error_circle(client):
    event = make.known("GRB 1", kind="GRB", ra=359.9, dec=10.0, radius_deg=0.5)
    targets((0.1, 10.0), (359.9, 10.01), (2.0, 10.0))
    page = client.get(f"{event.get_absolute_url()}targets/")
    assert [target.name for target, _ in page.context["inside"].targets] == ["T1", "T0"]
    assert "36″" in page.content.decode()


def test_many_targets_are_counted_and_the_best_shown(client, monkeypatch):
    from tom_scimma import inside

    monkeypatch.setattr(inside, "SHOWN", 3)
    event = make.known("S1a", sky=small())
    targets(*[(30.0 + 0.1 * number, 20.0) for number in range(7)])
    page = text(client, f"{event.get_absolute_url()}targets/")
    assert "7 other targets inside" in page
    assert "the 3 most probable are shown" in page
