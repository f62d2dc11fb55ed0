"""A target that follows its event: the host's own save, of its place and of nothing else.

Authority: what the host's Target.save does (its hook, `modified`, signals); Django's documentation of `update_fields`.
"""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from django.db.models.signals import pre_save
from tom_targets.models import Target

from tests.messages import NOW, xrt
from tom_scimma import places
from tom_scimma.ingest import ingest
from tom_scimma.models import Event, Message

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2000, 1, 1, tzinfo=timezone.utc)
#: what the TOM's hook was called with: name, right ascension, whether the target was new
CALLS: list[tuple[str, float, bool]] = []


def note(target, created):
    CALLS.append((target.name, target.ra, created))


def change_all(target, created):
    """What a person saves while the listener works, as far as another column is concerned."""
    Target.objects.update(distance=7e6, permissions="OPEN")


def broken(target, created):
    raise RuntimeError("this TOM's hook is broken")


@pytest.fixture
def hook(settings):
    """Has the host call one of these after each save."""

    def use(function):
        settings.HOOKS = {**settings.HOOKS, "target_post_save": f"tests.test_moving_targets.{function.__name__}"}

    CALLS.clear()
    return use


def hear(*records):
    return ingest(list(records), now=NOW)


def moved(trigger="01708973486", ra=120.001, minutes=3.0):
    return xrt(trigger, ra=ra, dec=40.0, radius=0.01, minutes=minutes, alert_type="update")


def test_the_toms_hook_is_called_for_a_move_and_not_without_one(hook):
    hook(note)
    hear(xrt(ra=120.0, dec=40.0))
    name = Target.objects.get().name
    hear(moved())
    hear(moved(minutes=1.0))  # said again: it is there already
    assert CALLS == [(name, 120.0, True), (name, 120.001, False)]


def test_what_somebody_changes_meanwhile_stays(hook):
    """Both targets are read before the first is saved; the second's save finds the row changed."""
    hear(xrt("1", ra=120.0, dec=40.0), xrt("2", ra=50.0, dec=40.0))
    hook(change_all)
    hear(moved("1"), moved("2", ra=50.001))
    found = Target.objects.order_by("ra").values_list("ra", "distance", "permissions")
    assert list(found) == [(50.001, 7e6, "OPEN"), (120.001, 7e6, "OPEN")]


def test_modified_moves_and_created_stays():
    hear(xrt(ra=120.0, dec=40.0))
    Target.objects.update(created=LONG_AGO, modified=LONG_AGO)
    hear(moved())
    target = Target.objects.get()
    assert target.created == LONG_AGO < target.modified


def test_our_table_of_places_follows():
    hear(xrt(ra=120.0, dec=40.0))
    hear(moved())
    assert [place.target_id for place in places.cone(120.001, 40.0, 1e-6)] == [Target.objects.get().pk]
    assert not places.cone(120.0, 40.0, 1e-6)


def test_what_the_tom_works_out_of_a_place_is_kept():
    """Django leaves out of a save with `update_fields` what a receiver of pre_save sets."""

    def work_out(sender, instance, **kwargs):
        instance.galactic_lng = instance.ra - 100

    pre_save.connect(work_out, sender=Target)
    try:
        hear(xrt(ra=120.0, dec=40.0))
        hear(moved())
    finally:
        pre_save.disconnect(work_out, sender=Target)
    target = Target.objects.get()
    assert (target.ra, target.galactic_lng) == (120.001, 120.001 - 100)


def test_a_hook_that_fails_costs_the_move_and_not_the_alert(hook):
    hear(xrt(ra=120.0, dec=40.0))
    hook(broken)
    (result,) = hear(moved())
    assert (result.state, Event.objects.get().ra, Target.objects.get().ra) == ("parsed", 120.001, 120.0)
    assert "without its target" in Message.objects.latest("pk").error
