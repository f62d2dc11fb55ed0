"""The example TOM, with a database of the tests' own. DATABASE_URL runs them on PostgreSQL."""

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "example_tom"))
os.environ.setdefault("TOM_VAR", tempfile.mkdtemp(prefix="tom-tests-"))
os.environ.setdefault("SECRET_KEY", "for tests only")

from example_tom.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["*"]
LOGGING["loggers"][""]["level"] = "WARNING"  # noqa: F405
