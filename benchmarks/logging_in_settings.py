"""The benchmarks' TOM with log-in through SCiMMA, which the stand-in plays."""

from benchmarks.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "allauth.socialaccount", "allauth.socialaccount.providers.openid_connect"]  # noqa: F405
SOCIALACCOUNT_ADAPTER = "tom_scimma.login.LoginAdapter"
TOM_REGISTRATION_STRATEGY = "open"
