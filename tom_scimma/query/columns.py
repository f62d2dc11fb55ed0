"""What each name stands for in the database, and which hidden rows it must not reach.

Every relation that a query crosses is limited to the rows its user may see: names of events, annotations, maps,
candidates and their targets. The event's own columns hold what everybody who sees the event may see.
"""

from __future__ import annotations

from django.db.models import Case, Count, F, FloatField, IntegerField, OuterRef, Subquery, When
from django.db.models.functions import Cast, Coalesce

from tom_scimma.models import Annotation, Candidate, Localization
from tom_scimma.query import names
from tom_scimma.query.jsonkeys import TYPE, JsonKey

_EVENT = {
    "kind": "kind", "role": "role", "state": "state", "source": "source", "time": "time", "days": "time", "sent": "latest",
    "far": "far_hz", "area_50": "area_50", "area_90": "area_90", "distance": "distance_mpc", "distance_sd": "distance_sd_mpc",
    "ra": "ra", "dec": "dec", "radius": "radius_deg", "classification": "classification", "properties": "properties",
}  # fmt: skip
_ALERT = {
    "kind": "kind", "role": "role", "state": "event__state", "source": "source", "type": "alert_type", "topic": "message__topic",
    "live": "live", "authority": "authority", "time": "time", "days": "time", "sent": "order", "far": "far_hz",
}  # fmt: skip
_OF_MAP = {
    "area_50": "area_50", "area_90": "area_90", "distance": "distance_mpc", "distance_sd": "distance_sd_mpc", "ra": "ra", "dec": "dec",
}  # fmt: skip
_CANDIDATE = {
    "target": "target__name", "status": "status", "level": "level", "volume_level": "volume_level",
    **{name: f"event__{column}" for name, column in _EVENT.items()},
}  # fmt: skip
_PLAIN = {names.EVENTS: _EVENT, names.ALERTS: _ALERT, names.CANDIDATES: _CANDIDATE}
#: how each thing reaches its event
TO_EVENT = {names.EVENTS: "pk", names.ALERTS: "event_id", names.CANDIDATES: "event_id"}


class Columns:
    """The expressions that names stand for, for one thing and one user."""

    def __init__(self, thing: str, user):
        self.thing, self.user = thing, user

    def of(self, name: names.Name):
        """The expression of a name without keys."""
        if name.type == names.COUNT:
            return candidate_count(self.user, OuterRef(TO_EVENT[self.thing]))
        if self.thing == names.ALERTS and name.name in _OF_MAP:
            maps = Localization.objects.visible_to(self.user).filter(alert=OuterRef("pk"), name="skymap", error="")
            return Subquery(maps.values(_OF_MAP[name.name])[:1])
        return F(_PLAIN[self.thing][name.name])

    def key(self, name: names.Name, keys: tuple[str, ...], view: str):
        """The expression of a key of a JSON column, looked at as `view`."""
        if name.name == "annotations":
            return self._annotation(keys, view)
        if self.thing == names.ALERTS:
            return JsonKey(F("document"), keys[0], view, within=name.name)
        return JsonKey(F(_PLAIN[self.thing][name.name]), keys[0], view)

    def _annotation(self, keys: tuple[str, ...], view: str):
        """What the annotator said last of that key: of the alert itself, or of the event's visible alerts."""
        rows = annotations(self.user).filter(annotator=keys[0])
        if self.thing == names.ALERTS:
            rows = rows.filter(alert=OuterRef("pk"))
        else:
            rows = rows.filter(alert__event=OuterRef(TO_EVENT[self.thing]))
        said = rows.annotate(_type=JsonKey(F("value"), keys[1], TYPE)).exclude(_type=None)
        newest = said.annotate(_said=JsonKey(F("value"), keys[1], view)).order_by(*NEWEST)
        return Subquery(newest.values("_said")[:1])


#: the order in which annotations have their say: of the newest alert, and of these those for the fewest people
NEWEST = (
    "-alert__order",
    "-alert_id",
    Case(When(audience="", then=2), When(audience="users", then=1), default=0, output_field=IntegerField()),
    "pk",
)


def annotations(user):
    """What annotators worked out, without failures, and this user may see."""
    return Annotation.objects.visible_to(user).filter(error="")


def candidates(user):
    """Candidates this user may see, by their events, their targets and what makes them candidates."""
    return Candidate.objects.visible_to(user)


def candidate_count(user, event):
    """How many candidates of an event this user may see."""
    counted = candidates(user).filter(event=event).order_by().values("event").annotate(n=Count("pk")).values("n")
    # as a float, with which any number of a query can be compared
    return Cast(Coalesce(Subquery(counted, output_field=IntegerField()), 0), FloatField())
