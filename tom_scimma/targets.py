"""A notice with a position good enough -> a TOM target: one that is there already, or a new one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from django.contrib.auth.models import Group

from tom_scimma import bulk, places, tnsnames
from tom_scimma.conf import TargetPolicy, TopicPolicy
from tom_scimma.models import Event
from tom_scimma.notice import Notice, Sky
from tom_scimma.skymap.makers import separation

#: what an alert must have done to its event to give it a target
CHANGES = frozenset({"new", "updated", "reinstated"})
#: no error circle is smaller than what two catalogues agree to, degrees
SMALLEST_RADIUS_DEG = 1 / 3600
#: what a sender says of a position that is not to be believed: Swift's star tracker has lost the stars
UNRELIABLE = {"StarTrack_Lost_Lock": True, "star_tracker_locked": False}


def good_enough(notice: Notice, policy: TopicPolicy) -> bool:
    """Whether the topic's policy lets this notice make or move a target."""
    wanted, sky = policy.targets, notice.sky
    if wanted is None or sky is None or sky.ra_deg is None or notice.alert_type == "retraction":
        return False
    if any(notice.properties.get(flag) is said for flag, said in UNRELIABLE.items()):
        return False
    if notice.role not in wanted.roles or (wanted.kinds and notice.kind not in wanted.kinds):
        return False
    if sky.radius_deg is None:  # optical surveys give positions without an error; for others none is unknown, not small
        return notice.kind == "OT"
    return sky.radius_deg <= wanted.max_radius_deg


def attach(items: Sequence[tuple[Event, Notice, TopicPolicy]]) -> None:
    """Gives events their targets and keeps them: an existing one of that name or place is used, else one is made.

    What a protected topic says goes into no target that others may see, and into no public event.
    """
    items = [(event, notice, policy) for event, notice, policy in items if event.public != policy.protected]
    if items:
        with places.together():
            _attach(items, Known(items))


def _attach(items: Sequence[tuple[Event, Notice, TopicPolicy]], known: Known) -> None:
    given = []
    for event, notice, policy in items:
        names = _names(event, notice)
        if event.target_id is not None:
            if event.target_made:
                known.move(event.target_id, _place(event, notice.sky))
        else:
            event.target_id = known.named(names) or known.near(notice.sky)
            if event.target_id is None:
                event.target_id, event.target_made = known.add(_make(notice, names, policy)), True
            given.append(event)
        if event.public or event.target_made:
            known.learn(event.target_id, names)
    known.write_names()
    bulk.update(given, ["target", "target_made"])


def _names(event: Event, notice: Notice) -> list[str]:
    """Names that fit the host's column, the event's own first."""
    return [name for name in dict.fromkeys((event.name, notice.event, *notice.aliases)) if len(name) <= 100]


class Known:
    """What the TOM has of the names and places that a batch speaks of, and what the batch adds to it."""

    def __init__(self, items: Sequence[tuple[Event, Notice, TopicPolicy]]):
        from tom_targets.models import Target, TargetName

        names = {name for event, notice, _ in items for name in _names(event, notice)}
        named = Target._meta.get_field("name").model  # where a TOM has targets of its own kind: the host's table below
        spelled = tnsnames.spelled(names)
        self._named = tnsnames.keyed(bulk.find(named, ["name", "id"], name=spelled), names)
        self._aliased = tnsnames.keyed(bulk.find(TargetName, ["name", "target"], name=spelled), names)
        ours = [event.target_id for event, _, _ in items if event.target_id and event.target_made]
        self._targets = Target.objects.in_bulk(ours) if ours else {}
        self._learned: dict[str, int] = {}  #: whose it is, by the key of a name
        self._written: dict[str, str] = {}  #: how such a name is written
        self._recent: dict[int, tuple[float, float]] = {}  #: where targets are that this batch made or moved
        without = [
            _circle(notice.sky)
            for event, notice, _ in items
            if not (event.target_id or self.named(_names(event, notice)))
        ]
        self._near = dict(zip(without, places.near(without), strict=True))

    def named(self, names: Sequence[str]) -> int | None:
        """The target of that name, else the one with that alias."""
        keys = [tnsnames.key(name) for name in names]
        tables = (self._named, self._aliased, self._learned)
        return next((table[key] for table in tables for key in keys if key in table), None)

    def near(self, sky: Sky) -> int | None:
        """The nearest target within the error circle."""
        circle = _circle(sky)
        there = [(angle, pk) for angle, pk in self._near.get(circle, ()) if pk not in self._recent]
        if self._recent:
            separations = separation(*np.array(list(self._recent.values())).T, *circle[:2]).tolist()
            there += [(angle, pk) for angle, pk in zip(separations, self._recent, strict=True) if angle <= circle[2]]
        return min(there)[1] if there else None

    def add(self, target) -> int:
        """Notes a target that was made just now."""
        self._named[tnsnames.key(target.name)] = target.pk
        self._recent[target.pk] = (target.ra, target.dec)
        return target.pk

    def move(self, pk: int, place: tuple[float, float]) -> None:
        """Moves a target of ours to the event's place as it is known now; anybody else's target stays where it is."""
        target = self._targets.get(pk)
        if target is not None and (target.ra, target.dec) != place:
            target.ra, target.dec = self._recent[pk] = place
            _save(target)

    def learn(self, pk: int, names: Sequence[str]) -> None:
        """Names of a target; what nobody has yet, however it is written, becomes its alias."""
        for name in names:
            key = tnsnames.key(name)
            if key not in self._named and key not in self._aliased:
                self._learned.setdefault(key, pk)
                self._written.setdefault(key, name)

    def write_names(self) -> None:
        """Stores what was learned. Written directly: the host's own check loads every target of the TOM."""
        from tom_targets.models import TargetName

        rows = [TargetName(target_id=pk, name=self._written[key]) for key, pk in self._learned.items()]
        TargetName.objects.bulk_create(rows)


def _save(target) -> None:
    """The host's own save, of the place alone: a target has fifty columns, and somebody may be changing others.

    What the TOM's own save, or who listens for it, works out of a new place (galactic coordinates, say) is kept too.
    """
    before = _columns(target)
    target.save(update_fields=["ra", "dec", "modified"])
    after = _columns(target)
    more = {name: after[name] for name in after if name != "modified" and after[name] != before[name]}
    if more:
        type(target)._base_manager.filter(pk=target.pk).update(**more)


def _columns(target) -> dict[str, object]:
    return {field.attname: getattr(target, field.attname) for field in target._meta.concrete_fields}


def _place(event: Event, sky: Sky) -> tuple[float, float]:
    return (sky.ra_deg, sky.dec_deg) if event.ra is None else (event.ra, event.dec)


def _circle(sky: Sky) -> tuple[float, float, float]:
    return float(sky.ra_deg), float(sky.dec_deg), float(max(sky.radius_deg or 0, SMALLEST_RADIUS_DEG))


def _make(notice: Notice, names: list[str], policy: TopicPolicy):
    from tom_targets.models import Target

    wanted = policy.targets or TargetPolicy()
    permissions = wanted.permissions or ("PRIVATE" if policy.protected else "PUBLIC")
    target = Target(
        name=names[0], type=Target.SIDEREAL, ra=notice.sky.ra_deg, dec=notice.sky.dec_deg, permissions=permissions
    )
    target.save()
    groups = policy.groups if wanted.groups is None else wanted.groups
    if groups:
        share(target, Group.objects.filter(name__in=groups))
    return target


def share(target, groups) -> None:
    """Lets groups see and change a target."""
    from guardian.shortcuts import assign_perm

    target = own(target)
    for group in groups:
        for action in ("view_target", "change_target"):
            assign_perm(f"{target._meta.app_label}.{action}", group, target)


def own(target):
    """A target as the TOM's own model has it, which has its own permissions: a foreign key leads to the host's part of it."""
    from tom_targets.models import Target

    return target if isinstance(target, Target) else Target.objects.get(pk=target.pk)
