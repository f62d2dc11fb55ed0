"""One broker and one database server for all tests here; each test makes its own topics, credential and database."""

from __future__ import annotations

import itertools
import os
import random

import pytest

from tests.services.kafka import Kafka
from tests.services.listener import Tom
from tests.services.postgres import Postgres, migrate

_number = itertools.count(1)
_figures: list[str] = []


def pytest_terminal_summary(terminalreporter):
    """What was measured, also where all tests passed."""
    if _figures:
        terminalreporter.section("measured on the real services")
        for line in _figures:
            terminalreporter.write_line(line)


@pytest.fixture
def say():
    """Notes a figure for the end of the run."""
    return _figures.append


@pytest.fixture(scope="session")
def kafka():
    """A running Apache Kafka."""
    with Kafka() as broker:
        yield broker


@pytest.fixture(scope="session")
def postgres():
    """A running PostgreSQL, as durable as by default."""
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def migrated(postgres):
    """The name of a database with every table, from which tests copy theirs."""
    migrate(postgres.database("migrated"))
    return "migrated"


@pytest.fixture
def tom(kafka, postgres, migrated, tmp_path):
    """A TOM of the test's own: a database, a credential, and no listener yet."""
    number = next(_number)
    name = f"tom{number}"
    postgres.database(name, template=migrated)
    credential = f"tester-{number:04x}"
    kafka.credential(credential)
    with Tom(kafka, postgres, name, credential, tmp_path) as made:
        yield made


@pytest.fixture
def topic(kafka):
    """Makes public topics of GCN notices with names of their own: topic("alerts", partitions=6)."""
    number = next(_number)
    return lambda name, **options: kafka.topic(f"gcn.notices.swift.t{number}.{name}", **options)


@pytest.fixture
def chance():
    """Seeded chance; the seed is printed, and SEED= sets it again."""
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
    print(f"SEED={seed}")  # shown when the test fails
    return random.Random(seed)
