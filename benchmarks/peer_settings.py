"""The same TOM with tom_nonlocalizedevents in place of our apps."""

from benchmarks.settings import *  # noqa: F403

INSTALLED_APPS = [app for app in INSTALLED_APPS if app not in ("tom_scimma", "tom_hermes", "tom_treasuremap")]  # noqa: F405
INSTALLED_APPS += ["tom_nonlocalizedevents"]
HERMES_API_URL = "https://hermes.example.org"
