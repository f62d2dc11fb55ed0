"""The services' settings, but a locked SQLite is given up after one second, for tests of that."""

from tests.services.settings import *  # noqa: F403

DATABASES["default"]["OPTIONS"]["timeout"] = 1  # noqa: F405
