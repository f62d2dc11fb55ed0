"""The example TOM as the services' tests run it: database, folder and TOM_SCIMMA come from the environment."""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "example_tom"))
os.environ.setdefault("SECRET_KEY", "for tests only")

from example_tom.settings import *  # noqa: F403

#: JSON; the times in it (LIVE_AGE, ACT_AGE) keep their defaults
TOM_SCIMMA = json.loads(os.environ.get("TOM_SCIMMA", "{}"))
TOM_NAME = "services"
DEBUG = False  # or every query would be kept in memory
ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
