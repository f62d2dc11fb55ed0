"""What tests of several files share, and the order of the files: those that take long begin first."""

from __future__ import annotations

import gc
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings

from tests.cast import ada, alice, app, bob, event, mail, outside, web
from tests.embedded import migrated
from tests.template import Template, fill, made

__all__ = ["ada", "alice", "app", "bob", "event", "mail", "outside", "web"]  # fixtures of every test

# Containers often forbid to keep compiled code; then every process here, and every one that a test starts, compiles all
# of it again, which takes longer than many tests.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# how fast examples are made on a busy machine decides no test
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=50)
settings.register_profile("soak", settings.get_profile("suite"), max_examples=500)
settings.load_profile("soak" if os.environ.get("SOAK") else "suite")

USUAL = gc.get_threshold()

LONG = (
    "test_together", "test_galaxies_load", "test_worker", "test_listener", "test_skymap_large", "test_query_oracles",
    "test_telling", "test_skymap_union", "test_stream", "test_layout", "test_login", "test_permissions", "test_vtp",
    "test_annotators_shipped", "test_pictures", "test_skyplot", "test_galaxies_ranking", "test_coverage_pages",
    "test_hermes_message", "test_sieve", "test_hermes_stream", "test_skymap_volume", "test_fuzz", "test_contract",
    "test_faults", "test_hermes_moving", "test_backfill", "test_export",
)  # fmt: skip


def pytest_configure(config):
    """With several processes their database is migrated once, while they import the tests."""
    if getattr(config.option, "numprocesses", None) and not config.option.collectonly:
        config.template = Template()
        config.add_cleanup(config.template.stop)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    node.workerinput["template"] = str(node.config.template.home)


def pytest_addoption(parser):
    parser.addoption("--template", help="a folder with a migrated db.sqlite3, on which the tests' database begins")


@pytest.fixture(scope="session")
def migrated_before(request):
    """A folder with the run's migrated database; None in a run of one process, which migrates its own."""
    if hasattr(request.config, "workerinput"):
        return made(Path(request.config.workerinput["template"]))
    given = request.config.getoption("--template")
    return Path(given) if given else None


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, migrated_before):
    """pytest-django's, which Django's own `migrate` follows: on a copy it finds nothing to do."""
    if migrated_before and connection.vendor == "sqlite":
        fill(migrated_before)


@pytest.fixture(scope="session")
def template(request, migrated_before, tmp_path_factory):
    """A folder with a TOM's database, to copy."""
    if migrated_before:
        return migrated_before
    folder = tmp_path_factory.mktemp("template")
    request.getfixturevalue("django_db_setup")
    with request.getfixturevalue("django_db_blocker").unblock():
        if connection.vendor != "sqlite" or not connection.introspection.table_names():  # of a run without a database
            return migrated(folder)
        with closing(sqlite3.connect(folder / "db.sqlite3")) as copy:
            connection.connection.backup(copy)
    return folder


@pytest.fixture
def astropy_frames(orientation_table):
    """Astropy with the installed table of Bulletin A and nothing from the network, where a host page asks it too; as it was afterwards."""
    from astropy.utils import iers

    with iers.conf.set_temp("auto_download", False), iers.earth_orientation_table.set(orientation_table):
        yield


@pytest.fixture(scope="session")
def orientation_table():
    from astropy.utils import iers
    from astropy_iers_data import IERS_A_FILE

    return iers.IERS_A.open(IERS_A_FILE)


def pytest_collection_finish():
    """What is imported stays: the collector of garbage need not walk through it again and again, nor as often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


@pytest.fixture
def usual_garbage():
    """The collector of garbage as any process has it, for tests that measure memory."""
    often = gc.get_threshold()
    gc.set_threshold(*USUAL)
    yield
    gc.set_threshold(*often)


def pytest_ignore_collect(collection_path, config):
    """A folder none of whose tests are wanted is not imported: what it imports takes a second in every process."""
    name = collection_path.name
    return True if name in ("browser", "services") and f"not {name}" in config.option.markexpr else None


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Each of several processes begins with other files: what one has compiled the others find, else each compiles all."""
    report = yield
    if isinstance(collector, pytest.Directory) and report.result and (worker := os.environ.get("PYTEST_XDIST_WORKER")):
        share = len(report.result) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        first = share * int(worker.removeprefix("gw"))
        report.result = [*report.result[first:], *report.result[:first]]
    return report


def pytest_collection_modifyitems(items):
    """Sorts by file alone, the same in every process; the order in a file stays."""
    items.sort(key=lambda item: (LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG), str(item.path)))
