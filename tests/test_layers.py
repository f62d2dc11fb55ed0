"""The layer of galaxies. Authority: the list that the event's page shows."""

from __future__ import annotations

import pytest

from tests import catalogs
from tests import factories as make
from tom_scimma import skymap
from tom_scimma.galaxies.event import galaxies
from tom_scimma.layers import ours

pytestmark = pytest.mark.django_db


def test_galaxies_are_a_layer_where_there_is_a_catalogue(client, settings, tmp_path):
    settings.TOM_SCIMMA = {"GALAXY_DIR": str(tmp_path)}
    sky = skymap.from_gaussian(30.0, 20.0, 12.0, distance=(120.0, 30.0), order=4, rounds=3)
    event = make.known("S261120ab", sky=sky)
    address = f"{event.get_absolute_url()}sky/galaxies.json"
    assert client.get(address).json()["features"] == []
    catalogs.loaded(tmp_path)
    features = client.get(address).json()["features"]
    found = galaxies(event, None)
    best = [line["galaxy"] for line in found.lines(found.order[: ours.GALAXIES])]
    assert len(best) > 10
    assert [feature["properties"]["name"] for feature in features] == [galaxy.name for galaxy in best]
    assert features[0]["geometry"]["coordinates"] == [best[0].ra, best[0].dec]
    assert client.get(features[0]["properties"]["url"]).status_code == 200
