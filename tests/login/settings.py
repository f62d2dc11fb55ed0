"""The tests' TOM with log-in through OpenID Connect installed, as docs/login.md says."""

from tests.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "allauth.socialaccount", "allauth.socialaccount.providers.openid_connect"]  # noqa: F405
SOCIALACCOUNT_ADAPTER = "tom_scimma.login.LoginAdapter"
DATABASES["default"]["TEST"] = {"NAME": None if "sqlite" in DATABASES["default"]["ENGINE"] else "test_tom_login"}  # noqa: F405
