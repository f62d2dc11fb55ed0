"""One's subscriptions as a table, with what each met lately, and how it is filtered."""

from __future__ import annotations

from collections.abc import Iterator

import django_filters
from django.db.models import Count, Max, Q
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from tom_scimma import hooks, wording
from tom_scimma.filters import PageFilter
from tom_scimma.hindsight import MONTH
from tom_scimma.models import Alert, Match, Subscription
from tom_scimma.query import QueryError, understand
from tom_scimma.tables import PageTable, head
from tom_scimma.templatetags.scimma_words import aged

CRITICAL = mark_safe(' <span class="badge text-bg-danger">critical</span>')
TESTS = mark_safe(' <span class="badge text-bg-warning">tests</span>')
WRONG = mark_safe(' <span class="badge text-bg-danger">cannot run</span>')


def seen_matches(user):
    """Matches of a user's subscriptions whose alert the user may still see."""
    return Match.objects.filter(subscription__owner=user, alert__in=Alert.objects.visible_to(user).values("pk"))


def wrong_with(query: str) -> QueryError | None:
    """What is wrong with a query that was saved when it still was one."""
    try:
        understand(query)
    except QueryError as error:
        return error
    return None


class SubscriptionTable(PageTable):
    """What each looks for and does, what it found lately, and its switch."""

    name = head("Name")
    query = head("Looks for", "wide", orderable=False)
    does = head("Does", "wide", orderable=False, empty_values=())
    lately = head("In 30 days", "wide", orderable=False, empty_values=())
    last = head("Last", "wide", orderable=False, empty_values=())
    enabled = head("On")

    class Meta(PageTable.Meta):
        model = Subscription
        fields = ("name", "query", "does", "lately", "last", "enabled")
        sequence = fields
        order_by = ()

    def lines(self) -> Iterator[SafeString]:
        shown = [row.record.pk for row in self.paginated_rows]
        met = seen_matches(self.request.user).filter(subscription__in=shown).order_by().values_list("subscription")
        self._lately = dict(met.filter(created__gt=timezone.now() - MONTH).annotate(n=Count("pk")))
        self._last = dict(met.annotate(at=Max("created")))
        self._labels = {name: action["label"] for name, action in hooks.subscription_actions().items()}
        self._token, self._here = get_token(self.request), self.request.get_full_path()
        yield from super().lines()

    def cell_name(self, row: Subscription):
        marks = [CRITICAL if row.critical else "", TESTS if row.tests else "", WRONG if wrong_with(row.query) else ""]
        count = self._lately.get(row.pk, 0)
        found = f"{count} in 30 days, last {aged(self._last[row.pk])}" if row.pk in self._last else "met nothing yet"
        return format_html(
            '<a href="{}">{}</a>{}<div class="narrow">{}<br>{}; {}</div>',
            *(row.get_absolute_url(), wording.short(row.name, 80), mark_safe("".join(marks))),
            *(self.cell_query(row), self.cell_does(row), mark_safe(found)),
        )

    def cell_query(self, row: Subscription):
        return format_html('<code class="scimma-text-query">{}</code>', wording.short(row.query, 200))

    def cell_does(self, row: Subscription) -> str:
        return ", ".join(self._labels.get(one.name, one.name) for one in row.actions.all()) or "keeps a list"

    def cell_lately(self, row: Subscription) -> int:
        return self._lately.get(row.pk, 0)

    def cell_last(self, row: Subscription):
        return aged(self._last[row.pk]) if row.pk in self._last else "–"

    def cell_enabled(self, row: Subscription):
        word, css = ("off", "btn-outline-secondary") if row.enabled else ("on", "btn-success")
        return format_html(
            '<form method="post" action="{}"><input type="hidden" name="csrfmiddlewaretoken" value="{}">'
            '<input type="hidden" name="next" value="{}"><input type="hidden" name="enabled" value="{}">'
            '<button class="btn btn-sm text-nowrap {}" type="submit" aria-label="Switch {} {}">Switch {}</button></form>',
            *(reverse("tom_scimma:subscription-switch", args=[row.pk]), self._token, self._here),
            *(0 if row.enabled else 1, css, row.name, word, word),
        )


class SubscriptionFilter(PageFilter):
    """Subscriptions by name or query, by action, and whether they are on."""

    first = ("on", "does")
    on = django_filters.ChoiceFilter(
        choices=[("yes", "on"), ("no", "off")], label="On", empty_label="any", method="by_switch"
    )
    does = django_filters.ChoiceFilter(label="Does", empty_label="anything", field_name="actions__name")

    class Meta:
        model = Subscription
        fields: list[str] = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        labels = ((name, action["label"]) for name, action in hooks.subscription_actions().items())
        self.filters["does"].extra["choices"] = list(labels)

    def general_search(self, queryset, name, value):
        """By words of the name or the query."""
        return queryset.filter(Q(name__icontains=value.strip()) | Q(query__icontains=value.strip()))

    def by_switch(self, queryset, name, value):
        return queryset.filter(enabled=value == "yes")
