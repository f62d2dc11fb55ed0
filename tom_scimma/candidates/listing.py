"""The candidates of an event as a list: with the levels of the maps this user sees, filtered, as a table."""

from __future__ import annotations

from collections.abc import Iterator

import django_filters
from django.db.models import F, FloatField, OuterRef, Q, QuerySet, Subquery, Value
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from tom_common.htmx_table import HTMXTableFilterSet

from tom_scimma import eventmaps
from tom_scimma.conf import conf
from tom_scimma.filters import Number, last
from tom_scimma.models import Candidate, CandidateLevel, Event
from tom_scimma.tables import PageTable, head

#: where a candidate lies, by the name that the filter has for it
PLACES = {"inside": "inside now", "outside": "outside now"}

#: sorts by name, for a screen too narrow for the table's head
SORTS = {
    "volume_now": "level in volume",
    "-since": "newest first",
    "status": "status",
    "-decided_at": "last decided",
    "name": "name",
}


def candidates_of(event: Event, user) -> QuerySet[Candidate]:
    """Candidates of the event that this user may see, each with `now`, `volume_now` and `before`.

    Those are its level and volume level in the map that the user sees of the event, and the level in the one before it.
    """
    rows = Candidate.objects.filter(event=event).visible_to(user)
    maps = eventmaps.versions(event, user)
    shown, own = eventmaps.current(event, user), eventmaps.current(event)
    at = next((place for place, one in enumerate(maps) if shown is not None and one.alert_id == shown.alert_id), None)
    before = _in(maps[at - 1].alert_id, "level") if at else Value(None, FloatField())
    if shown is None or (own is not None and own.alert_id == shown.alert_id):
        return rows.annotate(now=F("level"), volume_now=F("volume_level"), before=before)
    level, volume = _in(shown.alert_id, "level"), _in(shown.alert_id, "volume_level")
    return rows.annotate(now=level, volume_now=volume, before=before)


def _in(alert_id: int, column: str) -> Subquery:
    rows = CandidateLevel.objects.filter(candidate=OuterRef("pk"), alert=alert_id)
    return Subquery(rows.values(column)[:1], output_field=FloatField())


class CandidateFilter(HTMXTableFilterSet):
    """Candidates of one event by name, status and place."""

    status = django_filters.ChoiceFilter(choices=Candidate.Status.choices)
    place = django_filters.ChoiceFilter(choices=list(PLACES.items()), method="by_place")
    level_max = Number(method="by_level")

    class Meta:
        model = Candidate
        fields: list[str] = []

    def general_search(self, queryset, name, value):
        """By the target's name or one of its other names."""
        text = value.strip()
        return queryset.filter(
            Q(target__name__icontains=text)
            | Q(pk__in=queryset.filter(target__aliases__name__icontains=text).values("pk"))
        )

    def by_place(self, queryset, name, value):
        inside = Q(now__lte=conf.CANDIDATE_LEVEL)
        return queryset.filter(inside) if value == "inside" else queryset.exclude(inside)

    def by_level(self, queryset, name, value):
        return queryset.filter(now__lte=value)


class CandidateTable(PageTable):
    """Candidates, the most probable first. A row is a template, which comes back alone when its status is changed."""

    name = head("Target", order_by="target__name")
    now = head("Credible level")
    volume_now = head("In volume")
    since = head("Appeared (UTC)")
    status = head("Status")
    decided_at = head("Decided")

    partial_template_name = "tom_scimma/partials/candidates_table.html"

    class Meta(PageTable.Meta):
        model = Candidate
        fields = ("name", "now", "volume_now", "since", "status", "decided_at")
        sequence = fields
        order_by = ("now",)
        template_name = "tom_scimma/candidates_rows.html"
        attrs = {"class": "table table-sm scimma-stack scimma-candidates"}

    def order_now(self, queryset, is_descending):
        return self.order_unknown_last(queryset, "now", is_descending)

    def order_volume_now(self, queryset, is_descending):
        return queryset.order_by(last("volume_now", is_descending), last("now", is_descending), "-pk"), True

    def order_since(self, queryset, is_descending):
        return self.order_unknown_last(queryset, "since", is_descending)

    def order_decided_at(self, queryset, is_descending):
        return self.order_unknown_last(queryset, "decided_at", is_descending)

    def lines(self) -> Iterator[SafeString]:
        rows = [row.record for row in self.paginated_rows]
        mine = changeable(rows, self.request.user)
        for row in rows:
            yield row_html(row, row.pk in mine, self.request)


def changeable(rows: list[Candidate], user) -> set[int]:
    """The keys of those of these rows that this user may decide on."""
    keys = Candidate.objects.filter(pk__in=[row.pk for row in rows])
    return set(keys.changeable_by(user).order_by().values_list("pk", flat=True))


def row_html(row: Candidate, may: bool, request) -> SafeString:
    """One row of the table."""
    context = {
        "candidate": row,
        "may": may,
        "statuses": Candidate.Status.choices,
        "inside": row.now is not None and row.now <= conf.CANDIDATE_LEVEL,
        "was_inside": row.before is not None and row.before <= conf.CANDIDATE_LEVEL,
    }
    return render_to_string("tom_scimma/partials/candidate_row.html", context, request)
