"""The app and its hooks into the host and the trunk."""

from django.apps import AppConfig


class TomHermesConfig(AppConfig):
    name = "tom_hermes"
    verbose_name = "HERMES"
    default_auto_field = "django.db.models.BigAutoField"
