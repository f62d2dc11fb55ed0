"""The example TOM, with a database of the tests' own. DATABASE_URL runs them on PostgreSQL."""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "example_tom"))
if "TOM_VAR" not in os.environ:
    os.environ["TOM_VAR"] = tempfile.mkdtemp(prefix="tom-tests-")
    atexit.register(shutil.rmtree, os.environ["TOM_VAR"], ignore_errors=True)
os.environ.setdefault("SECRET_KEY", "for tests only")

from example_tom.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["*"]
# each process has its own: the host's data services empty the whole cache, also of tests beside them
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
LOGGING["loggers"][""]["level"] = "WARNING"  # noqa: F405
if "TEST_TEMPLATE" in os.environ:  # of PostgreSQL: the tests' databases are copies of this one
    DATABASES["default"]["TEST"] = {"TEMPLATE": os.environ["TEST_TEMPLATE"]}  # noqa: F405
