"""What tests of several files share, and the order of the files: those that take long begin first."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, settings

from tests.embedded import migrated

# how fast examples are made on a busy machine decides no test
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

LONG = (
    "test_listener", "test_galaxies_load", "test_skymap_large", "test_worker", "test_query_oracles", "test_layout",
    "test_skymap_union", "test_stream", "test_together", "test_login", "test_annotators_shipped", "test_telling",
    "test_pictures", "test_skyplot", "test_permissions", "test_galaxies_ranking",
)  # fmt: skip


@pytest.fixture(scope="session")
def template(tmp_path_factory, django_db_setup, django_db_blocker):
    """A folder with a TOM's database: a copy of the tests' own if that is SQLite and made, since migrating takes long."""
    from django.db import connection

    folder = tmp_path_factory.mktemp("template")
    with django_db_blocker.unblock():
        if connection.vendor != "sqlite" or not connection.introspection.table_names():
            return migrated(folder)
        with closing(sqlite3.connect(folder / "db.sqlite3")) as copy:
            connection.connection.backup(copy)
    return folder


@pytest.fixture
def astropy_frames(orientation_table):
    """Astropy with the installed table of Bulletin A and nothing from the network; as it was afterwards."""
    from astropy.utils import iers

    with iers.conf.set_temp("auto_download", False), iers.earth_orientation_table.set(orientation_table):
        yield


@pytest.fixture(scope="session")
def orientation_table():
    from astropy.utils import iers
    from astropy_iers_data import IERS_A_FILE

    return iers.IERS_A.open(IERS_A_FILE)


def pytest_collection_modifyitems(items):
    """Sorts by file alone; the order in a file stays."""
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))
