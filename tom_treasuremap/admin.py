"""Rows for administrators; what a source said is not edited here."""

from django.contrib import admin

from tom_treasuremap.models import (
    EventName,
    FetchState,
    Instrument,
    Pointing,
    TelescopeChange,
    TelescopeRow,
    TelescopeState,
)


class ReadOnly(admin.ModelAdmin):
    """Rows that are looked at, and may be deleted."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


@admin.register(Pointing)
class PointingAdmin(ReadOnly):
    list_display = ["source", "source_id", "event", "team", "telescope", "status", "band", "time", "vanished"]
    list_filter = ["source", "status"]
    search_fields = ["source_id", "event__name", "team", "telescope"]
    list_select_related = ["event"]


@admin.register(Instrument)
class InstrumentAdmin(ReadOnly):
    list_display = ["number", "name", "nickname", "kind", "origin", "problem", "fetched"]
    search_fields = ["name", "nickname", "number"]


@admin.register(EventName)
class EventNameAdmin(ReadOnly):
    list_display = ["event", "origin", "graceid", "others", "checked"]
    list_select_related = ["event"]


@admin.register(FetchState)
class FetchStateAdmin(ReadOnly):
    list_display = ["event", "source", "origin", "count", "fetched", "due", "failures", "error"]
    list_select_related = ["event"]


@admin.register(TelescopeRow)
class TelescopeRowAdmin(ReadOnly):
    list_display = ["name", "changed", "by", "removed"]
    search_fields = ["name"]


@admin.register(TelescopeState)
class TelescopeStateAdmin(ReadOnly):
    list_display = ["telescope", "state", "since", "until", "why", "by", "newest"]
    list_filter = ["telescope", "state"]


@admin.register(TelescopeChange)
class TelescopeChangeAdmin(ReadOnly):
    list_display = ["name", "what", "when", "by"]
    list_filter = ["what"]
