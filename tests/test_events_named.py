"""An event by its name, as the naming rules spell it: for everybody who asks, without telling of a name that they may not know."""

import pytest
from django.contrib.auth.models import AnonymousUser

from tests import factories as make
from tests.world import World
from tom_scimma.events import named
from tom_scimma.models import Alias

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        ("S230518h", "S230518h"),
        ("s230518H", "S230518h"),
        ("ms181101AB", "MS181101ab"),
        ("GRB230812B", "GRB 230812B"),
        ("grb 230812b", "GRB 230812B"),
        ("EP 240414a", "EP240414a"),
        ("Fermi GBM 713543507", "Fermi GBM 713543507"),
        ("Fermi trigger No. 713543507", "Fermi GBM 713543507"),
    ],
)
def test_a_name_is_found_however_it_is_spelled(asked, known):
    event = make.event(known)
    assert named(asked) == event


def test_other_names_and_none():
    event = make.event("Fermi GBM 713543507")
    Alias.objects.create(event=event, name="GRB 230812B")
    assert named("GRB230812B") == event
    assert named("GRB230812B", AnonymousUser()) == event
    assert named("GRB 230812C") is None


def test_nobody_learns_of_what_they_may_not_see():
    world = World()
    for role, user in world.users.items():
        assert (named(world.secret.name, user) is not None) == (role in ("member", "superuser"))
        assert (named("alias-of-secret", user) is not None) == (role == "superuser")
