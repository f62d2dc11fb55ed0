"""The tests' TOM with log-in through OpenID Connect installed, as docs/login.md says."""

from tests.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "allauth.socialaccount", "allauth.socialaccount.providers.openid_connect"]  # noqa: F405
SOCIALACCOUNT_ADAPTER = "tom_scimma.login.LoginAdapter"
if "sqlite" not in DATABASES["default"]["ENGINE"]:  # noqa: F405
    DATABASES["default"].setdefault("TEST", {})["NAME"] = "test_tom_login"  # noqa: F405
