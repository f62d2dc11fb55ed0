"""The services' settings with the tests' app."""

from tests.services.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.outside"]  # noqa: F405
LOGGING["loggers"][""]["level"] = "INFO"  # noqa: F405
