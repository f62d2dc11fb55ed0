"""The tests' settings with that model; any tests run on it: pytest --ds=tests.own.settings tests/test_ingest.py"""

from tests.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.own"]  # noqa: F405
TARGET_MODEL_CLASS = "tests.own.models.OwnTarget"
