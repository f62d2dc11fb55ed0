"""The same TOM with PyPI's tom-hermes in place of our apps."""

from benchmarks.settings import *  # noqa: F403

INSTALLED_APPS = [app for app in INSTALLED_APPS if app not in ("tom_scimma", "tom_treasuremap")]  # noqa: F405
HERMES_CONFIGURATION = {"HERMES_BASE_URL": "https://hermes.example.org"}
