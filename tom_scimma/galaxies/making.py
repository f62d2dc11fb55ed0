"""Chosen galaxies -> TOM targets: one for each name, made once, with where it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from tom_targets.models import Target, TargetName
from tom_targets.permissions import targets_for_user

from tom_scimma.models import Event, Galaxy

PARSECS = 1e6


@dataclass(frozen=True)
class Made:
    """What became of one galaxy."""

    galaxy: Galaxy
    target: Any = None  #: None: a target of that name is there, and this person may not see it
    created: bool = False


def targets(galaxies: Iterable[Galaxy], user, event: Event | None = None) -> list[Made]:
    """A target for each galaxy: the one that has its name, if the user may see it, else a new one that is the user's.

    As when a person makes a target by the host's form: anybody logged in may, the TOM's default permissions hold, and
    the maker may view, change and delete it. Once more with the same galaxies changes nothing.
    """
    return [_target(galaxy, user, event) for galaxy in galaxies]


def _target(galaxy: Galaxy, user, event: Event | None) -> Made:
    here = existing([galaxy.name])
    if galaxy.name not in here:
        try:
            with transaction.atomic():
                return Made(galaxy, _make(galaxy, user, event), created=True)
        except IntegrityError:  # somebody made it at this very moment
            here = existing([galaxy.name])
    seen = targets_for_user(user, Target.objects.filter(pk=here.get(galaxy.name)), "view_target")
    return Made(galaxy, seen.first())


def existing(names: list[str]) -> dict[str, int]:
    """{name: key of the target that has it as its name or alias}."""
    aliases = dict(TargetName.objects.filter(name__in=names).values_list("name", "target_id"))
    return aliases | dict(Target.objects.filter(name__in=names).values_list("name", "pk"))


def _make(galaxy: Galaxy, user, event: Event | None):
    target = Target(
        name=galaxy.name,
        type=Target.SIDEREAL,
        ra=galaxy.ra,
        dec=galaxy.dec,
        epoch=2000,
        distance=None if galaxy.distance_mpc is None else galaxy.distance_mpc * PARSECS,
        distance_err=None if galaxy.distance_sd_mpc is None else galaxy.distance_sd_mpc * PARSECS,
    )
    target.save(extras=_extras(galaxy, event))
    target.give_user_access(user)
    return target


def _extras(galaxy: Galaxy, event: Event | None) -> dict[str, str]:
    """Where the target comes from; a protected event is not named to those who may see the target."""
    said = {
        "galaxy_catalog": str(galaxy.catalog),
        "galaxy_id": galaxy.ident,
        "redshift": "" if galaxy.redshift is None else f"{galaxy.redshift:.6g}",
        "distance_from": galaxy.get_distance_from_display() if galaxy.distance_from else "",
        "galaxy_of_event": event.name if event is not None and event.public else "",
    }
    return {key: value for key, value in said.items() if value}
