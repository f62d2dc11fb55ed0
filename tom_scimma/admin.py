"""The tables in Django's admin: to look at, and to delete; what is in them is written by the listener alone."""

from __future__ import annotations

from django.contrib import admin

from tom_scimma.models import (
    Alert,
    Annotation,
    Backfill,
    Contact,
    Event,
    Listener,
    Localization,
    Merge,
    Message,
    Reaction,
    Telling,
    TopicState,
)


class ReadOnly(admin.ModelAdmin):
    """Rows the user may see; nothing to add or change."""

    show_full_result_count = False

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        return rows.visible_to(request.user) if hasattr(rows, "visible_to") else rows

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


@admin.register(Event)
class EventAdmin(ReadOnly):
    list_display = ["name", "kind", "role", "state", "time", "latest", "public"]
    list_filter = ["kind", "role", "state", "public"]
    search_fields = ["name", "aliases__name"]


@admin.register(Alert)
class AlertAdmin(ReadOnly):
    list_display = ["event", "source", "alert_type", "sent", "authority", "live", "public"]
    list_filter = ["alert_type", "authority", "live", "public"]
    list_select_related = ["event"]
    search_fields = ["event__name"]


@admin.register(Localization)
class LocalizationAdmin(ReadOnly):
    list_display = ["alert", "name", "pixels", "area_50", "area_90"]
    exclude = ["data"]

    def get_queryset(self, request):
        return super().get_queryset(request).defer("data")


@admin.register(Message)
class MessageAdmin(ReadOnly):
    list_display = ["uid", "topic", "state", "parser", "received", "size", "public"]
    list_filter = ["state", "public", "is_test"]
    search_fields = ["uid", "topic"]


@admin.register(Reaction)
class ReactionAdmin(ReadOnly):
    list_display = ["alert", "name", "change", "state", "attempts", "created"]
    list_filter = ["state", "name"]


@admin.register(TopicState)
class TopicStateAdmin(ReadOnly):
    list_display = ["source", "topic", "listening", "last_message", "received", "quarantined", "lag"]


@admin.register(Listener)
class ListenerAdmin(ReadOnly):
    list_display = ["process", "source", "lane", "state", "beat", "restarts", "handled"]


@admin.register(Annotation)
class AnnotationAdmin(ReadOnly):
    list_display = ["alert", "annotator", "version", "audience", "seconds", "made"]
    list_filter = ["annotator", "version"]


@admin.register(Contact)
class ContactAdmin(ReadOnly):
    """Whom people are told by; addresses are nobody's to see."""

    list_display = ["name", "scheme", "owner", "group", "pace", "is_test", "enabled"]
    list_select_related = ["owner", "group"]
    exclude = ["address"]

    def get_queryset(self, request):
        return super().get_queryset(request).defer("address")


@admin.register(Telling)
class TellingAdmin(ReadOnly):
    list_display = ["created", "alert", "contact", "subscription_name", "change", "said", "acknowledged"]
    list_select_related = ["alert", "contact__owner", "contact__group"]


@admin.register(Backfill)
class BackfillAdmin(ReadOnly):
    list_display = ["source", "topic", "asked", "state", "read", "created", "moved"]
    list_filter = ["state", "source"]


@admin.register(Merge)
class MergeAdmin(ReadOnly):
    list_display = ["other_name", "name", "state", "because", "made", "by_name"]
    list_filter = ["state", "public"]
    search_fields = ["name", "other_name"]
    exclude = ["moved"]
