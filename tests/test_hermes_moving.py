"""A database that the older plugin of the same app label was in. Authority: docs/hermes-moving.md; Django's record of migrations."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from tests import factories as make
from tom_hermes.models import HermesProfile, Received, SharedMessage


@pytest.mark.django_db(transaction=True)
def test_what_the_older_plugin_left_behind_is_no_obstacle():
    """Its 0001_initial is recorded and its table there: ours are all made, and its tokens are kept aside."""
    user = make.user("ada")
    call_command("migrate", "tom_hermes", "zero", verbosity=0)
    MigrationRecorder(connection).record_applied("tom_hermes", "0001_initial")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE tom_hermes_hermesprofile (id bigint PRIMARY KEY, user_id integer UNIQUE, old text)"
        )
        cursor.execute("INSERT INTO tom_hermes_hermesprofile VALUES (1, %s, 'sealed')", [user.pk])
    try:
        call_command("migrate", "tom_hermes", verbosity=0)
        HermesProfile.objects.create(user=user, token="a" * 40)
        assert HermesProfile.objects.get().token == "a" * 40
        assert (Received.objects.count(), SharedMessage.objects.count()) == (0, 0)
        with connection.cursor() as cursor:
            cursor.execute("SELECT old FROM tom_hermes_hermesprofile_before")
            assert cursor.fetchall() == [("sealed",)]
    finally:
        MigrationRecorder(connection).record_unapplied("tom_hermes", "0001_initial")
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS tom_hermes_hermesprofile_before")
