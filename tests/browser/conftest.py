"""A browser, a TOM that heard the demo's night, and somebody who may log in to it."""

from __future__ import annotations

import os
import shutil
import threading
from datetime import datetime, timedelta, timezone

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.db import connection
from night import night
from playwright.sync_api import sync_playwright

from example_tom import assets
from tests.browser.visitor import Visitor
from tests.embedded import wait_for
from tests.template import fill
from tom_scimma.ingest import ingest
from tom_scimma.record import Record

FLAGS = [
    "--no-sandbox",  # a container's root has no user namespaces
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",  # WebGL without a graphics card, for the interactive sky
]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, migrated_before, tmp_path_factory):
    """SQLite in a file, as a TOM has it: of a database in memory all of a web server's threads share one connection."""
    if connection.vendor != "sqlite":
        return
    settings.DATABASES["default"]["TEST"]["NAME"] = str(tmp_path_factory.mktemp("browser") / "db.sqlite3")
    if migrated_before:
        fill(migrated_before)


@pytest.fixture(scope="session")
def chromium():
    """Debian's Chromium, or Playwright's own where there is none."""
    if not assets.present():
        pytest.fail("the pages would ask a CDN for Bootstrap and Alpine: run `make front-end` (it needs npm)")
    # Playwright's loop runs in this thread, which makes Django think that it is asynchronous
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def start():
    """When the night began: an hour ago, so that its alerts are young."""
    return datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=1)


@pytest.fixture
def tom(live_server, start, answering):
    """The address of a TOM that heard the night; ada may log in."""
    cache.clear()
    User.objects.create_superuser("ada", "ada@example.org", "a long password")
    records = [
        Record(
            step.topic,
            step.payload,
            headers=step.headers,
            partition=0,
            offset=number,
            published=start + timedelta(seconds=step.at),
            received=start + timedelta(seconds=step.at + 0.1),
            broker="localhost:9092",
        )
        for number, step in enumerate(night(start))
    ]
    ingest(records)
    yield live_server.url
    wait_for("an answer to what the browser still asked", lambda: not answering)  # else it meets the next test's rows


@pytest.fixture
def answering():
    """The threads of the web server that are working at an answer."""
    busy: set[int] = set()

    def begins(**_):
        busy.add(threading.get_ident())

    def ends(**_):
        busy.discard(threading.get_ident())

    request_started.connect(begins)
    request_finished.connect(ends)
    yield busy
    request_started.disconnect(begins)
    request_finished.disconnect(ends)


@pytest.fixture(params=[1400, 400], ids=["desk", "phone"])
def visitor(request, chromium, tom):
    """Somebody at a wide screen, and at a telephone's."""
    context = chromium.new_context(viewport={"width": request.param, "height": 900}, base_url=tom)
    someone = Visitor(context, request.param)
    yield someone
    context.close()
    someone.check()
