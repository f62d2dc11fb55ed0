"""May this person share that? Targets by the host's rules; what belongs to a target is seen with it.

Where the TOM gives rights to single objects (TARGET_PERMISSIONS_ONLY off) a data product, what was read from it, a datum
that somebody has such rights on, and an observation need them too. `user` None is the TOM itself, which may share what everybody may see.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db.models import BigIntegerField, Count, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast

from tom_scimma import subjects
from tom_scimma.compose.selection import ASTROMETRY, CANDIDATE, OBSERVATION, PHOTOMETRY, PRODUCT, SPECTRUM, TARGET
from tom_scimma.models import Candidate

#: databases take so many keys in one question
AT_ONCE = 10_000


def model_of(kind: str) -> Any:
    """The host's table of a kind of data."""
    from tom_dataproducts import models
    from tom_observations.models import ObservationRecord

    return {
        PHOTOMETRY: models.PhotometryReducedDatum,
        SPECTRUM: models.SpectroscopyReducedDatum,
        ASTROMETRY: models.AstrometryReducedDatum,
        PRODUCT: models.DataProduct,
        OBSERVATION: ObservationRecord,
    }[kind]


def seen_targets(keys: Collection[int], user: Any) -> set[int]:
    """Those of these targets that a user may see."""
    return {int(name.partition(":")[2]) for name in subjects.visible((f"{TARGET}:{key}" for key in keys), user)}


def rows_of(kind: str, user: Any) -> QuerySet:
    """The data of a kind, narrowed to what rights on single objects allow; their targets are asked for apart."""
    rows = model_of(kind).objects.all()
    if getattr(settings, "TARGET_PERMISSIONS_ONLY", True) or (user is not None and user.is_superuser):
        return rows
    from guardian.shortcuts import get_objects_for_user

    if user is None:
        if kind in (PRODUCT, OBSERVATION):
            return rows.none()
        return rows.filter(data_product=None).exclude(pk__in=_for_some(rows.model, but="Public"))
    if kind == OBSERVATION:
        return get_objects_for_user(user, "tom_observations.view_observationrecord", rows)
    if kind == PRODUCT:
        return get_objects_for_user(user, "tom_dataproducts.view_dataproduct", rows)
    mine = get_objects_for_user(user, "tom_dataproducts.view_dataproduct").values("pk")
    own = get_objects_for_user(user, f"tom_dataproducts.view_{rows.model._meta.model_name}", rows).values("pk")
    loose = Q(data_product=None) & ~Q(pk__in=_for_some(rows.model))
    return rows.filter(loose | Q(data_product__in=mine) | Q(pk__in=own))


def _for_some(model: Any, but: str = "") -> QuerySet:
    """Keys of the rows of a table that somebody has rights on by themselves; not such as the group `but` may see, too."""
    from guardian.utils import get_group_obj_perms_model, get_user_obj_perms_model

    of = {
        "content_type": ContentType.objects.get_for_model(model),
        "permission__codename": f"view_{model._meta.model_name}",
    }
    groups, people = get_group_obj_perms_model().objects.filter(**of), get_user_obj_perms_model().objects.filter(**of)
    key = Cast("object_pk", BigIntegerField())
    open_to_all = groups.filter(group__name=but).values("object_pk")
    found = groups.exclude(object_pk__in=open_to_all).annotate(key=key).values("key").order_by()
    return found.union(people.exclude(object_pk__in=open_to_all).annotate(key=key).values("key").order_by())


def lots(keys: Collection[int]) -> Iterator[list[int]]:
    """The keys, so many at a time."""
    found = list(keys)
    for start in range(0, len(found), AT_ONCE):
        yield found[start : start + AT_ONCE]


def owners(kind: str, keys: Collection[int], user: Any) -> dict[int, int]:
    """Key to key of its target, of those that are there and that rights on single objects allow."""
    rows = rows_of(kind, user).order_by()
    return {key: target for lot in lots(keys) for key, target in rows.filter(pk__in=lot).values_list("pk", "target_id")}


def all_seen(chosen: Mapping[str, Collection[int]], user: Any) -> bool:
    """Whether all of these are there and this user may see each. A query or two a kind; the database counts."""
    needed = set(chosen.get(TARGET, ()))
    for kind, keys in chosen.items():
        if kind == TARGET or not keys:
            continue
        counted = _counted(kind, keys, user)
        if sum(counted.values()) < len(set(keys)):
            return False
        needed.update(counted)
    return needed <= seen_targets(needed, user)


def _written(keys: Collection[int]) -> RawSQL:
    """Whole numbers as the statement has them: as parameters ten thousand take Django longer than the database."""
    return RawSQL(",".join(str(int(key)) for key in keys), ())


def _counted(kind: str, keys: Collection[int], user: Any) -> Counter:
    """How many of these are there that rights on single objects allow, by target."""
    found: Counter = Counter()
    for lot in lots(set(keys)):
        if kind == CANDIDATE:
            rows = Candidate.objects.filter(pk__in=lot).visible_to(user)
        else:
            rows = rows_of(kind, user).filter(pk__in=_written(lot))
        found.update(dict(rows.order_by().values_list("target_id").annotate(n=Count("pk"))))
    return found
