"""What REST says of our rows. Times are ISO 8601 UTC; numbers that are not finite are null."""

from __future__ import annotations

import math
from datetime import timezone

from django.db import models
from rest_framework import serializers

from tom_scimma.models import Alert, Annotation, Event, Localization, Merge, Message
from tom_scimma.paths import segment


class UtcTime(serializers.DateTimeField):
    """A time in UTC, whatever the TOM's time zone."""

    def __init__(self, **options):
        super().__init__(**{**options, "default_timezone": timezone.utc})


class Finite(serializers.FloatField):
    """A number, or null where it is none: JSON knows no NaN."""

    def to_representation(self, value):
        number = super().to_representation(value)
        return number if math.isfinite(number) else None


class Rows(serializers.ModelSerializer):
    """Base of our serializers."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateTimeField: UtcTime,
        models.FloatField: Finite,
    }


class EventSerializer(Rows):
    """An event as its list shows it."""

    protected = serializers.SerializerMethodField()
    path = serializers.SerializerMethodField()

    class Meta:
        model = Event
        fields = [
            "name",
            "path",
            "kind",
            "role",
            "state",
            "source",
            "time",
            "first_sent",
            "latest",
            "instruments",
            "far_hz",
            "classification",
            "properties",
            "distance_mpc",
            "distance_sd_mpc",
            "ra",
            "dec",
            "radius_deg",
            "area_50",
            "area_90",
            "protected",
        ]
        read_only_fields = fields

    def get_protected(self, event) -> bool:
        return not event.public

    def get_path(self, event) -> str:
        return segment(event.name)


class LocalizationSerializer(Rows):
    """A sky map without its pixels."""

    event = serializers.CharField(source="alert.event.name")

    class Meta:
        model = Localization
        fields = [
            "id",
            "alert",
            "event",
            "name",
            "sha256",
            "pixels",
            "area_50",
            "area_90",
            "distance_mpc",
            "distance_sd_mpc",
            "ra",
            "dec",
            "error",
        ]
        read_only_fields = fields


class AlertSerializer(Rows):
    """An alert with the whole notice in normal form."""

    event = serializers.CharField(source="event.name")
    message = serializers.UUIDField(source="message.uid")
    topic = serializers.CharField(source="message.topic")
    protected = serializers.SerializerMethodField()
    localizations = serializers.PrimaryKeyRelatedField(many=True, read_only=True)

    class Meta:
        model = Alert
        fields = [
            "id",
            "event",
            "message",
            "topic",
            "kind",
            "alert_type",
            "role",
            "source",
            "time",
            "sent",
            "order",
            "far_hz",
            "authority",
            "live",
            "protected",
            "localizations",
            "document",
        ]
        read_only_fields = fields

    def get_protected(self, alert) -> bool:
        return not alert.public


class MessageSerializer(Rows):
    """A message as received, without its bytes."""

    protected = serializers.SerializerMethodField()

    class Meta:
        model = Message
        fields = [
            "uid",
            "source",
            "topic",
            "partition",
            "offset",
            "headers",
            "sender",
            "broker",
            "format",
            "is_test",
            "sha256",
            "size",
            "via",
            "published",
            "received",
            "stored",
            "state",
            "parser",
            "error",
            "protected",
        ]
        read_only_fields = fields

    def get_protected(self, message) -> bool:
        return not message.public


class MessageDetailSerializer(MessageSerializer):
    """One message, with the traceback of one that could not be read."""

    class Meta(MessageSerializer.Meta):
        fields = [*MessageSerializer.Meta.fields, "traceback"]
        read_only_fields = fields


class AnnotationSerializer(Rows):
    """What an annotator worked out about an alert."""

    event = serializers.CharField(source="alert.event.name", read_only=True)
    protected = serializers.SerializerMethodField()

    class Meta:
        model = Annotation
        fields = ["id", "alert", "event", "annotator", "version", "value", "seconds", "error", "made", "protected"]
        read_only_fields = fields

    def get_protected(self, annotation) -> bool:
        return annotation.groups_only or not annotation.alert.public


class MergeSerializer(Rows):
    """Two events that are one, were one, or may be one."""

    event = serializers.CharField(source="event.name")

    class Meta:
        model = Merge
        fields = [
            *("id", "event", "name", "other_name", "state", "because", "alert", "made", "merged", "decided", "by_name"),
        ]
        read_only_fields = fields
