"""Who and what many tests meet: people, an event, the service outside, and ears that hear what people are told."""

from __future__ import annotations

import pytest

from tests.ears import MailEar, WebEar
from tests.outside.standin import Standin


@pytest.fixture
def app(settings):
    """The tests' app with its destinations, reactions and job, in a TOM without settings."""
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.outside"]
    settings.TOM_SCIMMA = {}


@pytest.fixture
def outside(monkeypatch):
    """The service that the app's destinations speak to."""
    with Standin() as service:
        monkeypatch.setenv("OUTSIDE", service.url)
        yield service


@pytest.fixture
def web():
    """A web server that takes whatever is said to it."""
    ear = WebEar()
    yield ear
    ear.close()


@pytest.fixture
def mail(settings):
    """The mail server of this TOM."""
    ear = MailEar()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", ear.port
    settings.DEFAULT_FROM_EMAIL = "tom@example.org"
    yield ear
    ear.close()


@pytest.fixture
def event(db):
    return _make().event("S261120ab")


@pytest.fixture
def ada(db):
    return _make().user("ada")


@pytest.fixture
def alice(db):
    return _make().user("alice")


@pytest.fixture
def bob(db):
    return _make().user("bob")


def _make():
    from tests import factories  # imports models, which a run without a database does not need

    return factories
