"""A notice with a position good enough -> a TOM target: one that is there already, or a new one."""

from __future__ import annotations

from django.contrib.auth.models import Group

from tom_scimma import places
from tom_scimma.conf import TargetPolicy, TopicPolicy
from tom_scimma.models import Event
from tom_scimma.notice import Notice, Sky

#: what an alert must have done to its event to give it a target
CHANGES = frozenset({"new", "updated", "reinstated"})
#: no error circle is smaller than what two catalogues agree to, degrees
SMALLEST_RADIUS_DEG = 1 / 3600


def good_enough(notice: Notice, policy: TopicPolicy) -> bool:
    """Whether the topic's policy lets this notice make or move a target."""
    wanted, sky = policy.targets, notice.sky
    if wanted is None or sky is None or sky.ra_deg is None or notice.alert_type == "retraction":
        return False
    if notice.role not in wanted.roles or (wanted.kinds and notice.kind not in wanted.kinds):
        return False
    if sky.radius_deg is None:  # optical surveys give positions without an error; for others none is unknown, not small
        return notice.kind == "OT"
    return sky.radius_deg <= wanted.max_radius_deg


def attach(event: Event, notice: Notice, policy: TopicPolicy) -> None:
    """Gives the event its target and keeps it: an existing one of that name or place is used, else one is made.

    What a protected topic says goes into no target that others may see, and into no public event.
    """
    public = not policy.groups
    if event.public != public:
        return
    names = _names(event, notice)
    target = event.target or _named(names) or _near(notice.sky)
    if target is None:
        event.target, event.target_made = _make(notice, names, policy), True
    elif event.target_made and event.target_id == target.pk:
        _move(target, notice.sky, event)
    event.target = event.target or target
    if public or event.target_made:
        _alias(event.target, names)
    event.save(update_fields=["target", "target_made"])


def _names(event: Event, notice: Notice) -> list[str]:
    """Names that fit the host's column, the event's own first."""
    return [name for name in dict.fromkeys((event.name, notice.event, *notice.aliases)) if len(name) <= 100]


def _named(names: list[str]):
    from tom_targets.models import Target, TargetName

    target = Target.objects.filter(name__in=names).first()
    if target is None:
        alias = TargetName.objects.filter(name__in=names).first()
        target = alias and Target.objects.get(pk=alias.target_id)
    return target


def _near(sky: Sky):
    from tom_targets.models import Target

    nearest = places.cone(sky.ra_deg, sky.dec_deg, max(sky.radius_deg or 0, SMALLEST_RADIUS_DEG)).first()
    return nearest and Target.objects.get(pk=nearest.target_id)


def _make(notice: Notice, names: list[str], policy: TopicPolicy):
    from tom_targets.models import Target

    wanted = policy.targets or TargetPolicy()
    permissions = wanted.permissions or ("PRIVATE" if policy.groups else "PUBLIC")
    target = Target(name=names[0], type=Target.SIDEREAL, ra=notice.sky.ra_deg, dec=notice.sky.dec_deg, permissions=permissions)
    target.save()
    groups = policy.groups if wanted.groups is None else wanted.groups
    if groups:
        _share(target, Group.objects.filter(name__in=groups))
    return target


def _share(target, groups) -> None:
    from guardian.shortcuts import assign_perm

    for group in groups:
        for action in ("view_target", "change_target"):
            assign_perm(f"{target._meta.app_label}.{action}", group, target)


def _move(target, sky: Sky, event: Event) -> None:
    """Moves a target of ours to the event's place as it is known now; anybody else's target stays where it is."""
    place = (event.ra, event.dec) if event.ra is not None else (sky.ra_deg, sky.dec_deg)
    if (target.ra, target.dec) != place:
        target.ra, target.dec = place
        target.save()


def _alias(target, names: list[str]) -> None:
    """Adds the names that nobody has yet. Written directly: the host's own check loads every target of the TOM."""
    from tom_targets.models import Target, TargetName

    taken = set(TargetName.objects.filter(name__in=names).values_list("name", flat=True))
    taken |= set(Target.objects.filter(name__in=names).values_list("name", flat=True))
    TargetName.objects.bulk_create([TargetName(target_id=target.pk, name=name) for name in names if name not in taken])
