"""The targets that messages speak of -> targets of this TOM: found by name, by other names, by place, else made.

Two or three questions a batch, each answered by an index; never the host's fuzzy match, which loads every target.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from django.contrib.auth.models import Group
from tom_targets.models import Target, TargetName

from tom_hermes import audience
from tom_hermes.arrived import Arrived
from tom_hermes.conf import conf
from tom_hermes.intake import MAKE, Intake
from tom_hermes.said import SaidTarget
from tom_scimma import bulk, places, tnsnames
from tom_scimma.skymap.makers import separation
from tom_scimma.targets import share

Circle = tuple[float, float, float]


def find(arrivals: Sequence[Arrived]) -> None:
    """Gives each arrival the homes of the names it speaks of, and for the others the reason why they have none."""
    if arrivals:
        with places.together():
            known = Known(arrivals)
            for arrival in arrivals:
                for target in arrival.said.targets:
                    _settle(arrival, target, known)
                for name in arrival.loose_names():
                    _by_name(arrival, name, known)
            known.write_names()


def _settle(arrival: Arrived, target: SaidTarget, known: Known) -> None:
    pk = known.named(target.names)
    if pk is not None and known.elsewhere(pk, target):
        arrival.refuse(
            target.name, "clash", f"this TOM's target of the name {known.name(pk)} is {known.apart(pk, target)} away"
        )
        return
    if pk is None and target.ra is not None and not target.moving:
        pk = known.near(target)
    if pk is not None:
        _use(arrival, target.name, pk)
    elif arrival.intake.targets != MAKE:
        arrival.refuse(
            target.name, "target", f"no target is called {target.name} or lies there, and this topic makes none"
        )
    elif target.ra is None and not target.moving:
        arrival.refuse(
            target.name, "place", f"no target is called {target.name}, and the message has no usable position of it"
        )
    elif arrival.protected and not arrival.intake.permissions and audience.everywhere(arrival.groups, arrival.by):
        arrival.refuse(target.name, "audience", "there are people who see every target, and may not see this topic")
    else:
        arrival.home(target.name, known.add(make(target, arrival), target), made=True)


def _by_name(arrival: Arrived, name: str, known: Known) -> None:
    """A name that rows of data use and the message has no target of."""
    pk = known.named([name])
    if pk is None:
        arrival.refuse(name, "target", f"no target is called {name}, and the message does not describe it")
    else:
        _use(arrival, name, pk)


def _use(arrival: Arrived, name: str, pk: int) -> None:
    """Takes a target that is there, unless more people see it than may see the message."""
    if arrival.protected and arrival.intake.attach != "any" and not audience.contained(pk, arrival.groups, arrival.by):
        arrival.refuse(name, "audience", f"the target {name} is seen by others than those who may see this message")
    else:
        arrival.home(name, pk)


class Known:
    """What the TOM has of the names and places that a batch speaks of, and what the batch adds to it."""

    def __init__(self, arrivals: Sequence[Arrived]):
        said = [target for arrival in arrivals for target in arrival.said.targets]
        names = {name for target in said for name in target.names}
        names.update(name for arrival in arrivals for name in arrival.loose_names())
        self._targets: dict[int, tuple[str, float | None, float | None]] = {}  #: name, ra, dec; of moving ones None
        spelled = tnsnames.spelled(names)
        table = Target._meta.get_field("name").model  # where a TOM has targets of its own kind: the host's table below
        rows = bulk.find(table, ["id", "name", "type", "ra", "dec"], name=spelled)
        #: by the key of a name
        self._pks = tnsnames.keyed([(row[1], self._note(*row)) for row in rows], names)
        columns = ("name", "target_id", "target__name", "target__type", "target__ra", "target__dec")
        others = {name for name in spelled if tnsnames.key(name) not in self._pks}
        named = bulk.having(TargetName.objects.values_list(*columns), name=others)
        aliases = [(alias, self._note(*values)) for alias, *values in named]
        self._pks.update(tnsnames.keyed(aliases, names))
        self._learned: list[tuple[int, str]] = []
        self._recent: dict[int, tuple[float, float]] = {}  #: where targets are that this batch made
        self._near = self._places(target for target in said if self.named(target.names) is None)

    def _note(self, pk: int, name: str, kind: str, ra: float | None, dec: float | None) -> int:
        self._targets[pk] = (name, ra, dec) if kind == Target.SIDEREAL else (name, None, None)
        return pk

    def _places(self, unnamed: Iterable[SaidTarget]) -> dict[Circle, list[tuple[float, int]]]:
        circles = list({_circle(target) for target in unnamed if target.ra is not None and not target.moving})
        return dict(zip(circles, places.near(circles), strict=True)) if circles else {}

    def named(self, names: Iterable[str]) -> int | None:
        """The target of the first of these names that this TOM knows."""
        return next((self._pks[key] for key in map(tnsnames.key, names) if key in self._pks), None)

    def name(self, pk: int) -> str:
        return self._targets[pk][0]

    def elsewhere(self, pk: int, said: SaidTarget) -> bool:
        """Whether a target is too far from where the message has it to be the same thing."""
        found = self._apart(pk, said)
        return found is not None and found > conf.NAME_DEG

    def apart(self, pk: int, said: SaidTarget) -> str:
        """How far, for people."""
        return f"{self._apart(pk, said) or 0:.3g} degrees"

    def _apart(self, pk: int, said: SaidTarget) -> float | None:
        _, ra, dec = self._targets[pk]
        if None in (ra, dec, said.ra, said.dec) or said.moving:
            return None
        return 0.0 if (ra, dec) == (said.ra, said.dec) else float(separation(ra, dec, said.ra, said.dec))

    def near(self, said: SaidTarget) -> int | None:
        """The nearest target within MATCH_ARCSEC."""
        circle = _circle(said)
        there = list(self._near.get(circle, ()))
        if self._recent:
            angles = separation(*np.array(list(self._recent.values())).T, *circle[:2]).tolist()
            there += [(angle, pk) for angle, pk in zip(angles, self._recent, strict=True) if angle <= circle[2]]
        return min(there)[1] if there else None

    def add(self, target: Target, said: SaidTarget) -> int:
        """Notes a target that was made just now, and those of its other names that nobody has."""
        self._pks[tnsnames.key(target.name)] = self._note(target.pk, target.name, target.type, target.ra, target.dec)
        for alias in said.aliases:
            if tnsnames.key(alias) not in self._pks:
                self._pks[tnsnames.key(alias)] = target.pk
                self._learned.append((target.pk, alias))
        if target.type == Target.SIDEREAL:
            self._recent[target.pk] = (target.ra, target.dec)
        return target.pk

    def write_names(self) -> None:
        """Stores what was learned. Written directly: the host's own check loads every target of the TOM."""
        bulk.insert([TargetName(target_id=pk, name=name) for pk, name in self._learned])


def _circle(said: SaidTarget) -> Circle:
    return float(said.ra or 0), float(said.dec or 0), conf.MATCH_ARCSEC / 3600


def make(said: SaidTarget, arrival: Arrived) -> Target:
    """A new target as the message describes it, seen by whom the topic's policy says. Saved with the host's hook and signals."""
    wanted: Intake = arrival.intake
    target = unsaved(said)
    target.permissions = wanted.permissions or ("PRIVATE" if arrival.protected else "PUBLIC")
    target.save(extras=said.extras)
    if wanted.groups is not None:
        share(target, Group.objects.filter(name__in=wanted.groups))
    elif arrival.groups:
        share(target, Group.objects.filter(pk__in=arrival.groups))
    if arrival.by is not None:
        target.give_user_access(arrival.by)
    return target


def unsaved(said: SaidTarget) -> Target:
    """The same, not saved yet, with the host's default permissions."""
    fixed = {"type": Target.SIDEREAL, "ra": said.ra, "dec": said.dec}
    return Target(name=said.name, **({"type": Target.NON_SIDEREAL} if said.moving else fixed), **said.columns)


def name(target: Target, aliases: Sequence[str]) -> None:
    """Gives a target those of these names that nobody has, however they are written."""
    wanted = {tnsnames.key(alias): alias for alias in reversed(aliases)}
    for table in (TargetName, Target):
        for taken in table.objects.filter(name__in=tnsnames.spelled(aliases)).values_list("name", flat=True):
            wanted.pop(tnsnames.key(taken), None)
    bulk.insert([TargetName(target_id=target.pk, name=alias) for alias in reversed(wanted.values())])
